/*
 * One column of a Parquet file: values into pages, pages into a chunk.
 * Reads values one by one, keeps finished pages in memory.  Writes no file,
 * and does not know rows.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/mem.h"
#include "publish/parquet_private.h"

/* Rows of a page that is not full of bytes, at most. */
#define PAGE_ROWS 20000

static void
range_init(struct rdl_parquet_range *r)
{
	memset(r, 0, sizeof(*r));
	rdl_buf_init(&r->min, RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&r->max, RDL_PARQUET_PAGE_MAX);
}

static void
range_release(struct rdl_parquet_range *r)
{
	rdl_buf_release(&r->min);
	rdl_buf_release(&r->max);
}

static void
range_reset(struct rdl_parquet_range *r)
{
	rdl_buf_reset(&r->min);
	rdl_buf_reset(&r->max);
	r->any = false;
	r->nulls = 0;
}

void
rdl_parquet_column_init(struct rdl_parquet_leaf *c)
{
	rdl_buf_init(&c->reps, RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&c->defs, RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&c->values, RDL_PARQUET_PAGE_MAX);
	rdl_buf_init(&c->data, 2 * RDL_PARQUET_PAGE_MAX);
	range_init(&c->page);
	range_init(&c->range);
}

void
rdl_parquet_column_release(struct rdl_parquet_leaf *c)
{
	rdl_parquet_column_reset(c);
	free(c->pages);
	rdl_buf_release(&c->reps);
	rdl_buf_release(&c->defs);
	rdl_buf_release(&c->values);
	rdl_buf_release(&c->data);
	range_release(&c->page);
	range_release(&c->range);
}

/* A buffer that grew for one large row gives its memory back. */
static void
reset_large(struct rdl_buf *b)
{
	if (b->cap > RDL_PARQUET_GROUP_BYTES)
		rdl_buf_release(b);
	else
		rdl_buf_reset(b);
}

void
rdl_parquet_column_reset(struct rdl_parquet_leaf *c)
{
	size_t i;

	for (i = 0; i < c->npages; i++)
		range_release(&c->pages[i].range);
	c->npages = 0;
	reset_large(&c->data);
	range_reset(&c->range);
	c->nvalues = 0;
	c->raw_bytes = 0;
	c->page_row = 0;
}

/* Texts by their bytes, as UTF8's order is defined; numbers as numbers. */
int
rdl_parquet_column_compare(enum rdl_parquet_kind kind, const void *a,
    size_t alen, const void *b, size_t blen)
{
	double x, y;
	int d;

	if (kind == RDL_PARQUET_REAL) {
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		return (x > y) - (x < y);
	}
	d = memcmp(a, b, alen < blen ? alen : blen);
	if (d == 0)
		d = (alen > blen) - (alen < blen);
	return d;
}

static void
assign(struct rdl_buf *b, const void *p, size_t len)
{
	rdl_buf_reset(b);
	rdl_buf_adds(b, "");
	rdl_buf_add(b, p, len);
}

static void
widen(const struct rdl_parquet_leaf *c, struct rdl_parquet_range *r,
    const void *p, size_t len)
{
	if (!r->any || rdl_parquet_column_compare(c->kind, p, len,
	    r->min.p, r->min.len) < 0)
		assign(&r->min, p, len);
	if (!r->any || rdl_parquet_column_compare(c->kind, p, len,
	    r->max.p, r->max.len) > 0)
		assign(&r->max, p, len);
	r->any = true;
}

static void
add_le32(struct rdl_buf *b, size_t n)
{
	unsigned char le[4];
	size_t i;

	for (i = 0; i < sizeof(le); i++)
		le[i] = (unsigned char)(n >> (8 * i));
	rdl_buf_add(b, le, sizeof(le));
}

void
rdl_parquet_column_put(struct rdl_parquet_leaf *c, unsigned rep,
    unsigned def, const void *p, size_t len)
{
	rdl_buf_addc(&c->reps, (char)rep);
	rdl_buf_addc(&c->defs, (char)def);
	if (p == NULL) {
		c->page.nulls++;
		return;
	}
	if (c->kind == RDL_PARQUET_TEXT || c->kind == RDL_PARQUET_BLOB) {
		add_le32(&c->values, len);
		c->page_value_bytes += len;
	}
	rdl_buf_add(&c->values, p, len);
	/* The order of pictures' bytes tells nobody anything. */
	if (c->kind != RDL_PARQUET_BLOB)
		widen(c, &c->page, p, len);
}

/*
 * Levels, a byte each, as runs (Encodings.md, RLE): how many of them, times
 * two, and the level.  A length of four bytes stands before all.
 */
static void
add_levels(const struct rdl_buf *levels, struct rdl_buf *out)
{
	size_t start = out->len, i, n;

	add_le32(out, 0);
	for (i = 0; i < levels->len; i += n) {
		n = 1;
		while (i + n < levels->len && levels->p[i + n] == levels->p[i])
			n++;
		rdl_parquet_thrift_varint(out, (uint64_t)n << 1);
		rdl_buf_addc(out, levels->p[i]);
	}
	if (!rdl_buf_full(out))
		for (i = 0; i < 4; i++)
			out->p[start + i] = (char)(unsigned char)
			    ((out->len - start - 4) >> (8 * i));
}

