/*
 * What the three dialects share: writing turns, reading replies and errors.
 * Private to dialect*.c.
 */
#ifndef RDL_MODEL_DIALECT_IMPL_H
#define RDL_MODEL_DIALECT_IMPL_H

#include <yyjson.h>

#include "model/dialect.h"

/* How a dialect spells a message and its pieces. */
struct rdl_dialect_form {
	const char *user, *model;	/* names of the roles */
	const char *content;		/* name of the member with the pieces */
	bool strings;			/* a text alone may be a plain string */
	const char *text;		/* before the JSON string of a text */
	const char *image;		/* before the media type */
	const char *data;		/* between media type and base64 */
	const char *image_end;
};

/* What a schema allows; see rdl_dialect_schema_traits(). */
struct rdl_dialect_traits {
	bool closed;	/* every object has additionalProperties:false, and
			 * no keyword is used that neither service takes */
	bool strict;	/* fits OpenAI's strict subset */
	const char *plain;	/* the schema without bounds on numbers, texts
				 * and arrays, which Anthropic refuses; valid
				 * until the next call */
	size_t plain_len;
};

/* dialect_write.c */

/* Append the system texts of r, a blank line between them, and, if words, the
 * schema with the request to keep to it. */
int rdl_dialect_write_system(const struct rdl_request *r, bool words,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Append the array of all turns that are not system turns.  lead, if not
 * empty, goes before the first user's text; it makes a turn of its own when
 * there is no user.  first is JSON text of an element that stands before all
 * others, or NULL.
 */
int rdl_dialect_write_turns(const struct rdl_dialect_form *f,
    const struct rdl_request *r, const struct rdl_buf *first,
    const struct rdl_buf *lead, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Append name, which is the JSON text up to the value, and the value; nothing
 * for NAN or a negative number. */
void rdl_dialect_write_real(struct rdl_buf *out, const char *name, double v);
void rdl_dialect_write_int(struct rdl_buf *out, const char *name, int64_t v);

/* Append name and the array of n strings; nothing if n is 0. */
void rdl_dialect_write_strings(struct rdl_buf *out, const char *name,
    const char *const *v, size_t n);

/* Append name and the JSON string s. */
void rdl_dialect_write_string(struct rdl_buf *out, const char *name,
    const char *s);

/* Append the headers of a request: key_name and the key if the model has one,
 * the content type, fixed if it is not NULL, and those of the model. */
void rdl_dialect_write_headers(const struct rdl_model *m,
    const char *key_name, const char *fixed, struct rdl_buf *out);

/* 0, or -1 if out refused something. */
int rdl_dialect_write_end(const struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* dialect_schema.c */

/* Look at the reply schema of r, which must not be NULL.  The last schema is
 * remembered.  -1 if it is not JSON. */
int rdl_dialect_schema_traits(const struct rdl_request *r,
    struct rdl_dialect_traits *out, struct rdl_err *err) RDL_MUST_CHECK;

/* dialect_read.c */

/* Every count of a fresh reply is unknown, every pointer NULL. */
void rdl_dialect_read_start(struct rdl_reply *out);

/* Parse the body of a 200 reply: an object that is no error.  NULL with
 * RDL_E_REMOTE else.  Free the document. */
yyjson_doc *rdl_dialect_read_parse(const char *body, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* RDL_E_REMOTE: "the server's reply WHAT"; -1. */
int rdl_dialect_read_wrong(struct rdl_err *err, const char *what);

/* A copy of a string value that is not empty, or NULL. */
const char *rdl_dialect_read_str(yyjson_val *v, struct rdl_arena *arena);

/* The file in a base64 string, perhaps behind "data:image/png;base64,". */
int rdl_dialect_read_image(yyjson_val *v, struct rdl_arena *arena,
    const unsigned char **image, size_t *image_len, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A token count, or -1 if v is none that can be believed. */
int64_t rdl_dialect_read_count(yyjson_val *v);

/* The texts of an array of strings and {"text": ...} parts, joined into
 * out->text; thoughts and parts of other kinds are left out. */
void rdl_dialect_read_parts(yyjson_val *parts, struct rdl_arena *arena,
    struct rdl_reply *out);

/* dialect_vectors.c */

/* Read data[] of an embeddings reply, each vector placed by its index. */
int rdl_dialect_vectors_read(yyjson_val *data, size_t want,
    struct rdl_arena *arena, struct rdl_reply *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* dialect_text.c */

#define RDL_DIALECT_TEXT 320	/* room for a cleaned text, NUL included */

/* At most 300 bytes of p without control characters and without what is not
 * UTF-8, runs of blanks made one; cut between characters. */
void rdl_dialect_text_clean(char out[RDL_DIALECT_TEXT], const char *p,
    size_t len);

/* What a body that is not JSON says: its text, the title of an HTML page, or
 * that it is empty. */
void rdl_dialect_text_excerpt(char out[RDL_DIALECT_TEXT], const char *body,
    size_t len);

/* dialect_error.c */

/* An error as a server tells it; strings belong to the document. */
struct rdl_dialect_error {
	const char *message;	/* not terminated by length: may hold NUL */
	size_t len;
	const char *code, *type, *status;	/* words, or "" */
	int64_t number;		/* a numeric code, or 0 */
	yyjson_val *body;	/* the object that holds them, or NULL */
};

/* Find the error in a body of any shape: true if there is one. */
bool rdl_dialect_error_find(yyjson_val *root, struct rdl_dialect_error *e);

#endif
