/*
 * What one thread computes a tower with.
 */
#ifndef RDL_VISION_CLIP_WORK_H
#define RDL_VISION_CLIP_WORK_H

#include "vision/gemm.h"

struct rdl_clip_work {
	float *x;		/* [rows][width], the residual stream */
	float *qkv;		/* [rows][3][width] */
	float *mixed;		/* [rows][width], out of attention */
	float *hidden;		/* [rows][mlp]; f32 uses in_mlp itself */
	float *pooled;		/* [rows][width], one row a sequence */
	float *spare;		/* one row */
	float *keys;		/* [width of a head][padded] */
	float *scores;		/* [rows of a tile][padded] */
	size_t padded;		/* tokens, rounded up to panels */
	uint8_t *bytes;		/* one patch [3][patch][patch] */
	struct rdl_gemm_in in, in_mlp, in_proj, in_patch;
	struct rdl_gemm_work gemm;
};

#endif