/* Truths are eight to a byte, the first in the lowest bit. */
static void
add_bits(const struct rdl_buf *flags, struct rdl_buf *out)
{
	unsigned byte = 0;
	size_t i;

	for (i = 0; i < flags->len; i++) {
		byte |= (unsigned)(flags->p[i] != 0) << (i % 8);
		if (i % 8 == 7 || i + 1 == flags->len) {
			rdl_buf_addc(out, (char)(unsigned char)byte);
			byte = 0;
		}
	}
}

/* The body of the page in w->body, and what goes to the file in *p. */
static int
pack(struct rdl_parquet *w, const struct rdl_parquet_leaf *c, const char **p,
    size_t *len, struct rdl_err *err)
{
	size_t bound;
	char *room;

	reset_large(&w->body);
	if (c->max_rep > 0)
		add_levels(&c->reps, &w->body);
	add_levels(&c->defs, &w->body);
	if (c->kind == RDL_PARQUET_FLAG)
		add_bits(&c->values, &w->body);
	else
		rdl_buf_add(&w->body, c->values.p, c->values.len);
	if (rdl_buf_full(&w->body) || rdl_buf_full(&c->values))
		return rdl_err_set(err, RDL_E_INPUT,
		    "a row is larger than a page can be");
	*p = w->body.p;
	*len = w->body.len;
	if (c->kind == RDL_PARQUET_BLOB)
		return 0;
	bound = ZSTD_compressBound(w->body.len);
	rdl_buf_reset(&w->packed);
	room = rdl_buf_reserve(&w->packed, bound);
	if (room == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "a page is too large");
	*len = ZSTD_compressCCtx(w->zstd, room, bound, w->body.p,
	    w->body.len, 3);
	*p = room;
	if (ZSTD_isError(*len))
		return rdl_err_set(err, RDL_E_IO, "zstd: %s",
		    ZSTD_getErrorName(*len));
	return 0;
}

static uint32_t
crc(const char *p, size_t len)
{
	uLong sum = crc32(0, NULL, 0);
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < 1024 * RDL_MIB ? len : 1024 * RDL_MIB;
		sum = crc32(sum, (const unsigned char *)p, (uInt)n);
	}
	return (uint32_t)sum;
}

/* PageHeader with its DataPageHeader. */
static void
page_header(struct rdl_buf *out, size_t raw, const char *p, size_t len,
    size_t nvalues)
{
	struct rdl_parquet_thrift t = RDL_PARQUET_THRIFT_INIT(out);

	rdl_parquet_thrift_begin(&t, 0);
	rdl_parquet_thrift_i32(&t, 1, 0);	/* DATA_PAGE */
	rdl_parquet_thrift_i32(&t, 2, (int64_t)raw);
	rdl_parquet_thrift_i32(&t, 3, (int64_t)len);
	/* i32 in the file, so the upper half is negative. */
	rdl_parquet_thrift_i32(&t, 4, (int32_t)crc(p, len));
	rdl_parquet_thrift_begin(&t, 5);
	rdl_parquet_thrift_i32(&t, 1, (int64_t)nvalues);
	rdl_parquet_thrift_i32(&t, 2, RDL_PARQUET_PLAIN);
	rdl_parquet_thrift_i32(&t, 3, RDL_PARQUET_RLE);
	rdl_parquet_thrift_i32(&t, 4, RDL_PARQUET_RLE);
	rdl_parquet_thrift_end(&t);
	rdl_parquet_thrift_end(&t);
}

/* The page is behind: its range goes to the list and into the chunk's. */
static void
note_page(struct rdl_parquet_leaf *c, uint64_t at)
{
	struct rdl_parquet_page *g;

	if (c->npages == c->cap) {
		c->cap = c->cap == 0 ? 8 : 2 * c->cap;
		c->pages = rdl_mem_realloc(c->pages, c->cap,
		    sizeof(*c->pages));
	}
	g = &c->pages[c->npages++];
	g->at = at;
	g->size = c->data.len - at;
	g->first_row = c->page_row;
	g->value_bytes = c->page_value_bytes;
	if (c->page.any) {
		widen(c, &c->range, c->page.min.p, c->page.min.len);
		widen(c, &c->range, c->page.max.p, c->page.max.len);
	}
	c->range.nulls += c->page.nulls;
	g->range = c->page;
	range_init(&c->page);
}

int
rdl_parquet_column_page(struct rdl_parquet *w, struct rdl_parquet_leaf *c,
    uint64_t next_row, bool all, struct rdl_err *err)
{
	uint64_t at = c->data.len;
	const char *p = NULL;
	size_t len = 0;

	if (c->defs.len == 0 || (!all &&
	    c->values.len < RDL_PARQUET_PAGE_BYTES &&
	    next_row - c->page_row < PAGE_ROWS))
		return 0;
	if (pack(w, c, &p, &len, err) < 0)
		return -1;
	page_header(&c->data, w->body.len, p, len, c->defs.len);
	c->raw_bytes += c->data.len - at + w->body.len;
	rdl_buf_add(&c->data, p, len);
	if (rdl_buf_full(&c->data))
		return rdl_err_set(err, RDL_E_INPUT, "a column is too large");
	c->nvalues += c->defs.len;
	note_page(c, at);
	rdl_buf_reset(&c->reps);
	rdl_buf_reset(&c->defs);
	reset_large(&c->values);
	c->page_row = next_row;
	c->page_value_bytes = 0;
	return 0;
}
