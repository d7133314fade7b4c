/*
 * This dataset beside another: funnels, rows a task, judges, costs.
 * Reads the other's ledger and files of records, whichever are given.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "record/json.h"
#include "publish/html.h"
#include "publish/report_private.h"
#include "record/jsonl.h"

struct other {
	struct rdl_report_rows rows;
	bool has_rows;
	struct rdl_ledger *ledger;	/* owned, or NULL */
	struct rdl_ledger *asked;	/* that, or the report's own */
	struct rdl_report_steps steps;
	struct rdl_report_costs costs;
	uint64_t both;			/* rows that stand in both */
};

static int
read_rows(struct rdl_report *r, struct other *o, const char *path,
    struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_id id;
	int rc = rdl_jsonl_open(&in, path, err);

	while (rc >= 0 && (rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
		if ((rc = rdl_report_rows_add(&o->rows, &rec, &id, err)) < 0)
			break;
		o->both += rdl_map_get(&r->rows.ids, (const char *)id.hash.b,
		    RDL_HASH_LEN) != NULL;
	}
	o->has_rows = true;
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

static bool
is_ledger(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)];
	FILE *f = fopen(path, "rb");
	bool yes;

	if (f == NULL)
		return false;
	yes = fread(head, 1, sizeof(head), f) == sizeof(head) &&
	    memcmp(head, magic, sizeof(magic)) == 0;
	(void)fclose(f);
	return yes;
}

static int
open_one(struct rdl_report *r, struct other *o, const char *path,
    struct rdl_err *err)
{
	if (!is_ledger(path))
		return read_rows(r, o, path, err);
	if (o->ledger != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: a second ledger to compare with", path);
	return rdl_ledger_open(&o->ledger, path, false, err);
}

/* What a pipeline left in a folder: rows.jsonl and riddle.db. */
static int
open_folder(struct rdl_report *r, struct other *o, const char *path,
    struct rdl_err *err)
{
	static const char *const names[] = { "riddle.db", "rows.jsonl" };
	struct rdl_buf file = RDL_BUF_INIT(RDL_MIB);
	struct stat st;
	size_t i, found = 0;
	int rc = 0;

	for (i = 0; i < 2 && rc == 0; i++) {
		rdl_buf_reset(&file);
		rdl_buf_addf(&file, "%s/%s", path, names[i]);
		if (file.p == NULL || stat(file.p, &st) != 0)
			continue;
		found++;
		rc = open_one(r, o, file.p, err);
	}
	rdl_buf_release(&file);
	if (rc == 0 && found == 0)
		rc = rdl_err_set(err, RDL_E_INPUT,
		    "%s: neither riddle.db nor rows.jsonl is in it", path);
	return rc;
}

static int
open_other(struct rdl_report *r, struct other *o, struct rdl_err *err)
{
	const struct rdl_strs *s = &r->o->others;
	struct stat st;
	size_t i;

	for (i = 0; i < s->n; i++)
		if ((stat(s->v[i], &st) == 0 && S_ISDIR(st.st_mode) ?
		    open_folder(r, o, s->v[i], err) :
		    open_one(r, o, s->v[i], err)) < 0)
			return -1;
	o->asked = o->ledger;
	if (o->asked == NULL && r->o->other_runs != NULL)
		o->asked = r->ledger;
	if (o->asked == NULL)
		return 0;
	return rdl_report_funnel_load(&o->steps, NULL, o->asked,
	    r->o->other_runs, err) < 0 || rdl_report_ledger_costs(&o->costs,
	    o->asked, r->o->other_runs, err) < 0 ? -1 : 0;
}

/* Two numbers and their difference, as three cells. */
void
rdl_report_compare_three(struct rdl_buf *out, double a, double b)
{
	rdl_buf_adds(out, "<td data-l=\"this\">");
	rdl_html_count(out, rdl_report_rows_int(a));
	rdl_buf_adds(out, "<td data-l=\"other\">");
	rdl_html_count(out, rdl_report_rows_int(b));
	rdl_buf_adds(out, "<td data-l=\"change\">");
	rdl_html_change(out, rdl_report_rows_int(a - b));
}

/* The same of numbers with decimals; NAN is unknown. */
static void
add_real(struct rdl_buf *out, const char *label, double d, int decimals,
    bool sign)
{
	rdl_buf_addf(out, "<td data-l=\"%s\">", label);
	if (isnan(d))
		rdl_buf_adds(out, "&#8211;");
	else if (fabs(d) < 1e12)
		rdl_buf_addf(out, "%s%.*f", d < 0 ? "&#8722;" : sign && d > 0 ?
		    "+" : "", decimals, fabs(d));
}

static void
add_real_three(struct rdl_buf *out, double a, double b, int decimals)
{
	add_real(out, "this", a, decimals, false);
	add_real(out, "other", b, decimals, false);
	add_real(out, "change", a - b, decimals, true);
}

void
rdl_report_compare_bars(struct rdl_buf *out, double a, double b, double whole)
{
	const struct rdl_html_part one = { "ok", a }, two = { "two", b };

	if (!(whole > 0))
		whole = fmax(a, b);
	rdl_buf_adds(out, "<td class=\"bar\">");
	rdl_html_bar(out, &one, 1, whole);
	rdl_html_bar(out, &two, 1, whole);
}

void
rdl_report_compare_head(struct rdl_buf *out, const char *title,
    const char *first, const char *more)
{
	rdl_buf_addf(out, "<h3>%s</h3>\n<div class=\"wide\"><table><tr>"
	    "<th>%s<th><th>this<th>other<th>change%s\n", title, first, more);
}

static double
percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : NAN;
}

