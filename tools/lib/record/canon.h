/*
 * Canonical JSON: the JSON Canonicalization Scheme, RFC 8785.
 * Names sorted by UTF-16 code units, numbers as ECMAScript prints them,
 * strings with the least escapes, no white space.
 */
#ifndef RDL_RECORD_CANON_H
#define RDL_RECORD_CANON_H

#include <stdbool.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

/*
 * Append the canonical form of v to out.  Refused: a name that comes twice in
 * an object, a lone surrogate, an integer that no double holds exactly (two
 * values would share one form; RFC 8785 would round), a number beyond the
 * largest double, nesting deeper than RDL_DEPTH_MAX, a form that out cannot
 * hold.  After an error out may hold a part of the form.
 * An integer above 2^53 that a double does hold is printed as ECMAScript
 * prints it, with zeros behind 16 or 17 digits: 2^63 as 9223372036854776000.
 * That text, read again, is an integer that no double holds: it is refused, so
 * that no two integers have one form.
 */
int rdl_canon(yyjson_val *v, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/*
 * The form that ids are made of: as rdl_canon(), but a number that has no
 * canonical form (12345678901234567890, 1e999) is its own text with an n behind
 * it, as ECMAScript writes big integers, since rows of others hold such
 * numbers and must have ids.  With fold every string in v, but no name, is
 * folded by rdl_utf8_fold().
 */
int rdl_canon_identity(yyjson_val *v, bool fold, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The order of names in a canonical object: by UTF-16 code units.  Both are
 * valid UTF-8.  Less than, equal to or greater than 0, as memcmp(). */
int rdl_canon_order(const char *a, size_t alen, const char *b, size_t blen);

/* Append d as ECMAScript's Number::toString prints it (ECMA-262 6.1.6.1.20);
 * d must be finite. */
void rdl_canon_number(double d, struct rdl_buf *out);

#endif
