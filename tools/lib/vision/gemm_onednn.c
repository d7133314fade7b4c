/*
 * Products by oneDNN, always of the same number of rows.
 * Reads and writes memory of the caller; rows beyond those asked for are
 * computed and not used.
 */
#include "vision/gemm_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static struct rdl_dnnl_shape
shape_of(const struct rdl_gemm_opts *o, size_t rows)
{
	struct rdl_dnnl_shape s;

	memset(&s, 0, sizeof(s));
	s.m = rows;
	s.n = o->n;
	s.k = o->k;
	if (o->kind == RDL_GEMM_INT8) {
		s.k = (o->k + 3) & ~(size_t)3;
		s.x = RDL_DNNL_U8;
		s.w = RDL_DNNL_S8;
		s.y = RDL_DNNL_S32;
		return s;
	}
	s.x = s.w = o->kind == RDL_GEMM_BF16 ? RDL_DNNL_BF16 : RDL_DNNL_F32;
	s.y = RDL_DNNL_F32;
	s.act = o->act;
	s.add = o->add;
	return s;
}

static int
pack(struct rdl_gemm *g, const float *w, struct rdl_err *err)
{
	size_t k = g->o.k, n;
	int8_t *bytes, *padded;
	int rc;

	g->w = rdl_gemm_alloc(rdl_dnnl_weights_size(g->large), 1);
	if (g->o.kind != RDL_GEMM_INT8)
		return rdl_dnnl_pack(g->large, RDL_DNNL_F32, w, g->w, err);
	bytes = rdl_mem_calloc(g->o.n * k, 1);
	padded = rdl_mem_calloc(g->o.n * g->k4, 1);
	rdl_gemm_bytes(g, w, bytes);
	for (n = 0; n < g->o.n; n++)
		memcpy(padded + n * g->k4, bytes + n * k, k);
	rc = rdl_dnnl_pack(g->large, RDL_DNNL_S8, padded, g->w, err);
	free(bytes);
	free(padded);
	return rc;
}

/* Rows of bfloat16 whose sums differ when they are added in another order. */
static void
fill(uint16_t *x, size_t n)
{
	uint32_t s = 1;
	size_t i;

	for (i = 0; i < n; i++) {
		s = s * 1664525u + 1013904223u;
		x[i] = (uint16_t)((s & 0x80000000u) >> 16 | 0x3e80u |
		    (s >> 20 & 0x1ffu));
	}
}

/* Does the small product give the bits of the large one? */
static int
same_bits(const struct rdl_gemm *g, const struct rdl_dnnl *small, bool *same,
    struct rdl_err *err)
{
	struct rdl_gemm_work work = RDL_GEMM_WORK_INIT;
	size_t rows = g->o.rows, n = g->o.n;
	uint16_t *x = rdl_gemm_alloc(rows * g->o.k, sizeof(*x));
	float *a = rdl_mem_calloc(rows * n, sizeof(float));
	float *b = rdl_mem_calloc(GEMM_SMALL * n, sizeof(float));
	int rc;

	fill(x, rows * g->o.k);
	work.scratch = rdl_gemm_alloc(rdl_dnnl_scratch_size(g->large) +
	    rdl_dnnl_scratch_size(small), 1);
	rc = rdl_dnnl_run(g->large, x, g->w, g->bias, a, work.scratch, err);
	if (rc == 0)
		rc = rdl_dnnl_run(small, x, g->w, g->bias, b, work.scratch,
		    err);
	*same = rc == 0 && memcmp(a, b, GEMM_SMALL * n * sizeof(float)) == 0;
	rdl_gemm_work_release(&work);
	free(x);
	free(a);
	free(b);
	return rc;
}

int
rdl_gemm_onednn(struct rdl_gemm *g, const float *w, struct rdl_err *err)
{
	struct rdl_dnnl_shape s = shape_of(&g->o, g->o.rows);
	struct rdl_err none = RDL_ERR_INIT;
	struct rdl_dnnl *small;
	bool same = true;

	if (g->o.kind != RDL_GEMM_INT8)
		s.bias = g->bias != NULL;
	g->large = rdl_dnnl_new(&s, NULL, err);
	if (g->large == NULL)
		return -1;
	if (pack(g, w, err) < 0)
		return -1;
	if (g->o.rows <= GEMM_SMALL)
		return 0;
	s.m = GEMM_SMALL;
	small = rdl_dnnl_new(&s, g->large, &none);
	if (small == NULL)
		return 0;
	/* Sums of bytes are exact in any order. */
	if (g->o.kind != RDL_GEMM_INT8 && same_bits(g, small, &same, err) < 0) {
		rdl_dnnl_free(small);
		return -1;
	}
	if (same)
		g->small = small;
	else
		rdl_dnnl_free(small);
	return 0;
}

static void *
room(void **p, size_t *size, size_t want)
{
	if (*p == NULL || *size < want) {
		free(*p);
		*p = rdl_gemm_alloc(want, 1);
		*size = want;
	}
	return *p;
}

int
rdl_gemm_onednn_run(const struct rdl_gemm *g, struct rdl_gemm_work *work,
    const struct rdl_gemm_in *in, size_t rows, float *y, struct rdl_err *err)
{
	const struct rdl_dnnl *d = g->large;
	const struct rdl_finish f = { g->bias, g->o.act, g->o.add };
	size_t all = g->o.rows, r, n = g->o.n;
	void *scratch, *sums = y;

	if (rows <= GEMM_SMALL && g->small != NULL) {
		d = g->small;
		all = GEMM_SMALL;
	}
	scratch = room(&work->scratch, &work->scratch_size,
	    rdl_dnnl_scratch_size(d));
	if (g->o.kind == RDL_GEMM_INT8)
		sums = room(&work->sums, &work->sums_size,
		    (all * n + GEMM_ALIGN) * sizeof(int32_t));
	if (rdl_dnnl_run(d, in->p, g->w, g->bias, sums, scratch, err) < 0)
		return -1;
	for (r = 0; r < rows && g->o.kind == RDL_GEMM_INT8; r++)
		g->o.kernel->finish8((int32_t *)sums + r * n, n, in->scale[r],
		    in->zero[r], g->w_scale, g->w_sum, &f, y + r * n);
	return 0;
}
