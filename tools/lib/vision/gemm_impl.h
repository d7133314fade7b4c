/*
 * What the files of vision/gemm share.
 */
#ifndef RDL_VISION_GEMM_IMPL_H
#define RDL_VISION_GEMM_IMPL_H

#include "vision/dnnl.h"
#include "vision/gemm.h"

#define GEMM_ALIGN 64

/* Rows of the smaller products of oneDNN. */
#define GEMM_SMALL 64

struct rdl_gemm {
	struct rdl_gemm_opts o;
	size_t k4;		/* k, rounded up to whole fours */
	size_t panel, panels;	/* columns of one, and how many */
	float *bias;		/* [panels * panel], or NULL */
	void *w;		/* packed */
	float *w_scale;		/* bytes, halves: [panels * panel] */
	int32_t *w_sum;
	struct rdl_dnnl *large, *small;	/* small may be NULL */
};

/* At least one byte, aligned for the widest vector, not cleared. */
void *rdl_gemm_alloc(size_t n, size_t size);

/* Pack w [n][k] for our own tiles, in f32, half floats or bytes. */
void rdl_gemm_pack_f32(struct rdl_gemm *g, const float *w);
void rdl_gemm_pack_f16(struct rdl_gemm *g, const float *w);
void rdl_gemm_pack_int8(struct rdl_gemm *g, const float *w);

/* Bytes [n][k] of w, nearest, each row to its own scale, with their sums. */
void rdl_gemm_bytes(struct rdl_gemm *g, const float *w, int8_t *out);

/* Prepare and pack with oneDNN; run there. */
int rdl_gemm_onednn(struct rdl_gemm *g, const float *w, struct rdl_err *err)
    RDL_MUST_CHECK;
int rdl_gemm_onednn_run(const struct rdl_gemm *g, struct rdl_gemm_work *work,
    const struct rdl_gemm_in *in, size_t rows, float *y, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
