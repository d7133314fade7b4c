/*
 * The page of a dataset: funnel, tasks, cosines, agreement, costs.
 * Reads the files that stages left and, for what was lost and paid, the
 * ledger.  The cards stand in report_cards.c.
 */
#include "publish/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/file.h"
#include "core/mem.h"
#include "domain/sampling.h"
#include "publish/html.h"
#include "record/jsonl.h"

#define BINS 24

void
rdl_report_init(struct rdl_report *r, const struct rdl_report_opts *o)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	r->cards = rdl_mem_calloc((size_t)o->cards + 1, sizeof(*r->cards));
}

void
rdl_report_release(struct rdl_report *r)
{
	size_t i;

	for (i = 0; i < r->ncards; i++)
		free(r->cards[i].line);
	free(r->cards);
	rdl_map_release(&r->tasks);
}

/* Keep the row if its rank is among the lowest, in order of rank. */
static void
offer(struct rdl_report *r, uint64_t rank, const struct rdl_rec *rec)
{
	size_t n = r->ncards, max = (size_t)r->o->cards;

	if (max == 0 || (n == max && rank >= r->cards[n - 1].rank))
		return;
	if (n == max)
		free(r->cards[--n].line);
	else
		r->ncards++;
	for (; n > 0 && r->cards[n - 1].rank > rank; n--)
		r->cards[n] = r->cards[n - 1];
	r->cards[n] = (struct rdl_report_card){ rank,
		rdl_mem_dup(rec->line, rec->len), rec->len };
}

int
rdl_report_row(struct rdl_report *r, const struct rdl_rec *rec,
    struct rdl_err *err)
{
	yyjson_val *name = rdl_rec_at(rec->root, "task/path/0");
	struct rdl_id id;

	if (rdl_id_of(rec, &id, err) < 0)
		return -1;
	r->rows++;
	if (yyjson_is_str(name))
		rdl_map_put(&r->tasks, yyjson_get_str(name),
		    yyjson_get_len(name), NULL)->value++;
	offer(r, rdl_sampling_rank(r->o->seed, "card", id.hash.b,
	    RDL_HASH_LEN), rec);
	return 0;
}

static double
number(const struct rdl_rec *rec, const char *key)
{
	return yyjson_get_num(rdl_rec_get(rec, key));
}

static void
funnel_row(const struct rdl_rec *rec, struct rdl_buf *out)
{
	static const char *const keys[] = { "records_in", "passed", "dropped",
		"failed", "records_out" };
	const struct rdl_html_part parts[] = {
		{ "ok", number(rec, "passed") },
		{ "drop", number(rec, "dropped") },
		{ "fail", number(rec, "failed") }
	};
	size_t i, len = 0;
	const char *tool = rdl_rec_str(rec, "tool", &len);

	rdl_buf_adds(out, "<tr><td>");
	rdl_html_text(out, tool != NULL ? tool : "", len);
	rdl_buf_adds(out, "<td class=\"bar\">");
	rdl_html_bar(out, parts, 3, number(rec, "records_in"));
	for (i = 0; i < 5; i++) {
		rdl_buf_adds(out, "<td>");
		rdl_html_count(out, (int64_t)number(rec, keys[i]));
	}
	rdl_buf_adds(out, "\n");
}

