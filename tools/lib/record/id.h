/*
 * What a record is called: kind, colon, 32 hexadecimal digits.
 * The digits are the first 128 bits of SHA-256 over the canonical JSON of the
 * fields that the kind's schema lists under "x-identity", so the same content
 * has the same id on every machine, and a score added later changes nothing.
 */
#ifndef RDL_RECORD_ID_H
#define RDL_RECORD_ID_H

#include "core/hash.h"
#include "record/rec.h"

#define RDL_KIND_LEN 24		/* longest kind, NUL included */

struct rdl_id {
	char kind[RDL_KIND_LEN];	/* "task"; "" for an id of another
					 * make */
	struct rdl_hash hash;		/* of an id of another make: that of
					 * its text */
};

/* Bytes of an id as text, NUL included. */
#define RDL_ID_TEXT (RDL_KIND_LEN + 1 + 2 * RDL_HASH_LEN)

/*
 * Read an id.  Text that is not of riddle's form is a valid id of another
 * make: kind is "" and hash is the hash of the text.  Returns 1 for riddle's
 * form, 0 for another.
 */
int rdl_id_parse(const char *text, size_t len, struct rdl_id *id);

/* "kind:hex" into out; an id of another make gives ":hex". */
void rdl_id_format(const struct rdl_id *id, char out[RDL_ID_TEXT]);

/*
 * Append the text that an id is the hash of: the canonical form of one object
 * with the fields of root that identity lists, the value of a schema's
 * "x-identity" as described below; NULL: all members of root except "id",
 * "kind" and "from".
 */
int rdl_id_text(yyjson_val *root, yyjson_val *identity, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Compute the id of a record from its content.  Its kind is its "kind" member,
 * a lower-case letter and up to 22 more, digits or hyphens (any other kind is
 * an error), or "row" if it has none.  A kind without schema, or whose schema
 * has no x-identity, is identified by all its members except "id", "kind" and
 * "from".
 * x-identity lists paths as "path", "image/id", "tasks/<star>/id" (a star
 * stands for every element of an array); {"field": PATH, "fold": true}
 * compares strings at any depth by rdl_utf8_fold(); {"field": [PATH, ...],
 * "optional": true} is the first of these paths that the record has, and
 * nothing if it has none.  The hashed text is the canonical form of one object
 * whose names are these paths.  A record that lacks one of them, and what is
 * not optional, is an error.
 */
int rdl_id_compute(const struct rdl_rec *rec, struct rdl_id *id,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * The id a record goes by: its "id" member if it has one (of any make; must
 * be a string, not empty, and shorter than RDL_ID_MAX), else the computed one.
 * Returns 1 if the record carries it, 0 if it was computed, -1 on error.
 */
int rdl_id_of(const struct rdl_rec *rec, struct rdl_id *id,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
