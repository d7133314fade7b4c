/*
 * Canonical JSON: the JSON Canonicalization Scheme, RFC 8785.
 * Names sorted by UTF-16 code units, numbers as ECMAScript prints them,
 * strings with the least escapes, no white space.
 */
#ifndef RDL_RECORD_CANON_H
#define RDL_RECORD_CANON_H

#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

/*
 * Append the canonical form of v to out.  Refused: a name that comes twice in
 * an object, a lone surrogate, an integer that no double holds exactly (two
 * values would share one form; RFC 8785 would round), nesting deeper than
 * RDL_DEPTH_MAX.
 */
int rdl_canon(yyjson_val *v, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Append d as ECMAScript's Number::toString prints it (ECMA-262 6.1.6.1.20);
 * d must be finite. */
void rdl_canon_number(double d, struct rdl_buf *out);

#endif
