/*
 * The verbs that list: runs, cost, drops, calls.
 * Reads named queries, writes their rows.
 * One run or call in full is here, too.
 */
#include <string.h>

#include "query/ident.h"
#include "query/text.h"
#include "query/verb.h"

static struct rdl_stmt *
prepare_list(struct rdl_query *q, const char *name, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(q, name, err);

	if (s == NULL)
		return NULL;
	rdl_query_bind_some(s, ":run", q->o->run);
	rdl_stmt_int(s, ":limit", q->o->limit);
	return s;
}

/* A sheet for the run, then tables of what it read and noted. */
static int
show_run(struct rdl_query *q, struct rdl_stmt *s, int64_t run,
    struct rdl_err *err)
{
	static const char *const parts[] = {
		"SELECT seq, name, records, bytes, xxh3 FROM inputs "
		"WHERE run = :run ORDER BY seq",
		"SELECT name AS note, json FROM note WHERE run = :run "
		"ORDER BY name" };
	struct rdl_table t;
	size_t i;
	int rc;

	rdl_table_init(&t, &q->out, RDL_TABLE_SHEET, 0, NULL);
	rc = rdl_table_query(&t, s, err);
	rdl_table_release(&t);
	for (i = 0; i < RDL_NELEM(parts) && rc == 0; i++) {
		s = rdl_db_prepare(q->db, parts[i], err);
		if (s == NULL)
			return -1;
		rdl_stmt_int(s, ":run", run);
		rc = rdl_query_rows(q, s, NULL, err);
	}
	return rc;
}

static int
one_run(struct rdl_query *q, const char *text, struct rdl_err *err)
{
	struct rdl_stmt *s;
	int64_t run;

	if (rdl_query_run(q, text, &run, err) < 0)
		return -1;
	s = q->o->json ? rdl_query_prepare(q, "run", err) :
	    rdl_db_prepare(q->db, "SELECT * FROM runs WHERE run = :run", err);
	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", run);
	return q->o->json ? rdl_query_rows(q, s, NULL, err) :
	    show_run(q, s, run, err);
}

int
rdl_lists_runs(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_stmt *s;
	size_t i;

	for (i = 0; i < q->nargs; i++) {
		if (i > 0 && !q->o->json &&
		    rdl_out_write(&q->out, "\n", 1, err) < 0)
			return -1;
		if (one_run(q, q->args[i], err) < 0)
			return -1;
	}
	if (q->nargs > 0)
		return 0;
	s = prepare_list(q, "runs", err);
	return s == NULL ? -1 : rdl_query_rows(q, s, "run tool status "
	    "started seconds records_in passed dropped failed records_out "
	    "calls hits cost_usd", err);
}

int
rdl_lists_cost(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(q, "cost", err);

	if (s == NULL)
		return -1;
	rdl_query_bind_some(s, ":run", q->o->run);
	return rdl_query_rows(q, s, NULL, err);
}

/* The lost records as they were read, a line each. */
static int
print_records(struct rdl_query *q, struct rdl_stmt *s, struct rdl_err *err)
{
	const char *p;
	size_t len;
	int rc;

	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_text(s, 9, &len);
		if (p == NULL)
			continue;
		if (rdl_out_write(&q->out, p, len, err) < 0 ||
		    rdl_out_write(&q->out, "\n", 1, err) < 0) {
			rdl_stmt_reset(s);
			return -1;
		}
	}
	return rc;
}

int
rdl_lists_drops(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_stmt *s = prepare_list(q, "drops", err);

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":rule", q->o->rule);
	if (q->o->failed_only != q->o->dropped_only)
		rdl_stmt_int(s, ":failed", q->o->failed_only);
	if (q->o->records)
		return print_records(q, s, err);
	return rdl_query_rows(q, s, "run tool lost id rule value threshold "
	    "reason", err);
}

/* Request and reply of a call, the columns behind the others. */
static int
show_bodies(struct rdl_query *q, struct rdl_stmt *s, int first,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(SIZE_MAX / 2);
	const char *p;
	size_t len;
	int i, rc;

	for (i = first; i < first + 2; i++) {
		rdl_buf_addf(&text, "\n%s\n", rdl_stmt_column_name(s, i));
		p = rdl_stmt_get_text(s, i, &len);
		rdl_text_pretty(&text, p, len);
	}
	rc = rdl_out_write(&q->out, text.p, text.len, err);
	rdl_buf_release(&text);
	return rc;
}

/* The call at s: a sheet, then its bodies indented; or one JSON object. */
static int
show_call(struct rdl_query *q, struct rdl_stmt *s, struct rdl_err *err)
{
	int bodies = rdl_stmt_columns(s) - 2, rc;
	struct rdl_table t;

	rdl_table_init(&t, &q->out, q->o->json ? RDL_TABLE_JSON :
	    RDL_TABLE_SHEET, 0, NULL);
	rdl_table_take(&t, s);
	if (!q->o->json) {
		rdl_table_unset(&t, (size_t)bodies);
		rdl_table_unset(&t, (size_t)bodies + 1);
	}
	rc = rdl_table_row(&t, err);
	rdl_table_release(&t);
	if (rc == 0 && !q->o->json)
		rc = show_bodies(q, s, bodies, err);
	return rc;
}

/* The one call whose name begins with hex. */
static int
find_call(struct rdl_query *q, const char *hex, struct rdl_hash *found,
    struct rdl_err *err)
{
	struct rdl_ident_range range;
	struct rdl_stmt *s;
	const void *name;
	size_t len, n = 0;
	int rc;

	if (!rdl_ident_range(hex, strlen(hex), &range))
		return rdl_err_set(err, RDL_E_USAGE, "'%s' is not the name of "
		    "a call: that is 6 to 32 hexadecimal digits", hex);
	s = rdl_db_prepare(q->db, "SELECT hash FROM call WHERE hash "
	    "BETWEEN :lo AND :hi AND length(hash) = 16 LIMIT 2", err);
	if (s == NULL)
		return -1;
	rdl_stmt_blob(s, ":lo", range.lo.b, RDL_HASH_LEN);
	rdl_stmt_blob(s, ":hi", range.hi.b, RDL_HASH_LEN);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		name = rdl_stmt_get_blob(s, 0, &len);
		memcpy(found->b, name, RDL_HASH_LEN);
		n++;
	}
	if (rc == 0 && n != 1)
		return rdl_err_set(err, RDL_E_DB, n == 0 ?
		    "%s: there is no call %s" :
		    "%s: several calls begin with %s: give more digits",
		    q->path, hex);
	return rc;
}

static int
one_call(struct rdl_query *q, const char *hex, struct rdl_err *err)
{
	struct rdl_stmt *s;
	struct rdl_hash name;
	int rc;

	if (find_call(q, hex, &name, err) < 0)
		return -1;
	s = rdl_query_prepare(q, "call", err);
	if (s == NULL)
		return -1;
	rdl_stmt_blob(s, ":hash", name.b, RDL_HASH_LEN);
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		rc = show_call(q, s, err);
	rdl_stmt_reset(s);
	return rc;
}

int
rdl_lists_calls(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_stmt *s;

	if (q->nargs > 0)
		return one_call(q, q->args[0], err);
	s = prepare_list(q, "calls", err);
	return s == NULL ? -1 : rdl_query_rows(q, s, "call run tool model "
	    "finish tokens_in tokens_cached tokens_out latency_ms cost_usd "
	    "paid answered", err);
}
