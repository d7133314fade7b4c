/*
 * Canonical JSON: the JSON Canonicalization Scheme, RFC 8785.
 * Reads a parsed value, appends text to a buffer.  Does not parse: the
 * shortest digits of a double are yyjson's, their layout is ours.
 */
#include "record/canon.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/num.h"
#include "core/utf8.h"

#define FEW_NAMES 16	/* sorted without a call to the allocator */

/* What one canonical text is made with. */
struct canon {
	struct rdl_buf *out;
	struct rdl_err *err;
	struct rdl_buf folded;	/* scratch */
	bool fold;
	bool wide;	/* numbers outside RFC 8785 keep their text */
};

static int put(struct canon *c, yyjson_val *v, int depth);

/*
 * The order of bytes that is the order of UTF-16 units.  In valid UTF-8 two
 * texts first differ in lead bytes or in continuation bytes.  Leads from
 * 0xf0 are surrogates in UTF-16, 0xd800 to 0xdfff, and so come before
 * U+E000 to U+FFFF, whose leads are 0xee and 0xef.
 */
static int
utf16_rank(unsigned char c)
{
	return c == 0xee || c == 0xef ? c + 0x10 : c;
}

int
rdl_canon_order(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t i, n = alen < blen ? alen : blen;

	for (i = 0; i < n; i++)
		if (a[i] != b[i])
			return utf16_rank((unsigned char)a[i]) -
			    utf16_rank((unsigned char)b[i]);
	return alen == blen ? 0 : alen < blen ? -1 : 1;
}

static int
by_name(const void *a, const void *b)
{
	yyjson_val *ka = *(yyjson_val *const *)a;
	yyjson_val *kb = *(yyjson_val *const *)b;

	return rdl_canon_order(yyjson_get_str(ka), yyjson_get_len(ka),
	    yyjson_get_str(kb), yyjson_get_len(kb));
}

/* Digits and where their point stands: 0.DIGITS times ten to the point. */
struct decimal {
	char digits[32];
	int n;
	int point;
};

/* The shortest decimal that reads back as d, which is above zero. */
static struct decimal
shortest(double d)
{
	struct decimal out = { "", 0, 0 };
	struct rdl_err err;
	yyjson_alc alc;
	yyjson_val v;
	char pool[1024];
	const char *p = NULL;
	int64_t exponent = 0;
	int seen_point = 0;

	memset(&v, 0, sizeof(v));
	(void)yyjson_set_real(&v, d);
	if (yyjson_alc_pool_init(&alc, pool, sizeof(pool)))
		p = yyjson_val_write_opts(&v, 0, &alc, NULL, NULL);
	if (p == NULL)
		rdl_mem_exhausted(sizeof(pool));
	for (; *p != '\0' && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			seen_point = 1;
			continue;
		}
		/* Zeros in front of all digits only move the point. */
		if (*p != '0' || out.n > 0)
			out.digits[out.n++] = *p;
		if (!seen_point && out.n > 0)
			out.point++;
		else if (seen_point && out.n == 0)
			out.point--;
	}
	if (*p != '\0' && rdl_num_int(p + 1, -400, 400, &exponent, &err) == 0)
		out.point += (int)exponent;
	while (out.n > 0 && out.digits[out.n - 1] == '0')
		out.n--;
	return out;
}

static void
add_zeros(struct rdl_buf *out, int n)
{
	while (n-- > 0)
		rdl_buf_addc(out, '0');
}

/* ECMA-262 6.1.6.1.20, steps 6 to 11; n there is point here, k is n. */
static void
lay_out(const struct decimal *d, struct rdl_buf *out)
{
	const char *p = d->digits;
	int k = d->n, n = d->point;

	if (k <= n && n <= 21) {
		rdl_buf_add(out, p, (size_t)k);
		add_zeros(out, n - k);
	} else if (0 < n && n <= 21) {
		rdl_buf_add(out, p, (size_t)n);
		rdl_buf_addc(out, '.');
		rdl_buf_add(out, p + n, (size_t)(k - n));
	} else if (-6 < n && n <= 0) {
		rdl_buf_adds(out, "0.");
		add_zeros(out, -n);
		rdl_buf_add(out, p, (size_t)k);
	} else {
		rdl_buf_addc(out, *p);
		if (k > 1) {
			rdl_buf_addc(out, '.');
			rdl_buf_add(out, p + 1, (size_t)k - 1);
		}
		rdl_buf_adds(out, n > 0 ? "e+" : "e-");
		rdl_buf_addu(out, (uint64_t)(n > 0 ? n - 1 : 1 - n));
	}
}

