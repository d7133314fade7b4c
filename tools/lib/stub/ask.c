/*
 * What a request asks for.
 * Reads method, path and body of a request; writes a struct rdl_ask.
 * Checks what the real servers check first, not all that they check.
 */
#include "stub/ask.h"

#include <string.h>
#include <xxhash.h>

#define IMAGE_TOKENS 85
#define GEMINI_PREFIX "/v1beta/models/"
#define GEMINI_SUFFIX ":generateContent"

static void
refuse(struct rdl_ask *a, int status, const char *why)
{
	if (a->status == 200) {
		a->status = status;
		a->why = why;
	}
}

int64_t
rdl_ask_tokens(size_t len)
{
	return (int64_t)(len / 4 + (len % 4 != 0));
}

/* Put the text parts of a list together, total bytes with their newlines. */
static const char *
join(struct rdl_ask *a, yyjson_val *list, size_t total)
{
	char *joined = rdl_arena_alloc(&a->arena, total + 1), *to = joined;
	yyjson_val *part, *text;
	size_t i, n;

	yyjson_arr_foreach(list, i, n, part) {
		text = yyjson_obj_get(part, "text");
		if (!yyjson_is_str(text))
			continue;
		if (to > joined)
			*to++ = '\n';
		memcpy(to, yyjson_get_str(text), yyjson_get_len(text));
		to += yyjson_get_len(text);
	}
	return joined;
}

/* content is a string, or a list of parts in any of the three dialects.
 * Gives its text and returns its tokens. */
static int64_t
read_content(yyjson_val *content, const char **text, size_t *len)
{
	yyjson_val *part, *one = NULL, *t;
	size_t i, n, count = 0, total = 0;
	int64_t tokens = 0;

	if (yyjson_is_str(content)) {
		one = content;
		total = yyjson_get_len(content);
		tokens = rdl_ask_tokens(total);
	}
	yyjson_arr_foreach(content, i, n, part) {
		if (yyjson_is_str(t = yyjson_obj_get(part, "text"))) {
			one = t;
			total += yyjson_get_len(t) + (count++ > 0);
			tokens += rdl_ask_tokens(yyjson_get_len(t));
		} else if (yyjson_obj_get(part, "image_url") != NULL ||
		    yyjson_obj_get(part, "source") != NULL ||
		    yyjson_obj_get(part, "inlineData") != NULL)
			tokens += IMAGE_TOKENS;
	}
	*len = total;
	*text = one == NULL ? "" : count < 2 ? yyjson_get_str(one) : NULL;
	return tokens;
}

/* Count all messages and keep the text of the last from a user. */
static void
read_messages(struct rdl_ask *a, yyjson_val *list, const char *content)
{
	yyjson_val *msg, *role, *last = NULL;
	const char *text;
	size_t i, n, len;

	if (!yyjson_is_arr(list)) {
		refuse(a, 400, "the list of messages is missing");
		return;
	}
	yyjson_arr_foreach(list, i, n, msg) {
		a->prompt_tokens += read_content(yyjson_obj_get(msg, content),
		    &text, &len);
		role = yyjson_obj_get(msg, "role");
		if (role == NULL || yyjson_equals_str(role, "user")) {
			last = yyjson_obj_get(msg, content);
			a->text = text;
			a->text_len = len;
		}
	}
	if (a->text == NULL)
		a->text = join(a, last, a->text_len);
}

static void
read_system(struct rdl_ask *a, yyjson_val *content)
{
	const char *text;
	size_t len;

	a->prompt_tokens += read_content(content, &text, &len);
}

/* The whole number under key in lo..hi; otherwise if there is none. */
static int64_t
whole(struct rdl_ask *a, yyjson_val *obj, const char *key, int64_t lo,
    int64_t hi, int64_t otherwise, const char *why)
{
	yyjson_val *v = yyjson_obj_get(obj, key);

	if (v == NULL || yyjson_is_null(v))
		return otherwise;
	if (yyjson_is_uint(v) && yyjson_get_uint(v) >= (uint64_t)lo &&
	    yyjson_get_uint(v) <= (uint64_t)hi)
		return (int64_t)yyjson_get_uint(v);
	refuse(a, 400, why);
	return otherwise;
}

static void
read_model(struct rdl_ask *a)
{
	yyjson_val *v = yyjson_obj_get(a->root, "model");

	if (!yyjson_is_str(v)) {
		refuse(a, 400, "you must provide a model");
		return;
	}
	a->model = yyjson_get_str(v);
	a->model_len = yyjson_get_len(v);
}

static void
openai_format(struct rdl_ask *a)
{
	yyjson_val *f = yyjson_obj_get(a->root, "response_format"), *js;
	yyjson_val *type = yyjson_obj_get(f, "type");

	a->wants_json = yyjson_equals_str(type, "json_object");
	if (!yyjson_equals_str(type, "json_schema"))
		return;
	js = yyjson_obj_get(f, "json_schema");
	a->schema = yyjson_obj_get(js, "schema");
	if (!yyjson_is_str(yyjson_obj_get(js, "name")))
		refuse(a, 400, "response_format.json_schema.name is missing");
	if (!yyjson_is_obj(a->schema))
		refuse(a, 400,
		    "response_format.json_schema.schema is not an object");
}

