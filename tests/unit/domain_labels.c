/*
 * The tasks of a match as labels: what a text names, what a reply chooses, and
 * the record with fewer tasks.  D17 to D22 are defects of the published
 * scripts; each test that names one fails on their behaviour.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "domain/labels.h"

#define ID "match:0123456789abcdef0123456789abcdef"
#define IMAGE "\"image\":{\"id\":\"i\",\"uri\":\"x.png\"}"

struct fixture {
	struct rdl_rec rec;
	struct rdl_labels l;
	char line[2048];
};

static void
set_up(struct fixture *f, const char *tasks)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf line = RDL_BUF_INIT(sizeof(f->line) - 1);

	memset(f, 0, sizeof(*f));
	rdl_buf_addf(&line, "{\"kind\":\"match\",\"id\":\"" ID "\"," IMAGE
	    ",\"tasks\":%s,\"zz\" : 1.50}", tasks);
	memcpy(f->line, line.p, line.len);
	assert_int_equal(rdl_rec_parse(&f->rec, f->line, line.len, &err), 0);
	if (rdl_labels_read(&f->l, &f->rec, &err) < 0)
		fail_msg("%s", err.msg);
	rdl_buf_release(&line);
}

static void
tear_down(struct fixture *f)
{
	rdl_labels_release(&f->l);
	rdl_rec_release(&f->rec);
}

static const char some[] = "[ {\"id\":\"t0\",\"path\":[\"OCR\","
    "\"shop signs\"],\"score\":0.50,\"rank\":1} ,{\"id\":\"t1\",\"path\":"
    "[\"counting\"]},{\"id\":\"t2\",\"path\":[\"charts\",\"bars, lines\","
    "\"say \\\"hi\\\"\"]},\t{\"id\":\"t3\",\"path\":[\"a\",\"same\"],"
    "\"x\":[1,{\"]\":\"}\"}]},{\"id\":\"t4\",\"path\":[\"b\",\"same\"]},"
    "{\"id\":\"t5\",\"path\":[\"Stra\xc3\x9f" "e\"]} ]";

/* What text names: the number of the task, -1 nothing, -2 several. */
static int
named(const struct fixture *f, const char *text)
{
	size_t at = 99;

	switch (rdl_labels_find(&f->l, text, strlen(text), &at)) {
	case RDL_LABELS_FOUND:
		return (int)at;
	case RDL_LABELS_AMBIGUOUS:
		return -2;
	case RDL_LABELS_UNKNOWN:
		break;
	}
	return -1;
}

static void
test_find(void **state)
{
	static const struct { const char *text; int at; } cases[] = {
		{ "OCR ~ shop signs", 0 }, { "ocr~SHOP  Signs", 0 },
		{ "OCR \xe2\x88\xbc shop signs", 0 },
		{ "ocr \xef\xbd\x9e shop\tsigns", 0 }, { "shop signs", 0 },
		{ "  shop signs\n", 0 }, { "\"OCR ~ shop signs\"", 0 },
		{ "- OCR ~ shop signs.", 0 }, { "**shop signs**", 0 },
		{ "\xe2\x80\x9cOCR ~ shop signs\xe2\x80\x9c,", 0 },
		{ "counting", 1 }, { "Counting.", 1 }, { "`counting`", 1 },
		{ "charts ~ bars, lines ~ say \"hi\"", 2 },
		{ "say \"hi\"", 2 }, { "SAY \"HI\".", 2 },
		{ "\"say \"hi\"\"", 2 },
		{ "a ~ same", 3 }, { "b ~ same", 4 }, { "same", -2 },
		{ "STRASSE", 5 }, { "stra\xc3\x9f" "e", 5 },
		{ "OCR", -1 }, { "shop sign", -1 }, { "signs", -1 },
		{ "counting ~ shop signs", -1 }, { "x ~ counting", -1 },
		{ "OCR ~ shop signs ~ more", -1 }, { "", -1 }, { " ", -1 },
		{ "\"", -1 }, { "~", -1 }, { "None", -1 }, { "\xff", -1 },
		{ "bars", -1 }, { "lines", -1 }
	};
	struct fixture f;
	size_t i;

	(void)state;
	set_up(&f, some);
	for (i = 0; i < RDL_NELEM(cases); i++)
		if (named(&f, cases[i].text) != cases[i].at)
			fail_msg("\"%s\" is %d, not %d", cases[i].text,
			    named(&f, cases[i].text), cases[i].at);
	tear_down(&f);
}

