/*
 * The resizer's loops in plain C, and the choice of the set that this CPU
 * runs best.  Reads and writes the pixels it is given.
 */
#include "vision/crop_impl.h"
#include "vision/kernel.h"

static uint8_t
clip(int32_t sum)
{
	sum >>= RDL_CROP_BITS;
	return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

static void
one_row(const struct rdl_crop_taps *t, const uint8_t *in, uint8_t *out)
{
	const int32_t *k;
	const uint8_t *p;
	int32_t r, g, b;
	size_t i, j;

	for (i = 0; i < t->n; i++) {
		k = t->k + i * t->stride;
		p = in + (size_t)t->first[i] * 3;
		r = g = b = 1 << (RDL_CROP_BITS - 1);
		for (j = 0; j < t->count[i]; j++) {
			r += p[3 * j] * k[j];
			g += p[3 * j + 1] * k[j];
			b += p[3 * j + 2] * k[j];
		}
		out[3 * i] = clip(r);
		out[3 * i + 1] = clip(g);
		out[3 * i + 2] = clip(b);
	}
}

static void
rows(const struct rdl_crop_taps *t, const uint8_t *const in[RDL_CROP_ROWS],
    uint8_t *const out[RDL_CROP_ROWS])
{
	size_t i;

	for (i = 0; i < RDL_CROP_ROWS; i++)
		one_row(t, in[i], out[i]);
}

/* In blocks, so that a pass over a row stays in the nearest cache. */
static void
column(const int32_t *k, size_t count, const uint8_t *in, size_t stride,
    uint8_t *out, size_t bytes)
{
	int32_t sum[256];
	const uint8_t *p;
	size_t x, y, i, n;

	for (x = 0; x < bytes; x += n) {
		n = bytes - x < 256 ? bytes - x : 256;
		for (i = 0; i < n; i++)
			sum[i] = 1 << (RDL_CROP_BITS - 1);
		for (y = 0; y < count; y++) {
			p = in + y * stride + x;
			for (i = 0; i < n; i++)
				sum[i] += p[i] * k[y];
		}
		for (i = 0; i < n; i++)
			out[x + i] = clip(sum[i]);
	}
}

const struct rdl_crop_set *
rdl_crop_plain(void)
{
	static const struct rdl_crop_set set = { "plain", NULL, rows, column };

	return &set;
}

const struct rdl_crop_set *
rdl_crop_best(void)
{
	const struct rdl_crop_set *set = rdl_crop_vnni();

	if (set == NULL)
		set = rdl_crop_avx2();
	return set != NULL ? set : rdl_crop_plain();
}
