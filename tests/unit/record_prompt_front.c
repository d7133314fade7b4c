/*
 * Prompt files, the front matter: YAML, settings, Picoschema, and what bad
 * ones say.  The Picoschema cases are those that dotprompt documents
 * (google.github.io/dotprompt/reference/picoschema).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "record/prompt.h"

static struct rdl_prompt *
must_parse(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_prompt *p;

	p = rdl_prompt_parse(text, strlen(text), "x.prompt", &err);
	if (p == NULL)
		fail_msg("%s: %s", text, err.msg);
	return p;
}

static void
expect_wrong_n(const char *text, size_t len, const char *reason)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_prompt *p;

	p = rdl_prompt_parse(text, len, "x.prompt", &err);
	if (p != NULL)
		fail_msg("parsed: %s", text);
	assert_int_equal(err.cls, RDL_E_USAGE);
	assert_string_equal(err.msg, reason);
}

static void
expect_wrong(const char *text, const char *reason)
{
	expect_wrong_n(text, strlen(text), reason);
}

static void
test_front_matter(void **state)
{
	static const char text[] =
	    "---\r\n"
	    "# what it is\n"
	    "name: judge\n"
	    "model: openai/gpt-4o-mini\n"
	    "config: { temperature: 0.2, maxOutputTokens: 400, topK: 0003,\n"
	    "  stopSequences: [\"\\n\", 'x'], seed: -7, effort: low }\n"
	    "metadata:\n"
	    "  any: [~, yes, \"true\", TRUE, 1e2, 0x1.prompt, '']\n"
	    "org.example.note: 1\n"
	    "---  \n"
	    "Hello\n";
	struct rdl_prompt *p;
	yyjson_val *config;
	char *json;

	(void)state;
	expect_wrong(text, "x.prompt:8: write the number in decimal, or in "
	    "quotes if it is text");
	p = must_parse("---\nmodel: m\nconfig: { temperature: 0.2, "
	    "maxOutputTokens: 400, topK: 0003,\n  stopSequences: [\"\\n\", "
	    "'x'], seed: -7, effort: low }\nmetadata: [~, yes, \"true\", "
	    "TRUE, 1e2, '', 1.5.1, +3, 12345678901234567890]\n"
	    "a.b: 1\n---\nHello\n");
	assert_string_equal(rdl_prompt_model(p), "m");
	assert_string_equal(rdl_prompt_name(p), "x.prompt");
	config = rdl_prompt_config(p);
	json = yyjson_val_write(config, 0, NULL);
	assert_string_equal(json, "{\"temperature\":0.2,"
	    "\"maxOutputTokens\":400,\"topK\":3,\"stopSequences\":"
	    "[\"\\n\",\"x\"],\"seed\":-7,\"effort\":\"low\"}");
	free(json);
	assert_false(rdl_prompt_wants_json(p));
	assert_null(rdl_prompt_schema(p));
	assert_null(rdl_prompt_schema_text(p, NULL));
	rdl_prompt_free(p);
	/* None, and an empty one. */
	p = must_parse("Hello");
	assert_null(rdl_prompt_model(p));
	assert_null(rdl_prompt_config(p));
	rdl_prompt_free(p);
	rdl_prompt_free(must_parse("---\n---\n"));
	rdl_prompt_free(must_parse("\xef\xbb\xbf---\nmodel: m\n---\nx"));
	rdl_prompt_free(must_parse(""));
	rdl_prompt_free(NULL);
}

/* Core schema of YAML 1.2, by way of an enum, which shows its values. */
static void
test_yaml_scalars(void **state)
{
	struct rdl_prompt *p;

	(void)state;
	p = must_parse("---\noutput:\n schema:\n  a(enum): [~, null, yes, no, "
	    "true, False, \"true\", 1, -0, 1.50, .5, 1e3, +7, 1_000, 1.2.3, "
	    "12345678901234567890, '', a b, 2024-01-01, \"\\u00e9\"]\n---\n");
	assert_string_equal(rdl_prompt_schema_text(p, NULL),
	    "{\"type\":\"object\",\"properties\":{\"a\":{\"enum\":[null,null,"
	    "\"yes\",\"no\",true,false,\"true\",1,0,1.5,0.5,1000.0,7,"
	    "\"1_000\",\"1.2.3\",12345678901234567000.0,\"\",\"a b\","
	    "\"2024-01-01\",\"\xc3\xa9\"]}},\"required\":[\"a\"],"
	    "\"additionalProperties\":false}");
	rdl_prompt_free(p);
}

