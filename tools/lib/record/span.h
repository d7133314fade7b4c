/*
 * Where values stand in the text of a record, below its top level too: for
 * copying them byte for byte.  The parsed form knows where names and strings
 * stand, so that little of the text is read again.
 */
#ifndef RDL_RECORD_SPAN_H
#define RDL_RECORD_SPAN_H

#include <stddef.h>

#include "record/rec.h"

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

/* v is a string of rec, at any depth: it, and where it stands. */
struct rdl_quote rdl_span_quote(const struct rdl_rec *rec, yyjson_val *v);

/* key is a name in an object of rec, at any depth: where its value stands. */
struct rdl_span rdl_span_member(const struct rdl_rec *rec, yyjson_val *key);

#endif
