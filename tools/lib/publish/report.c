/*
 * The page of a dataset: reads its records, then asks each part for its
 * section.
 * Reads JSON lines; the parts read the files that stages left, and the ledger.
 */
#include "publish/report.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/sampling.h"
#include "publish/html.h"
#include "publish/report_private.h"
#include "record/jsonl.h"

#define NAMES 24		/* tasks of the first level in the table */

struct rdl_report *
rdl_report_new(const struct rdl_report_opts *o, struct rdl_ledger *ledger)
{
	struct rdl_report *r = rdl_mem_calloc(1, sizeof(*r));

	r->o = o;
	r->ledger = ledger;
	r->rows.keep_ids = o->others.n > 0;
	rdl_report_picks_init(&r->cards, (size_t)o->cards);
	rdl_report_picks_init(&r->sheet, (size_t)o->sheet);
	rdl_report_picks_init(&r->pairs, (size_t)o->pairs);
	rdl_buf_init(&r->nav, RDL_MIB);
	return r;
}

void
rdl_report_free(struct rdl_report *r)
{
	if (r == NULL)
		return;
	rdl_report_rows_release(&r->rows);
	rdl_report_picks_release(&r->cards);
	rdl_report_picks_release(&r->sheet);
	rdl_report_picks_release(&r->pairs);
	rdl_report_picture_release(&r->pictures);
	rdl_report_funnel_release(&r->steps);
	rdl_report_ledger_costs_release(&r->costs);
	rdl_buf_release(&r->nav);
	free(r);
}

/* An image as a candidate for the contact sheet. */
static void
offer_image(struct rdl_report *r, yyjson_val *image)
{
	yyjson_val *uri = yyjson_obj_get(image, "uri");
	yyjson_val *caption = yyjson_obj_get(image, "caption");
	struct rdl_buf text = RDL_BUF_INIT(RDL_LINE_MAX);
	const char *key;
	size_t len;

	if (!yyjson_is_str(uri))
		return;
	key = yyjson_get_str(uri);
	len = yyjson_get_len(uri);
	rdl_buf_adds(&text, "{\"uri\":");
	rdl_buf_addjson(&text, key, len);
	if (yyjson_is_str(caption)) {
		rdl_buf_adds(&text, ",\"caption\":");
		rdl_buf_addjson(&text, yyjson_get_str(caption),
		    yyjson_get_len(caption));
	}
	rdl_buf_addc(&text, '}');
	rdl_report_picks_offer(&r->sheet, rdl_sampling_rank(r->o->seed,
	    "sheet", key, len), text.p, text.len, false);
	rdl_buf_release(&text);
}

static void
offer_images(struct rdl_report *r, const struct rdl_rec *rec)
{
	if (r->o->sheet == 0)
		return;
	offer_image(r, rdl_rec_get(rec, "image"));
	if (rdl_rec_get(rec, "uri") != NULL)
		offer_image(r, rec->root);
}

/* Pairs and pictures have sheets of their own, tasks a map. */
static bool
is_card(const struct rdl_rec *rec)
{
	return rdl_rec_at(rec->root, "chosen/image") == NULL &&
	    rdl_rec_get(rec, "sides") == NULL &&
	    rdl_rec_get(rec, "path") == NULL &&
	    rdl_rec_get(rec, "uri") == NULL;
}

static int
add_row(struct rdl_report *r, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_id id;

	if (rdl_report_rows_add(&r->rows, rec, &id, err) < 0)
		return -1;
	if (is_card(rec))
		rdl_report_picks_offer(&r->cards, rdl_sampling_rank(
		    r->o->seed, "card", id.hash.b, RDL_HASH_LEN), rec->line,
		    rec->len, true);
	offer_images(r, rec);
	rdl_report_pairs_offer(r, rec, &id);
	return 0;
}

