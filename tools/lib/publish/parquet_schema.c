/*
 * The schema of a Parquet file: its columns as the format lists them, and as
 * Hugging Face's datasets do.
 * Reads nodes, appends to a buffer.  Knows no rows.
 */
#include <string.h>

#include "publish/parquet_private.h"

int
rdl_parquet_schema_type(enum rdl_parquet_kind kind)
{
	return kind == RDL_PARQUET_REAL ? RDL_PARQUET_DOUBLE :
	    kind == RDL_PARQUET_FLAG ? RDL_PARQUET_BOOLEAN :
	    RDL_PARQUET_BYTE_ARRAY;
}

/* Hugging Face's picture: what an IMAGE is made of. */
static const struct rdl_parquet_node image_parts[] = {
	{ "bytes", RDL_PARQUET_BLOB, NULL },
	{ "path", RDL_PARQUET_TEXT, NULL },
	{ NULL, 0, NULL }
};

const struct rdl_parquet_node *
rdl_parquet_schema_parts(const struct rdl_parquet_node *n)
{
	return n->kind == RDL_PARQUET_IMAGE ? image_parts : n->children;
}

bool
rdl_parquet_schema_is_leaf(const struct rdl_parquet_node *n)
{
	return rdl_parquet_schema_parts(n) == NULL;
}

size_t
rdl_parquet_schema_leaves(const struct rdl_parquet_node *n)
{
	const struct rdl_parquet_node *k = rdl_parquet_schema_parts(n);
	size_t sum = 0;

	if (k == NULL)
		return 1;
	for (; k->name != NULL; k++)
		sum += rdl_parquet_schema_leaves(k);
	return sum;
}

static size_t
count(const struct rdl_parquet_node *list)
{
	size_t n = 0;

	while (list != NULL && list[n].name != NULL)
		n++;
	return n;
}

/* SchemaElements of n and what is in it. */
static size_t
count_elements(const struct rdl_parquet_node *n)
{
	const struct rdl_parquet_node *k = rdl_parquet_schema_parts(n);
	size_t sum = 1;

	if (n->kind == RDL_PARQUET_LIST)
		return 2 + count_elements(k);
	for (; k != NULL && k->name != NULL; k++)
		sum += count_elements(k);
	return sum;
}

/* One SchemaElement.  logical is the id in LogicalType's union, or 0. */
static void
element(struct rdl_parquet_thrift *t, const char *name, int type,
    int repetition, size_t children, int converted, int logical)
{
	rdl_parquet_thrift_begin(t, 0);
	if (type >= 0)
		rdl_parquet_thrift_i32(t, 1, type);
	if (repetition >= 0)
		rdl_parquet_thrift_i32(t, 3, repetition);
	rdl_parquet_thrift_bytes(t, 4, name, strlen(name));
	if (children > 0)
		rdl_parquet_thrift_i32(t, 5, (int64_t)children);
	if (converted >= 0)
		rdl_parquet_thrift_i32(t, 6, converted);
	if (logical > 0) {
		rdl_parquet_thrift_begin(t, 10);
		rdl_parquet_thrift_begin(t, logical);
		rdl_parquet_thrift_end(t);
		rdl_parquet_thrift_end(t);
	}
	rdl_parquet_thrift_end(t);
}

static void
schema(struct rdl_parquet_thrift *t, const struct rdl_parquet_node *n,
    const char *name)
{
	enum { REQUIRED, OPTIONAL, REPEATED };
	enum { STRING = 1, LIST = 3 };		/* of LogicalType */
	const struct rdl_parquet_node *k = rdl_parquet_schema_parts(n);

	switch (n->kind) {
	case RDL_PARQUET_LIST:
		element(t, name, -1, OPTIONAL, 1, RDL_PARQUET_CONV_LIST, LIST);
		element(t, "list", -1, REPEATED, 1, -1, 0);
		schema(t, k, "element");
		return;
	case RDL_PARQUET_STRUCT:
	case RDL_PARQUET_IMAGE:
		element(t, name, -1, OPTIONAL, count(k), -1, 0);
		for (; k->name != NULL; k++)
			schema(t, k, k->name);
		return;
	case RDL_PARQUET_TEXT:
		element(t, name, RDL_PARQUET_BYTE_ARRAY, OPTIONAL, 0,
		    RDL_PARQUET_UTF8, STRING);
		return;
	case RDL_PARQUET_BLOB:
		element(t, name, RDL_PARQUET_BYTE_ARRAY, OPTIONAL, 0, -1, 0);
		return;
	case RDL_PARQUET_REAL:
		element(t, name, RDL_PARQUET_DOUBLE, OPTIONAL, 0, -1, 0);
		return;
	case RDL_PARQUET_FLAG:
		element(t, name, RDL_PARQUET_BOOLEAN, OPTIONAL, 0, -1, 0);
		return;
	}
}

/* A feature of Hugging Face's datasets, as they keep it in the file. */
static void
feature(const struct rdl_parquet_node *n, struct rdl_buf *out)
{
	static const char *const types[] = {
		[RDL_PARQUET_TEXT] = "string", [RDL_PARQUET_REAL] = "float64",
		[RDL_PARQUET_FLAG] = "bool", [RDL_PARQUET_BLOB] = "binary"
	};
	const struct rdl_parquet_node *k;

	if (n->kind == RDL_PARQUET_IMAGE) {
		rdl_buf_adds(out, "{\"_type\":\"Image\"}");
	} else if (n->kind == RDL_PARQUET_LIST) {
		rdl_buf_addc(out, '[');
		feature(n->children, out);
		rdl_buf_addc(out, ']');
	} else if (n->kind == RDL_PARQUET_STRUCT) {
		for (k = n->children; k->name != NULL; k++) {
			rdl_buf_addf(out, "%s\"%s\":", k == n->children ?
			    "{" : ",", k->name);
			feature(k, out);
		}
		rdl_buf_addc(out, '}');
	} else
		rdl_buf_addf(out, "{\"dtype\":\"%s\",\"_type\":\"Value\"}",
		    types[n->kind]);
}

void
rdl_parquet_schema_write(const struct rdl_parquet_node *columns,
    struct rdl_parquet_thrift *t)
{
	const struct rdl_parquet_node *n;
	size_t elements = 1;

	for (n = columns; n->name != NULL; n++)
		elements += count_elements(n);
	rdl_parquet_thrift_list(t, 2, RDL_THRIFT_STRUCT, elements);
	element(t, "schema", -1, -1, count(columns), -1, 0);
	for (n = columns; n->name != NULL; n++)
		schema(t, n, n->name);
}

void
rdl_parquet_schema_features(const struct rdl_parquet_node *columns,
    struct rdl_buf *out)
{
	struct rdl_parquet_node all = { "", RDL_PARQUET_STRUCT, columns };

	rdl_buf_adds(out, "{\"info\":{\"features\":");
	feature(&all, out);
	rdl_buf_adds(out, "}}");
}
