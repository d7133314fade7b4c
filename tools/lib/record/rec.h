/*
 * One record: a line of JSON text, its parsed form, and edits by splicing.
 * Untouched members keep their bytes: an edit copies the line around them and
 * never prints a value again.  JSON (RFC 8259) by yyjson.
 */
#ifndef RDL_RECORD_REC_H
#define RDL_RECORD_REC_H

#include <stddef.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

struct rdl_rec {
	const char *line;	/* the text, without newline; borrowed */
	size_t len;
	yyjson_val *root;	/* an object; numbers too big for a double are
				 * raw values (yyjson_is_raw()) */
	/* The rest belongs to rec.c. */
	yyjson_doc *doc;
	char *copy;		/* parsed in place: strings point into it */
	size_t copy_cap;
	void *pool;		/* memory of the parser, reused */
	size_t pool_cap;
};

#define RDL_REC_INIT { NULL, 0, NULL, NULL, NULL, 0, NULL, 0 }

/*
 * Parse the object in line[0..len) into rec, which borrows the line.  What
 * rec held before is gone.  Refused: what is not JSON or not UTF-8 (with the
 * position in the message, the first byte being byte 1), a byte order mark,
 * what is not an object, a top-level name that comes twice, nesting deeper
 * than RDL_DEPTH_MAX.  Memory: up to 13 bytes a byte of the line, reused.
 */
int rdl_rec_parse(struct rdl_rec *rec, const char *line, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Free what rec owns; it can be parsed into again. */
void rdl_rec_release(struct rdl_rec *rec);

/* The value of a top-level member, or NULL. Valid until the next parse. */
yyjson_val *rdl_rec_get(const struct rdl_rec *rec, const char *key);

/* The value of a top-level string member and its length, or NULL.  It may
 * hold NUL.  len may be NULL. */
const char *rdl_rec_str(const struct rdl_rec *rec, const char *key,
    size_t *len);

/*
 * A value by path: member names and array indices joined by '/', "image/id",
 * "tasks/0/path".  No escapes: a name with a slash cannot be reached.
 * NULL if there is none.
 */
yyjson_val *rdl_rec_at(yyjson_val *v, const char *path);

/* The bytes of a top-level member's value as they stand in the line.
 * Returns 1, or 0 if there is no such member. */
int rdl_rec_span(const struct rdl_rec *rec, const char *key,
    const char **json, size_t *len) RDL_MUST_CHECK;

/* One edit: set key to the JSON text, or remove the member if json is NULL. */
struct rdl_edit {
	const char *key;	/* not escaped; NUL-terminated */
	const char *json;	/* the text of a JSON value; borrowed */
	size_t len;
};

/*
 * Append rec to out with n edits made, and a newline.  A member that exists is
 * replaced where it stands; others are added behind the last, in the order of
 * edits.  All other bytes are those of the line; a removed member takes one
 * comma along.  Of several edits of one key the last counts.  Ask
 * rdl_buf_full(out) afterwards.
 */
void rdl_rec_edit(const struct rdl_rec *rec, const struct rdl_edit *edits,
    size_t n, struct rdl_buf *out);

#endif
