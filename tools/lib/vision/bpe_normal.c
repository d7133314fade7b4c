/*
 * Text in the form that is split into words: NFC, then lower case.
 * Reads valid UTF-8; appends to a buffer.  White space stays as it is, since
 * the split only drops it.  Marks are ordered in linear time: utf8proc's own
 * ordering takes the square of their number, which a hostile text would use.
 */
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"
#include "vision/bpe_impl.h"

/* Code points below this are in NFC unless a mark follows. */
#define FIRST_MARK 0x300

/* A canonical decomposition has at most four code points. */
#define DECOMPOSED_MAX 8

static void
reserve(struct rdl_bpe_points *p, size_t more)
{
	if (p->room - p->n >= more)
		return;
	p->room = 2 * p->room + more + 64;
	p->v = rdl_mem_realloc(p->v, p->room, sizeof(*p->v));
}

static unsigned
combining_class(int32_t cp)
{
	return (unsigned)utf8proc_get_property(cp)->combining_class;
}

/* Order n marks by their combining class, equals as they stand. */
static void
order_marks(struct rdl_bpe *b, int32_t *v, size_t n)
{
	size_t at[257] = { 0 }, i;

	for (i = 1; i < n; i++)
		if (combining_class(v[i]) < combining_class(v[i - 1]))
			break;
	if (i >= n)
		return;
	b->sorted.n = 0;
	reserve(&b->sorted, n);
	for (i = 0; i < n; i++)
		at[(combining_class(v[i]) & 0xff) + 1]++;
	for (i = 1; i < 257; i++)
		at[i] += at[i - 1];
	for (i = 0; i < n; i++)
		b->sorted.v[at[combining_class(v[i]) & 0xff]++] = v[i];
	memcpy(v, b->sorted.v, n * sizeof(*v));
}

/* NFC of n code points, none of them inert, into b->parts (UAX #15). */
static void
compose(struct rdl_bpe *b, const int32_t *v, size_t n)
{
	struct rdl_bpe_points *d = &b->parts;
	utf8proc_ssize_t got;
	size_t i, first;
	int unused = 0;

	d->n = 0;
	for (i = 0; i < n; i++) {
		reserve(d, DECOMPOSED_MAX);
		got = utf8proc_decompose_char(v[i], d->v + d->n,
		    DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_STABLE,
		    &unused);
		if (got > 0 && got <= DECOMPOSED_MAX)
			d->n += (size_t)got;
	}
	for (i = 0; i < d->n; i++) {
		for (first = i; i < d->n && combining_class(d->v[i]) > 0; i++)
			;
		if (i - first > 1)
			order_marks(b, d->v + first, i - first);
	}
	got = utf8proc_normalize_utf32(d->v, (utf8proc_ssize_t)d->n,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (got >= 0)
		d->n = (size_t)got;
}

static void
add_lower(const int32_t *v, size_t n, struct rdl_buf *out)
{
	unsigned char utf8[8];
	int32_t low[2];
	size_t i, k, got;

	for (i = 0; i < n; i++) {
		got = rdl_bpe_unicode_lower(v[i], low);
		for (k = 0; k < got; k++)
			rdl_buf_add(out, utf8,
			    (size_t)utf8proc_encode_char(low[k], utf8));
	}
}

/* A run that may be changed by NFC only as a whole. */
static void
add_run(struct rdl_bpe *b, const char *p, size_t len, struct rdl_buf *out)
{
	struct rdl_bpe_points *c = &b->points;
	size_t at, i, first;
	int32_t highest = 0;

	c->n = 0;
	reserve(c, len);
	for (at = 0; at < len; c->n++) {
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const utf8proc_uint8_t *)p + at,
		    (utf8proc_ssize_t)(len - at), &c->v[c->n]);
		if (n <= 0)
			break;
		at += (size_t)n;
		if (c->v[c->n] > highest)
			highest = c->v[c->n];
	}
	if (highest < FIRST_MARK) {
		add_lower(c->v, c->n, out);
		return;
	}
	for (i = 0; i < c->n; i++) {
		for (first = i; i < c->n && !rdl_bpe_unicode_inert(c->v[i]);
		    i++)
			;
		compose(b, c->v + first, i - first);
		add_lower(b->parts.v, b->parts.n, out);
		if (i < c->n)
			add_lower(c->v + i, 1, out);
	}
}

static bool
is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

void
rdl_bpe_normal_add(struct rdl_bpe *b, const char *p, size_t len,
    struct rdl_buf *out)
{
	size_t at = 0, first;
	char *to;

	while (at < len) {
		first = at;
		while (at < len && is_ascii(p[at]))
			at++;
		/* The last one may take a mark. */
		if (at > first && at < len)
			at--;
		to = rdl_buf_reserve(out, at - first);
		if (to == NULL)
			return;
		out->len += at - first;
		for (; first < at; first++)
			*to++ = (char)(p[first] >= 'A' && p[first] <= 'Z' ?
			    p[first] | 0x20 : p[first]);
		if (at < len && is_ascii(p[at]))
			at++;
		while (at < len && !is_ascii(p[at]))
			at++;
		if (at > first)
			add_run(b, p + first, at - first, out);
	}
}

static void
release(struct rdl_bpe_points *p)
{
	free(p->v);
	*p = (struct rdl_bpe_points){ NULL, 0, 0 };
}

void
rdl_bpe_normal_release(struct rdl_bpe *b, bool only_large)
{
	if (only_large && b->points.room < 64 * RDL_KIB &&
	    b->parts.room < 64 * RDL_KIB)
		return;
	release(&b->points);
	release(&b->parts);
	release(&b->sorted);
}
