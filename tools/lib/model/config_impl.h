/*
 * What the files behind config.h share: URLs, names, keys, models.json.
 * Private to config*.c.
 */
#ifndef RDL_MODEL_CONFIG_IMPL_H
#define RDL_MODEL_CONFIG_IMPL_H

#include <yyjson.h>

#include "model/config.h"

/* Where the key of a model is to be had. */
struct rdl_config_key {
	char *env;		/* name of an environment variable, or NULL */
	char *file;		/* or path of a file */
	bool required;		/* its lack is an error, if a key is needed */
};

/* config_url.c */

/* A copy of a base URL in one spelling: scheme and host in lower case, no
 * default port, no slash at the end.  NULL if it is not a plain http(s) URL;
 * what is the name of what held it.  free() it. */
char *rdl_config_url_check(const char *url, size_t len, const char *what,
    struct rdl_err *err) RDL_MUST_CHECK;

/* True if two checked URLs have the same scheme, host and port. */
bool rdl_config_url_same_origin(const char *a, const char *b);

/* The host of a checked URL, and its length. */
const char *rdl_config_url_host(const char *url, size_t *len);

/* config_name.c */

/* True if name is a full name: SERVICE/NAME or a URL. */
bool rdl_config_name_is_full(const char *name);

/* Fill m and key with what a full name says. */
int rdl_config_name_read(const char *name, struct rdl_model *m,
    struct rdl_config_key *key, struct rdl_err *err) RDL_MUST_CHECK;

/* The value of an environment variable that is not empty, or NULL. */
const char *rdl_config_name_env(const char *name);

/* True if the text has neither control characters nor bad UTF-8. */
bool rdl_config_name_is_clean(const char *s, size_t len);

/* Report that name is no model; models are the entries of models.json or
 * NULL.  Says which name may have been meant. */
int rdl_config_name_unknown(const char *name, yyjson_val *models,
    const char *path, struct rdl_err *err);

/* config_key.c */

/* Fetch the key into m; see rdl_model_resolve() for need_key. */
int rdl_config_key_fetch(const struct rdl_config_key *from, bool need_key,
    struct rdl_model *m, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_config_key_release(struct rdl_config_key *key);

/* config_file.c */

struct rdl_config_file {
	char *path;		/* NULL: there is none */
	yyjson_doc *doc;
	yyjson_val *models;	/* the object of entries, or NULL */
};

/* Read models.json and check every entry.  No file is no error unless path,
 * or $RIDDLE_MODELS, names it. */
int rdl_config_file_open(struct rdl_config_file *f, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_config_file_close(struct rdl_config_file *f);

/* config_entry.c */

/* What an entry is put over. */
struct rdl_config_target {
	char where[RDL_ERR_MAX];	/* "models.json: models/judge" */
	const char *path;		/* of models.json */
	struct rdl_model *m;
	struct rdl_config_key *key;
};

/* Put what an entry of models.json says over the model and the key of t. */
int rdl_config_entry_apply(yyjson_val *entry, struct rdl_config_target *t,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Report the first member of obj that is not one of n names, or that comes
 * twice. */
int rdl_config_entry_check(yyjson_val *obj, const char *where,
    const char *const *names, size_t n, struct rdl_err *err) RDL_MUST_CHECK;

/* "WHERE/NAME: WHAT"; -1. */
int rdl_config_entry_wrong(const struct rdl_config_target *t,
    const char *name, const char *what, struct rdl_err *err);

/* A string that is not empty and has no control characters, or NULL. */
const char *rdl_config_entry_text(yyjson_val *v);

/* config_terms.c: one member of an entry each. */
int rdl_config_terms_price(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_config_terms_limits(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_config_terms_quirks(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_config_terms_headers(struct rdl_config_target *t, yyjson_val *v,
    struct rdl_err *err) RDL_MUST_CHECK;

/* A whole number above 0 into *out; v NULL leaves it. */
int rdl_config_terms_whole(const struct rdl_config_target *t, yyjson_val *v,
    const char *name, int64_t *out, struct rdl_err *err) RDL_MUST_CHECK;

/* config.c */

/* Free what m holds, not m. */
void rdl_config_release(struct rdl_model *m);

/* Every field of m is unknown or the default. */
void rdl_config_init(struct rdl_model *m);

#endif
