/*
 * What the files behind request.h share: reading an image by its URI.
 */
#ifndef RDL_MODEL_REQUEST_IMPL_H
#define RDL_MODEL_REQUEST_IMPL_H

#include "core/buf.h"
#include "core/err.h"

/* The longest part of a file name that is put into a message. */
#define RDL_REQUEST_SHOWN 200

/* Append the bytes that uri (a path, or a data: URI) stands for; out's
 * maximum is the most that is read. */
int rdl_request_image_load(const char *uri, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* "image/jpeg" and so on by the first bytes of the file, or NULL. */
const char *rdl_request_image_type(const char *p, size_t len);

#endif
