/*
 * A small picture out of a hash, as an image server would give it.
 */
#ifndef RDL_STUB_DRAWING_H
#define RDL_STUB_DRAWING_H

#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

/* Append the PNG (8-bit RGB) of the picture that follows from h: a gradient
 * with shapes upon it. */
int rdl_drawing_png(struct rdl_buf *out, uint64_t h, uint32_t width,
    uint32_t height, struct rdl_err *err) RDL_MUST_CHECK;

#endif