void
rdl_canon_number(double d, struct rdl_buf *out)
{
	struct decimal dec;

	if (d == 0) {
		rdl_buf_addc(out, '0');
		return;
	}
	if (d < 0)
		rdl_buf_addc(out, '-');
	dec = shortest(d < 0 ? -d : d);
	lay_out(&dec, out);
}

static int
odd_number(struct canon *c, const char *text)
{
	if (c->wide) {
		rdl_buf_adds(c->out, text);
		rdl_buf_addc(c->out, 'n');
		return 0;
	}
	return rdl_err_set(c->err, RDL_E_INPUT, "the integer %.40s has no "
	    "canonical form: no double holds it exactly", text);
}

/* An integer whose magnitude is u. */
static int
put_integer(struct canon *c, uint64_t u, bool negative)
{
	uint64_t odd = u;
	char text[24];
	double d = (double)u;

	while (odd > 0 && odd % 2 == 0)
		odd /= 2;
	if (odd >> 53 != 0) {
		(void)snprintf(text, sizeof(text), "%s%llu",
		    negative ? "-" : "", (unsigned long long)u);
		return odd_number(c, text);
	}
	rdl_canon_number(negative ? -d : d, c->out);
	return 0;
}

/* True if text, digits behind an optional sign, is exactly d. */
static bool
is_exactly(const char *text, double d)
{
	char exact[512];

	(void)snprintf(exact, sizeof(exact), "%.0f", d);
	return strcmp(text, exact) == 0;
}

/* A number that the parser left as text, too big for its types. */
static int
put_raw(struct canon *c, yyjson_val *v)
{
	const char *end, *raw = yyjson_get_raw(v);
	char *text = rdl_mem_dup(raw, yyjson_get_len(v));
	yyjson_val num;
	int rc = 0;

	memset(&num, 0, sizeof(num));
	end = yyjson_read_number(text, &num, 0, NULL, NULL);
	if ((end == NULL || *end != '\0') && c->wide)
		rc = odd_number(c, text);
	else if (end == NULL || *end != '\0')
		rc = rdl_err_set(c->err, RDL_E_INPUT, "the number %.40s has no "
		    "canonical form: it is larger than a double can be", text);
	else if (yyjson_is_int(&num))
		rc = put(c, &num, 0);
	else if (text[strspn(text, "-0123456789")] == '\0' &&
	    !is_exactly(text, yyjson_get_real(&num)))
		rc = odd_number(c, text);
	else
		rdl_canon_number(yyjson_get_real(&num), c->out);
	free(text);
	return rc;
}

static int
put_string(struct canon *c, const char *p, size_t len, bool fold)
{
	if (rdl_utf8_valid(p, len) != len)
		return rdl_err_set(c->err, RDL_E_INPUT, "a string is not UTF-8 "
		    "or holds a lone surrogate");
	if (fold) {
		rdl_buf_reset(&c->folded);
		if (rdl_utf8_fold(&c->folded, p, len) < 0)
			return rdl_err_set(c->err, RDL_E_INPUT,
			    "a string is not UTF-8");
		p = c->folded.p != NULL ? c->folded.p : "";
		len = c->folded.len;
		if (rdl_buf_full(&c->folded))
			return rdl_err_set(c->err, RDL_E_INPUT,
			    "a string is too long to be folded");
	}
	rdl_buf_addjson(c->out, p, len);
	return 0;
}

static int
put_member(struct canon *c, yyjson_val *key, bool first, int depth)
{
	if (!first)
		rdl_buf_addc(c->out, ',');
	if (put_string(c, yyjson_get_str(key), yyjson_get_len(key), false) < 0)
		return -1;
	rdl_buf_addc(c->out, ':');
	return put(c, yyjson_obj_iter_get_val(key), depth);
}

