/*
 * The bodies of replies, in the words of each dialect.
 * Reads what was asked; writes JSON text.
 * Decides nothing: plan.c does.  Times and ids are constants or hashes, so
 * that the same request always gets the same bytes.
 */
#include "stub/wire.h"

#include <string.h>
#include <zlib.h>

#include "core/limits.h"
#include "core/num.h"
#include "stub/drawing.h"
#include "stub/vector.h"
#include "stub/word.h"

#define CREATED "1700000000"

static void
add_model(struct rdl_buf *out, const struct rdl_ask *a)
{
	rdl_buf_addjson(out, a->model, a->model_len);
}

void
rdl_wire_open(struct rdl_buf *out, const struct rdl_ask *a)
{
	unsigned long long id = a->hash[0];

	switch (a->dialect) {
	case RDL_ASK_OPENAI:
		rdl_buf_addf(out, "{\"id\":\"chatcmpl-%016llx\",\"object\":"
		    "\"chat.completion\",\"created\":" CREATED ",\"model\":",
		    id);
		add_model(out, a);
		rdl_buf_adds(out, ",\"choices\":[");
		break;
	case RDL_ASK_ANTHROPIC:
		rdl_buf_addf(out, "{\"id\":\"msg_%016llx\",\"type\":"
		    "\"message\",\"role\":\"assistant\",\"model\":", id);
		add_model(out, a);
		rdl_buf_adds(out, ",\"content\":[");
		break;
	case RDL_ASK_GEMINI:
		rdl_buf_addc(out, '{');
		break;
	}
}

static void
openai_choice(struct rdl_buf *out, int64_t index, const char *text,
    size_t len, enum rdl_wire_finish finish)
{
	static const char *const words[] = { "stop", "length", "stop",
		"content_filter" };

	rdl_buf_adds(out, index > 0 ? ",{\"index\":" : "{\"index\":");
	rdl_buf_addu(out, (uint64_t)index);
	rdl_buf_adds(out, ",\"message\":{\"role\":\"assistant\","
	    "\"content\":");
	if (finish == RDL_WIRE_REFUSAL || finish == RDL_WIRE_FILTER)
		rdl_buf_adds(out, "null");
	else
		rdl_buf_addjson(out, text, len);
	rdl_buf_adds(out, ",\"refusal\":");
	if (finish == RDL_WIRE_REFUSAL)
		rdl_buf_addjson(out, text, len);
	else
		rdl_buf_adds(out, "null");
	rdl_buf_adds(out, "},\"logprobs\":null,\"finish_reason\":\"");
	rdl_buf_adds(out, words[finish]);
	rdl_buf_adds(out, "\"}");
}

static void
gemini_choice(struct rdl_buf *out, int64_t index, const char *text,
    size_t len, enum rdl_wire_finish finish)
{
	static const char *const words[] = { "STOP", "MAX_TOKENS", "SAFETY",
		"SAFETY" };

	/* A blocked prompt has no candidates at all. */
	if (finish == RDL_WIRE_FILTER)
		return;
	rdl_buf_adds(out, index > 0 ? ",{" : "\"candidates\":[{");
	if (finish != RDL_WIRE_REFUSAL) {
		rdl_buf_adds(out, "\"content\":{\"parts\":[{\"text\":");
		rdl_buf_addjson(out, text, len);
		rdl_buf_adds(out, "}],\"role\":\"model\"},");
	}
	rdl_buf_adds(out, "\"finishReason\":\"");
	rdl_buf_adds(out, words[finish]);
	rdl_buf_adds(out, "\",\"index\":");
	rdl_buf_addu(out, (uint64_t)index);
	rdl_buf_addc(out, '}');
}

void
rdl_wire_choice(struct rdl_buf *out, const struct rdl_ask *a, int64_t index,
    const char *text, size_t len, enum rdl_wire_finish finish)
{
	switch (a->dialect) {
	case RDL_ASK_OPENAI:
		openai_choice(out, index, text, len, finish);
		break;
	case RDL_ASK_ANTHROPIC:
		if (finish == RDL_WIRE_FILTER || len == 0)
			break;
		rdl_buf_adds(out, "{\"type\":\"text\",\"text\":");
		rdl_buf_addjson(out, text, len);
		rdl_buf_addc(out, '}');
		break;
	case RDL_ASK_GEMINI:
		gemini_choice(out, index, text, len, finish);
		break;
	}
}

