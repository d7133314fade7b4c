/*
 * Products by our own tiles, and the rows that go into a product.
 * Reads and writes memory of the caller.  Does not split work over threads.
 */
#include "vision/gemm.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/gemm_impl.h"

/* Rows of half floats stay below two to this power; weights below one. */
#define F16_BITS 8

void *
rdl_gemm_alloc(size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > (SIZE_MAX - GEMM_ALIGN) / size)
		rdl_mem_exhausted(SIZE_MAX);
	if (posix_memalign(&p, GEMM_ALIGN, n * size + GEMM_ALIGN) != 0)
		rdl_mem_exhausted(n * size);
	return p;
}

struct rdl_gemm *
rdl_gemm_new(const struct rdl_gemm_opts *o, const float *w, const float *bias,
    struct rdl_err *err)
{
	struct rdl_gemm *g = rdl_mem_calloc(1, sizeof(*g));
	size_t padded;

	g->o = *o;
	g->k4 = (o->k + 3) & ~(size_t)3;
	g->panel = o->kind == RDL_GEMM_F16 ? RDL_KERNEL_PANEL16 :
	    o->kernel->panel;
	g->panels = (o->n + g->panel - 1) / g->panel;
	padded = g->panels * g->panel;
	if (bias != NULL) {
		g->bias = rdl_mem_calloc(padded, sizeof(float));
		memcpy(g->bias, bias, o->n * sizeof(float));
	}
	if (o->kind == RDL_GEMM_F32) {
		rdl_gemm_pack_f32(g, w);
	} else if (o->kind == RDL_GEMM_F16) {
		if (rdl_kernel_fp16() == NULL) {
			(void)rdl_err_set(err, RDL_E_USAGE, "this CPU has no "
			    "instructions for products of half floats: take "
			    "precision f32");
			goto fail;
		}
		rdl_gemm_pack_f16(g, w);
	} else if (o->kind == RDL_GEMM_INT8 && !o->onednn) {
		if (o->kernel->tile8 == NULL) {
			(void)rdl_err_set(err, RDL_E_USAGE, "this CPU has no "
			    "instructions for products of bytes: take "
			    "precision f32");
			goto fail;
		}
		rdl_gemm_pack_int8(g, w);
	} else if (rdl_gemm_onednn(g, w, err) < 0) {
		goto fail;
	}
	return g;
fail:
	rdl_gemm_free(g);
	return NULL;
}

void
rdl_gemm_free(struct rdl_gemm *g)
{
	if (g == NULL)
		return;
	rdl_dnnl_free(g->small);
	rdl_dnnl_free(g->large);
	free(g->bias);
	free(g->w);
	free(g->w_scale);
	free(g->w_sum);
	free(g);
}

static size_t
in_element(int kind)
{
	return kind == RDL_GEMM_F32 ? sizeof(float) :
	    kind == RDL_GEMM_F16 ? sizeof(uint32_t) :
	    kind == RDL_GEMM_BF16 ? sizeof(uint16_t) : 1;
}

void
rdl_gemm_in_init(struct rdl_gemm_in *in, int kind, size_t rows, size_t k)
{
	memset(in, 0, sizeof(*in));
	in->kind = kind;
	in->rows = rows;
	in->k = k;
	in->ld = kind == RDL_GEMM_INT8 ? (k + 3) & ~(size_t)3 : k;
	in->p = rdl_gemm_alloc(rows * in->ld, in_element(kind));
	/* Rows that only fill up a product are read, too. */
	memset(in->p, 0, rows * in->ld * in_element(kind));
	if (kind == RDL_GEMM_INT8 || kind == RDL_GEMM_F16) {
		in->scale = rdl_mem_calloc(rows, sizeof(float));
		in->zero = rdl_mem_calloc(rows, sizeof(int32_t));
	}
}

void
rdl_gemm_in_release(struct rdl_gemm_in *in)
{
	free(in->p);
	free(in->scale);
	free(in->zero);
	memset(in, 0, sizeof(*in));
}

float *
rdl_gemm_row(const struct rdl_gemm_in *in, size_t row, float *spare)
{
	if (in->kind != RDL_GEMM_F32)
		return spare;
	return (float *)in->p + row * in->ld;
}

void
rdl_gemm_put(const struct rdl_gemm_in *in, const struct rdl_kernel *kernel,
    size_t row, const float *v)
{
	float *to;

	switch (in->kind) {
	case RDL_GEMM_F32:
		to = (float *)in->p + row * in->ld;
		if (to != v)
			memcpy(to, v, in->k * sizeof(float));
		break;
	case RDL_GEMM_BF16:
		kernel->bf16(v, in->k, (uint16_t *)in->p + row * in->ld);
		break;
	case RDL_GEMM_F16:
		rdl_kernel_fp16()->halves(v, in->k, F16_BITS,
		    (uint32_t *)in->p + row * in->ld, in->scale + row);
		break;
	default:
		kernel->quantize(v, in->k, in->ld,
		    (uint8_t *)in->p + row * in->ld, in->scale + row,
		    in->zero + row);
		break;
	}
}

