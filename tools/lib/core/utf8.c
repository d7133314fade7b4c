/*
 * UTF-8 and the folded form of names.
 * Reads the tables of utf8proc; locale plays no part.
 */
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"

/* Bytes at the start of p that are ASCII, or a few less. */
static size_t
ascii_run(const utf8proc_uint8_t *p, size_t len)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t a, b;
	size_t at = 0;

	for (; len - at >= 16; at += 16) {
		memcpy(&a, p + at, sizeof(a));
		memcpy(&b, p + at + 8, sizeof(b));
		if (((a | b) & high) != 0)
			break;
	}
	return at;
}

size_t
rdl_utf8_valid(const char *p, size_t len)
{
	const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)p;
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;
	size_t at = 0;

	while (at < len) {
		if (s[at] < 0x80) {
			at += ascii_run(s + at, len - at);
			while (at < len && s[at] < 0x80)
				at++;
			continue;
		}
		n = utf8proc_iterate(s + at, (utf8proc_ssize_t)(len - at),
		    &cp);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return at;
}

static bool
is_space(utf8proc_int32_t cp)
{
	utf8proc_category_t c = utf8proc_category(cp);

	return c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL ||
	    c == UTF8PROC_CATEGORY_ZP || c == UTF8PROC_CATEGORY_CC;
}

/* Append p with runs of white space made one blank, none at the ends. */
static void
squeeze(struct rdl_buf *out, const utf8proc_uint8_t *p, utf8proc_ssize_t len)
{
	size_t start = out->len;
	bool gap = false;
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;

	for (; len > 0; p += n, len -= n) {
		n = utf8proc_iterate(p, len, &cp);
		if (n <= 0)
			return;
		if (is_space(cp)) {
			gap = true;
			continue;
		}
		if (gap && out->len > start)
			rdl_buf_addc(out, ' ');
		gap = false;
		rdl_buf_add(out, p, (size_t)n);
	}
}

static int
normalise(struct rdl_buf *out, const char *p, size_t len, unsigned int options)
{
	utf8proc_uint8_t *norm = NULL;
	utf8proc_ssize_t n;

	n = utf8proc_map((const utf8proc_uint8_t *)p, (utf8proc_ssize_t)len,
	    &norm, (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE |
	    options));
	if (n == UTF8PROC_ERROR_NOMEM)
		rdl_mem_exhausted(len);
	if (n < 0)
		return -1;
	squeeze(out, norm, n);
	free(norm);
	return 0;
}

int
rdl_utf8_fold(struct rdl_buf *out, const char *p, size_t len)
{
	return normalise(out, p, len, UTF8PROC_CASEFOLD);
}

int
rdl_utf8_squeeze(struct rdl_buf *out, const char *p, size_t len)
{
	return normalise(out, p, len, 0);
}
