/*
 * A Parquet file being written: rows are taken apart into columns, and leave
 * as row groups.
 * Reads parsed rows and the bytes of their pictures.  Writes one file; does
 * not rename it.
 */
#include "publish/parquet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "publish/parquet_private.h"

#define GROUP_ROWS		100000
#define GROUP_ROWS_PICTURES	100

int
rdl_parquet_put(struct rdl_parquet *w, const void *p, size_t len,
    struct rdl_err *err)
{
	w->at += len;
	return rdl_out_write(&w->out, p, len, err);
}

/* The place of a part in the schema, as its leaves inherit it. */
struct place {
	const char *path[RDL_PARQUET_PATH];
	size_t npath;
	unsigned def, rep;
};

/* Set up the leaves of n, which is at p; returns the next one. */
static struct rdl_parquet_leaf *
plan(const struct rdl_parquet_node *n, const char *name, struct place p,
    struct rdl_parquet_leaf *leaf)
{
	const struct rdl_parquet_node *k;

	if (p.npath + 2 > RDL_PARQUET_PATH)
		return leaf;
	p.path[p.npath++] = name;
	p.def++;
	if (n->kind == RDL_PARQUET_LIST) {
		p.path[p.npath++] = "list";
		p.def++;
		p.rep++;
		return plan(rdl_parquet_schema_parts(n), "element", p, leaf);
	}
	if (!rdl_parquet_schema_is_leaf(n)) {
		for (k = rdl_parquet_schema_parts(n); k->name != NULL; k++)
			leaf = plan(k, k->name, p, leaf);
		return leaf;
	}
	rdl_parquet_column_init(leaf);
	memcpy(leaf->path, p.path, sizeof(p.path));
	leaf->npath = p.npath;
	leaf->kind = n->kind;
	leaf->max_def = p.def;
	leaf->max_rep = p.rep;
	return leaf + 1;
}

static void
free_writer(struct rdl_parquet *w)
{
	size_t i;

	for (i = 0; i < w->nleaves; i++)
		rdl_parquet_column_release(&w->leaves[i]);
	rdl_spool_release(&w->metas);
	rdl_spool_release(&w->column_index);
	rdl_spool_release(&w->offset_index);
	rdl_spool_release(&w->sizes);
	rdl_spool_release(&w->group_heads);
	rdl_buf_release(&w->body);
	rdl_buf_release(&w->packed);
	rdl_buf_release(&w->scratch);
	(void)ZSTD_freeCCtx(w->zstd);
	free(w->leaves);
	free(w->path);
	free(w);
}

struct rdl_parquet *
rdl_parquet_open(const char *path, const struct rdl_parquet_node *columns,
    uint64_t group_rows, struct rdl_err *err)
{
	const struct rdl_spool empty = RDL_SPOOL_INIT;
	const struct place root = { { NULL }, 0, 0, 0 };
	struct rdl_parquet *w = rdl_mem_calloc(1, sizeof(*w));
	const struct rdl_parquet_node *n;
	struct rdl_parquet_leaf *leaf;

	w->path = rdl_mem_strdup(path);
	w->columns = columns;
	w->out = (struct rdl_out)RDL_OUT_INIT;
	w->metas = w->column_index = w->offset_index = w->sizes =
	    w->group_heads = empty;
	rdl_buf_init(&w->body, RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&w->packed, 2 * RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&w->scratch, RDL_PARQUET_PAGE_MAX);
	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL)
		rdl_mem_exhausted(sizeof(*w));
	for (n = columns; n->name != NULL; n++)
		w->nleaves += rdl_parquet_schema_leaves(n);
	leaf = w->leaves = rdl_mem_calloc(w->nleaves + 1, sizeof(*leaf));
	for (n = columns; n->name != NULL; n++)
		leaf = plan(n, n->name, root, leaf);
	w->group_max = group_rows;
	if (rdl_out_open(&w->out, w->path, err) < 0 ||
	    rdl_parquet_put(w, "PAR1", 4, err) < 0) {
		rdl_parquet_abandon(w);
		return NULL;
	}
	return w;
}