void
rdl_gemm_put_bytes(const struct rdl_gemm_in *in, size_t row, const uint8_t *v)
{
	uint16_t *half = in->p;
	float *whole = in->p;
	uint32_t bits;
	size_t i;

	if (in->kind == RDL_GEMM_INT8) {
		memcpy((uint8_t *)in->p + row * in->ld, v, in->k);
		in->scale[row] = 1.0f;
		in->zero[row] = 0;
	} else if (in->kind == RDL_GEMM_F16) {
		rdl_kernel_fp16()->bytes(v, in->k,
		    (uint32_t *)in->p + row * in->ld);
		in->scale[row] = 1.0f;
	} else if (in->kind == RDL_GEMM_F32) {
		for (i = 0; i < in->k; i++)
			whole[row * in->ld + i] = (float)v[i];
	} else {
		/* A byte has at most eight bits: none is lost. */
		for (i = 0; i < in->k; i++) {
			const float f = (float)v[i];

			memcpy(&bits, &f, sizeof(bits));
			half[row * in->ld + i] = (uint16_t)(bits >> 16);
		}
	}
}

static struct rdl_finish
finish_of(const struct rdl_gemm *g, size_t col)
{
	struct rdl_finish f = { NULL, g->o.act, g->o.add };

	if (g->bias != NULL)
		f.bias = g->bias + col;
	return f;
}

static void
run_f32(const struct rdl_gemm *g, const struct rdl_gemm_in *in, size_t rows,
    float *y, size_t ldy)
{
	const struct rdl_kernel *kn = g->o.kernel;
	struct rdl_tile t;
	size_t p, r, col;

	for (p = 0; p < g->panels; p++) {
		col = p * kn->panel;
		t.k = g->o.k;
		t.cols = g->o.n - col < kn->panel ? g->o.n - col : kn->panel;
		t.w = (const float *)g->w + col * g->o.k;
		t.ldw = kn->panel;
		t.ldx = in->ld;
		t.ldy = ldy;
		t.finish = finish_of(g, col);
		for (r = 0; r < rows; r += t.rows) {
			t.rows = rows - r < kn->rows ? rows - r : kn->rows;
			t.x = (const float *)in->p + r * in->ld;
			t.y = y + r * ldy + col;
			kn->tile(&t);
		}
	}
}

static void
run_f16(const struct rdl_gemm *g, const struct rdl_gemm_in *in, size_t rows,
    float *y, size_t ldy)
{
	const struct rdl_kernel16 *kn = rdl_kernel_fp16();
	struct rdl_tile16 t;
	size_t p, r, col;

	for (p = 0; p < g->panels; p++) {
		col = p * g->panel;
		t.kernel = g->o.kernel;
		t.k = g->o.k;
		t.cols = g->o.n - col < g->panel ? g->o.n - col : g->panel;
		t.w = (const uint16_t *)g->w + col * g->o.k;
		t.w_scale = g->w_scale + col;
		t.ldx = in->ld;
		t.ldy = ldy;
		t.finish = finish_of(g, col);
		for (r = 0; r < rows; r += t.rows) {
			t.rows = rows - r < kn->rows ? rows - r : kn->rows;
			t.x = (const uint32_t *)in->p + r * in->ld;
			t.x_scale = in->scale + r;
			t.y = y + r * ldy + col;
			kn->tile(&t);
		}
	}
}

static void
run_int8(const struct rdl_gemm *g, const struct rdl_gemm_in *in, size_t rows,
    float *y, size_t ldy)
{
	const struct rdl_kernel *kn = g->o.kernel;
	struct rdl_tile8 t;
	size_t p, r, col;

	for (p = 0; p < g->panels; p++) {
		col = p * kn->panel;
		t.k = g->k4;
		t.cols = g->o.n - col < kn->panel ? g->o.n - col : kn->panel;
		t.w = (const int8_t *)g->w + col * g->k4;
		t.w_scale = g->w_scale + col;
		t.w_sum = g->w_sum + col;
		t.ldx = in->ld;
		t.ldy = ldy;
		t.finish = finish_of(g, col);
		for (r = 0; r < rows; r += t.rows) {
			t.rows = rows - r < kn->rows ? rows - r : kn->rows;
			t.x = (const uint8_t *)in->p + r * in->ld;
			t.x_scale = in->scale + r;
			t.x_zero = in->zero + r;
			t.y = y + r * ldy + col;
			kn->tile8(&t);
		}
	}
}

int
rdl_gemm_run(const struct rdl_gemm *g, struct rdl_gemm_work *work,
    const struct rdl_gemm_in *in, size_t rows, float *y, size_t ldy,
    struct rdl_err *err)
{
	if (g->large != NULL)
		return rdl_gemm_onednn_run(g, work, in, rows, y, err);
	if (g->o.kind == RDL_GEMM_F32)
		run_f32(g, in, rows, y, ldy);
	else if (g->o.kind == RDL_GEMM_F16)
		run_f16(g, in, rows, y, ldy);
	else
		run_int8(g, in, rows, y, ldy);
	return 0;
}

void
rdl_gemm_work_release(struct rdl_gemm_work *work)
{
	free(work->scratch);
	free(work->sums);
	memset(work, 0, sizeof(*work));
}

const char *
rdl_gemm_impl(const struct rdl_gemm *g)
{
	if (g->large != NULL)
		return rdl_dnnl_impl(g->large);
	return g->o.kind == RDL_GEMM_F16 ? rdl_kernel_fp16()->name :
	    g->o.kernel->name;
}
