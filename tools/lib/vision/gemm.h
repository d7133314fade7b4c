/*
 * Matrix products against weights that are packed once:
 * y [rows][n] = act(x [rows][k] W^T + bias), in f32, bfloat16, half floats or
 * bytes.
 *
 * f32, half floats and bytes run in tiles of our own (vision/kernel.h), where a
 * row depends on that row alone.  bfloat16, and bytes where the CPU has AMX,
 * run in oneDNN with a fixed number of rows.  A second, smaller number is used
 * only when it gives the same bits, which is tried out when the product is
 * made.  So here too a row does not depend on its neighbours.
 */
#ifndef RDL_VISION_GEMM_H
#define RDL_VISION_GEMM_H

#include "core/err.h"
#include "vision/kernel.h"

enum rdl_gemm_kind {
	RDL_GEMM_F32, RDL_GEMM_BF16, RDL_GEMM_F16, RDL_GEMM_INT8
};

struct rdl_gemm_opts {
	const struct rdl_kernel *kernel;
	int kind;		/* enum rdl_gemm_kind */
	bool onednn;		/* bytes by oneDNN (bfloat16 always is) */
	size_t n, k;
	size_t rows;		/* most rows of one product */
	int act;		/* enum rdl_act */
	bool add;		/* y holds what is added to */
};

/* Left operands [rows][k] as a kind of product wants them. */
struct rdl_gemm_in {
	int kind;
	size_t rows, k;		/* capacity */
	size_t ld;		/* elements from a row to the next */
	void *p;
	float *scale;		/* [rows], bytes and half floats */
	int32_t *zero;		/* [rows], bytes */
};

/* What a thread needs beside: sums of bytes, scratch of oneDNN. */
struct rdl_gemm_work {
	void *scratch, *sums;
	size_t scratch_size, sums_size;
};

#define RDL_GEMM_WORK_INIT { NULL, NULL, 0, 0 }

struct rdl_gemm;

/* Packs w [n][k] and bias [n] (or NULL); both stay the caller's. */
struct rdl_gemm *rdl_gemm_new(const struct rdl_gemm_opts *o, const float *w,
    const float *bias, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_gemm_free(struct rdl_gemm *g);

void rdl_gemm_in_init(struct rdl_gemm_in *in, int kind, size_t rows, size_t k);
void rdl_gemm_in_release(struct rdl_gemm_in *in);

/* Where a row may be made as f32 at once, or spare [k] if the kind is another;
 * hand what was made to rdl_gemm_put(). */
float *rdl_gemm_row(const struct rdl_gemm_in *in, size_t row, float *spare);
void rdl_gemm_put(const struct rdl_gemm_in *in,
    const struct rdl_kernel *kernel, size_t row, const float *v);

/* A row of bytes 0..255 as they are. */
void rdl_gemm_put_bytes(const struct rdl_gemm_in *in, size_t row,
    const uint8_t *v);

/* y [rows][ldy]; with oneDNN y has room for the rows of the options, and ldy
 * is n. */
int rdl_gemm_run(const struct rdl_gemm *g, struct rdl_gemm_work *work,
    const struct rdl_gemm_in *in, size_t rows, float *y, size_t ldy,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_gemm_work_release(struct rdl_gemm_work *work);

/* "avx512", "brg:avx512_core_amx_bf16", ...: for messages and tests. */
const char *rdl_gemm_impl(const struct rdl_gemm *g);

#endif
