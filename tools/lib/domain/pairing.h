/*
 * Cross-validation pairing (InstructEngine, arXiv 2504.10329): every image of
 * a group is chosen for its own instruction and rejected for those of its
 * siblings.  Of two sides (x1, y1), (x2, y2) these are the triples
 *	T1: for x1 y1 before y2		T3: for y1 x1 before x2
 *	T2: for x2 y2 before y1		T4: for y2 x2 before x1
 * T3 and T4, of texts, are those that the paper discards.  k sides give
 * k (k - 1) triples of images, and as many of texts.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_PAIRING_H
#define RDL_DOMAIN_PAIRING_H

#include <stdint.h>

#include "domain/alignment.h"
#include "domain/preference.h"

struct rdl_pairing_opts {
	const char *group;	/* path of the member that names the group;
				 * NULL: the contrast's id */
	int64_t folds, seed;	/* folds 0: none */
	struct rdl_quote ask;	/* the prompt of triples of texts */
};

/*
 * Two sums that must come out even, whatever the number of groups: in 64-bit
 * hashes, what was chosen less what was rejected; and what was chosen under a
 * prompt less what was due, that is each side's own, k - 1 times.
 */
struct rdl_books {
	uint64_t triples;
	uint64_t balance, due, chosen;
};

/* A group across contrasts: its sides are of different ones. */
struct rdl_pairing_across {
	const struct rdl_rec *recs[RDL_CONTRAST_SIDES];	/* which have ids */
	size_t numbers[RDL_CONTRAST_SIDES];	/* of the sides there, from 1 */
	/* cos[i * n + j]: of the texts of sides i and j */
	double cos[RDL_CONTRAST_SIDES * RDL_CONTRAST_SIDES];
};

/* Where a group belongs, if that is not its own to say. */
struct rdl_pairing_place {
	const char *group;
	size_t len;
	int64_t fold;			/* -1: none */
};

struct rdl_pairing {
	const struct rdl_pairing_opts *o;
	struct rdl_books images, texts;
	/* The group. */
	const struct rdl_contrast *c;
	const struct rdl_pairing_across *across;	/* or NULL */
	struct rdl_id id;		/* the contrast's */
	struct rdl_alignment scores;
	bool scored;
	/* The rest belongs to pairing.c. */
	struct rdl_buf id_json, common, from, tail, images_json, key, scratch;
};

void rdl_pairing_init(struct rdl_pairing *p,
    const struct rdl_pairing_opts *opts);
void rdl_pairing_release(struct rdl_pairing *p);

/* The name of the group that c belongs to by opts->group, and its length; NULL
 * if it has none.  Valid until the next call, and as long as c's record. */
const char *rdl_pairing_group(struct rdl_pairing *p,
    const struct rdl_contrast *c, const struct rdl_id *id, size_t *len);

/* The fold of a group of that name, or -1. */
int64_t rdl_pairing_fold(const struct rdl_pairing_opts *o, const char *group,
    size_t len);

/* Can c make triples?  1, or 0 with why: "scores", "group", "record". */
int rdl_pairing_check(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, struct rdl_reason *why) RDL_MUST_CHECK;

/* Begin a group, which p borrows, and enter in the books what is due; texts:
 * for triples of texts, too.  place NULL: by name and hash.  1, or 0 as
 * rdl_pairing_check(). */
int rdl_pairing_begin(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, const struct rdl_pairing_place *place,
    bool texts, struct rdl_reason *why) RDL_MUST_CHECK;

/* The same for a group across contrasts; c has their sides. */
void rdl_pairing_begin_across(struct rdl_pairing *p,
    const struct rdl_contrast *c, const struct rdl_pairing_across *across,
    const struct rdl_pairing_place *place, bool texts);

/* Append the triple in which side own goes before side other, of texts for the
 * image of own, or of images for its text, and enter it in the books.  Ask
 * rdl_buf_full(out) afterwards. */
void rdl_pairing_write(struct rdl_pairing *p, size_t own, size_t other,
    bool texts, struct rdl_id *id, struct rdl_buf *out);

/* Enter in the books what a side is due, and a triple. */
void rdl_pairing_due(struct rdl_books *b, const struct rdl_quote *prompt,
    const struct rdl_quote *own, size_t times);
void rdl_pairing_enter(struct rdl_books *b, const struct rdl_quote *prompt,
    const struct rdl_quote *chosen, const struct rdl_quote *rejected);

/* Do both sums come out even?  what are the things chosen, "images". */
int rdl_pairing_balance(const struct rdl_books *b, const char *what,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
