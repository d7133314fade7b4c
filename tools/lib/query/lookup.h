/*
 * The lookup table by a part of a hash: which segments and losses have ids
 * that begin with it.  The ledger itself looks up whole hashes.
 */
#ifndef RDL_QUERY_LOOKUP_H
#define RDL_QUERY_LOOKUP_H

#include "core/hash.h"
#include "query/query.h"

enum rdl_lookup_what {
	RDL_LOOKUP_ID,		/* segments with that id */
	RDL_LOOKUP_FROM,	/* segments with that parent */
	RDL_LOOKUP_LOSS		/* losses of that id */
};

/* Take the number of a row; some come more than once.  0 to go on, 1 to stop,
 * -1 on error. */
typedef int (*rdl_lookup_fn)(int64_t row, void *ctx, struct rdl_err *err);

/* Call fn for the indexed rows that have a hash whose first 8 bytes are from
 * those of lo to those of hi.  Returns what fn returned last. */
int rdl_lookup(struct rdl_query *q, enum rdl_lookup_what what,
    const struct rdl_hash *lo, const struct rdl_hash *hi, rdl_lookup_fn fn,
    void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

/* As in column "what" of the table. */
const char *rdl_lookup_name(enum rdl_lookup_what what);

/* SQL for (row, kind, packed hashes): of row :row; of the rows that are not
 * indexed yet; of those that are, oldest first. */
const char *rdl_lookup_sql_row(enum rdl_lookup_what what);
const char *rdl_lookup_sql_new(enum rdl_lookup_what what);
const char *rdl_lookup_sql_old(enum rdl_lookup_what what);

#endif
