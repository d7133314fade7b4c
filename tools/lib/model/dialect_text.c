/*
 * Texts of servers made fit to be shown: short, one line, no control bytes.
 * Pure functions over buffers.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"
#include "model/dialect_impl.h"

#define TEXT_MAX 300

/* Bytes of the character at p, 0 if it is not UTF-8. */
static size_t
char_len(const unsigned char *p, size_t len)
{
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	return n <= len && rdl_utf8_valid((const char *)p, n) == n ? n : 0;
}

/* Controls of C0 and C1, DEL, the separators and marks that turn the
 * direction of a line (U+200E, U+200F, U+2028..U+202E, U+2066..U+2069): a
 * terminal must not obey a server. */
static bool
is_control(const unsigned char *p, size_t n)
{
	if (n == 1)
		return p[0] <= 0x20 || p[0] == 0x7f;
	if (n == 2)
		return p[0] == 0xc2 && p[1] <= 0xa0;
	if (n != 3 || p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f ||
	    (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

void
rdl_dialect_text_clean(char out[RDL_DIALECT_TEXT], const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t used = 0, n, i;
	bool gap = false;

	for (i = 0; i < len; i += n == 0 ? 1 : n) {
		n = char_len(s + i, len - i);
		if (n > 0 && is_control(s + i, n)) {
			gap = true;
			continue;
		}
		if (used + (gap ? 1 : 0) + (n == 0 ? 1 : n) > TEXT_MAX)
			break;
		if (gap && used > 0)
			out[used++] = ' ';
		gap = false;
		if (n == 0)
			out[used++] = '?';
		else
			memcpy(out + used, s + i, n);
		used += n;
	}
	out[used] = '\0';
}

/* The title of an HTML page, or NULL. */
static const char *
title(const char *body, size_t len, size_t *title_len)
{
	static const char open[] = "<title>";
	const size_t n = sizeof(open) - 1;
	const char *end;
	size_t i;

	for (i = 0; i + n <= len; i++) {
		if (strncasecmp(body + i, open, n) != 0)
			continue;
		end = memchr(body + i + n, '<', len - i - n);
		*title_len = (end != NULL ? (size_t)(end - body) : len) - i -
		    n;
		return body + i + n;
	}
	return NULL;
}

void
rdl_dialect_text_excerpt(char out[RDL_DIALECT_TEXT], const char *body,
    size_t len)
{
	char clean[RDL_DIALECT_TEXT];
	const char *t;
	size_t n;

	while (len > 0 && strchr(" \t\r\n", *body) != NULL && *body != '\0') {
		body++;
		len--;
	}
	if (len == 0)
		rdl_dialect_text_clean(out, "an empty body", 13);
	else if (*body != '<')
		rdl_dialect_text_clean(out, body, len);
	else if ((t = title(body, len, &n)) == NULL)
		rdl_dialect_text_clean(out, "an HTML page", 12);
	else {
		rdl_dialect_text_clean(clean, t, n < 200 ? n : 200);
		(void)snprintf(out, RDL_DIALECT_TEXT, "an HTML page: %.200s",
		    clean);
	}
}
