/*
 * What a report counts of the records of a dataset, and its choice of some.
 * Reads parsed records.  Writes no page.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "publish/report_private.h"

#define JUDGES 64		/* counted apart */

void
rdl_report_picks_init(struct rdl_report_picks *p, size_t max)
{
	memset(p, 0, sizeof(*p));
	p->max = max;
}

void
rdl_report_picks_release(struct rdl_report_picks *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->v[i].text);
	free(p->v);
	p->v = NULL;
	p->n = 0;
}

/* Different ranks; they are sorted. */
static size_t
count_ranks(const struct rdl_report_picks *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++)
		n += i == 0 || p->v[i].rank != p->v[i - 1].rank;
	return n;
}

static void
drop_last_rank(struct rdl_report_picks *p)
{
	uint64_t rank = p->v[p->n - 1].rank;

	while (p->n > 0 && p->v[p->n - 1].rank == rank)
		free(p->v[--p->n].text);
}

void
rdl_report_picks_offer(struct rdl_report_picks *p, uint64_t rank,
    const char *text, size_t len, bool same)
{
	size_t at = p->n, k;

	if (p->max == 0)
		return;
	if (p->n >= p->max && rank > p->v[p->n - 1].rank &&
	    count_ranks(p) >= p->max)
		return;
	while (at > 0 && p->v[at - 1].rank > rank)
		at--;
	if (at > 0 && p->v[at - 1].rank == rank && !same)
		return;
	p->v = rdl_mem_realloc(p->v, p->n + 1, sizeof(*p->v));
	for (k = p->n; k > at; k--)
		p->v[k] = p->v[k - 1];
	p->v[at] = (struct rdl_report_pick){ rank, rdl_mem_dup(text, len),
		len };
	p->n++;
	if (count_ranks(p) > p->max)
		drop_last_rank(p);
}

void
rdl_report_rows_release(struct rdl_report_rows *w)
{
	rdl_report_tree_release(&w->tree);
	rdl_map_release(&w->images);
	rdl_map_release(&w->ids);
	rdl_map_release(&w->judges);
	free(w->sums);
	memset(w, 0, sizeof(*w));
}

int64_t
rdl_report_rows_int(double d)
{
	return !(d > -9e18) ? -9000000000000000000 : !(d < 9e18) ?
	    9000000000000000000 : (int64_t)llround(d);
}

yyjson_val *
rdl_report_rows_uri(const struct rdl_rec *rec)
{
	yyjson_val *uri = rdl_rec_at(rec->root, "image/uri");

	if (uri == NULL)
		uri = rdl_rec_get(rec, "uri");
	if (uri == NULL)
		uri = rdl_rec_at(rec->root, "images/0/uri");
	return uri != NULL ? uri : rdl_rec_at(rec->root, "images/0");
}

/* An image by its id, or by its address. */
static void
count_image(struct rdl_report_rows *w, yyjson_val *image)
{
	yyjson_val *id = yyjson_obj_get(image, "id");
	struct rdl_hash hash;

	if (!yyjson_is_str(id))
		id = yyjson_obj_get(image, "uri");
	if (!yyjson_is_str(id))
		return;
	hash = rdl_hash_of(yyjson_get_str(id), yyjson_get_len(id));
	(void)rdl_map_put(&w->images, (const char *)hash.b, RDL_HASH_LEN,
	    NULL);
}

static void
count_images(struct rdl_report_rows *w, const struct rdl_rec *rec)
{
	yyjson_val *sides = rdl_rec_get(rec, "sides"), *side;
	size_t i, max;

	count_image(w, rdl_rec_get(rec, "image"));
	count_image(w, rdl_rec_at(rec->root, "chosen/image"));
	count_image(w, rdl_rec_at(rec->root, "rejected/image"));
	if (rdl_rec_get(rec, "uri") != NULL)
		count_image(w, rec->root);
	if (yyjson_is_arr(sides))
		yyjson_arr_foreach(sides, i, max, side)
			count_image(w, yyjson_obj_get(side, "image"));
}

static void
count_judge(struct rdl_report_rows *w, yyjson_val *score)
{
	yyjson_val *name = yyjson_obj_get(score, "judge");
	yyjson_val *value = yyjson_obj_get(score, "score");
	struct rdl_map_entry *e;
	int made;

	if (!yyjson_is_str(name) || !yyjson_is_num(value))
		return;
	e = rdl_map_get(&w->judges, yyjson_get_str(name),
	    yyjson_get_len(name));
	if (e == NULL && w->judges.count == JUDGES)
		return;
	e = rdl_map_put(&w->judges, yyjson_get_str(name),
	    yyjson_get_len(name), &made);
	if (w->sums == NULL)
		w->sums = rdl_mem_calloc(JUDGES, sizeof(*w->sums));
	if (made)
		e->value = w->judges.count - 1;
	w->sums[e->value].n++;
	w->sums[e->value].sum += yyjson_get_num(value);
}

int
rdl_report_rows_add(struct rdl_report_rows *w, const struct rdl_rec *rec,
    struct rdl_id *id, struct rdl_err *err)
{
	yyjson_val *scores = rdl_rec_get(rec, "scores"), *v, *path;
	size_t i, max;

	if (rdl_id_of(rec, id, err) < 0)
		return -1;
	w->rows++;
	path = rdl_rec_at(rec->root, "task/path");
	if (rdl_report_tree_add(&w->tree, path) == 0)
		(void)rdl_report_tree_add(&w->tree, rdl_rec_get(rec, "path"));
	count_images(w, rec);
	if (w->keep_ids)
		(void)rdl_map_put(&w->ids, (const char *)id->hash.b,
		    RDL_HASH_LEN, NULL);
	if (yyjson_is_arr(scores))
		yyjson_arr_foreach(scores, i, max, v)
			count_judge(w, v);
	v = rdl_rec_get(rec, "margin");
	if (yyjson_is_num(v)) {
		w->wide = w->wide || fabs(yyjson_get_num(v)) > 1;
		rdl_report_plot_count(&w->margins, yyjson_get_num(v));
	}
	return 0;
}
