/*
 * From a model's name to the model: name, environment, models.json, key.
 * Reads the environment and files.  Does not talk to the server.
 */
#include "model/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/config_impl.h"

void
rdl_config_init(struct rdl_model *m)
{
	memset(m, 0, sizeof(*m));
	m->price.in = m->price.cached = m->price.out = m->price.image = -1;
	m->timeout_ms = 600 * 1000;
	m->deadline_ms = 1800 * 1000;
}

void
rdl_config_release(struct rdl_model *m)
{
	size_t i;

	free(m->name);
	free(m->remote);
	free(m->base_url);
	free(m->endpoint);
	if (m->key != NULL)
		explicit_bzero(m->key, strlen(m->key));
	free(m->key);
	free(m->key_from);
	for (i = 0; m->headers != NULL && m->headers[i] != NULL; i++)
		free(m->headers[i]);
	free(m->headers);
}

void
rdl_model_free(struct rdl_model *m)
{
	if (m == NULL)
		return;
	rdl_config_release(m);
	free(m);
}

static int
apply(const struct rdl_config_file *f, const char *name, yyjson_val *entry,
    struct rdl_model *m, struct rdl_config_key *key, struct rdl_err *err)
{
	struct rdl_config_target t = { "", f->path, m, key };

	if (entry == NULL)
		return 0;
	(void)snprintf(t.where, sizeof(t.where), "%s: models/%s", f->path,
	    name);
	return rdl_config_entry_apply(entry, &t, err);
}

/* An alias stands for a full name, which may have an entry of its own: that
 * goes first, and the alias over it. */
static int
resolve(const struct rdl_config_file *f, const char *name,
    struct rdl_model *m, struct rdl_config_key *key, struct rdl_err *err)
{
	yyjson_val *entry = yyjson_obj_get(f->models, name);
	const char *full = name;

	if (!rdl_config_name_is_full(name)) {
		if (entry == NULL)
			return rdl_config_name_unknown(name, f->models,
			    f->path, err);
		/* rdl_config_file_open() made sure that it is there. */
		full = yyjson_get_str(yyjson_obj_get(entry, "model"));
	}
	if (rdl_config_name_read(full, m, key, err) < 0)
		return -1;
	if (full != name) {
		if (apply(f, full, yyjson_obj_get(f->models, full), m, key,
		    err) < 0)
			return -1;
		free(m->name);
		m->name = rdl_mem_strdup(name);
	}
	return apply(f, name, entry, m, key, err);
}

struct rdl_model *
rdl_model_resolve(const char *name, const char *models_path, bool need_key,
    struct rdl_err *err)
{
	struct rdl_config_file file = { NULL, NULL, NULL };
	struct rdl_config_key key = { NULL, NULL, false };
	struct rdl_model *m = rdl_mem_calloc(1, sizeof(*m));
	int rc;

	rdl_config_init(m);
	rc = rdl_config_file_open(&file, models_path, err);
	if (rc == 0)
		rc = resolve(&file, name, m, &key, err);
	if (rc == 0)
		rc = rdl_config_key_fetch(&key, need_key, m, err);
	rdl_config_key_release(&key);
	rdl_config_file_close(&file);
	if (rc == 0)
		return m;
	rdl_model_free(m);
	return NULL;
}
