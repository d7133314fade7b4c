/*
 * Prompt files in a subset of the dotprompt convention: YAML front matter
 * between lines of three dashes, then a template.  See riddle-prompt(7).
 *
 *	---
 *	model: openai/gpt-4o-mini
 *	config: { temperature: 0.2, maxOutputTokens: 400 }
 *	output: { format: json, schema: { tasks(array): string } }
 *	---
 *	{{role "system"}} You name tasks.
 *	{{role "user"}} {{media url=image.uri}}
 *	{{#each tasks}}- {{this}} {{/each}}
 *
 * A field that the row lacks fails the row; it is never an empty string.
 */
#ifndef RDL_RECORD_PROMPT_H
#define RDL_RECORD_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/hash.h"
#include "record/schema.h"

struct rdl_prompt;

enum rdl_role { RDL_ROLE_SYSTEM, RDL_ROLE_USER, RDL_ROLE_MODEL };

/* One piece of a message: text, or an image to be shown. */
struct rdl_part {
	bool is_media;
	const char *text;	/* the text, or the URL or path of the image */
	size_t len;
	const char *caption;	/* of an image: caption=FIELD, or NULL */
	size_t caption_len;
};

struct rdl_message {
	enum rdl_role role;
	struct rdl_part *parts;
	size_t nparts;
};

struct rdl_messages {
	struct rdl_message *v;
	size_t n;
};

/* Read a prompt file.  "embedded:PATH" reads one built into the library
 * (core/embed.h).  NULL on error, with file and line in the message. */
struct rdl_prompt *rdl_prompt_load(const char *path, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Compile the text of a prompt file; name is for messages, copied. */
struct rdl_prompt *rdl_prompt_parse(const char *text, size_t len,
    const char *name, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_prompt_free(struct rdl_prompt *p);

/* SHA-256 of the file's bytes: part of the key of every call made with it. */
const struct rdl_sha256 *rdl_prompt_digest(const struct rdl_prompt *p);

/* The name given to load or parse. */
const char *rdl_prompt_name(const struct rdl_prompt *p);

/* "model" of the front matter, or NULL. */
const char *rdl_prompt_model(const struct rdl_prompt *p);

/* "config" of the front matter, an object, or NULL.  The types of temperature,
 * maxOutputTokens, topP, topK, stopSequences and seed have been checked; other
 * members are left to the dialect, which must refuse those it has not. */
yyjson_val *rdl_prompt_config(const struct rdl_prompt *p);

/* True if output.format is json, or is not given beside an output.schema:
 * replies are parsed, and checked against the schema if there is one. */
bool rdl_prompt_wants_json(const struct rdl_prompt *p);

/* The reply schema, or NULL; and its JSON text, for servers that enforce it. */
const struct rdl_schema *rdl_prompt_schema(const struct rdl_prompt *p);
const char *rdl_prompt_schema_text(const struct rdl_prompt *p, size_t *len);

/*
 * Fill the template with a row.  Messages and their text are allocated in
 * arena; they may also borrow from the row and the prompt.  There is at least
 * one message, and each has at least one part.  Returns 0, or -1 with
 * RDL_E_INPUT when the row lacks a field or it has the wrong type
 * ("prompts/judge.prompt:12: the row has no field 'question'").
 */
int rdl_prompt_render(const struct rdl_prompt *p, yyjson_val *row,
    struct rdl_arena *arena, struct rdl_messages *out, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
