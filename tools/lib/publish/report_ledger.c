/*
 * What the ledger says in a report: how the taxonomy grew, what the calls to
 * models took, and when.
 * Reads sql/report_*.sql.  Writes nothing to the ledger.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/embed.h"
#include "core/mem.h"
#include "core/num.h"
#include "record/json.h"
#include "publish/html.h"
#include "publish/report_private.h"

#define PARTS 60		/* of the time of all calls */
#define ROUNDS 1000		/* of growth, drawn */
#define LEVELS 16
#define RUNS 10000		/* named by --runs */

/* "6" or "6-14" as numbers with commas between. */
static int
add_runs(const char *p, size_t len, size_t *n, struct rdl_buf *json,
    struct rdl_err *err)
{
	char text[48], *dash;
	int64_t a, b;

	if (len == 0 || len >= sizeof(text))
		return rdl_err_set(err, RDL_E_USAGE, "not a list of runs");
	memcpy(text, p, len);
	text[len] = '\0';
	dash = strchr(text, '-');
	if (dash != NULL)
		*dash = '\0';
	if (rdl_num_int(text, 1, INT64_MAX, &a, err) < 0 ||
	    rdl_num_int(dash != NULL ? dash + 1 : text, a, INT64_MAX, &b,
	    err) < 0) {
		err->cls = RDL_E_USAGE;
		return rdl_err_prefix(err, "runs \"%.40s\"", text);
	}
	if (b - a >= RUNS || (*n += (size_t)(b - a) + 1) > RUNS)
		return rdl_err_set(err, RDL_E_USAGE, "more than %d runs",
		    RUNS);
	for (; a <= b; a++)
		rdl_buf_addf(json, "%s%lld", json->len > 1 ? "," : "",
		    (long long)a);
	return 0;
}

int
rdl_report_ledger_runs(const char *runs, struct rdl_buf *json,
    struct rdl_err *err)
{
	size_t len, n = 0;

	if (runs == NULL)
		return 0;
	rdl_buf_addc(json, '[');
	for (;; runs += len + 1) {
		len = strcspn(runs, ",");
		if (add_runs(runs, len, &n, json, err) < 0)
			return -1;
		if (runs[len] == '\0')
			break;
	}
	rdl_buf_addc(json, ']');
	return 0;
}

/* A statement of ours with :runs bound to json, which it borrows. */
static struct rdl_stmt *
prepare(struct rdl_ledger *ledger, const char *name, const char *runs,
    struct rdl_buf *json, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(rdl_ledger_db(ledger),
	    rdl_embed_find(name)->text, err);

	if (s == NULL || rdl_report_ledger_runs(runs, json, err) < 0)
		return NULL;
	rdl_stmt_text(s, ":runs", json->p, json->len);
	return s;
}

int
rdl_report_ledger_note(struct rdl_ledger *ledger, const char *runs,
    const char *name, struct rdl_buf *text, struct rdl_err *err)
{
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	struct rdl_stmt *s;
	const char *p;
	size_t len;
	int rc = -1;

	s = prepare(ledger, "sql/report_note.sql", runs, &json, err);
	if (s != NULL) {
		rdl_stmt_str(s, ":name", name);
		rc = rdl_stmt_step(s, err);
		p = rc > 0 ? rdl_stmt_get_text(s, 0, &len) : NULL;
		if (p != NULL)
			rdl_buf_add(text, p, len);
		rdl_stmt_reset(s);
	}
	rdl_buf_release(&json);
	return rc < 0 ? -1 : 0;
}

struct growth {
	struct rdl_report_point total[ROUNDS + 1], fresh[ROUNDS];
	struct rdl_report_point marks[LEVELS];
	size_t n, nmarks;
};

static double
member(yyjson_val *v, const char *name)
{
	double d = yyjson_get_num(yyjson_obj_get(v, name));

	return d > 0 ? d < 1e12 ? d : 1e12 : 0;
}

/* A round's total is of its level; the tree has those of levels before, too. */
static void
read_growth(struct growth *g, yyjson_val *rounds)
{
	size_t i, max, n = yyjson_arr_size(rounds);
	double level = -1, before = 0, total = 0, proposed, fresh;
	yyjson_val *v;

	if (n > ROUNDS)
		n = ROUNDS;
	yyjson_arr_foreach(rounds, i, max, v) {
		if (i == n)
			break;
		fresh = member(v, "new");
		if (member(v, "level") > level && g->nmarks < LEVELS) {
			level = member(v, "level");
			before += total;
			g->marks[g->nmarks++] = (struct rdl_report_point){
				(double)i / (double)n, level };
		}
		total = member(v, "total");
		if (i == 0)
			g->total[0] = (struct rdl_report_point){ 0,
				fmax(0, total - fresh) };
		g->total[i + 1] = (struct rdl_report_point){
			(double)(i + 1) / (double)n, before + total };
		proposed = member(v, "proposed");
		g->fresh[i] = (struct rdl_report_point){
			((double)i + 0.5) / (double)n, proposed > 0 ?
			fmin(100, 100 * fresh / proposed) : 0 };
	}
	g->n = n;
}

