/*
 * A growing byte buffer that names its maximum.
 * Writes only memory of its own.
 */
#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void
rdl_buf_init(struct rdl_buf *b, size_t max)
{
	*b = (struct rdl_buf)RDL_BUF_INIT(max);
}

void
rdl_buf_release(struct rdl_buf *b)
{
	if (b == NULL)
		return;
	free(b->p);
	rdl_buf_init(b, b->max);
}

void
rdl_buf_reset(struct rdl_buf *b)
{
	b->len = 0;
	b->full = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

bool
rdl_buf_full(const struct rdl_buf *b)
{
	return b->full;
}

char *
rdl_buf_detach(struct rdl_buf *b, size_t *len)
{
	char *p = b->p != NULL ? b->p : rdl_mem_calloc(1, 1);

	if (len != NULL)
		*len = b->len;
	rdl_buf_init(b, b->max);
	return p;
}

char *
rdl_buf_reserve(struct rdl_buf *b, size_t n)
{
	size_t need, cap;

	if (b->full || n > b->max - b->len) {
		b->full = true;
		return NULL;
	}
	need = b->len + n + 1;
	if (need > b->cap) {
		cap = b->cap < 64 ? 64 : b->cap;
		while (cap < need)
			cap += cap / 2;
		b->p = rdl_mem_realloc(b->p, cap, 1);
		b->cap = cap;
	}
	return b->p + b->len;
}

void
rdl_buf_add(struct rdl_buf *b, const void *p, size_t len)
{
	char *to = rdl_buf_reserve(b, len);

	if (to == NULL)
		return;
	if (len > 0)
		memcpy(to, p, len);
	to[len] = '\0';
	b->len += len;
}

void
rdl_buf_adds(struct rdl_buf *b, const char *s)
{
	rdl_buf_add(b, s, strlen(s));
}

void
rdl_buf_addc(struct rdl_buf *b, char c)
{
	rdl_buf_add(b, &c, 1);
}

void
rdl_buf_addu(struct rdl_buf *b, uint64_t n)
{
	char tmp[20];
	size_t i = sizeof(tmp);

	do {
		tmp[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	rdl_buf_add(b, tmp + i, sizeof(tmp) - i);
}

void
rdl_buf_addf(struct rdl_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *to;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (to = rdl_buf_reserve(b, (size_t)n)) == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void
rdl_buf_addhex(struct rdl_buf *b, const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *s = p;
	char *to = len > b->max / 2 ? NULL : rdl_buf_reserve(b, 2 * len);
	size_t i;

	if (to == NULL) {
		b->full = true;
		return;
	}
	for (i = 0; i < len; i++) {
		*to++ = digits[s[i] >> 4];
		*to++ = digits[s[i] & 15];
	}
	*to = '\0';
	b->len += 2 * len;
}

void
rdl_buf_addbase64(struct rdl_buf *b, const void *p, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *s = p;
	size_t n = len / 3 * 4 + (len % 3 > 0 ? 4 : 0);
	char *to = len > b->max ? NULL : rdl_buf_reserve(b, n);
	uint32_t v;

	if (to == NULL) {
		b->full = true;
		return;
	}
	b->len += n;
	for (; len >= 3; len -= 3, s += 3) {
		v = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];
		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = digits[v >> 6 & 63];
		*to++ = digits[v & 63];
	}
	if (len > 0) {
		v = (uint32_t)s[0] << 16 |
		    (len > 1 ? (uint32_t)s[1] << 8 : 0);
		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = len > 1 ? digits[v >> 6 & 63] : '=';
		*to++ = '=';
	}
	*to = '\0';
}

/* The letter behind the backslash for c, 'u' for \u00xx, 0 for none. */
static char
json_escape(unsigned char c)
{
	switch (c) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return c < 0x20 ? 'u' : 0;
	}
}

/* Bytes at p, eight at a time, before the eight in which the first is that a
 * JSON string must escape (Mycroft's test for a zero byte). */
static size_t
plain_run(const char *p, size_t len)
{
	const uint64_t ones = UINT64_MAX / 255;
	uint64_t v, q, s;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&v, p + i, 8);
		q = v ^ ones * '"';
		s = v ^ ones * '\\';
		if ((((v - ones * 0x20) & ~v) | ((q - ones) & ~q) |
		    ((s - ones) & ~s)) & ones * 0x80)
			break;
	}
	return i;
}

void
rdl_buf_addjson(struct rdl_buf *b, const char *p, size_t len)
{
	size_t i, start = 0;
	char e;

	rdl_buf_addc(b, '"');
	if (p == NULL)
		p = "";
	for (i = plain_run(p, len); i < len; i++) {
		if ((unsigned char)p[i] >= 0x20 && p[i] != '"' && p[i] != '\\')
			continue;
		e = json_escape((unsigned char)p[i]);
		rdl_buf_add(b, p + start, i - start);
		start = i + 1;
		if (e == 'u')
			rdl_buf_addf(b, "\\u%04x", (unsigned char)p[i]);
		else {
			rdl_buf_addc(b, '\\');
			rdl_buf_addc(b, e);
		}
		i += plain_run(p + start, len - start);
	}
	rdl_buf_add(b, p + start, len - start);
	rdl_buf_addc(b, '"');
}
