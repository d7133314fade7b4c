/*
 * The cards of a report: samples with their pictures, and what was lost.
 * Reads pictures through the sandbox of vision/pool.h and writes them inline,
 * as PNG squares.  A picture that cannot be read is left out.
 */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/file.h"
#include "publish/html.h"
#include "publish/report.h"
#include "vision/pool.h"

#define SIDE 160

/* <img> of a square of pixels. */
static void
add_square(struct rdl_buf *out, const uint8_t *rgb)
{
	png_image png = { .version = PNG_IMAGE_VERSION, .width = SIDE,
		.height = SIDE, .format = PNG_FORMAT_RGB };
	png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
	struct rdl_buf bytes = RDL_BUF_INIT(RDL_MIB);
	char *p = rdl_buf_reserve(&bytes, size);

	if (p != NULL && png_image_write_to_memory(&png, p, &size, 0, rgb, 0,
	    NULL)) {
		rdl_buf_adds(out, "<img alt=\"\" src=\"data:image/png;base64,");
		rdl_buf_addbase64(out, p, size);
		rdl_buf_adds(out, "\">");
	}
	png_image_free(&png);
	rdl_buf_release(&bytes);
}

/* The picture of a record, if it can be had. */
static int
add_picture(struct rdl_pool *pool, const struct rdl_rec *rec,
    struct rdl_buf *out, struct rdl_err *err)
{
	yyjson_val *uri = rdl_rec_at(rec->root, "image/uri");
	struct rdl_buf file = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_err ignored = RDL_ERR_INIT;
	struct rdl_pool_result res;
	int rc = 0;

	if (uri == NULL)
		uri = rdl_rec_get(rec, "uri");
	if (pool == NULL || !yyjson_is_str(uri) ||
	    rdl_file_read(yyjson_get_str(uri), &file, &ignored) < 0)
		goto out;
	rc = rdl_pool_submit(pool, 0, file.p != NULL ? file.p : "", file.len,
	    err);
	if (rc == 0)
		rc = rdl_pool_take(pool, &res, err);
	if (rc > 0 && res.ok && res.crop != NULL)
		add_square(out, res.crop);
	if (rc > 0)
		rc = 0;
out:
	rdl_buf_release(&file);
	return rc;
}

static void
add_text(struct rdl_buf *out, const char *open, yyjson_val *v)
{
	if (!yyjson_is_str(v))
		return;
	rdl_buf_adds(out, open);
	rdl_html_text(out, yyjson_get_str(v), yyjson_get_len(v));
	rdl_buf_adds(out, "</p>");
}

static void
add_path(struct rdl_buf *out, yyjson_val *path)
{
	yyjson_val *name;
	size_t i, max;

	if (yyjson_arr_size(path) == 0)
		return;
	rdl_buf_adds(out, "<p class=\"dim\">");
	yyjson_arr_foreach(path, i, max, name) {
		rdl_buf_adds(out, i > 0 ? " ~ " : "");
		rdl_html_text(out, yyjson_get_str(name), yyjson_get_len(name));
	}
	rdl_buf_adds(out, "</p>");
}

/* Judge: score, for each. */
static void
add_scores(struct rdl_buf *out, yyjson_val *scores)
{
	yyjson_val *s, *judge;
	size_t i, max;

	if (yyjson_arr_size(scores) == 0)
		return;
	rdl_buf_adds(out, "<p class=\"dim\">");
	yyjson_arr_foreach(scores, i, max, s) {
		judge = yyjson_obj_get(s, "judge");
		rdl_buf_adds(out, i > 0 ? ", " : "");
		if (yyjson_is_str(judge))
			rdl_html_text(out, yyjson_get_str(judge),
			    yyjson_get_len(judge));
		rdl_buf_addf(out, ": %g",
		    yyjson_get_num(yyjson_obj_get(s, "score")));
	}
	rdl_buf_adds(out, "</p>");
}