/* Which of several steps of one tool it is. */
static size_t
nth(const struct rdl_report_steps *s, size_t i)
{
	size_t k, n = 0;

	for (k = 0; k < i; k++)
		n += strcmp(s->v[k].tool, s->v[i].tool) == 0;
	return n;
}

static const struct rdl_report_step *
same_step(const struct rdl_report_steps *s, const char *tool, size_t number)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].tool, tool) == 0 && nth(s, i) == number)
			return &s->v[i];
	return NULL;
}

static void
add_step(struct rdl_buf *out, const struct rdl_report_step *a,
    const struct rdl_report_step *b, double whole)
{
	static const struct rdl_report_step none;
	const char *only = a == NULL ? "only in the other" : b == NULL ?
	    "only in this" : NULL;

	rdl_buf_adds(out, "<tr><td>");
	rdl_html_str(out, a != NULL ? a->tool : b->tool);
	if (only != NULL)
		rdl_buf_addf(out, "<small>%s</small>", only);
	a = a != NULL ? a : &none;
	b = b != NULL ? b : &none;
	rdl_report_compare_bars(out, a->out, b->out, whole);
	rdl_report_compare_three(out, a->out, b->out);
	add_real(out, "passed %", percent(a->passed, a->in), 1, false);
	add_real(out, "other %", percent(b->passed, b->in), 1, false);
	add_real(out, "change, points", percent(a->passed, a->in) -
	    percent(b->passed, b->in), 1, true);
	rdl_buf_adds(out, "\n");
}

static void
compare_funnels(const struct rdl_report_steps *a,
    const struct rdl_report_steps *b, struct rdl_buf *out)
{
	double whole = 0;
	size_t i;

	if (a->n == 0 || b->n == 0)
		return;
	for (i = 0; i < a->n; i++)
		whole = a->v[i].out > whole ? a->v[i].out : whole;
	for (i = 0; i < b->n; i++)
		whole = b->v[i].out > whole ? b->v[i].out : whole;
	rdl_report_compare_head(out, "Records out of each step", "step",
	    "<th>passed&nbsp;%<th>other&nbsp;%<th>points");
	for (i = 0; i < a->n; i++)
		add_step(out, &a->v[i], same_step(b, a->v[i].tool, nth(a, i)),
		    whole);
	for (i = 0; i < b->n; i++)
		if (same_step(a, b->v[i].tool, nth(b, i)) == NULL)
			add_step(out, NULL, &b->v[i], whole);
	rdl_buf_adds(out, "</table></div>\n");
}

