/*
 * Image files in memory: what they are, and their pixels as 8-bit RGB.
 * JPEG by libjpeg-turbo, PNG by libpng, WebP by libwebp, GIF (first frame),
 * BMP and the rest by stb_image.  Bytes may come from strangers: decode them
 * in vision/pool.h's children, not in the process that holds the ledger.
 */
#ifndef RDL_VISION_IMAGE_H
#define RDL_VISION_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct rdl_image {
	uint8_t *rgb;		/* [height][width][3], heap */
	uint32_t width, height;
};

#define RDL_IMAGE_INIT { NULL, 0, 0 }

/* What becomes of transparency: composited on white before anything else, as
 * transformers 5 does, or dropped, as OpenAI's code and transformers 4 do. */
enum rdl_alpha { RDL_ALPHA_WHITE, RDL_ALPHA_DROP };

struct rdl_image_opts {
	int alpha;		/* enum rdl_alpha */
	bool ignore_orientation;	/* leave EXIF orientation alone */
	uint64_t max_pixels;	/* more are refused before decoding */
	/* A JPEG may be decoded at n/8 of its size while its short side stays
	 * at least this; 0: always whole.  Changes pixels. */
	uint32_t shrink_to;
};

#define RDL_IMAGE_OPTS_DEFAULT { RDL_ALPHA_WHITE, false, 178956970, 0 }

struct rdl_image_info {
	char format[8];		/* "jpeg", "png", "gif", "bmp", "webp", ... as
				 * in schemas/image.json */
	uint32_t width, height;	/* of the whole image, oriented */
	int orientation;	/* 1 to 8, as in EXIF; 1 if there is none */
	bool alpha;		/* the file has transparency */
};

/* What the file says of itself, without decoding.  RDL_E_INPUT if it is of no
 * known format or its head is broken. */
int rdl_image_probe(const void *file, size_t len, struct rdl_image_info *info,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Decode.  A file that ends early, or that the decoder warns is damaged, is
 * RDL_E_INPUT: never half a picture.  16-bit samples are scaled to 8 (by 257),
 * CMYK and YCCK become RGB, an animation gives its first frame.
 */
int rdl_image_decode(const void *file, size_t len,
    const struct rdl_image_opts *opts, struct rdl_image_info *info,
    struct rdl_image *im, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_image_release(struct rdl_image *im);

#endif
