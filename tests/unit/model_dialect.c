/*
 * The dialects, written: URLs, headers and bodies against expectations that
 * were written by hand from the services' documentation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <yyjson.h>

#include "core/limits.h"
#include "model/config.h"
#include "model/dialect.h"

/* "GIF89a" in base64, and its SHA-256 by hash.h. */
#define GIF_URI "data:image/gif;base64,R0lGODlh"

#define STRICT "{\"type\":\"object\",\"properties\":{\"a\":" \
	"{\"type\":\"string\"}},\"required\":[\"a\"]," \
	"\"additionalProperties\":false}"

static struct rdl_model model;
static struct rdl_piece system_piece[1], user_piece[3];
static struct rdl_turn turns[3];

/* A request of a system text and a user text; sampling is unset. */
static struct rdl_request
request(const struct rdl_dialect *d, const char *base)
{
	struct rdl_request r = { .op = RDL_OP_CHAT, .model = &model,
		.sampling = RDL_SAMPLING_INIT, .turns = turns, .nturns = 2 };

	memset(&model, 0, sizeof(model));
	model.name = (char *)"m";
	model.remote = (char *)"vlm-1";
	model.base_url = (char *)base;
	model.dialect = d;
	system_piece[0] = (struct rdl_piece){ .text = "Be brief.", .len = 9 };
	user_piece[0] = (struct rdl_piece){ .text = "Why?", .len = 4 };
	user_piece[1] = (struct rdl_piece){ .uri = GIF_URI,
	    .media_type = "image/gif", .bytes = 6,
	    .image = rdl_hash_sha256("GIF89a", 6) };
	user_piece[2] = (struct rdl_piece){ .text = "", .len = 0 };
	turns[0] = (struct rdl_turn){ RDL_ROLE_SYSTEM, system_piece, 1 };
	turns[1] = (struct rdl_turn){ RDL_ROLE_USER, user_piece, 1 };
	return r;
}

static void
assert_body(const struct rdl_request *r, const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *a, *b;

	if (r->model->dialect->body(r, &out, &err) < 0)
		fail_msg("%s", err.msg);
	a = yyjson_read(out.p, out.len, YYJSON_READ_NOFLAG);
	b = yyjson_read(want, strlen(want), YYJSON_READ_NOFLAG);
	assert_non_null(b);
	if (a == NULL || !yyjson_equals(yyjson_doc_get_root(a),
	    yyjson_doc_get_root(b)))
		fail_msg("got  %s\nwant %s", out.p, want);
	yyjson_doc_free(a);
	yyjson_doc_free(b);
	rdl_buf_release(&out);
}

static void
assert_refused(const struct rdl_request *r, size_t max, const char *why)
{
	struct rdl_buf out = RDL_BUF_INIT(max);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(r->model->dialect->body(r, &out, &err), -1);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' is not in: %s", why, err.msg);
	rdl_buf_release(&out);
}

static void
assert_url(const struct rdl_request *r, const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_err err = RDL_ERR_INIT;

	if (want == NULL) {
		assert_int_equal(r->model->dialect->url(r, &out, &err), -1);
		assert_int_equal(err.cls, RDL_E_USAGE);
	} else {
		assert_int_equal(r->model->dialect->url(r, &out, &err), 0);
		assert_string_equal(out.p, want);
	}
	rdl_buf_release(&out);
}

static void
assert_headers(const struct rdl_model *m, const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);

	m->dialect->headers(m, &out);
	assert_string_equal(out.p, want);
	rdl_buf_release(&out);
}

#define SYSTEM "{\"role\":\"system\",\"content\":\"Be brief.\"}"
#define USER "{\"role\":\"user\",\"content\":\"Why?\"}"