/* A whole path goes before a last name: "counting" is one of each. */
static void
test_path_before_name(void **state)
{
	struct fixture f;

	(void)state;
	set_up(&f, "[{\"id\":\"x\",\"path\":[\"maths\",\"counting\"]},"
	    "{\"id\":\"y\",\"path\":[\"Counting\"]},"
	    "{\"id\":\"z\",\"path\":[\"odd~name\"]}]");
	assert_int_equal(named(&f, "counting"), 1);
	assert_int_equal(named(&f, "maths ~ counting"), 0);
	assert_int_equal(named(&f, "odd ~ name"), 2);
	tear_down(&f);
}

/* A reply, as the choice and the tasks it keeps: "2 024" or "why". */
static const char *
chosen(const char *tasks, const char *reply, bool lenient)
{
	static char out[512];
	struct rdl_buf why = RDL_BUF_INIT(4096);
	yyjson_doc *doc = yyjson_read(reply, strlen(reply), 0);
	enum rdl_labels_choice choice;
	struct fixture f;
	size_t i, n = 0;

	assert_non_null(doc);
	set_up(&f, tasks);
	choice = rdl_labels_choose(&f.l, yyjson_doc_get_root(doc), lenient,
	    &why);
	if (choice == RDL_LABELS_SOME) {
		for (i = 0; i < f.l.n; i++)
			if (f.l.v[i].kept)
				out[n++] = (char)('0' + i);
	} else {
		assert_true(why.len > 0 && why.len < sizeof(out) - 2);
		out[n++] = choice == RDL_LABELS_NONE ? '-' :
		    choice == RDL_LABELS_UNOFFERED ? '!' : '?';
		memcpy(out + n, why.p, why.len);
		n += why.len;
	}
	out[n] = '\0';
	yyjson_doc_free(doc);
	rdl_buf_release(&why);
	tear_down(&f);
	return out;
}

static void
test_choose(void **state)
{
	(void)state;
	assert_string_equal(chosen(some, "{\"tasks\":[\"b ~ same\","
	    "\"shop signs\",\"OCR ~ shop signs\"]}", false), "04");
	assert_string_equal(chosen(some, "[\"counting\"]", false), "1");
	assert_string_equal(chosen(some, "{\"tasks\":[]}", false),
	    "-none of the offered tasks fits");
	assert_int_equal(*chosen(some, "{\"tasks\":[\"None.\"]}", false), '-');
	assert_int_equal(*chosen(some, "{\"tasks\":\"counting\"}", false),
	    '?');
	assert_int_equal(*chosen(some, "{\"labels\":[]}", false), '?');
	assert_int_equal(*chosen(some, "{\"tasks\":[\"counting\",7]}", true),
	    '?');
	assert_int_equal(*chosen(some, "7", false), '?');
}

static void
test_d17_one_level_and_none(void **state)
{
	static const char odd[] = "[{\"id\":\"x\",\"path\":[\"counting\"]},"
	    "{\"id\":\"y\",\"path\":[\"text\",\"None-Latin scripts\"]},"
	    "{\"id\":\"z\",\"path\":[\"none\"]}]";

	(void)state;
	assert_string_equal(chosen(odd, "[\"counting\"]", false), "0");
	assert_string_equal(chosen(odd, "[\"text ~ None-Latin scripts\"]",
	    false), "1");
	assert_string_equal(chosen(odd, "[\"none\"]", false), "2");
}

static void
test_d18_unoffered(void **state)
{
	(void)state;
	assert_string_equal(chosen(some, "[\"counting\",\"made up\"]", false),
	    "!\"made up\" was not offered");
	assert_string_equal(chosen(some, "[\"x\",\"y\"]", true),
	    "!\"x\" was not offered; \"y\" was not offered");
	assert_string_equal(chosen(some, "[\"counting\",\"made up\"]", true),
	    "1");
	assert_int_equal(*chosen(some, "[\"same\"]", false), '!');
	assert_int_equal(*chosen(some, "[\"counting\",\"none\"]", false),
	    '!');
}

