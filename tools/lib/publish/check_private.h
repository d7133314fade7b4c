/*
 * A check under way, for check.c and check_folder.c.
 */
#ifndef RDL_PUBLISH_CHECK_PRIVATE_H
#define RDL_PUBLISH_CHECK_PRIVATE_H

#include <stdint.h>
#include <yyjson.h>

#include "core/map.h"
#include "publish/item.h"

#define RDL_CHECK_SHOWN 20

struct rdl_check {
	const struct rdl_format *format;
	const char *where;		/* the file being read */
	const char *root;		/* of relative pictures, or NULL */
	void (*say)(const char *fmt, ...);
	uint64_t row, faults;
	struct rdl_map ids, pictures, pairs;
};

/* Report one fault, at c->where and c->row. */
void rdl_check_fault(struct rdl_check *c, const char *what,
    const char *detail);

/* The bytes of a picture. */
void rdl_check_bytes(struct rdl_check *c, const char *name, const void *p,
    size_t len);

/* One row, and all rows of a file of JSON lines. */
void rdl_check_row(struct rdl_check *c, yyjson_val *row);
int rdl_check_lines(struct rdl_check *c, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/* check_parquet.c: a file of columns. */
int rdl_check_parquet(struct rdl_check *c, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/* check_folder.c: manifest, shards, metadata. */
int rdl_check_folder(struct rdl_check *c, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
