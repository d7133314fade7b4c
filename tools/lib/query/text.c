/*
 * Bytes from a ledger made fit to be shown.
 * Reads memory, appends to buffers.
 * Does not know what the bytes mean.
 */
#include "query/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <yyjson.h>

#include "core/utf8.h"
#include "record/json.h"

/* The character at p and its bytes; one byte and -1 if it is not UTF-8. */
static int32_t
decode(const char *p, size_t len, size_t *bytes)
{
	utf8proc_int32_t c = -1;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p,
	    len > 4 ? 4 : (utf8proc_ssize_t)len, &c);

	*bytes = n > 0 ? (size_t)n : 1;
	return n > 0 ? c : -1;
}

static bool
is_safe(int32_t c)
{
	switch (utf8proc_category(c)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	default:
		return c >= 0;
	}
}

void
rdl_text_safe(struct rdl_buf *out, const char *p, size_t len, bool lines)
{
	const char *end = p + len;
	size_t n, i;
	int32_t c;

	for (; p < end; p += n) {
		c = decode(p, (size_t)(end - p), &n);
		if (is_safe(c) || (lines && c == '\n')) {
			rdl_buf_add(out, p, n);
			continue;
		}
		for (i = 0; i < n; i++)
			rdl_buf_addf(out, "\\x%02x", (unsigned char)p[i]);
	}
}

size_t
rdl_text_cut(const char *p, size_t len, size_t columns)
{
	size_t at = 0, width = 0, n;
	int32_t c;

	while (at < len) {
		c = decode(p + at, len - at, &n);
		width += c < 0 ? 1 : (size_t)utf8proc_charwidth(c);
		if (width > columns)
			break;
		at += n;
	}
	return at;
}

size_t
rdl_text_width(const char *p, size_t len)
{
	size_t at, width = 0, n;
	int32_t c;

	for (at = 0; at < len; at += n) {
		c = decode(p + at, len - at, &n);
		width += c < 0 ? 1 : (size_t)utf8proc_charwidth(c);
	}
	return width;
}

void
rdl_text_string(struct rdl_buf *out, const char *p, size_t len)
{
	struct rdl_buf valid = RDL_BUF_INIT(SIZE_MAX / 2);
	size_t n = rdl_utf8_valid(p, len);

	if (n == len) {
		rdl_buf_addjson(out, p, len);
		return;
	}
	while (n < len) {
		rdl_buf_add(&valid, p, n);
		rdl_buf_adds(&valid, "\xef\xbf\xbd");
		p += n + 1;
		len -= n + 1;
		n = rdl_utf8_valid(p, len);
	}
	rdl_buf_add(&valid, p, len);
	rdl_buf_addjson(out, valid.p, valid.len);
	rdl_buf_release(&valid);
}

/* The value written anew, or NULL if p is no JSON; free() it. */
static char *
rewrite(const char *p, size_t len, yyjson_write_flag how, size_t *n)
{
	yyjson_doc *doc = rdl_json_read(p, len, YYJSON_READ_NUMBER_AS_RAW);
	char *text;

	if (doc == NULL)
		return NULL;
	text = rdl_json_write(doc, how, n);
	yyjson_doc_free(doc);
	return text;
}

void
rdl_text_value(struct rdl_buf *out, const char *p, size_t len)
{
	size_t n;
	char *text = rewrite(p, len, YYJSON_WRITE_NOFLAG, &n);

	if (text != NULL)
		rdl_buf_add(out, text, n);
	else
		rdl_text_string(out, p, len);
	free(text);
}

void
rdl_text_pretty(struct rdl_buf *out, const char *p, size_t len)
{
	size_t n;
	char *text = rewrite(p, len, YYJSON_WRITE_PRETTY_TWO_SPACES, &n);

	if (text != NULL)
		rdl_text_safe(out, text, n, true);
	else
		rdl_text_safe(out, p, len, true);
	free(text);
	if (out->len > 0 && out->p[out->len - 1] != '\n')
		rdl_buf_addc(out, '\n');
}

void
rdl_text_usd(struct rdl_buf *out, double usd)
{
	char text[400];
	size_t len;

	(void)snprintf(text, sizeof(text), "%.12f", usd);
	len = strlen(text);
	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	rdl_buf_add(out, text, len);
}
