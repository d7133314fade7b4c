/*
 * Scores in a report: cosines of images and tasks by rank, margins of pairs.
 * Reads a file of match records.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "publish/report_private.h"
#include "record/jsonl.h"

#define RANKS 10

struct cosines {
	struct rdl_report_bins by_rank[RANKS + 1];	/* the last: all */
	size_t ranks;
};

static void
count_match(struct cosines *c, const struct rdl_rec *rec)
{
	yyjson_val *tasks = rdl_rec_get(rec, "tasks"), *task, *score, *rank;
	size_t i, max, at;

	if (!yyjson_is_arr(tasks))
		return;
	yyjson_arr_foreach(tasks, i, max, task) {
		score = yyjson_obj_get(task, "score");
		rank = yyjson_obj_get(task, "rank");
		if (!yyjson_is_num(score))
			continue;
		at = yyjson_is_uint(rank) && yyjson_get_uint(rank) > 0 ?
		    (size_t)yyjson_get_uint(rank) - 1 : i;
		rdl_report_plot_count(&c->by_rank[RANKS],
		    yyjson_get_num(score));
		if (at >= RANKS)
			continue;
		rdl_report_plot_count(&c->by_rank[at], yyjson_get_num(score));
		c->ranks = at + 1 > c->ranks ? at + 1 : c->ranks;
	}
}

static int
read_matches(struct cosines *c, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	if (rdl_jsonl_open(&in, path, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		count_match(c, &rec);
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

static void
draw_cosines(struct rdl_report *r, const struct cosines *c,
    struct rdl_buf *out)
{
	char text[RANKS][32];
	const char *labels[RANKS];
	size_t i;

	for (i = 0; i < c->ranks; i++) {
		(void)snprintf(text[i], sizeof(text[i]), "rank %zu", i + 1);
		labels[i] = text[i];
	}
	rdl_report_section(r, "cosines", "Cosine of image and task", out);
	rdl_buf_adds(out, "<div class=\"plots\">\n");
	if (c->ranks > 0) {
		rdl_report_plot_ridges(c->by_rank, labels, c->ranks,
		    "by rank, each with its median", out);
		rdl_report_plot_histogram(&c->by_rank[0],
		    "the best task of each image", out);
	}
	rdl_report_plot_histogram(&c->by_rank[RANKS],
	    "all tasks that were kept", out);
	rdl_buf_adds(out, "</div>\n");
}

static void
draw_margins(struct rdl_report *r, struct rdl_buf *out)
{
	const struct rdl_report_rows *w = &r->rows;

	if (w->margins.count == 0 || w->wide)
		return;
	rdl_report_section(r, "margins", "Margins", out);
	rdl_buf_adds(out, "<div class=\"plots\">\n");
	rdl_report_plot_histogram(&w->margins,
	    "score of the chosen one less that of the rejected one", out);
	rdl_buf_adds(out, "</div>\n");
}

int
rdl_report_scores(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct cosines *c;
	int rc = 0;

	draw_margins(r, out);
	if (r->o->matches == NULL)
		return 0;
	c = rdl_mem_calloc(1, sizeof(*c));
	rc = read_matches(c, r->o->matches, err);
	if (rc == 0 && c->by_rank[RANKS].count > 0)
		draw_cosines(r, c, out);
	free(c);
	return rc;
}
