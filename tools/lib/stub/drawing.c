/*
 * A small picture out of a hash.
 * Writes PNG bytes to the buffer it is given, by libpng.
 * Draws no likeness of what the prompt says.
 */
#include "stub/drawing.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"

#define SHAPES 6

struct shape {
	int64_t x, y, r;	/* middle, and half of the side */
	unsigned char rgb[3];
	int round;
};

static void
colour(struct rdl_rng *r, unsigned char rgb[3])
{
	int i;

	for (i = 0; i < 3; i++)
		rgb[i] = (unsigned char)rdl_rng_below(r, 256);
}

static int
inside(const struct shape *s, int64_t x, int64_t y)
{
	int64_t dx = x - s->x, dy = y - s->y;

	if (s->round)
		return dx * dx + dy * dy <= s->r * s->r;
	return llabs(dx) <= s->r && llabs(dy) <= s->r;
}

static void
paint(unsigned char *px, uint64_t h, uint32_t width, uint32_t height)
{
	struct rdl_rng r = { h };
	unsigned char from[3], to[3];
	struct shape s[SHAPES];
	uint32_t x, y, side = width < height ? width : height;
	int i, c;

	colour(&r, from);
	colour(&r, to);
	for (i = 0; i < SHAPES; i++) {
		s[i].x = (int64_t)rdl_rng_below(&r, width);
		s[i].y = (int64_t)rdl_rng_below(&r, height);
		s[i].r = (int64_t)(1 + rdl_rng_below(&r, side / 4 + 1));
		s[i].round = (int)rdl_rng_below(&r, 2);
		colour(&r, s[i].rgb);
	}
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++, px += 3) {
			for (c = 0; c < 3; c++)
				px[c] = (unsigned char)((from[c] *
				    (height - y) + to[c] * y) / height);
			for (i = 0; i < SHAPES; i++)
				if (inside(&s[i], x, y))
					memcpy(px, s[i].rgb, 3);
		}
}

int
rdl_drawing_png(struct rdl_buf *out, uint64_t h, uint32_t width,
    uint32_t height, struct rdl_err *err)
{
	png_image image;
	png_alloc_size_t size;
	unsigned char *px;
	char *to;
	int rc = -1;

	memset(&image, 0, sizeof(image));
	image.version = PNG_IMAGE_VERSION;
	image.width = width;
	image.height = height;
	image.format = PNG_FORMAT_RGB;
	px = rdl_mem_calloc((size_t)width * height, 3);
	paint(px, h, width, height);
	size = PNG_IMAGE_PNG_SIZE_MAX(image);
	to = rdl_buf_reserve(out, size);
	if (to == NULL)
		(void)rdl_err_set(err, RDL_E_IO, "the picture is too large");
	else if (!png_image_write_to_memory(&image, to, &size, 0, px, 0, NULL))
		(void)rdl_err_set(err, RDL_E_IO, "libpng: %s", image.message);
	else {
		out->len += size;
		rc = 0;
	}
	png_image_free(&image);
	free(px);
	return rc;
}
