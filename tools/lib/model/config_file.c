/*
 * models.json: found, read, and every entry of it checked.
 * Reads the file, which may have comments and trailing commas.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/file.h"
#include "core/limits.h"
#include "core/mem.h"
#include "record/json.h"
#include "model/config_impl.h"

#define DEFAULT_NAME "models.json"
#define ENTRY_NAME_MAX 256

static int
parse(struct rdl_config_file *f, char *text, size_t len, struct rdl_err *err)
{
	yyjson_read_err why = { 0, NULL, 0 };
	size_t line = 0, column = 0, at = 0;

	f->doc = yyjson_read_opts(text, len, YYJSON_READ_ALLOW_COMMENTS |
	    YYJSON_READ_ALLOW_TRAILING_COMMAS, &rdl_json_alc, &why);
	if (f->doc != NULL)
		return 0;
	(void)yyjson_locate_pos(text, len, why.pos, &line, &column, &at);
	return rdl_err_set(err, RDL_E_USAGE, "%s:%zu:%zu: not JSON: %s",
	    f->path, line, column, why.msg != NULL ? why.msg : "empty");
}

/* An alias must name its model; an entry with a full name is that model. */
static int
check_model(const char *name, const char *where, yyjson_val *entry,
    struct rdl_err *err)
{
	const char *model = yyjson_get_str(yyjson_obj_get(entry, "model"));

	if (rdl_config_name_is_full(name))
		return model == NULL ? 0 : rdl_err_set(err, RDL_E_USAGE,
		    "%s/model: an entry with a full name cannot stand for "
		    "another model; give it a short name", where);
	if (model == NULL)
		return rdl_err_set(err, RDL_E_USAGE, "%s: \"model\" is "
		    "missing; it says which model the name stands for",
		    where);
	return rdl_config_name_is_full(model) ? 0 : rdl_err_set(err,
	    RDL_E_USAGE, "%s/model: not a full name: write openai/NAME, "
	    "anthropic/NAME, gemini/NAME, ollama/NAME or URL#NAME", where);
}

/* Apply the entry to a model that is thrown away. */
static int
check_entry(const struct rdl_config_file *f, yyjson_val *name,
    yyjson_val *entry, struct rdl_err *err)
{
	struct rdl_config_key key = { NULL, NULL, false };
	struct rdl_model m;
	struct rdl_config_target t = { "", f->path, &m, &key };
	const char *s = rdl_config_entry_text(name);
	int rc = -1;

	if (s == NULL || yyjson_get_len(name) > ENTRY_NAME_MAX)
		return rdl_err_set(err, RDL_E_USAGE, "%s: models: a name that "
		    "is empty, longer than %d bytes or has control "
		    "characters", f->path, ENTRY_NAME_MAX);
	(void)snprintf(t.where, sizeof(t.where), "%s: models/%s", f->path, s);
	rdl_config_init(&m);
	if (rdl_config_entry_apply(entry, &t, err) == 0)
		rc = check_model(s, t.where, entry, err);
	rdl_config_key_release(&key);
	rdl_config_release(&m);
	return rc;
}

static int
check(struct rdl_config_file *f, struct rdl_err *err)
{
	static const char *const names[] = { "models" };
	yyjson_val *root = yyjson_doc_get_root(f->doc), *name, *entry;
	size_t i, n;

	if (!yyjson_is_obj(root))
		return rdl_err_set(err, RDL_E_USAGE, "%s: not an object",
		    f->path);
	if (rdl_config_entry_check(root, f->path, names, RDL_NELEM(names),
	    err) < 0)
		return -1;
	f->models = yyjson_obj_get(root, "models");
	if (f->models == NULL)
		return 0;
	if (!yyjson_is_obj(f->models))
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: models: not an object", f->path);
	yyjson_obj_foreach(f->models, i, n, name, entry) {
		if (yyjson_obj_getn(f->models, yyjson_get_str(name),
		    yyjson_get_len(name)) != entry)
			return rdl_err_set(err, RDL_E_USAGE,
			    "%s: models/%s: comes twice", f->path,
			    yyjson_get_str(name));
		if (check_entry(f, name, entry, err) < 0)
			return -1;
	}
	return 0;
}

int
rdl_config_file_open(struct rdl_config_file *f, const char *path,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	int rc = -1;

	if (path == NULL)
		path = rdl_config_name_env("RIDDLE_MODELS");
	if (path == NULL && access(DEFAULT_NAME, F_OK) < 0)
		return 0;
	f->path = rdl_mem_strdup(path != NULL ? path : DEFAULT_NAME);
	if (rdl_file_read(f->path, &text, err) < 0) {
		err->cls = RDL_E_USAGE;
		goto out;
	}
	if (parse(f, text.p, text.len, err) == 0)
		rc = check(f, err);
out:
	rdl_buf_release(&text);
	return rc;
}

void
rdl_config_file_close(struct rdl_config_file *f)
{
	free(f->path);
	yyjson_doc_free(f->doc);
	*f = (struct rdl_config_file){ NULL, NULL, NULL };
}
