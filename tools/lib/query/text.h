/*
 * Bytes from a ledger made fit to be shown: on a terminal, or in JSON.
 * A ledger holds what strangers wrote; none of it may move the cursor.
 */
#ifndef RDL_QUERY_TEXT_H
#define RDL_QUERY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"

/*
 * Append bytes as a terminal may see them: control and format characters
 * (categories Cc, Cf, Zl and Zp of Unicode) and bytes that are not UTF-8
 * become \xNN, a byte each.  lines: newlines stay.
 */
void rdl_text_safe(struct rdl_buf *out, const char *p, size_t len,
    bool lines);

/* Columns that safe text takes on a terminal. */
size_t rdl_text_width(const char *p, size_t len);

/* Bytes of safe text that fit into so many columns. */
size_t rdl_text_cut(const char *p, size_t len, size_t columns);

/* Append a JSON string; bytes that are not UTF-8 become U+FFFD. */
void rdl_text_string(struct rdl_buf *out, const char *p, size_t len);

/* Append text that is a JSON value as that value without white space, with
 * its numbers as they stand; any other text as a JSON string. */
void rdl_text_value(struct rdl_buf *out, const char *p, size_t len);

/* Append text that is a JSON value with an indent of two blanks, any other
 * text as it is; both safe, newlines stay, and one ends it. */
void rdl_text_pretty(struct rdl_buf *out, const char *p, size_t len);

/* Append an amount in dollars to 1e-12 without zeros at its end, "0.0125". */
void rdl_text_usd(struct rdl_buf *out, double usd);

#endif
