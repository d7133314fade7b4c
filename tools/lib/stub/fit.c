/*
 * A JSON value that fits a JSON Schema, out of a hash.
 * Reads a parsed schema, which comes from a stranger; writes JSON text.
 * Does not validate and does not obey every keyword: see the header.
 */
#include "stub/fit.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "core/num.h"
#include "core/rng.h"
#include "stub/word.h"

#define FIT_DEPTH 64
#define FIT_VALUES 20000
#define FIT_ITEMS 1000
#define FIT_TEXT 65536

struct fit {
	struct rdl_buf *out;
	yyjson_val *root;
	struct rdl_rng rng;
	size_t left;		/* values that may still be made */
};

static void value(struct fit *f, yyjson_val *s, size_t index, int depth);

/* Follow $ref within the schema, and take the first way of anyOf and its kin
 * that is not null. */
static yyjson_val *
resolve(const struct fit *f, yyjson_val *s)
{
	static const char *const ways[] = { "anyOf", "oneOf", "allOf" };
	yyjson_val *ref, *list, *way;
	size_t i, k, n;
	int hops;

	for (hops = 0; hops < 32 && yyjson_is_obj(s); hops++) {
		ref = yyjson_obj_get(s, "$ref");
		if (yyjson_is_str(ref) && yyjson_get_str(ref)[0] == '#') {
			s = yyjson_ptr_getn(f->root, yyjson_get_str(ref) + 1,
			    yyjson_get_len(ref) - 1);
			continue;
		}
		for (i = 0; i < RDL_NELEM(ways); i++)
			if (yyjson_arr_size(yyjson_obj_get(s, ways[i])) > 0)
				break;
		if (i == RDL_NELEM(ways) || yyjson_obj_get(s, "properties"))
			return s;
		list = yyjson_obj_get(s, ways[i]);
		s = yyjson_arr_get_first(list);
		yyjson_arr_foreach(list, k, n, way) {
			if (!yyjson_equals_str(yyjson_obj_get(way, "type"),
			    "null")) {
				s = way;
				break;
			}
		}
	}
	return s;
}

/* Type name in lower case; of a list the first that is not null. */
static void
type_of(yyjson_val *s, char out[16])
{
	yyjson_val *t = yyjson_obj_get(s, "type"), *one;
	const char *name = "string";
	size_t i, k, n;

	if (yyjson_is_arr(t)) {
		yyjson_val *list = t;

		t = yyjson_arr_get_first(list);
		yyjson_arr_foreach(list, k, n, one) {
			if (!yyjson_equals_str(one, "null")) {
				t = one;
				break;
			}
		}
	}
	if (yyjson_is_str(t))
		name = yyjson_get_str(t);
	else if (yyjson_obj_get(s, "properties") != NULL)
		name = "object";
	else if (yyjson_obj_get(s, "items") != NULL)
		name = "array";
	else if (yyjson_obj_get(s, "minimum") != NULL ||
	    yyjson_obj_get(s, "maximum") != NULL)
		name = "number";
	for (i = 0; i < 15 && name[i] != '\0'; i++)
		out[i] = name[i] >= 'A' && name[i] <= 'Z' ?
		    (char)(name[i] + 32) : name[i];
	out[i] = '\0';
}

/* A number of the schema within lo..hi, or otherwise if there is none. */
static double
bound(yyjson_val *s, const char *key, double otherwise)
{
	yyjson_val *v = yyjson_obj_get(s, key);
	double d = yyjson_is_num(v) ? yyjson_get_num(v) : otherwise;

	if (!(d > -1e15))
		return -1e15;
	return d < 1e15 ? d : 1e15;
}

/* A count of the schema in 0..max; Gemini writes counts as strings. */
static size_t
count(yyjson_val *s, const char *key, size_t otherwise, size_t max)
{
	yyjson_val *v = yyjson_obj_get(s, key);
	struct rdl_err err;
	double d;

	if (yyjson_is_num(v))
		d = yyjson_get_num(v);
	else if (!yyjson_is_str(v) ||
	    rdl_num_real(yyjson_get_str(v), 0, 1e15, &d, &err) < 0)
		return otherwise;
	if (!(d >= 0))
		return 0;
	return d < (double)max ? (size_t)d : max;
}

static void
raw(struct fit *f, yyjson_val *v)
{
	size_t len;
	char *text = yyjson_val_write(v, 0, &len);

	if (text == NULL)
		rdl_buf_adds(f->out, "null");
	else
		rdl_buf_add(f->out, text, len);
	free(text);
}

static void
number(struct fit *f, yyjson_val *s, bool whole)
{
	double step = bound(s, "multipleOf", whole ? 1 : 0);
	double fine = step > 0 ? step : 1e-4, lo, hi, v, n;

	lo = bound(s, "minimum", -1e15);
	hi = bound(s, "maximum", 1e15);
	lo = fmax(lo, bound(s, "exclusiveMinimum", -2e15) + fine);
	hi = fmin(hi, bound(s, "exclusiveMaximum", 2e15) - fine);
	if (lo < -1e14)
		lo = hi > 1e14 || hi >= 0 ? fmin(0, hi) : hi - 100;
	if (hi > 1e14)
		hi = lo + (whole ? 100 : 1);
	if (step <= 0) {
		v = floor((lo + rdl_rng_real(&f->rng) * (hi - lo)) * 1e4) / 1e4;
		v = fmax(lo, v);
	} else {
		v = ceil(lo / step);
		n = fmin(floor(hi / step) - v, 1e6);
		if (n > 0)
			v += (double)rdl_rng_below(&f->rng, (uint64_t)n + 1);
		v *= step;
	}
	rdl_buf_addf(f->out, "%.15g", v == 0 ? 0 : v);
}

