/*
 * JSON Schema: what is accepted, what is said when a value does not fit, and
 * what hostile schemas and values do.  The official test suite is run by
 * tests/peers/schema_suite.sh; these cases are those it has not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/embed.h"
#include "record/schema.h"

static struct rdl_schema *
must_compile(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_schema *s;

	s = rdl_schema_compile(text, strlen(text), "s.json", &err);
	if (s == NULL)
		fail_msg("%s: %s", text, err.msg);
	return s;
}

/* Check a value of len bytes; the reason goes to err. */
static int
check_n(const char *schema, const char *value, size_t len,
    struct rdl_err *err)
{
	struct rdl_schema *s = must_compile(schema);
	yyjson_doc *doc = yyjson_read(value, len, YYJSON_READ_BIGNUM_AS_RAW);
	int rc;

	assert_non_null(doc);
	rc = rdl_schema_check(s, yyjson_doc_get_root(doc), err);
	yyjson_doc_free(doc);
	rdl_schema_free(s);
	return rc;
}

static int
check(const char *schema, const char *value)
{
	struct rdl_err err = RDL_ERR_INIT;

	return check_n(schema, value, strlen(value), &err);
}

static void
expect(const char *schema, const char *value, const char *reason)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(check_n(schema, value, strlen(value), &err), 0);
	assert_int_equal(err.cls, RDL_E_INPUT);
	assert_string_equal(err.msg, reason);
}

static void
expect_wrong(const char *schema, const char *reason)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_null(rdl_schema_compile(schema, strlen(schema), "s.json",
	    &err));
	assert_int_equal(err.cls, RDL_E_USAGE);
	assert_string_equal(err.msg, reason);
}

static void
test_reasons_name_place_and_cause(void **state)
{
	(void)state;
	expect("{\"properties\":{\"path\":{\"maxItems\":2}}}",
	    "{\"path\":[1,2,3]}",
	    "/path: 3 elements, at most 2 are allowed");
	expect("{\"type\":\"object\"}", "[]",
	    "an array where an object is wanted");
	expect("{\"type\":[\"string\",\"null\",\"integer\"]}", "1.5",
	    "a number where null, an integer or a string is wanted");
	expect("{\"items\":{\"required\":[\"id\"]}}", "[{\"id\":1},{}]",
	    "/1: the member \"id\" is missing");
	expect("{\"properties\":{\"a\":true},\"additionalProperties\":false}",
	    "{\"a\":1,\"b\":2}", "the member \"b\" is not allowed");
	expect("{\"properties\":{\"a/b~\":{\"enum\":[\"x\",1]}}}",
	    "{\"a/b~\":\"z\"}", "/a~1b~0: \"z\" is not one of \"x\", 1");
	expect("{\"maximum\":5}", "7", "7 is greater than the maximum 5");
	expect("{\"exclusiveMinimum\":0}", "0", "0 is not greater than 0");
	expect("{\"uniqueItems\":true}", "[1,2,{\"a\":1.0},{\"a\":1}]",
	    "elements 2 and 3 are equal");
	expect("{\"minLength\":3}", "\"\xc3\xa9\xc3\xa9\"",
	    "2 characters, at least 3 are wanted");
	expect("{\"pattern\":\"^a\"}", "\"ba\"",
	    "\"ba\" does not match the pattern ^a");
	expect("{\"dependentRequired\":{\"a\":[\"b\"]}}", "{\"a\":1}",
	    "the member \"b\" is missing, which 'a' asks for");
	expect("{\"propertyNames\":{\"maxLength\":1}}", "{\"ab\":1}",
	    "a name does not fit: /ab: 2 characters, at most 1 are allowed");
	expect("{\"oneOf\":[{\"minimum\":1},{\"minimum\":2}]}", "3",
	    "fits 2 of the 2 alternatives of oneOf, one is wanted");
	expect("{\"not\":{\"type\":\"null\"}}", "null",
	    "null fits the schema under 'not'");
	expect("{\"contains\":{\"const\":1},\"minContains\":2}", "[1]",
	    "1 elements fit 'contains', at least 2 are wanted");
}

static void
test_any_of_names_the_nearest(void **state)
{
	(void)state;
	expect("{\"anyOf\":[{\"type\":\"null\"},{\"properties\":{\"a\":"
	    "{\"properties\":{\"b\":{\"type\":\"string\"}}}}}]}",
	    "{\"a\":{\"b\":1}}", "fits none of the 2 alternatives of anyOf; "
	    "the nearest: /a/b: an integer where a string is wanted");
}