/* -- rows into columns ---------------------------------------------------- */

/* Does v fit n?  Counts the pictures that it takes. */
static int
fits(const struct rdl_parquet_node *n, const char *name, yyjson_val *v,
    size_t *blobs, struct rdl_err *err)
{
	const struct rdl_parquet_node *k;
	yyjson_val *e;
	size_t i, max;
	bool good = false;

	if (v == NULL || yyjson_is_null(v))
		return 0;
	switch (n->kind) {
	case RDL_PARQUET_STRUCT:
		good = yyjson_is_obj(v);
		for (k = n->children; good && k->name != NULL; k++)
			if (fits(k, k->name, yyjson_obj_get(v, k->name),
			    blobs, err) < 0)
				return -1;
		break;
	case RDL_PARQUET_LIST:
		good = yyjson_is_arr(v);
		if (good)
			yyjson_arr_foreach(v, i, max, e)
				if (fits(n->children, name, e, blobs, err) < 0)
					return -1;
		break;
	case RDL_PARQUET_REAL:
		good = yyjson_is_num(v);
		break;
	case RDL_PARQUET_FLAG:
		good = yyjson_is_bool(v);
		break;
	case RDL_PARQUET_BLOB:
	case RDL_PARQUET_IMAGE:
		++*blobs;
		good = yyjson_is_str(v);
		break;
	case RDL_PARQUET_TEXT:
		good = yyjson_is_str(v);
		break;
	}
	if (!good)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the column %s cannot hold a value of type %s", name,
		    yyjson_get_type_desc(v));
	return 0;
}

/* The levels at which a value stands. */
struct level {
	unsigned rep;		/* of the next value */
	unsigned depth;		/* lists around it */
	unsigned def;		/* what is there above it */
};

/* A null in every leaf of n. */
static void
put_nulls(const struct rdl_parquet_node *n, struct level l,
    struct rdl_parquet_leaf *leaf)
{
	size_t i, count = rdl_parquet_schema_leaves(n);

	for (i = 0; i < count; i++)
		rdl_parquet_column_put(&leaf[i], l.rep, l.def, NULL, 0);
}

static void
put_leaf(const struct rdl_parquet_node *n, yyjson_val *v, struct level l,
    struct rdl_parquet_leaf *leaf, const struct rdl_buf **blobs)
{
	const char *p = yyjson_get_str(v);
	size_t len = yyjson_get_len(v);
	double real = yyjson_get_num(v);
	char flag = yyjson_get_bool(v) ? 1 : 0;

	if (n->kind == RDL_PARQUET_REAL) {
		/* The bytes of the file are little-endian, as are those of
		 * every machine that we build for. */
		p = (const char *)&real;
		len = sizeof(real);
	} else if (n->kind == RDL_PARQUET_FLAG) {
		p = &flag;
		len = 1;
	} else if (n->kind == RDL_PARQUET_BLOB) {
		p = (*blobs)->p != NULL ? (*blobs)->p : "";
		len = (*blobs)->len;
		++*blobs;
	}
	rdl_parquet_column_put(leaf, l.rep, l.def + 1, p, len);
}

static void
shred(const struct rdl_parquet_node *n, yyjson_val *v, struct level l,
    struct rdl_parquet_leaf *leaf, const struct rdl_buf **blobs)
{
	const struct rdl_parquet_node *k;
	yyjson_val *e;
	size_t i, max;

	if (v == NULL || yyjson_is_null(v)) {
		put_nulls(n, l, leaf);
	} else if (rdl_parquet_schema_is_leaf(n)) {
		put_leaf(n, v, l, leaf, blobs);
	} else if (n->kind == RDL_PARQUET_LIST) {
		l.def++;
		if (yyjson_arr_size(v) == 0)
			put_nulls(n->children, l, leaf);
		l.def++;
		l.depth++;
		yyjson_arr_foreach(v, i, max, e) {
			shred(n->children, e, l, leaf, blobs);
			l.rep = l.depth;
		}
	} else {
		l.def++;
		for (k = rdl_parquet_schema_parts(n); k->name != NULL; k++) {
			e = n->kind == RDL_PARQUET_IMAGE ? v :
			    yyjson_obj_get(v, k->name);
			shred(k, e, l, leaf, blobs);
			leaf += rdl_parquet_schema_leaves(k);
		}
	}
}

