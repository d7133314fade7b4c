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

/*
 * Read tokenizer.json in dir or, if there is none, vocab.json and merges.txt.
 * A tokenizer of another make (no start or end mark, not byte-level, other
 * than BPE, case kept, ids used twice) is RDL_E_INPUT.  Whether its ids fit
 * the model, rdl_bpe_vocab() tells.
 */
struct rdl_bpe *rdl_bpe_open(const char *dir, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_bpe_free(struct rdl_bpe *b);

/* Highest id + 1, added tokens included, and the id that ends a text. */
size_t rdl_bpe_vocab(const struct rdl_bpe *b);
int32_t rdl_bpe_end(const struct rdl_bpe *b);

struct rdl_tokens {
	int32_t ids[256];	/* start, tokens, end; no padding */
	size_t n;
	bool truncated;		/* the text was longer than the context */
};

/*
 * Tokenize UTF-8 text (which may hold NUL) into at most context ids: 77 for
 * CLIP, 2 to 256.  A longer text is cut, and ends in the end mark all the same.
 * With specials the ids are those of CLIPTokenizerFast for any text.  Without,
 * "<|startoftext|>" and "<|endoftext|>" in the text are plain characters: "<|",
 * "endoftext", "|>", which is what CLIPTokenizerFast makes of "<|ENDOFTEXT|>";
 * neither id can stand inside, so a text cannot cut its own embedding.  Other
 * added tokens of the model stay what they are.
 * Text that is not UTF-8, or has more than RDL_LINE_MAX bytes: RDL_E_INPUT.
 * Keeps a cache of words (1 MiB): not for two threads at once.
 */
int rdl_bpe_encode(struct rdl_bpe *b, const char *text, size_t len,
    size_t context, bool specials, struct rdl_tokens *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
