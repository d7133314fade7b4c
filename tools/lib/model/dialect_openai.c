/*
 * The OpenAI dialect, written: chat, embeddings, images.  llama-server, vLLM,
 * SGLang, Ollama, sd-server and many hosted services speak it.
 * Writes URLs, headers and bodies; dialect_openai_read.c reads replies.
 */
#include <string.h>

#include "core/limits.h"
#include "model/config.h"
#include "model/dialect_impl.h"
#include "model/dialect_openai.h"

static const struct rdl_dialect_form form = {
	.user = "user",
	.model = "assistant",
	.content = ",\"content\":",
	.strings = true,
	.text = "{\"type\":\"text\",\"text\":",
	.image = "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:",
	.data = ";base64,",
	.image_end = "\"}}",
};

static int
url(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	static const char *const paths[] = {
		[RDL_OP_CHAT] = "/chat/completions",
		[RDL_OP_EMBED] = "/embeddings",
		[RDL_OP_IMAGE] = "/images/generations",
	};

	rdl_buf_adds(out, r->model->base_url);
	rdl_buf_adds(out, paths[r->op]);
	return rdl_dialect_write_end(out, err);
}

static void
headers(const struct rdl_model *m, struct rdl_buf *out)
{
	rdl_dialect_write_headers(m, "Authorization: Bearer ", NULL, out);
}

/* How a schema, or JSON as such, is asked for. */
static int
response_format(const struct rdl_request *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct rdl_quirks *q = &r->model->quirks;
	struct rdl_dialect_traits traits;

	if ((r->schema == NULL && !r->json) ||
	    (q->no_schema && !q->json_object))
		return 0;
	if (r->schema == NULL || q->json_object) {
		rdl_buf_adds(out, ",\"response_format\":"
		    "{\"type\":\"json_object\"}");
		return 0;
	}
	if (rdl_dialect_schema_traits(r, &traits, err) < 0)
		return -1;
	rdl_buf_adds(out, ",\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{\"name\":\"reply\",");
	if (traits.strict)
		rdl_buf_adds(out, "\"strict\":true,");
	rdl_buf_adds(out, "\"schema\":");
	rdl_buf_add(out, r->schema, r->schema_len);
	rdl_buf_adds(out, "}}");
	return 0;
}

static void
sampling(const struct rdl_request *r, struct rdl_buf *out)
{
	const struct rdl_sampling *s = &r->sampling;
	const struct rdl_quirks *q = &r->model->quirks;

	rdl_dialect_write_int(out, q->max_tokens_old ? ",\"max_tokens\":" :
	    ",\"max_completion_tokens\":", s->max_tokens);
	if (!q->no_temperature) {
		rdl_dialect_write_real(out, ",\"temperature\":",
		    s->temperature);
		rdl_dialect_write_real(out, ",\"top_p\":", s->top_p);
		rdl_dialect_write_int(out, ",\"top_k\":", s->top_k);
	}
	if (!q->no_seed)
		rdl_dialect_write_int(out, ",\"seed\":", s->seed);
	rdl_dialect_write_strings(out, ",\"stop\":", s->stop, s->nstop);
}

/* The system message stands first, so that its prefix is cached. */
static int
messages(const struct rdl_request *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct rdl_quirks *q = &r->model->quirks;
	struct rdl_buf system = RDL_BUF_INIT(out->max);
	struct rdl_buf first = RDL_BUF_INIT(out->max);
	struct rdl_buf none = RDL_BUF_INIT(0);
	int rc = -1;

	if (rdl_dialect_write_system(r, q->json_object, &system, err) < 0)
		goto out;
	rdl_buf_adds(out, ",\"messages\":");
	if (system.len > 0 && !q->no_system) {
		rdl_buf_adds(&first, "{\"role\":\"system\",\"content\":");
		rdl_buf_addjson(&first, system.p, system.len);
		rdl_buf_addc(&first, '}');
		if (rdl_dialect_write_end(&first, err) < 0)
			goto out;
		rc = rdl_dialect_write_turns(&form, r, &first, &none, out,
		    err);
	} else
		rc = rdl_dialect_write_turns(&form, r, NULL, &system, out,
		    err);
out:
	rdl_buf_release(&system);
	rdl_buf_release(&first);
	return rc;
}

static int
chat(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	rdl_dialect_write_string(out, "{\"model\":", r->model->remote);
	if (response_format(r, out, err) < 0)
		return -1;
	sampling(r, out);
	return messages(r, out, err);
}

static void
embed(const struct rdl_request *r, struct rdl_buf *out)
{
	rdl_dialect_write_string(out, "{\"model\":", r->model->remote);
	rdl_buf_adds(out, ",\"encoding_format\":\"base64\"");
	rdl_dialect_write_strings(out, ",\"input\":", r->inputs, r->ninputs);
}

/* The images route has neither seed nor steps; sd-server cuts both out of the
 * prompt. */
static void
image_prompt(const struct rdl_request *r, struct rdl_buf *out)
{
	struct rdl_buf text = RDL_BUF_INIT(out->max);

	rdl_buf_adds(&text, r->prompt);
	if (r->model->quirks.sd_seed && (r->sampling.seed >= 0 ||
	    r->steps > 0)) {
		rdl_buf_adds(&text, "<sd_cpp_extra_args>{");
		rdl_dialect_write_int(&text, "\"seed\":", r->sampling.seed);
		if (r->steps > 0) {
			rdl_dialect_write_int(&text, r->sampling.seed >= 0 ?
			    ",\"sample_params\":{\"sample_steps\":" :
			    "\"sample_params\":{\"sample_steps\":", r->steps);
			rdl_buf_addc(&text, '}');
		}
		rdl_buf_adds(&text, "}</sd_cpp_extra_args>");
	}
	if (rdl_buf_full(&text))
		out->full = true;
	rdl_buf_adds(out, ",\"prompt\":");
	rdl_buf_addjson(out, text.p, text.len);
	rdl_buf_release(&text);
}

static int
image(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	if (r->prompt == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "an image was asked for without a prompt");
	rdl_dialect_write_string(out, "{\"model\":", r->model->remote);
	image_prompt(r, out);
	rdl_buf_adds(out, ",\"n\":1");
	if (r->size != NULL)
		rdl_dialect_write_string(out, ",\"size\":", r->size);
	/* The newer models refuse the field and always send base64. */
	if (strncmp(r->model->remote, "dall-e", 6) == 0)
		rdl_buf_adds(out, ",\"response_format\":\"b64_json\"");
	return 0;
}

static int
body(const struct rdl_request *r, struct rdl_buf *out, struct rdl_err *err)
{
	int rc = 0;

	if (r->op == RDL_OP_CHAT)
		rc = chat(r, out, err);
	else if (r->op == RDL_OP_EMBED)
		embed(r, out);
	else
		rc = image(r, out, err);
	rdl_buf_addc(out, '}');
	return rc < 0 ? -1 : rdl_dialect_write_end(out, err);
}

const struct rdl_dialect rdl_dialect_openai = {
	"openai", url, headers, body, rdl_dialect_openai_read
};
