/*
 * Records: what is refused and how, values by name and path, spans, edits.
 * Edits are also compared with the same change made on the parsed value, over
 * random records with odd blanks and escaped names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "record/rec.h"

static void
parse(struct rdl_rec *rec, const char *line)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_rec_parse(rec, line, strlen(line), &err), 0);
}

static void
refused_bytes(const char *line, size_t len, const char *why)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_rec_parse(&rec, line, len, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" is not in: %s", why, err.msg);
	assert_null(rec.root);
	rdl_rec_release(&rec);
}

static void
refused(const char *line, const char *why)
{
	refused_bytes(line, strlen(line), why);
}

static void
test_not_json(void **state)
{
	static const char *const bad[] = { "{", "}", "{\"a\"", "{\"a\":",
		"{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1]", "{a:1}",
		"{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}",
		"{\"a\":1.}", "{\"a\":1e}", "{\"a\":NaN}", "{\"a\":Infinity}",
		"{\"a\":0x1}", "{\"a\":tru}", "{\"a\":\"\t\"}", "{\"a\":\"",
		"{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}", "{\"a\":1}}",
		"{\"a\":1} {\"b\":2}", "{\"a\":1}//x", "{\"a\" 1}", " ",
		"{\"a\":\"\\ud800\"}", "{\"a\":\"\\udc00\\ud800\"}",
		"{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"\xe9\":1}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}" };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++)
		refused(bad[i], "not JSON: ");
	refused("{\"a\":\"0123456789\x01\"}", "at byte 17");
	refused("x", "at byte 1");
	refused_bytes("", 0, "not JSON: the text is empty");
	refused_bytes("{\"a\":1}\0", 8, "not JSON");
	refused_bytes("\0\0\0\0", 4, "not JSON");
	refused_bytes("{\"a\0\":1}", 8, "not JSON");
	refused("\xef\xbb\xbf{\"a\":1}", "byte order mark");
}

static void
test_not_an_object(void **state)
{
	(void)state;
	refused("[]", "object");
	refused("\"a\"", "object");
	refused("1", "object");
	refused("null", "object");
	refused("1e999", "object");
}

static void
test_names_that_come_twice(void **state)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	int i;

	(void)state;
	refused("{\"a\":1,\"b\":2,\"a\":3}", "the name \"a\" comes twice");
	refused("{\"ab\":1,\"\\u0061b\":2}", "\"ab\" comes twice");
	refused("{\"\":1,\"\":2}", "\"\" comes twice");
	/* What a terminal would obey is not sent to it. */
	refused("{\"\\u001b[2J\":1,\"\\u001b[2J\":1}", "\"?[2J\"");
	refused("{\"\\u009b1\":1,\"\\u009b1\":1}", "\"??1\"");
	parse(&rec, "{\"a\":{\"b\":1,\"b\":2},\"b\":1}");
	for (i = 0; i < 5000; i++)
		rdl_buf_addf(&b, "%c\"name%d\":%d", i == 0 ? '{' : ',', i, i);
	rdl_buf_addc(&b, '}');
	assert_int_equal(rdl_rec_parse(&rec, b.p, b.len, &err), 0);
	assert_int_equal(yyjson_get_int(rdl_rec_get(&rec, "name4999")), 4999);
	b.len--;
	rdl_buf_adds(&b, ",\"name2500\":0}");
	assert_int_equal(rdl_rec_parse(&rec, b.p, b.len, &err), -1);
	assert_string_equal(err.msg, "the name \"name2500\" comes twice");
	rdl_buf_release(&b);
	rdl_rec_release(&rec);
}

/* {"a": and depth - 1 brackets around nothing. */
static void
nested(struct rdl_buf *b, size_t depth)
{
	size_t i;

	rdl_buf_reset(b);
	rdl_buf_adds(b, "{\"a\":");
	for (i = 1; i < depth; i++)
		rdl_buf_addc(b, '[');
	for (i = 1; i < depth; i++)
		rdl_buf_addc(b, ']');
	rdl_buf_addc(b, '}');
}

