/*
 * Pairs of question and answer: what a reply gives for each task, what is
 * wrong with it, and the record made of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domain/pairs.h"
#include "record/schema.h"

static const char match[] = "{\"kind\":\"match\",\"id\":\"m\",\"image\":"
    "{\"id\":\"i\", \"uri\":\"x.png\",\"w\":1.50},\"tasks\":[{\"id\":\"t0\","
    "\"path\":[\"OCR\",\"signs\"],\"rank\":1},{\"id\":\"t1\",\"path\":"
    "[\"counting\"]}]}";

struct fixture {
	struct rdl_rec rec;
	struct rdl_labels l;
	struct rdl_pairs p;
	yyjson_doc *reply;
	struct rdl_err err;
	int rc;
};

static void
set_up(struct fixture *f, const char *reply)
{
	memset(f, 0, sizeof(*f));
	assert_int_equal(rdl_rec_parse(&f->rec, match, strlen(match),
	    &f->err), 0);
	assert_int_equal(rdl_labels_read(&f->l, &f->rec, &f->err), 0);
	f->reply = yyjson_read(reply, strlen(reply), 0);
	assert_non_null(f->reply);
	f->rc = rdl_pairs_read(&f->p, &f->l, &f->rec,
	    yyjson_doc_get_root(f->reply), &f->err);
}

static void
tear_down(struct fixture *f)
{
	rdl_pairs_release(&f->p);
	rdl_labels_release(&f->l);
	rdl_rec_release(&f->rec);
	yyjson_doc_free(f->reply);
}

#define PAIR(task, q, a) "{\"task\":\"" task "\",\"question\":" q \
	",\"answer\":" a "}"

static void
faulty(const char *reply, size_t good, const char *want)
{
	struct rdl_buf why = RDL_BUF_INIT(4096);
	struct fixture f;

	set_up(&f, reply);
	assert_int_equal(f.rc, 0);
	rdl_pairs_faults(&f.p, &f.l, &why);
	assert_string_equal(why.len > 0 ? why.p : "", want);
	assert_int_equal(f.p.good, good);
	rdl_buf_release(&why);
	tear_down(&f);
}

static void
test_d28_each_task_one_pair(void **state)
{
	(void)state;
	faulty("{\"pairs\":[" PAIR("counting", "\"q\"", "\"a\"") ","
	    PAIR("ocr \xe2\x88\xbc Signs", "\"q\"", "\"a\"") "]}", 2, "");
	faulty("{\"pairs\":[" PAIR("counting", "\"q\"", "\"a\"") "]}", 1,
	    "no pair: \"OCR ~ signs\"");
	faulty("[]", 0, "no pair: \"OCR ~ signs\"; no pair: \"counting\"");
	faulty("[" PAIR("signs", "\"q\"", "\"a\"") ","
	    PAIR("counting", "\"q\"", "\"a\"") ","
	    PAIR("Counting", "\"q2\"", "\"a2\"") "]", 2,
	    "a second pair: \"Counting\"");
	faulty("[" PAIR("signs", "\"q\"", "\"a\"") ","
	    PAIR("counting", "\"q\"", "\"a\"") ","
	    PAIR("made \\\"up\\\"", "\"q\"", "\"a\"") "]", 2,
	    "a pair for a task that was not asked for: \"made \\\"up\\\"\"");
	faulty("[" PAIR("signs", "\" \\n\"", "\"a\"") ","
	    PAIR("counting", "\"q\"", "\"\"") "]", 0,
	    "the question is empty: \"OCR ~ signs\"; "
	    "the answer is empty: \"counting\"");
	faulty("[" PAIR("signs", "null", "\"a\"") ","
	    PAIR("counting", "\"q\"", "[]") "]", 0,
	    "the question is no text: \"OCR ~ signs\"; "
	    "the answer is no text: \"counting\"");
	faulty("[{\"task\":\"signs\",\"question\":\"q\"},"
	    PAIR("counting", "\"q\"", "{}") "]", 0,
	    "the answer is no text: \"OCR ~ signs\"; "
	    "the answer is no text: \"counting\"");
}

static void
test_d25_not_a_list(void **state)
{
	static const char *const bad[] = { "null", "7", "{}", "\"x\"",
		"{\"pairs\":null}", "{\"pairs\":{}}", "[null]", "[\"x\"]",
		"[{\"question\":\"q\",\"answer\":\"a\"}]",
		"[{\"task\":[],\"question\":\"q\",\"answer\":\"a\"}]" };
	struct fixture f;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		set_up(&f, bad[i]);
		assert_int_equal(f.rc, -1);
		assert_int_equal(f.err.cls, RDL_E_INPUT);
		tear_down(&f);
	}
}

static void
record(const char *q, const char *a, const char *want_q, const char *want_a)
{
	struct rdl_buf reply = RDL_BUF_INIT(4096), out = RDL_BUF_INIT(4096);
	struct rdl_buf from = RDL_BUF_INIT(64), want = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_id id, again;
	struct fixture f;
	char text[RDL_ID_TEXT];

	rdl_buf_addf(&reply, "[" PAIR("signs", "%s", "%s") "]", q, a);
	set_up(&f, reply.p);
	rdl_buf_adds(&from, "[\"m\"]");
	assert_int_equal(rdl_pairs_record(&f.p, &f.l, 0, &f.rec, &from, -1,
	    &id, &out, &f.err), 0);
	rdl_id_format(&id, text);
	rdl_buf_addf(&want, "{\"kind\":\"qa\",\"id\":\"%s\",\"from\":[\"m\"],"
	    "\"image\":{\"id\":\"i\", \"uri\":\"x.png\",\"w\":1.50},\"task\":"
	    "{\"id\":\"t0\",\"path\":[\"OCR\",\"signs\"]},\"question\":%s,"
	    "\"answer\":%s}\n", text, want_q, want_a);
	assert_string_equal(out.p, want.p);
	assert_int_equal(rdl_rec_parse(&rec, out.p, out.len - 1, &f.err), 0);
	assert_int_equal(rdl_id_compute(&rec, &again, &f.err), 0);
	assert_memory_equal(&id, &again, sizeof(id));
	assert_int_equal(rdl_schema_check(rdl_schema_of_kind("qa"), rec.root,
	    &f.err), 1);
	rdl_rec_release(&rec);
	rdl_buf_release(&reply);
	rdl_buf_release(&out);
	rdl_buf_release(&from);
	rdl_buf_release(&want);
	tear_down(&f);
}

static void
test_d26_d27_braces_and_newlines(void **state)
{
	(void)state;
	record("\"q\"", "\"a\"", "\"q\"", "\"a\"");
	record("\"Is $x^{2}$ in \\\\{1, {2}\\\\}?\"",
	    "\"int f() { return 0; } }\"",
	    "\"Is $x^{2}$ in \\\\{1, {2}\\\\}?\"",
	    "\"int f() { return 0; } }\"");
	record("\"one\\ntwo\"", "\" \\n a\\n\\nb \"", "\"one\\ntwo\"",
	    "\"a\\n\\nb\"");
	record("\"\\u0000x\"", "\"\\u00e9\\ud83d\\ude00\\/\"",
	    "\"\\u0000x\"", "\"\xc3\xa9\xf0\x9f\x98\x80/\"");
}

static void
test_rollout(void **state)
{
	struct rdl_buf from = RDL_BUF_INIT(64), out = RDL_BUF_INIT(4096);
	struct fixture f;
	struct rdl_id id;

	(void)state;
	set_up(&f, "[" PAIR("signs", "\"q\"", "\"a\"") "]");
	rdl_buf_adds(&from, "[\"m\"]");
	assert_int_equal(rdl_pairs_record(&f.p, &f.l, 0, &f.rec, &from, 3,
	    &id, &out, &f.err), 0);
	assert_non_null(strstr(out.p, "\"answer\":\"a\",\"rollout\":3}\n"));
	rdl_buf_release(&from);
	rdl_buf_release(&out);
	tear_down(&f);
}

/* A pair that no record can hold is the task's fault, not the run's. */
static void
test_huge(void **state)
{
	struct rdl_buf reply = RDL_BUF_INIT(8 * RDL_MIB);
	struct rdl_buf why = RDL_BUF_INIT(4096);
	struct fixture f;
	size_t i;

	(void)state;
	rdl_buf_adds(&reply, "[{\"task\":\"signs\",\"answer\":\"a\","
	    "\"question\":\"");
	for (i = 0; i < 3 * RDL_MIB; i += 16)
		rdl_buf_adds(&reply, "0123456789abcdef");
	rdl_buf_adds(&reply, "\"}]");
	set_up(&f, reply.p);
	rdl_pairs_fault(&f.p, &f.l, 0, &why);
	assert_string_equal(why.p,
	    "the pair is too long for a record: \"OCR ~ signs\"");
	rdl_buf_release(&reply);
	rdl_buf_release(&why);
	tear_down(&f);
}

