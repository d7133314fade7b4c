/*
 * Image files: which format, how large, and its pixels the right way up.
 * Reads a file in memory.  The formats themselves are decoded in jpeg.c,
 * png.c, webp.c, pnm.c and stb.c.
 */
#include "vision/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vision/image_impl.h"

static bool
begins(const uint8_t *p, size_t len, const char *magic, size_t n)
{
	return len >= n && memcmp(p, magic, n) == 0;
}

/* By the first bytes, never by a name. */
static const struct rdl_codec *
codec_of(const uint8_t *p, size_t len, const char **format)
{
	if (begins(p, len, "\xff\xd8\xff", 3)) {
		*format = "jpeg";
		return &rdl_jpeg_codec;
	}
	if (begins(p, len, "\x89PNG\r\n\x1a\n", 8)) {
		*format = "png";
		return &rdl_png_codec;
	}
	if (begins(p, len, "RIFF", 4) && len >= 16 &&
	    memcmp(p + 8, "WEBPVP8", 7) == 0) {
		*format = "webp";
		return &rdl_webp_codec;
	}
	if (len >= 3 && p[0] == 'P' && p[1] >= '4' && p[1] <= '6' &&
	    (p[2] == '#' || p[2] == ' ' || (p[2] >= '\t' && p[2] <= '\r'))) {
		*format = "pnm";
		return &rdl_pnm_codec;
	}
	*format = rdl_stb_format(p, len);
	return *format != NULL ? &rdl_stb_codec : NULL;
}

/* As stored: not yet oriented. */
static const struct rdl_codec *
look(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	const struct rdl_codec *codec;
	const char *format;

	*info = (struct rdl_image_info){ .orientation = 1 };
	codec = codec_of(p, len, &format);
	if (codec == NULL) {
		rdl_err_set(err, RDL_E_INPUT, len == 0 ? "an empty file" :
		    "not an image of a known format");
		return NULL;
	}
	snprintf(info->format, sizeof(info->format), "%s", format);
	if (codec->head(p, len, info, err) < 0)
		return NULL;
	if (info->width == 0 || info->height == 0) {
		rdl_err_set(err, RDL_E_INPUT, "an image of %u x %u",
		    (unsigned)info->width, (unsigned)info->height);
		return NULL;
	}
	return codec;
}

static void
orient(struct rdl_image_info *info)
{
	uint32_t width = info->width;

	if (info->orientation < 5)
		return;
	info->width = info->height;
	info->height = width;
}

int
rdl_image_probe(const void *file, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	if (look(file, len, info, err) == NULL)
		return -1;
	orient(info);
	return 0;
}

int
rdl_image_decode(const void *file, size_t len,
    const struct rdl_image_opts *opts, struct rdl_image_info *info,
    struct rdl_image *im, struct rdl_err *err)
{
	const struct rdl_codec *codec = look(file, len, info, err);

	*im = (struct rdl_image)RDL_IMAGE_INIT;
	if (codec == NULL)
		return -1;
	if ((uint64_t)info->width * info->height > opts->max_pixels)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%u x %u pixels, more than %llu", (unsigned)info->width,
		    (unsigned)info->height,
		    (unsigned long long)opts->max_pixels);
	if (codec->pixels(file, len, opts, info, im, err) < 0) {
		rdl_image_release(im);
		return -1;
	}
	if (!opts->ignore_orientation) {
		rdl_pixels_orient(im, info->orientation);
		orient(info);
	}
	return 0;
}

void
rdl_image_release(struct rdl_image *im)
{
	if (im == NULL)
		return;
	free(im->rgb);
	*im = (struct rdl_image)RDL_IMAGE_INIT;
}