static void
test_openai_chat(void **state)
{
	static const char *const stop[] = { "END", "\n" };
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");

	(void)state;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "]}");
	r.sampling = (struct rdl_sampling){ 0.25, 0.9, 40, 256, 7, stop, 2 };
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "],\"max_completion_tokens\":256,\"temperature\":0.25,"
	    "\"top_p\":0.9,\"top_k\":40,\"seed\":7,"
	    "\"stop\":[\"END\",\"\\n\"]}");
	model.quirks.max_tokens_old = true;
	model.quirks.no_temperature = true;
	model.quirks.no_seed = true;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "],\"max_tokens\":256,\"stop\":[\"END\",\"\\n\"]}");
}

static void
test_openai_images_and_turns(void **state)
{
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");
	struct rdl_piece answer = { .text = "Because.", .len = 8 };
	struct rdl_piece nul = { .text = "a\0\"b", .len = 4 };

	(void)state;
	turns[1].npieces = 3;	/* the empty text is left out */
	turns[2] = (struct rdl_turn){ RDL_ROLE_MODEL, &answer, 1 };
	r.nturns = 3;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
	    "\"Why?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\""
	    GIF_URI "\"}}]},"
	    "{\"role\":\"assistant\",\"content\":\"Because.\"}]}");
	turns[1] = (struct rdl_turn){ RDL_ROLE_USER, &nul, 1 };
	r.nturns = 2;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    "{\"role\":\"user\",\"content\":\"a\\u0000\\\"b\"}]}");
	r.nturns = 0;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[]}");
}

static void
test_openai_json(void **state)
{
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");

	(void)state;
	r.json = true;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "],\"response_format\":{\"type\":\"json_object\"}}");
	r.schema = STRICT;
	r.schema_len = strlen(STRICT);
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "],\"response_format\":{\"type\":\"json_schema\","
	    "\"json_schema\":{\"name\":\"reply\",\"strict\":true,\"schema\":"
	    STRICT "}}}");
	model.quirks.no_schema = true;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[" SYSTEM ","
	    USER "]}");
	model.quirks.json_object = true;
	r.schema = "{\"type\":\"object\"}";
	r.schema_len = 17;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":["
	    "{\"role\":\"system\",\"content\":\"Be brief.\\n\\nAnswer with "
	    "one JSON value that fits this JSON Schema, and with nothing "
	    "else:\\n{\\\"type\\\":\\\"object\\\"}\"}," USER "],"
	    "\"response_format\":{\"type\":\"json_object\"}}");
	model.quirks.no_system = true;
	r.nturns = 1;	/* no user: the words make a turn of their own */
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":["
	    "{\"role\":\"user\",\"content\":\"Be brief.\\n\\nAnswer with "
	    "one JSON value that fits this JSON Schema, and with nothing "
	    "else:\\n{\\\"type\\\":\\\"object\\\"}\"}],"
	    "\"response_format\":{\"type\":\"json_object\"}}");
}

