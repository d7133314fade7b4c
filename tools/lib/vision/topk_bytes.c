/*
 * Scores in bytes: four times as many products at once as in f32, where the
 * CPU multiplies bytes.  The centre of the base is taken off first, so that
 * there is less to round:
 *
 *	q.b = q.c + q.(b - c), and q = q' + e, b - c = b' + f gives
 *	|q.(b - c) - q'.b'| <= |e| |b - c| + |q'| |f|	(Cauchy, Schwarz)
 *
 * where q' and b' are what the bytes stand for.  The norms of e and f are
 * measured, not assumed.  q'.b' is exact but for the rounding of its end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/topk_impl.h"

#define DIM_MAX 16384		/* sums of 32 bits cannot overflow */
#define ROUNDING 1e-6		/* of an integer sum made a float score */

struct rdl_topk_bytes {
	size_t k4;		/* dim, rounded up to whole fours */
	float *centre;		/* [dim] */
	int8_t *panels;		/* [.][k4 / 4][panel][4] */
	float *scale;		/* [panels * panel] */
	int32_t *sum;
	double rest_max;	/* largest |f| */
	double length_max;	/* largest |b - c| */
};

struct rdl_topk_bytes_work {
	uint8_t *x;		/* [QB][k4] */
	float scale[RDL_TOPK_QB];
	int32_t zero[RDL_TOPK_QB];
};

/* Base vector i to bytes, four of each column side by side. */
static void
pack(const struct rdl_topk *t, struct rdl_topk_bytes *b, size_t i)
{
	size_t panel = t->kernel->panel, d;
	int8_t *out = b->panels + i / panel * panel * b->k4 + i % panel * 4;
	const float *v = t->base + i * t->dim;
	double most = 0, rest = 0, length = 0, x;
	int q;

	for (d = 0; d < t->dim; d++)
		most = fmax(most, fabs((double)v[d] - (double)b->centre[d]));
	b->scale[i] = (float)(most / 127);
	for (d = 0; d < t->dim; d++) {
		x = (double)v[d] - (double)b->centre[d];
		q = b->scale[i] > 0 ? (int)lrint(x / (double)b->scale[i]) : 0;
		q = q > 127 ? 127 : q < -127 ? -127 : q;
		out[d / 4 * panel * 4 + d % 4] = (int8_t)q;
		b->sum[i] += q;
		length += x * x;
		x -= (double)b->scale[i] * q;
		rest += x * x;
	}
	b->rest_max = fmax(b->rest_max, sqrt(rest));
	b->length_max = fmax(b->length_max, sqrt(length));
}

struct rdl_topk_bytes *
rdl_topk_bytes_new(const struct rdl_topk *t)
{
	struct rdl_topk_bytes *b;
	size_t panel = t->kernel->panel, n = (t->m + panel - 1) / panel, i;

	if (t->kernel->tile8 == NULL || t->dim > DIM_MAX)
		return NULL;
	b = rdl_mem_calloc(1, sizeof(*b));
	b->k4 = (t->dim + 3) / 4 * 4;
	b->centre = rdl_mem_calloc(t->dim, sizeof(*b->centre));
	b->panels = rdl_mem_calloc(n * panel, b->k4);
	b->scale = rdl_mem_calloc(n * panel, sizeof(*b->scale));
	b->sum = rdl_mem_calloc(n * panel, sizeof(*b->sum));
	rdl_topk_centre(t, b->centre);
	for (i = 0; i < t->m; i++)
		pack(t, b, i);
	return b;
}

void
rdl_topk_bytes_free(struct rdl_topk_bytes *b)
{
	if (b == NULL)
		return;
	free(b->centre);
	free(b->panels);
	free(b->scale);
	free(b->sum);
	free(b);
}

struct rdl_topk_bytes_work *
rdl_topk_bytes_work_new(const struct rdl_topk *t)
{
	struct rdl_topk_bytes_work *w = rdl_mem_calloc(1, sizeof(*w));

	w->x = rdl_mem_calloc(RDL_TOPK_QB, t->bytes->k4);
	return w;
}

void
rdl_topk_bytes_work_free(struct rdl_topk_bytes_work *w)
{
	if (w == NULL)
		return;
	free(w->x);
	free(w);
}

/* Query i to bytes; what is lost makes the bound of its row. */
static void
begin_row(const struct rdl_topk *t, struct rdl_topk_bytes_work *w,
    const float *query, size_t i, struct rdl_topk_row *row)
{
	const struct rdl_topk_bytes *b = t->bytes;
	uint8_t *x = w->x + i * b->k4;
	double rest = 0, length = 0, shift = 0, v;
	size_t d;

	t->kernel->quantize(query, t->dim, b->k4, x, &w->scale[i],
	    &w->zero[i]);
	for (d = 0; d < t->dim; d++) {
		v = (double)w->scale[i] * (x[d] - w->zero[i]);
		length += v * v;
		v -= (double)query[d];
		rest += v * v;
		shift += (double)query[d] * (double)b->centre[d];
	}
	row->shift = shift;
	row->bound = sqrt(rest) * b->length_max + sqrt(length) * b->rest_max +
	    ROUNDING;
}

static void
offer_panel(const struct rdl_topk *t, const struct rdl_topk_bytes_work *w,
    size_t n, size_t from, struct rdl_topk_rows *rows)
{
	const struct rdl_topk_bytes *b = t->bytes;
	const struct rdl_kernel *kn = t->kernel;
	float y[RDL_TOPK_ROWS_MAX * RDL_TOPK_PANEL_MAX] = { 0 };
	struct rdl_tile8 tile;
	size_t q;

	memset(&tile, 0, sizeof(tile));
	tile.k = tile.ldx = b->k4;
	tile.ldy = kn->panel;
	tile.y = y;
	tile.cols = t->m - from < kn->panel ? t->m - from : kn->panel;
	tile.w = b->panels + from * b->k4;
	tile.w_scale = b->scale + from;
	tile.w_sum = b->sum + from;
	for (q = 0; q < n; q += tile.rows) {
		tile.rows = n - q < kn->rows ? n - q : kn->rows;
		tile.x = w->x + q * b->k4;
		tile.x_scale = w->scale + q;
		tile.x_zero = w->zero + q;
		kn->tile8(&tile);
		rdl_topk_rows_offer(rows, q, tile.rows, from, y, tile.cols);
	}
}

void
rdl_topk_bytes_block(const struct rdl_topk *t, struct rdl_topk_bytes_work *w,
    const float *queries, size_t n, struct rdl_topk_rows *rows)
{
	size_t i, from;

	for (i = 0; i < n; i++) {
		begin_row(t, w, queries + i * t->dim, i, &rows->rows[i]);
		rdl_topk_rows_begin(rows, i);
	}
	for (from = 0; from < t->m; from += t->kernel->panel)
		offer_panel(t, w, n, from, rows);
}