static void
test_reason_is_one_short_line(void **state)
{
	struct rdl_buf v = RDL_BUF_INIT(8 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	int i;

	(void)state;
	/* A long name with a newline in it, many levels down. */
	for (i = 0; i < 1000; i++)
		rdl_buf_adds(&v, "{\"\\n\\u00e9\\u00e9\\u00e9\\u00e9\":");
	rdl_buf_adds(&v, "\"a\\nb");
	for (i = 0; i < 100000; i++)
		rdl_buf_adds(&v, "\xc3\xa9");
	rdl_buf_adds(&v, "\"");
	for (i = 0; i < 1000; i++)
		rdl_buf_adds(&v, "}");
	assert_int_equal(check_n("{\"additionalProperties\":{\"$ref\":\"#\"},"
	    "\"maxLength\":4}", v.p, v.len, &err), 0);
	assert_null(strchr(err.msg, '\n'));
	assert_true(strlen(err.msg) < RDL_ERR_MAX);
	assert_non_null(strstr(err.msg, "/...: 100003 characters, at most"));
	rdl_buf_release(&v);
}

static void
test_numbers_keep_their_digits(void **state)
{
	(void)state;
	assert_int_equal(check("{\"const\":1}", "1.0"), 1);
	assert_int_equal(check("{\"type\":\"integer\"}", "1e3"), 1);
	assert_int_equal(check("{\"const\":9007199254740993}",
	    "9007199254740992"), 0);
	assert_int_equal(check("{\"maximum\":9007199254740992}",
	    "9007199254740993"), 0);
	assert_int_equal(check("{\"maximum\":18446744073709551615}",
	    "18446744073709551616"), 0);
	assert_int_equal(check("{\"const\":123456789012345678901234567890}",
	    "123456789012345678901234567890"), 1);
	assert_int_equal(check("{\"const\":123456789012345678901234567890}",
	    "123456789012345678901234567891"), 0);
	assert_int_equal(check("{\"minimum\":-123456789012345678901}",
	    "-123456789012345678902"), 0);
	assert_int_equal(check("{\"type\":\"integer\"}", "1e400"), 1);
	assert_int_equal(check("{\"type\":\"integer\"}",
	    "123456789012345678901"), 1);
	assert_int_equal(check("{\"minimum\":1.5}", "1"), 0);
	assert_int_equal(check("{\"minimum\":-1.5}", "-1"), 1);
	assert_int_equal(check("{\"minimum\":-1.5}", "-2"), 0);
	assert_int_equal(check("{\"const\":0}", "-0.0"), 1);
	assert_int_equal(check("{\"uniqueItems\":true}", "[0,-0.0]"), 0);
	assert_int_equal(check("{\"uniqueItems\":true}",
	    "[18446744073709552000,1.8446744073709552e19]"), 0);
}

static void
test_multiples_are_exact(void **state)
{
	(void)state;
	assert_int_equal(check("{\"multipleOf\":0.1}", "0.3"), 1);
	assert_int_equal(check("{\"multipleOf\":0.01}", "19.99"), 1);
	assert_int_equal(check("{\"multipleOf\":0.01}", "19.999"), 0);
	assert_int_equal(check("{\"multipleOf\":7}",
	    "700000000000000000000000000000007"), 1);
	assert_int_equal(check("{\"multipleOf\":7}",
	    "700000000000000000000000000000008"), 0);
	assert_int_equal(check("{\"multipleOf\":3}", "1e300"), 0);
	assert_int_equal(check("{\"multipleOf\":2}", "1e999999999"), 1);
	assert_int_equal(check("{\"multipleOf\":0.5}", "0"), 1);
	expect_wrong("{\"multipleOf\":0}", "s.json: /multipleOf: a positive "
	    "number of at most 17 digits is wanted");
	expect_wrong("{\"multipleOf\":1234567890123456789}",
	    "s.json: /multipleOf: a positive "
	    "number of at most 17 digits is wanted");
}

static void
test_unknown_keywords_are_refused(void **state)
{
	(void)state;
	expect_wrong("{\"properties\":{\"a\":{\"unevaluatedProperties\":"
	    "false}}}", "s.json: /properties/a: keyword "
	    "'unevaluatedProperties' is not supported");
	expect_wrong("{\"nulable\":true}",
	    "s.json: keyword 'nulable' is not supported");
	expect_wrong("{\"$defs\":{\"a\":{\"$id\":\"x\"}}}",
	    "s.json: /$defs/a/$id: keyword '$id' is not supported below the "
	    "root");
	expect_wrong("{\"$ref\":\"other.json#/a\"}",
	    "s.json: /$ref: a $ref to anything but '#/...' in this schema is "
	    "not supported");
	expect_wrong("{\"$ref\":\"#/$defs/none\"}",
	    "s.json: /$ref: $ref names no part of this schema");
	assert_int_equal(check("{\"x-identity\":[\"path\"],\"x-a\":7}", "1"),
	    1);
}

static void
test_slips_are_refused(void **state)
{
	static const char *const bad[] = { "", "{", "[]", "7", "\"\"", "null",
		"{\"type\":\"text\"}", "{\"type\":[]}", "{\"type\":7}",
		"{\"type\":[\"null\",\"null\"]}", "{\"required\":\"a\"}",
		"{\"required\":[1]}", "{\"required\":[\"a\",\"a\"]}",
		"{\"minLength\":-1}", "{\"minLength\":1.5}",
		"{\"maxItems\":\"3\"}", "{\"pattern\":\"(\"}",
		"{\"pattern\":7}", "{\"patternProperties\":{\"[\":true}}",
		"{\"enum\":[]}", "{\"enum\":7}", "{\"allOf\":[]}",
		"{\"allOf\":{}}", "{\"items\":[]}", "{\"items\":7}",
		"{\"properties\":[]}", "{\"properties\":{\"a\":7}}",
		"{\"dependentRequired\":{\"a\":true}}", "{\"minimum\":\"1\"}",
		"{\"$ref\":7}", "{\"$schema\":\"draft-07\"}",
		"{\"uniqueItems\":1}", "{\"title\":1}",
		"{\"type\":\"null\",\"type\":\"null\"}",
		"{\"properties\":{\"a\":true,\"a\":true}}",
		"{\"pattern\":\"\\\\C\"}" };
	struct rdl_err err;
	struct rdl_schema *s;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		rdl_err_clear(&err);
		s = rdl_schema_compile(bad[i], strlen(bad[i]), "s.json",
		    &err);
		if (s != NULL)
			fail_msg("compiled: %s", bad[i]);
		assert_int_equal(err.cls, RDL_E_USAGE);
		assert_int_equal(strncmp(err.msg, "s.json: ", 8), 0);
	}
}

