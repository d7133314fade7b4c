/*
 * From an image to the square that a CLIP tower sees, as Pillow does it:
 * antialiased bicubic (a = -0.5) or bilinear in 22-bit fixed point, to the
 * bit.  Pillow 13's order of passes (src/libImaging/Resample.c): vertical
 * first if the height shrinks, and by more than twice as many pixels as the
 * width does; else horizontal first.
 */
#ifndef RDL_VISION_CROP_H
#define RDL_VISION_CROP_H

#include "vision/image.h"

enum rdl_filter_kind { RDL_RESIZE_BICUBIC, RDL_RESIZE_BILINEAR };

struct rdl_crop {
	uint32_t size;		/* R: the square is R x R */
	int filter;		/* enum rdl_filter_kind */
	bool squash;		/* resize to R x R, no crop */
	bool half_even;		/* margin rounds half to even (OpenCLIP), else
				 * down (Hugging Face) */
};

/* Resize to width x height: out is [height][width][3]. */
int rdl_crop_resize(const struct rdl_image *im, uint32_t width,
    uint32_t height, int filter, uint8_t *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Shortest side to R (the other to int(R * long / short)), centre R x R; only
 * the rows and columns of the crop are computed.  out is [R][R][3]. */
int rdl_crop_square(const struct rdl_image *im, const struct rdl_crop *c,
    uint8_t *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
