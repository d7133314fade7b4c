/*
 * Thrift's compact protocol, as far as Parquet's structs need it.
 * Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md
 */
#ifndef RDL_PUBLISH_PARQUET_THRIFT_H
#define RDL_PUBLISH_PARQUET_THRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

enum rdl_parquet_thrift_type {
	RDL_THRIFT_TRUE = 1,
	RDL_THRIFT_FALSE = 2,
	RDL_THRIFT_BYTE = 3,
	RDL_THRIFT_I16 = 4,
	RDL_THRIFT_I32 = 5,
	RDL_THRIFT_I64 = 6,
	RDL_THRIFT_DOUBLE = 7,
	RDL_THRIFT_BINARY = 8,
	RDL_THRIFT_LIST = 9,
	RDL_THRIFT_SET = 10,
	RDL_THRIFT_MAP = 11,
	RDL_THRIFT_STRUCT = 12
};

#define RDL_THRIFT_DEPTH 16

/* A struct being written.  Fields come in the order of their ids. */
struct rdl_parquet_thrift {
	struct rdl_buf *out;
	int last[RDL_THRIFT_DEPTH];	/* id of the field before, a level */
	size_t depth;
};

#define RDL_PARQUET_THRIFT_INIT(buf) { (buf), { 0 }, 0 }

/* Fields of a struct. */
void rdl_parquet_thrift_i32(struct rdl_parquet_thrift *t, int id, int64_t v);
void rdl_parquet_thrift_i64(struct rdl_parquet_thrift *t, int id, int64_t v);
void rdl_parquet_thrift_bool(struct rdl_parquet_thrift *t, int id, bool v);
void rdl_parquet_thrift_bytes(struct rdl_parquet_thrift *t, int id,
    const void *p, size_t len);

/* A list of n elements; they follow by the functions below. */
void rdl_parquet_thrift_list(struct rdl_parquet_thrift *t, int id,
    enum rdl_parquet_thrift_type of, size_t n);
/* A struct begins: as a field, or with id 0 as an element of a list. */
void rdl_parquet_thrift_begin(struct rdl_parquet_thrift *t, int id);
/* It ends; so does the outermost one. */
void rdl_parquet_thrift_end(struct rdl_parquet_thrift *t);

/* Elements of a list. */
void rdl_parquet_thrift_item(struct rdl_parquet_thrift *t, int64_t v);
void rdl_parquet_thrift_item_bool(struct rdl_parquet_thrift *t, bool v);
void rdl_parquet_thrift_item_bytes(struct rdl_parquet_thrift *t,
    const void *p, size_t len);

/* An unsigned number, seven bits a byte, the low ones first. */
void rdl_parquet_thrift_varint(struct rdl_buf *out, uint64_t v);

/*
 * Append the struct that begins at p as JSON text: an object whose names are
 * the ids of the fields, {"1":2,"4":[{"3":7}]}.  Bytes that are not UTF-8 are
 * null; doubles are, too.  *used is the number of bytes that it took.
 * RDL_E_INPUT if it is cut or no such struct.
 */
int rdl_parquet_thrift_json(const void *p, size_t len, struct rdl_buf *out,
    size_t *used, struct rdl_err *err) RDL_MUST_CHECK;

#endif