/* What a record says, whatever its kind. */
static int
add_record(struct rdl_pool *pool, const struct rdl_rec *rec,
    struct rdl_buf *out, struct rdl_err *err)
{
	if (add_picture(pool, rec, out, err) < 0)
		return -1;
	add_path(out, rdl_rec_at(rec->root, "task/path"));
	if (rdl_rec_get(rec, "path") != NULL)
		add_path(out, rdl_rec_get(rec, "path"));
	add_text(out, "<p>", rdl_rec_get(rec, "question"));
	add_text(out, "<p class=\"answer\">", rdl_rec_get(rec, "answer"));
	add_text(out, "<p>", rdl_rec_get(rec, "prompt"));
	add_text(out, "<p class=\"answer\">",
	    rdl_rec_at(rec->root, "chosen/text"));
	add_text(out, "<p>", rdl_rec_at(rec->root, "rejected/text"));
	add_scores(out, rdl_rec_get(rec, "scores"));
	return 0;
}

static int
open_pool(const struct rdl_report *r, struct rdl_pool **pool,
    struct rdl_err *err)
{
	const struct rdl_pool_opts o = { .workers = 1,
		.image = RDL_IMAGE_OPTS_DEFAULT, .crop = { .size = SIDE } };

	*pool = NULL;
	if (r->o->no_images)
		return 0;
	*pool = rdl_pool_new(&o, err);
	return *pool == NULL ? -1 : 0;
}

int
rdl_report_cards(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_pool *pool;
	size_t i;
	int rc = 0;

	if (r->ncards == 0)
		return 0;
	if (open_pool(r, &pool, err) < 0)
		return -1;
	rdl_buf_adds(out, "<h2>Samples, by chance</h2>\n<div "
	    "class=\"cards\">\n");
	for (i = 0; i < r->ncards && rc == 0; i++) {
		rdl_buf_adds(out, "<div class=\"card\">");
		rc = rdl_rec_parse(&rec, r->cards[i].line, r->cards[i].len,
		    err);
		if (rc == 0)
			rc = add_record(pool, &rec, out, err);
		rdl_buf_adds(out, "</div>\n");
	}
	rdl_buf_adds(out, "</div>\n");
	rdl_pool_free(pool);
	rdl_rec_release(&rec);
	return rc;
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
		rdl_buf_add(&now, p != NULL ? p : "", len);
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

int
rdl_report_lost(struct rdl_report *r, struct rdl_ledger *ledger,
    struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_embed *sql = rdl_embed_find("sql/report_losses.sql");
	struct rdl_buf last = RDL_BUF_INIT(RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err ignored = RDL_ERR_INIT;
	struct rdl_pool *pool = NULL;
	struct rdl_stmt *s;
	const char *p;
	size_t len;
	int rc = -1;

	s = rdl_db_prepare(rdl_ledger_db(ledger), sql->text, err);
	if (s == NULL || open_pool(r, &pool, err) < 0)
		return -1;
	rdl_stmt_int(s, ":n", r->o->lost);
	rdl_buf_adds(out, "<h2>What was lost, and why</h2>\n");
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		new_rule(s, &last, out);
		rdl_buf_adds(out, "<div class=\"card\">");
		p = rdl_stmt_get_text(s, 6, &len);
		if (p != NULL && rdl_rec_parse(&rec, p, len, &ignored) == 0 &&
		    add_record(pool, &rec, out, err) < 0) {
			rc = -1;
			break;
		}
		rdl_buf_adds(out, "<p class=\"why\">");
		p = rdl_stmt_get_text(s, 5, &len);
		rdl_html_text(out, p != NULL ? p : "", len);
		rdl_buf_adds(out, "</p><p class=\"dim\">");
		p = rdl_stmt_get_text(s, 4, &len);
		rdl_html_text(out, p != NULL ? p : "", len);
		rdl_buf_adds(out, "</p></div>\n");
	}
	rdl_stmt_reset(s);
	rdl_buf_adds(out, last.len > 0 ? "</div>\n" : "<p>Nothing.</p>\n");
	rdl_buf_release(&last);
	rdl_pool_free(pool);
	rdl_rec_release(&rec);
	return rc;
}