static void
draw_growth(struct rdl_report *r, const struct growth *g,
    struct rdl_buf *out)
{
	char right[32];
	struct rdl_report_curve c = { .caption = "names in the tree, round by "
		"round", .v = g->total, .n = g->n + 1, .left = "start",
		.right = right, .marks = g->marks, .nmarks = g->nmarks };

	(void)snprintf(right, sizeof(right), "round %zu", g->n);
	rdl_report_section(r, "growth", "Growth of the taxonomy", out);
	rdl_buf_adds(out, "<div class=\"plots\">\n");
	rdl_report_plot_curve(&c, out);
	c.caption = "of the names proposed in a round, the new ones";
	c.v = g->fresh;
	c.n = g->n;
	c.unit = RDL_REPORT_PERCENT;
	c.bars = true;
	c.nmarks = 0;
	c.left = "round 1";
	rdl_report_plot_curve(&c, out);
	rdl_buf_adds(out, "</div>\n");
}

int
rdl_report_ledger_growth(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct growth *g = rdl_mem_calloc(1, sizeof(*g));
	yyjson_doc *doc = NULL;
	yyjson_val *rounds;
	int rc;

	rc = rdl_report_ledger_note(r->ledger, r->o->runs, "growth", &text,
	    err);
	if (rc == 0 && text.len > 0)
		doc = rdl_json_read(text.p, text.len, 0);
	rounds = yyjson_doc_get_root(doc);
	if (yyjson_is_arr(rounds) && yyjson_arr_size(rounds) > 0) {
		read_growth(g, rounds);
		draw_growth(r, g, out);
	}
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	free(g);
	return rc;
}

/* The sums of a tool and a model. */
static struct rdl_report_cost *
cost_of(struct rdl_report_costs *c, struct rdl_stmt *s, struct rdl_buf *key)
{
	const char *tool, *model;
	struct rdl_map_entry *e;
	size_t len, mlen;
	int made;

	tool = rdl_stmt_get_text(s, 0, &len);
	model = rdl_stmt_get_text(s, 1, &mlen);
	rdl_buf_reset(key);
	rdl_buf_add(key, tool, len + 1);
	rdl_buf_add(key, model, mlen);
	e = rdl_map_put(&c->map, key->p, key->len, &made);
	if (made) {
		e->value = c->n;
		c->v = rdl_mem_realloc(c->v, c->n + 1, sizeof(*c->v));
		c->v[c->n++] = (struct rdl_report_cost){
			.tool = rdl_mem_dup(tool, len),
			.model = rdl_mem_dup(model, mlen) };
	}
	return &c->v[e->value];
}

static void
add_call(struct rdl_report_costs *c, struct rdl_stmt *s, struct rdl_buf *key)
{
	struct rdl_report_cost *v = cost_of(c, s, key);
	double in = rdl_stmt_get_real(s, 3), out = rdl_stmt_get_real(s, 4);

	v->calls++;
	v->tokens_in += in;
	v->tokens_out += out;
	v->usd += rdl_stmt_get_real(s, 5);
	v->unpriced += rdl_stmt_is_null(s, 5);
	if (c->ncalls == c->room) {
		c->room = 2 * c->room + 64;
		c->calls = rdl_mem_realloc(c->calls, c->room,
		    sizeof(*c->calls));
	}
	c->calls[c->ncalls++] = (struct rdl_report_call){
		rdl_stmt_get_int(s, 2), in + out, rdl_stmt_get_real(s, 5) };
}

int
rdl_report_ledger_costs(struct rdl_report_costs *c,
    struct rdl_ledger *ledger, const char *runs, struct rdl_err *err)
{
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf key = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_stmt *s;
	int rc = -1;

	s = prepare(ledger, "sql/report_calls.sql", runs, &json, err);
	while (s != NULL && (rc = rdl_stmt_step(s, err)) > 0)
		add_call(c, s, &key);
	rdl_buf_release(&json);
	rdl_buf_release(&key);
	return rc;
}

void
rdl_report_ledger_costs_release(struct rdl_report_costs *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->v[i].tool);
		free(c->v[i].model);
	}
	free(c->v);
	free(c->calls);
	rdl_map_release(&c->map);
	memset(c, 0, sizeof(*c));
}

/* Sums from the first call on. */
struct spending {
	struct rdl_report_point tokens[PARTS + 1], usd[PARTS + 1];
	size_t n;
	int64_t lo, hi;			/* ms */
};