static void
test_circles(void **state)
{
	(void)state;
	expect_wrong("{\"$ref\":\"#\"}",
	    "s.json: the schema refers to itself without end");
	expect_wrong("{\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#/$defs/b\"}]},"
	    "\"b\":{\"not\":{\"$ref\":\"#/$defs/a\"}}}}",
	    "s.json: /$defs/b/not: the schema refers to itself without end");
	/* A circle that goes down a level each time ends. */
	assert_int_equal(check("{\"type\":\"object\",\"properties\":{\"next\":"
	    "{\"$ref\":\"#\"}}}", "{\"next\":{\"next\":{}}}"), 1);
	assert_int_equal(check("{\"type\":\"object\",\"properties\":{\"next\":"
	    "{\"$ref\":\"#\"}}}", "{\"next\":{\"next\":7}}"), 0);
}

static void
repeat(struct rdl_buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		rdl_buf_adds(b, s);
}

static void
test_depth_is_bounded(void **state)
{
	static const char nested[] = "{\"not\":false,\"anyOf\":[{\"allOf\":["
	    "{\"items\":{\"$ref\":\"#\"}}]}]}";
	struct rdl_buf v = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t depth;

	(void)state;
	for (depth = 1000; depth <= 1025; depth += 25) {
		rdl_buf_reset(&v);
		repeat(&v, "[", depth);
		repeat(&v, "]", depth);
		assert_int_equal(check_n("{\"items\":{\"$ref\":\"#\"}}", v.p,
		    v.len, &err), depth <= RDL_DEPTH_MAX);
		/* Three schemas a level: given up, never a crash. */
		(void)check_n(nested, v.p, v.len, &err);
		assert_int_equal(check_n("{\"uniqueItems\":true}", v.p, v.len,
		    &err), depth <= RDL_DEPTH_MAX);
	}
	/* What cannot be judged is not valid under "not" either. */
	rdl_buf_reset(&v);
	repeat(&v, "[", 1000);
	repeat(&v, "]", 1000);
	assert_int_equal(check_n("{\"not\":{\"$ref\":\"#/$defs/a\"},\"$defs\":"
	    "{\"a\":{\"allOf\":[{\"allOf\":[{\"allOf\":[{\"allOf\":[{\"items\":"
	    "{\"$ref\":\"#/$defs/a\"}}]}]}]}]}}}", v.p, v.len, &err), 0);
	assert_non_null(strstr(err.msg, "goes too deep"));
	rdl_buf_release(&v);
}