void
rdl_wire_end(struct rdl_buf *out, const struct rdl_ask *a,
    enum rdl_wire_finish finish, int64_t completion_tokens)
{
	static const char *const words[] = { "end_turn", "max_tokens",
		"refusal", "refusal" };
	long long in = a->prompt_tokens, done = completion_tokens;

	switch (a->dialect) {
	case RDL_ASK_OPENAI:
		rdl_buf_addf(out, "],\"usage\":{\"prompt_tokens\":%lld,"
		    "\"completion_tokens\":%lld,\"total_tokens\":%lld},"
		    "\"system_fingerprint\":\"fp_stub\"}", in, done,
		    in + done);
		break;
	case RDL_ASK_ANTHROPIC:
		rdl_buf_addf(out, "],\"stop_reason\":\"%s\",\"stop_sequence\":"
		    "null,\"usage\":{\"input_tokens\":%lld,"
		    "\"cache_creation_input_tokens\":0,"
		    "\"cache_read_input_tokens\":0,\"output_tokens\":%lld}}",
		    words[finish], in, done);
		break;
	case RDL_ASK_GEMINI:
		rdl_buf_addf(out, "%s,\"usageMetadata\":{\"promptTokenCount\":"
		    "%lld,\"candidatesTokenCount\":%lld,\"totalTokenCount\":"
		    "%lld},\"modelVersion\":", finish == RDL_WIRE_FILTER ?
		    "\"promptFeedback\":{\"blockReason\":\"SAFETY\"}" : "]",
		    in, done, in + done);
		add_model(out, a);
		rdl_buf_addc(out, '}');
		break;
	}
}

static void
add_vector(struct rdl_buf *out, const struct rdl_ask *a, size_t index,
    uint64_t h, size_t dim)
{
	bool base64 = yyjson_equals_str(yyjson_obj_get(a->root,
	    "encoding_format"), "base64");

	rdl_buf_addf(out, "%s{\"object\":\"embedding\",\"index\":%zu,"
	    "\"embedding\":", index > 0 ? "," : "", index);
	rdl_vector_add(out, h, dim, base64);
	rdl_buf_addc(out, '}');
}

/* Text by its bytes, a list of tokens by their numbers. */
static uint64_t
hash_input(yyjson_val *v, uint64_t seed)
{
	yyjson_val *t;
	uint64_t h = seed;
	size_t i, n;

	if (yyjson_is_str(v))
		return rdl_word_hash(seed, yyjson_get_str(v),
		    yyjson_get_len(v));
	yyjson_arr_foreach(v, i, n, t)
		h = rdl_word_mix(h, yyjson_get_uint(t), i);
	return h;
}

void
rdl_wire_embeddings(struct rdl_buf *out, const struct rdl_ask *a,
    uint64_t seed, size_t dim)
{
	yyjson_val *in = yyjson_obj_get(a->root, "input"), *one;
	size_t i, n;

	if (a->max_tokens > 0)
		dim = (size_t)a->max_tokens;
	rdl_buf_adds(out, "{\"object\":\"list\",\"data\":[");
	if (yyjson_is_str(in) || yyjson_is_num(yyjson_arr_get_first(in)))
		add_vector(out, a, 0, hash_input(in, seed), dim);
	else
		yyjson_arr_foreach(in, i, n, one) {
			add_vector(out, a, i, hash_input(one, seed), dim);
		}
	rdl_buf_adds(out, "],\"model\":");
	add_model(out, a);
	rdl_buf_addf(out, ",\"usage\":{\"prompt_tokens\":%lld,"
	    "\"total_tokens\":%lld}}", (long long)a->prompt_tokens,
	    (long long)a->prompt_tokens);
}

/* "1536x1024" to two numbers, or -1. */
static int
parse_size(const char *s, int64_t *w, int64_t *h)
{
	const char *x = s != NULL ? strchr(s, 'x') : NULL;
	struct rdl_err err;
	char first[8];

	if (x == NULL || (size_t)(x - s) >= sizeof(first))
		return -1;
	memcpy(first, s, (size_t)(x - s));
	first[x - s] = '\0';
	if (rdl_num_int(first, 1, 65536, w, &err) < 0 ||
	    rdl_num_int(x + 1, 1, 65536, h, &err) < 0)
		return -1;
	return 0;
}

