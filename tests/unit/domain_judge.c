/*
 * What a judge says: scales, replies, and scores put into records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "domain/judge.h"
#include "record/schema.h"

#define QA "{\"kind\":\"qa\",\"image\":{\"id\":\"i\",\"uri\":\"x\"}," \
	"\"task\":{\"id\":\"t\",\"path\":[\"OCR\",\"shop signs\"]}," \
	"\"question\":\"q?\",\"answer\":\"secret\"%s}"

static const struct rdl_hash call = { { 0xab, 1 } };

static struct rdl_judge
judge(const char *name)
{
	struct rdl_judge j = { name, "m", { 0, 1 }, false };

	return j;
}

static void
test_scale(void **state)
{
	static const char *const bad[] = { "", "..", "1", "0..", "..1", "1..0",
		"1..1", "0.5..1", "a..b", "0..1x", "0...1", "0-1",
		"0..99999999999", " 0..1" };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_scale s = { 9, 9 };
	size_t i;

	(void)state;
	assert_int_equal(rdl_judge_scale("0..1", &s, &err), 0);
	assert_int_equal(s.lo, 0);
	assert_int_equal(s.hi, 1);
	assert_int_equal(rdl_judge_scale("-2..10", &s, &err), 0);
	assert_int_equal(s.lo, -2);
	assert_int_equal(s.hi, 10);
	for (i = 0; i < RDL_NELEM(bad); i++)
		if (rdl_judge_scale(bad[i], &s, &err) == 0)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(err.cls, RDL_E_USAGE);
}

/* D35: nothing is guessed; what is no score of the scale is none. */
static void
test_d35_read(void **state)
{
	static const struct { const char *reply; int64_t score; } cases[] = {
		{ "{\"score\":1}", 1 }, { "{\"score\":5,\"reason\":\"r\"}", 5 },
		{ "{\"score\":3.0}", 3 }, { "{\"score\":0}", -1 },
		{ "{\"score\":6}", -1 }, { "{\"score\":10}", -1 },
		{ "{\"score\":1.5}", -1 }, { "{\"score\":\"1\"}", -1 },
		{ "{\"score\":\"Score: 1\"}", -1 }, { "{\"score\":null}", -1 },
		{ "{\"score\":true}", -1 }, { "{\"score\":[1]}", -1 },
		{ "{\"score\":-1}", -1 }, { "{\"score\":1e300}", -1 },
		{ "{\"Score\":1}", -1 }, { "{}", -1 }, { "1", -1 },
		{ "[1]", -1 }, { "null", -1 }
	};
	const struct rdl_scale scale = { 1, 5 };
	const char *reason;
	yyjson_doc *doc;
	int64_t score;
	size_t i, len;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		struct rdl_err err = RDL_ERR_INIT;

		doc = yyjson_read(cases[i].reply, strlen(cases[i].reply), 0);
		score = -1;
		if (rdl_judge_read(yyjson_doc_get_root(doc), &scale, &score,
		    &reason, &len, &err) < 0)
			assert_int_equal(err.cls, RDL_E_INPUT);
		if (score != cases[i].score)
			fail_msg("%s is %d", cases[i].reply, (int)score);
		yyjson_doc_free(doc);
	}
}

static void
test_schema(void **state)
{
	static const char in[] = "{\"type\":\"object\",\"properties\":{"
	    "\"score\":{\"type\":\"number\",\"description\":\"d\"},\"why\":"
	    "{\"type\":\"string\"}},\"required\":[\"why\"]}";
	static const struct { const char *reply; int fits; } cases[] = {
		{ "{\"why\":\"w\",\"score\":0}", 1 },
		{ "{\"why\":\"w\",\"score\":1}", 1 },
		{ "{\"why\":\"w\",\"score\":2}", 0 },
		{ "{\"why\":\"w\",\"score\":0.5}", 0 },
		{ "{\"why\":\"w\"}", 0 }, { "{\"score\":1}", 0 }
	};
	const struct rdl_scale scale = { 0, 1 };
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_schema *s;
	yyjson_doc *doc;
	size_t i;

	(void)state;
	assert_int_equal(rdl_judge_schema(in, strlen(in), &scale, &out,
	    &err), 0);
	assert_non_null(strstr(out.p, "\"description\":\"d\""));
	s = rdl_schema_compile(out.p, out.len, "test", &err);
	assert_non_null(s);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		doc = yyjson_read(cases[i].reply, strlen(cases[i].reply), 0);
		assert_int_equal(rdl_schema_check(s, yyjson_doc_get_root(doc),
		    &err), cases[i].fits);
		yyjson_doc_free(doc);
	}
	rdl_schema_free(s);
	rdl_buf_reset(&out);
	assert_int_equal(rdl_judge_schema(NULL, 0, &scale, &out, &err), 0);
	s = rdl_schema_compile(out.p, out.len, "test", &err);
	assert_non_null(s);
	rdl_schema_free(s);
	assert_int_equal(rdl_judge_schema("{\"type\":\"string\"}", 17,
	    &scale, &out, &err), -1);
	assert_int_equal(err.cls, RDL_E_USAGE);
	rdl_buf_release(&out);
}

