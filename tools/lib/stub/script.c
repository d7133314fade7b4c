/*
 * Rules of faults as people write them.
 * Reads a file of JSON lines, or one argument; appends to a list of rules.
 * An unknown key is an error: a misspelt selector would hit everything.
 */
#include "stub/script.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "core/mem.h"
#include "core/num.h"
#include "stub/find.h"

#define MS_MAX 86400000
#define BYTES_MAX 268435456
#define SHORT_MAX 4096

enum field_type { WHOLE, REAL, TEXT };

static const struct field {
	const char *name;
	enum field_type type;
	size_t off;
	double lo, hi;
} fields[] = {
#define AT(member) offsetof(struct rdl_fault, member)
	{ "from", WHOLE, AT(from), 1, 1e15 },
	{ "to", WHOLE, AT(to), 1, 1e15 },
	{ "every", WHOLE, AT(every), 1, 1e15 },
	{ "rate", REAL, AT(rate), 0, 1 },
	{ "times", WHOLE, AT(times), 1, 1e15 },
	{ "match", TEXT, AT(match), 0, 0 },
	{ "path", TEXT, AT(path), 0, 0 },
	{ "status", WHOLE, AT(status), 300, 599 },
	{ "retry_after", REAL, AT(retry_after_s), 0, 86400 },
	{ "retry_after_ms", WHOLE, AT(retry_after_ms), 0, MS_MAX },
	{ "bytes", WHOLE, AT(bytes), 0, BYTES_MAX },
	{ "bytes_per_s", WHOLE, AT(bytes_per_s), 1, 1e9 },
	{ "ms", WHOLE, AT(ms), 0, MS_MAX },
	{ "to_ms", WHOLE, AT(to_ms), 0, MS_MAX },
	{ "location", TEXT, AT(location), 0, 0 },
	{ "message", TEXT, AT(message), 0, 0 },
#undef AT
};

static int
set_at(struct rdl_fault *r, yyjson_val *list, struct rdl_err *err)
{
	yyjson_val *v;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, v)
		if (!yyjson_is_uint(v))
			return rdl_err_set(err, RDL_E_USAGE,
			    "'at' holds something that is no request number");
	if (yyjson_arr_size(list) == 0 || r->at != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "'at' is not a list of request numbers");
	r->at = rdl_mem_calloc(yyjson_arr_size(list), sizeof(*r->at));
	yyjson_arr_foreach(list, i, n, v)
		r->at[r->nat++] = (int64_t)yyjson_get_uint(v);
	return 0;
}

static int
set_text(char **to, yyjson_val *v, const char *name, struct rdl_err *err)
{
	const char *s = yyjson_get_str(v);

	/* Header lines are made of some of these. */
	if (s == NULL || strlen(s) != yyjson_get_len(v) || *to != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not one text without NUL", name);
	*to = rdl_mem_strdup(s);
	return 0;
}

static int
set_field(struct rdl_fault *r, const char *name, yyjson_val *v,
    struct rdl_err *err)
{
	const struct field *f = NULL;
	char *base = (char *)r;
	size_t i;
	double d;

	for (i = 0; i < RDL_NELEM(fields) && f == NULL; i++)
		if (strcmp(fields[i].name, name) == 0)
			f = &fields[i];
	if (f == NULL)
		return rdl_err_set(err, RDL_E_USAGE, "unknown key '%s'", name);
	if (f->type == TEXT)
		return set_text((char **)(void *)(base + f->off), v, name,
		    err);
	d = yyjson_get_num(v);
	if (!yyjson_is_num(v) || !(d >= f->lo && d <= f->hi) ||
	    (f->type == WHOLE && !yyjson_is_uint(v)))
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not a %snumber in %.15g..%.15g", name,
		    f->type == WHOLE ? "whole " : "", f->lo, f->hi);
	if (f->type == WHOLE)
		*(int64_t *)(void *)(base + f->off) =
		    (int64_t)yyjson_get_uint(v);
	else
		*(double *)(void *)(base + f->off) = d;
	return 0;
}