static void
test_schema(void **state)
{
	static const char in[] = "{\"type\":\"object\",\"properties\":{"
	    "\"pairs\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
	    "\"properties\":{\"task\":{\"type\":\"string\"},\"question\":"
	    "{\"type\":\"string\"},\"answer\":{\"type\":\"string\"}}}}}}";
	static const struct { const char *reply; int fits; } cases[] = {
		{ "{\"pairs\":[" PAIR("t", "\"q\"", "\"a\"") "]}", 1 },
		{ "{\"pairs\":[" PAIR("t", "\"q\"", "\"\"") "]}", 0 },
		{ "{\"pairs\":[" PAIR("t", "\" \\n\"", "\"a\"") "]}", 0 },
		{ "{\"pairs\":[" PAIR("t", "\"q\"", "[]") "]}", 0 }
	};
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_schema *s;
	yyjson_doc *doc;
	size_t i;

	(void)state;
	assert_int_equal(rdl_pairs_schema(in, strlen(in), &out, &err), 0);
	s = rdl_schema_compile(out.p, out.len, "test", &err);
	assert_non_null(s);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		doc = yyjson_read(cases[i].reply, strlen(cases[i].reply), 0);
		assert_int_equal(rdl_schema_check(s, yyjson_doc_get_root(doc),
		    &err), cases[i].fits);
		yyjson_doc_free(doc);
	}
	rdl_schema_free(s);
	rdl_buf_reset(&out);
	assert_int_equal(rdl_pairs_schema("{\"a\":[]}", 8, &out, &err), 0);
	assert_string_equal(out.p, "{\"a\":[]}");
	assert_int_equal(rdl_pairs_schema("{", 1, &out, &err), -1);
	rdl_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_d28_each_task_one_pair),
		cmocka_unit_test(test_d25_not_a_list),
		cmocka_unit_test(test_d26_d27_braces_and_newlines),
		cmocka_unit_test(test_rollout),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_schema)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
