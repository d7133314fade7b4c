/*
 * Parquet files: is the footer whole, and are rows, chunks, pages, pictures
 * and ids as it says?
 * Reads a file as it stands, a page at a time.  Decodes what riddle-export
 * writes (PLAIN values, zstd or nothing); of other encodings and codecs it
 * checks pages and checksums only.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "core/utf8.h"
#include "record/json.h"
#include "publish/check_private.h"
#include "publish/parquet_private.h"
#include "record/rec.h"

#define COLUMNS 256
#define HEADER_MAX (64 * RDL_KIB)	/* of a page, its statistics in it */

/* What the schema says of a leaf. */
struct column {
	const char *name;
	int64_t type;
	unsigned max_def, max_rep;
	bool text;
};

struct table {
	struct rdl_check *c;
	const char *path;
	int fd;
	uint64_t rows_end;		/* where the footer begins */
	struct column columns[COLUMNS];
	size_t ncolumns;
	struct rdl_buf block, page;
	ZSTD_DCtx *zstd;
};

/* A page being looked at. */
struct page {
	const struct column *column;
	int64_t codec, values, encoding;
	size_t header, raw, packed;	/* bytes */
	bool has_crc;
	uint32_t crc;
};

static int64_t
number(yyjson_val *v, const char *path)
{
	v = rdl_rec_at(v, path);
	return yyjson_is_int(v) ? yyjson_get_sint(v) : -1;
}

static int
bad(const struct table *t, struct rdl_err *err, const char *what)
{
	return rdl_err_set(err, RDL_E_INPUT, "%s: %s", t->path, what);
}

static int
read_at(struct table *t, struct rdl_buf *out, uint64_t at, size_t len,
    struct rdl_err *err)
{
	size_t done = 0;
	ssize_t n;
	char *p;

	rdl_buf_reset(out);
	p = rdl_buf_reserve(out, len);
	if (p == NULL)
		return bad(t, err, "a part is too large");
	while (done < len) {
		n = pread(t->fd, p + done, len - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rdl_err_sys(err, RDL_E_IO, "%s", t->path);
		if (n == 0)
			return bad(t, err, "the file is cut");
		done += (size_t)n;
	}
	out->len = len;
	return 0;
}

static uint32_t
le32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	    (uint32_t)b[3] << 24;
}

/* -- the footer ----------------------------------------------------------- */

/*
 * The element at *i and all below it; *i goes behind them.  Leaves go to the
 * list of columns, with the levels that the elements around them add.
 */
static int
walk_schema(struct table *t, yyjson_val *list, size_t *i, struct column up,
    int depth)
{
	yyjson_val *e = yyjson_arr_get(list, *i);
	int64_t n = number(e, "5"), repetition = number(e, "3");

	if (e == NULL || depth > RDL_PARQUET_PATH)
		return -1;
	++*i;
	if (depth > 0) {
		up.max_def += repetition != 0;
		up.max_rep += repetition == 2;
	}
	for (; n > 0; n--)
		if (walk_schema(t, list, i, up, depth + 1) < 0)
			return -1;
	if (number(e, "5") > 0 || depth == 0)
		return 0;
	if (t->ncolumns == COLUMNS)
		return -1;
	up.name = yyjson_get_str(yyjson_obj_get(e, "4"));
	up.type = number(e, "1");
	up.text = number(e, "6") == RDL_PARQUET_UTF8;
	t->columns[t->ncolumns++] = up;
	return up.name == NULL ? -1 : 0;
}

