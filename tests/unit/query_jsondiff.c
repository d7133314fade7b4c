/*
 * Where two JSON values differ: paths, order, sides that are missing, depth.
 * Reads and writes memory only.
 * The walk is iterated over hostile nesting as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/mem.h"
#include "query/jsondiff.h"

struct list {
	struct rdl_buf text;
	int stop_after;		/* 0: never */
};

/* Append "path left right;", a side that is missing as a hyphen. */
static int
take(const char *path, yyjson_val *left, yyjson_val *right, void *ctx,
    struct rdl_err *err)
{
	struct list *l = ctx;
	yyjson_val *v[2] = { left, right };
	char *json;
	size_t i;

	(void)err;
	rdl_buf_adds(&l->text, path);
	for (i = 0; i < 2; i++) {
		json = v[i] == NULL ? NULL : yyjson_val_write(v[i], 0, NULL);
		rdl_buf_addc(&l->text, ' ');
		rdl_buf_adds(&l->text, json == NULL ? "-" : json);
		free(json);
	}
	rdl_buf_addc(&l->text, ';');
	return l->stop_after > 0 && --l->stop_after == 0;
}

static int
compare(const char *left, const char *right, struct list *l)
{
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *a = yyjson_read(left, strlen(left), 0),
	    *b = yyjson_read(right, strlen(right), 0);
	int rc;

	assert_non_null(a);
	assert_non_null(b);
	rc = rdl_jsondiff("", yyjson_doc_get_root(a), yyjson_doc_get_root(b),
	    take, l, &err);
	yyjson_doc_free(a);
	yyjson_doc_free(b);
	return rc;
}

static void
test_differences(void **state)
{
	static const char *const cases[][3] = {
		{ "{}", "{}", "" },
		{ "{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", "" },
		{ "1", "2", " 1 2;" },
		{ "{\"a\":1}", "{\"a\":\"1\"}", "a 1 \"1\";" },
		{ "{\"a\":{\"b\":[1,2,3]}}", "{\"a\":{\"b\":[1,5]}}",
		    "a/b/1 2 5;a/b/2 3 -;" },
		{ "{\"x\":1,\"y\":2}", "{\"y\":3,\"z\":4}",
		    "x 1 -;y 2 3;z - 4;" },
		{ "{\"a\":[]}", "{\"a\":{}}", "a [] {};" },
		{ "{\"a\":null}", "{}", "a null -;" },
		{ "{\"a\":[{\"b\":\"x\"}]}", "{\"a\":[{\"b\":\"y\"}]}",
		    "a/0/b \"x\" \"y\";" }
	};
	struct list l = { RDL_BUF_INIT(RDL_MIB), 0 };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		rdl_buf_reset(&l.text);
		rdl_buf_adds(&l.text, "");
		assert_int_equal(compare(cases[i][0], cases[i][1], &l), 0);
		assert_string_equal(l.text.len > 0 ? l.text.p : "",
		    cases[i][2]);
	}
	rdl_buf_release(&l.text);
}

static void
test_stops_when_told(void **state)
{
	struct list l = { RDL_BUF_INIT(RDL_MIB), 2 };

	(void)state;
	assert_int_equal(compare("[1,2,3,4]", "[5,6,7,8]", &l), 1);
	assert_string_equal(l.text.p, "0 1 5;1 2 6;");
	rdl_buf_release(&l.text);
}

/* A value nested so deep that recursion into it would end the process. */
static char *
nested(size_t depth)
{
	char *s = rdl_mem_calloc(2 * depth + 1, 1);

	memset(s, '[', depth);
	memset(s + depth, ']', depth);
	return s;
}

static int
count(const char *path, yyjson_val *left, yyjson_val *right, void *ctx,
    struct rdl_err *err)
{
	(void)path;
	(void)left;
	(void)right;
	(void)err;
	++*(int *)ctx;
	return 0;
}

static void
test_depth_is_bounded(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	char *text = nested(2000000);
	yyjson_doc *a = yyjson_read(text, strlen(text), 0),
	    *b = yyjson_read(text, strlen(text), 0);
	int n = 0;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(rdl_jsondiff("", yyjson_doc_get_root(a),
	    yyjson_doc_get_root(b), count, &n, &err), 0);
	assert_int_equal(n, 1);
	yyjson_doc_free(a);
	yyjson_doc_free(b);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_stops_when_told),
		cmocka_unit_test(test_depth_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
