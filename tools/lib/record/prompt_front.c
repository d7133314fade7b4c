/*
 * The front matter of a prompt file.
 * Reads YAML; writes the settings of struct rdl_prompt.  A name that is not
 * known is an error: a setting with a slip in its name must not be lost.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/json.h"
#include "record/prompt_impl.h"

/* The settings that every dialect knows.  Others go to the dialect as they
 * are, which says whether it has them. */
static const char config_schema[] = "{\"type\":\"object\",\"properties\":{"
    "\"temperature\":{\"type\":\"number\",\"minimum\":0},"
    "\"maxOutputTokens\":{\"type\":\"integer\",\"minimum\":1},"
    "\"topP\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
    "\"topK\":{\"type\":\"integer\",\"minimum\":1},"
    "\"seed\":{\"type\":\"integer\"},"
    "\"stopSequences\":{\"type\":\"array\",\"items\":{\"type\":\"string\","
    "\"minLength\":1}}}}";

int
rdl_prompt_wrong(const struct front *f, const yyjson_mut_val *v,
    struct rdl_err *err, const char *fmt, ...)
{
	const struct rdl_map_entry *e = rdl_map_get(&f->lines,
	    (const char *)&v, sizeof(v));
	char what[RDL_ERR_MAX], *p;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	for (p = what; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return rdl_err_set(err, RDL_E_USAGE, "%s:%llu: %s", f->name,
	    (unsigned long long)(e == NULL ? 1 : e->value), what);
}

/* Check that v is an object that has no other names than these. */
static int
check_object(const struct front *f, yyjson_mut_val *v, const char *name,
    const char *const *known, struct rdl_err *err)
{
	yyjson_mut_val *key, *val;
	size_t i, max, k;

	if (!yyjson_mut_is_obj(v))
		return rdl_prompt_wrong(f, v, err,
		    "'%s' wants names and values", name);
	yyjson_mut_obj_foreach(v, i, max, key, val) {
		(void)val;
		for (k = 0; known[k] != NULL; k++)
			if (yyjson_mut_equals_str(key, known[k]))
				break;
		if (known[k] == NULL)
			return rdl_prompt_wrong(f, key, err,
			    "'%s' has no member '%.64s'", name,
			    yyjson_mut_get_str(key));
	}
	return 0;
}

static int
read_model(struct rdl_prompt *p, struct front *f, yyjson_mut_val *v,
    struct rdl_err *err)
{
	(void)p;
	if (!yyjson_mut_is_str(v) || yyjson_mut_get_len(v) == 0)
		return rdl_prompt_wrong(f, v, err,
		    "'model' wants the name of a model");
	return 0;
}

static int
read_config(struct rdl_prompt *p, struct front *f, yyjson_mut_val *v,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_schema *s;
	yyjson_doc *copy;
	int ok;

	(void)p;
	s = rdl_schema_compile(config_schema, sizeof(config_schema) - 1,
	    "config", err);
	if (s == NULL)
		return -1;
	copy = yyjson_mut_val_imut_copy(v, NULL);
	ok = rdl_schema_check(s, yyjson_doc_get_root(copy), &why);
	yyjson_doc_free(copy);
	rdl_schema_free(s);
	return ok > 0 ? 0 : rdl_prompt_wrong(f, v, err, "config: %s",
	    why.msg);
}

/* Rows have more members than a prompt names, and defaults stand in for those
 * that they lack: take both out of what the schema of a row demands. */
static void
relax(struct front *f, yyjson_mut_val *schema, yyjson_mut_val *defaults)
{
	yyjson_mut_val *required = yyjson_mut_obj_get(schema, "required");
	yyjson_mut_val *left = yyjson_mut_arr(f->doc), *name;
	size_t i, max;

	(void)yyjson_mut_obj_remove_key(schema, "additionalProperties");
	yyjson_mut_arr_foreach(required, i, max, name)
		if (yyjson_mut_obj_getn(defaults, yyjson_mut_get_str(name),
		    yyjson_mut_get_len(name)) == NULL)
			(void)yyjson_mut_arr_append(left,
			    yyjson_mut_val_mut_copy(f->doc, name));
	(void)yyjson_mut_obj_remove_key(schema, "required");
	(void)yyjson_mut_obj_add_val(f->doc, schema, "required", left);
}

/* Compile the schema v of the front matter; its text goes to *text. */
static struct rdl_schema *
compile(struct front *f, yyjson_mut_val *v, yyjson_mut_val *schema,
    const char *what, char **text, size_t *len, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_schema *s;

	*text = rdl_json_mut_val_write(schema, YYJSON_WRITE_NOFLAG, len);
	if (*text == NULL)
		rdl_mem_exhausted(0);
	s = rdl_schema_compile(*text, *len, what, &why);
	if (s == NULL)
		(void)rdl_prompt_wrong(f, v, err, "%s", why.msg);
	return s;
}

static int
read_input(struct rdl_prompt *p, struct front *f, yyjson_mut_val *v,
    struct rdl_err *err)
{
	static const char *const known[] = { "schema", "default", NULL };
	yyjson_mut_val *schema, *defaults, *raw;
	char *text;
	size_t len;
	bool pico;