static int
funnel(const struct rdl_report *r, struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	if (r->o->funnel == NULL)
		return 0;
	if (rdl_jsonl_open(&in, r->o->funnel, err) < 0)
		return -1;
	rdl_buf_adds(out, "<h2>Funnel</h2>\n<p class=\"key\">records that"
	    "<span style=\"background:var(--ok)\"></span>passed"
	    "<span style=\"background:var(--drop)\"></span>were dropped by a "
	    "rule<span style=\"background:var(--fail)\"></span>failed</p>\n"
	    "<div class=\"wide\"><table><tr><th>step<th><th>in<th>passed"
	    "<th>dropped<th>failed<th>out\n");
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		funnel_row(&rec, out);
	rdl_buf_adds(out, "</table></div>\n");
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

static int
by_count(const void *a, const void *b)
{
	const struct rdl_map_entry *x = *(const struct rdl_map_entry *const *)a;
	const struct rdl_map_entry *y = *(const struct rdl_map_entry *const *)b;

	if (x->value != y->value)
		return x->value < y->value ? 1 : -1;
	return strcmp(x->key, y->key);
}

static void
tasks(const struct rdl_report *r, struct rdl_buf *out)
{
	const struct rdl_map_entry **e;
	struct rdl_html_part part = { "ok", 0 };
	size_t i, n = r->tasks.count;

	if (n == 0)
		return;
	e = rdl_mem_calloc(n, sizeof(*e));
	for (i = 0; i < n; i++)
		e[i] = &r->tasks.entries[i];
	qsort(e, n, sizeof(*e), by_count);
	rdl_buf_adds(out, "<h2>Rows by first level of the task</h2>\n<div "
	    "class=\"wide\"><table><tr><th>task<th><th>rows\n");
	for (i = 0; i < n && i < 100; i++) {
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_text(out, e[i]->key, e[i]->len);
		rdl_buf_adds(out, "<td class=\"bar\">");
		part.value = (double)e[i]->value;
		rdl_html_bar(out, &part, 1, (double)e[0]->value);
		rdl_buf_adds(out, "<td>");
		rdl_html_count(out, (int64_t)e[i]->value);
	}
	rdl_buf_adds(out, "\n</table></div>\n");
	if (n > 100)
		rdl_buf_addf(out, "<p>and %zu more</p>\n", n - 100);
	free(e);
}

static int
cosines(const struct rdl_report *r, struct rdl_buf *out, struct rdl_err *err)
{
	uint64_t first[BINS] = { 0 }, all[BINS] = { 0 };
	const double lo = -0.2, hi = 1;
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	yyjson_val *task, *score;
	size_t i, max, bin;
	double x;
	int rc;

	if (r->o->matches == NULL)
		return 0;
	if (rdl_jsonl_open(&in, r->o->matches, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		yyjson_arr_foreach(rdl_rec_get(&rec, "tasks"), i, max, task) {
			score = yyjson_obj_get(task, "score");
			if (!yyjson_is_num(score))
				continue;
			x = (yyjson_get_num(score) - lo) / (hi - lo) * BINS;
			bin = x <= 0 ? 0 : x >= BINS ? BINS - 1 : (size_t)x;
			all[bin]++;
			first[bin] += i == 0;
		}
	rdl_buf_adds(out, "<h2>Cosine of image and task</h2>\n<div "
	    "class=\"cards\"><div class=\"card\"><p>the best task of each "
	    "image</p>");
	rdl_html_histogram(out, first, BINS, lo, hi);
	rdl_buf_adds(out, "</div><div class=\"card\"><p>all tasks that were "
	    "kept</p>");
	rdl_html_histogram(out, all, BINS, lo, hi);
	rdl_buf_adds(out, "</div></div>\n");
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

/* A cell of the matrix: the share in which two judges agree, as a shade. */
static void
matrix_cell(yyjson_val *pairs, yyjson_val *a, yyjson_val *b,
    struct rdl_buf *out)
{
	yyjson_val *p, *share;
	size_t i, max;

	yyjson_arr_foreach(pairs, i, max, p) {
		yyjson_val *x = yyjson_obj_get(p, "a");
		yyjson_val *y = yyjson_obj_get(p, "b");

		if (!(yyjson_equals(x, a) && yyjson_equals(y, b)) &&
		    !(yyjson_equals(x, b) && yyjson_equals(y, a)))
			continue;
		share = yyjson_obj_get(p, "agreement");
		if (!yyjson_is_num(share))
			break;
		rdl_buf_addf(out, "<td style=\"background:rgb(42 127 98 / "
		    "%.0f%%)\">%.3f", 60 * yyjson_get_num(share),
		    yyjson_get_num(share));
		return;
	}
	rdl_buf_adds(out, "<td>");
}

static void
coefficient(struct rdl_buf *out, const char *name, yyjson_val *v)
{
	if (yyjson_is_num(v))
		rdl_buf_addf(out, "%s %.3f. ", name, yyjson_get_num(v));
	else
		rdl_buf_addf(out, "%s is undefined. ", name);
}

static int
agreement(const struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_doc *doc;
	yyjson_val *root, *judges, *j, *k;
	size_t i, l, max, lmax;

	if (r->o->agreement == NULL)
		return 0;
	if (rdl_file_read(r->o->agreement, &text, err) < 0)
		return -1;
	doc = yyjson_read(text.p != NULL ? text.p : "", text.len, 0);
	root = yyjson_doc_get_root(doc);
	judges = yyjson_obj_get(root, "judges");
	rdl_buf_adds(out, "<h2>Judges</h2>\n<div class=\"wide\"><table><tr>"
	    "<th>share of records on which two agree");
	yyjson_arr_foreach(judges, i, max, j) {
		rdl_buf_adds(out, "<th>");
		rdl_html_str(out, yyjson_get_str(yyjson_obj_get(j, "judge")));
	}
	rdl_buf_adds(out, "<th>said yes\n");
	yyjson_arr_foreach(judges, i, max, j) {
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_str(out, yyjson_get_str(yyjson_obj_get(j, "judge")));
		yyjson_arr_foreach(judges, l, lmax, k)
			matrix_cell(yyjson_obj_get(root, "pairs"),
			    yyjson_obj_get(j, "judge"),
			    yyjson_obj_get(k, "judge"), out);
		rdl_buf_addf(out, "<td>%.1f %%\n", 100 * yyjson_get_num(
		    yyjson_obj_get(j, "acceptance")));
	}
	rdl_buf_adds(out, "</table></div>\n<p>");
	coefficient(out, "Fleiss&#39; kappa", rdl_rec_at(root,
	    "fleiss/kappa"));
	coefficient(out, "Krippendorff&#39;s alpha, nominal:", rdl_rec_at(root,
	    "krippendorff/nominal"));
	rdl_buf_adds(out, "</p>\n");
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	return 0;
}

static int
costs(struct rdl_ledger *ledger, struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_embed *sql = rdl_embed_find("sql/report_cost.sql");
	struct rdl_stmt *s = rdl_db_prepare(rdl_ledger_db(ledger), sql->text,
	    err);
	size_t len;
	int rc, i;

	if (s == NULL)
		return -1;
	rdl_buf_adds(out, "<h2>Calls, tokens and costs</h2>\n<div "
	    "class=\"wide\"><table><tr><th>tool<th class=\"t\">model<th>calls"
	    "<th>tokens in<th>tokens out<th>dollars\n");
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_str(out, rdl_stmt_get_text(s, 0, &len));
		rdl_buf_adds(out, "<td class=\"t\">");
		rdl_html_str(out, rdl_stmt_get_text(s, 1, &len));
		for (i = 2; i < 5; i++) {
			rdl_buf_adds(out, "<td>");
			rdl_html_count(out, rdl_stmt_get_int(s, i));
		}
		if (rdl_stmt_is_null(s, 5))
			rdl_buf_adds(out, "<td>unknown\n");
		else
			rdl_buf_addf(out, "<td>%.4f\n",
			    rdl_stmt_get_real(s, 5));
	}
	rdl_buf_adds(out, "</table></div>\n");
	return rc;
}

int
rdl_report_page(struct rdl_report *r, struct rdl_ledger *ledger,
    struct rdl_buf *out, struct rdl_err *err)
{
	rdl_html_head(out, r->o->title);
	rdl_buf_adds(out, "<p>");
	rdl_html_count(out, (int64_t)r->rows);
	rdl_buf_adds(out, " rows.</p>\n");
	if (funnel(r, out, err) < 0)
		return -1;
	tasks(r, out);
	if (rdl_report_cards(r, out, err) < 0 ||
	    cosines(r, out, err) < 0 || agreement(r, out, err) < 0)
		return -1;
	if (ledger != NULL && (rdl_report_lost(r, ledger, out, err) < 0 ||
	    costs(ledger, out, err) < 0))
		return -1;
	rdl_buf_adds(out, "<p class=\"dim\">Made by riddle-report " RDL_VERSION
	    ".</p>\n</body>\n</html>\n");
	return rdl_buf_full(out) ? rdl_err_set(err, RDL_E_INPUT,
	    "the page is too large; show fewer cards") : 0;
}
