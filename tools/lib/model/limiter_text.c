/*
 * The shared state of a rate limit as text.
 * Reads and writes one JSON object.  Judges only the ranges of its numbers.
 */
#include "model/limiter_impl.h"

#include <math.h>
#include <string.h>
#include <yyjson.h>

#include "record/json.h"

#define VERSION 1
#define TIME_MAX (INT64_MAX / 4)

enum type { WHOLE, REAL };

static const struct field {
	const char *name;
	enum type type;
	size_t off;
	double lo, hi;
} fields[] = {
#define F(m, t, low, high) { #m, t, offsetof(struct rdl_limiter_state, m), \
	low, high }
#define TIME(m) F(m, WHOLE, 0, (double)TIME_MAX)
#define COUNT(m) F(m, WHOLE, 0, 1e15)
	F(mode, WHOLE, RDL_LIMITER_SLOW, RDL_LIMITER_PACED),
	F(source, WHOLE, RDL_LIMITER_LEARNED, RDL_LIMITER_TOLD),
	F(rate, REAL, 1e-3, 1e9),
	F(ceiling, REAL, 0, 1e9),
	F(squeeze, REAL, 0.5, 1),
	F(growth, REAL, 0, 1),
	F(burst, REAL, -1, 1e15),
	F(tokens, REAL, 0, 1e12),
	TIME(seen_us),
	TIME(refused_us),
	TIME(until_us),
	F(backoff_ms, WHOLE, 0, 120000),
	F(window, WHOLE, 1, 65536),
	COUNT(out),
	COUNT(round_sent),
	COUNT(round_ok),
	TIME(moved_us),
	TIME(latency_us),
	TIME(began_us),
	COUNT(sent),
	COUNT(refused),
	TIME(due_us),
	TIME(grown_us),
	F(hungry, WHOLE, 0, 1),
	F(mark_rate, REAL, 0, 1e9),
	TIME(mark_us),
	COUNT(mark_sent),
	TIME(mark2_us),
	COUNT(mark2_sent),
	TIME(tokens_due_us),
#undef F
#undef TIME
#undef COUNT
};

void
rdl_limiter_text_write(const struct rdl_limiter_state *s, struct rdl_buf *out)
{
	const char *base = (const char *)s;
	int64_t whole;
	double real;
	size_t i;

	rdl_buf_addf(out, "{\"v\":%d", VERSION);
	for (i = 0; i < RDL_NELEM(fields); i++) {
		if (fields[i].type == WHOLE) {
			memcpy(&whole, base + fields[i].off, sizeof(whole));
			rdl_buf_addf(out, ",\"%s\":%lld", fields[i].name,
			    (long long)whole);
		} else {
			memcpy(&real, base + fields[i].off, sizeof(real));
			rdl_buf_addf(out, ",\"%s\":%.9g", fields[i].name,
			    real);
		}
	}
	rdl_buf_addc(out, '}');
}

/* 0, or -1 if the value is missing, no number or out of range. */
static int
read_field(const struct field *f, yyjson_val *object, char *base)
{
	yyjson_val *v = yyjson_obj_get(object, f->name);
	int64_t whole;
	double real;

	if (!yyjson_is_num(v))
		return -1;
	real = yyjson_get_num(v);
	if (!(real >= f->lo && real <= f->hi))
		return -1;
	if (f->type == REAL) {
		memcpy(base + f->off, &real, sizeof(real));
		return 0;
	}
	if (!yyjson_is_int(v))
		return -1;
	whole = yyjson_get_sint(v);
	memcpy(base + f->off, &whole, sizeof(whole));
	return 0;
}

int
rdl_limiter_text_read(struct rdl_limiter_state *s, const char *text,
    size_t len)
{
	struct rdl_limiter_state read = *s;
	yyjson_doc *doc = len == 0 ? NULL : rdl_json_read(text, len, 0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int rc = 0;
	size_t i;

	if (yyjson_get_uint(yyjson_obj_get(root, "v")) != VERSION)
		rc = -1;
	for (i = 0; rc == 0 && i < RDL_NELEM(fields); i++)
		rc = read_field(&fields[i], root, (char *)&read);
	yyjson_doc_free(doc);
	if (rc == 0)
		*s = read;
	return rc;
}
