/*
 * Where values stand in the text of a record, at any depth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record/span.h"

static struct rdl_rec rec = RDL_REC_INIT;

static void
parse(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_rec_parse(&rec, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.msg);
}

/* The value of the first name of the only object in "a". */
static void
member(const char *text, const char *want)
{
	yyjson_val *obj, *k, *v;
	struct rdl_span s;
	size_t i, n;

	parse(text);
	obj = yyjson_arr_get_first(rdl_rec_get(&rec, "a"));
	yyjson_obj_foreach(obj, i, n, k, v) {
		s = rdl_span_member(&rec, k);
		assert_int_equal(s.len, strlen(want));
		assert_memory_equal(s.p, want, s.len);
		break;
	}
	assert_true(n > 0);
}

static void
test_member(void **state)
{
	(void)state;
	member("{\"a\":[{\"k\":1}]}", "1");
	member("{ \"a\" : [ { \"k\" :\t-1.5e+3 , \"x\" : 2 } ] }", "-1.5e+3");
	member("{\"a\":[{\"k\":true}]}", "true");
	member("{\"a\":[{\"k\":null }]}", "null");
	member("{\"a\":[{\"k\":\"\"}]}", "\"\"");
	member("{\"a\":[{\"k\":\"}],\\\"\\\\\"}]}", "\"}],\\\"\\\\\"");
	member("{\"a\":[{\"\\u006b\\\"\":[1,[\"]\"]] }]}", "[1,[\"]\"]]");
	member("{\"a\":[{\"k\":{}}]}", "{}");
	member("{\"a\":[{\"k\":[]}]}", "[]");
	member("{\"a\":[{\"k\":{\"x\":{\"y\" : 12345678901234567890123 } } , "
	    "\"z\":0}]}", "{\"x\":{\"y\" : 12345678901234567890123 } }");
	member("{\"a\":[{\"k\":{\"x\":1,\"y\":{\"p\":[{\"}\":\"]\"}]}\n}}]}",
	    "{\"x\":1,\"y\":{\"p\":[{\"}\":\"]\"}]}\n}");
	member("{\"a\":[{\"k\":{\"x\":1,\"y\":\"\\\\\"}}]}",
	    "{\"x\":1,\"y\":\"\\\\\"}");
}

static void
quote(const char *json, const char *want, size_t len)
{
	struct rdl_buf text = RDL_BUF_INIT(4096);
	struct rdl_quote q;

	rdl_buf_addf(&text, "{\"x\":0, \"a\":[ {\"b\":%s}]}", json);
	parse(text.p);
	q = rdl_span_quote(&rec, rdl_rec_at(rec.root, "a/0/b"));
	assert_int_equal(q.len, len);
	assert_memory_equal(q.p, want, len);
	assert_int_equal(q.json.len, strlen(json));
	assert_memory_equal(q.json.p, json, q.json.len);
	rdl_buf_release(&text);
}

/* A quote in the text at the place where the decoded string would end. */
static void
test_quote(void **state)
{
	(void)state;
	quote("\"\"", "", 0);
	quote("\"abc\"", "abc", 3);
	quote("\"\\\"\"", "\"", 1);
	quote("\"a\\\"\"", "a\"", 2);
	quote("\"\\\"\\\"\"", "\"\"", 2);
	quote("\"\\\\\"", "\\", 1);
	quote("\"\\\\\\\"\"", "\\\"", 2);
	quote("\"x\\u0000y\"", "x\0y", 3);
	quote("\"\\u00e9\\\"\"", "\xc3\xa9\"", 3);
	quote("\"\\ud83d\\ude00\\\"\"", "\xf0\x9f\x98\x80\"", 5);
}

static int
tear_down(void **state)
{
	(void)state;
	rdl_rec_release(&rec);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_quote),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
