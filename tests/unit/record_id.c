/*
 * Ids: their text, the fields they are made of, folding, what is refused.
 * The digests were computed with Python's hashlib.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/embed.h"
#include "record/id.h"

#define HEX "309da0fb39341bfcec2128fab95b3728"

static const char *
id_of(const char *line, int want, char text[RDL_ID_TEXT])
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id;

	assert_int_equal(rdl_rec_parse(&rec, line, strlen(line), &err), 0);
	assert_int_equal(rdl_id_of(&rec, &id, &err), want);
	rdl_id_format(&id, text);
	rdl_rec_release(&rec);
	return text;
}

static void
named(const char *line, const char *want)
{
	char text[RDL_ID_TEXT];

	assert_string_equal(id_of(line, 0, text), want);
}

static void
refused(const char *line, const char *why)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id;

	assert_int_equal(rdl_rec_parse(&rec, line, strlen(line), &err), 0);
	assert_int_equal(rdl_id_of(&rec, &id, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	assert_non_null(strstr(err.msg, why));
	rdl_rec_release(&rec);
}

static void
test_parse_and_format(void **state)
{
	static const char text[] = "task:" HEX;
	static const char longest[] = "a123456789-123456789-12:" HEX;
	char out[RDL_ID_TEXT];
	struct rdl_id id;

	(void)state;
	assert_int_equal(rdl_id_parse(text, strlen(text), &id), 1);
	assert_string_equal(id.kind, "task");
	assert_int_equal(id.hash.b[0], 0x30);
	assert_int_equal(id.hash.b[15], 0x28);
	rdl_id_format(&id, out);
	assert_string_equal(out, text);
	assert_int_equal(strlen(longest), RDL_ID_TEXT - 1);
	assert_int_equal(rdl_id_parse(longest, strlen(longest), &id), 1);
	rdl_id_format(&id, out);
	assert_string_equal(out, longest);
}

static void
test_other_makes(void **state)
{
	static const char *const other[] = { "", "x", ":" HEX, HEX, "Task:" HEX,
		"1task:" HEX, "-a:" HEX, "task:" HEX "0", "task;" HEX,
		"task:309DA0FB39341BFCEC2128FAB95B3728", "a b:" HEX,
		"a123456789-123456789-123:" HEX,
		"task:309da0fb39341bfcec2128fab95b372g" };
	struct rdl_hash want;
	char out[RDL_ID_TEXT];
	struct rdl_id id;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(other); i++) {
		assert_int_equal(rdl_id_parse(other[i], strlen(other[i]),
		    &id), 0);
		want = rdl_hash_of(other[i], strlen(other[i]));
		assert_string_equal(id.kind, "");
		assert_memory_equal(id.hash.b, want.b, RDL_HASH_LEN);
	}
	(void)rdl_id_parse("COCO_000123", 11, &id);
	rdl_id_format(&id, out);
	assert_string_equal(out, ":3df1d5cabf8838f18558fb69e3c4ac2e");
	/* The whole text counts, also behind a NUL. */
	(void)rdl_id_parse("a\0b", 3, &id);
	want = rdl_hash_of("a\0c", 3);
	assert_memory_not_equal(id.hash.b, want.b, RDL_HASH_LEN);
}

static void
test_task_by_its_folded_path(void **state)
{
	(void)state;
	assert_non_null(rdl_embed_find("schemas/task.json"));
	named("{\"kind\":\"task\",\"path\":[\"ocr\",\"strasse und schild\"]}",
	    "task:" HEX);
	named("{\"level\":2,\"path\":[\" OCR \","
	    "\"Stra\\u00dfe  und\\tSchild\"],"
	    "\"kind\":\"task\",\"score\":0.5}", "task:" HEX);
}

static void
test_row_by_all_members(void **state)
{
	(void)state;
	named("{\"b\":[true,null],\"a\":1.0}",
	    "row:1cc69c7fa23616ca2ec3ee70d24390a6");
	named("{\"kind\":\"row\",\"a\":1,\"from\":[\"x\"],\"b\":[true,null]}",
	    "row:1cc69c7fa23616ca2ec3ee70d24390a6");
	named("{\"kind\":\"no-such-kind\",\"a\":1,\"b\":[true,null]}",
	    "no-such-kind:1cc69c7fa23616ca2ec3ee70d24390a6");
	named("{}", "row:44136fa355b3678a1146ad16f7e8649e");
}

static void
test_id_carried(void **state)
{
	char text[RDL_ID_TEXT];

	(void)state;
	assert_string_equal(id_of("{\"id\":\"qa:" HEX "\"}", 1, text),
	    "qa:" HEX);
	assert_string_equal(id_of("{\"id\":\"COCO_000123\",\"kind\":7}", 1,
	    text), ":3df1d5cabf8838f18558fb69e3c4ac2e");
}

static void
test_refused(void **state)
{
	char line[RDL_ID_MAX + 16];

	(void)state;
	refused("{\"id\":\"\"}", "empty");
	refused("{\"id\":7}", "not a string");
	refused("{\"id\":null}", "not a string");
	refused("{\"kind\":7}", "name of a kind");
	refused("{\"kind\":\"Task\"}", "name of a kind");
	refused("{\"kind\":\"\"}", "name of a kind");
	refused("{\"kind\":\"../../etc/x\"}", "name of a kind");
	refused("{\"kind\":\"task\\u0000\"}", "name of a kind");
	refused("{\"kind\":\"abcdefghijklmnopqrstuvwx\"}", "name of a kind");
	refused("{\"kind\":\"task\"}", "\"path\"");
	refused("{\"o\":{\"a\":1,\"a\":2}}", "twice");
	memset(line, 'x', sizeof(line));
	memcpy(line, "{\"id\":\"", 7);
	memcpy(line + 7 + RDL_ID_MAX, "\"}", 3);
	refused(line, "longer than 511");
}

