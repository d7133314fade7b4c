/*
 * riddle-ledger: what ran, what was lost and why, where a record is from,
 * what it cost.
 * Reads a ledger; only index, merge and vacuum write one.  Runs no tool.
 */
#include <string.h>

#include "core/cli.h"
#include "core/near.h"
#include "core/tool.h"
#include "query/verb.h"

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "ledger",
	    .arg = "FILE",
	    .off = offsetof(struct rdl_query_opts, ledger),
	    .help = "the ledger (default $RIDDLE_LEDGER, else riddle.db)" },
	{ .type = RDL_OPT_FLAG, .name = "json", .letter = 'j',
	    .off = offsetof(struct rdl_query_opts, json),
	    .help = "print JSON lines, with all columns" },
	{ .type = RDL_OPT_INT, .name = "limit", .letter = 'n',
	    .arg = "N", .lo = 0, .hi = 1e15,
	    .off = offsetof(struct rdl_query_opts, limit),
	    .help = "runs, drops, calls: only the newest N rows; children: "
	    "the first; diff: calls to compare" },
	{ .type = RDL_OPT_INT, .name = "run", .letter = 'r',
	    .arg = "N", .lo = 1, .hi = 1e15,
	    .off = offsetof(struct rdl_query_opts, run),
	    .help = "runs, cost, drops, calls: only of run N" },
	{ .type = RDL_OPT_INT, .name = "depth", .letter = 'd',
	    .arg = "N", .lo = 1, .hi = 1000,
	    .off = offsetof(struct rdl_query_opts, depth),
	    .help = "children: generations to show" },
	{ .type = RDL_OPT_STR, .name = "rule",
	    .arg = "RULE",
	    .off = offsetof(struct rdl_query_opts, rule),
	    .help = "drops: only by this rule" },
	{ .type = RDL_OPT_FLAG, .name = "dropped-only",
	    .off = offsetof(struct rdl_query_opts, dropped_only),
	    .help = "drops: only what a rule said no to" },
	{ .type = RDL_OPT_FLAG, .name = "failed-only",
	    .off = offsetof(struct rdl_query_opts, failed_only),
	    .help = "drops: only what could not be done" },
	{ .type = RDL_OPT_FLAG, .name = "records",
	    .off = offsetof(struct rdl_query_opts, records),
	    .help = "drops: print the records as they were read" },
	{ .type = RDL_OPT_FLAG, .name = "dry-run",
	    .off = offsetof(struct rdl_query_opts, dry_run),
	    .help = "merge: say what would come, and change nothing" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-ledger", "[options] VERB [argument ...]",
	"what ran, what was lost and why, where a record is from, what it "
	"cost.\n\n"
	"  runs [RUN ...]    list runs; or show some in full\n"
	"  funnel [RUN ...]  records in and out of each stage, and each rule\n"
	"  cost              calls, tokens and dollars by run and model\n"
	"  drops             lost records, and why\n"
	"  calls [CALL]      list model calls; or show one in full\n"
	"  why ID            how a record came to be\n"
	"  children ID       what was made from a record\n"
	"  diff RUN RUN      what could explain that two runs differ\n"
	"  merge FILE ...    bring other ledgers into this one\n"
	"  index             fill the lookup table\n"
	"  verify            check the ledger\n"
	"  vacuum            make the file small\n\n"
	"ID and CALL may be cut to 6 digits or more", options, SIZE_MAX
};

/* Options that only some verbs take. */
enum { LIMIT = 1, RUN = 2, DEPTH = 4, LOST = 8, DRY_RUN = 16 };

struct verb {
	const char *name;
	size_t min, max;	/* arguments */
	unsigned takes;
	enum rdl_query_access access;
	int (*run)(struct rdl_query *q, struct rdl_err *err);
};