/* -- row groups ----------------------------------------------------------- */

static int
end_group(struct rdl_parquet *w, struct rdl_err *err)
{
	struct rdl_parquet_group g = { .rows = w->group_rows, .at = w->at };
	struct rdl_parquet_leaf *c;
	size_t i;

	if (w->group_rows == 0)
		return 0;
	for (i = 0; i < w->nleaves; i++) {
		c = &w->leaves[i];
		if (rdl_parquet_column_page(w, c, w->group_rows, true,
		    err) < 0 ||
		    rdl_parquet_footer_note(w, c, w->at, err) < 0 ||
		    rdl_parquet_put(w, c->data.p, c->data.len, err) < 0)
			return -1;
		g.raw_bytes += c->raw_bytes;
		rdl_parquet_column_reset(c);
	}
	g.bytes = w->at - g.at;
	w->groups++;
	w->group_rows = 0;
	w->group_pictured = 0;
	return rdl_spool_add(&w->group_heads, &g, sizeof(g), err);
}

static uint64_t
group_bytes(const struct rdl_parquet *w)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < w->nleaves; i++)
		sum += w->leaves[i].data.len;
	return sum;
}

static bool
group_full(const struct rdl_parquet *w)
{
	if (group_bytes(w) >= RDL_PARQUET_GROUP_BYTES)
		return true;
	if (w->group_max > 0)
		return w->group_rows >= w->group_max;
	return w->group_rows >= GROUP_ROWS ||
	    w->group_pictured >= GROUP_ROWS_PICTURES;
}

uint64_t
rdl_parquet_bytes(const struct rdl_parquet *w)
{
	return w->at + group_bytes(w);
}

int
rdl_parquet_row(struct rdl_parquet *w, yyjson_val *row,
    const struct rdl_buf *blobs, size_t nblobs, struct rdl_err *err)
{
	const struct level top = { 0, 0, 0 };
	const struct rdl_parquet_node *n;
	struct rdl_parquet_leaf *leaf = w->leaves;
	size_t i, wanted = 0;

	for (n = w->columns; n->name != NULL; n++)
		if (fits(n, n->name, yyjson_obj_get(row, n->name), &wanted,
		    err) < 0)
			return -1;
	if (wanted != nblobs)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the row names %zu pictures, and %zu are there", wanted,
		    nblobs);
	for (n = w->columns; n->name != NULL; n++) {
		shred(n, yyjson_obj_get(row, n->name), top, leaf, &blobs);
		leaf += rdl_parquet_schema_leaves(n);
	}
	w->group_rows++;
	w->group_pictured += nblobs > 0;
	w->rows++;
	for (i = 0; i < w->nleaves; i++)
		if (rdl_parquet_column_page(w, &w->leaves[i], w->group_rows,
		    false, err) < 0) {
			/* Half of the row is there: no going on. */
			err->cls = RDL_E_IO;
			return -1;
		}
	return group_full(w) ? end_group(w, err) : 0;
}

int
rdl_parquet_close(struct rdl_parquet *w, struct rdl_err *err)
{
	int rc = end_group(w, err);

	if (rc == 0)
		rc = rdl_parquet_footer_write(w, err);
	if (rc == 0)
		rc = rdl_out_flush(&w->out, err);
	if (rc == 0 && fsync(w->out.fd) < 0)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", w->path);
	if (rc == 0)
		rc = rdl_out_close(&w->out, err);
	rdl_parquet_abandon(w);
	return rc;
}

void
rdl_parquet_abandon(struct rdl_parquet *w)
{
	if (w == NULL)
		return;
	rdl_out_abandon(&w->out);
	free_writer(w);
}
