/*
 * JSON Schema 2020-12, the subset that riddle documents: life of a schema.
 * Reads schema text and the schemas that are built in.  Compiling stands in
 * schema_compile.c, checking in schema_check.c.
 */
#include "record/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/mem.h"
#include "record/json.h"
#include "record/schema_impl.h"

struct rdl_schema *
rdl_schema_compile(const char *text, size_t len, const char *name,
    struct rdl_err *err)
{
	struct rdl_schema *s = rdl_mem_calloc(1, sizeof(*s));
	yyjson_read_err why;

	s->name = rdl_mem_strdup(name);
	/* Without the INSITU flag yyjson leaves the text as it is. */
	s->doc = yyjson_read_opts((char *)(uintptr_t)text, len,
	    YYJSON_READ_BIGNUM_AS_RAW, &rdl_json_alc, &why);
	if (s->doc == NULL) {
		(void)rdl_err_set(err, RDL_E_USAGE,
		    "%s: not JSON: %s at byte %zu", name, why.msg, why.pos);
		goto fail;
	}
	if (rdl_schema_compile_doc(s, err) < 0)
		goto fail;
	return s;
fail:
	rdl_schema_free(s);
	return NULL;
}

void
rdl_schema_free(struct rdl_schema *s)
{
	struct node *n;
	size_t i;

	if (s == NULL)
		return;
	for (n = s->all; n != NULL; n = n->next) {
		rdl_schema_regex_release(&n->pattern);
		for (i = 0; i < n->by_pattern.n; i++)
			rdl_schema_regex_release(&n->name_patterns[i]);
		rdl_map_release(&n->properties);
	}
	rdl_map_release(&s->nodes);
	rdl_arena_release(&s->arena);
	yyjson_doc_free(s->doc);
	free(s->name);
	free(s);
}

/* The embedded "schemas/KIND.json".  A kind without one is asked for with
 * every record of a stream, so the last such is remembered. */
static const struct rdl_embed *
schema_file(const char *kind)
{
	static char missing[64];
	char path[128];
	const struct rdl_embed *f;

	if (strcmp(kind, missing) == 0)
		return NULL;
	(void)snprintf(path, sizeof(path), "schemas/%.100s.json", kind);
	f = rdl_embed_find(path);
	if (f == NULL && strlen(kind) < sizeof(missing))
		memcpy(missing, kind, strlen(kind) + 1);
	return f;
}

const struct rdl_schema *
rdl_schema_of_kind(const char *kind)
{
	static struct rdl_map compiled = RDL_MAP_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	const struct rdl_embed *file;
	struct rdl_map_entry *e;
	struct rdl_schema *s;

	e = rdl_map_get(&compiled, kind, strlen(kind));
	if (e != NULL)
		return (const struct rdl_schema *)(uintptr_t)e->value;
	file = schema_file(kind);
	if (file == NULL)
		return NULL;
	s = rdl_schema_compile(file->text, file->len, file->path, &err);
	if (s == NULL)
		abort();	/* built in: our bug, and tests see it */
	e = rdl_map_put(&compiled, kind, strlen(kind), NULL);
	e->value = (uintptr_t)s;
	return s;
}
