/*
 * What the decoders of image files have in common.
 */
#ifndef RDL_VISION_IMAGE_IMPL_H
#define RDL_VISION_IMAGE_IMPL_H

#include "core/compiler.h"
#include "vision/image.h"

/* One file format.  The bytes are known to begin as the format's files do. */
struct rdl_codec {
	/* Fill width, height (as stored), orientation and alpha. */
	int (*head)(const uint8_t *p, size_t len, struct rdl_image_info *info,
	    struct rdl_err *err);
	/* Pixels as stored; info is head()'s, im is empty.  What is in im on
	 * error the caller releases. */
	int (*pixels)(const uint8_t *p, size_t len,
	    const struct rdl_image_opts *opts,
	    const struct rdl_image_info *info, struct rdl_image *im,
	    struct rdl_err *err);
};

extern const struct rdl_codec rdl_jpeg_codec;
extern const struct rdl_codec rdl_png_codec;
extern const struct rdl_codec rdl_webp_codec;
extern const struct rdl_codec rdl_pnm_codec;
extern const struct rdl_codec rdl_stb_codec;

/* The format stb.c reads ("gif", "bmp", "psd", "hdr", "tga"), NULL for
 * none of them. */
const char *rdl_stb_format(const uint8_t *p, size_t len);

/* GIF: whether its first frame leaves some of the picture transparent. */
bool rdl_gif_alpha(const uint8_t *p, size_t len);

/* EXIF data (a TIFF header and its first directory, with or without "Exif"
 * before it) to an orientation, 1 to 8; 1 for anything else. */
int rdl_exif_orientation(const uint8_t *p, size_t len);

/* Memory for width x height pixels of bytes each, not zeroed. */
int rdl_pixels_alloc(struct rdl_image *im, uint32_t width, uint32_t height,
    size_t bytes, struct rdl_err *err) RDL_MUST_CHECK;

/* [n][4] to [n][3] in place, and the memory cut; alpha is enum rdl_alpha. */
void rdl_pixels_flatten(struct rdl_image *im, int alpha);

/* Turn the picture as an EXIF orientation asks. */
void rdl_pixels_orient(struct rdl_image *im, int orientation);

#endif
