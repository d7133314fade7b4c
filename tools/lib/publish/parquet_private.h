/*
 * The parts of a Parquet writer, for its own files.
 */
#ifndef RDL_PUBLISH_PARQUET_PRIVATE_H
#define RDL_PUBLISH_PARQUET_PRIVATE_H

#include <zstd.h>

#include "core/out.h"
#include "core/spool.h"
#include "publish/parquet.h"
#include "publish/parquet_thrift.h"

/* Names on the way from the root to a leaf. */
#define RDL_PARQUET_PATH 16

/* parquet.thrift: Type, Encoding, CompressionCodec, ConvertedType. */
#define RDL_PARQUET_BOOLEAN	0
#define RDL_PARQUET_DOUBLE	5
#define RDL_PARQUET_BYTE_ARRAY	6
#define RDL_PARQUET_PLAIN	0
#define RDL_PARQUET_RLE		3
#define RDL_PARQUET_NONE	0
#define RDL_PARQUET_ZSTD	6
#define RDL_PARQUET_UTF8	0
#define RDL_PARQUET_CONV_LIST	3

/* The least and the greatest value of a page or a chunk. */
struct rdl_parquet_range {
	struct rdl_buf min, max;	/* as PLAIN has them, without length */
	bool any;
	uint64_t nulls;
};

/* A finished page of the chunk being made. */
struct rdl_parquet_page {
	uint64_t at;		/* in the chunk */
	uint64_t size;		/* with its header */
	uint64_t first_row;	/* of the row group */
	uint64_t value_bytes;	/* PLAIN values without their lengths */
	struct rdl_parquet_range range;
};

/* A leaf: one column of values. */
struct rdl_parquet_leaf {
	const char *path[RDL_PARQUET_PATH];
	size_t npath;
	enum rdl_parquet_kind kind;	/* TEXT, BLOB, REAL or FLAG */
	unsigned max_def, max_rep;
	/* the page now open */
	struct rdl_buf reps, defs;	/* a byte a value */
	struct rdl_buf values;
	uint64_t page_row;		/* its first row */
	uint64_t page_value_bytes;
	struct rdl_parquet_range page;
	/* the chunk */
	struct rdl_buf data;		/* finished pages */
	struct rdl_parquet_page *pages;
	size_t npages, cap;
	struct rdl_parquet_range range;
	uint64_t nvalues, raw_bytes;
};

struct rdl_parquet {
	char *path;
	const struct rdl_parquet_node *columns;
	struct rdl_out out;
	uint64_t at;			/* bytes written */
	struct rdl_parquet_leaf *leaves;
	size_t nleaves;
	uint64_t group_max, group_rows, rows, groups;
	uint64_t group_pictured;	/* rows of the group with pictures */
	/* What the footer will say of each chunk, in the order of the file. */
	struct rdl_spool metas, column_index, offset_index;
	struct rdl_spool sizes;		/* struct rdl_parquet_sizes, a chunk */
	struct rdl_spool group_heads;	/* struct rdl_parquet_group */
	ZSTD_CCtx *zstd;
	struct rdl_buf body, packed;	/* a page, and it compressed */
	struct rdl_buf scratch;
};

struct rdl_parquet_sizes {
	uint64_t meta, column_index, offset_index;	/* bytes */
};

struct rdl_parquet_group {
	uint64_t rows, raw_bytes, bytes, at;
};

/* parquet_column.c: one leaf. */
void rdl_parquet_column_init(struct rdl_parquet_leaf *c);
void rdl_parquet_column_release(struct rdl_parquet_leaf *c);
/* A value, or with p NULL a null or an empty list: def says which. */
void rdl_parquet_column_put(struct rdl_parquet_leaf *c, unsigned rep,
    unsigned def, const void *p, size_t len);
/* Close the page if it is long enough (or always, with all set); next_row is
 * the first row of the one that follows. */
int rdl_parquet_column_page(struct rdl_parquet *w,
    struct rdl_parquet_leaf *c, uint64_t next_row, bool all,
    struct rdl_err *err) RDL_MUST_CHECK;
/* The order of two values, each as PLAIN has it, without its length. */
int rdl_parquet_column_compare(enum rdl_parquet_kind kind, const void *a,
    size_t alen, const void *b, size_t blen);
/* Forget the chunk: it is written. */
void rdl_parquet_column_reset(struct rdl_parquet_leaf *c);

/* parquet_footer.c: what stands behind the rows. */
/* Note the chunk of c that begins at at. */
int rdl_parquet_footer_note(struct rdl_parquet *w,
    const struct rdl_parquet_leaf *c, uint64_t at, struct rdl_err *err)
    RDL_MUST_CHECK;
/* Page indexes and footer. */
int rdl_parquet_footer_write(struct rdl_parquet *w, struct rdl_err *err)
    RDL_MUST_CHECK;

/* parquet_schema.c: columns and what they are made of. */
const struct rdl_parquet_node *rdl_parquet_schema_parts(
    const struct rdl_parquet_node *n);
bool rdl_parquet_schema_is_leaf(const struct rdl_parquet_node *n);
size_t rdl_parquet_schema_leaves(const struct rdl_parquet_node *n);
/* The type of a leaf in parquet.thrift. */
int rdl_parquet_schema_type(enum rdl_parquet_kind kind);
/* The list of SchemaElements, as field 2 of the footer. */
void rdl_parquet_schema_write(const struct rdl_parquet_node *columns,
    struct rdl_parquet_thrift *t);
/* The text by which datasets casts the columns, pictures to Image. */
void rdl_parquet_schema_features(const struct rdl_parquet_node *columns,
    struct rdl_buf *out);

/* Write, and count what is written. */
int rdl_parquet_put(struct rdl_parquet *w, const void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
