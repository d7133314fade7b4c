/*
 * The funnel of a report: how many records each step read and led on.
 * Reads lines of `riddle ledger funnel --json`, or asks the ledger the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/mem.h"
#include "record/json.h"
#include "publish/html.h"
#include "publish/report_private.h"
#include "record/jsonl.h"

#define STEPS 200		/* drawn */
#define RULES 8			/* named under a step */

/* A new step; rules is an array of objects, or NULL. */
static struct rdl_report_step *
add_step(struct rdl_report_steps *s, const char *tool, size_t len,
    yyjson_val *rules)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_report_step *step;
	yyjson_val *v, *name;
	size_t i, max;

	s->v = rdl_mem_realloc(s->v, s->n + 1, sizeof(*s->v));
	step = &s->v[s->n++];
	memset(step, 0, sizeof(*step));
	(void)snprintf(step->tool, sizeof(step->tool), "%.*s",
	    (int)(len < sizeof(step->tool) ? len : sizeof(step->tool) - 1),
	    tool != NULL ? tool : "");
	if (yyjson_is_arr(rules))
		yyjson_arr_foreach(rules, i, max, v) {
			name = yyjson_obj_get(v, "rule");
			if (!yyjson_is_str(name) || i == RULES)
				break;
			rdl_buf_adds(&text, i > 0 ? ", " : "");
			rdl_html_short(&text, yyjson_get_str(name),
			    yyjson_get_len(name), 60);
			rdl_buf_adds(&text, "&nbsp;");
			rdl_html_count(&text, rdl_report_rows_int(
			    yyjson_get_num(yyjson_obj_get(v, "records"))));
		}
	if (text.len > 0)
		step->rules = rdl_buf_detach(&text, NULL);
	rdl_buf_release(&text);
	return step;
}

static double
number(const struct rdl_rec *rec, const char *key)
{
	double d = yyjson_get_num(rdl_rec_get(rec, key));

	return d > 0 ? d < 1e15 ? d : 1e15 : 0;
}

static int
load_file(struct rdl_report_steps *s, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_report_step *step;
	const char *tool;
	size_t len;
	int rc;

	if (rdl_jsonl_open(&in, path, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0 && s->n < STEPS) {
		len = 0;
		tool = rdl_rec_str(&rec, "tool", &len);
		step = add_step(s, tool, len, rdl_rec_get(&rec, "rules"));
		step->in = number(&rec, "records_in");
		step->passed = number(&rec, "passed");
		step->dropped = number(&rec, "dropped");
		step->failed = number(&rec, "failed");
		step->out = number(&rec, "records_out");
	}
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc < 0 ? -1 : 0;
}

static int
load_ledger(struct rdl_report_steps *s, struct rdl_ledger *ledger,
    const char *runs, struct rdl_err *err)
{
	const struct rdl_embed *sql = rdl_embed_find("sql/report_funnel.sql");
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	struct rdl_report_step *step;
	struct rdl_stmt *q;
	yyjson_doc *doc;
	const char *tool, *rules;
	size_t len, rlen;
	int rc = -1;

	q = rdl_db_prepare(rdl_ledger_db(ledger), sql->text, err);
	if (q == NULL || rdl_report_ledger_runs(runs, &json, err) < 0)
		goto out;
	rdl_stmt_text(q, ":runs", json.p, json.len);
	while ((rc = rdl_stmt_step(q, err)) > 0 && s->n < STEPS) {
		tool = rdl_stmt_get_text(q, 0, &len);
		rules = rdl_stmt_get_text(q, 6, &rlen);
		doc = rules != NULL ? rdl_json_read(rules, rlen, 0) : NULL;
		step = add_step(s, tool, len, yyjson_doc_get_root(doc));
		yyjson_doc_free(doc);
		step->in = rdl_stmt_get_real(q, 1);
		step->passed = rdl_stmt_get_real(q, 2);
		step->dropped = rdl_stmt_get_real(q, 3);
		step->failed = rdl_stmt_get_real(q, 4);
		step->out = rdl_stmt_get_real(q, 5);
	}
	rdl_stmt_reset(q);
out:
	rdl_buf_release(&json);
	return rc < 0 ? -1 : 0;
}

int
rdl_report_funnel_load(struct rdl_report_steps *s, const char *path,
    struct rdl_ledger *ledger, const char *runs, struct rdl_err *err)
{
	if (path != NULL)
		return load_file(s, path, err);
	return ledger != NULL ? load_ledger(s, ledger, runs, err) : 0;
}

void
rdl_report_funnel_release(struct rdl_report_steps *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i].rules);
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static void
add_cell(struct rdl_buf *out, const char *label, double n)
{
	rdl_buf_addf(out, "<td data-l=\"%s\">", label);
	rdl_html_count(out, rdl_report_rows_int(n));
}

static void
add_row(const struct rdl_report_step *s, double whole, struct rdl_buf *out)
{
	const struct rdl_html_part parts[] = {
		{ "ok", s->passed }, { "drop", s->dropped },
		{ "fail", s->failed }
	};

	rdl_buf_adds(out, "<tr><td>");
	rdl_html_str(out, s->tool);
	if (s->rules != NULL) {
		rdl_buf_adds(out, "<small>");
		rdl_buf_adds(out, s->rules);
		rdl_buf_adds(out, "</small>");
	}
	rdl_buf_adds(out, "<td class=\"bar\">");
	rdl_html_bar(out, parts, 3, whole);
	add_cell(out, "in", s->in);
	add_cell(out, "passed", s->passed);
	add_cell(out, "dropped", s->dropped);
	add_cell(out, "failed", s->failed);
	add_cell(out, "out", s->out);
	rdl_buf_adds(out, "\n");
}

void
rdl_report_funnel(struct rdl_report *r, struct rdl_buf *out)
{
	double whole = 0;
	size_t i;

	if (r->steps.n == 0)
		return;
	for (i = 0; i < r->steps.n; i++)
		if (r->steps.v[i].in > whole)
			whole = r->steps.v[i].in;
	rdl_report_section(r, "funnel", "Funnel", out);
	rdl_buf_adds(out, "<p class=\"key\"><i class=\"ok\"></i>passed"
	    "<i class=\"drop\"></i>dropped by a rule<i class=\"fail\"></i>"
	    "failed</p>\n<div class=\"wide\"><table><tr><th>step<th><th>in"
	    "<th>passed<th>dropped<th>failed<th>out\n");
	for (i = 0; i < r->steps.n; i++)
		add_row(&r->steps.v[i], whole, out);
	rdl_buf_adds(out, "</table></div>\n");
}
