/*
 * PNG files, by libpng.  Of an APNG, the picture that a plain reader shows.
 * Reads a file in memory, writes RGB.  Colour is taken as it stands: gamma and
 * profiles are ignored, as every peer does.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "core/mem.h"
#include "vision/image_impl.h"

#define SIGNATURE_LEN 8
#define CHUNK_LEN 12		/* of a chunk without data */

struct reader {
	png_structp png;
	png_infop info;
	jmp_buf jump;
	struct rdl_err *err;
	const uint8_t *p;
	size_t len, at;
};

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Size and colour type stand in the first chunk; walk the others for what
 * concerns us, as far as they can be followed. */
static int
head(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	size_t at, n;
	bool data = false;

	if (len < SIGNATURE_LEN + CHUNK_LEN + 13 ||
	    memcmp(p + SIGNATURE_LEN, "\0\0\0\rIHDR", 8) != 0)
		return rdl_err_set(err, RDL_E_INPUT, "PNG: no header");
	info->width = get32(p + 16);
	info->height = get32(p + 20);
	info->alpha = (p[25] & PNG_COLOR_MASK_ALPHA) != 0;
	for (at = SIGNATURE_LEN; len - at >= CHUNK_LEN; at += n + CHUNK_LEN) {
		n = get32(p + at);
		if (n > len - at - CHUNK_LEN)
			break;
		if (memcmp(p + at + 4, "IDAT", 4) == 0)
			data = true;
		if (memcmp(p + at + 4, "tRNS", 4) == 0 && !data)
			info->alpha = true;
		if (memcmp(p + at + 4, "eXIf", 4) == 0)
			info->orientation = rdl_exif_orientation(p + at + 8, n);
	}
	return 0;
}

static void
give_up(png_structp png, png_const_charp msg)
{
	struct reader *r = png_get_error_ptr(png);

	rdl_err_set(r->err, RDL_E_INPUT, "PNG: %s", msg);
	longjmp(r->jump, 1);
}

/* About chunks that are not needed, or more data than needed. */
static void
ignore(png_structp png, png_const_charp msg)
{
	(void)png;
	(void)msg;
}

static void
give_bytes(png_structp png, png_bytep out, size_t n)
{
	struct reader *r = png_get_io_ptr(png);

	if (n > r->len - r->at)
		png_error(png, "the file ends early");
	memcpy(out, r->p + r->at, n);
	r->at += n;
}

/* To 8 bits, to RGB, and transparency to an alpha channel. */
static void
prepare(struct reader *r)
{
	png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
	png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_set_read_fn(r->png, r, give_bytes);
	png_read_info(r->png, r->info);
	png_set_expand(r->png);
	png_set_scale_16(r->png);
	png_set_gray_to_rgb(r->png);
}

/* The whole of it; errors of the library leave by longjmp. */
static int
read_all(struct reader *r, const struct rdl_image_opts *opts,
    struct rdl_image *im)
{
	size_t y, bytes;
	int passes;

	prepare(r);
	passes = png_set_interlace_handling(r->png);
	png_read_update_info(r->png, r->info);
	bytes = png_get_channels(r->png, r->info);
	if ((bytes != 3 && bytes != 4) ||
	    png_get_bit_depth(r->png, r->info) != 8)
		return rdl_err_set(r->err, RDL_E_INPUT,
		    "PNG: an unknown kind of pixels");
	if (rdl_pixels_alloc(im, png_get_image_width(r->png, r->info),
	    png_get_image_height(r->png, r->info), bytes, r->err) < 0)
		return -1;
	bytes *= im->width;
	for (; passes > 0; passes--)
		for (y = 0; y < im->height; y++)
			png_read_row(r->png, im->rgb + y * bytes, NULL);
	png_read_end(r->png, NULL);
	if (bytes / im->width == 4)
		rdl_pixels_flatten(im, opts->alpha);
	return 0;
}

static int
pixels(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    const struct rdl_image_info *info, struct rdl_image *im,
    struct rdl_err *err)
{
	struct reader *r = rdl_mem_calloc(1, sizeof(*r));
	int rc = -1;

	(void)info;
	r->err = err;
	r->p = p;
	r->len = len;
	if (setjmp(r->jump) == 0) {
		r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, r,
		    give_up, ignore);
		if (r->png != NULL)
			r->info = png_create_info_struct(r->png);
		if (r->info == NULL)
			rdl_err_set(err, RDL_E_IO, "PNG: no memory");
		else
			rc = read_all(r, opts, im);
	}
	png_destroy_read_struct(&r->png, &r->info, NULL);
	free(r);
	return rc;
}

const struct rdl_codec rdl_png_codec = { head, pixels };