static int
put_object(struct canon *c, yyjson_val *v, int depth)
{
	yyjson_val *few[FEW_NAMES], **keys = few, *key, *val;
	size_t i, max, n = yyjson_obj_size(v);
	int rc = 0;

	if (n > FEW_NAMES)
		keys = rdl_mem_calloc(n, sizeof(*keys));
	yyjson_obj_foreach(v, i, max, key, val)
		keys[i] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	rdl_buf_addc(c->out, '{');
	for (i = 0; i < n && rc == 0; i++) {
		if (i > 0 && by_name(&keys[i - 1], &keys[i]) == 0)
			rc = rdl_err_set(c->err, RDL_E_INPUT,
			    "a name comes twice in one object");
		else
			rc = put_member(c, keys[i], i == 0, depth);
	}
	rdl_buf_addc(c->out, '}');
	if (keys != few)
		free(keys);
	return rc;
}

static int
put_array(struct canon *c, yyjson_val *v, int depth)
{
	yyjson_val *element;
	size_t i, max;

	rdl_buf_addc(c->out, '[');
	yyjson_arr_foreach(v, i, max, element) {
		if (i > 0)
			rdl_buf_addc(c->out, ',');
		if (put(c, element, depth) < 0)
			return -1;
	}
	rdl_buf_addc(c->out, ']');
	return 0;
}

static int
put_number(struct canon *c, yyjson_val *v)
{
	int64_t i;

	switch (yyjson_get_subtype(v)) {
	case YYJSON_SUBTYPE_UINT:
		return put_integer(c, yyjson_get_uint(v), false);
	case YYJSON_SUBTYPE_SINT:
		i = yyjson_get_sint(v);
		return put_integer(c, i < 0 ? 0 - (uint64_t)i : (uint64_t)i,
		    i < 0);
	default:
		rdl_canon_number(yyjson_get_real(v), c->out);
		return 0;
	}
}

/* depth: how many containers stand around v. */
static int
put(struct canon *c, yyjson_val *v, int depth)
{
	if (yyjson_is_ctn(v) && depth == RDL_DEPTH_MAX)
		return rdl_err_set(c->err, RDL_E_INPUT,
		    "nested deeper than %d levels", RDL_DEPTH_MAX);
	switch (yyjson_get_type(v)) {
	case YYJSON_TYPE_NULL:
		rdl_buf_adds(c->out, "null");
		return 0;
	case YYJSON_TYPE_BOOL:
		rdl_buf_adds(c->out, yyjson_get_bool(v) ? "true" : "false");
		return 0;
	case YYJSON_TYPE_NUM:
		return put_number(c, v);
	case YYJSON_TYPE_RAW:
		return put_raw(c, v);
	case YYJSON_TYPE_STR:
		return put_string(c, yyjson_get_str(v), yyjson_get_len(v),
		    c->fold);
	case YYJSON_TYPE_ARR:
		return put_array(c, v, depth + 1);
	case YYJSON_TYPE_OBJ:
		return put_object(c, v, depth + 1);
	default:
		return rdl_err_set(c->err, RDL_E_INPUT, "there is no value");
	}
}

static int
canon(yyjson_val *v, bool fold, bool wide, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct canon c = { out, err, RDL_BUF_INIT(4 * RDL_LINE_MAX), fold,
		wide };
	int rc = put(&c, v, 0);

	if (rc == 0 && rdl_buf_full(out))
		rc = rdl_err_set(err, RDL_E_INPUT,
		    "the canonical form is longer than %zu bytes", out->max);
	rdl_buf_release(&c.folded);
	return rc;
}

int
rdl_canon(yyjson_val *v, struct rdl_buf *out, struct rdl_err *err)
{
	return canon(v, false, false, out, err);
}

int
rdl_canon_identity(yyjson_val *v, bool fold, struct rdl_buf *out,
    struct rdl_err *err)
{
	return canon(v, fold, true, out, err);
}
