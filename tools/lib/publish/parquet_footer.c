/*
 * What stands behind the rows of a Parquet file: the page index, and the
 * footer that says where everything is.
 * Each chunk's part is put aside as the chunk is written, so that a file of
 * any length takes no more memory.  Sources: parquet.thrift, PageIndex.md.
 */
#include <string.h>
#include <utf8proc.h>

#include "core/tool.h"
#include "publish/parquet_private.h"

/* A text in the statistics is cut to so many bytes. */
#define BOUND_MAX 64

/* Cut text to whole characters of at most BOUND_MAX bytes. */
static size_t
cut(const struct rdl_buf *text)
{
	size_t n = BOUND_MAX;

	while (n > 0 && ((unsigned char)text->p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/*
 * The least value of r, or one below it: a prefix does.  Sets *exact.
 */
static void
lower(const struct rdl_parquet_leaf *c, const struct rdl_parquet_range *r,
    struct rdl_buf *out, bool *exact)
{
	*exact = c->kind != RDL_PARQUET_TEXT || r->min.len <= BOUND_MAX;
	rdl_buf_reset(out);
	rdl_buf_adds(out, "");
	rdl_buf_add(out, r->min.p, *exact ? r->min.len : cut(&r->min));
}

/* The code point behind cp in the order of UTF-8's bytes; 0 if none is. */
static utf8proc_int32_t
next_char(utf8proc_int32_t cp)
{
	if (cp == 0xd7ff)
		return 0xe000;
	return cp == 0x10ffff ? 0 : cp + 1;
}

/*
 * The greatest value of r, or one above it: of a prefix, its last character
 * that can be raised is.  The value itself if none can.
 */
static void
upper(const struct rdl_parquet_leaf *c, const struct rdl_parquet_range *r,
    struct rdl_buf *out, bool *exact)
{
	utf8proc_uint8_t raised[4];
	utf8proc_int32_t cp;
	size_t n, from;

	rdl_buf_reset(out);
	rdl_buf_adds(out, "");
	*exact = true;
	if (c->kind != RDL_PARQUET_TEXT || r->max.len <= BOUND_MAX) {
		rdl_buf_add(out, r->max.p, r->max.len);
		return;
	}
	for (n = cut(&r->max); n > 0; n = from) {
		from = n - 1;
		while (from > 0 &&
		    ((unsigned char)r->max.p[from] & 0xc0) == 0x80)
			from--;
		if (utf8proc_iterate((const utf8proc_uint8_t *)r->max.p + from,
		    (utf8proc_ssize_t)(n - from), &cp) <= 0 ||
		    (cp = next_char(cp)) == 0)
			continue;
		rdl_buf_add(out, r->max.p, from);
		rdl_buf_add(out, raised,
		    (size_t)utf8proc_encode_char(cp, raised));
		*exact = false;
		return;
	}
	rdl_buf_add(out, r->max.p, r->max.len);
}

static bool
has_bounds(const struct rdl_parquet_leaf *c)
{
	return c->kind != RDL_PARQUET_BLOB;
}

/* Statistics, as field 12 of the metadata. */
static void
statistics(struct rdl_parquet_thrift *t, const struct rdl_parquet_leaf *c,
    struct rdl_buf *bound)
{
	bool exact_max = true, exact_min = true;

	rdl_parquet_thrift_begin(t, 12);
	rdl_parquet_thrift_i64(t, 3, (int64_t)c->range.nulls);
	if (has_bounds(c) && c->range.any) {
		upper(c, &c->range, bound, &exact_max);
		rdl_parquet_thrift_bytes(t, 5, bound->p, bound->len);
		lower(c, &c->range, bound, &exact_min);
		rdl_parquet_thrift_bytes(t, 6, bound->p, bound->len);
		rdl_parquet_thrift_bool(t, 7, exact_max);
		rdl_parquet_thrift_bool(t, 8, exact_min);
	}
	rdl_parquet_thrift_end(t);
}

/* ColumnMetaData of the chunk that begins at at. */
static void
metadata(const struct rdl_parquet_leaf *c, uint64_t at, struct rdl_buf *out,
    struct rdl_buf *bound)
{
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(out);
	size_t i;

	rdl_parquet_thrift_begin(&t, 0);
	rdl_parquet_thrift_i32(&t, 1, rdl_parquet_schema_type(c->kind));
	rdl_parquet_thrift_list(&t, 2, RDL_THRIFT_I32, 2);
	rdl_parquet_thrift_item(&t, RDL_PARQUET_PLAIN);
	rdl_parquet_thrift_item(&t, RDL_PARQUET_RLE);
	rdl_parquet_thrift_list(&t, 3, RDL_THRIFT_BINARY, c->npath);
	for (i = 0; i < c->npath; i++)
		rdl_parquet_thrift_item_bytes(&t, c->path[i],
		    strlen(c->path[i]));
	rdl_parquet_thrift_i32(&t, 4, c->kind == RDL_PARQUET_BLOB ?
	    RDL_PARQUET_NONE : RDL_PARQUET_ZSTD);
	rdl_parquet_thrift_i64(&t, 5, (int64_t)c->nvalues);
	rdl_parquet_thrift_i64(&t, 6, (int64_t)c->raw_bytes);
	rdl_parquet_thrift_i64(&t, 7, (int64_t)c->data.len);
	rdl_parquet_thrift_i64(&t, 9, (int64_t)at);
	statistics(&t, c, bound);
	rdl_parquet_thrift_end(&t);
}

/* BoundaryOrder of values that rose, fell, or did both. */
static int
order(bool rose, bool fell)
{
	return !fell ? 1 : !rose ? 2 : 0;
}

static void
follow(const struct rdl_parquet_leaf *c, struct rdl_buf *last,
    const struct rdl_buf *bound, bool *rose, bool *fell)
{
	int d;

	if (last->p != NULL) {
		d = rdl_parquet_column_compare(c->kind, bound->p, bound->len,
		    last->p, last->len);
		*rose = *rose || d > 0;
		*fell = *fell || d < 0;
	}
	rdl_buf_reset(last);
	rdl_buf_adds(last, "");
	rdl_buf_add(last, bound->p, bound->len);
}

/* One of the two lists of bounds. */
static void
bounds(struct rdl_parquet_thrift *t, const struct rdl_parquet_leaf *c, int id,
    struct rdl_buf *bound, bool *rose, bool *fell)
{
	struct rdl_buf last = RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX);
	const struct rdl_parquet_range *r;
	bool exact;
	size_t i;

	rdl_parquet_thrift_list(t, id, RDL_THRIFT_BINARY, c->npages);
	for (i = 0; i < c->npages; i++) {
		r = &c->pages[i].range;
		if (!r->any) {
			rdl_parquet_thrift_item_bytes(t, "", 0);
			continue;
		}
		if (id == 2)
			lower(c, r, bound, &exact);
		else
			upper(c, r, bound, &exact);
		rdl_parquet_thrift_item_bytes(t, bound->p, bound->len);
		follow(c, &last, bound, rose, fell);
	}
	rdl_buf_release(&last);
}

static void
column_index(const struct rdl_parquet_leaf *c, struct rdl_buf *out,
    struct rdl_buf *bound)
{
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(out);
	bool rose = false, fell = false;
	size_t i;

	rdl_parquet_thrift_begin(&t, 0);
	rdl_parquet_thrift_list(&t, 1, RDL_THRIFT_TRUE, c->npages);
	for (i = 0; i < c->npages; i++)
		rdl_parquet_thrift_item_bool(&t, !c->pages[i].range.any);
	bounds(&t, c, 2, bound, &rose, &fell);
	bounds(&t, c, 3, bound, &rose, &fell);
	rdl_parquet_thrift_i32(&t, 4, order(rose, fell));
	rdl_parquet_thrift_list(&t, 5, RDL_THRIFT_I64, c->npages);
	for (i = 0; i < c->npages; i++)
		rdl_parquet_thrift_item(&t, (int64_t)c->pages[i].range.nulls);
	rdl_parquet_thrift_end(&t);
}

static void
offset_index(const struct rdl_parquet_leaf *c, uint64_t at,
    struct rdl_buf *out)
{
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(out);
	size_t i;

	rdl_parquet_thrift_begin(&t, 0);
	rdl_parquet_thrift_list(&t, 1, RDL_THRIFT_STRUCT, c->npages);
	for (i = 0; i < c->npages; i++) {
		rdl_parquet_thrift_begin(&t, 0);
		rdl_parquet_thrift_i64(&t, 1, (int64_t)(at + c->pages[i].at));
		rdl_parquet_thrift_i32(&t, 2, (int64_t)c->pages[i].size);
		rdl_parquet_thrift_i64(&t, 3, (int64_t)c->pages[i].first_row);
		rdl_parquet_thrift_end(&t);
	}
	if (rdl_parquet_schema_type(c->kind) == RDL_PARQUET_BYTE_ARRAY) {
		rdl_parquet_thrift_list(&t, 2, RDL_THRIFT_I64, c->npages);
		for (i = 0; i < c->npages; i++)
			rdl_parquet_thrift_item(&t,
			    (int64_t)c->pages[i].value_bytes);
	}
	rdl_parquet_thrift_end(&t);
}

int
rdl_parquet_footer_note(struct rdl_parquet *w,
    const struct rdl_parquet_leaf *c, uint64_t at, struct rdl_err *err)
{
	struct rdl_parquet_sizes sizes = { 0, 0, 0 };
	struct rdl_buf bound = RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX);
	struct rdl_buf *b = &w->scratch;
	int rc;

	rdl_buf_reset(b);
	metadata(c, at, b, &bound);
	sizes.meta = b->len;
	rc = rdl_spool_add(&w->metas, b->p, b->len, err);
	rdl_buf_reset(b);
	if (rc == 0 && has_bounds(c)) {
		column_index(c, b, &bound);
		sizes.column_index = b->len;
		rc = rdl_spool_add(&w->column_index, b->p, b->len, err);
	}
	rdl_buf_reset(b);
	if (rc == 0) {
		offset_index(c, at, b);
		sizes.offset_index = b->len;
		rc = rdl_spool_add(&w->offset_index, b->p, b->len, err);
	}
	if (rc == 0)
		rc = rdl_spool_add(&w->sizes, &sizes, sizeof(sizes), err);
	rdl_buf_release(&bound);
	return rc;
}

/* -- the end of the file -------------------------------------------------- */

/* The next len bytes of a spool, at *at, into the file. */
static int
copy(struct rdl_parquet *w, struct rdl_spool *from, uint64_t *at,
    uint64_t len, struct rdl_err *err)
{
	char block[4096];
	size_t n;

	for (; len > 0; len -= n, *at += n) {
		n = len < sizeof(block) ? (size_t)len : sizeof(block);
		if (rdl_spool_get(from, *at, block, n, err) < 0 ||
		    rdl_parquet_put(w, block, n, err) < 0)
			return -1;
	}
	return 0;
}

/* Write what a buffer holds, and empty it. */
static int
drain(struct rdl_parquet *w, struct rdl_buf *b, struct rdl_err *err)
{
	int rc = rdl_parquet_put(w, b->p, b->len, err);

	rdl_buf_reset(b);
	return rc;
}

/* Where the next parts are: in the spools, and in the file. */
struct cursor {
	uint64_t meta, sizes;			/* in the spools */
	uint64_t column_index, offset_index;	/* in the file */
};

/* A ColumnChunk: its metadata were made when it was written. */
static int
chunk(struct rdl_parquet *w, struct rdl_parquet_thrift *t, struct cursor *at,
    struct rdl_err *err)
{
	struct rdl_parquet_sizes s;

	if (rdl_spool_get(&w->sizes, at->sizes, &s, sizeof(s), err) < 0)
		return -1;
	at->sizes += sizeof(s);
	rdl_parquet_thrift_begin(t, 0);
	rdl_parquet_thrift_i64(t, 2, 0);
	/* The metadata end themselves. */
	rdl_parquet_thrift_begin(t, 3);
	t->depth--;
	if (drain(w, t->out, err) < 0 ||
	    copy(w, &w->metas, &at->meta, s.meta, err) < 0)
		return -1;
	rdl_parquet_thrift_i64(t, 4, (int64_t)at->offset_index);
	rdl_parquet_thrift_i32(t, 5, (int64_t)s.offset_index);
	if (s.column_index > 0) {
		rdl_parquet_thrift_i64(t, 6, (int64_t)at->column_index);
		rdl_parquet_thrift_i32(t, 7, (int64_t)s.column_index);
	}
	at->offset_index += s.offset_index;
	at->column_index += s.column_index;
	rdl_parquet_thrift_end(t);
	return drain(w, t->out, err);
}

static int
row_groups(struct rdl_parquet *w, struct rdl_parquet_thrift *t,
    struct cursor *at, struct rdl_err *err)
{
	struct rdl_parquet_group g;
	uint64_t i;
	size_t j;

	rdl_parquet_thrift_list(t, 4, RDL_THRIFT_STRUCT, (size_t)w->groups);
	for (i = 0; i < w->groups; i++) {
		if (rdl_spool_get(&w->group_heads, i * sizeof(g), &g,
		    sizeof(g), err) < 0)
			return -1;
		rdl_parquet_thrift_begin(t, 0);
		rdl_parquet_thrift_list(t, 1, RDL_THRIFT_STRUCT, w->nleaves);
		for (j = 0; j < w->nleaves; j++)
			if (chunk(w, t, at, err) < 0)
				return -1;
		rdl_parquet_thrift_i64(t, 2, (int64_t)g.raw_bytes);
		rdl_parquet_thrift_i64(t, 3, (int64_t)g.rows);
		rdl_parquet_thrift_i64(t, 5, (int64_t)g.at);
		rdl_parquet_thrift_i64(t, 6, (int64_t)g.bytes);
		rdl_parquet_thrift_end(t);
		if (drain(w, t->out, err) < 0)
			return -1;
	}
	return 0;
}

static void
head(const struct rdl_parquet *w, struct rdl_parquet_thrift *t)
{
	rdl_parquet_thrift_begin(t, 0);
	rdl_parquet_thrift_i32(t, 1, 2);
	rdl_parquet_schema_write(w->columns, t);
	rdl_parquet_thrift_i64(t, 3, (int64_t)w->rows);
}

static void
tail(const struct rdl_parquet *w, struct rdl_parquet_thrift *t)
{
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	const char by[] = "riddle version " RDL_VERSION;
	size_t i;

	rdl_parquet_schema_features(w->columns, &json);
	rdl_parquet_thrift_list(t, 5, RDL_THRIFT_STRUCT, 1);
	rdl_parquet_thrift_begin(t, 0);
	rdl_parquet_thrift_bytes(t, 1, "huggingface", strlen("huggingface"));
	rdl_parquet_thrift_bytes(t, 2, json.p, json.len);
	rdl_parquet_thrift_end(t);
	rdl_parquet_thrift_bytes(t, 6, by, strlen(by));
	rdl_parquet_thrift_list(t, 7, RDL_THRIFT_STRUCT, w->nleaves);
	for (i = 0; i < w->nleaves; i++) {
		rdl_parquet_thrift_begin(t, 0);
		rdl_parquet_thrift_begin(t, 1);	/* the order of the type */
		rdl_parquet_thrift_end(t);
		rdl_parquet_thrift_end(t);
	}
	rdl_parquet_thrift_end(t);
	rdl_buf_release(&json);
}

int
rdl_parquet_footer_write(struct rdl_parquet *w, struct rdl_err *err)
{
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(&w->scratch);
	struct cursor at = { 0, 0, 0, 0 };
	uint64_t ci = 0, oi = 0, start, len;
	unsigned char le[4];
	size_t i;

	at.column_index = w->at;
	at.offset_index = w->at + w->column_index.len;
	if (copy(w, &w->column_index, &ci, w->column_index.len, err) < 0 ||
	    copy(w, &w->offset_index, &oi, w->offset_index.len, err) < 0)
		return -1;
	start = w->at;
	rdl_buf_reset(&w->scratch);
	head(w, &t);
	if (row_groups(w, &t, &at, err) < 0)
		return -1;
	tail(w, &t);
	if (drain(w, &w->scratch, err) < 0)
		return -1;
	len = w->at - start;
	if (len > INT32_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: too many row groups for one file", w->path);
	for (i = 0; i < sizeof(le); i++)
		le[i] = (unsigned char)(len >> (8 * i));
	if (rdl_parquet_put(w, le, sizeof(le), err) < 0)
		return -1;
	return rdl_parquet_put(w, "PAR1", 4, err);
}
