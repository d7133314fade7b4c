/*
 * A writer of Parquet files: rows in, columns out, memory of one row group.
 * Source: github.com/apache/parquet-format, README.md, Encodings.md,
 * LogicalTypes.md, PageIndex.md and parquet.thrift.
 */
#ifndef RDL_PUBLISH_PARQUET_H
#define RDL_PUBLISH_PARQUET_H

#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

enum rdl_parquet_kind {
	RDL_PARQUET_STRUCT,	/* has children */
	RDL_PARQUET_LIST,	/* one child, the element; its name is unused */
	RDL_PARQUET_TEXT,	/* UTF-8 */
	RDL_PARQUET_REAL,	/* 64 bit */
	RDL_PARQUET_FLAG,
	RDL_PARQUET_BLOB,	/* bytes of a picture, as they came */
	RDL_PARQUET_IMAGE	/* struct of bytes and path, as Hugging Face
				 * datasets keep a picture */
};

/* A column, or a part of one.  Every one may be null. */
struct rdl_parquet_node {
	const char *name;
	enum rdl_parquet_kind kind;
	const struct rdl_parquet_node *children;	/* last has no name */
};

/* A row group is closed when it has so many bytes, whatever its rows; a page
 * when its values have, before they are compressed. */
#define RDL_PARQUET_GROUP_BYTES	(64 * RDL_MIB)
#define RDL_PARQUET_PAGE_BYTES	(1 * RDL_MIB)
/* One cell of a page, and a page: its size is 31 bits. */
#define RDL_PARQUET_PAGE_MAX	(1024 * RDL_MIB)

struct rdl_parquet;

/*
 * Begin a file at path, which is truncated.  columns (the last has no name)
 * is borrowed until the end.  group_rows is the most rows of a row group; 0
 * is the default: 100,000, or 100 of them with pictures.
 */
struct rdl_parquet *rdl_parquet_open(const char *path,
    const struct rdl_parquet_node *columns, uint64_t group_rows,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Add a row: an object whose members are the columns; what is missing or null
 * is null.  A member that is no column is left out.  blobs are the bytes of
 * the row's pictures in the order of the schema: a BLOB or an IMAGE is a
 * string in the row (its path), and takes the next one.  RDL_E_INPUT if the
 * row does not fit the columns; nothing of it was added then.
 */
int rdl_parquet_row(struct rdl_parquet *w, yyjson_val *row,
    const struct rdl_buf *blobs, size_t nblobs, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Bytes that are in the file or about to be, without the page now open. */
uint64_t rdl_parquet_bytes(const struct rdl_parquet *w);

/* Write what is left and the footer, to the disk, and free w, also on
 * error. */
int rdl_parquet_close(struct rdl_parquet *w, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Free w; the file stays as far as it was written.  NULL is fine. */
void rdl_parquet_abandon(struct rdl_parquet *w);

#endif
