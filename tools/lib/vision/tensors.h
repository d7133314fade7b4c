/*
 * safetensors files, mapped: named tensors as they stand in the file.
 * One file or a sharded model (model.safetensors.index.json).  The header is
 * checked whole: sizes, shapes, products, overlaps, no byte outside the file.
 * Format: github.com/huggingface/safetensors, README.
 */
#ifndef RDL_VISION_TENSORS_H
#define RDL_VISION_TENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"

enum rdl_dtype {
	RDL_DTYPE_OTHER, RDL_DTYPE_F32, RDL_DTYPE_F16, RDL_DTYPE_BF16
};

#define RDL_TENSOR_DIMS 8

struct rdl_tensor {
	int dtype;		/* enum rdl_dtype */
	size_t ndim;
	size_t shape[RDL_TENSOR_DIMS];
	const void *data;	/* row-major; may be unaligned; until close */
	size_t size;		/* bytes */
};

struct rdl_tensors;

/* Open model.safetensors, open_clip_model.safetensors or, with its shards,
 * model.safetensors.index.json in dir: the first of them that is there. */
struct rdl_tensors *rdl_tensors_open(const char *dir, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_tensors_close(struct rdl_tensors *t);

/* NULL if there is none of that name. */
const struct rdl_tensor *rdl_tensors_find(const struct rdl_tensors *t,
    const char *name);

/* Copy elements [from, from + n), which must be in t, to out as f32, exactly;
 * NaN for a dtype that is RDL_DTYPE_OTHER. */
void rdl_tensors_f32(const struct rdl_tensor *t, size_t from, size_t n,
    float *out);

/* XXH3-128 (canonical) of the bytes of all files, one behind the other in the
 * order of their names, read without mapping them. */
int rdl_tensors_digest(struct rdl_tensors *t, struct rdl_hash *digest,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
