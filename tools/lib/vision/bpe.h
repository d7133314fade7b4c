/*
 * CLIP's tokenizer: byte-level BPE with end-of-word marks, from the model's
 * own vocab.json and merges.txt or tokenizer.json; the ids are those of
 * CLIPTokenizerFast (NFC, white space squeezed, lower case per code point).
 */
#ifndef RDL_VISION_BPE_H
#define RDL_VISION_BPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct rdl_bpe;

struct rdl_bpe *rdl_bpe_open(const char *dir, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_bpe_free(struct rdl_bpe *b);

/* Highest id + 1, and the id that ends a text. */
size_t rdl_bpe_vocab(const struct rdl_bpe *b);
int32_t rdl_bpe_end(const struct rdl_bpe *b);

struct rdl_tokens {
	int32_t ids[256];	/* start, tokens, end; no padding */
	size_t n;
	bool truncated;		/* the text was longer than the context */
};

/*
 * Tokenize UTF-8 text (which may hold NUL) into at most context ids (77; never
 * more than 256).  Special marks in the text ("<|endoftext|>") are escaped, so
 * that a text cannot cut its own embedding, unless specials is true: then they
 * are the ids that CLIPTokenizerFast gives.  Keeps a cache of words: not for
 * two threads at once.
 */
int rdl_bpe_encode(struct rdl_bpe *b, const char *text, size_t len,
    size_t context, bool specials, struct rdl_tokens *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
