/*
 * JSON on memory that does not run out: the same texts as yyjson's own, and an
 * end of the process where that would say that the text is no JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/json.h"

static void
test_text_comes_back(void **state)
{
	static const char text[] = "{\"a\":[1,2.5,\"x\",null,true]}";
	yyjson_doc *doc = rdl_json_read(text, strlen(text), 0);
	yyjson_mut_doc *copy;
	size_t len;
	char *p;

	(void)state;
	assert_non_null(doc);
	p = rdl_json_write(doc, 0, &len);
	assert_int_equal(len, strlen(text));
	assert_string_equal(p, text);
	free(p);
	p = rdl_json_val_write(yyjson_obj_get(yyjson_doc_get_root(doc), "a"),
	    0, NULL);
	assert_string_equal(p, "[1,2.5,\"x\",null,true]");
	free(p);
	copy = yyjson_doc_mut_copy(doc, &rdl_json_alc);
	yyjson_doc_free(doc);
	p = rdl_json_mut_write(copy, 0, &len);
	assert_string_equal(p, text);
	free(p);
	p = rdl_json_mut_val_write(yyjson_mut_doc_get_root(copy), 0, &len);
	assert_string_equal(p, text);
	free(p);
	yyjson_mut_doc_free(copy);
}

static void
test_what_is_no_json_is_null(void **state)
{
	static const char *const bad[] = { "", " ", "{", "[1,]", "nul", "{}x",
		"\"\xff\"" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(rdl_json_read(bad[i], strlen(bad[i]), 0));
}

/* The text is not changed, whatever the flags say: it may be a literal. */
static void
test_text_stays_as_it_is(void **state)
{
	static const char text[] = "\"a\\n\"    ";
	yyjson_doc *doc = rdl_json_read(text, 5, YYJSON_READ_INSITU);

	(void)state;
	assert_non_null(doc);
	assert_string_equal(yyjson_get_str(yyjson_doc_get_root(doc)), "a\n");
	yyjson_doc_free(doc);
}

static void
test_want_of_memory_ends_the_process(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		(void)close(STDERR_FILENO);
		_exit(rdl_json_alc.malloc(NULL, SIZE_MAX / 2) == NULL ? 2 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_comes_back),
		cmocka_unit_test(test_what_is_no_json_is_null),
		cmocka_unit_test(test_text_stays_as_it_is),
		cmocka_unit_test(test_want_of_memory_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