static const struct verb verbs[] = {
	{ "runs", 0, SIZE_MAX, LIMIT | RUN, RDL_QUERY_READ, rdl_lists_runs },
	{ "funnel", 0, SIZE_MAX, 0, RDL_QUERY_READ, rdl_funnel },
	{ "cost", 0, 0, RUN, RDL_QUERY_READ, rdl_lists_cost },
	{ "drops", 0, 0, LIMIT | RUN | LOST, RDL_QUERY_READ,
	    rdl_lists_drops },
	{ "calls", 0, 1, LIMIT | RUN, RDL_QUERY_READ, rdl_lists_calls },
	{ "why", 1, 1, 0, RDL_QUERY_READ, rdl_why },
	{ "children", 1, 1, LIMIT | DEPTH, RDL_QUERY_READ, rdl_children },
	{ "diff", 2, 2, LIMIT, RDL_QUERY_READ, rdl_diff },
	{ "merge", 1, SIZE_MAX, DRY_RUN, RDL_QUERY_CREATE, rdl_merge },
	{ "index", 0, 0, 0, RDL_QUERY_WRITE, rdl_care_index },
	{ "verify", 0, 0, 0, RDL_QUERY_READ, rdl_verify },
	{ "vacuum", 0, 0, 0, RDL_QUERY_WRITE, rdl_care_vacuum }
};

static const struct verb *
find_verb(const char *name, struct rdl_err *err)
{
	size_t i, d, near = 3, best = 0;

	for (i = 0; i < RDL_NELEM(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		d = rdl_near_distance(name, strlen(name), verbs[i].name,
		    strlen(verbs[i].name));
		if (d < near) {
			near = d;
			best = i;
		}
	}
	(void)rdl_err_set(err, RDL_E_USAGE, near < 3 ?
	    "unknown verb '%s'; did you mean '%s'?" :
	    "unknown verb '%s'; see --help", name, verbs[best].name);
	return NULL;
}

/* An option that would do nothing is a mistake of the user. */
static int
check_usage(const struct verb *v, const struct rdl_query_opts *o, size_t n,
    struct rdl_err *err)
{
	const char *odd = NULL;

	if (n < v->min || n > v->max)
		return rdl_err_set(err, RDL_E_USAGE, n < v->min ?
		    "%s needs %zu more argument%s; see --help" :
		    "%s takes %zu argument%s fewer; see --help", v->name,
		    n < v->min ? v->min - n : n - v->max,
		    (n < v->min ? v->min - n : n - v->max) > 1 ? "s" : "");
	if (o->limit >= 0 && !(v->takes & LIMIT))
		odd = "limit";
	if (o->run > 0 && !(v->takes & RUN))
		odd = "run";
	if (o->depth > 0 && !(v->takes & DEPTH))
		odd = "depth";
	if (o->rule != NULL && !(v->takes & LOST))
		odd = "rule";
	if (o->failed_only && !(v->takes & LOST))
		odd = "failed-only";
	if (o->dropped_only && !(v->takes & LOST))
		odd = "dropped-only";
	if (o->records && !(v->takes & LOST))
		odd = "records";
	if (o->dry_run && !(v->takes & DRY_RUN))
		odd = "dry-run";
	return odd == NULL ? 0 : rdl_err_set(err, RDL_E_USAGE,
	    "option --%s does nothing for %s", odd, v->name);
}

static int
ask(const struct rdl_query_opts *o, const struct rdl_strs *operands,
    struct rdl_err *err)
{
	struct rdl_query q;
	const struct verb *v;
	int rc;

	if (operands->n == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the verb is missing; see --help");
	v = find_verb(operands->v[0], err);
	if (v == NULL || check_usage(v, o, operands->n - 1, err) < 0)
		return -1;
	rc = rdl_query_open(&q, o, o->dry_run ? RDL_QUERY_WRITE : v->access,
	    operands->v + 1, operands->n - 1, err);
	if (rc == 0)
		rc = v->run(&q, err);
	rc = rdl_query_close(&q, rc, err);
	return rc < 0 ? -1 : q.status;
}

int
main(int argc, char *argv[])
{
	struct rdl_query_opts o = RDL_QUERY_OPTS_DEFAULT;
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	if (!rdl_cli_parse(&cli, &o, &operands, argc, argv, &status)) {
		status = ask(&o, &operands, &err);
		if (status < 0)
			status = rdl_tool_fail(&err);
	}
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