/* The mean of what each judge gave to the rows. */
static void
compare_scores(const struct rdl_report_rows *a,
    const struct rdl_report_rows *b, struct rdl_buf *out)
{
	const struct rdl_map_entry *e, *f;
	double x, y;
	size_t i;

	if (a->judges.count == 0 || b->judges.count == 0)
		return;
	rdl_report_compare_head(out, "Mean score of the rows", "judge", "");
	for (i = 0; i < a->judges.count; i++) {
		e = &a->judges.entries[i];
		f = rdl_map_get(&b->judges, e->key, e->len);
		x = a->sums[e->value].sum / (double)a->sums[e->value].n;
		y = f != NULL ? b->sums[f->value].sum /
		    (double)b->sums[f->value].n : NAN;
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_short(out, e->key, e->len, 80);
		rdl_report_compare_bars(out, x, y, 0);
		add_real_three(out, x, y, 3);
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_adds(out, "</table></div>\n");
}

/* acceptance of the judge of that name, or NAN. */
static double
acceptance(yyjson_val *root, const char *name)
{
	yyjson_val *judges = yyjson_obj_get(root, "judges"), *j, *v;
	size_t i, max;

	if (yyjson_is_arr(judges) && name != NULL)
		yyjson_arr_foreach(judges, i, max, j) {
			v = yyjson_obj_get(j, "judge");
			if (yyjson_is_str(v) &&
			    strcmp(yyjson_get_str(v), name) == 0)
				return 100 * yyjson_get_num(yyjson_obj_get(j,
				    "acceptance"));
		}
	return NAN;
}

static int
compare_judges(struct rdl_report *r, const struct other *o,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf a = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_buf b = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_doc *x = NULL, *y = NULL;
	yyjson_val *judges, *j;
	const char *name;
	double ours, theirs;
	size_t i, max;
	int rc = rdl_report_judges_load(r->o->agreement, r->ledger,
	    r->o->runs, &a, err);

	if (rc == 0)
		rc = rdl_report_judges_load(NULL, o->asked, r->o->other_runs,
		    &b, err);
	if (rc < 0 || a.len == 0 || b.len == 0)
		goto out;
	x = rdl_json_read(a.p, a.len, 0);
	y = rdl_json_read(b.p, b.len, 0);
	judges = yyjson_obj_get(yyjson_doc_get_root(x), "judges");
	if (!yyjson_is_arr(judges) || y == NULL)
		goto out;
	rdl_report_compare_head(out, "Acceptance, per cent", "judge", "");
	yyjson_arr_foreach(judges, i, max, j) {
		name = yyjson_get_str(yyjson_obj_get(j, "judge"));
		if (name == NULL || i == 100)
			continue;
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_short(out, name, strlen(name), 80);
		ours = acceptance(yyjson_doc_get_root(x), name);
		theirs = acceptance(yyjson_doc_get_root(y), name);
		rdl_report_compare_bars(out, ours, theirs, 100);
		add_real_three(out, ours, theirs, 1);
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_adds(out, "</table></div>\n");
out:
	yyjson_doc_free(x);
	yyjson_doc_free(y);
	rdl_buf_release(&a);
	rdl_buf_release(&b);
	return rc;
}

static struct rdl_report_cost
total_of(const struct rdl_report_costs *c)
{
	struct rdl_report_cost t = { 0 };
	size_t i;

	for (i = 0; i < c->n; i++) {
		t.calls += c->v[i].calls;
		t.tokens_in += c->v[i].tokens_in;
		t.tokens_out += c->v[i].tokens_out;
		t.usd += c->v[i].usd;
		t.unpriced += c->v[i].unpriced;
	}
	return t;
}

/* Dollars, or NAN if no price is known. */
static double
dollars(const struct rdl_report_cost *c)
{
	return c->unpriced >= c->calls && c->calls > 0 ? NAN : c->usd;
}

static void
compare_costs(const struct rdl_report_costs *a,
    const struct rdl_report_costs *b, struct rdl_buf *out)
{
	const struct rdl_report_cost x = total_of(a), y = total_of(b);
	const struct { const char *name; double a, b; } rows[] = {
		{ "calls", x.calls, y.calls },
		{ "tokens in", x.tokens_in, y.tokens_in },
		{ "tokens out", x.tokens_out, y.tokens_out }
	};
	size_t i;

	if (a->n == 0 && b->n == 0)
		return;
	rdl_report_compare_head(out, "Calls and costs", "all tools", "");
	for (i = 0; i < 3; i++) {
		rdl_buf_addf(out, "<tr><td>%s", rows[i].name);
		rdl_report_compare_bars(out, rows[i].a, rows[i].b, 0);
		rdl_report_compare_three(out, rows[i].a, rows[i].b);
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_adds(out, "<tr><td>dollars");
	rdl_report_compare_bars(out, x.usd, y.usd, 0);
	add_real_three(out, dollars(&x), dollars(&y), 4);
	rdl_buf_adds(out, "\n</table></div>\n");
}

static void
compare_rows(struct rdl_report *r, const struct other *o,
    struct rdl_buf *out)
{
	double a = (double)r->rows.rows, b = (double)o->rows.rows;

	if (!o->has_rows)
		return;
	rdl_report_compare_head(out, "Rows", "", "");
	rdl_buf_adds(out, "<tr><td>rows");
	rdl_report_compare_bars(out, a, b, 0);
	rdl_report_compare_three(out, a, b);
	rdl_buf_adds(out, "\n<tr><td>pictures");
	rdl_report_compare_bars(out, (double)r->rows.images.count,
	    (double)o->rows.images.count, 0);
	rdl_report_compare_three(out, (double)r->rows.images.count,
	    (double)o->rows.images.count);
	rdl_buf_adds(out, "\n</table></div>\n<p class=\"dim\">");
	rdl_html_count(out, (int64_t)o->both);
	rdl_buf_adds(out, " rows of the other stand in this one, too.</p>\n");
	rdl_report_compare_tasks(&r->rows.tree, &o->rows.tree, out);
	compare_scores(&r->rows, &o->rows, out);
}

int
rdl_report_compare(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	struct other o;
	size_t i;
	int rc = 0;

	if (r->o->others.n == 0 && r->o->other_runs == NULL)
		return 0;
	memset(&o, 0, sizeof(o));
	rc = open_other(r, &o, err);
	if (rc == 0) {
		rdl_report_section(r, "compare", "Compared with another",
		    out);
		rdl_buf_adds(out, "<p class=\"key\"><i class=\"ok\"></i>this"
		    "<i class=\"two\"></i>the other: ");
		for (i = 0; i < r->o->others.n; i++) {
			rdl_buf_adds(out, i > 0 ? ", " : "");
			rdl_html_str(out, r->o->others.v[i]);
		}
		if (r->o->other_runs != NULL)
			rdl_buf_adds(out, " runs ");
		if (r->o->other_runs != NULL)
			rdl_html_str(out, r->o->other_runs);
		rdl_buf_adds(out, "</p>\n");
		compare_rows(r, &o, out);
		compare_funnels(&r->steps, &o.steps, out);
		rc = compare_judges(r, &o, out, err);
		if (o.asked != NULL)
			compare_costs(&r->costs, &o.costs, out);
	}
	rdl_report_rows_release(&o.rows);
	rdl_report_funnel_release(&o.steps);
	rdl_report_ledger_costs_release(&o.costs);
	if (rdl_ledger_close(o.ledger, rc == 0 ? err : &ignored) < 0)
		rc = -1;
	return rc;
}
