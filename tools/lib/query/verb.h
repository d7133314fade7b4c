/*
 * The verbs of riddle-ledger.  Each writes its rows to q->out; what it asks
 * for stands in riddle-ledger(1).  An error is returned as -1; a verb that
 * did its work and found something wrong sets q->status.
 */
#ifndef RDL_QUERY_VERB_H
#define RDL_QUERY_VERB_H

#include "query/query.h"

/* Lists. */
int rdl_lists_runs(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_lists_cost(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_lists_drops(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_lists_calls(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_funnel(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;

/* Questions about one record. */
int rdl_why(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_children(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;

/* About two runs. */
int rdl_diff(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;

/* The ledger as a whole. */
int rdl_merge(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_verify(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_care_index(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_care_vacuum(struct rdl_query *q, struct rdl_err *err) RDL_MUST_CHECK;

#endif
