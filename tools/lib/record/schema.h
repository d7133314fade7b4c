/*
 * JSON Schema 2020-12, the subset that riddle documents.
 * A keyword outside the subset is an error when the schema is compiled, never
 * silently true.  Keywords: see schema_keyword.c and riddle-validate(1).
 */
#ifndef RDL_RECORD_SCHEMA_H
#define RDL_RECORD_SCHEMA_H

#include <stddef.h>
#include <yyjson.h>

#include "core/err.h"

struct rdl_schema;

/* Compile the schema in text[0..len); name is for messages, copied.
 * NULL on error. */
struct rdl_schema *rdl_schema_compile(const char *text, size_t len,
    const char *name, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_schema_free(struct rdl_schema *s);

/*
 * Check a value.  Returns 1 if it is valid, 0 if not: err then says where
 * and why ("/scores/0/value: 7 is greater than the maximum 5").  A value that
 * cannot be judged (nested deeper than RDL_DEPTH_MAX, a pattern that needs too
 * many steps) is not valid.  s is only read: several may check at once.
 */
int rdl_schema_check(const struct rdl_schema *s, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The schema of a record kind from schemas/KIND.json, compiled once for the
 * process; NULL if there is none, which is no error.  Not for threads.  A
 * built-in schema that does not compile aborts. */
const struct rdl_schema *rdl_schema_of_kind(const char *kind);

#endif