/* The footer as JSON; see parquet_thrift.h. */
static yyjson_doc *
read_footer(struct table *t, struct rdl_err *err)
{
	struct rdl_buf json = RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX);
	yyjson_doc *doc = NULL;
	off_t size = lseek(t->fd, 0, SEEK_END);
	uint32_t len;
	size_t used;

	if (size < 12) {
		(void)bad(t, err, "too short for a Parquet file");
		return NULL;
	}
	if (read_at(t, &t->block, 0, 4, err) < 0)
		return NULL;
	if (memcmp(t->block.p, "PAR1", 4) != 0) {
		(void)bad(t, err, "it does not begin with PAR1");
		return NULL;
	}
	if (read_at(t, &t->block, (uint64_t)size - 8, 8, err) < 0)
		return NULL;
	len = le32(t->block.p);
	if (memcmp(t->block.p + 4, "PAR1", 4) != 0 ||
	    len > (uint64_t)size - 12) {
		(void)bad(t, err, "it does not end with a footer and PAR1: "
		    "it is cut");
		return NULL;
	}
	t->rows_end = (uint64_t)size - 8 - len;
	if (read_at(t, &t->block, t->rows_end, len, err) < 0)
		return NULL;
	if (rdl_parquet_thrift_json(t->block.p, len, &json, &used, err) == 0) {
		doc = rdl_json_read(json.p, json.len, 0);
		if (doc == NULL || used != len)
			(void)bad(t, err, "the footer has another length than "
			    "the file says");
		if (used != len) {
			yyjson_doc_free(doc);
			doc = NULL;
		}
	} else
		(void)rdl_err_prefix(err, "%s: the footer", t->path);
	rdl_buf_release(&json);
	return doc;
}

/* -- values --------------------------------------------------------------- */

/*
 * Levels of n values (Encodings.md, RLE and bit-packed runs) into out, a byte
 * each.  *p goes behind them.
 */
static int
read_levels(const char **p, const char *end, unsigned max, int64_t n,
    struct rdl_buf *out)
{
	const unsigned char *b, *stop;
	unsigned width = 0, shift, bit;
	uint64_t run, i;
	unsigned level, k;

	while (max >> width != 0)
		width++;
	rdl_buf_reset(out);
	if (end - *p < 4 || le32(*p) > (uint64_t)(end - *p - 4))
		return -1;
	b = (const unsigned char *)*p + 4;
	stop = b + le32(*p);
	*p = (const char *)stop;
	while (out->len < (uint64_t)n) {
		for (run = 0, shift = 0;; shift += 7) {
			if (b == stop || shift > 28)
				return -1;
			run |= (uint64_t)(*b & 0x7f) << shift;
			if ((*b++ & 0x80) == 0)
				break;
		}
		if ((run & 1) == 0 && (b == stop || run == 0))
			return -1;
		if ((run & 1) != 0 &&
		    (uint64_t)(stop - b) < (run >> 1) * width)
			return -1;
		if ((run & 1) == 0) {
			for (i = 0; i < run >> 1 && out->len < (uint64_t)n;
			    i++)
				rdl_buf_addc(out, (char)*b);
			b++;
			continue;
		}
		for (i = 0; i < (run >> 1) * 8; i++) {
			level = 0;
			for (k = 0; k < width; k++) {
				bit = (unsigned)(i * width) + k;
				level |= (unsigned)(b[bit / 8] >> bit % 8 & 1)
				    << k;
			}
			if (out->len < (uint64_t)n)
				rdl_buf_addc(out, (char)level);
		}
		b += (run >> 1) * width;
	}
	return 0;
}

static void
check_id(struct rdl_check *c, const char *p, size_t len)
{
	int made;

	(void)rdl_map_put(&c->ids, p, len, &made);
	if (!made)
		rdl_check_fault(c, "no id of its own", "");
}

static bool
is_picture(const char *name)
{
	return strcmp(name, "bytes") == 0 || strcmp(name, "jpg_0") == 0 ||
	    strcmp(name, "jpg_1") == 0;
}

/* Byte arrays of a page, as far as reps and defs say that they are there.
 * row counts on. */
static int
check_values(struct table *t, const struct column *k, const char *p,
    const char *end, const struct rdl_buf *reps, const struct rdl_buf *defs)
{
	size_t i, len;

	for (i = 0; i < defs->len; i++) {
		t->c->row += k->max_rep == 0 || reps->p[i] == 0;
		if ((unsigned char)defs->p[i] != k->max_def)
			continue;
		if (end - p < 4 || le32(p) > (uint64_t)(end - p - 4))
			return -1;
		len = le32(p);
		p += 4;
		if (k->text && rdl_utf8_valid(p, len) != len)
			rdl_check_fault(t->c, k->name, "not UTF-8");
		if (is_picture(k->name))
			rdl_check_bytes(t->c, k->name, p, len);
		if (strcmp(k->name, "id") == 0)
			check_id(t->c, p, len);
		p += len;
	}
	return p == end ? 0 : -1;
}

