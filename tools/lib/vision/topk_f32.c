/*
 * Scores in single precision: tiles of queries against panels of the base.
 * A tile goes to the rows as soon as it is there, so that the matrix of scores
 * is never stored.
 */
#include <string.h>

#include "core/mem.h"
#include "vision/topk_impl.h"

double
rdl_topk_f32_bound(size_t dim)
{
	double nu = (double)dim * 0x1p-24;

	/* Beyond that many numbers nothing is proven: keep all. */
	return nu < 0.5 ? nu / (1 - nu) : 4;
}

float *
rdl_topk_f32_panels(const struct rdl_topk *t)
{
	size_t panel = t->kernel->panel, n = (t->m + panel - 1) / panel, p;
	size_t cols, size = t->dim * panel;
	float *panels = rdl_mem_calloc(n * size, sizeof(*panels));

	for (p = 0; p < n; p++) {
		cols = t->m - p * panel < panel ? t->m - p * panel : panel;
		t->kernel->transpose(t->base + p * size, cols, t->dim, t->dim,
		    panels + p * size, panel);
	}
	return panels;
}

void
rdl_topk_f32_block(const struct rdl_topk *t, const float *queries, size_t n,
    struct rdl_topk_rows *rows)
{
	const struct rdl_kernel *kn = t->kernel;
	float y[RDL_TOPK_ROWS_MAX * RDL_TOPK_PANEL_MAX] = { 0 };
	struct rdl_tile tile;
	size_t from, q;

	memset(&tile, 0, sizeof(tile));
	tile.k = tile.ldx = t->dim;
	tile.ldw = tile.ldy = kn->panel;
	tile.y = y;
	for (from = 0; from < t->m; from += kn->panel) {
		tile.cols = t->m - from < kn->panel ? t->m - from : kn->panel;
		tile.w = t->panels + from * t->dim;
		for (q = 0; q < n; q += tile.rows) {
			tile.rows = n - q < kn->rows ? n - q : kn->rows;
			tile.x = queries + q * t->dim;
			kn->tile(&tile);
			rdl_topk_rows_offer(rows, q, tile.rows, from, y,
			    tile.cols);
		}
	}
}

float
rdl_topk_f32_dot(const float *a, const float *b, size_t dim)
{
	typedef float vec __attribute__((vector_size(16)));
	vec s[4] = { { 0 } }, x, y;
	float sum = 0;
	size_t d, i;

	for (d = 0; d + 16 <= dim; d += 16)
		for (i = 0; i < 4; i++) {
			memcpy(&x, a + d + 4 * i, sizeof(x));
			memcpy(&y, b + d + 4 * i, sizeof(y));
			s[i] += x * y;
		}
	for (; d < dim; d++)
		sum += a[d] * b[d];
	s[0] += s[1] + s[2] + s[3];
	for (i = 0; i < 4; i++)
		sum += s[0][i];
	return sum;
}
