/*
 * The terms of an entry of models.json: price, limits, quirks, headers.
 * Reads parsed objects; writes a model.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/num.h"
#include "model/config_impl.h"

/* v is an object with none but the members named. */
static int
check_members(const struct rdl_config_target *t, yyjson_val *v,
    const char *name, const char *const *names, size_t n,
    struct rdl_err *err)
{
	char where[RDL_ERR_MAX + 32];

	if (!yyjson_is_obj(v))
		return rdl_config_entry_wrong(t, name, "not an object",
		    err);
	(void)snprintf(where, sizeof(where), "%s/%s", t->where, name);
	return rdl_config_entry_check(v, where, names, n, err);
}

/* Dollars a million tokens are 1e6 of our units a token. */
static int
price(const struct rdl_config_target *t, yyjson_val *v, const char *name,
    double scale, int64_t *out, struct rdl_err *err)
{
	double usd;

	*out = -1;
	if (v == NULL)
		return 0;
	usd = yyjson_get_num(v);
	if (!yyjson_is_num(v) || !(usd >= 0 && usd <= 1e6))
		return rdl_config_entry_wrong(t, name,
		    "not an amount in dollars", err);
	*out = rdl_num_pusd(usd / scale);
	return 0;
}

static bool
is_date(const char *s)
{
	static const char form[] = "0000-00-00";
	size_t i;

	for (i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '-' ? s[i] != '-' : s[i] < '0' || s[i] > '9')
			return false;
	return s[i] == '\0';
}

int
rdl_config_terms_price(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err)
{
	static const char *const names[] = { "in", "cached", "out", "image",
		"batch", "since" };
	struct rdl_price *p = &t->m->price;
	yyjson_val *batch = yyjson_obj_get(v, "batch");
	yyjson_val *since = yyjson_obj_get(v, "since");
	const char *date;

	if (check_members(t, v, "price", names, RDL_NELEM(names), err) < 0 ||
	    price(t, yyjson_obj_get(v, "in"), "price/in", 1e6, &p->in,
	    err) < 0 ||
	    price(t, yyjson_obj_get(v, "cached"), "price/cached", 1e6,
	    &p->cached, err) < 0 ||
	    price(t, yyjson_obj_get(v, "out"), "price/out", 1e6, &p->out,
	    err) < 0 ||
	    price(t, yyjson_obj_get(v, "image"), "price/image", 1, &p->image,
	    err) < 0)
		return -1;
	if (batch != NULL && (!yyjson_is_num(batch) ||
	    yyjson_get_num(batch) <= 0 || yyjson_get_num(batch) > 1))
		return rdl_config_entry_wrong(t, "price/batch",
		    "not a share above 0, up to 1", err);
	t->m->batch_share = yyjson_get_num(batch);
	p->since[0] = '\0';
	if (since == NULL)
		return 0;
	date = rdl_config_entry_text(since);
	if (date == NULL || !is_date(date))
		return rdl_config_entry_wrong(t, "price/since",
		    "not a date like \"2026-11-01\"", err);
	memcpy(p->since, date, sizeof("2026-11-01"));
	return 0;
}

int
rdl_config_terms_whole(const struct rdl_config_target *t, yyjson_val *v,
    const char *name, int64_t *out, struct rdl_err *err)
{
	if (v == NULL)
		return 0;
	if (!yyjson_is_int(v) || yyjson_get_sint(v) < 1 ||
	    yyjson_get_sint(v) > INT64_C(1000000000000))
		return rdl_config_entry_wrong(t, name,
		    "not a whole number above 0", err);
	*out = yyjson_get_sint(v);
	return 0;
}

int
rdl_config_terms_limits(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err)
{
	static const char *const names[] = { "requests_per_min",
		"tokens_per_min" };
	struct rdl_limits *l = &t->m->limits;

	if (yyjson_equals_str(v, "none")) {
		*l = (struct rdl_limits){ -1, -1 };
		return 0;
	}
	*l = (struct rdl_limits){ 0, 0 };
	if (check_members(t, v, "limits", names, RDL_NELEM(names), err) < 0 ||
	    rdl_config_terms_whole(t, yyjson_obj_get(v, names[0]),
	    "limits/requests_per_min", &l->requests_per_min, err) < 0)
		return -1;
	return rdl_config_terms_whole(t, yyjson_obj_get(v, names[1]),
	    "limits/tokens_per_min", &l->tokens_per_min, err);
}