static void
test_deep_schema_is_refused(void **state)
{
	struct rdl_buf v = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	repeat(&v, "{\"not\":", 100000);
	rdl_buf_adds(&v, "true");
	repeat(&v, "}", 100000);
	assert_null(rdl_schema_compile(v.p, v.len, "s.json", &err));
	/* A long chain of references, none of them nested in the text. */
	rdl_buf_reset(&v);
	rdl_buf_adds(&v, "{\"$defs\":{\"a0\":true");
	for (i = 1; i < 2000; i++)
		rdl_buf_addf(&v, ",\"a%zu\":{\"$ref\":\"#/$defs/a%zu\"}", i,
		    i - 1);
	rdl_buf_adds(&v, "}}");
	assert_null(rdl_schema_compile(v.p, v.len, "s.json", &err));
	assert_non_null(strstr(err.msg, "nested too deeply"));
	rdl_buf_release(&v);
}

static void
test_a_bad_pattern_ends(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	static const char value[] =
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"";

	(void)state;
	assert_int_equal(check_n("{\"pattern\":\"^(a+)+$\"}", value,
	    strlen(value), &err), 0);
	assert_string_equal(err.msg,
	    "the search for a pattern took too long");
	assert_int_equal(check_n("{\"not\":{\"pattern\":\"^(a+)+$\"}}", value,
	    strlen(value), &err), 0);
}

static void
test_big_values(void **state)
{
	struct rdl_buf v = RDL_BUF_INIT(16 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	rdl_buf_addc(&v, '[');
	for (i = 0; i < 200000; i++)
		rdl_buf_addf(&v, "%zu,", i);
	rdl_buf_adds(&v, "199999]");
	assert_int_equal(check_n("{\"uniqueItems\":true}", v.p, v.len, &err),
	    0);
	assert_string_equal(err.msg, "elements 199999 and 200000 are equal");
	/* Two big objects whose members stand in opposite order. */
	rdl_buf_reset(&v);
	rdl_buf_adds(&v, "[{");
	for (i = 0; i < 20000; i++)
		rdl_buf_addf(&v, "%s\"k%zu\":%zu", i > 0 ? "," : "", i, i);
	rdl_buf_adds(&v, "},{");
	for (i = 20000; i-- > 0;)
		rdl_buf_addf(&v, "\"k%zu\":%zu%s", i, i, i > 0 ? "," : "");
	rdl_buf_adds(&v, "}]");
	assert_int_equal(check_n("{\"uniqueItems\":true}", v.p, v.len, &err),
	    0);
	rdl_buf_release(&v);
}

static void
test_names_may_hold_nul(void **state)
{
	(void)state;
	assert_int_equal(check("{\"required\":[\"a\\u0000b\"]}",
	    "{\"a\":1}"), 0);
	assert_int_equal(check("{\"required\":[\"a\\u0000b\"]}",
	    "{\"a\\u0000b\":1}"), 1);
	assert_int_equal(check("{\"const\":\"a\\u0000b\"}",
	    "\"a\\u0000c\""), 0);
	/* A name that comes twice does not stand for another. */
	assert_int_equal(check("{\"const\":{\"a\":1,\"b\":2}}",
	    "{\"a\":1,\"a\":1}"), 0);
}

static void
test_schemas_of_kinds(void **state)
{
	const struct rdl_embed *e;
	char kind[64];
	size_t len;

	(void)state;
	assert_null(rdl_schema_of_kind("no-such-kind"));
	assert_null(rdl_schema_of_kind("../sql/0001_ledger"));
	assert_null(rdl_schema_of_kind(""));
	/* Every built-in schema compiles (else this aborts), once. */
	for (e = rdl_embed_table; e->path != NULL; e++) {
		len = strlen(e->path);
		if (strncmp(e->path, "schemas/", 8) != 0)
			continue;
		(void)snprintf(kind, sizeof(kind), "%.*s", (int)(len - 13),
		    e->path + 8);
		assert_non_null(rdl_schema_of_kind(kind));
		assert_ptr_equal(rdl_schema_of_kind(kind),
		    rdl_schema_of_kind(kind));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons_name_place_and_cause),
		cmocka_unit_test(test_any_of_names_the_nearest),
		cmocka_unit_test(test_reason_is_one_short_line),
		cmocka_unit_test(test_numbers_keep_their_digits),
		cmocka_unit_test(test_multiples_are_exact),
		cmocka_unit_test(test_unknown_keywords_are_refused),
		cmocka_unit_test(test_slips_are_refused),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_deep_schema_is_refused),
		cmocka_unit_test(test_a_bad_pattern_ends),
		cmocka_unit_test(test_big_values),
		cmocka_unit_test(test_names_may_hold_nul),
		cmocka_unit_test(test_schemas_of_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
