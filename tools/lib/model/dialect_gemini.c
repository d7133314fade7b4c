/*
 * The Gemini dialect: generateContent of the v1beta API.
 * Writes URLs, headers and bodies, reads replies.  Chat only.
 */
#include <string.h>

#include "model/config.h"
#include "model/dialect_impl.h"

static const struct rdl_dialect_form form = {
	.user = "user",
	.model = "model",
	.content = ",\"parts\":",
	.strings = false,
	.text = "{\"text\":",
	.image = "{\"inlineData\":{\"mimeType\":\"",
	.data = "\",\"data\":\"",
	.image_end = "\"}}",
};

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~/", c) != NULL);
}

/* The model's name is a part of the path. */
static int
url(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	const char *p = r->model->remote;

	if (r->op != RDL_OP_CHAT)
		return rdl_err_set(err, RDL_E_USAGE, "%s: riddle asks this "
		    "service neither for embeddings nor for images",
		    r->model->name);
	if (strstr(p, "..") != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s: the name of a model cannot hold ..", r->model->name);
	rdl_buf_adds(out, r->model->base_url);
	rdl_buf_adds(out, strchr(p, '/') != NULL ? "/" : "/models/");
	for (; *p != '\0'; p++) {
		if (is_unreserved(*p))
			rdl_buf_addc(out, *p);
		else
			rdl_buf_addf(out, "%%%02X", (unsigned char)*p);
	}
	rdl_buf_adds(out, ":generateContent");
	return rdl_dialect_write_end(out, err);
}

static void
headers(const struct rdl_model *m, struct rdl_buf *out)
{
	rdl_dialect_write_headers(m, "x-goog-api-key: ", NULL, out);
}

/* The settings, without the comma before the first. */
static void
settings(const struct rdl_request *r, struct rdl_buf *out)
{
	const struct rdl_sampling *s = &r->sampling;
	const struct rdl_quirks *q = &r->model->quirks;

	rdl_dialect_write_int(out, ",\"maxOutputTokens\":", s->max_tokens);
	if (!q->no_temperature) {
		rdl_dialect_write_real(out, ",\"temperature\":",
		    s->temperature);
		rdl_dialect_write_real(out, ",\"topP\":", s->top_p);
		rdl_dialect_write_int(out, ",\"topK\":", s->top_k);
	}
	if (!q->no_seed)
		rdl_dialect_write_int(out, ",\"seed\":", s->seed);
	rdl_dialect_write_strings(out, ",\"stopSequences\":", s->stop,
	    s->nstop);
	if ((r->json || r->schema != NULL) &&
	    (!q->no_schema || q->json_object))
		rdl_buf_adds(out,
		    ",\"responseMimeType\":\"application/json\"");
	if (r->schema != NULL && !q->no_schema && !q->json_object) {
		rdl_buf_adds(out, ",\"responseJsonSchema\":");
		rdl_buf_add(out, r->schema, r->schema_len);
	}
}

static int
write_config(const struct rdl_request *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf config = RDL_BUF_INIT(out->max);
	struct rdl_dialect_traits traits;
	int rc = 0;

	/* Looked at only to learn that the schema is JSON. */
	if (r->schema != NULL && rdl_dialect_schema_traits(r, &traits, err) < 0)
		return -1;
	settings(r, &config);
	rc = rdl_dialect_write_end(&config, err);
	if (rc == 0 && config.len > 0) {
		rdl_buf_adds(out, "\"generationConfig\":{");
		rdl_buf_add(out, config.p + 1, config.len - 1);
		rdl_buf_adds(out, "},");
	}
	rdl_buf_release(&config);
	return rc;
}

static int
body(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_quirks *q = &r->model->quirks;
	struct rdl_buf system = RDL_BUF_INIT(out->max);
	struct rdl_buf none = RDL_BUF_INIT(0);
	int rc = -1;

	rdl_buf_addc(out, '{');
	if (rdl_dialect_write_system(r, q->json_object, &system, err) < 0)
		goto out;
	if (system.len > 0 && !q->no_system) {
		rdl_buf_adds(out, "\"systemInstruction\":{\"parts\":[");
		rdl_buf_adds(out, form.text);
		rdl_buf_addjson(out, system.p, system.len);
		rdl_buf_adds(out, "}]},");
	}
	if (write_config(r, out, err) < 0)
		goto out;
	rdl_buf_adds(out, "\"contents\":");
	if (rdl_dialect_write_turns(&form, r, NULL, q->no_system ? &system :
	    &none, out, err) < 0)
		goto out;
	rdl_buf_addc(out, '}');
	rc = rdl_dialect_write_end(out, err);
out:
	rdl_buf_release(&system);
	return rc;
}

static enum rdl_finish
finish_of(const char *word)
{
	static const char *const filters[] = { "SAFETY", "RECITATION",
		"BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY",
		"LANGUAGE" };
	size_t i;

	if (word == NULL)
		return RDL_FINISH_OTHER;
	for (i = 0; i < RDL_NELEM(filters); i++)
		if (strcmp(word, filters[i]) == 0)
			return RDL_FINISH_FILTER;
	if (strcmp(word, "MAX_TOKENS") == 0)
		return RDL_FINISH_LENGTH;
	return strcmp(word, "STOP") == 0 ? RDL_FINISH_STOP :
	    RDL_FINISH_OTHER;
}

/* Thoughts are counted beside the candidates, and are paid as output. */
static void
read_usage(yyjson_val *usage, struct rdl_reply *out)
{
	int64_t n;

	if (!yyjson_is_obj(usage))
		return;
	out->tokens_in = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "promptTokenCount"));
	n = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "cachedContentTokenCount"));
	out->tokens_cached = n >= 0 ? n : 0;
	if (out->tokens_in >= 0 && out->tokens_cached > out->tokens_in)
		out->tokens_cached = out->tokens_in;
	n = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "thoughtsTokenCount"));
	out->tokens_reasoning = n >= 0 ? n : 0;
	/* A blocked prompt, or thoughts alone, has no candidates. */
	n = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "candidatesTokenCount"));
	if (n >= 0 || out->tokens_in >= 0)
		out->tokens_out = (n >= 0 ? n : 0) + out->tokens_reasoning;
}