int
rdl_config_terms_quirks(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err)
{
	static const size_t offsets[] = {
		offsetof(struct rdl_quirks, max_tokens_old),
		offsetof(struct rdl_quirks, no_temperature),
		offsetof(struct rdl_quirks, no_seed),
		offsetof(struct rdl_quirks, no_schema),
		offsetof(struct rdl_quirks, json_object),
		offsetof(struct rdl_quirks, no_system),
		offsetof(struct rdl_quirks, sd_seed),
	};
	static const char *const names[] = { "max_tokens_old",
		"no_temperature", "no_seed", "no_schema", "json_object",
		"no_system", "sd_seed" };
	char *to = (char *)&t->m->quirks;
	yyjson_val *q;
	bool on;
	size_t i;

	if (check_members(t, v, "quirks", names, RDL_NELEM(names), err) < 0)
		return -1;
	for (i = 0; i < RDL_NELEM(names); i++) {
		if ((q = yyjson_obj_get(v, names[i])) == NULL)
			continue;
		if (!yyjson_is_bool(q))
			return rdl_err_set(err, RDL_E_USAGE,
			    "%s/quirks/%s: neither true nor false", t->where,
			    names[i]);
		on = yyjson_get_bool(q);
		memcpy(to + offsets[i], &on, sizeof(on));
	}
	return 0;
}

/* What a header may not be, and why; NULL if it may. */
static const char *
header_refused(const char *name, size_t len)
{
	static const char *const keys[] = { "Authorization",
		"Proxy-Authorization", "x-api-key", "x-goog-api-key",
		"api-key", "Cookie" };
	static const char *const ours[] = { "Content-Type", "Content-Length",
		"Transfer-Encoding", "Connection", "Host", "Expect",
		"Accept-Encoding", "anthropic-version" };
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t i;

	if (len == 0 || strspn(name, token) != len)
		return "not the name of a header";
	for (i = 0; i < RDL_NELEM(keys); i++)
		if (strcasecmp(name, keys[i]) == 0)
			return "a key does not belong into this file: use "
			    "key_env or key_file";
	for (i = 0; i < RDL_NELEM(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return "riddle sets this header itself";
	return NULL;
}

/* Put "Name: value" in the place of a header of that name, or at the end. */
static void
add_header(struct rdl_model *m, const char *name, const char *value)
{
	size_t n = 0, len = strlen(name);
	struct rdl_buf line = RDL_BUF_INIT(RDL_HEADER_MAX);

	rdl_buf_addf(&line, "%s: %s", name, value);
	for (; m->headers != NULL && m->headers[n] != NULL; n++)
		if (strncasecmp(m->headers[n], name, len) == 0 &&
		    m->headers[n][len] == ':') {
			free(m->headers[n]);
			m->headers[n] = rdl_buf_detach(&line, NULL);
			return;
		}
	m->headers = rdl_mem_realloc(m->headers, n + 2, sizeof(*m->headers));
	m->headers[n] = rdl_buf_detach(&line, NULL);
	m->headers[n + 1] = NULL;
}

int
rdl_config_terms_headers(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err)
{
	yyjson_val *name, *value;
	const char *why;
	size_t i, n;

	if (!yyjson_is_obj(v))
		return rdl_config_entry_wrong(t, "headers", "not an object",
		    err);
	yyjson_obj_foreach(v, i, n, name, value) {
		why = header_refused(yyjson_get_str(name),
		    yyjson_get_len(name));
		if (why == NULL && rdl_config_entry_text(value) == NULL)
			why = "not a text, empty, or has control characters";
		if (why == NULL && yyjson_get_len(value) > RDL_HEADER_MAX / 8)
			why = "too long";
		if (why != NULL)
			return rdl_err_set(err, RDL_E_USAGE,
			    "%s/headers/%.60s: %s", t->where,
			    rdl_config_entry_text(name) != NULL ?
			    yyjson_get_str(name) : "(unprintable)", why);
		add_header(t->m, yyjson_get_str(name), yyjson_get_str(value));
	}
	return 0;
}
