/*
 * An id as a user types it: whole, or so much of its digits that it is the
 * only one.
 */
#ifndef RDL_QUERY_IDENT_H
#define RDL_QUERY_IDENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/hash.h"
#include "query/query.h"
#include "record/id.h"

/* All hashes that begin with the same digits. */
struct rdl_ident_range {
	struct rdl_hash lo, hi;
};

/* 6 to 32 hexadecimal digits of either case, and nothing else: true. */
bool rdl_ident_range(const char *hex, size_t len,
    struct rdl_ident_range *out);

/*
 * The id that text means in the ledger: "kind:hex" or the text of an id of
 * another make; or the first 6 or more digits with or without "kind:".  It
 * is there as a record, a lost record, or a parent of one.  Returns -1, with
 * what could be wrong in err, if there is none or if there are several.
 */
int rdl_ident_resolve(struct rdl_query *q, const char *text,
    struct rdl_id *id, struct rdl_err *err) RDL_MUST_CHECK;

#endif
