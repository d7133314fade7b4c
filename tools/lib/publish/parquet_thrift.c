/*
 * Thrift's compact protocol: structs to bytes, and bytes to JSON text.
 * Reads and writes memory.  Knows nothing of what the fields mean.
 */
#include "publish/parquet_thrift.h"

#include <string.h>

#include "core/utf8.h"

void
rdl_parquet_thrift_varint(struct rdl_buf *out, uint64_t v)
{
	while (v >= 0x80) {
		rdl_buf_addc(out, (char)(unsigned char)((v & 0x7f) | 0x80));
		v >>= 7;
	}
	rdl_buf_addc(out, (char)(unsigned char)v);
}

/* Small numbers of either sign are short: 0, -1, 1, -2 are 0, 1, 2, 3. */
static uint64_t
zigzag(int64_t v)
{
	return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* The head of a field: the step from the id before, and the type. */
static void
head(struct rdl_parquet_thrift *t, int id, int type)
{
	int step = id - t->last[t->depth];

	rdl_buf_addc(t->out, (char)(unsigned char)((step << 4) | type));
	t->last[t->depth] = id;
}

void
rdl_parquet_thrift_i32(struct rdl_parquet_thrift *t, int id, int64_t v)
{
	head(t, id, RDL_THRIFT_I32);
	rdl_parquet_thrift_varint(t->out, zigzag(v));
}

void
rdl_parquet_thrift_i64(struct rdl_parquet_thrift *t, int id, int64_t v)
{
	head(t, id, RDL_THRIFT_I64);
	rdl_parquet_thrift_varint(t->out, zigzag(v));
}

void
rdl_parquet_thrift_bool(struct rdl_parquet_thrift *t, int id, bool v)
{
	head(t, id, v ? RDL_THRIFT_TRUE : RDL_THRIFT_FALSE);
}

void
rdl_parquet_thrift_bytes(struct rdl_parquet_thrift *t, int id, const void *p,
    size_t len)
{
	head(t, id, RDL_THRIFT_BINARY);
	rdl_parquet_thrift_item_bytes(t, p, len);
}

void
rdl_parquet_thrift_list(struct rdl_parquet_thrift *t, int id,
    enum rdl_parquet_thrift_type of, size_t n)
{
	head(t, id, RDL_THRIFT_LIST);
	if (n < 15) {
		rdl_buf_addc(t->out,
		    (char)(unsigned char)((n << 4) | (unsigned)of));
		return;
	}
	rdl_buf_addc(t->out, (char)(unsigned char)(0xf0 | (unsigned)of));
	rdl_parquet_thrift_varint(t->out, n);
}

void
rdl_parquet_thrift_begin(struct rdl_parquet_thrift *t, int id)
{
	if (id != 0)
		head(t, id, RDL_THRIFT_STRUCT);
	t->depth++;
	t->last[t->depth] = 0;
}

void
rdl_parquet_thrift_end(struct rdl_parquet_thrift *t)
{
	rdl_buf_addc(t->out, '\0');
	t->last[t->depth] = 0;
	if (t->depth > 0)
		t->depth--;
}

void
rdl_parquet_thrift_item(struct rdl_parquet_thrift *t, int64_t v)
{
	rdl_parquet_thrift_varint(t->out, zigzag(v));
}

void
rdl_parquet_thrift_item_bool(struct rdl_parquet_thrift *t, bool v)
{
	rdl_buf_addc(t->out, v ? RDL_THRIFT_TRUE : RDL_THRIFT_FALSE);
}

void
rdl_parquet_thrift_item_bytes(struct rdl_parquet_thrift *t, const void *p,
    size_t len)
{
	rdl_parquet_thrift_varint(t->out, len);
	rdl_buf_add(t->out, p, len);
}

/* -- reading -------------------------------------------------------------- */

struct reader {
	const unsigned char *p, *end;
	struct rdl_buf *out;
	int depth;
};

static int read_value(struct reader *r, int type);

static int
read_byte(struct reader *r, unsigned *out)
{
	if (r->p == r->end)
		return -1;
	*out = *r->p++;
	return 0;
}

static int
read_varint(struct reader *r, uint64_t *out)
{
	unsigned b, shift;

	*out = 0;
	for (shift = 0; shift < 64; shift += 7) {
		if (read_byte(r, &b) < 0)
			return -1;
		*out |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return 0;
	}
	return -1;
}

static int
read_int(struct reader *r)
{
	uint64_t v;

	if (read_varint(r, &v) < 0)
		return -1;
	rdl_buf_addf(r->out, "%lld", (long long)unzigzag(v));
	return 0;
}

static int
read_binary(struct reader *r)
{
	uint64_t n;

	if (read_varint(r, &n) < 0 || n > (uint64_t)(r->end - r->p))
		return -1;
	if (rdl_utf8_valid((const char *)r->p, (size_t)n) == n)
		rdl_buf_addjson(r->out, (const char *)r->p, (size_t)n);
	else
		rdl_buf_adds(r->out, "null");
	r->p += n;
	return 0;
}

/* Every element takes at least a byte, so a hostile count ends soon. */
static int
read_list(struct reader *r)
{
	unsigned b;
	uint64_t i, n;
	int type;

	if (read_byte(r, &b) < 0)
		return -1;
	n = b >> 4;
	type = (int)(b & 15);
	if (n == 15 && read_varint(r, &n) < 0)
		return -1;
	if (n > (uint64_t)(r->end - r->p))
		return -1;
	rdl_buf_addc(r->out, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			rdl_buf_addc(r->out, ',');
		/* A truth in a list is a byte, in a field it is the type. */
		if (type == RDL_THRIFT_TRUE || type == RDL_THRIFT_FALSE) {
			if (read_byte(r, &b) < 0)
				return -1;
			rdl_buf_adds(r->out, b == 1 ? "true" : "false");
		} else if (read_value(r, type) < 0)
			return -1;
	}
	rdl_buf_addc(r->out, ']');
	return 0;
}

static int
read_struct(struct reader *r)
{
	const char *comma = "";
	int64_t id = 0;
	unsigned b;
	uint64_t v;

	rdl_buf_addc(r->out, '{');
	for (;;) {
		if (read_byte(r, &b) < 0)
			return -1;
		if (b == 0)
			break;
		if (b >> 4 != 0)
			id += b >> 4;
		else if (read_varint(r, &v) < 0)
			return -1;
		else
			id = unzigzag(v);
		if (id < 0 || id > INT16_MAX)
			return -1;
		rdl_buf_addf(r->out, "%s\"%d\":", comma, (int)id);
		comma = ",";
		if (read_value(r, (int)(b & 15)) < 0)
			return -1;
	}
	rdl_buf_addc(r->out, '}');
	return 0;
}

static int
read_value(struct reader *r, int type)
{
	int rc = -1;

	if (r->depth == RDL_THRIFT_DEPTH)
		return -1;
	r->depth++;
	switch (type) {
	case RDL_THRIFT_TRUE:
	case RDL_THRIFT_FALSE:
		rdl_buf_adds(r->out, type == RDL_THRIFT_TRUE ? "true" :
		    "false");
		rc = 0;
		break;
	case RDL_THRIFT_BYTE:
	case RDL_THRIFT_DOUBLE:
		rdl_buf_adds(r->out, "null");
		if (r->end - r->p >= (type == RDL_THRIFT_BYTE ? 1 : 8)) {
			r->p += type == RDL_THRIFT_BYTE ? 1 : 8;
			rc = 0;
		}
		break;
	case RDL_THRIFT_I16:
	case RDL_THRIFT_I32:
	case RDL_THRIFT_I64:
		rc = read_int(r);
		break;
	case RDL_THRIFT_BINARY:
		rc = read_binary(r);
		break;
	case RDL_THRIFT_LIST:
	case RDL_THRIFT_SET:
		rc = read_list(r);
		break;
	case RDL_THRIFT_STRUCT:
		rc = read_struct(r);
		break;
	default:		/* Parquet has no maps. */
		break;
	}
	r->depth--;
	return rc;
}

int
rdl_parquet_thrift_json(const void *p, size_t len, struct rdl_buf *out,
    size_t *used, struct rdl_err *err)
{
	struct reader r = { p, (const unsigned char *)p + len, out, 0 };

	if (read_struct(&r) < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "cut, or no Thrift struct, at its byte %zu",
		    (size_t)(r.p - (const unsigned char *)p));
	if (rdl_buf_full(out))
		return rdl_err_set(err, RDL_E_INPUT, "the struct is too big");
	*used = (size_t)(r.p - (const unsigned char *)p);
	return 0;
}