static void
test_depth(void **state)
{
	struct rdl_buf b = RDL_BUF_INIT(4 * RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	char *open;

	(void)state;
	nested(&b, RDL_DEPTH_MAX);
	parse(&rec, b.p);
	nested(&b, RDL_DEPTH_MAX + 1);
	refused(b.p, "nested deeper than 1024 levels");
	nested(&b, RDL_MIB);
	refused(b.p, "nested deeper");
	/* Many containers side by side are not deep. */
	rdl_buf_reset(&b);
	rdl_buf_adds(&b, "{\"a\":[[]");
	while (b.len < 100000)
		rdl_buf_adds(&b, ",[],{},[[1],2]");
	rdl_buf_adds(&b, "]}");
	parse(&rec, b.p);
	open = rdl_mem_calloc(RDL_MIB, 1);
	memset(open, '[', RDL_MIB);
	refused_bytes(open, RDL_MIB, "not JSON");
	assert_int_equal(rdl_rec_parse(&rec, open, RDL_MIB, &err), -1);
	free(open);
	rdl_buf_release(&b);
	rdl_rec_release(&rec);
}

static void
test_get(void **state)
{
	struct rdl_rec rec = RDL_REC_INIT;
	size_t len = 99;

	(void)state;
	assert_null(rdl_rec_get(&rec, "a"));
	parse(&rec, "{\"a\":\"x\\u0000y\",\"b\":7,\"\":null,\"a\\u0000\":1}");
	assert_memory_equal(rdl_rec_str(&rec, "a", &len), "x\0y", 4);
	assert_int_equal(len, 3);
	assert_null(rdl_rec_str(&rec, "b", &len));
	assert_int_equal(len, 0);
	assert_null(rdl_rec_str(&rec, "zz", NULL));
	assert_true(yyjson_is_null(rdl_rec_get(&rec, "")));
	rdl_rec_release(&rec);
	rdl_rec_release(NULL);
}

static void
test_at(void **state)
{
	struct rdl_rec rec = RDL_REC_INIT;
	static const char *const none[] = { "b", "a/b/c/d", "t/3", "t/-1",
		"t/+1", "t/01", "t/", "t/1x", "t/99999999999999999999", "/a",
		"a/", "s/0", "t/ 1" };
	size_t i;

	(void)state;
	parse(&rec, "{\"a\":{\"b\":{\"c\":5}},\"t\":[1,{\"p\":[7,8]},2],"
	    "\"s\":\"x\",\"\":{\"\":9},\"0\":{\"00\":3}}");
	assert_int_equal(yyjson_get_int(rdl_rec_at(rec.root, "a/b/c")), 5);
	assert_int_equal(yyjson_get_int(rdl_rec_at(rec.root, "t/0")), 1);
	assert_int_equal(yyjson_get_int(rdl_rec_at(rec.root, "t/1/p/1")), 8);
	assert_int_equal(yyjson_get_int(rdl_rec_at(rec.root, "/")), 9);
	assert_int_equal(yyjson_get_int(rdl_rec_at(rec.root, "0/00")), 3);
	assert_true(yyjson_is_obj(rdl_rec_at(rec.root, "")));
	for (i = 0; i < RDL_NELEM(none); i++)
		assert_null(rdl_rec_at(rec.root, none[i]));
	assert_null(rdl_rec_at(NULL, "a"));
	rdl_rec_release(&rec);
}

static void
test_big_numbers_are_kept(void **state)
{
	struct rdl_rec rec = RDL_REC_INIT;

	(void)state;
	parse(&rec, "{\"a\":1e999,\"b\":12345678901234567890123,\"c\":2.50}");
	assert_true(yyjson_is_raw(rdl_rec_get(&rec, "a")));
	assert_string_equal(yyjson_get_raw(rdl_rec_get(&rec, "b")),
	    "12345678901234567890123");
	rdl_rec_release(&rec);
}

static void
span(const char *line, const char *key, const char *want)
{
	struct rdl_rec rec = RDL_REC_INIT;
	const char *json = NULL;
	size_t len = 0;

	parse(&rec, line);
	assert_int_equal(rdl_rec_span(&rec, key, &json, &len), want != NULL);
	if (want != NULL) {
		assert_int_equal(len, strlen(want));
		assert_memory_equal(json, want, len);
	}
	rdl_rec_release(&rec);
}

static void
test_span(void **state)
{
	(void)state;
	span("{\"a\":1}", "a", "1");
	span(" { \"a\" :\t2.50 , \"b\" : [1, 2] } ", "a", "2.50");
	span(" { \"a\" :\t2.50 , \"b\" : [1, 2] } ", "b", "[1, 2]");
	span("{\"a\":\"x,\\\"}\",\"b\":\" , \"}", "a", "\"x,\\\"}\"");
	span("{\"a\":\"x,\\\"}\",\"b\":\" , \"}", "b", "\" , \"");
	span("{\"\\u0061\\\"\":1e999,\"a\":{\"a\": 3 }}", "a\"", "1e999");
	span("{\"\\u0061\\\"\":1e999,\"a\":{\"a\": 3 }}", "a", "{\"a\": 3 }");
	span("{\"\\\\\":1,\"b\":2}", "\\", "1");
	span("{\"\\\"\":7}", "\"", "7");
	span("{\"\":null}", "", "null");
	span("{\"a\":1}", "b", NULL);
	span("{}", "", NULL);
}

static void
edited(const char *line, const struct rdl_edit *edits, size_t n,
    const char *want)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_buf out = RDL_BUF_INIT(4096);

	parse(&rec, line);
	rdl_rec_edit(&rec, edits, n, &out);
	assert_false(rdl_buf_full(&out));
	assert_string_equal(out.p, want);
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

static void
edited_once(const char *line, const char *key, const char *json,
    const char *want)
{
	const struct rdl_edit e = { key, json,
		json != NULL ? strlen(json) : 0 };

	edited(line, &e, 1, want);
}

static void
test_edit_one(void **state)
{
	static const char line[] =
	    " {\"a\" : 1.0 , \"b\":[ 2 ],\"c\":\"\\u0041\"} ";

	(void)state;
	edited(line, NULL, 0,
	    " {\"a\" : 1.0 , \"b\":[ 2 ],\"c\":\"\\u0041\"} \n");
	edited_once(line, "a", "7",
	    " {\"a\" : 7 , \"b\":[ 2 ],\"c\":\"\\u0041\"} \n");
	edited_once(line, "c", "{}",
	    " {\"a\" : 1.0 , \"b\":[ 2 ],\"c\":{}} \n");
	edited_once(line, "d", "null",
	    " {\"a\" : 1.0 , \"b\":[ 2 ],\"c\":\"\\u0041\",\"d\":null} \n");
	edited_once(line, "a", NULL, " {\"b\":[ 2 ],\"c\":\"\\u0041\"} \n");
	edited_once(line, "b", NULL, " {\"a\" : 1.0,\"c\":\"\\u0041\"} \n");
	edited_once(line, "c", NULL, " {\"a\" : 1.0 , \"b\":[ 2 ]} \n");
	edited_once(line, "d", NULL,
	    " {\"a\" : 1.0 , \"b\":[ 2 ],\"c\":\"\\u0041\"} \n");
	edited_once("{}", "q\"\n", "1", "{\"q\\\"\\n\":1}\n");
	edited_once("{ }", "a", "1", "{\"a\":1 }\n");
	edited_once("{ \"a\":1 }", "a", NULL, "{  }\n");
	edited_once("{\"a\":1 }", "b", "2", "{\"a\":1,\"b\":2 }\n");
	edited_once("{\"\":1}", "", "2", "{\"\":2}\n");
}

static void
test_edit_many(void **state)
{
	static const struct rdl_edit e[] = {
		{ "new", "1", 1 }, { "b", NULL, 0 }, { "a", "\"x\"", 3 },
		{ "z", "[]", 2 }, { "c", NULL, 0 },
	};
	static const struct rdl_edit twice[] = {
		{ "a", "1", 1 }, { "a", "2", 1 }, { "n", "3", 1 },
		{ "n", "4", 1 }, { "m", "5", 1 }, { "m", NULL, 0 },
	};
	static const struct rdl_edit all[] = {
		{ "a", NULL, 0 }, { "b", NULL, 0 }, { "c", NULL, 0 },
		{ "d", "4", 1 },
	};

	(void)state;
	edited("{\"a\":1, \"b\":2, \"c\":3}", e, 5,
	    "{\"a\":\"x\",\"new\":1,\"z\":[]}\n");
	edited("{\"c\":3, \"b\":2, \"k\":0, \"a\":1}", e, 5,
	    "{\"k\":0, \"a\":\"x\",\"new\":1,\"z\":[]}\n");
	edited("{\"a\":0}", twice, 6, "{\"a\":2,\"n\":4}\n");
	edited("{\"a\":1,\"b\":2,\"c\":3}", all, 4, "{\"d\":4}\n");
	edited("{\"a\":1,\"b\":2,\"c\":3}", all, 3, "{}\n");
	edited("{\"a\":1,\"b\":2,\"x\":3}", all, 2, "{\"x\":3}\n");
}

static void
test_edit_into_a_full_buffer(void **state)
{
	const struct rdl_edit e = { "b", "2", 1 };
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_buf out = RDL_BUF_INIT(13);

	(void)state;
	parse(&rec, "{\"a\":1}");
	rdl_rec_edit(&rec, &e, 1, &out);
	assert_true(rdl_buf_full(&out));
	out.max = 14;
	rdl_buf_reset(&out);
	rdl_rec_edit(&rec, &e, 1, &out);
	assert_false(rdl_buf_full(&out));
	assert_string_equal(out.p, "{\"a\":1,\"b\":2}\n");
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

static const char *const names[] = { "a", "b", "ab", "", "\"", "\\",
	"a\"", "k\xc3\xa9", "/" };
static const char *const written[][3] = { { "a", "\\u0061", "a" },
	{ "b", "b", "\\u0062" }, { "ab", "a\\u0062", "\\u0061b" },
	{ "", "", "" }, { "\\\"", "\\u0022", "\\\"" },
	{ "\\\\", "\\u005c", "\\u005C" },
	{ "a\\\"", "\\u0061\\\"", "a\\u0022" },
	{ "k\xc3\xa9", "k\\u00e9", "\\u006b\\u00E9" },
	{ "/", "\\/", "\\u002f" } };
static const char *const values[] = { "1", "-2.50", "1E2", "\"\"",
	"\"}, \\\" {\"", "\"\\\\\"", "[]", "[1 , {\"a\":2}]", "{}",
	"{ \"b\" : \":\" }", "true", "null", "\"\xe2\x82\xac,\"" };

static void
blanks(struct rdl_rng *r, struct rdl_buf *b)
{
	static const char *const some[] = { "", "", "", " ", "\t ",
		"\r", "  " };

	rdl_buf_adds(b, some[rdl_rng_below(r, RDL_NELEM(some))]);
}

static const char *
any_value(struct rdl_rng *r)
{
	return values[rdl_rng_below(r, RDL_NELEM(values))];
}

static void
random_record(struct rdl_rng *r, struct rdl_buf *b)
{
	size_t i, n = 0;

	rdl_buf_reset(b);
	blanks(r, b);
	rdl_buf_addc(b, '{');
	for (i = 0; i < RDL_NELEM(names); i++) {
		if (rdl_rng_below(r, 2) == 0)
			continue;
		if (n++ > 0)
			rdl_buf_addc(b, ',');
		blanks(r, b);
		rdl_buf_addc(b, '"');
		rdl_buf_adds(b, written[i][rdl_rng_below(r, 3)]);
		rdl_buf_addc(b, '"');
		blanks(r, b);
		rdl_buf_addc(b, ':');
		blanks(r, b);
		rdl_buf_adds(b, any_value(r));
		blanks(r, b);
	}
	if (n == 0)
		blanks(r, b);
	rdl_buf_addc(b, '}');
	blanks(r, b);
}

/* Make one edit on the parsed value. */
static void
apply(yyjson_mut_doc *doc, const struct rdl_edit *e)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *v;
	yyjson_doc *json;

	if (e->json == NULL) {
		(void)yyjson_mut_obj_remove_key(root, e->key);
		return;
	}
	json = yyjson_read(e->json, e->len, 0);
	assert_non_null(json);
	v = yyjson_val_mut_copy(doc, yyjson_doc_get_root(json));
	if (yyjson_mut_obj_get(root, e->key) != NULL)
		assert_true(yyjson_mut_obj_replace(root,
		    yyjson_mut_str(doc, e->key), v));
	else
		assert_true(yyjson_mut_obj_add(root,
		    yyjson_mut_str(doc, e->key), v));
	yyjson_doc_free(json);
}

static void
test_edit_random(void **state)
{
	struct rdl_rng r = { 1 };
	struct rdl_buf line = RDL_BUF_INIT(4096), out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_edit e[4];
	yyjson_mut_doc *want;
	yyjson_doc *got;
	char *a, *b;
	size_t i, n, first;
	int round;

	(void)state;
	for (round = 0; round < 5000; round++) {
		random_record(&r, &line);
		parse(&rec, line.p);
		want = yyjson_doc_mut_copy(rec.doc, NULL);
		n = rdl_rng_below(&r, RDL_NELEM(e) + 1);
		first = rdl_rng_below(&r, RDL_NELEM(names));
		for (i = 0; i < n; i++) {
			e[i].key = names[(first + 2 * i) % RDL_NELEM(names)];
			e[i].json = rdl_rng_below(&r, 2) ? any_value(&r) : NULL;
			e[i].len = e[i].json != NULL ? strlen(e[i].json) : 0;
			apply(want, &e[i]);
		}
		rdl_buf_reset(&out);
		rdl_rec_edit(&rec, e, n, &out);
		assert_int_equal(out.p[out.len - 1], '\n');
		got = yyjson_read(out.p, out.len, 0);
		assert_non_null(got);
		a = yyjson_write(got, 0, NULL);
		b = yyjson_mut_write(want, 0, NULL);
		assert_string_equal(a, b);
		free(a);
		free(b);
		yyjson_doc_free(got);
		yyjson_mut_doc_free(want);
	}
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	rdl_buf_release(&out);
}

/* What a huge record needed is given back by the small one behind it. */
static void
test_memory_is_given_back(void **state)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	char *line = rdl_mem_calloc(RDL_LINE_MAX, 1);

	(void)state;
	memset(line, 'x', RDL_LINE_MAX);
	memcpy(line, "{\"a\":\"", 6);
	memcpy(line + RDL_LINE_MAX - 2, "\"}", 2);
	assert_int_equal(rdl_rec_parse(&rec, line, RDL_LINE_MAX, &err), 0);
	assert_int_equal(yyjson_get_len(rdl_rec_get(&rec, "a")),
	    RDL_LINE_MAX - 8);
	parse(&rec, "{\"a\":1}");
	assert_true(rec.copy_cap + rec.pool_cap < RDL_MIB);
	free(line);
	rdl_rec_release(&rec);
	parse(&rec, "{\"a\":1}");
	rdl_rec_release(&rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_not_an_object),
		cmocka_unit_test(test_names_that_come_twice),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_at),
		cmocka_unit_test(test_big_numbers_are_kept),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_edit_one),
		cmocka_unit_test(test_edit_many),
		cmocka_unit_test(test_edit_into_a_full_buffer),
		cmocka_unit_test(test_edit_random),
		cmocka_unit_test(test_memory_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