	if (check_object(f, v, "input", known, err) < 0)
		return -1;
	defaults = yyjson_mut_obj_get(v, "default");
	if (defaults != NULL && !yyjson_mut_is_obj(defaults))
		return rdl_prompt_wrong(f, defaults, err,
		    "'default' wants names and values");
	if ((raw = yyjson_mut_obj_get(v, "schema")) == NULL)
		return 0;
	if ((schema = rdl_prompt_to_schema(f, raw, &pico, err)) == NULL)
		return -1;
	if (pico)
		relax(f, schema, defaults);
	p->input = compile(f, raw, schema, "input.schema", &text, &len, err);
	free(text);
	return p->input == NULL ? -1 : 0;
}

static int
read_output(struct rdl_prompt *p, struct front *f, yyjson_mut_val *v,
    struct rdl_err *err)
{
	static const char *const known[] = { "format", "schema", NULL };
	yyjson_mut_val *format, *raw, *schema;
	bool pico;

	if (check_object(f, v, "output", known, err) < 0)
		return -1;
	format = yyjson_mut_obj_get(v, "format");
	raw = yyjson_mut_obj_get(v, "schema");
	if (format != NULL && !yyjson_mut_equals_str(format, "json") &&
	    !yyjson_mut_equals_str(format, "text"))
		return rdl_prompt_wrong(f, format, err,
		    "'format' is json or text");
	p->wants_json = format == NULL ? raw != NULL :
	    yyjson_mut_equals_str(format, "json");
	if (raw == NULL)
		return 0;
	if (!p->wants_json)
		return rdl_prompt_wrong(f, raw, err,
		    "a schema needs the format json");
	if ((schema = rdl_prompt_to_schema(f, raw, &pico, err)) == NULL)
		return -1;
	p->schema = compile(f, raw, schema, "output.schema", &p->schema_text,
	    &p->schema_len, err);
	return p->schema == NULL ? -1 : 0;
}

static int
read_ignored(struct rdl_prompt *p, struct front *f, yyjson_mut_val *v,
    struct rdl_err *err)
{
	(void)p;
	(void)f;
	(void)v;
	(void)err;
	return 0;
}

static int
read_member(struct rdl_prompt *p, struct front *f, yyjson_mut_val *key,
    yyjson_mut_val *v, struct rdl_err *err)
{
	static const struct {
		const char *name;
		int (*read)(struct rdl_prompt *, struct front *,
		    yyjson_mut_val *, struct rdl_err *);
	} members[] = {
		{ "model", read_model }, { "config", read_config },
		{ "input", read_input }, { "output", read_output },
		{ "name", read_ignored }, { "description", read_ignored },
		{ "metadata", read_ignored }
	};
	const char *name = yyjson_mut_get_str(key);
	size_t i;

	for (i = 0; i < RDL_NELEM(members); i++)
		if (strcmp(name, members[i].name) == 0)
			return members[i].read(p, f, v, err);
	if (strchr(name, '.') != NULL)
		return 0;	/* an extension of someone else's */
	if (strcmp(name, "tools") == 0 || strcmp(name, "toolDefs") == 0)
		return rdl_prompt_wrong(f, key, err,
		    "'%s': tools are not supported", name);
	return rdl_prompt_wrong(f, key, err,
	    "the front matter has no member '%.64s'", name);
}

int
rdl_prompt_front(struct rdl_prompt *p, const char *text, size_t len,
    struct rdl_err *err)
{
	struct front f = { .name = p->name };
	yyjson_mut_val *root, *key, *v;
	yyjson_val *top;
	size_t i, max;
	int rc;

	if ((rc = rdl_prompt_yaml(&f, text, len, 2, err)) < 0)
		goto out;
	root = yyjson_mut_doc_get_root(f.doc);
	/* A copy first: converting schemas adds to the document. */
	p->front = yyjson_mut_val_imut_copy(root, NULL);
	top = yyjson_doc_get_root(p->front);
	p->model = yyjson_get_str(yyjson_obj_get(top, "model"));
	p->config = yyjson_obj_get(top, "config");
	p->defaults = yyjson_obj_get(yyjson_obj_get(top, "input"), "default");
	yyjson_mut_obj_foreach(root, i, max, key, v)
		if (rc == 0)
			rc = read_member(p, &f, key, v, err);
out:
	yyjson_mut_doc_free(f.doc);
	rdl_map_release(&f.lines);
	return rc;
}
