/*
 * The OpenAI dialect, read: chat, embeddings, images.
 * Reads reply bodies.  Liberal in what servers leave out or send as null.
 */
#include <string.h>

#include "model/dialect_impl.h"
#include "model/dialect_openai.h"

static enum rdl_finish
finish_of(const char *word)
{
	static const struct {
		const char *word;
		enum rdl_finish finish;
	} words[] = {
		{ "stop", RDL_FINISH_STOP },
		{ "length", RDL_FINISH_LENGTH },
		{ "content_filter", RDL_FINISH_FILTER },
		{ "eos", RDL_FINISH_STOP },		/* TGI, old servers */
		{ "eos_token", RDL_FINISH_STOP },
		{ "stop_sequence", RDL_FINISH_STOP },
		{ "end_turn", RDL_FINISH_STOP },	/* proxies */
		{ "max_tokens", RDL_FINISH_LENGTH },
		{ "limit", RDL_FINISH_LENGTH },
		{ "refusal", RDL_FINISH_REFUSAL },
	};
	size_t i;

	for (i = 0; word != NULL && i < RDL_NELEM(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].finish;
	return RDL_FINISH_OTHER;
}

/* Chat and embeddings say prompt_tokens, images input_tokens. */
static int64_t
count(yyjson_val *usage, const char *name, const char *other)
{
	int64_t n = rdl_dialect_read_count(yyjson_obj_get(usage, name));

	return n >= 0 ? n :
	    rdl_dialect_read_count(yyjson_obj_get(usage, other));
}

static int64_t
detail(yyjson_val *usage, const char *object, const char *name)
{
	int64_t n = rdl_dialect_read_count(yyjson_obj_get(
	    yyjson_obj_get(usage, object), name));

	return n >= 0 ? n : 0;
}

static void
read_usage(yyjson_val *usage, struct rdl_reply *out)
{
	int64_t total;

	if (!yyjson_is_obj(usage))
		return;
	out->tokens_in = count(usage, "prompt_tokens", "input_tokens");
	out->tokens_out = count(usage, "completion_tokens", "output_tokens");
	out->tokens_cached = detail(usage, "prompt_tokens_details",
	    "cached_tokens");
	out->tokens_reasoning = detail(usage, "completion_tokens_details",
	    "reasoning_tokens");
	/* Some services count reasoning beside the completion, not in it. */
	total = rdl_dialect_read_count(yyjson_obj_get(usage, "total_tokens"));
	if (out->tokens_in >= 0 && out->tokens_out >= 0 &&
	    out->tokens_reasoning > 0 && total == out->tokens_in +
	    out->tokens_out + out->tokens_reasoning)
		out->tokens_out += out->tokens_reasoning;
	if (out->tokens_in >= 0 && out->tokens_cached > out->tokens_in)
		out->tokens_cached = out->tokens_in;
}

static int
read_chat(yyjson_val *root, struct rdl_arena *arena, struct rdl_reply *out,
    struct rdl_err *err)
{
	yyjson_val *choice = yyjson_arr_get_first(yyjson_obj_get(root,
	    "choices"));
	yyjson_val *message = yyjson_obj_get(choice, "message");
	yyjson_val *content = yyjson_obj_get(message, "content");

	if (!yyjson_is_obj(message))
		return rdl_dialect_read_wrong(err,
		    "has no choices[0].message");
	out->finish_text = rdl_dialect_read_str(yyjson_obj_get(choice,
	    "finish_reason"), arena);
	out->finish = finish_of(out->finish_text);
	if (yyjson_is_str(content)) {
		out->len = yyjson_get_len(content);
		out->text = rdl_arena_dup(arena, yyjson_get_str(content),
		    out->len);
	} else
		rdl_dialect_read_parts(content, arena, out);
	out->refusal = rdl_dialect_read_str(yyjson_obj_get(message,
	    "refusal"), arena);
	if (out->refusal != NULL)
		out->finish = RDL_FINISH_REFUSAL;
	return 0;
}

static int
read_image(yyjson_val *item, struct rdl_arena *arena,
    const unsigned char **image, size_t *image_len, struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(item, "b64_json");

	if (!yyjson_is_str(v) && yyjson_is_str(yyjson_obj_get(item, "url")))
		return rdl_dialect_read_wrong(err,
		    "has the URL of an image, not the image");
	return rdl_dialect_read_image(v, arena, image, image_len, err);
}

static int
read_images(yyjson_val *data, struct rdl_arena *arena,
    struct rdl_reply *out, struct rdl_err *err)
{
	const unsigned char **images;
	size_t *lens, i, n = yyjson_arr_size(data);
	yyjson_val *item;

	if (n == 0)
		return rdl_dialect_read_wrong(err, "has no image");
	images = rdl_arena_alloc(arena, n * sizeof(*images));
	lens = rdl_arena_alloc(arena, n * sizeof(*lens));
	yyjson_arr_foreach(data, i, n, item)
		if (read_image(item, arena, &images[i], &lens[i], err) < 0)
			return -1;
	out->images = images;
	out->image_lens = lens;
	out->nimages = n;
	return 0;
}

int
rdl_dialect_openai_read(const struct rdl_request *r, const char *body,
    size_t len, struct rdl_arena *arena, struct rdl_reply *out,
    struct rdl_err *err)
{
	yyjson_doc *doc = rdl_dialect_read_parse(body, len, err);
	yyjson_val *root = yyjson_doc_get_root(doc);
	int rc;

	rdl_dialect_read_start(out);
	if (doc == NULL)
		return -1;
	out->resolved = rdl_dialect_read_str(yyjson_obj_get(root, "model"),
	    arena);
	out->id = rdl_dialect_read_str(yyjson_obj_get(root, "id"), arena);
	read_usage(yyjson_obj_get(root, "usage"), out);
	if (r->op == RDL_OP_CHAT)
		rc = read_chat(root, arena, out, err);
	else {
		out->finish = RDL_FINISH_STOP;
		rc = r->op == RDL_OP_EMBED ? rdl_dialect_vectors_read(
		    yyjson_obj_get(root, "data"), r->ninputs, arena, out,
		    err) : read_images(yyjson_obj_get(root, "data"), arena,
		    out, err);
	}
	yyjson_doc_free(doc);
	return rc;
}