static void
sum_up(const struct rdl_report_costs *c, struct spending *p)
{
	double tokens[PARTS] = { 0 }, usd[PARTS] = { 0 }, x;
	bool any[PARTS] = { false };
	size_t i, part;

	p->lo = p->hi = c->calls[0].answered_ms;
	for (i = 1; i < c->ncalls; i++) {
		if (c->calls[i].answered_ms < p->lo)
			p->lo = c->calls[i].answered_ms;
		if (c->calls[i].answered_ms > p->hi)
			p->hi = c->calls[i].answered_ms;
	}
	for (i = 0; i < c->ncalls; i++) {
		x = ((double)c->calls[i].answered_ms - (double)p->lo) * PARTS /
		    ((double)p->hi - (double)p->lo + 1);
		part = x < PARTS ? (size_t)x : PARTS - 1;
		any[part] = true;
		tokens[part] += c->calls[i].tokens;
		usd[part] += c->calls[i].usd;
	}
	for (p->n = 1, i = 0; i < PARTS; i++) {
		if (!any[i])
			continue;
		x = (double)(i + 1) / PARTS;
		p->tokens[p->n] = (struct rdl_report_point){ x,
			p->tokens[p->n - 1].y + tokens[i] };
		p->usd[p->n] = (struct rdl_report_point){ x,
			p->usd[p->n - 1].y + usd[i] };
		p->n++;
	}
}

/* "2026-11-24 02:10", UTC, and seconds if they matter. */
static void
add_time(char out[32], int64_t ms, bool seconds)
{
	rdl_clock_iso(out, ms);
	out[10] = ' ';
	out[seconds ? 19 : 16] = '\0';
}

static void
draw_spending(const struct spending *p, struct rdl_buf *out)
{
	char left[32], right[32];
	struct rdl_report_curve c = { .caption = "dollars spent, summed",
		.v = p->usd, .n = p->n, .unit = RDL_REPORT_USD, .left = left,
		.right = right };

	add_time(left, p->lo, p->hi - p->lo < 3600000);
	add_time(right, p->hi, p->hi - p->lo < 3600000);
	rdl_buf_adds(out, "<div class=\"plots\">\n");
	if (p->usd[p->n - 1].y > 0)
		rdl_report_plot_curve(&c, out);
	c.caption = "tokens, in and out, summed";
	c.v = p->tokens;
	c.unit = RDL_REPORT_COUNT;
	rdl_report_plot_curve(&c, out);
	rdl_buf_adds(out, "</div>\n");
}

static void
add_cost(const struct rdl_report_cost *v, struct rdl_buf *out)
{
	const double numbers[] = { v->calls, v->tokens_in, v->tokens_out };
	static const char *const labels[] = { "calls", "tokens in",
		"tokens out" };
	size_t i;

	rdl_buf_adds(out, "<tr><td>");
	rdl_html_short(out, v->tool, strlen(v->tool), 60);
	rdl_buf_adds(out, "<td class=\"t\">");
	rdl_html_short(out, v->model, strlen(v->model), 100);
	for (i = 0; i < 3; i++) {
		rdl_buf_addf(out, "<td data-l=\"%s\">", labels[i]);
		rdl_html_count(out, rdl_report_rows_int(numbers[i]));
	}
	rdl_buf_adds(out, "<td data-l=\"dollars\">");
	if (v->unpriced >= v->calls)
		rdl_buf_adds(out, "unknown\n");
	else
		rdl_buf_addf(out, "%s%.4f\n", v->unpriced > 0 ? "over " : "",
		    v->usd);
}

void
rdl_report_ledger(struct rdl_report *r, struct rdl_buf *out)
{
	struct spending *p;
	double unpriced = 0;
	size_t i;

	if (r->costs.ncalls == 0)
		return;
	rdl_report_section(r, "costs", "Calls, tokens and costs", out);
	p = rdl_mem_calloc(1, sizeof(*p));
	sum_up(&r->costs, p);
	draw_spending(p, out);
	free(p);
	rdl_buf_adds(out, "<div class=\"wide\"><table><tr><th>tool"
	    "<th class=\"t\">model<th>calls<th>tokens in<th>tokens out"
	    "<th>dollars\n");
	for (i = 0; i < r->costs.n; i++) {
		if (i < 200)
			add_cost(&r->costs.v[i], out);
		unpriced += r->costs.v[i].unpriced;
	}
	rdl_buf_adds(out, "</table></div>\n");
	if (unpriced > 0) {
		rdl_buf_adds(out, "<p class=\"dim\">Of ");
		rdl_html_count(out, rdl_report_rows_int(unpriced));
		rdl_buf_adds(out, " calls the price is not known.</p>\n");
	}
}