/* The record with a judge's view, or why there is none. */
static char *
seen(const char *more, const struct rdl_judge *j)
{
	struct rdl_buf line = RDL_BUF_INIT(4096), out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t len;

	rdl_buf_addf(&line, QA, more);
	assert_int_equal(rdl_rec_parse(&rec, line.p, line.len, &err), 0);
	if (rdl_judge_view(&rec, j, &out, &err) < 0) {
		assert_int_equal(err.cls, RDL_E_INPUT);
		rdl_buf_adds(&out, err.msg);
	}
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	return rdl_buf_detach(&out, &len);
}

static void
test_view(void **state)
{
	struct rdl_judge j = judge("b");
	char *text;

	(void)state;
	text = seen(",\"scores\":[{\"judge\":\"a\",\"reason\":\"leak\"}]", &j);
	assert_null(strstr(text, "secret"));
	assert_null(strstr(text, "leak"));
	assert_non_null(strstr(text, "\"label\":\"OCR ~ shop signs\""));
	assert_non_null(strstr(text,
	    "\"scale\":{\"low\":0,\"high\":1,\"binary\":true}"));
	free(text);
	j.sees_answer = true;
	j.scale.hi = 5;
	text = seen("", &j);
	assert_non_null(strstr(text, "\"answer\":\"secret\""));
	assert_non_null(strstr(text, "\"binary\":false"));
	free(text);
	text = seen(",\"scores\":[{\"judge\":\"b\",\"score\":1}]", &j);
	assert_non_null(strstr(text, "\"b\" has judged this record before"));
	free(text);
	text = seen(",\"scores\":7", &j);
	assert_string_equal(text, "\"scores\" is not a list");
	free(text);
}

static void
test_view_of_no_qa(void **state)
{
	static const char *const bad[] = { "{}", "{\"kind\":\"match\"}",
		"{\"kind\":\"qa\",\"question\":\"q\",\"task\":{\"path\":"
		"[\"a\"]}}",
		"{\"kind\":\"qa\",\"question\":\"\",\"answer\":\"a\",\"task\":"
		"{\"path\":[\"a\"]}}",
		"{\"kind\":\"qa\",\"question\":\"q\",\"answer\":\"a\"}",
		"{\"kind\":\"qa\",\"question\":\"q\",\"answer\":\"a\",\"task\":"
		"{\"path\":[]}}",
		"{\"kind\":\"qa\",\"question\":\"q\",\"answer\":\"a\",\"task\":"
		"{\"path\":[3]}}" };
	struct rdl_judge j = judge("b");
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		struct rdl_err err = RDL_ERR_INIT;

		assert_int_equal(rdl_rec_parse(&rec, bad[i], strlen(bad[i]),
		    &err), 0);
		if (rdl_judge_view(&rec, &j, &out, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

#define SCORE "{\"judge\":\"b\",\"model\":\"m\",\"score\":1,\"scale\":[0,1]," \
	"\"reason\":\"so {it}\",\"saw_answer\":false,\"call\":" \
	"\"ab010000000000000000000000000000\"}"

static void
appended(const char *record, const char *want)
{
	struct rdl_judge j = judge("b");
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_rec_parse(&rec, record, strlen(record), &err),
	    0);
	rdl_judge_append(&rec, &j, 1, "so {it}", 7, &call, &out);
	assert_string_equal(out.p, want);
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

static void
test_append(void **state)
{
	(void)state;
	appended("{\"a\":1}", "[" SCORE "]");
	appended("{\"scores\":[],\"z\":1}", "[" SCORE "]");
	appended("{\"scores\": [ ] }", "[" SCORE "]");
	appended("{\"scores\":[ {\"judge\" : \"a\",\"score\":1.0} ]}",
	    "[ {\"judge\" : \"a\",\"score\":1.0}," SCORE "]");
	appended("{\"scores\":[[\"]\"]\t]}", "[[\"]\"]," SCORE "]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_d35_read),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_view_of_no_qa),
		cmocka_unit_test(test_append)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