/* The body of a page, not compressed. */
static int
check_body(struct table *t, const struct page *g, const char *p, size_t len)
{
	struct rdl_buf reps = RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX);
	struct rdl_buf defs = RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX);
	const struct column *k = g->column;
	const char *end = p + len;
	size_t i;
	int rc = -1;

	if (k->max_rep > 0 &&
	    read_levels(&p, end, k->max_rep, g->values, &reps) < 0)
		goto out;
	if (read_levels(&p, end, k->max_def, g->values, &defs) < 0)
		goto out;
	rc = 0;
	if (k->type == RDL_PARQUET_BYTE_ARRAY)
		rc = check_values(t, k, p, end, &reps, &defs);
	else
		for (i = 0; i < defs.len; i++)
			t->c->row += k->max_rep == 0 || reps.p[i] == 0;
out:
	rdl_buf_release(&reps);
	rdl_buf_release(&defs);
	return rc;
}

/* -- pages, chunks, row groups -------------------------------------------- */

/* The header of the page at at. */
static int
read_header(struct table *t, uint64_t at, uint64_t end, struct page *g,
    struct rdl_err *err)
{
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	yyjson_doc *doc;
	yyjson_val *root;
	int64_t raw, packed;
	size_t n = end - at < HEADER_MAX ? (size_t)(end - at) : HEADER_MAX;
	int rc = read_at(t, &t->block, at, n, err);

	if (rc == 0)
		rc = rdl_parquet_thrift_json(t->block.p, n, &json, &g->header,
		    err);
	doc = rc == 0 ? rdl_json_read(json.p, json.len, 0) : NULL;
	root = yyjson_doc_get_root(doc);
	raw = number(root, "2");
	packed = number(root, "3");
	g->values = number(root, "5/1");
	g->encoding = number(root, "5/2");
	g->has_crc = yyjson_is_int(rdl_rec_at(root, "4"));
	g->crc = (uint32_t)number(root, "4");
	if (rc == 0 && (raw < 0 || packed < 0 ||
	    (uint64_t)packed > end - at - g->header ||
	    (uint64_t)raw > RDL_PARQUET_PAGE_MAX))
		rc = bad(t, err, "a page that does not fit into its chunk");
	else if (rc < 0)
		(void)rdl_err_prefix(err, "%s: a page's header", t->path);
	g->raw = (size_t)raw;
	g->packed = (size_t)packed;
	yyjson_doc_free(doc);
	rdl_buf_release(&json);
	return rc;
}

/* True if the page's body could be looked at. */
static bool
unpack(struct table *t, const struct page *g, const char **p, bool *broken)
{
	char *room;
	size_t n;

	*p = t->block.p;
	if (g->values < 0 || g->encoding != RDL_PARQUET_PLAIN ||
	    g->column->max_def == 0)
		return false;
	if (g->codec == RDL_PARQUET_NONE) {
		*broken = g->raw != g->packed;
		return true;
	}
	if (g->codec != RDL_PARQUET_ZSTD)
		return false;
	rdl_buf_reset(&t->page);
	room = rdl_buf_reserve(&t->page, g->raw + 1);
	if (room == NULL)
		return false;
	n = ZSTD_decompressDCtx(t->zstd, room, g->raw, t->block.p, g->packed);
	*broken = ZSTD_isError(n) || n != g->raw;
	*p = room;
	return true;
}

/* One page at at: 1 if its rows were counted, 0 if it could not be read. */
static int
check_page(struct table *t, uint64_t at, struct page *g, struct rdl_err *err)
{
	const char *name = g->column->name, *p;
	bool broken = false;

	if (read_at(t, &t->block, at + g->header, g->packed, err) < 0)
		return -1;
	if (g->has_crc && g->crc != (uint32_t)crc32(0,
	    (const unsigned char *)t->block.p, (uInt)g->packed)) {
		rdl_check_fault(t->c, name, "a page's checksum is wrong");
		return 0;
	}
	if (!unpack(t, g, &p, &broken))
		return 0;
	if (broken || check_body(t, g, p, g->raw) < 0) {
		rdl_check_fault(t->c, name, "a page that cannot be read");
		return 0;
	}
	return 1;
}