/* rdl_id_text() of root by identity: the text, free() it, or NULL. */
static char *
text_by(const char *root, const char *identity, struct rdl_err *err)
{
	yyjson_doc *r = yyjson_read(root, strlen(root), 0);
	yyjson_doc *i = yyjson_read(identity, strlen(identity), 0);
	struct rdl_buf out = RDL_BUF_INIT(4096);
	char *text = NULL;

	assert_non_null(r);
	assert_non_null(i);
	if (rdl_id_text(yyjson_doc_get_root(r), yyjson_doc_get_root(i), &out,
	    err) == 0)
		text = rdl_buf_detach(&out, NULL);
	rdl_buf_release(&out);
	yyjson_doc_free(r);
	yyjson_doc_free(i);
	return text;
}

static void
test_paths_and_stars(void **state)
{
	static const char root[] =
	    "{\"image\":{\"id\":\"I\",\"w\":9},\"tasks\":["
	    "{\"id\":\"T1\",\"t\":[{\"x\":1}]},"
	    "{\"id\":\"T2\",\"t\":[{\"x\":2},{\"x\":3}]}],\"none\":[]}";
	struct rdl_err err = RDL_ERR_INIT;
	char *text;

	(void)state;
	text = text_by(root, "[\"tasks/*/id\",{\"field\":\"image/id\","
	    "\"fold\":true},\"tasks/*/t/*/x\",\"none/*/a\",\"none/*\"]", &err);
	assert_non_null(text);
	assert_string_equal(text, "{\"image/id\":\"i\",\"none/*\":[],"
	    "\"none/*/a\":[],\"tasks/*/id\":[\"T1\",\"T2\"],"
	    "\"tasks/*/t/*/x\":[[1],[2,3]]}");
	free(text);
	assert_null(text_by(root, "[\"image/sha\"]", &err));
	assert_non_null(strstr(err.msg, "image/sha"));
	assert_null(text_by(root, "[\"image/*\"]", &err));
	assert_null(text_by(root, "[\"tasks/*/id/more\"]", &err));
	assert_null(text_by(root, "[\"tasks/*/w\"]", &err));
}

static void
identity_is(const char *root, const char *identity, const char *want)
{
	struct rdl_err err = RDL_ERR_INIT;
	char *text = text_by(root, identity, &err);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void
test_first_of_paths(void **state)
{
	static const char either[] = "[\"p\",{\"field\":[\"c/i/id\","
	    "\"c/t\",\"c\"]}]";
	static const char maybe[] = "[\"p\",{\"field\":[\"l/*/id\",\"l\"],"
	    "\"optional\":true}]";
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	identity_is("{\"p\":1,\"c\":{\"t\":\"T\",\"i\":{\"id\":\"I\"}}}",
	    either, "{\"c/i/id\":\"I\",\"p\":1}");
	identity_is("{\"p\":1,\"c\":{\"t\":\"T\",\"i\":{}}}", either,
	    "{\"c/t\":\"T\",\"p\":1}");
	identity_is("{\"p\":1,\"c\":7}", either, "{\"c\":7,\"p\":1}");
	assert_null(text_by("{\"p\":1}", either, &err));
	assert_non_null(strstr(err.msg, "c/i/id"));
	identity_is("{\"p\":1,\"l\":[{\"id\":1},{\"id\":2}]}", maybe,
	    "{\"l/*/id\":[1,2],\"p\":1}");
	identity_is("{\"p\":1,\"l\":[{\"id\":1},{}]}", maybe,
	    "{\"l\":[{\"id\":1},{}],\"p\":1}");
	identity_is("{\"p\":1}", maybe, "{\"p\":1}");
	assert_null(text_by("{\"l\":1}", maybe, &err));
}

static void
test_bad_identity(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_null(text_by("{}", "[]", &err));
	assert_int_equal(err.cls, RDL_E_USAGE);
	assert_null(text_by("{}", "7", &err));
	assert_null(text_by("{\"a\":1}", "[7]", &err));
	assert_null(text_by("{\"a\":1}", "[{\"fold\":true}]", &err));
	assert_int_equal(err.cls, RDL_E_USAGE);
}

/* Kinds without schema come from the input: any number of them. */
static void
test_many_kinds(void **state)
{
	char line[64], want[RDL_ID_TEXT];
	int i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		(void)snprintf(line, sizeof(line), "{\"kind\":\"k%d\"}", i);
		(void)snprintf(want, sizeof(want),
		    "k%d:44136fa355b3678a1146ad16f7e8649e", i);
		named(line, want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_format),
		cmocka_unit_test(test_other_makes),
		cmocka_unit_test(test_task_by_its_folded_path),
		cmocka_unit_test(test_row_by_all_members),
		cmocka_unit_test(test_id_carried),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_paths_and_stars),
		cmocka_unit_test(test_first_of_paths),
		cmocka_unit_test(test_bad_identity),
		cmocka_unit_test(test_many_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
