/*
 * One entry of models.json, member by member.
 * Reads a parsed object; writes a model.  Every member it does not know is an
 * error, so that a slip of the pen is not a price of nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/near.h"
#include "model/config_impl.h"
#include "model/dialect.h"

struct member {
	const char *name;
	int (*set)(struct rdl_config_target *t, yyjson_val *v,
	    struct rdl_err *err);
};

int
rdl_config_entry_wrong(const struct rdl_config_target *t, const char *name,
    const char *what, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_USAGE, "%s/%s: %s", t->where, name,
	    what);
}

/* Report an unknown member, with the nearest known name. */
static int
unknown(yyjson_val *name, const char *where, const char *const *names,
    size_t n, struct rdl_err *err)
{
	const char *s = yyjson_get_str(name), *like = NULL;
	size_t i, d, least = 4;

	for (i = 0; i < n; i++) {
		d = rdl_near_distance(s, yyjson_get_len(name), names[i],
		    strlen(names[i]));
		if (d < least) {
			least = d;
			like = names[i];
		}
	}
	if (!rdl_config_name_is_clean(s, yyjson_get_len(name)))
		s = "(unprintable)";
	return rdl_err_set(err, RDL_E_USAGE, "%s/%.100s: unknown key%s%s%s",
	    where, s, like != NULL ? "; did you mean \"" : "",
	    like != NULL ? like : "", like != NULL ? "\"?" : "");
}

int
rdl_config_entry_check(yyjson_val *obj, const char *where,
    const char *const *names, size_t n, struct rdl_err *err)
{
	yyjson_val *name, *v;
	size_t i, max, j;

	yyjson_obj_foreach(obj, i, max, name, v) {
		for (j = 0; j < n; j++)
			if (yyjson_equals_str(name, names[j]))
				break;
		if (j == n)
			return unknown(name, where, names, n, err);
		if (yyjson_obj_get(obj, names[j]) != v)
			return rdl_err_set(err, RDL_E_USAGE,
			    "%s/%s: comes twice", where, names[j]);
	}
	return 0;
}

const char *
rdl_config_entry_text(yyjson_val *v)
{
	return yyjson_is_str(v) && yyjson_get_len(v) > 0 &&
	    rdl_config_name_is_clean(yyjson_get_str(v), yyjson_get_len(v)) ?
	    yyjson_get_str(v) : NULL;
}

static void
replace(char **p, const char *s)
{
	char *copy = rdl_mem_strdup(s);

	free(*p);
	*p = copy;
}

/* rdl_model_resolve() follows it; here only its form is checked. */
static int
set_model(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	return rdl_config_entry_text(v) != NULL ? 0 :
	    rdl_config_entry_wrong(t, "model", "not a name", err);
}

static int
set_dialect(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	const char *s = rdl_config_entry_text(v);
	const struct rdl_dialect *d = s == NULL ? NULL : rdl_dialect_find(s);

	if (d == NULL)
		return rdl_config_entry_wrong(t, "dialect",
		    "not openai, anthropic or gemini", err);
	t->m->dialect = d;
	return 0;
}

static int
set_key(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	(void)v;
	return rdl_config_entry_wrong(t, "key", "a key does not belong into "
	    "this file: name an environment variable with \"key_env\", or a "
	    "file of mode 0600 with \"key_file\"", err);
}

static int
set_key_env(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	const char *s = rdl_config_entry_text(v);

	/* It may be the key itself, put in the wrong place: then it has small
	 * letters, and must not be repeated in a message, here or later. */
	if (s == NULL || strspn(s, letters) != yyjson_get_len(v) ||
	    (*s >= '0' && *s <= '9'))
		return rdl_config_entry_wrong(t, "key_env",
		    "not the name of an environment variable in capitals",
		    err);
	rdl_config_key_release(t->key);
	t->key->env = rdl_mem_strdup(s);
	t->key->required = true;
	return 0;
}

/* Relative to models.json; "~/" is $HOME. */
static int
set_key_file(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	const char *s = rdl_config_entry_text(v);
	const char *slash = strrchr(t->path, '/');
	const char *home = rdl_config_name_env("HOME");
	struct rdl_buf path = RDL_BUF_INIT(64 * RDL_KIB);

	if (s == NULL)
		return rdl_config_entry_wrong(t, "key_file",
		    "not the name of a file", err);
	if (strncmp(s, "~/", 2) == 0 && home != NULL)
		rdl_buf_addf(&path, "%s%s", home, s + 1);
	else if (*s != '/' && slash != NULL) {
		rdl_buf_add(&path, t->path, (size_t)(slash - t->path) + 1);
		rdl_buf_adds(&path, s);
	} else
		rdl_buf_adds(&path, s);
	rdl_config_key_release(t->key);
	t->key->file = rdl_buf_detach(&path, NULL);
	t->key->required = true;
	return 0;
}

/* The identity of the server in the ledger, so that it may move. */
static int
set_endpoint(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	if (rdl_config_entry_text(v) == NULL)
		return rdl_config_entry_wrong(t, "endpoint", "not a name",
		    err);
	replace(&t->m->endpoint, rdl_config_entry_text(v));
	return 0;
}

/* Seconds, perhaps with decimals, to milliseconds: up to a week. */
static int
seconds(struct rdl_config_target *t, yyjson_val *v, const char *name,
    int64_t *ms, struct rdl_err *err)
{
	double s = yyjson_get_num(v);

	if (!yyjson_is_num(v) || !(s >= 0.001 && s <= 604800))
		return rdl_config_entry_wrong(t, name,
		    "not a number of seconds of 0.001..604800", err);
	*ms = (int64_t)(s * 1000 + 0.5);
	return 0;
}

static int
set_timeout(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	return seconds(t, v, "timeout_s", &t->m->timeout_ms, err);
}

static int
set_deadline(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	return seconds(t, v, "deadline_s", &t->m->deadline_ms, err);
}

static int
set_context(struct rdl_config_target *t, yyjson_val *v, struct rdl_err *err)
{
	return rdl_config_terms_whole(t, v, "context", &t->m->context, err);
}

static const struct member members[] = {
	{ "model", set_model },
	{ "dialect", set_dialect },
	{ "key", set_key },
	{ "key_env", set_key_env },
	{ "key_file", set_key_file },
	{ "endpoint", set_endpoint },
	{ "price", rdl_config_terms_price },
	{ "limits", rdl_config_terms_limits },
	{ "quirks", rdl_config_terms_quirks },
	{ "headers", rdl_config_terms_headers },
	{ "timeout_s", set_timeout },
	{ "deadline_s", set_deadline },
	{ "context", set_context },
};

int
rdl_config_entry_apply(yyjson_val *entry, struct rdl_config_target *t,
    struct rdl_err *err)
{
	const char *names[RDL_NELEM(members)];
	yyjson_val *v;
	size_t i;

	if (!yyjson_is_obj(entry))
		return rdl_err_set(err, RDL_E_USAGE, "%s: not an object",
		    t->where);
	for (i = 0; i < RDL_NELEM(members); i++)
		names[i] = members[i].name;
	if (rdl_config_entry_check(entry, t->where, names, RDL_NELEM(names),
	    err) < 0)
		return -1;
	if (yyjson_obj_get(entry, "key_env") != NULL &&
	    yyjson_obj_get(entry, "key_file") != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: has both key_env and key_file", t->where);
	for (i = 0; i < RDL_NELEM(members); i++) {
		v = yyjson_obj_get(entry, members[i].name);
		if (v != NULL && members[i].set(t, v, err) < 0)
			return -1;
	}
	return 0;
}