static void
string(struct fit *f, yyjson_val *s)
{
	size_t lo = count(s, "minLength", 1, FIT_TEXT);
	size_t hi = count(s, "maxLength", FIT_TEXT, FIT_TEXT);
	struct rdl_buf t = RDL_BUF_INIT(2 * FIT_TEXT);

	rdl_word_text(&t, rdl_rng_next(&f->rng),
	    (size_t)(2 + rdl_rng_below(&f->rng, 4)));
	while (t.len < lo) {
		rdl_buf_addc(&t, ' ');
		rdl_word_text(&t, rdl_rng_next(&f->rng), 1);
	}
	rdl_buf_addjson(f->out, t.p, t.len < hi ? t.len : hi);
	rdl_buf_release(&t);
}

static void
object(struct fit *f, yyjson_val *s, int depth)
{
	yyjson_val *props = yyjson_obj_get(s, "properties");
	yyjson_val *req = yyjson_obj_get(s, "required"), *key, *v;
	size_t i, n, done = 0;

	rdl_buf_addc(f->out, '{');
	yyjson_obj_foreach(props, i, n, key, v) {
		if (f->left == 0)
			break;
		rdl_buf_adds(f->out, done++ > 0 ? ", " : "");
		rdl_buf_addjson(f->out, yyjson_get_str(key),
		    yyjson_get_len(key));
		rdl_buf_adds(f->out, ": ");
		value(f, v, 0, depth + 1);
	}
	yyjson_arr_foreach(req, i, n, key) {
		if (f->left == 0 || i == FIT_VALUES)
			break;
		if (!yyjson_is_str(key) || yyjson_obj_getn(props,
		    yyjson_get_str(key), yyjson_get_len(key)) != NULL)
			continue;
		rdl_buf_adds(f->out, done++ > 0 ? ", " : "");
		rdl_buf_addjson(f->out, yyjson_get_str(key),
		    yyjson_get_len(key));
		rdl_buf_adds(f->out, ": ");
		value(f, NULL, 0, depth + 1);
	}
	rdl_buf_addc(f->out, '}');
}

static void
array(struct fit *f, yyjson_val *s, int depth)
{
	yyjson_val *items = yyjson_obj_get(s, "items"), *one;
	yyjson_val *prefix = yyjson_obj_get(s, "prefixItems");
	size_t nenum = yyjson_arr_size(yyjson_obj_get(resolve(f, items),
	    "enum"));
	size_t lo = count(s, "minItems", 1, FIT_ITEMS), hi, n, i, start;

	/* Items of an enum are taken in turn, so that none comes twice. */
	hi = count(s, "maxItems", lo > 3 ? lo : 3, FIT_ITEMS);
	if (hi > lo + 3)
		hi = lo + 3;
	if (nenum > 0 && hi > nenum)
		hi = nenum > lo ? nenum : lo;
	n = hi > lo ? lo + (size_t)rdl_rng_below(&f->rng, hi - lo + 1) : lo;
	if (n > hi)
		n = hi;
	if (n < yyjson_arr_size(prefix))
		n = yyjson_arr_size(prefix);
	start = (size_t)(rdl_rng_next(&f->rng) >> 32);
	rdl_buf_addc(f->out, '[');
	for (i = 0; i < n && f->left > 0; i++) {
		rdl_buf_adds(f->out, i > 0 ? ", " : "");
		one = yyjson_arr_get(prefix, i);
		value(f, one != NULL ? one : items, start + i, depth + 1);
	}
	rdl_buf_addc(f->out, ']');
}

static void
value(struct fit *f, yyjson_val *s, size_t index, int depth)
{
	yyjson_val *v;
	char type[16];
	size_t n;

	if (f->left == 0 || depth > FIT_DEPTH || rdl_buf_full(f->out)) {
		rdl_buf_adds(f->out, "null");
		return;
	}
	f->left--;
	s = resolve(f, s);
	if ((v = yyjson_obj_get(s, "const")) != NULL) {
		raw(f, v);
		return;
	}
	v = yyjson_obj_get(s, "enum");
	if ((n = yyjson_arr_size(v)) > 0) {
		if (index == 0)
			index = (size_t)rdl_rng_below(&f->rng, n);
		raw(f, yyjson_arr_get(v, index % n));
		return;
	}
	type_of(s, type);
	if (strcmp(type, "object") == 0)
		object(f, s, depth);
	else if (strcmp(type, "array") == 0)
		array(f, s, depth);
	else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		number(f, s, type[0] == 'i');
	else if (strcmp(type, "boolean") == 0)
		rdl_buf_adds(f->out, rdl_rng_next(&f->rng) >> 63 ? "true" :
		    "false");
	else if (strcmp(type, "null") == 0)
		rdl_buf_adds(f->out, "null");
	else
		string(f, s);
}

void
rdl_fit_value(struct rdl_buf *out, yyjson_val *schema, uint64_t h)
{
	struct fit f = { out, schema, { h }, FIT_VALUES };

	value(&f, schema, 0, 0);
}