int
rdl_report_read(struct rdl_report *r, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc = rdl_jsonl_open(&in, path, err);

	while (rc >= 0 && (rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		rc = add_row(r, &rec, err);
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

void
rdl_report_section(struct rdl_report *r, const char *id, const char *title,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "<h2 id=\"%s\">", id);
	rdl_html_str(out, title);
	rdl_buf_adds(out, "</h2>\n");
	rdl_buf_addf(&r->nav, "<a href=\"#%s\">", id);
	rdl_html_str(&r->nav, title);
	rdl_buf_adds(&r->nav, "</a>\n");
}

static void
add_tile(struct rdl_buf *out, const char *name, double n)
{
	if (!(n > 0))
		return;
	rdl_buf_adds(out, "<div><dt>");
	rdl_html_str(out, name);
	rdl_buf_adds(out, "</dt><dd>");
	rdl_html_count(out, rdl_report_rows_int(n));
	rdl_buf_adds(out, "</dd></div>\n");
}

/* Paths at which records stand themselves. */
static size_t
count_tasks(const struct rdl_report_tree *t)
{
	uint64_t *own = rdl_mem_calloc(t->n + 1, sizeof(*own));
	size_t i, n = 0;

	for (i = 0; i < t->n; i++)
		own[i] = t->v[i].count;
	for (i = 1; i < t->n; i++)
		own[t->v[i].parent] -= t->v[i].count;
	for (i = 1; i < t->n; i++)
		n += own[i] > 0;
	free(own);
	return n;
}

static void
add_tiles(const struct rdl_report *r, struct rdl_buf *out)
{
	double calls = 0, tokens = 0, usd = 0;
	size_t i;

	for (i = 0; i < r->costs.n; i++) {
		calls += r->costs.v[i].calls;
		tokens += r->costs.v[i].tokens_in + r->costs.v[i].tokens_out;
		usd += r->costs.v[i].usd;
	}
	rdl_buf_adds(out, "<dl class=\"tiles\">\n<div><dt>rows</dt><dd>");
	rdl_html_count(out, (int64_t)r->rows.rows);
	rdl_buf_adds(out, "</dd></div>\n");
	add_tile(out, "pictures", (double)r->rows.images.count);
	add_tile(out, "tasks", (double)count_tasks(&r->rows.tree));
	add_tile(out, "model calls", calls);
	add_tile(out, "tokens", tokens);
	if (usd > 0)
		rdl_buf_addf(out, "<div><dt>dollars</dt><dd>%.2f</dd></div>\n",
		    usd);
	rdl_buf_adds(out, "</dl>\n");
}

/* The treemap, and the first level that has several names as a table. */
static void
add_tasks(struct rdl_report *r, struct rdl_buf *out)
{
	struct rdl_report_tree *t = &r->rows.tree;
	struct rdl_buf path = RDL_BUF_INIT(RDL_MIB);
	struct rdl_html_part part = { "ok", 0 };
	const struct rdl_report_node *v;
	uint32_t top;
	size_t i, n;

	if (t->n < 2)
		return;
	rdl_report_tree_sort(t);
	rdl_report_section(r, "tasks", "Rows by task", out);
	rdl_report_tree_draw(t, out);
	top = rdl_report_tree_top(t);
	v = t->v + t->v[top].first;
	n = t->v[top].children;
	rdl_report_tree_path(t, top, &path);
	rdl_buf_adds(out, "<h3>");
	rdl_html_text(out, top > 0 ? path.p : "First level", top > 0 ?
	    path.len : strlen("First level"));
	rdl_buf_adds(out, "</h3>\n<div class=\"wide\"><table><tr><th>task<th>"
	    "<th>rows\n");
	for (i = 0; i < n && i < NAMES; i++) {
		rdl_buf_adds(out, "<tr><td>");
		rdl_html_text(out, v[i].name, v[i].len);
		rdl_buf_adds(out, "<td class=\"bar\">");
		part.value = (double)v[i].count;
		rdl_html_bar(out, &part, 1, (double)v[0].count);
		rdl_buf_adds(out, "<td data-l=\"rows\">");
		rdl_html_count(out, (int64_t)v[i].count);
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_adds(out, "</table></div>\n");
	if (n > NAMES)
		rdl_buf_addf(out, "<p class=\"dim\">and %zu more</p>\n",
		    n - NAMES);
	rdl_buf_release(&path);
}

/* What is to be known before the first section is written. */
static int
gather(struct rdl_report *r, struct rdl_err *err)
{
	if (rdl_report_pairs_contrasts(r, err) < 0 ||
	    rdl_report_funnel_load(&r->steps, r->o->funnel, r->ledger,
	    r->o->runs, err) < 0)
		return -1;
	rdl_report_cards_want(r);
	rdl_report_pairs_want(r);
	if (r->ledger != NULL && (rdl_report_cards_lost(r, true, NULL,
	    err) < 0 || rdl_report_ledger_costs(&r->costs, r->ledger,
	    r->o->runs, err) < 0))
		return -1;
	return rdl_report_picture_get(r, err);
}

static int
add_sections(struct rdl_report *r, struct rdl_buf *out, struct rdl_err *err)
{
	if (rdl_report_compare(r, out, err) < 0)
		return -1;
	rdl_report_funnel(r, out);
	add_tasks(r, out);
	rdl_report_pairs(r, out);
	rdl_report_cards(r, out);
	rdl_report_cards_sheet(r, out);
	if (rdl_report_scores(r, out, err) < 0 ||
	    rdl_report_judges(r, out, err) < 0)
		return -1;
	if (r->ledger == NULL)
		return 0;
	if (rdl_report_ledger_growth(r, out, err) < 0 ||
	    rdl_report_cards_lost(r, false, out, err) < 0)
		return -1;
	rdl_report_ledger(r, out);
	return 0;
}

int
rdl_report_page(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf body = RDL_BUF_INIT(out->max);
	int rc = -1;

	if (gather(r, err) < 0 || add_sections(r, &body, err) < 0)
		goto out;
	rdl_html_head(out, r->o->title);
	add_tiles(r, out);
	rdl_buf_adds(out, "<nav>\n");
	rdl_buf_add(out, r->nav.p != NULL ? r->nav.p : "", r->nav.len);
	rdl_buf_adds(out, "</nav>\n");
	rdl_buf_add(out, body.p != NULL ? body.p : "", body.len);
	if (r->pictures.left_out > 0)
		rdl_buf_addf(out, "<p class=\"dim\">%llu pictures were left "
		    "out, for the size of this page.</p>\n",
		    (unsigned long long)r->pictures.left_out);
	rdl_buf_adds(out, "<p class=\"dim\">Made by riddle-report " RDL_VERSION
	    ".</p>\n</body>\n</html>\n");
	rc = rdl_buf_full(out) || rdl_buf_full(&body) ? rdl_err_set(err,
	    RDL_E_INPUT, "the page is too large; show fewer cards") : 0;
out:
	rdl_buf_release(&body);
	return rc;
}
