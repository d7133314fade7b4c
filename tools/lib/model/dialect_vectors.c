/*
 * Embeddings of an OpenAI-style reply: arrays of numbers, or base64 of
 * little-endian floats, each placed by its index.
 * Reads a parsed document; writes vectors into an arena.
 */
#include <math.h>
#include <string.h>

#include "model/base64.h"
#include "model/dialect_impl.h"

/* Numbers in an embedding of either form, 0 if it is none. */
static size_t
dimension(yyjson_val *v)
{
	const char *s = yyjson_get_str(v);
	size_t len = yyjson_get_len(v), pad = 0;

	if (yyjson_is_arr(v))
		return len;
	if (s == NULL || len == 0 || len % 4 != 0)
		return 0;
	if (s[len - 1] == '=')
		pad = s[len - 2] == '=' ? 2 : 1;
	len = len / 4 * 3 - pad;
	return len % 4 == 0 ? len / 4 : 0;
}

static float
little_endian(const unsigned char *p)
{
	uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
	    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static int
read_base64(yyjson_val *v, float *out, size_t dim, struct rdl_arena *arena)
{
	size_t len = yyjson_get_len(v), n, i;
	unsigned char *raw = rdl_arena_alloc(arena, RDL_BASE64_BOUND(len));

	if (rdl_base64_decode(raw, &n, yyjson_get_str(v), len) < 0 ||
	    n != dim * 4)
		return -1;
	for (i = 0; i < dim; i++)
		out[i] = little_endian(raw + 4 * i);
	return 0;
}

static int
read_numbers(yyjson_val *v, float *out)
{
	yyjson_val *x;
	size_t i, n;

	yyjson_arr_foreach(v, i, n, x) {
		if (!yyjson_is_num(x))
			return -1;
		out[i] = (float)yyjson_get_num(x);
	}
	return 0;
}

static bool
all_finite(const float *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return false;
	return true;
}

/* All of one length, so that the vectors are no larger than the body. */
static int
check_dimensions(yyjson_val *data, size_t want, size_t *dim,
    struct rdl_err *err)
{
	yyjson_val *item;
	size_t i, n, d;

	if (!yyjson_is_arr(data) || yyjson_get_len(data) != want || want == 0)
		return rdl_err_set(err, RDL_E_REMOTE, "the server's reply has "
		    "%zu embeddings, not %zu", yyjson_is_arr(data) ?
		    yyjson_get_len(data) : 0, want);
	*dim = 0;
	yyjson_arr_foreach(data, i, n, item) {
		d = dimension(yyjson_obj_get(item, "embedding"));
		if (d == 0 || (*dim != 0 && d != *dim))
			return rdl_dialect_read_wrong(err, "has an embedding "
			    "that is none, or of another length");
		*dim = d;
	}
	return 0;
}

/* Where item i belongs; want if its index is wrong. */
static size_t
place(yyjson_val *item, size_t i, size_t want)
{
	yyjson_val *index = yyjson_obj_get(item, "index");

	if (index == NULL || yyjson_is_null(index))
		return i;
	return yyjson_is_uint(index) && yyjson_get_uint(index) < want ?
	    (size_t)yyjson_get_uint(index) : want;
}

int
rdl_dialect_vectors_read(yyjson_val *data, size_t want,
    struct rdl_arena *arena, struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_val *item, *v;
	size_t i, n, at, dim = 0;
	float *all;
	bool *seen;

	if (check_dimensions(data, want, &dim, err) < 0)
		return -1;
	all = rdl_arena_alloc(arena, want * dim * sizeof(*all));
	seen = rdl_arena_alloc(arena, want * sizeof(*seen));
	yyjson_arr_foreach(data, i, n, item) {
		at = place(item, i, want);
		if (at == want || seen[at])
			return rdl_dialect_read_wrong(err,
			    "has an embedding with a wrong index");
		seen[at] = true;
		v = yyjson_obj_get(item, "embedding");
		if ((yyjson_is_arr(v) ? read_numbers(v, all + at * dim) :
		    read_base64(v, all + at * dim, dim, arena)) < 0 ||
		    !all_finite(all + at * dim, dim))
			return rdl_dialect_read_wrong(err,
			    "has an embedding that is damaged");
	}
	out->vectors = all;
	out->nvectors = want;
	out->dim = dim;
	return 0;
}
