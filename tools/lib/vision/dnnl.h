/*
 * The one place that knows oneDNN (dnnl_*), of major version 2 or 3 by the
 * header that riddle is compiled with.  The library is loaded when the first
 * product is prepared, so that no start pays for it.
 *
 * Used from threads that each call rdl_dnnl_thread() first: it keeps oneDNN
 * from starting OpenMP teams there.  A prepared product may run in any of
 * them at once, each with a scratch of its own.
 */
#ifndef RDL_VISION_DNNL_H
#define RDL_VISION_DNNL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum rdl_dnnl_type {
	RDL_DNNL_F32, RDL_DNNL_BF16, RDL_DNNL_U8, RDL_DNNL_S8, RDL_DNNL_S32
};

/* y [m][n] (+)= act(x [m][k] W^T + bias [n], f32) */
struct rdl_dnnl_shape {
	size_t m, n, k;
	int x, w, y;		/* enum rdl_dnnl_type */
	bool bias;
	int act;		/* enum rdl_act of vision/kernel.h */
	bool add;		/* to what stands in y */
};

struct rdl_dnnl;

/* 0 if oneDNN can be had; RDL_E_IO if it is not installed or too old. */
int rdl_dnnl_load(struct rdl_err *err) RDL_MUST_CHECK;

/* One thread for all that this thread asks of oneDNN. */
void rdl_dnnl_thread(void);

/* Prepare a product.  like: use its layout of packed weights, or fail; NULL:
 * choose one.  RDL_E_IO if this CPU cannot. */
struct rdl_dnnl *rdl_dnnl_new(const struct rdl_dnnl_shape *s,
    const struct rdl_dnnl *like, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_dnnl_free(struct rdl_dnnl *d);

/* What runs it, as "brg:avx512_core_amx_bf16". */
const char *rdl_dnnl_impl(const struct rdl_dnnl *d);

/* Bytes of the packed weights, and of a scratch. */
size_t rdl_dnnl_weights_size(const struct rdl_dnnl *d);
size_t rdl_dnnl_scratch_size(const struct rdl_dnnl *d);

/* W [n][k] row-major, of type from, into packed (64-aligned). */
int rdl_dnnl_pack(const struct rdl_dnnl *d, int from, const void *w,
    void *packed, struct rdl_err *err) RDL_MUST_CHECK;

/* All m rows of x and y are read and written. */
int rdl_dnnl_run(const struct rdl_dnnl *d, const void *x, const void *packed,
    const float *bias, void *y, void *scratch, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
