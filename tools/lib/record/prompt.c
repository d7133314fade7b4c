/*
 * Prompt files: reading one, and what it says about itself.
 * Reads the file or its built-in copy.  Front matter, template and filling
 * stand in prompt_front.c, prompt_template.c and prompt_render.c.
 */
#include "record/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "record/prompt_impl.h"

static size_t
lines_in(const char *p, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += p[i] == '\n';
	return n;
}

/* The bytes of the line at p, its newline included. */
static size_t
line_len(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl == NULL ? (size_t)(end - p) : (size_t)(nl + 1 - p);
}

/* True if the line is three dashes and nothing but blanks. */
static bool
is_dashes(const char *p, size_t len)
{
	size_t i;

	if (len < 3 || memcmp(p, "---", 3) != 0)
		return false;
	for (i = 3; i < len; i++)
		if (strchr(" \t\r\n", p[i]) == NULL)
			return false;
	return true;
}

static int
check_text(const char *text, size_t len, const char *name, struct rdl_err *err)
{
	size_t valid = rdl_utf8_valid(text, len);
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;

	if (valid < len)
		return rdl_err_set(err, RDL_E_USAGE, "%s:%zu: not UTF-8", name,
		    1 + lines_in(text, valid));
	if (nul != NULL)
		return rdl_err_set(err, RDL_E_USAGE, "%s:%zu: a NUL byte",
		    name, 1 + lines_in(text, (size_t)(nul - text)));
	return 0;
}

/* Split into front matter and template, and read both. */
static int
parse(struct rdl_prompt *p, struct rdl_err *err)
{
	const char *at = p->source, *end = p->source + p->source_len, *front;
	size_t line = 1, n;

	if (p->source_len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	n = line_len(at, end);
	if (!is_dashes(at, n))
		return rdl_prompt_template(p, at, (size_t)(end - at), 1, err);
	front = at += n;
	for (line = 2; at < end; line++, at += n) {
		n = line_len(at, end);
		if (is_dashes(at, n))
			break;
	}
	if (at >= end)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s:1: the front matter is not closed by a line ---",
		    p->name);
	if (rdl_prompt_front(p, front, (size_t)(at - front), err) < 0)
		return -1;
	at += n;
	return rdl_prompt_template(p, at, (size_t)(end - at), line + 1, err);
}

struct rdl_prompt *
rdl_prompt_parse(const char *text, size_t len, const char *name,
    struct rdl_err *err)
{
	struct rdl_prompt *p;

	if (len > RDL_FILE_MAX) {
		(void)rdl_err_set(err, RDL_E_USAGE, "%s: larger than %zu bytes",
		    name, RDL_FILE_MAX);
		return NULL;
	}
	if (check_text(text, len, name, err) < 0)
		return NULL;
	p = rdl_mem_calloc(1, sizeof(*p));
	p->name = rdl_mem_strdup(name);
	p->source = rdl_mem_dup(text, len);
	p->source_len = len;
	p->digest = rdl_hash_sha256(text, len);
	if (parse(p, err) < 0) {
		rdl_prompt_free(p);
		return NULL;
	}
	return p;
}

struct rdl_prompt *
rdl_prompt_load(const char *path, struct rdl_err *err)
{
	static const char prefix[] = "embedded:";
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	const struct rdl_embed *file;
	struct rdl_prompt *p = NULL;

	if (strncmp(path, prefix, sizeof(prefix) - 1) == 0) {
		file = rdl_embed_find(path + sizeof(prefix) - 1);
		if (file != NULL)
			return rdl_prompt_parse(file->text, file->len, path,
			    err);
		(void)rdl_err_set(err, RDL_E_USAGE,
		    "%s: no such prompt is built in", path);
		return NULL;
	}
	if (rdl_file_read(path, &text, err) == 0)
		p = rdl_prompt_parse(text.p != NULL ? text.p : "", text.len,
		    path, err);
	rdl_buf_release(&text);
	return p;
}

void
rdl_prompt_free(struct rdl_prompt *p)
{
	if (p == NULL)
		return;
	rdl_schema_free(p->schema);
	rdl_schema_free(p->input);
	rdl_arena_release(&p->arena);
	yyjson_doc_free(p->front);
	free(p->schema_text);
	free(p->source);
	free(p->name);
	free(p);
}

const struct rdl_sha256 *
rdl_prompt_digest(const struct rdl_prompt *p)
{
	return &p->digest;
}

const char *
rdl_prompt_name(const struct rdl_prompt *p)
{
	return p->name;
}

const char *
rdl_prompt_model(const struct rdl_prompt *p)
{
	return p->model;
}

yyjson_val *
rdl_prompt_config(const struct rdl_prompt *p)
{
	return p->config;
}

bool
rdl_prompt_wants_json(const struct rdl_prompt *p)
{
	return p->wants_json;
}

const struct rdl_schema *
rdl_prompt_schema(const struct rdl_prompt *p)
{
	return p->schema;
}

const char *
rdl_prompt_schema_text(const struct rdl_prompt *p, size_t *len)
{
	if (len != NULL)
		*len = p->schema_len;
	return p->schema_text;
}
