/*
 * Whole files: read one into memory, write one so that it is never half there.
 */
#ifndef RDL_CORE_FILE_H
#define RDL_CORE_FILE_H

#include "core/buf.h"
#include "core/err.h"

/* Append the file at path to out, at most what out can hold.  "-" is stdin. */
int rdl_file_read(const char *path, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Write len bytes to path: a temporary name beside it, fsync, rename. */
int rdl_file_write(const char *path, const void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
