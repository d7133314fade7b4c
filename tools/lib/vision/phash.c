/*
 * The perceptual hash of an image, in integers alone, so that it is the same
 * on every machine.  Reads an image; keeps nothing.
 */
#include "vision/phash.h"

#include <stdlib.h>
#include <string.h>

#include "vision/crop.h"

#define SIDE 32
#define LOW 8
#define BITS (LOW * LOW)

/* round(2^14 cos(pi m / 64)), m = 0..32: a quarter of the wave. */
static const int32_t quarter[SIDE + 1] = {
	16384, 16364, 16305, 16207, 16069, 15893, 15679, 15426, 15137, 14811,
	14449, 14053, 13623, 13160, 12665, 12140, 11585, 11003, 10394, 9760,
	9102, 8423, 7723, 7005, 6270, 5520, 4756, 3981, 3196, 2404, 1606, 804,
	0
};

/* 2^14 cos(pi (2x + 1) u / 64): the base functions of the DCT-II (Ahmed,
 * Natarajan, Rao 1974). */
static int32_t
cosine(size_t x, size_t u)
{
	size_t m = (2 * x + 1) * u % 128;

	if (m > 64)
		m = 128 - m;
	return m <= 32 ? quarter[m] : -quarter[64 - m];
}

/* ITU-R 601 luma of [SIDE][SIDE][3], as Pillow's "L". */
static void
luma(const uint8_t *rgb, int32_t grey[SIDE][SIDE])
{
	size_t x, y;

	for (y = 0; y < SIDE; y++)
		for (x = 0; x < SIDE; x++, rgb += 3)
			grey[y][x] = (rgb[0] * 19595 + rgb[1] * 38470 +
			    rgb[2] * 7471 + 0x8000) >> 16;
}

/* The LOW x LOW lowest frequencies, times 2^28. */
static void
lowest(int32_t grey[SIDE][SIDE], int64_t freq[BITS])
{
	int64_t row[SIDE][LOW];
	size_t u, v, i;

	for (i = 0; i < SIDE; i++)
		for (u = 0; u < LOW; u++)
			for (row[i][u] = 0, v = 0; v < SIDE; v++)
				row[i][u] += grey[i][v] * cosine(v, u);
	for (v = 0; v < LOW; v++)
		for (u = 0; u < LOW; u++) {
			freq[v * LOW + u] = 0;
			for (i = 0; i < SIDE; i++)
				freq[v * LOW + u] += row[i][u] * cosine(i, v);
		}
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int
rdl_phash(const struct rdl_image *im, uint64_t *hash, struct rdl_err *err)
{
	uint8_t small[SIDE * SIDE * 3];
	int32_t grey[SIDE][SIDE];
	int64_t freq[BITS], sorted[BITS - 1], median;
	size_t i;

	if (rdl_crop_resize(im, SIDE, SIDE, RDL_RESIZE_BILINEAR, small,
	    err) < 0)
		return -1;
	luma(small, grey);
	lowest(grey, freq);
	memcpy(sorted, freq + 1, sizeof(sorted));
	qsort(sorted, BITS - 1, sizeof(sorted[0]), by_size);
	median = sorted[(BITS - 1) / 2];
	*hash = 0;
	for (i = 0; i < BITS; i++)
		*hash = *hash << 1 | (freq[i] > median);
	return 0;
}
