/*
 * Tensors of a CLIP model by what they are, under the names of both layouts.
 */
#ifndef RDL_VISION_CLIP_TENSOR_H
#define RDL_VISION_CLIP_TENSOR_H

#include "vision/clip_impl.h"

#define RDL_CLIP_NAME 160

/* Parts of a block; their names end in '.' or '_', before weight and bias. */
enum rdl_clip_part {
	RDL_CLIP_NORM1, RDL_CLIP_NORM2, RDL_CLIP_Q, RDL_CLIP_K, RDL_CLIP_V,
	RDL_CLIP_QKV, RDL_CLIP_OUT, RDL_CLIP_FC1, RDL_CLIP_FC2
};

/* What a tower has outside its blocks. */
enum rdl_clip_whole {
	RDL_CLIP_TOKENS, RDL_CLIP_POSITION, RDL_CLIP_CLASS, RDL_CLIP_PATCH,
	RDL_CLIP_PRE, RDL_CLIP_POST, RDL_CLIP_PROJ, RDL_CLIP_BLOCKS
};

/* The name of one (enum rdl_clip_whole), or of a part of a block, with end
 * behind it. */
void rdl_clip_tensor_name(const struct rdl_clip *c,
    const struct rdl_clip_tower *t, int whole, const char *end,
    char name[RDL_CLIP_NAME]);
void rdl_clip_tensor_part(const struct rdl_clip *c,
    const struct rdl_clip_tower *t, size_t layer, int part, const char *end,
    char name[RDL_CLIP_NAME]);

/* The tensor of a name, of that shape and of floats; NULL with err. */
const struct rdl_tensor *rdl_clip_tensor_find(const struct rdl_clip *c,
    const char *name, const size_t *shape, size_t ndim, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Its values, all finite, into out; its pages are given back. */
int rdl_clip_tensor_copy(const struct rdl_clip *c, const char *name,
    const size_t *shape, size_t ndim, float *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* The same without a copy where the file holds f32: a pointer into the file or
 * to room.  Hand *drop to rdl_clip_tensor_drop() after use. */
const float *rdl_clip_tensor_borrow(const struct rdl_clip *c,
    const char *name, const size_t shape[2], float *room,
    const struct rdl_tensor **drop, struct rdl_err *err) RDL_MUST_CHECK;

/* Pages that hold nothing but this tensor go back to the system. */
void rdl_clip_tensor_drop(const struct rdl_tensor *t);

#endif
