/*
 * Weights into the order in which the tiles read them.
 * Reads w [n][k].  Does not know oneDNN's layouts.
 */
#include "vision/gemm_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

RDL_KERNEL_EXACT

/* Panel by panel: [k][panel], zeros behind the last column. */
void
rdl_gemm_pack_f32(struct rdl_gemm *g, const float *w)
{
	const struct rdl_kernel *kn = g->o.kernel;
	size_t p, col, cols, k = g->o.k;
	float *out;

	out = rdl_gemm_alloc(g->panels * kn->panel * k, sizeof(float));
	g->w = out;
	for (p = 0; p < g->panels; p++) {
		col = p * kn->panel;
		cols = g->o.n - col < kn->panel ? g->o.n - col : kn->panel;
		kn->transpose(w + col * k, cols, k, k, out + col * k,
		    kn->panel);
	}
}

/* Panel by panel: [k][panel], zeros behind the last column. */
void
rdl_gemm_pack_f16(struct rdl_gemm *g, const float *w)
{
	uint32_t *row = rdl_mem_calloc(g->o.k, sizeof(*row));
	size_t n, i, k = g->o.k, panel = g->panel;
	uint16_t *out;

	g->w_scale = rdl_mem_calloc(g->panels * panel, sizeof(float));
	out = rdl_gemm_alloc(g->panels * panel * k, sizeof(*out));
	memset(out, 0, g->panels * panel * k * sizeof(*out));
	g->w = out;
	for (n = 0; n < g->o.n; n++) {
		rdl_kernel_fp16()->halves(w + n * k, k, 0, row,
		    &g->w_scale[n]);
		out = (uint16_t *)g->w + n / panel * panel * k + n % panel;
		for (i = 0; i < k; i++)
			out[i * panel] = (uint16_t)row[i];
	}
	free(row);
}

/* The most of |row|, k elements. */
static float
span(const float *row, size_t k)
{
	float m = 0;
	size_t i;

	for (i = 0; i < k; i++)
		m = row[i] > m ? row[i] : -row[i] > m ? -row[i] : m;
	return m;
}

void
rdl_gemm_bytes(struct rdl_gemm *g, const float *w, int8_t *out)
{
	size_t n, i, k = g->o.k, padded = g->panels * g->panel;
	const float *row;
	float inv, v;

	g->w_scale = rdl_mem_calloc(padded, sizeof(float));
	g->w_sum = rdl_mem_calloc(padded, sizeof(int32_t));
	for (n = 0; n < g->o.n; n++) {
		row = w + n * k;
		g->w_scale[n] = span(row, k) / 127.0f;
		inv = g->w_scale[n] > 0 ? 1.0f / g->w_scale[n] : 0.0f;
		for (i = 0; i < k; i++) {
			v = row[i] * inv;
			v += v < 0 ? -0.5f : 0.5f;
			out[n * k + i] = (int8_t)v;
			g->w_sum[n] += out[n * k + i];
		}
	}
}

/* Panel by panel: [k / 4][panel][4]. */
void
rdl_gemm_pack_int8(struct rdl_gemm *g, const float *w)
{
	size_t panel = g->panel, n, i, k = g->o.k;
	int8_t *bytes = rdl_mem_calloc(g->o.n * k, 1), *out;

	rdl_gemm_bytes(g, w, bytes);
	out = rdl_gemm_alloc(g->panels * panel, g->k4);
	memset(out, 0, g->panels * panel * g->k4);
	g->w = out;
	for (n = 0; n < g->o.n; n++) {
		out = (int8_t *)g->w + n / panel * panel * g->k4 +
		    n % panel * 4;
		for (i = 0; i < k; i++)
			out[i / 4 * panel * 4 + i % 4] = bytes[n * k + i];
	}
	free(bytes);
}