static void
openai_chat(struct rdl_ask *a)
{
	static const char why[] = "max_tokens is not a positive whole number";
	yyjson_val *root = a->root;

	read_model(a);
	read_messages(a, yyjson_obj_get(root, "messages"), "content");
	openai_format(a);
	a->n = whole(a, root, "n", 1, 128, 1, "n is not in 1..128");
	a->max_tokens = whole(a, root, "max_completion_tokens", 1, INT32_MAX,
	    whole(a, root, "max_tokens", 1, INT32_MAX, 0, why), why);
	if (yyjson_is_true(yyjson_obj_get(root, "stream")))
		refuse(a, 400, "this server does not stream");
}

static void
openai_embed(struct rdl_ask *a)
{
	yyjson_val *in = yyjson_obj_get(a->root, "input"), *one;
	size_t i, n;

	read_model(a);
	if (!(yyjson_is_str(in) && yyjson_get_len(in) > 0) &&
	    yyjson_arr_size(in) == 0)
		refuse(a, 400, "input is missing or empty");
	if (yyjson_arr_size(in) > 2048 &&
	    !yyjson_is_num(yyjson_arr_get_first(in)))
		refuse(a, 400, "input has more than 2048 items");
	a->prompt_tokens = rdl_ask_tokens(yyjson_get_len(in));
	if (yyjson_is_arr(in))
		a->prompt_tokens = 0;
	yyjson_arr_foreach(in, i, n, one) {
		a->prompt_tokens += yyjson_is_str(one) ?
		    rdl_ask_tokens(yyjson_get_len(one)) :
		    yyjson_is_arr(one) ? (int64_t)yyjson_arr_size(one) : 1;
		if (yyjson_is_str(one) ? yyjson_get_len(one) == 0 :
		    !yyjson_is_arr(one) && !yyjson_is_num(one))
			refuse(a, 400, "an item of input is empty or neither "
			    "text nor tokens");
	}
	a->max_tokens = whole(a, a->root, "dimensions", 1, 4096, 0,
	    "dimensions is not in 1..4096");
}

static void
openai_image(struct rdl_ask *a)
{
	yyjson_val *p = yyjson_obj_get(a->root, "prompt");

	a->model = "stub";
	a->model_len = 4;
	if (yyjson_obj_get(a->root, "model") != NULL)
		read_model(a);
	if (!yyjson_is_str(p) || yyjson_get_len(p) == 0)
		refuse(a, 400, "prompt is missing or empty");
	else {
		a->text = yyjson_get_str(p);
		a->text_len = yyjson_get_len(p);
		a->prompt_tokens = rdl_ask_tokens(a->text_len);
	}
	a->n = whole(a, a->root, "n", 1, 10, 1, "n is not in 1..10");
	if (yyjson_equals_str(yyjson_obj_get(a->root, "response_format"),
	    "url"))
		refuse(a, 400, "this server gives images as b64_json only");
}

static void
a1111_image(struct rdl_ask *a)
{
	yyjson_val *p = yyjson_obj_get(a->root, "prompt");
	yyjson_val *seed = yyjson_obj_get(a->root, "seed");

	a->model = "stub";
	a->model_len = 4;
	a->a1111 = true;
	/* Without one, or with -1, the real one draws one. */
	a->image_seed = yyjson_is_uint(seed) && yyjson_get_uint(seed) <
	    INT64_MAX ? yyjson_get_sint(seed) : (int64_t)(a->hash[0] >> 33);
	if (yyjson_is_str(p)) {
		a->text = yyjson_get_str(p);
		a->text_len = yyjson_get_len(p);
	}
	a->n = whole(a, a->root, "batch_size", 1, 8, 1,
	    "batch_size is not in 1..8");
}

static void
anthropic(struct rdl_ask *a)
{
	yyjson_val *f = yyjson_obj_get(a->root, "output_config");

	read_model(a);
	read_system(a, yyjson_obj_get(a->root, "system"));
	read_messages(a, yyjson_obj_get(a->root, "messages"), "content");
	f = yyjson_obj_get(f, "format");
	if (f == NULL)
		f = yyjson_obj_get(a->root, "output_format");
	if (yyjson_equals_str(yyjson_obj_get(f, "type"), "json_schema") &&
	    !yyjson_is_obj(a->schema = yyjson_obj_get(f, "schema")))
		refuse(a, 400, "output_config.format.schema is not an object");
	a->max_tokens = whole(a, a->root, "max_tokens", 1, INT32_MAX, 0,
	    "max_tokens: not a positive whole number");
	if (a->max_tokens == 0)
		refuse(a, 400, "max_tokens: field required");
	if (yyjson_is_true(yyjson_obj_get(a->root, "stream")))
		refuse(a, 400, "this server does not stream");
}

