/*
 * What a request asks for: which API, which model, which text.
 */
#ifndef RDL_STUB_ASK_H
#define RDL_STUB_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <yyjson.h>

#include "core/arena.h"
#include "core/compiler.h"

enum rdl_ask_dialect { RDL_ASK_OPENAI, RDL_ASK_ANTHROPIC, RDL_ASK_GEMINI };

enum rdl_ask_kind {
	RDL_ASK_NONE,		/* no such path */
	RDL_ASK_CHAT,
	RDL_ASK_EMBED,
	RDL_ASK_IMAGE,
	RDL_ASK_MODELS,		/* GET from here on */
	RDL_ASK_HEALTH,
	RDL_ASK_STATS
};

struct rdl_ask {
	enum rdl_ask_dialect dialect;
	enum rdl_ask_kind kind;
	uint64_t hash[2];	/* of the body: equal bodies, equal hashes */
	const char *body;	/* borrowed */
	size_t len;
	yyjson_doc *doc;	/* owned; NULL if the body is not JSON */
	yyjson_val *root;	/* an object, or NULL */
	const char *model;	/* never NULL */
	size_t model_len;
	const char *text;	/* last user message, or prompt; "" if none */
	size_t text_len;
	yyjson_val *schema;	/* of the answer, or NULL */
	bool wants_json;	/* any JSON object will do */
	int64_t n;		/* answers or images wanted */
	bool a1111;		/* images in A1111's form ... */
	int64_t image_seed;	/* ... drawn by this seed */
	int64_t max_tokens;	/* of the answer; 0 for no limit */
	int64_t prompt_tokens;	/* text bytes / 4, and 85 an image */
	struct rdl_arena arena;	/* text that was put together from parts */
	int status;		/* 200, or what the server says to it */
	const char *why;	/* static, if status is not 200 */
};

/*
 * Read a request.  Never fails: a bad one has its status and why set, as a
 * server would refuse it.  body must outlive the ask.
 */
void rdl_ask_read(struct rdl_ask *a, const char *method, const char *path,
    const char *body, size_t len);

void rdl_ask_release(struct rdl_ask *a);

/* Tokens of len bytes by the stub's count: a quarter, rounded up. */
int64_t rdl_ask_tokens(size_t len);

#endif
