/*
 * Pieces of a page that needs no script: escaped text, numbers, bars.
 * Everything that comes from records goes through rdl_html_text().
 */
#ifndef RDL_PUBLISH_HTML_H
#define RDL_PUBLISH_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* Append text with <, >, &, quotes and control characters escaped. */
void rdl_html_text(struct rdl_buf *out, const char *p, size_t len);
void rdl_html_str(struct rdl_buf *out, const char *s);

/* The same of at most max bytes: cut between characters, with an ellipsis. */
void rdl_html_short(struct rdl_buf *out, const char *p, size_t len,
    size_t max);

/* The head of a page, to the opening of its body; no script, no request can
 * come from it (Content-Security-Policy). */
void rdl_html_head(struct rdl_buf *out, const char *title);

/* A horizontal bar as SVG: n parts of a whole, each with a CSS class. */
struct rdl_html_part {
	const char *class_name;
	double value;
};
void rdl_html_bar(struct rdl_buf *out, const struct rdl_html_part *parts,
    size_t n, double whole);

/* A number with thin blanks between thousands. */
void rdl_html_count(struct rdl_buf *out, int64_t n);

/* A difference: the same with its sign. */
void rdl_html_change(struct rdl_buf *out, int64_t n);

#endif
