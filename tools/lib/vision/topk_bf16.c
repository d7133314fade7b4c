/*
 * Scores in bfloat16 by oneDNN, for CPUs with AMX: a chunk of the base at a
 * time, so that its scores stay in the cache.  The centre of the base is taken
 * off first, and the bound is that of topk_bytes.c, with the rounding of the
 * sums added.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/dnnl.h"
#include "vision/topk_impl.h"

#define CHUNK 512		/* base vectors, a multiple of every panel */
#define DIM_MAX 16384		/* as in topk_bytes.c */
#define ALIGN 64

struct rdl_topk_bf16 {
	struct rdl_dnnl *product;	/* [QB] x [CHUNK] */
	float *centre;			/* [dim] */
	unsigned char *packed;		/* [chunks][packed_size] */
	size_t packed_size;
	double rest_max, length_max;	/* as in topk_bytes.c */
};

struct rdl_topk_bf16_work {
	uint16_t *x;		/* [QB][dim] */
	float *y;		/* [QB][CHUNK] */
	void *scratch;
};

static void *
aligned(size_t size)
{
	void *p = aligned_alloc(ALIGN, (size / ALIGN + 1) * ALIGN);

	if (p == NULL)
		rdl_mem_exhausted(size);
	return memset(p, 0, size);
}

static double
from_bf16(uint16_t v)
{
	uint32_t bits = (uint32_t)v << 16;
	float f;

	memcpy(&f, &bits, sizeof(f));
	return (double)f;
}

/* Round v - centre to bfloat16; what it is and what was lost, as norms. */
static void
round_off(const struct rdl_topk *t, const float *v, const float *centre,
    float *spare, uint16_t *out, double *length, double *rest)
{
	double sum = 0, lost = 0, x;
	size_t d;

	for (d = 0; d < t->dim; d++)
		spare[d] = centre == NULL ? v[d] : v[d] - centre[d];
	t->kernel->bf16(spare, t->dim, out);
	for (d = 0; d < t->dim; d++) {
		x = (double)v[d] - (centre == NULL ? 0 : (double)centre[d]);
		sum += x * x;
		x -= from_bf16(out[d]);
		lost += x * x;
	}
	*length = sqrt(sum);
	*rest = sqrt(lost);
}

static int
pack(const struct rdl_topk *t, struct rdl_topk_bf16 *b, struct rdl_err *err)
{
	uint16_t *w = rdl_mem_calloc(CHUNK * t->dim, sizeof(*w));
	float *spare = rdl_mem_calloc(t->dim, sizeof(*spare));
	double length, rest;
	size_t from, i, n;
	int rc = 0;

	for (from = 0; from < t->m && rc == 0; from += CHUNK) {
		n = t->m - from < CHUNK ? t->m - from : CHUNK;
		memset(w, 0, CHUNK * t->dim * sizeof(*w));
		for (i = 0; i < n; i++) {
			round_off(t, t->base + (from + i) * t->dim, b->centre,
			    spare, w + i * t->dim, &length, &rest);
			b->length_max = fmax(b->length_max, length);
			b->rest_max = fmax(b->rest_max, rest);
		}
		rc = rdl_dnnl_pack(b->product, RDL_DNNL_BF16, w,
		    b->packed + from / CHUNK * b->packed_size, err);
	}
	free(w);
	free(spare);
	return rc;
}

struct rdl_topk_bf16 *
rdl_topk_bf16_new(const struct rdl_topk *t, struct rdl_err *err)
{
	const struct rdl_dnnl_shape shape = { .m = RDL_TOPK_QB, .n = CHUNK,
		.k = t->dim, .x = RDL_DNNL_BF16, .w = RDL_DNNL_BF16,
		.y = RDL_DNNL_F32 };
	struct rdl_topk_bf16 *b;

	if (t->dim > DIM_MAX) {
		(void)rdl_err_set(err, RDL_E_IO, "vectors are too long");
		return NULL;
	}
	b = rdl_mem_calloc(1, sizeof(*b));
	if (rdl_dnnl_load(err) == 0) {
		rdl_dnnl_thread();
		b->product = rdl_dnnl_new(&shape, NULL, err);
	}
	if (b->product == NULL) {
		free(b);
		return NULL;
	}
	b->packed_size = (rdl_dnnl_weights_size(b->product) + ALIGN - 1) /
	    ALIGN * ALIGN;
	b->packed = aligned((t->m + CHUNK - 1) / CHUNK * b->packed_size + 1);
	b->centre = rdl_mem_calloc(t->dim, sizeof(*b->centre));
	rdl_topk_centre(t, b->centre);
	if (pack(t, b, err) == 0)
		return b;
	rdl_topk_bf16_free(b);
	return NULL;
}

void
rdl_topk_bf16_free(struct rdl_topk_bf16 *b)
{
	if (b == NULL)
		return;
	rdl_dnnl_free(b->product);
	free(b->packed);
	free(b->centre);
	free(b);
}

struct rdl_topk_bf16_work *
rdl_topk_bf16_work_new(const struct rdl_topk *t)
{
	struct rdl_topk_bf16_work *w = rdl_mem_calloc(1, sizeof(*w));

	rdl_dnnl_thread();
	w->x = aligned(RDL_TOPK_QB * t->dim * sizeof(*w->x));
	w->y = aligned(RDL_TOPK_QB * CHUNK * sizeof(*w->y));
	w->scratch = aligned(rdl_dnnl_scratch_size(t->bf16->product) + 1);
	return w;
}

void
rdl_topk_bf16_work_free(struct rdl_topk_bf16_work *w)
{
	if (w == NULL)
		return;
	free(w->x);
	free(w->y);
	free(w->scratch);
	free(w);
}

/* Query i rounded, and the bound of its row.  The sums are of products of
 * these, in f32 and in any order. */
static void
begin_row(const struct rdl_topk *t, struct rdl_topk_bf16_work *w,
    const float *query, size_t i, struct rdl_topk_row *row)
{
	const struct rdl_topk_bf16 *b = t->bf16;
	double length, rest, whole, shift = 0;
	size_t d;

	round_off(t, query, NULL, w->y, w->x + i * t->dim, &length, &rest);
	for (d = 0; d < t->dim; d++)
		shift += (double)query[d] * (double)b->centre[d];
	whole = length + rest;		/* at least what was rounded to */
	row->shift = shift;
	row->bound = rest * b->length_max + whole * b->rest_max +
	    rdl_topk_f32_bound(t->dim) * whole *
	    (b->length_max + b->rest_max);
}

int
rdl_topk_bf16_block(const struct rdl_topk *t, struct rdl_topk_bf16_work *w,
    const float *queries, size_t n, struct rdl_topk_rows *rows,
    struct rdl_err *err)
{
	const struct rdl_topk_bf16 *b = t->bf16;
	size_t panel = t->kernel->panel, from, at, end, i;

	for (i = 0; i < n; i++) {
		begin_row(t, w, queries + i * t->dim, i, &rows->rows[i]);
		rdl_topk_rows_begin(rows, i);
	}
	for (from = 0; from < t->m; from += CHUNK) {
		if (rdl_dnnl_run(b->product, w->x,
		    b->packed + from / CHUNK * b->packed_size, NULL, w->y,
		    w->scratch, err) < 0)
			return -1;
		end = t->m - from < CHUNK ? t->m - from : CHUNK;
		for (i = 0; i < n; i++)
			for (at = 0; at < end; at += panel)
				rdl_topk_rows_offer(rows, i, 1, from + at,
				    w->y + i * CHUNK + at,
				    end - at < panel ? end - at : panel);
	}
	return 0;
}
