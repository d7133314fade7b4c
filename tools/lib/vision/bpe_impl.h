/*
 * What the files behind bpe.h share: the tokenizer itself, what the loader
 * fills in, and the steps of encoding.
 */
#ifndef RDL_VISION_BPE_IMPL_H
#define RDL_VISION_BPE_IMPL_H

#include "core/buf.h"
#include "vision/bpe.h"

/* Ids are below this, far above any tokenizer's. */
#define RDL_BPE_IDS_MAX (1 << 24)

/* A text that stands for one id wherever it occurs. */
struct rdl_bpe_mark {
	char *text;		/* owned; normalised, if it is looked for so */
	size_t len;
	int32_t id;
};

struct rdl_bpe_marks {
	struct rdl_bpe_mark *v;	/* longest first */
	size_t n;
};

/* Two tokens that merge into id; of several, the lowest rank goes first. */
struct rdl_bpe_pair {
	uint64_t key;		/* left << 32 | right */
	uint32_t rank;
	int32_t id;		/* -1: an empty slot */
};

/* A token of the word at hand, in a list; id -1 once it was merged. */
struct rdl_bpe_symbol {
	int32_t id;
	uint32_t prev, next;	/* RDL_BPE_NONE at the ends */
};

#define RDL_BPE_NONE UINT32_MAX

/* Code points at hand. */
struct rdl_bpe_points {
	int32_t *v;
	size_t n, room;
};

struct rdl_bpe_slot;

struct rdl_bpe {
	int32_t start, end;
	size_t vocab;			/* highest id + 1 */
	int32_t byte[256], last[256];	/* of a byte; of one that ends a word */
	struct rdl_bpe_pair *pairs;	/* open addressing, a power of two */
	size_t npairs, pairs_mask;
	struct rdl_bpe_marks raw;	/* looked for in the text as it is */
	struct rdl_bpe_marks normal;	/* looked for once it is normalised */

	/* Room for the work on a text and on a word. */
	struct rdl_buf text;
	struct rdl_bpe_points points, parts, sorted;
	struct rdl_bpe_symbol *symbols;
	uint64_t *heap;			/* rank << 32 | position */
	int32_t *ids;			/* of the last word that was merged */
	size_t word_room, heap_room, heap_n;
	struct rdl_bpe_slot *cache;	/* of short words */
};

/* Fill b, which is zeroed, from the files in dir. */
int rdl_bpe_load(struct rdl_bpe *b, const char *dir, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Two ids that merge into another; the last of equal pairs wins. */
void rdl_bpe_word_add_pair(struct rdl_bpe *b, int32_t left, int32_t right,
    uint32_t rank, int32_t id);

/* Append a mark; finish the list by putting the longest first. */
void rdl_bpe_marks_add(struct rdl_bpe_marks *m, const char *text, size_t len,
    int32_t id);
void rdl_bpe_marks_sort(struct rdl_bpe_marks *m);
void rdl_bpe_marks_release(struct rdl_bpe_marks *m);

/*
 * The leftmost mark in p, the longest that begins there: its place, or len if
 * there is none.  Marks of the ids start and end are left out unless specials.
 */
size_t rdl_bpe_marks_find(const struct rdl_bpe *b,
    const struct rdl_bpe_marks *m, bool specials, const char *p, size_t len,
    const struct rdl_bpe_mark **found);

/* Append valid UTF-8 in NFC and lower case to out, with b's work room. */
void rdl_bpe_normal_add(struct rdl_bpe *b, const char *p, size_t len,
    struct rdl_buf *out);

/* Ids of one word, never none; valid until the next call. */
const int32_t *rdl_bpe_word_ids(struct rdl_bpe *b, const char *p, size_t len,
    size_t *n);

/* Free the work room; if only_large, what a very long text left behind. */
void rdl_bpe_word_release(struct rdl_bpe *b, bool only_large);
void rdl_bpe_normal_release(struct rdl_bpe *b, bool only_large);

/* What the pre-tokenizer's expression sees in a code point. */
enum rdl_bpe_class {
	RDL_BPE_OTHER, RDL_BPE_LETTER, RDL_BPE_NUMBER, RDL_BPE_SPACE
};

enum rdl_bpe_class rdl_bpe_unicode_class(int32_t cp);

/* True if NFC leaves cp alone and takes nothing across it. */
bool rdl_bpe_unicode_inert(int32_t cp);

/* Lower case of cp, one or two code points: how many. */
size_t rdl_bpe_unicode_lower(int32_t cp, int32_t out[2]);

#endif
