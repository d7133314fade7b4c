/*
 * A folder of files named by their content: DIR/ab/cdef....EXT, where abcdef
 * is the SHA-256 in hex.  Writing is atomic; what is there is not written
 * again; a name never leaves DIR.
 */
#ifndef RDL_VISION_STORE_H
#define RDL_VISION_STORE_H

#include "core/buf.h"
#include "core/err.h"

/* Put the file's bytes; sha256 is 64 hex digits, ext is "jpg", "png", ... by
 * the format.  Its path (DIR and below) is appended to path. */
int rdl_store_put(const char *dir, const char *sha256, const char *ext,
    const void *file, size_t len, struct rdl_buf *path, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
