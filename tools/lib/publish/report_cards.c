/*
 * The cards of a report: samples, the contact sheet, what was lost.
 * Reads the chosen records, and of the ledger what was lost.  Texts are cut;
 * a picture that cannot be had is left out.
 */
#include <string.h>

#include "core/embed.h"
#include "publish/html.h"
#include "publish/report_private.h"

static void
add_text(struct rdl_buf *out, const char *open, yyjson_val *v)
{
	if (!yyjson_is_str(v))
		return;
	rdl_buf_adds(out, open);
	rdl_html_short(out, yyjson_get_str(v), yyjson_get_len(v),
	    RDL_REPORT_TEXT);
	rdl_buf_adds(out, "</p>");
}

static void
add_path(struct rdl_buf *out, yyjson_val *path)
{
	yyjson_val *name;
	size_t i, max;

	if (!yyjson_is_arr(path) || yyjson_arr_size(path) == 0)
		return;
	rdl_buf_adds(out, "<p class=\"dim\">");
	yyjson_arr_foreach(path, i, max, name) {
		if (i == RDL_REPORT_TREE_DEPTH)
			break;
		rdl_buf_adds(out, i > 0 ? " ~ " : "");
		if (yyjson_is_str(name))
			rdl_html_short(out, yyjson_get_str(name),
			    yyjson_get_len(name), 200);
	}
	rdl_buf_adds(out, "</p>");
}

/* Judge and score, for each. */
static void
add_scores(struct rdl_buf *out, yyjson_val *scores)
{
	yyjson_val *s, *judge;
	size_t i, max;

	if (!yyjson_is_arr(scores) ||
	    !yyjson_is_obj(yyjson_arr_get_first(scores)))
		return;
	rdl_buf_adds(out, "<p class=\"dim\">");
	yyjson_arr_foreach(scores, i, max, s) {
		if (i == 24)
			break;
		judge = yyjson_obj_get(s, "judge");
		rdl_buf_adds(out, i > 0 ? ", " : "");
		if (yyjson_is_str(judge))
			rdl_html_short(out, yyjson_get_str(judge),
			    yyjson_get_len(judge), 60);
		rdl_buf_addf(out, "&nbsp;%g",
		    yyjson_get_num(yyjson_obj_get(s, "score")));
	}
	rdl_buf_adds(out, "</p>");
}

/* What a record says, whatever its kind. */
static void
add_record(struct rdl_report *r, const struct rdl_rec *rec,
    struct rdl_buf *out)
{
	yyjson_val *path = rdl_rec_at(rec->root, "task/path");

	rdl_report_picture_img(r, rdl_report_rows_uri(rec),
	    yyjson_get_str(rdl_rec_at(rec->root, "image/caption")), out);
	add_path(out, path != NULL ? path : rdl_rec_get(rec, "path"));
	add_text(out, "<p>", rdl_rec_get(rec, "base"));
	add_text(out, "<p>", rdl_rec_get(rec, "text"));
	add_text(out, "<p>", rdl_rec_get(rec, "question"));
	add_text(out, "<p class=\"answer\">", rdl_rec_get(rec, "answer"));
	add_text(out, "<p>", rdl_rec_get(rec, "prompt"));
	add_text(out, "<p class=\"answer\">",
	    rdl_rec_at(rec->root, "chosen/text"));
	add_text(out, "<p class=\"dim\">",
	    rdl_rec_at(rec->root, "rejected/text"));
	add_scores(out, rdl_rec_get(rec, "scores"));
}

void
rdl_report_cards_want(struct rdl_report *r)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	size_t i;

	for (i = 0; i < r->cards.n; i++)
		if (rdl_rec_parse(&rec, r->cards.v[i].text, r->cards.v[i].len,
		    &ignored) == 0)
			rdl_report_picture_want(r, rdl_report_rows_uri(&rec));
	for (i = 0; i < r->sheet.n; i++)
		if (rdl_rec_parse(&rec, r->sheet.v[i].text, r->sheet.v[i].len,
		    &ignored) == 0)
			rdl_report_picture_want(r, rdl_rec_get(&rec, "uri"));
	rdl_rec_release(&rec);
}

void
rdl_report_cards(struct rdl_report *r, struct rdl_buf *out)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	size_t i;

	if (r->cards.n == 0)
		return;
	rdl_report_section(r, "samples", "Samples, by chance", out);
	rdl_buf_adds(out, "<div class=\"cards\">\n");
	for (i = 0; i < r->cards.n; i++) {
		if (rdl_rec_parse(&rec, r->cards.v[i].text, r->cards.v[i].len,
		    &ignored) < 0)
			continue;
		rdl_buf_adds(out, "<div class=\"card\">");
		add_record(r, &rec, out);
		rdl_buf_adds(out, "</div>\n");
	}
	rdl_buf_adds(out, "</div>\n");
	rdl_rec_release(&rec);
}

