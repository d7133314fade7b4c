/*
 * What the prompt*.c files share: a prompt file in memory.
 * Nobody else includes this.
 */
#ifndef RDL_RECORD_PROMPT_IMPL_H
#define RDL_RECORD_PROMPT_IMPL_H

#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "record/prompt.h"

/* One name of a path. */
struct segment {
	const char *p;
	size_t len;
};

enum path_root {
	PATH_HERE,	/* the row, or the element of the innermost #each */
	PATH_INDEX,	/* @index */
	PATH_FIRST,	/* @first */
	PATH_LAST	/* @last */
};

/* Where a tag takes its value from. */
struct path {
	struct segment text;	/* as it is written */
	enum path_root root;
	size_t up;		/* how many times "../" */
	struct segment *v;
	size_t n;
};

enum op { OP_TEXT, OP_VALUE, OP_JSON, OP_MEDIA, OP_ROLE, OP_IF, OP_UNLESS,
	OP_EACH };

/* One piece of a template.  Text is borrowed from the source. */
struct node {
	enum op op;
	size_t line;
	struct segment text;
	struct path path;	/* operand; of MEDIA the URL */
	bool captioned;
	struct path caption;
	enum rdl_role role;
	struct node *body;	/* of a block */
	struct node *otherwise;	/* behind {{else}} */
	struct node *next;
};

struct rdl_prompt {
	char *name;
	struct rdl_sha256 digest;
	char *source;		/* the file; the template borrows from it */
	size_t source_len;
	yyjson_doc *front;	/* the front matter as JSON, or NULL */
	const char *model;
	yyjson_val *config;
	yyjson_val *defaults;	/* input.default, or NULL */
	struct rdl_schema *input;	/* input.schema, or NULL */
	bool wants_json;
	struct rdl_schema *schema;	/* output.schema, or NULL */
	char *schema_text;
	size_t schema_len;
	struct rdl_arena arena;	/* of the template */
	struct node *template;
};

/* The front matter while it is read. */
struct front {
	const char *name;	/* of the file */
	yyjson_mut_doc *doc;	/* its root is an object */
	struct rdl_map lines;	/* yyjson_mut_val * to its line */
};

/* Set err to "FILE:LINE: ..." for a value of the front matter.  Returns -1. */
int rdl_prompt_wrong(const struct front *f, const yyjson_mut_val *v,
    struct rdl_err *err, const char *fmt, ...) RDL_PRINTF(4, 5);

/* prompt_yaml.c: read YAML text, whose first line is that line of the file,
 * into f->doc.  An empty text is an empty object. */
int rdl_prompt_yaml(struct front *f, const char *text, size_t len, size_t line,
    struct rdl_err *err) RDL_MUST_CHECK;

/* prompt_schema.c: the JSON Schema of v, which is Picoschema or JSON Schema
 * itself; *pico says which.  NULL on error.  Belongs to f->doc. */
yyjson_mut_val *rdl_prompt_to_schema(struct front *f, yyjson_mut_val *v,
    bool *pico, struct rdl_err *err) RDL_MUST_CHECK;

/* prompt_front.c: read the front matter in text[0..len) into p. */
int rdl_prompt_front(struct rdl_prompt *p, const char *text, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* A tag in the source: {{...}}, {{{...}}} or a comment. */
struct tag {
	const char *start, *end;	/* of all of it, braces included */
	struct segment inner;		/* without braces, trimmed */
	bool comment;
	bool triple;
};

/* prompt_tag.c: find text in [p, end), or NULL. */
const char *rdl_prompt_tag_find(const char *p, const char *end,
    const char *text);
/* Read the tag that begins at p, which is in that line of the file. */
int rdl_prompt_tag_read(struct tag *t, const char *p, const char *end,
    const char *name, size_t line, struct rdl_err *err) RDL_MUST_CHECK;
/* Take the next word of *s, which shrinks.  False if there is none. */
bool rdl_prompt_tag_word(struct segment *s, struct segment *word);
/* True if the tag takes its line with it when it stands alone there. */
bool rdl_prompt_tag_is_structure(const struct tag *t);
bool rdl_prompt_tag_is_role(const struct tag *t);
/* True if nothing but blanks stands beside the tag; [*from, *to) then holds its
 * lines whole.  The template is [start, end). */
bool rdl_prompt_tag_alone(const struct tag *t, const char *start,
    const char *end, const char **from, const char **to);

/* prompt_template.c: compile text[0..len), which is part of p->source and
 * begins in that line, into p->template. */
int rdl_prompt_template(struct rdl_prompt *p, const char *text, size_t len,
    size_t line, struct rdl_err *err) RDL_MUST_CHECK;

#endif
