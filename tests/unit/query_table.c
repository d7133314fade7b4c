/*
 * Tables and the text in them: alignment, escapes, width, JSON of bytes that
 * are none.
 * Writes to a temporary file and reads it back.
 * What verbs print is tested in tests/tool/ledger.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "query/table.h"
#include "query/text.h"

static void
check_safe(const char *in, size_t len, bool lines, const char *want)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);

	rdl_text_safe(&b, in, len, lines);
	assert_string_equal(b.len > 0 ? b.p : "", want);
	rdl_buf_release(&b);
}

static void
test_safe(void **state)
{
	(void)state;
	check_safe("", 0, false, "");
	check_safe("plain", 5, false, "plain");
	check_safe("\x1b[2J", 4, false, "\\x1b[2J");
	check_safe("a\0b", 3, false, "a\\x00b");
	check_safe("a\nb\tc\r", 6, true, "a\nb\\x09c\\x0d");
	check_safe("a\nb", 3, false, "a\\x0ab");
	check_safe("\x7f\xc2\x9b", 3, false, "\\x7f\\xc2\\x9b");
	check_safe("\xe2\x80\xae", 3, false, "\\xe2\\x80\\xae");
	check_safe("\xe2\x80\xa8", 3, false, "\\xe2\\x80\\xa8");
	check_safe("\xff\xc3", 2, false, "\\xff\\xc3");
	check_safe("\xed\xa0\x80", 3, false, "\\xed\\xa0\\x80");
	check_safe("\xc3\xbc\xe5\x9c\x96", 5, false, "\xc3\xbc\xe5\x9c\x96");
}

static void
test_width(void **state)
{
	(void)state;
	assert_int_equal(rdl_text_width("\xc3\xbcx", 3), 2);
	assert_int_equal(rdl_text_width("\xe5\x9c\x96x", 4), 3);
	assert_int_equal(rdl_text_cut("\xe5\x9c\x96x", 4, 1), 0);
	assert_int_equal(rdl_text_cut("\xe5\x9c\x96x", 4, 2), 3);
	assert_int_equal(rdl_text_cut("\xe5\x9c\x96x", 4, 9), 4);
	assert_int_equal(rdl_text_cut("", 0, 0), 0);
}

static void
check_value(const char *in, size_t len, const char *want)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);

	rdl_text_value(&b, in, len);
	assert_string_equal(b.p, want);
	rdl_buf_release(&b);
}

static void
test_value(void **state)
{
	(void)state;
	check_value("{ \"a\" : [ 1.50 , 12345678901234567890123 ] }", 44,
	    "{\"a\":[1.50,12345678901234567890123]}");
	check_value("a\nb", 3, "\"a\\nb\"");
	check_value("", 0, "\"\"");
	check_value("[1", 2, "\"[1\"");
	check_value("\xff{", 2, "\"\xef\xbf\xbd{\"");
	check_value("x\xc3", 2, "\"x\xef\xbf\xbd\"");
	check_value("\"\xed\xa0\x80\"", 5,
	    "\"\\\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
}

static void
test_usd(void **state)
{
	static const struct {
		double usd;
		const char *want;
	} cases[] = { { 0, "0" }, { 1, "1" }, { 10, "10" },
		{ 0.00015, "0.00015" }, { 1e-12, "0.000000000001" },
		{ 0.1 + 0.2, "0.3" }, { 1234.5, "1234.5" } };
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		rdl_buf_reset(&b);
		rdl_text_usd(&b, cases[i].usd);
		assert_string_equal(b.p, cases[i].want);
	}
	rdl_buf_release(&b);
}

/* A table of n rows to a file, and what stands there then; free() it. */
static char *
print(enum rdl_table_form form, size_t screen, int n)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_out out = RDL_OUT_INIT;
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_table t;
	char path[] = "/tmp/riddle-table.XXXXXX";
	int i, fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(rdl_out_open(&out, path, &err), 0);
	rdl_table_init(&t, &out, form, screen, "tool run json");
	rdl_table_columns(&t, "run tool json");
	for (i = 0; i < n; i++) {
		rdl_table_int(&t, 0, i % 2 == 0 ? 7 : -123);
		if (i % 3 != 2)
			rdl_table_str(&t, 1, i % 3 == 0 ? "\xc3\xbc" : "ask");
		rdl_table_str(&t, 2, "[ 1 ]");
		assert_int_equal(rdl_table_row(&t, &err), 0);
	}
	assert_int_equal(rdl_table_end(&t, &err), 0);
	rdl_table_release(&t);
	assert_int_equal(rdl_out_close(&out, &err), 0);
	assert_int_equal(rdl_file_read(path, &text, &err), 0);
	assert_int_equal(unlink(path), 0);
	return rdl_buf_detach(&text, NULL);
}

static void
check_print(enum rdl_table_form form, size_t screen, int n, const char *want)
{
	char *got = print(form, screen, n);

	assert_string_equal(got, want);
	free(got);
}

static void
test_forms(void **state)
{
	(void)state;
	check_print(RDL_TABLE_ROWS, 0, 0, "");
	check_print(RDL_TABLE_ROWS, 0, 3, "tool   run  json\n"
	    "\xc3\xbc        7  [ 1 ]\nask   -123  [ 1 ]\n"
	    "-        7  [ 1 ]\n");
	check_print(RDL_TABLE_ROWS, 8, 2, "tool   r\n\xc3\xbc\nask   -1\n");
	check_print(RDL_TABLE_SHEET, 0, 1,
	    "run   7\ntool  \xc3\xbc\njson  [ 1 ]\n");
	check_print(RDL_TABLE_JSON, 0, 3,
	    "{\"run\":7,\"tool\":\"\xc3\xbc\",\"json\":[1]}\n"
	    "{\"run\":-123,\"tool\":\"ask\",\"json\":[1]}\n"
	    "{\"run\":7,\"tool\":null,\"json\":[1]}\n");
}

/* Rows behind those that wait come out as well, and once. */
static void
test_many_rows(void **state)
{
	char *got = print(RDL_TABLE_ROWS, 0, 3 * RDL_TABLE_WAIT + 1), *p;
	int lines = 0;

	(void)state;
	for (p = got; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_int_equal(lines, 3 * RDL_TABLE_WAIT + 2);
	free(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_usd),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