static void
test_no_system(void **state)
{
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");

	(void)state;
	model.quirks.no_system = true;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[{\"role\":"
	    "\"user\",\"content\":\"Be brief.\\n\\nWhy?\"}]}");
	turns[1].npieces = 2;
	assert_body(&r, "{\"model\":\"vlm-1\",\"messages\":[{\"role\":"
	    "\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Be brief.\"}"
	    ",{\"type\":\"text\",\"text\":\"Why?\"},{\"type\":\"image_url\","
	    "\"image_url\":{\"url\":\"" GIF_URI "\"}}]}]}");
	turns[1].npieces = 1;
	model.dialect = &rdl_dialect_anthropic;
	assert_body(&r, "{\"model\":\"vlm-1\",\"max_tokens\":4096,"
	    "\"messages\":[{\"role\":\"user\",\"content\":"
	    "\"Be brief.\\n\\nWhy?\"}]}");
	model.dialect = &rdl_dialect_gemini;
	assert_body(&r, "{\"contents\":[{\"role\":\"user\",\"parts\":["
	    "{\"text\":\"Be brief.\"},{\"text\":\"Why?\"}]}]}");
}

static bool
sent_as_strict(const char *schema)
{
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	bool strict;

	r.schema = schema;
	r.schema_len = strlen(schema);
	assert_int_equal(rdl_dialect_openai.body(&r, &out, &err), 0);
	assert_non_null(strstr(out.p, schema));
	strict = strstr(out.p, "\"strict\":true,\"schema\"") != NULL;
	rdl_buf_release(&out);
	return strict;
}

#define CLOSED(properties, required) "{\"type\":\"object\",\"properties\":" \
	"{" properties "},\"required\":[" required "]," \
	"\"additionalProperties\":false}"

static void
test_which_schemas_are_strict(void **state)
{
	static const struct {
		const char *schema;
		bool strict;
	} cases[] = {
		{ STRICT, true },
		{ CLOSED("", ""), true },
		{ CLOSED("\"a\":" STRICT, "\"a\""), true },
		{ CLOSED("\"a\":{\"type\":\"array\",\"items\":" STRICT "}",
		    "\"a\""), true },
		{ CLOSED("\"n\":{\"type\":\"integer\",\"minimum\":0}",
		    "\"n\""), true },
		{ CLOSED("\"a\":{\"anyOf\":[" STRICT ",{\"type\":\"null\"}]}",
		    "\"a\""), true },
		{ CLOSED("\"not\":{\"type\":\"null\"}", "\"not\""), true },
		{ CLOSED("\"a\":{}", ""), false },
		{ "{\"type\":\"object\"}", false },
		{ "{\"type\":\"array\",\"items\":" STRICT "}", false },
		{ "{\"type\":\"object\",\"properties\":{},"
		    "\"additionalProperties\":true}", false },
		{ CLOSED("\"a\":{\"type\":\"array\",\"items\":"
		    "{\"type\":\"object\"}}", "\"a\""), false },
		{ CLOSED("\"a\":{\"type\":[\"object\",\"null\"]}", "\"a\""),
		    false },
		{ CLOSED("\"a\":{\"type\":\"string\",\"maxLength\":3}",
		    "\"a\""), false },
		{ CLOSED("\"a\":{\"not\":{}}", "\"a\""), false },
		{ CLOSED("\"a\":true", "\"a\""), false },
		{ "true", false },
		{ "[]", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++)
		if (sent_as_strict(cases[i].schema) != cases[i].strict)
			fail_msg("%s", cases[i].schema);
}

static void
test_a_schema_of_ten_thousand_levels(void **state)
{
	struct rdl_buf s = RDL_BUF_INIT(RDL_MIB);
	int i;

	(void)state;
	for (i = 0; i < 10000; i++)
		rdl_buf_adds(&s, "{\"items\":");
	rdl_buf_adds(&s, "{}");
	for (i = 0; i < 10000; i++)
		rdl_buf_addc(&s, '}');
	assert_false(sent_as_strict(s.p));
	rdl_buf_release(&s);
}

static void
test_openai_embed_and_image(void **state)
{
	static const char *const inputs[] = { "red", "bl\"ue" };
	struct rdl_request r = request(&rdl_dialect_openai, "http://h/v1");

	(void)state;
	r.op = RDL_OP_EMBED;
	r.inputs = inputs;
	r.ninputs = 2;
	assert_url(&r, "http://h/v1/embeddings");
	assert_body(&r, "{\"model\":\"vlm-1\",\"input\":[\"red\","
	    "\"bl\\\"ue\"],\"encoding_format\":\"base64\"}");
	r.op = RDL_OP_IMAGE;
	assert_url(&r, "http://h/v1/images/generations");
	assert_refused(&r, 4096, "without a prompt");
	r.prompt = "a fox";
	r.size = "512x512";
	r.sampling.seed = 5;
	assert_body(&r, "{\"model\":\"vlm-1\",\"prompt\":\"a fox\",\"n\":1,"
	    "\"size\":\"512x512\"}");
	model.quirks.sd_seed = true;
	r.size = NULL;
	assert_body(&r, "{\"model\":\"vlm-1\",\"prompt\":\"a fox"
	    "<sd_cpp_extra_args>{\\\"seed\\\":5}</sd_cpp_extra_args>\","
	    "\"n\":1}");
	model.quirks.sd_seed = false;
	model.remote = (char *)"dall-e-3";
	assert_body(&r, "{\"model\":\"dall-e-3\",\"prompt\":\"a fox\","
	    "\"n\":1,\"response_format\":\"b64_json\"}");
}

static void
test_anthropic(void **state)
{
	static const char *const stop[] = { "END" };
	struct rdl_request r = request(&rdl_dialect_anthropic, "https://a");

	(void)state;
	assert_url(&r, "https://a/v1/messages");
	model.base_url = (char *)"https://a/proxy/v1";
	assert_url(&r, "https://a/proxy/v1/messages");
	r.sampling = (struct rdl_sampling){ 0.25, 0.9, 40, 256, 7, stop, 1 };
	turns[1].npieces = 2;
	r.schema = STRICT;
	r.schema_len = strlen(STRICT);
	assert_body(&r, "{\"model\":\"vlm-1\",\"max_tokens\":256,"
	    "\"system\":\"Be brief.\",\"temperature\":0.25,\"top_p\":0.9,"
	    "\"top_k\":40,\"stop_sequences\":[\"END\"],\"output_config\":"
	    "{\"format\":{\"type\":\"json_schema\",\"schema\":" STRICT "}},"
	    "\"messages\":[{\"role\":\"user\",\"content\":["
	    "{\"type\":\"text\",\"text\":\"Why?\"},{\"type\":\"image\","
	    "\"source\":{\"type\":\"base64\",\"media_type\":\"image/gif\","
	    "\"data\":\"R0lGODlh\"}}]}]}");
	r.op = RDL_OP_EMBED;
	assert_url(&r, NULL);
	r.op = RDL_OP_IMAGE;
	assert_url(&r, NULL);
}

/* Bounds are checked here, since the service refuses them; a property that is
 * called "minimum" is none. */
static void
test_anthropic_schemas(void **state)
{
	static const char bounded[] = CLOSED("\"minimum\":{\"type\":"
	    "\"integer\",\"minimum\":0,\"maximum\":5}", "");
	static const char open[] = "{\"type\":\"object\"}";
	struct rdl_request r = request(&rdl_dialect_anthropic, "https://a");

	(void)state;
	r.schema = bounded;
	r.schema_len = sizeof(bounded) - 1;
	assert_body(&r, "{\"model\":\"vlm-1\",\"max_tokens\":4096,"
	    "\"system\":\"Be brief.\",\"output_config\":{\"format\":{"
	    "\"type\":\"json_schema\",\"schema\":" CLOSED("\"minimum\":"
	    "{\"type\":\"integer\"}", "") "}},\"messages\":[" USER "]}");
	r.schema = open;
	r.schema_len = sizeof(open) - 1;
	assert_body(&r, "{\"model\":\"vlm-1\",\"max_tokens\":4096,"
	    "\"system\":\"Be brief.\\n\\nAnswer with one JSON value that fits "
	    "this JSON Schema, and with nothing else:\\n"
	    "{\\\"type\\\":\\\"object\\\"}\",\"messages\":[" USER "]}");
}

static void
test_gemini(void **state)
{
	static const char *const stop[] = { "END" };
	struct rdl_request r = request(&rdl_dialect_gemini, "https://g/v1b");
	struct rdl_piece answer = { .text = "Because.", .len = 8 };

	(void)state;
	assert_url(&r, "https://g/v1b/models/vlm-1:generateContent");
	assert_body(&r, "{\"systemInstruction\":{\"parts\":[{\"text\":"
	    "\"Be brief.\"}]},\"contents\":[{\"role\":\"user\",\"parts\":["
	    "{\"text\":\"Why?\"}]}]}");
	r.sampling = (struct rdl_sampling){ 0.25, 0.9, 40, 256, 7, stop, 1 };
	r.schema = STRICT;
	r.schema_len = strlen(STRICT);
	turns[1].npieces = 2;
	turns[2] = (struct rdl_turn){ RDL_ROLE_MODEL, &answer, 1 };
	r.nturns = 3;
	assert_body(&r, "{\"systemInstruction\":{\"parts\":[{\"text\":"
	    "\"Be brief.\"}]},\"contents\":[{\"role\":\"user\",\"parts\":["
	    "{\"text\":\"Why?\"},{\"inlineData\":{\"mimeType\":\"image/gif\","
	    "\"data\":\"R0lGODlh\"}}]},{\"role\":\"model\",\"parts\":["
	    "{\"text\":\"Because.\"}]}],\"generationConfig\":{"
	    "\"maxOutputTokens\":256,\"temperature\":0.25,\"topP\":0.9,"
	    "\"topK\":40,\"seed\":7,\"stopSequences\":[\"END\"],"
	    "\"responseMimeType\":\"application/json\","
	    "\"responseJsonSchema\":" STRICT "}}");
	model.remote = (char *)"tuned/a b?c#d";
	assert_url(&r, "https://g/v1b/tuned/a%20b%3Fc%23d:generateContent");
	model.remote = (char *)"../../x";
	assert_url(&r, NULL);
	r.op = RDL_OP_EMBED;
	assert_url(&r, NULL);
}

static void
test_headers(void **state)
{
	struct rdl_request r = request(&rdl_dialect_openai, "https://h");
	char *extra[] = { (char *)"X-Org: acme", (char *)"X-B: c", NULL };

	(void)state;
	(void)r;
	assert_headers(&model, "Content-Type: application/json");
	model.key = (char *)"sk-1";
	model.headers = extra;
	assert_headers(&model, "Authorization: Bearer sk-1\n"
	    "Content-Type: application/json\nX-Org: acme\nX-B: c");
	model.dialect = &rdl_dialect_anthropic;
	assert_headers(&model, "x-api-key: sk-1\n"
	    "Content-Type: application/json\n"
	    "anthropic-version: 2023-06-01\nX-Org: acme\nX-B: c");
	model.dialect = &rdl_dialect_gemini;
	model.headers = NULL;
	assert_headers(&model, "x-goog-api-key: sk-1\n"
	    "Content-Type: application/json");
}

static void
test_what_cannot_be_written(void **state)
{
	static const char *const names[] = { "openai", "anthropic",
		"gemini" };
	const struct rdl_dialect *d;
	struct rdl_request r;
	size_t i, max;

	(void)state;
	for (i = 0; i < RDL_NELEM(names); i++) {
		d = rdl_dialect_find(names[i]);
		assert_non_null(d);
		assert_string_equal(d->name, names[i]);
		r = request(d, "https://h");
		for (max = 0; max < 60; max++)
			assert_refused(&r, max, "larger than");
		turns[1].npieces = 2;
		for (max = 0; max < 80; max++)
			assert_refused(&r, max, "larger than");
		user_piece[1].image.b[0] ^= 1;
		assert_refused(&r, 4096, "changed while riddle ran");
		turns[0].pieces = &user_piece[1];
		assert_refused(&r, 4096, "an image in a system message");
		r = request(d, "https://h");
		r.schema = "{";
		r.schema_len = 1;
		assert_refused(&r, 4096, "not JSON");
	}
	assert_null(rdl_dialect_find("cohere"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openai_chat),
		cmocka_unit_test(test_openai_images_and_turns),
		cmocka_unit_test(test_openai_json),
		cmocka_unit_test(test_no_system),
		cmocka_unit_test(test_which_schemas_are_strict),
		cmocka_unit_test(test_a_schema_of_ten_thousand_levels),
		cmocka_unit_test(test_openai_embed_and_image),
		cmocka_unit_test(test_anthropic),
		cmocka_unit_test(test_anthropic_schemas),
		cmocka_unit_test(test_gemini),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_what_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
