/*
 * What the files of the verb verify share.
 */
#ifndef RDL_QUERY_VERIFY_H
#define RDL_QUERY_VERIFY_H

#include <stdint.h>

#include "query/query.h"

struct rdl_verify {
	struct rdl_query *q;
	struct rdl_table table;
	uint64_t errors;
};

/* Write a finding; level is "error" or "note". */
int rdl_verify_find(struct rdl_verify *v, const char *level,
    const char *check, const char *finding, size_t len, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Is the lookup table in order, and does it name all rows that it should?
 * Memory: 16 bytes a segment, then 16 bytes a loss. */
int rdl_verify_lookup(struct rdl_verify *v, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
