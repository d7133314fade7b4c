/*
 * A record that is made of another: its members, with kind, id and from before
 * them.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_MADE_H
#define RDL_DOMAIN_MADE_H

#include "core/buf.h"
#include "core/err.h"
#include "record/id.h"
#include "record/rec.h"

/*
 * Append the record as a line: kind, its id, from (the text of a JSON array),
 * then members, which is JSON text ("a":1,"b":2).  RDL_E_INPUT when the record
 * is too long, or members do not make one of that kind.
 */
int rdl_made_record(const char *kind, const struct rdl_buf *from,
    const struct rdl_buf *members, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append name and a top-level member of rec, its bytes as they stand, and a
 * comma; nothing if rec has none. */
void rdl_made_copy(const struct rdl_rec *rec, const char *name,
    struct rdl_buf *out);

#endif
