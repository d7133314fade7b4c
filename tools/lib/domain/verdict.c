/*
 * Which images are wanted, and why a file is not.
 * Pure: numbers in, words out.
 */
#include "domain/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
rdl_verdict_set(struct rdl_verdict *v, bool failed, const char *rule,
    const char *fmt, ...)
{
	va_list ap;

	memset(v, 0, sizeof(*v));
	v->failed = failed;
	v->rule = rule;
	va_start(ap, fmt);
	(void)vsnprintf(v->why, sizeof(v->why), fmt, ap);
	va_end(ap);
}

bool
rdl_verdict_of_size(const struct rdl_verdict_rules *o,
    const struct rdl_image_info *info, struct rdl_verdict *v)
{
	double w = info->width, h = info->height;
	double side = w < h ? w : h, aspect = (w < h ? h : w) / side;

	if (side < (double)o->min_side) {
		rdl_verdict_set(v, false, "min-side",
		    "a side of %.0f pixels", side);
		(void)snprintf(v->value, sizeof(v->value), "%.0f", side);
		(void)snprintf(v->threshold, sizeof(v->threshold), "%" PRId64,
		    o->min_side);
		return false;
	}
	if (o->max_aspect >= 1 && aspect > o->max_aspect) {
		rdl_verdict_set(v, false, "max-aspect",
		    "%.0f x %.0f pixels", w, h);
		(void)snprintf(v->value, sizeof(v->value), "%.15g", aspect);
		(void)snprintf(v->threshold, sizeof(v->threshold), "%.15g",
		    o->max_aspect);
		return false;
	}
	return true;
}

bool
rdl_verdict_of_bytes(const struct rdl_verdict_rules *o, size_t len,
    struct rdl_verdict *v)
{
	if (o->min_bytes <= 0 || len >= (uint64_t)o->min_bytes)
		return true;
	rdl_verdict_set(v, false, "min-bytes", "%zu bytes", len);
	(void)snprintf(v->value, sizeof(v->value), "%zu", len);
	(void)snprintf(v->threshold, sizeof(v->threshold), "%" PRId64,
	    o->min_bytes);
	return false;
}

void
rdl_verdict_of_result(const struct rdl_verdict_rules *o,
    const struct rdl_pool_result *r, struct rdl_verdict *v)
{
	static const char *const rules[] = { "decode", "crash", "memory",
		"timeout", "pixels", "bytes" };
	size_t i;

	if (strcmp(r->rule, "pixels") == 0 && o->max_pixels > 0) {
		rdl_verdict_set(v, false, "max-pixels", "%s", r->why);
		(void)snprintf(v->threshold, sizeof(v->threshold), "%" PRId64,
		    o->max_pixels);
		return;
	}
	for (i = 0; i + 1 < RDL_NELEM(rules); i++)
		if (strcmp(rules[i], r->rule) == 0)
			break;
	rdl_verdict_set(v, true, rules[i], "%s", r->why);
}
