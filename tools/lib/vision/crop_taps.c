/*
 * The weights of a resized line, as Pillow computes them (Resample.c): in
 * double, normalised to a sum of 1, then rounded to fixed point.
 * Reads sizes; does not see a pixel.
 */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "vision/crop.h"
#include "vision/crop_impl.h"

/* Fused multiply-add would change the last bit of a weight.  gcc does not
 * contract under -std=c11. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* Keys, "Cubic convolution interpolation", 1981, with a = -0.5. */
static double
bicubic(double x)
{
	if (x < 0.0)
		x = -x;
	if (x < 1.0)
		return (1.5 * x - 2.5) * x * x + 1;
	if (x < 2.0)
		return (((x - 5) * x + 8) * x - 4) * -0.5;
	return 0.0;
}

static double
bilinear(double x)
{
	if (x < 0.0)
		x = -x;
	return x < 1.0 ? 1.0 - x : 0.0;
}

static int32_t
fixed(double w)
{
	w *= 1 << RDL_CROP_BITS;
	return (int32_t)(w < 0 ? w - 0.5 : w + 0.5);
}

/* A place between two pixels, rounded and kept within the line. */
static uint32_t
within(double at, uint32_t in)
{
	if (at < 0)
		return 0;
	return at >= (double)in ? in : (uint32_t)at;
}

void
rdl_crop_taps_make(struct rdl_crop_taps *t, uint32_t in, uint64_t out,
    uint64_t from, uint32_t n, int filter)
{
	double (*f)(double) =
	    filter == RDL_RESIZE_BILINEAR ? bilinear : bicubic;
	double scale = (double)in / (double)out;
	double wide = scale < 1.0 ? 1.0 : scale, narrow = 1.0 / wide;
	double support = (filter == RDL_RESIZE_BILINEAR ? 1.0 : 2.0) * wide;
	double centre, sum, *w;
	size_t i, j, most;

	most = (size_t)ceil(support) * 2 + 1;
	if (most > in)
		most = in;
	t->n = n;
	t->stride = (most + RDL_CROP_GROUP - 1) / RDL_CROP_GROUP *
	    RDL_CROP_GROUP;
	t->first = rdl_mem_calloc(n, sizeof(*t->first));
	t->count = rdl_mem_calloc(n, sizeof(*t->count));
	t->k = rdl_mem_calloc(n, t->stride * sizeof(*t->k));
	w = rdl_mem_calloc(most, sizeof(*w));
	for (i = 0; i < n; i++) {
		centre = ((double)(from + i) + 0.5) * scale;
		t->first[i] = within(centre - support + 0.5, in);
		t->count[i] = within(centre + support + 0.5, in) - t->first[i];
		for (j = 0, sum = 0.0; j < t->count[i]; j++) {
			w[j] = f(((double)(j + t->first[i]) - centre + 0.5) *
			    narrow);
			sum += w[j];
		}
		for (j = 0; j < t->count[i]; j++)
			t->k[i * t->stride + j] =
			    fixed(sum != 0.0 ? w[j] / sum : w[j]);
	}
	free(w);
}

void
rdl_crop_taps_release(struct rdl_crop_taps *t)
{
	free(t->first);
	free(t->count);
	free(t->k);
	free(t->packed);
	*t = (struct rdl_crop_taps)RDL_CROP_TAPS_INIT;
}

void
rdl_crop_taps_span(const struct rdl_crop_taps *t, uint32_t *lo, uint32_t *hi)
{
	*lo = t->first[0];
	*hi = t->first[t->n - 1] + t->count[t->n - 1];
}

void
rdl_crop_taps_shift(struct rdl_crop_taps *t, uint32_t lo)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		t->first[i] -= lo;
}