static int
read_candidate(yyjson_val *root, struct rdl_arena *arena,
    struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_val *candidate = yyjson_arr_get_first(yyjson_obj_get(root,
	    "candidates"));

	if (candidate == NULL) {
		out->finish_text = rdl_dialect_read_str(yyjson_obj_get(
		    yyjson_obj_get(root, "promptFeedback"), "blockReason"),
		    arena);
		if (out->finish_text == NULL)
			return rdl_dialect_read_wrong(err,
			    "has no candidates");
		out->finish = RDL_FINISH_FILTER;
		return 0;
	}
	if (!yyjson_is_obj(candidate))
		return rdl_dialect_read_wrong(err, "has a candidate that is "
		    "not an object");
	out->finish_text = rdl_dialect_read_str(yyjson_obj_get(candidate,
	    "finishReason"), arena);
	out->finish = finish_of(out->finish_text);
	rdl_dialect_read_parts(yyjson_obj_get(yyjson_obj_get(candidate,
	    "content"), "parts"), arena, out);
	return 0;
}

static int
read_reply(const struct rdl_request *r, const char *text, size_t len,
    struct rdl_arena *arena, struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_doc *doc = rdl_dialect_read_parse(text, len, err);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int rc = -1;

	(void)r;
	rdl_dialect_read_start(out);
	if (doc != NULL) {
		out->resolved = rdl_dialect_read_str(yyjson_obj_get(root,
		    "modelVersion"), arena);
		out->id = rdl_dialect_read_str(yyjson_obj_get(root,
		    "responseId"), arena);
		read_usage(yyjson_obj_get(root, "usageMetadata"), out);
		rc = read_candidate(root, arena, out, err);
	}
	yyjson_doc_free(doc);
	return rc;
}

const struct rdl_dialect rdl_dialect_gemini = {
	"gemini", url, headers, body, read_reply
};
