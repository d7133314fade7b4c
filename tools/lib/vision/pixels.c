/*
 * Pixels in memory: room for them, transparency, orientation.
 * Reads and writes images; knows no file format.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/image_impl.h"

int
rdl_pixels_alloc(struct rdl_image *im, uint32_t width, uint32_t height,
    size_t bytes, struct rdl_err *err)
{
	uint64_t n = (uint64_t)width * height;

	if (n == 0 || n > SIZE_MAX / 2 / bytes)
		return rdl_err_set(err, RDL_E_INPUT, "an image of %u x %u",
		    (unsigned)width, (unsigned)height);
	im->rgb = rdl_mem_realloc(NULL, (size_t)n, bytes);
	im->width = width;
	im->height = height;
	return 0;
}

/* What Pillow's alpha_composite() gives on opaque white: seven bits more than
 * a byte, and a division by 255 that rounds. */
static uint8_t
on_white(uint32_t v, uint32_t alpha)
{
	v = (v * alpha + 255 * (255 - alpha)) * 128 + (128 << 7);
	return (uint8_t)((((v >> 8) + v) >> 8) >> 7);
}

void
rdl_pixels_flatten(struct rdl_image *im, int alpha)
{
	size_t i, c, n = (size_t)im->width * im->height;
	const uint8_t *from = im->rgb;
	uint8_t *to = im->rgb;
	uint32_t a;

	for (i = 0; i < n; i++, from += 4, to += 3) {
		a = from[3];
		if (alpha == RDL_ALPHA_DROP || a == 255)
			memmove(to, from, 3);
		else
			for (c = 0; c < 3; c++)
				to[c] = on_white(from[c], a);
	}
	im->rgb = rdl_mem_realloc(im->rgb, n, 3);
}

static void
swap(uint8_t *a, uint8_t *b)
{
	uint8_t px[3];

	memcpy(px, a, 3);
	memcpy(a, b, 3);
	memcpy(b, px, 3);
}

static void
mirror(struct rdl_image *im)
{
	size_t x, y, w = im->width;
	uint8_t *row;

	for (y = 0; y < im->height; y++) {
		row = im->rgb + y * w * 3;
		for (x = 0; x < w / 2; x++)
			swap(row + x * 3, row + (w - 1 - x) * 3);
	}
}

static void
half_turn(struct rdl_image *im)
{
	size_t i, n = (size_t)im->width * im->height;

	for (i = 0; i < n / 2; i++)
		swap(im->rgb + i * 3, im->rgb + (n - 1 - i) * 3);
}

#define TILE 32

/* Columns become rows; a tile at a time, for the cache's sake. */
static void
transpose(struct rdl_image *im)
{
	size_t w = im->width, h = im->height, x, y, tx, ty;
	uint8_t *to = rdl_mem_realloc(NULL, w * h, 3);

	for (ty = 0; ty < h; ty += TILE)
		for (tx = 0; tx < w; tx += TILE)
			for (x = tx; x < tx + TILE && x < w; x++)
				for (y = ty; y < ty + TILE && y < h; y++)
					memcpy(to + (x * h + y) * 3,
					    im->rgb + (y * w + x) * 3, 3);
	free(im->rgb);
	im->rgb = to;
	im->width = (uint32_t)h;
	im->height = (uint32_t)w;
}

/* 5 is the transpose alone; 6, 7 and 8 are mirrored, turned and flipped
 * after it.  A flip is a half turn of the mirror image. */
void
rdl_pixels_orient(struct rdl_image *im, int orientation)
{
	if (orientation >= 5)
		transpose(im);
	if (orientation == 2 || orientation == 4 || orientation == 6 ||
	    orientation == 8)
		mirror(im);
	if (orientation == 3 || orientation == 4 || orientation == 7 ||
	    orientation == 8)
		half_turn(im);
}
