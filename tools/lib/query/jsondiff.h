/*
 * Where two JSON values differ.
 */
#ifndef RDL_QUERY_JSONDIFF_H
#define RDL_QUERY_JSONDIFF_H

#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

/* Take one difference: the path from the top, names and indices joined by '/'
 * and no escapes; NULL for the side that has nothing there.  0 to go on, 1 to
 * stop, -1 on error. */
typedef int (*rdl_jsondiff_fn)(const char *path, yyjson_val *left,
    yyjson_val *right, void *ctx, struct rdl_err *err);

/*
 * Call fn for each smallest part that differs, in the order of left, then
 * those only in right.  Numbers are compared as the parser holds them, members
 * of objects in any order.  path is put before all paths; arrays and objects
 * nested deeper than RDL_DEPTH_MAX count as different.  Returns what fn
 * returned last.
 */
int rdl_jsondiff(const char *path, yyjson_val *left, yyjson_val *right,
    rdl_jsondiff_fn fn, void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

#endif