static int
check_chunk(struct table *t, yyjson_val *chunk, const struct column *k,
    int64_t rows, struct rdl_err *err)
{
	struct page g = { .column = k, .codec = number(chunk, "3/4") };
	int64_t at = number(chunk, "3/9"), dictionary = number(chunk, "3/11");
	int64_t size = number(chunk, "3/7"), values = 0;
	uint64_t pos, end, first = t->c->row;
	bool counted = true;
	int rc;

	if (dictionary > 0 && dictionary < at)
		at = dictionary;
	if (at < 4 || size < 0 || (uint64_t)at > t->rows_end ||
	    (uint64_t)size > t->rows_end - (uint64_t)at)
		return bad(t, err, "a chunk that is outside of the file");
	end = (uint64_t)at + (uint64_t)size;
	for (pos = (uint64_t)at; pos < end; pos += g.header + g.packed) {
		if (read_header(t, pos, end, &g, err) < 0 ||
		    (rc = check_page(t, pos, &g, err)) < 0)
			return -1;
		counted = counted && rc > 0;
		values += g.values > 0 ? g.values : 0;
	}
	if (counted && values != number(chunk, "3/5"))
		rdl_check_fault(t->c, k->name, "not as many values as its "
		    "chunk says");
	if (counted && t->c->row - first != (uint64_t)rows)
		rdl_check_fault(t->c, k->name, "not as many rows as its row "
		    "group says");
	return 0;
}

static int
check_groups(struct table *t, yyjson_val *root, struct rdl_err *err)
{
	yyjson_val *group, *chunk;
	size_t i, j, max, jmax;
	int64_t rows, sum = 0;

	yyjson_arr_foreach(yyjson_obj_get(root, "4"), i, max, group) {
		rows = number(group, "3");
		if (yyjson_arr_size(yyjson_obj_get(group, "1")) !=
		    t->ncolumns || rows < 0 || rows > INT64_MAX - sum)
			return bad(t, err, "a row group without all columns");
		yyjson_arr_foreach(yyjson_obj_get(group, "1"), j, jmax,
		    chunk) {
			t->c->row = (uint64_t)sum;
			if (check_chunk(t, chunk, &t->columns[j], rows,
			    err) < 0)
				return -1;
		}
		sum += rows;
	}
	t->c->row = (uint64_t)sum;
	if (sum != number(root, "3"))
		rdl_check_fault(t->c, "the row groups have another number of "
		    "rows than the footer says", "");
	return 0;
}

int
rdl_check_parquet(struct rdl_check *c, const char *path, struct rdl_err *err)
{
	const struct column top = { .name = NULL };
	struct table t = { .c = c, .path = path, .block =
		RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX), .page =
		RDL_BUF_INIT(RDL_PARQUET_PAGE_MAX) };
	yyjson_doc *doc = NULL;
	yyjson_val *root;
	size_t i = 0;
	int rc = -1;

	c->where = path;
	t.zstd = ZSTD_createDCtx();
	t.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t.fd < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
		goto out;
	}
	doc = read_footer(&t, err);
	if (doc == NULL)
		goto out;
	root = yyjson_doc_get_root(doc);
	if (walk_schema(&t, yyjson_obj_get(root, "2"), &i, top, 0) < 0 ||
	    i != yyjson_arr_size(yyjson_obj_get(root, "2")))
		(void)bad(&t, err, "the schema is no tree");
	else
		rc = check_groups(&t, root, err);
out:
	if (t.fd >= 0)
		(void)close(t.fd);
	yyjson_doc_free(doc);
	(void)ZSTD_freeDCtx(t.zstd);
	rdl_buf_release(&t.block);
	rdl_buf_release(&t.page);
	return rc;
}