static void
test_d20_d22_commas_and_quotes(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct fixture f;

	(void)state;
	assert_string_equal(chosen(some,
	    "[\"charts ~ bars, lines ~ say \\\"hi\\\"\"]", false), "2");
	set_up(&f, some);
	rdl_labels_json(&f.l, &out);
	assert_string_equal(out.p, "[\"OCR ~ shop signs\",\"counting\","
	    "\"charts ~ bars, lines ~ say \\\"hi\\\"\",\"a ~ same\","
	    "\"b ~ same\",\"Stra\xc3\x9f" "e\"]");
	tear_down(&f);
	rdl_buf_release(&out);
}

static void
test_narrow(void **state)
{
	static const char from[] = "[\"" ID "\"]";
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct fixture f;
	struct rdl_id id;
	char text[RDL_ID_TEXT];
	char *at;

	(void)state;
	set_up(&f, some);
	f.l.v[0].kept = f.l.v[3].kept = true;
	assert_int_equal(rdl_labels_narrow(&f.l, &f.rec, from, strlen(from),
	    &id, &out, &err), 0);
	rdl_id_format(&id, text);
	at = strstr(out.p, text);
	assert_non_null(at);
	assert_string_not_equal(text, ID);
	memcpy(at, ID, strlen(ID));
	assert_string_equal(out.p, "{\"kind\":\"match\",\"id\":\"" ID "\","
	    IMAGE ",\"tasks\":[{\"id\":\"t0\",\"path\":[\"OCR\","
	    "\"shop signs\"],\"score\":0.50,\"rank\":1},{\"id\":\"t3\","
	    "\"path\":[\"a\",\"same\"],\"x\":[1,{\"]\":\"}\"}]}],\"zz\" : 1.50,"
	    "\"from\":[\"" ID "\"]}\n");
	tear_down(&f);
	rdl_buf_release(&out);
}

/* What keeps all its tasks is the same record, not a child of itself. */
static void
test_all_kept(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct fixture f;
	struct rdl_id id;
	char text[RDL_ID_TEXT];

	(void)state;
	set_up(&f, "[{\"id\":\"x\",\"path\":[\"counting\"]}]");
	f.l.v[0].kept = true;
	assert_int_equal(rdl_labels_narrow(&f.l, &f.rec, "[]", 2, &id, &out,
	    &err), 0);
	rdl_id_format(&id, text);
	assert_string_equal(text, ID);
	assert_int_equal(out.len, f.rec.len + 1);
	assert_memory_equal(out.p, f.rec.line, f.rec.len);
	tear_down(&f);
	rdl_buf_release(&out);
}

static void
test_bad_records(void **state)
{
	static const char *const bad[] = {
		"{}", "{\"kind\":\"qa\"," IMAGE ",\"tasks\":[{\"id\":\"x\","
		"\"path\":[\"a\"]}]}",
		"{\"kind\":\"match\"," IMAGE "}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":{}}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[7]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[{\"id\":\"x\"}]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[{\"id\":\"\","
		"\"path\":[\"a\"]}]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[{\"id\":\"x\","
		"\"path\":[]}]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[{\"id\":\"x\","
		"\"path\":[\"a\",1]}]}",
		"{\"kind\":\"match\"," IMAGE ",\"tasks\":[{\"id\":\"x\","
		"\"path\":[\"a\"]},{\"id\":\"y\",\"path\":[\"A \"]}]}",
		"{\"kind\":\"match\",\"tasks\":[{\"id\":\"x\",\"path\":"
		"[\"a\"]}]}",
		"{\"kind\":\"match\",\"image\":{\"id\":\"i\"},\"tasks\":"
		"[{\"id\":\"x\",\"path\":[\"a\"]}]}"
	};
	struct rdl_labels l = RDL_LABELS_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		struct rdl_err err = RDL_ERR_INIT;

		assert_int_equal(rdl_rec_parse(&rec, bad[i], strlen(bad[i]),
		    &err), 0);
		if (rdl_labels_read(&l, &rec, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_true(err.msg[0] != '\0');
	}
	rdl_labels_release(&l);
	rdl_rec_release(&rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_path_before_name),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_d17_one_level_and_none),
		cmocka_unit_test(test_d18_unoffered),
		cmocka_unit_test(test_d20_d22_commas_and_quotes),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_all_kept),
		cmocka_unit_test(test_bad_records)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