/* The size that was asked for, scaled down so that the longer side is side at
 * most; a square if it says nothing. */
static void
read_size(const struct rdl_ask *a, uint32_t side, uint32_t *w, uint32_t *h)
{
	int64_t x, y, most;

	*w = *h = side;
	if (a->a1111) {
		x = yyjson_get_sint(yyjson_obj_get(a->root, "width"));
		y = yyjson_get_sint(yyjson_obj_get(a->root, "height"));
		if (x < 1 || y < 1 || x > 65536 || y > 65536)
			return;
	} else if (parse_size(yyjson_get_str(yyjson_obj_get(a->root,
	    "size")), &x, &y) < 0)
		return;
	most = x > y ? x : y;
	if (most > side) {
		x = x * side / most;
		y = y * side / most;
	}
	*w = x > 0 ? (uint32_t)x : 1;
	*h = y > 0 ? (uint32_t)y : 1;
}

/* What pictures are drawn from: an A1111 server's depend on the seed, too. */
static uint64_t
drawn_from(const struct rdl_ask *a, uint64_t seed, enum rdl_wire_spoil spoil)
{
	uint64_t hash = rdl_word_hash(seed, a->text, a->text_len);

	if (spoil == RDL_WIRE_SAME)
		return seed;
	return a->a1111 ? rdl_word_mix(seed, hash, (uint64_t)a->image_seed) :
	    hash;
}

static void
add_big(struct rdl_buf *out, uint32_t v)
{
	int shift;

	for (shift = 24; shift >= 0; shift -= 8)
		rdl_buf_addc(out, (char)(v >> shift & 0xff));
}

/* A1111 writes prompt and settings into the file: a chunk tEXt behind the
 * header, which is 33 bytes. */
static void
add_parameters(struct rdl_buf *png, const struct rdl_ask *a)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_buf rest = RDL_BUF_INIT(RDL_IMAGE_MAX);

	rdl_buf_add(&text, "tEXtparameters", 15);	/* and its NUL */
	rdl_buf_add(&text, a->text, a->text_len);
	rdl_buf_addf(&text, "\nSeed: %lld", (long long)a->image_seed);
	rdl_buf_add(&rest, png->p + 33, png->len - 33);
	png->len = 33;
	add_big(png, (uint32_t)text.len - 4);
	rdl_buf_add(png, text.p, text.len);
	add_big(png, (uint32_t)crc32(0, (const Bytef *)text.p,
	    (uInt)text.len));
	rdl_buf_add(png, rest.p, rest.len);
	rdl_buf_release(&text);
	rdl_buf_release(&rest);
}

/* The reply of /sdapi/v1/txt2img; info is JSON in a string. */
static void
end_a1111(struct rdl_buf *out, const struct rdl_ask *a)
{
	rdl_buf_addf(out, "],\"parameters\":{},\"info\":\"{\\\"seed\\\":%lld,"
	    "\\\"sd_model_name\\\":\\\"stub\\\"}\"}",
	    (long long)a->image_seed);
}

int
rdl_wire_images(struct rdl_buf *out, const struct rdl_ask *a, uint64_t seed,
    uint32_t side, enum rdl_wire_spoil spoil, struct rdl_err *err)
{
	struct rdl_buf png = RDL_BUF_INIT(RDL_IMAGE_MAX);
	uint64_t hash = drawn_from(a, seed, spoil);
	long long in = a->prompt_tokens;
	uint32_t w, h;
	int64_t i;
	int rc = 0;

	read_size(a, side, &w, &h);
	rdl_buf_adds(out, a->a1111 ? "{\"images\":[" :
	    "{\"created\":" CREATED ",\"data\":[");
	for (i = 0; i < a->n && rc == 0; i++) {
		rdl_buf_reset(&png);
		rc = rdl_drawing_png(&png, rdl_word_mix(seed, hash,
		    (uint64_t)i), w, h, err);
		if (a->a1111 && rc == 0)
			add_parameters(&png, a);
		if (spoil == RDL_WIRE_HALF)
			png.len /= 2;
		rdl_buf_adds(out, i > 0 ? "," : "");
		rdl_buf_adds(out, a->a1111 ? "\"" : "{\"b64_json\":\"");
		rdl_buf_addbase64(out, png.p, png.len);
		rdl_buf_adds(out, a->a1111 ? "\"" : "\"}");
	}
	rdl_buf_release(&png);
	if (a->a1111) {
		end_a1111(out, a);
		return rc;
	}
	rdl_buf_addf(out, "],\"output_format\":\"png\",\"size\":\"%ux%u\","
	    "\"usage\":{\"input_tokens\":%lld,\"output_tokens\":%lld,"
	    "\"total_tokens\":%lld}}", w, h, in, 85 * (long long)a->n,
	    in + 85 * (long long)a->n);
	return rc;
}