static void
test_bad_front_matter_names_its_line(void **state)
{
	(void)state;
	expect_wrong("---\nmodel: m\n", "x.prompt:1: the front matter is not "
	    "closed by a line ---");
	expect_wrong("---\nmodel: m\ntools: [a]\n---\n",
	    "x.prompt:3: 'tools': tools are not supported");
	expect_wrong("---\nmodel: m\n\nmodle: n\n---\n",
	    "x.prompt:4: the front matter has no member 'modle'");
	expect_wrong("---\nmodel: 7\n---\n",
	    "x.prompt:2: 'model' wants the name of a model");
	expect_wrong("---\nmodel: a\nmodel: b\n---\n",
	    "x.prompt:3: the name stands twice");
	expect_wrong("---\nconfig:\n  temperature: hot\n---\n",
	    "x.prompt:3: config: /temperature: a string where a number is "
	    "wanted");
	expect_wrong("---\nconfig: 7\n---\n",
	    "x.prompt:2: config: an integer where an object is wanted");
	expect_wrong("---\ninput: { defaults: {} }\n---\n",
	    "x.prompt:2: 'input' has no member 'defaults'");
	expect_wrong("---\noutput:\n  format: yaml\n---\n",
	    "x.prompt:3: 'format' is json or text");
	expect_wrong("---\noutput:\n  format: text\n  schema: string\n---\n",
	    "x.prompt:4: a schema needs the format json");
	expect_wrong("---\n- a\n---\n", "x.prompt:2: the front matter must "
	    "be a list of names and values");
	expect_wrong("---\nmodel: [\n---\n",
	    "x.prompt:3: not YAML: did not find expected node content");
	expect_wrong("---\nmodel: a\n...\nmodel: b\n---\n", "x.prompt:4: not "
	    "YAML: did not find expected <document start>");
	expect_wrong("---\nconfig: { temperature: .inf }\n---\n",
	    "x.prompt:2: JSON has no such number");
	expect_wrong("---\nconfig: { seed: 1e999 }\n---\n",
	    "x.prompt:2: a number out of range");
	expect_wrong("---\n? [a]\n: b\n---\n",
	    "x.prompt:2: a name must be a plain or quoted string");
	expect_wrong("---\nmetadata: \"a\\0b\"\n---\n",
	    "x.prompt:2: a NUL in a string");
	expect_wrong_n("a\n\xff", 3, "x.prompt:2: not UTF-8");
	expect_wrong_n("a\n\nb\0c", 6, "x.prompt:3: a NUL byte");
}

static void
test_yaml_bombs_are_refused(void **state)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	int i;

	(void)state;
	expect_wrong("---\nmetadata: &a [x, x]\n---\n", "x.prompt:2: YAML "
	    "anchors and aliases are not supported");
	expect_wrong("---\nmetadata:\n  - *a\n---\n", "x.prompt:3: YAML "
	    "anchors and aliases are not supported");
	expect_wrong("---\nmetadata: !!binary x\n---\n",
	    "x.prompt:2: YAML tags are not supported");
	expect_wrong("---\nmetadata: !x [a]\n---\n",
	    "x.prompt:2: YAML tags are not supported");
	rdl_buf_adds(&text, "---\nmetadata: ");
	for (i = 0; i < 100000; i++)
		rdl_buf_adds(&text, "[");
	rdl_buf_adds(&text, "\n---\n");
	assert_null(rdl_prompt_parse(text.p, text.len, "x.prompt", &err));
	assert_int_equal(err.cls, RDL_E_USAGE);
	rdl_buf_release(&text);
}

static void
expect_schema(const char *pico, const char *want)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_prompt *p;
	size_t len;

	rdl_buf_addf(&text, "---\noutput:\n  schema:%s\n---\n", pico);
	p = must_parse(text.p);
	assert_string_equal(rdl_prompt_schema_text(p, &len), want);
	assert_int_equal(len, strlen(want));
	assert_non_null(rdl_prompt_schema(p));
	assert_true(rdl_prompt_wants_json(p));
	rdl_prompt_free(p);
	rdl_buf_release(&text);
}

static void
expect_no_schema(const char *pico, const char *reason)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);

	rdl_buf_addf(&text, "---\noutput:\n  schema:%s\n---\n", pico);
	expect_wrong(text.p, reason);
	rdl_buf_release(&text);
}