static void
gemini(struct rdl_ask *a)
{
	yyjson_val *g = yyjson_obj_get(a->root, "generationConfig");

	read_system(a, yyjson_obj_get(yyjson_obj_get(a->root,
	    "systemInstruction"), "parts"));
	read_messages(a, yyjson_obj_get(a->root, "contents"), "parts");
	a->schema = yyjson_obj_get(g, "responseJsonSchema");
	if (a->schema == NULL)
		a->schema = yyjson_obj_get(g, "responseSchema");
	a->wants_json = yyjson_equals_str(yyjson_obj_get(g,
	    "responseMimeType"), "application/json");
	if (a->schema != NULL && !yyjson_is_obj(a->schema))
		refuse(a, 400, "the response schema is not an object");
	if (a->schema != NULL && !a->wants_json)
		refuse(a, 400, "a response schema needs responseMimeType "
		    "application/json");
	a->n = whole(a, g, "candidateCount", 1, 8, 1,
	    "candidateCount is not in 1..8");
	a->max_tokens = whole(a, g, "maxOutputTokens", 1, INT32_MAX, 0,
	    "maxOutputTokens is not a positive whole number");
}

static const struct {
	const char *path;
	const char *method;
	enum rdl_ask_dialect dialect;
	enum rdl_ask_kind kind;
	void (*read)(struct rdl_ask *a);
} routes[] = {
	{ "/v1/chat/completions", "POST", RDL_ASK_OPENAI, RDL_ASK_CHAT,
	    openai_chat },
	{ "/v1/embeddings", "POST", RDL_ASK_OPENAI, RDL_ASK_EMBED,
	    openai_embed },
	{ "/v1/images/generations", "POST", RDL_ASK_OPENAI, RDL_ASK_IMAGE,
	    openai_image },
	{ "/sdapi/v1/txt2img", "POST", RDL_ASK_OPENAI, RDL_ASK_IMAGE,
	    a1111_image },
	{ "/v1/messages", "POST", RDL_ASK_ANTHROPIC, RDL_ASK_CHAT,
	    anthropic },
	{ GEMINI_PREFIX, "POST", RDL_ASK_GEMINI, RDL_ASK_CHAT, gemini },
	{ "/v1/models", "GET", RDL_ASK_OPENAI, RDL_ASK_MODELS, NULL },
	{ "/health", "GET", RDL_ASK_OPENAI, RDL_ASK_HEALTH, NULL },
	{ "/stub/stats", "GET", RDL_ASK_OPENAI, RDL_ASK_STATS, NULL },
};

/* The model of /v1beta/models/NAME:generateContent, or -1. */
static int
gemini_path(struct rdl_ask *a, const char *path)
{
	size_t len = strlen(path), pre = strlen(GEMINI_PREFIX);
	size_t suf = strlen(GEMINI_SUFFIX);

	if (len <= pre + suf || memcmp(path, GEMINI_PREFIX, pre) != 0 ||
	    strcmp(path + len - suf, GEMINI_SUFFIX) != 0)
		return -1;
	a->model = rdl_arena_dup(&a->arena, path + pre, len - pre - suf);
	a->model_len = len - pre - suf;
	return 0;
}

/* The index of the route, RDL_NELEM(routes) if there is none. */
static size_t
route(struct rdl_ask *a, const char *method, const char *path)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(routes); i++)
		if (strcmp(routes[i].path, path) == 0 ||
		    (routes[i].dialect == RDL_ASK_GEMINI &&
		    gemini_path(a, path) == 0))
			break;
	if (i == RDL_NELEM(routes)) {
		refuse(a, 404, "there is nothing at this address");
		return i;
	}
	a->dialect = routes[i].dialect;
	if (strcmp(routes[i].method, method) != 0)
		refuse(a, 405, "this address does not take that method");
	else
		a->kind = routes[i].kind;
	return i;
}

void
rdl_ask_read(struct rdl_ask *a, const char *method, const char *path,
    const char *body, size_t len)
{
	XXH128_hash_t h = XXH3_128bits(len > 0 ? body : "", len);
	size_t i;

	*a = (struct rdl_ask){ .body = body, .len = len, .status = 200,
		.model = "", .text = "", .n = 1, .arena = RDL_ARENA_INIT };
	a->hash[0] = h.low64;
	a->hash[1] = h.high64;
	i = route(a, method, path);
	if (a->kind == RDL_ASK_NONE || a->kind >= RDL_ASK_MODELS)
		return;
	if (len > 0)
		a->doc = yyjson_read(body, len, 0);
	a->root = yyjson_doc_get_root(a->doc);
	if (!yyjson_is_obj(a->root)) {
		a->root = NULL;
		refuse(a, 400, "the body is not a JSON object");
		return;
	}
	routes[i].read(a);
}

void
rdl_ask_release(struct rdl_ask *a)
{
	yyjson_doc_free(a->doc);
	a->doc = NULL;
	a->root = NULL;
	rdl_arena_release(&a->arena);
}
