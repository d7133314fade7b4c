/*
 * Making a tokenizer's tables: what its files hold, checked and put in place.
 */
#ifndef RDL_VISION_BPE_BUILD_H
#define RDL_VISION_BPE_BUILD_H

#include <yyjson.h>

#include "core/map.h"
#include "vision/bpe_impl.h"

/* What is needed only while loading. */
struct rdl_bpe_build {
	struct rdl_bpe *b;
	struct rdl_map tokens;		/* text to id */
	unsigned char *taken;		/* a bit an id */
	struct rdl_buf joined;
	uint32_t rank;			/* of the next merge */
};

void rdl_bpe_build_init(struct rdl_bpe_build *l, struct rdl_bpe *b);
void rdl_bpe_build_release(struct rdl_bpe_build *l);

/* The vocabulary, token to id: first of all, and once. */
int rdl_bpe_build_vocab(struct rdl_bpe_build *l, yyjson_val *vocab,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Merges, one a line behind "#version", or as "a b" or ["a", "b"]. */
int rdl_bpe_build_merges_text(struct rdl_bpe_build *l, const char *p,
    size_t len, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_bpe_build_merges_json(struct rdl_bpe_build *l, yyjson_val *merges,
    struct rdl_err *err) RDL_MUST_CHECK;

/* One of added_tokens: content, id, normalized. */
int rdl_bpe_build_mark(struct rdl_bpe_build *l, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Find the bytes, start and end.  These two are marks also where no file says
 * so; start_normal is how start is looked for then. */
int rdl_bpe_build_finish(struct rdl_bpe_build *l, bool start_normal,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
