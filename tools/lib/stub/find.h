/*
 * Small things that several files of the stub look for.
 */
#ifndef RDL_STUB_FIND_H
#define RDL_STUB_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "core/compiler.h"
#include "core/err.h"

/* True if the hay bytes hold the needle bytes; both may hold NUL. */
bool rdl_find_bytes(const char *hay, size_t nhay, const char *needle,
    size_t n);

/*
 * Call each with the JSON value of every line of the file at path that is not
 * blank.  Its error, or that of a line that is not JSON, gets file and line
 * put before it.
 */
int rdl_find_lines(const char *path,
    int (*each)(void *arg, yyjson_val *root, struct rdl_err *err), void *arg,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
