/*
 * Words and names out of a hash: what the stub says when nobody told it what
 * to say.  The same hash gives the same words on every machine.
 */
#ifndef RDL_STUB_WORD_H
#define RDL_STUB_WORD_H

#include <stdint.h>

#include "core/buf.h"

/* A hash of three numbers; every bit of each counts. */
uint64_t rdl_word_mix(uint64_t seed, uint64_t a, uint64_t b);

/* The hash of len bytes under a seed. */
uint64_t rdl_word_hash(uint64_t seed, const char *p, size_t len);

/* Append n words of hash h, blanks between them. */
void rdl_word_text(struct rdl_buf *out, uint64_t h, size_t n);

/* Append a sentence of 8 to 24 words with a full stop. */
void rdl_word_sentence(struct rdl_buf *out, uint64_t h);

/* Append the name of a task, "reading blurred street signs": one of 32,768. */
void rdl_word_name(struct rdl_buf *out, uint64_t h);

#endif
