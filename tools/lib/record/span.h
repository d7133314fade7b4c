/*
 * Where values stand in the text of a record, below its top level too: for
 * copying them byte for byte.  Goes over text that was parsed and is sound, in
 * step with its parsed form.
 */
#ifndef RDL_RECORD_SPAN_H
#define RDL_RECORD_SPAN_H

#include <stddef.h>
#include <yyjson.h>

/* Bytes of a record's line, not owned; p is NULL if there are none. */
struct rdl_span {
	const char *p;
	size_t len;
};

/* A text of the record: decoded, which may hold NUL, and as it stands there. */
struct rdl_quote {
	const char *p;		/* NULL: none */
	size_t len;
	struct rdl_span json;
};

/* The length of the JSON value that begins at p. */
size_t rdl_span_value(const char *p);

/* p is the bracket of an array or object: where its first element or name
 * begins, or its closing bracket. */
const char *rdl_span_first(const char *p);

/* p is behind an element or a member's value: where the next one begins, or
 * the closing bracket. */
const char *rdl_span_next(const char *p);

/* p is the quote of a name: where its value begins. */
const char *rdl_span_behind(const char *p);

/* The string v, whose quote stands at json. */
struct rdl_quote rdl_span_quote(yyjson_val *v, const char *json);

#endif