static void
test_picoschema(void **state)
{
	(void)state;
	expect_schema(" string", "{\"type\":\"string\"}");
	expect_schema(" number, the description, which has, commas",
	    "{\"type\":\"number\",\"description\":"
	    "\"the description, which has, commas\"}");
	expect_schema(" any", "{}");
	expect_schema("\n    req: string, required field\n"
	    "    nonreq?: boolean, optional field\n",
	    "{\"type\":\"object\",\"properties\":{\"req\":{\"type\":\"string\","
	    "\"description\":\"required field\"},\"nonreq\":{\"type\":"
	    "[\"boolean\",\"null\"],\"description\":\"optional field\"}},"
	    "\"required\":[\"req\"],\"additionalProperties\":false}");
	expect_schema("\n    tags(array, list of tags): string, the tag\n"
	    "    vector?(array): number\n",
	    "{\"type\":\"object\",\"properties\":{\"tags\":{\"type\":\"array\","
	    "\"items\":{\"type\":\"string\",\"description\":\"the tag\"},"
	    "\"description\":\"list of tags\"},\"vector\":{\"type\":"
	    "[\"array\",\"null\"],\"items\":{\"type\":\"number\"}}},"
	    "\"required\":[\"tags\"],\"additionalProperties\":false}");
	expect_schema("\n    obj(object, a nested object):\n"
	    "      nest1?: string\n    arr(array):\n      nest2: boolean\n",
	    "{\"type\":\"object\",\"properties\":{\"obj\":{\"type\":\"object\","
	    "\"properties\":{\"nest1\":{\"type\":[\"string\",\"null\"]}},"
	    "\"additionalProperties\":false,\"description\":"
	    "\"a nested object\"},\"arr\":{\"type\":\"array\",\"items\":"
	    "{\"type\":\"object\",\"properties\":{\"nest2\":{\"type\":"
	    "\"boolean\"}},\"required\":[\"nest2\"],"
	    "\"additionalProperties\":false}}},\"required\":[\"obj\",\"arr\"],"
	    "\"additionalProperties\":false}");
	expect_schema("\n    (*): number, lucky\n    a: any\n",
	    "{\"type\":\"object\",\"properties\":{\"a\":{}},\"required\":"
	    "[\"a\"],\"additionalProperties\":{\"type\":\"number\","
	    "\"description\":\"lucky\"}}");
	expect_schema("\n    color?(enum, the color): [RED, BLUE]\n"
	    "    n(enum): [1, two]\n",
	    "{\"type\":\"object\",\"properties\":{\"color\":{\"type\":"
	    "[\"string\",\"null\"],\"enum\":[\"RED\",\"BLUE\",null],"
	    "\"description\":\"the color\"},\"n\":{\"enum\":[1,\"two\"]}},"
	    "\"required\":[\"n\"],\"additionalProperties\":false}");
	/* A field called type is a field. */
	expect_schema("\n    type: string\n    name: string\n",
	    "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":"
	    "\"string\"},\"name\":{\"type\":\"string\"}},\"required\":"
	    "[\"type\",\"name\"],\"additionalProperties\":false}");
	/* JSON Schema goes through as it is. */
	expect_schema("\n    type: object\n    properties:\n"
	    "      a: { type: integer, minimum: 1 }\n",
	    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":"
	    "\"integer\",\"minimum\":1}}}");
	expect_schema(" { type: array, items: { type: string } }",
	    "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}");
}

static void
test_bad_picoschema(void **state)
{
	(void)state;
	expect_no_schema(" Product", "x.prompt:3: 'Product' is not a type: "
	    "string, number, integer, boolean, null or any");
	expect_no_schema("\n    a: 7\n", "x.prompt:4: a schema is a type such "
	    "as 'string, what it is', or names and types");
	expect_no_schema("\n    a: string\n    a?: string\n",
	    "x.prompt:5: the name stands twice");
	expect_no_schema("\n    a(set): string\n",
	    "x.prompt:4: 'set' is not array, object or enum");
	expect_no_schema("\n    a(array: string\n", "x.prompt:4: 'a(array' "
	    "must end with the parenthesis, as in name?(array)");
	expect_no_schema("\n    a(array)?: string\n", "x.prompt:4: 'a(array)?'"
	    " must end with the parenthesis, as in name?(array)");
	expect_no_schema("\n    a(): string\n", "x.prompt:4: 'a()' lacks a "
	    "type: array, object or enum");
	expect_no_schema("\n    (array): string\n",
	    "x.prompt:4: '(array)' lacks a name");
	expect_no_schema("\n    \"\": string\n", "x.prompt:4: '' lacks a name");
	expect_no_schema("\n    a(enum): []\n",
	    "x.prompt:4: an enum wants a list of values");
	expect_no_schema("\n    a(enum): [[x]]\n",
	    "x.prompt:4: a value of an enum must be a scalar");
	expect_no_schema("\n    a(object): string\n",
	    "x.prompt:4: an object wants names and types");
	expect_no_schema("\n    type: object\n    properties: { a: { typ: x } "
	    "}\n", "x.prompt:4: output.schema: /properties/a: keyword 'typ' "
	    "is not supported");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_front_matter),
		cmocka_unit_test(test_yaml_scalars),
		cmocka_unit_test(test_bad_front_matter_names_its_line),
		cmocka_unit_test(test_yaml_bombs_are_refused),
		cmocka_unit_test(test_picoschema),
		cmocka_unit_test(test_bad_picoschema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