/* What each status is called by each dialect; the last is for the rest. */
static const struct status_names {
	int status;
	const char *type, *code;	/* OpenAI; code may be NULL */
	const char *anthropic, *gemini;
} status_names[] = {
	{ 400, "invalid_request_error", NULL, "invalid_request_error",
	    "INVALID_ARGUMENT" },
	{ 401, "invalid_request_error", "invalid_api_key",
	    "authentication_error", "UNAUTHENTICATED" },
	{ 402, "insufficient_quota", "insufficient_quota", "billing_error",
	    "FAILED_PRECONDITION" },
	{ 403, "invalid_request_error", NULL, "permission_error",
	    "PERMISSION_DENIED" },
	{ 404, "invalid_request_error", "not_found", "not_found_error",
	    "NOT_FOUND" },
	{ 405, "invalid_request_error", NULL, "invalid_request_error",
	    "UNIMPLEMENTED" },
	{ 413, "invalid_request_error", NULL, "request_too_large",
	    "INVALID_ARGUMENT" },
	{ 422, "invalid_request_error", NULL, "invalid_request_error",
	    "INVALID_ARGUMENT" },
	{ 429, "requests", "rate_limit_exceeded", "rate_limit_error",
	    "RESOURCE_EXHAUSTED" },
	{ 503, "server_error", NULL, "overloaded_error", "UNAVAILABLE" },
	{ 504, "server_error", NULL, "timeout_error", "DEADLINE_EXCEEDED" },
	{ 529, "server_error", NULL, "overloaded_error", "UNAVAILABLE" },
	{ 0, "server_error", NULL, "api_error", "INTERNAL" },
};

void
rdl_wire_error(struct rdl_buf *out, enum rdl_ask_dialect dialect, int status,
    const char *code, const char *message, int64_t retry_ms)
{
	const struct status_names *s = status_names;

	while (s->status != status && s->status != 0)
		s++;
	if (dialect == RDL_ASK_GEMINI)
		rdl_buf_addf(out, "{\"error\":{\"code\":%d,\"message\":",
		    status);
	else if (dialect == RDL_ASK_ANTHROPIC)
		rdl_buf_addf(out, "{\"type\":\"error\",\"error\":{\"type\":"
		    "\"%s\",\"message\":", s->anthropic);
	else
		rdl_buf_adds(out, "{\"error\":{\"message\":");
	rdl_buf_addjson(out, message, strlen(message));
	if (dialect == RDL_ASK_ANTHROPIC)
		rdl_buf_adds(out, "},\"request_id\":\"req_stub\"}");
	else if (dialect == RDL_ASK_GEMINI) {
		rdl_buf_addf(out, ",\"status\":\"%s\"", s->gemini);
		if (retry_ms >= 0)
			rdl_buf_addf(out, ",\"details\":[{\"@type\":\""
			    "type.googleapis.com/google.rpc.RetryInfo\","
			    "\"retryDelay\":\"%.15gs\"}]",
			    (double)retry_ms / 1000);
		rdl_buf_adds(out, "}}");
	} else {
		if (code == NULL)
			code = s->code;
		rdl_buf_addf(out, ",\"type\":\"%s\",\"param\":null,\"code\":",
		    code != NULL && status == 429 &&
		    strcmp(code, "insufficient_quota") == 0 ? code : s->type);
		if (code == NULL)
			rdl_buf_adds(out, "null}}");
		else
			rdl_buf_addf(out, "\"%s\"}}", code);
	}
}
