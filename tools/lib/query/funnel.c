/*
 * The verb funnel: how many records each run of a pipeline read and led on,
 * and what each rule took.
 * Reads sql/query_funnel.sql, writes a table.
 */
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "core/buf.h"
#include "record/json.h"
#include "query/verb.h"

#define SHOWN "run tool status records_in passed dropped failed " \
	"records_out passed_percent"

/* Columns of view funnel, in its order. */
enum { RUN, TOOL, STATUS, IN, PASSED, DROPPED, FAILED, OUT, PERCENT, RULES };

/* The runs that were named, as a JSON array; nothing if none was. */
static int
named_runs(struct rdl_query *q, struct rdl_buf *out, struct rdl_err *err)
{
	int64_t run;
	size_t i;

	for (i = 0; i < q->nargs; i++) {
		if (rdl_query_run(q, q->args[i], &run, err) < 0)
			return -1;
		rdl_buf_addf(out, "%s%lld", i == 0 ? "[" : ",",
		    (long long)run);
	}
	if (q->nargs > 0)
		rdl_buf_addc(out, ']');
	return 0;
}

/* A line below its run: the rule under the tool, its count under "dropped"
 * or "failed", nothing elsewhere. */
static int
add_rule(struct rdl_table *t, yyjson_val *rule, struct rdl_err *err)
{
	struct rdl_buf name = RDL_BUF_INIT(RDL_LINE_MAX);
	const char *lost = yyjson_get_str(yyjson_obj_get(rule, "lost"));
	yyjson_val *text = yyjson_obj_get(rule, "rule"),
	    *threshold = yyjson_obj_get(rule, "threshold");
	size_t i;

	for (i = 0; i < RULES; i++)
		rdl_table_str(t, i, "");
	rdl_buf_adds(&name, "  ");
	rdl_buf_add(&name, yyjson_get_str(text), yyjson_get_len(text));
	if (yyjson_is_str(threshold)) {
		rdl_buf_adds(&name, " (");
		rdl_buf_add(&name, yyjson_get_str(threshold),
		    yyjson_get_len(threshold));
		rdl_buf_addc(&name, ')');
	}
	rdl_table_text(t, TOOL, name.p, name.len);
	rdl_buf_release(&name);
	rdl_table_int(t, lost != NULL && strcmp(lost, "failed") == 0 ?
	    FAILED : DROPPED, yyjson_get_sint(yyjson_obj_get(rule,
	    "records")));
	return rdl_table_row(t, err);
}

/* The line of the run at s, and one for each of its rules. */
static int
add_run(struct rdl_table *t, struct rdl_stmt *s, struct rdl_err *err)
{
	yyjson_doc *doc;
	yyjson_arr_iter it;
	yyjson_val *rule;
	const char *rules;
	size_t len;
	int rc;

	rdl_table_take(t, s);
	if ((rc = rdl_table_row(t, err)) < 0 || t->form == RDL_TABLE_JSON)
		return rc;
	rules = rdl_stmt_get_text(s, RULES, &len);
	doc = rdl_json_read(rules, len, 0);
	if (yyjson_arr_iter_init(yyjson_doc_get_root(doc), &it))
		while (rc == 0 && (rule = yyjson_arr_iter_next(&it)) != NULL)
			rc = add_rule(t, rule, err);
	yyjson_doc_free(doc);
	return rc;
}

int
rdl_funnel(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_buf runs = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_stmt *s;
	struct rdl_table t;
	int rc;

	rdl_query_table(q, &t, SHOWN);
	s = rdl_query_prepare(q, "funnel", err);
	if (s == NULL || named_runs(q, &runs, err) < 0) {
		rc = -1;
		goto out;
	}
	rdl_stmt_text(s, ":runs", runs.p, runs.len);
	while ((rc = rdl_stmt_step(s, err)) > 0)
		if ((rc = add_run(&t, s, err)) < 0)
			break;
	rdl_stmt_reset(s);
	if (rc == 0)
		rc = rdl_table_end(&t, err);
out:
	rdl_table_release(&t);
	rdl_buf_release(&runs);
	return rc;
}
