/*
 * A growing byte buffer that names its maximum.
 * Bytes may hold NUL; p[len] is always NUL once anything was appended, so
 * text can be printed.  An append that would pass max changes nothing and
 * marks the buffer as full: append freely, ask rdl_buf_full() once at the end,
 * as one asks ferror() of a stream.
 */
#ifndef RDL_CORE_BUF_H
#define RDL_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

struct rdl_buf {
	char *p;	/* owned; NULL while nothing was allocated */
	size_t len;
	size_t cap;	/* bytes allocated, NUL included */
	size_t max;	/* len never passes this */
	bool full;	/* an append was refused */
};

#define RDL_BUF_INIT(maximum) { NULL, 0, 0, (maximum), false }

void rdl_buf_init(struct rdl_buf *b, size_t max);

/* Free the bytes; the buffer can be used again.  b may be NULL. */
void rdl_buf_release(struct rdl_buf *b);

/* Forget the bytes and the full mark, keep the memory. */
void rdl_buf_reset(struct rdl_buf *b);

/* True if an append was refused since the last reset. */
bool rdl_buf_full(const struct rdl_buf *b);

/* Hand the bytes over, NUL-terminated, never NULL; free() them. */
char *rdl_buf_detach(struct rdl_buf *b, size_t *len);

/* Make room for n more bytes and return where they go, or NULL when full.
 * Add what you wrote to b->len; at most n. */
char *rdl_buf_reserve(struct rdl_buf *b, size_t n) RDL_MUST_CHECK;

void rdl_buf_add(struct rdl_buf *b, const void *p, size_t len);
void rdl_buf_adds(struct rdl_buf *b, const char *s);
void rdl_buf_addc(struct rdl_buf *b, char c);
void rdl_buf_addu(struct rdl_buf *b, uint64_t n);
void rdl_buf_addf(struct rdl_buf *b, const char *fmt, ...) RDL_PRINTF(2, 3);

/* Append len bytes as lower-case hexadecimal. */
void rdl_buf_addhex(struct rdl_buf *b, const void *p, size_t len);

/* Append the base64 (RFC 4648, padded) of len bytes. */
void rdl_buf_addbase64(struct rdl_buf *b, const void *p, size_t len);

/* Append the JSON string literal, quotes included, of len bytes of UTF-8.
 * Escapes what RFC 8785 escapes and nothing else. */
void rdl_buf_addjson(struct rdl_buf *b, const char *p, size_t len);

#endif