void
rdl_report_cards_sheet(struct rdl_report *r, struct rdl_buf *out)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	size_t i;

	if (r->sheet.n == 0 || r->o->no_images)
		return;
	rdl_report_section(r, "pictures", "Pictures", out);
	if (r->rows.images.count > r->sheet.n) {
		rdl_buf_addf(out, "<p class=\"dim\">%zu of ", r->sheet.n);
		rdl_html_count(out, (int64_t)r->rows.images.count);
		rdl_buf_adds(out, ", by chance</p>\n");
	}
	rdl_buf_adds(out, "<div class=\"sheet\">\n");
	for (i = 0; i < r->sheet.n; i++)
		if (rdl_rec_parse(&rec, r->sheet.v[i].text, r->sheet.v[i].len,
		    &ignored) == 0)
			rdl_report_picture_img(r, rdl_rec_get(&rec, "uri"),
			    yyjson_get_str(rdl_rec_get(&rec, "caption")), out);
	rdl_buf_adds(out, "</div>\n");
	rdl_rec_release(&rec);
}

/* Heading of a rule, when it is another than before. */
static void
new_rule(struct rdl_stmt *s, struct rdl_buf *last, struct rdl_buf *out)
{
	struct rdl_buf now = RDL_BUF_INIT(RDL_MIB);
	size_t len;
	int i;

	for (i = 0; i < 3; i++) {
		const char *p = rdl_stmt_get_text(s, i, &len);

		rdl_buf_adds(&now, i > 0 ? ": " : "");
		rdl_buf_add(&now, p != NULL ? p : "", len < 200 ? len : 200);
	}
	if (last->len != now.len || memcmp(last->p, now.p, now.len) != 0) {
		rdl_buf_adds(out, last->len > 0 ? "</div>\n<h3>" : "<h3>");
		rdl_html_text(out, now.p, now.len);
		rdl_buf_adds(out, " (");
		rdl_html_count(out, rdl_stmt_get_int(s, 3));
		rdl_buf_adds(out, ")</h3>\n<div class=\"cards\">\n");
		rdl_buf_reset(last);
		rdl_buf_add(last, now.p, now.len);
	}
	rdl_buf_release(&now);
}

static void
add_lost(struct rdl_report *r, struct rdl_stmt *s, struct rdl_rec *rec,
    struct rdl_buf *out)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	const char *p;
	size_t len;

	rdl_buf_adds(out, "<div class=\"card\">");
	p = rdl_stmt_get_text(s, 6, &len);
	if (p != NULL && rdl_rec_parse(rec, p, len, &ignored) == 0)
		add_record(r, rec, out);
	rdl_buf_adds(out, "<p class=\"why\">");
	p = rdl_stmt_get_text(s, 5, &len);
	rdl_html_short(out, p != NULL ? p : "", len, RDL_REPORT_TEXT);
	rdl_buf_adds(out, "</p><p class=\"dim\">");
	p = rdl_stmt_get_text(s, 4, &len);
	rdl_html_short(out, p != NULL ? p : "", len, 80);
	rdl_buf_adds(out, "</p></div>\n");
}

int
rdl_report_cards_lost(struct rdl_report *r, bool want, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct rdl_embed *sql = rdl_embed_find("sql/report_losses.sql");
	struct rdl_buf last = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf runs = RDL_BUF_INIT(RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	struct rdl_stmt *s;
	const char *p;
	size_t len;
	int rc = -1;

	s = rdl_db_prepare(rdl_ledger_db(r->ledger), sql->text, err);
	if (s == NULL || rdl_report_ledger_runs(r->o->runs, &runs, err) < 0)
		goto out;
	rdl_stmt_int(s, ":n", r->o->lost);
	rdl_stmt_text(s, ":runs", runs.p, runs.len);
	if (!want)
		rdl_report_section(r, "lost", "What was lost, and why", out);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_text(s, 6, &len);
		if (!want) {
			new_rule(s, &last, out);
			add_lost(r, s, &rec, out);
		} else if (p != NULL && rdl_rec_parse(&rec, p, len,
		    &ignored) == 0) {
			rdl_report_picture_want(r, rdl_report_rows_uri(&rec));
		}
	}
	rdl_stmt_reset(s);
	if (!want)
		rdl_buf_adds(out, last.len > 0 ? "</div>\n" :
		    "<p>Nothing.</p>\n");
out:
	rdl_buf_release(&runs);
	rdl_buf_release(&last);
	rdl_rec_release(&rec);
	return rc;
}
