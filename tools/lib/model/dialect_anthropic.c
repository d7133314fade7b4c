/*
 * The Anthropic dialect: the Messages API of 2023-06-01.
 * Writes URLs, headers and bodies, reads replies.  Chat only: there are no
 * embeddings and no images, and no seed.
 */
#include <string.h>

#include "model/config.h"
#include "model/dialect_impl.h"

/* max_tokens must be sent; this is what an answer gets when nobody says. */
#define MAX_TOKENS_DEFAULT 4096

static const struct rdl_dialect_form form = {
	.user = "user",
	.model = "assistant",
	.content = ",\"content\":",
	.strings = true,
	.text = "{\"type\":\"text\",\"text\":",
	.image = "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
	    "\"media_type\":\"",
	.data = "\",\"data\":\"",
	.image_end = "\"}}",
};

static int
url(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	const char *base = r->model->base_url;
	size_t len = strlen(base);

	if (r->op != RDL_OP_CHAT)
		return rdl_err_set(err, RDL_E_USAGE, "%s: this service has "
		    "neither embeddings nor images", r->model->name);
	rdl_buf_add(out, base, len);
	if (len < 3 || strcmp(base + len - 3, "/v1") != 0)
		rdl_buf_adds(out, "/v1");
	rdl_buf_adds(out, "/messages");
	return rdl_dialect_write_end(out, err);
}

static void
headers(const struct rdl_model *m, struct rdl_buf *out)
{
	rdl_dialect_write_headers(m, "x-api-key: ",
	    "anthropic-version: 2023-06-01", out);
}

/* Write the schema if the server can enforce it, which needs every object to
 * be closed and takes no bounds: those are checked here.  Else *words says
 * that it must be put in words. */
static int
output_config(const struct rdl_request *r, struct rdl_buf *out, bool *words,
    struct rdl_err *err)
{
	const struct rdl_quirks *q = &r->model->quirks;
	struct rdl_dialect_traits traits;

	*words = q->json_object;
	if (r->schema == NULL || q->json_object || q->no_schema)
		return 0;
	if (rdl_dialect_schema_traits(r, &traits, err) < 0)
		return -1;
	if (!traits.closed) {
		*words = true;
		return 0;
	}
	rdl_buf_adds(out, ",\"output_config\":{\"format\":"
	    "{\"type\":\"json_schema\",\"schema\":");
	rdl_buf_add(out, traits.plain, traits.plain_len);
	rdl_buf_adds(out, "}}");
	return 0;
}

static int
body(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_sampling *s = &r->sampling;
	struct rdl_buf system = RDL_BUF_INIT(out->max);
	struct rdl_buf none = RDL_BUF_INIT(0);
	bool words, no_system = r->model->quirks.no_system;
	int rc = -1;

	rdl_dialect_write_string(out, "{\"model\":", r->model->remote);
	rdl_dialect_write_int(out, ",\"max_tokens\":", s->max_tokens >= 0 ?
	    s->max_tokens : MAX_TOKENS_DEFAULT);
	if (!r->model->quirks.no_temperature) {
		rdl_dialect_write_real(out, ",\"temperature\":",
		    s->temperature);
		rdl_dialect_write_real(out, ",\"top_p\":", s->top_p);
		rdl_dialect_write_int(out, ",\"top_k\":", s->top_k);
	}
	rdl_dialect_write_strings(out, ",\"stop_sequences\":", s->stop,
	    s->nstop);
	if (output_config(r, out, &words, err) < 0 ||
	    rdl_dialect_write_system(r, words, &system, err) < 0)
		goto out;
	if (system.len > 0 && !no_system) {
		rdl_buf_adds(out, ",\"system\":");
		rdl_buf_addjson(out, system.p, system.len);
	}
	rdl_buf_adds(out, ",\"messages\":");
	if (rdl_dialect_write_turns(&form, r, NULL, no_system ? &system :
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
	if (word == NULL)
		return RDL_FINISH_OTHER;
	if (strcmp(word, "end_turn") == 0 ||
	    strcmp(word, "stop_sequence") == 0)
		return RDL_FINISH_STOP;
	if (strcmp(word, "max_tokens") == 0 ||
	    strcmp(word, "model_context_window_exceeded") == 0)
		return RDL_FINISH_LENGTH;
	return strcmp(word, "refusal") == 0 ? RDL_FINISH_REFUSAL :
	    RDL_FINISH_OTHER;
}

/* input_tokens leaves out what was read from and written to the cache. */
static void
read_usage(yyjson_val *usage, struct rdl_reply *out)
{
	int64_t in, cached, created;

	if (!yyjson_is_obj(usage))
		return;
	in = rdl_dialect_read_count(yyjson_obj_get(usage, "input_tokens"));
	cached = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "cache_read_input_tokens"));
	created = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "cache_creation_input_tokens"));
	out->tokens_cached = cached >= 0 ? cached : 0;
	out->tokens_out = rdl_dialect_read_count(yyjson_obj_get(usage,
	    "output_tokens"));
	out->tokens_reasoning = 0;
	if (in >= 0)
		out->tokens_in = in + out->tokens_cached +
		    (created >= 0 ? created : 0);
}

static int
read_message(yyjson_val *root, struct rdl_arena *arena,
    struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_val *content = yyjson_obj_get(root, "content");

	if (!yyjson_is_arr(content))
		return rdl_dialect_read_wrong(err, "has no content");
	out->resolved = rdl_dialect_read_str(yyjson_obj_get(root, "model"),
	    arena);
	out->id = rdl_dialect_read_str(yyjson_obj_get(root, "id"), arena);
	read_usage(yyjson_obj_get(root, "usage"), out);
	rdl_dialect_read_parts(content, arena, out);
	out->finish_text = rdl_dialect_read_str(yyjson_obj_get(root,
	    "stop_reason"), arena);
	out->finish = finish_of(out->finish_text);
	if (out->finish == RDL_FINISH_REFUSAL)
		out->refusal = out->text;
	return 0;
}

static int
read_reply(const struct rdl_request *r, const char *text, size_t len,
    struct rdl_arena *arena, struct rdl_reply *out, struct rdl_err *err)
{
	yyjson_doc *doc = rdl_dialect_read_parse(text, len, err);
	int rc = -1;

	(void)r;
	rdl_dialect_read_start(out);
	if (doc != NULL)
		rc = read_message(yyjson_doc_get_root(doc), arena, out, err);
	yyjson_doc_free(doc);
	return rc;
}

const struct rdl_dialect rdl_dialect_anthropic = {
	"anthropic", url, headers, body, read_reply
};
