/*
 * Would a trainer's loader take this dataset?  The checks that loaders make,
 * and those that they should.
 */
#ifndef RDL_PUBLISH_CHECK_H
#define RDL_PUBLISH_CHECK_H

#include "publish/item.h"

/*
 * Check the dataset at path.  Each fault goes to say() as "path:row: what",
 * up to 20 of them.  RDL_E_INPUT with their number if there was one.  Rows:
 * their members and types, ids once, roles in turn, as many "<image>" as
 * pictures, no empty text, sides of a pair that differ and no pair that
 * contradicts another.  Pictures: there, of a known format, not cut.
 * Folders: sizes and digests of the manifest.  Shards: members of a sample
 * side by side, no key twice.  Parquet: what the footer says of
 * rows, chunks and pages is so, checksums, pictures, ids once.
 * Memory: about 80 bytes a row.
 */
int rdl_check_dataset(const struct rdl_format *f, const char *path,
    const char *image_root, void (*say)(const char *fmt, ...),
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