/* Refuse what would do nothing or something else than its writer thinks. */
static int
check(const struct rdl_fault *r, struct rdl_err *err)
{
	if (r->kind == RDL_FAULT_HTTP && r->status == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the fault http needs a status");
	if (r->kind == RDL_FAULT_HTTP && r->status < 400)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the status of the fault http is not an error");
	if (r->kind == RDL_FAULT_REDIRECT && r->location == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the fault redirect needs a location");
	if (r->kind == RDL_FAULT_REDIRECT &&
	    strpbrk(r->location, "\r\n") != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the location of a redirect holds a line end");
	if (r->kind == RDL_FAULT_LATENCY && r->ms == 0 && r->to_ms == 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the fault latency needs ms");
	return 0;
}

static int
add_rule(void *arg, yyjson_val *root, struct rdl_err *err)
{
	struct rdl_faults *f = arg;
	yyjson_val *name = yyjson_obj_get(root, "fault"), *key, *v;
	enum rdl_fault_kind kind;
	struct rdl_fault *r;
	size_t i, n;
	int rc;

	if (!yyjson_is_str(name))
		return rdl_err_set(err, RDL_E_USAGE,
		    "not an object with a text 'fault'");
	kind = rdl_fault_find(yyjson_get_str(name), yyjson_get_len(name));
	if (kind == RDL_FAULT_NONE)
		return rdl_err_set(err, RDL_E_USAGE, "unknown fault '%.64s'",
		    yyjson_get_str(name));
	r = rdl_fault_add(f, kind);
	yyjson_obj_foreach(root, i, n, key, v) {
		if (yyjson_equals_str(key, "fault"))
			continue;
		if (yyjson_equals_str(key, "once") && yyjson_is_bool(v)) {
			if (yyjson_get_bool(v))
				r->times = 1;
			rc = 0;
		} else if (yyjson_equals_str(key, "at"))
			rc = set_at(r, v, err);
		else
			rc = set_field(r, yyjson_get_str(key), v, err);
		if (rc < 0)
			return -1;
	}
	return check(r, err);
}

int
rdl_script_read(struct rdl_faults *f, const char *path, struct rdl_err *err)
{
	return rdl_find_lines(path, add_rule, f, err);
}

int
rdl_script_range(const char *text, int64_t *lo, int64_t *hi,
    struct rdl_err *err)
{
	const char *dash = strchr(text, '-');
	char first[24];
	size_t len = dash != NULL ? (size_t)(dash - text) : strlen(text);

	if (len >= sizeof(first))
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not a number of milliseconds", text);
	memcpy(first, text, len);
	first[len] = '\0';
	if (rdl_num_int(first, 0, MS_MAX, lo, err) < 0)
		return -1;
	*hi = *lo;
	if (dash == NULL)
		return 0;
	return rdl_num_int(dash + 1, *lo, MS_MAX, hi, err);
}

/* What ARG of the short form means to each fault. */
static int
set_arg(struct rdl_fault *r, const char *arg, struct rdl_err *err)
{
	switch ((enum rdl_fault_kind)r->kind) {
	case RDL_FAULT_HTTP:
	case RDL_FAULT_HTML:
		return rdl_num_int(arg, 300, 599, &r->status, err);
	case RDL_FAULT_CUT:
	case RDL_FAULT_HUGE:
		return rdl_num_int(arg, 0, BYTES_MAX, &r->bytes, err);
	case RDL_FAULT_SLOW:
		return rdl_num_int(arg, 1, 1000000000, &r->bytes_per_s, err);
	case RDL_FAULT_LATENCY:
		return rdl_script_range(arg, &r->ms, &r->to_ms, err);
	case RDL_FAULT_REDIRECT:
		r->location = rdl_mem_strdup(arg);
		return 0;
	default:
		return rdl_err_set(err, RDL_E_USAGE,
		    "the fault %s takes no value",
		    rdl_fault_name((enum rdl_fault_kind)r->kind));
	}
}

/* Cut ",once" and ",times=N" from the end of the text. */
static int
cut_times(char *text, int64_t *times, struct rdl_err *err)
{
	char *comma = strrchr(text, ',');

	*times = 0;
	if (comma == NULL)
		return 0;
	if (strcmp(comma, ",once") == 0)
		*times = 1;
	else if (strncmp(comma, ",times=", 7) != 0)
		return 0;
	else if (rdl_num_int(comma + 7, 1, INT32_MAX, times, err) < 0)
		return -1;
	*comma = '\0';
	return 0;
}

int
rdl_script_short(struct rdl_faults *f, const char *text, struct rdl_err *err)
{
	char copy[SHORT_MAX], *at, *eq;
	enum rdl_fault_kind kind;
	struct rdl_fault *r;
	int64_t times;

	if (strlen(text) >= sizeof(copy))
		return rdl_err_set(err, RDL_E_USAGE, "too long");
	memcpy(copy, text, strlen(text) + 1);
	if (cut_times(copy, &times, err) < 0)
		return -1;
	at = strrchr(copy, '@');
	if (at != NULL)
		*at++ = '\0';
	eq = strchr(copy, '=');
	if (eq != NULL)
		*eq++ = '\0';
	kind = rdl_fault_find(copy, strlen(copy));
	if (kind == RDL_FAULT_NONE)
		return rdl_err_set(err, RDL_E_USAGE, "unknown fault '%s'",
		    copy);
	r = rdl_fault_add(f, kind);
	r->times = times;
	if (at != NULL && rdl_num_real(at, 0, 1, &r->rate, err) < 0)
		return -1;
	if (eq != NULL && set_arg(r, eq, err) < 0)
		return -1;
	return check(r, err);
}
