/*
 * The store: files by their content, written once and whole, inside DIR.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/hash.h"
#include "vision/store.h"

/* SHA-256 of "abc" (FIPS 180-4). */
#define ABC_TAIL "7816bf8f01cfea414140de5dae2223" \
	"b00361a396177a9cb410ff61f20015ad"
#define ABC "ba" ABC_TAIL
#define ABC_PATH "ba/" ABC_TAIL

static int
put(const char *dir, const char *sha, const char *ext, const char *text,
    struct rdl_buf *path)
{
	struct rdl_err err = RDL_ERR_INIT;

	rdl_buf_reset(path);
	return rdl_store_put(dir, sha, ext, text, strlen(text), path, &err);
}

static void
test_a_file_goes_by_its_content(void **state)
{
	struct rdl_buf path = RDL_BUF_INIT(4096), text = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(put("store", ABC, "png", "abc", &path), 0);
	assert_string_equal(path.p, "store/" ABC_PATH ".png");
	assert_int_equal(rdl_file_read(path.p, &text, &err), 0);
	assert_string_equal(text.p, "abc");
	assert_int_equal(put("store///", ABC, "jpg", "abc", &path), 0);
	assert_string_equal(path.p, "store/" ABC_PATH ".jpg");
	rdl_buf_release(&path);
	rdl_buf_release(&text);
}

static void
test_what_is_there_is_not_written_again(void **state)
{
	struct rdl_buf path = RDL_BUF_INIT(4096);
	struct stat before, after;

	(void)state;
	assert_int_equal(put("once", ABC, "png", "abc", &path), 0);
	assert_int_equal(stat(path.p, &before), 0);
	assert_int_equal(put("once", ABC, "png", "abc", &path), 0);
	assert_int_equal(stat(path.p, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	rdl_buf_release(&path);
}

/* A file of another length is not the one: a copy by other means was cut. */
static void
test_half_a_file_is_replaced(void **state)
{
	struct rdl_buf path = RDL_BUF_INIT(4096), text = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(put("half", ABC, "png", "abc", &path), 0);
	assert_int_equal(truncate(path.p, 1), 0);
	assert_int_equal(put("half", ABC, "png", "abc", &path), 0);
	assert_int_equal(rdl_file_read(path.p, &text, &err), 0);
	assert_string_equal(text.p, "abc");
	rdl_buf_release(&path);
	rdl_buf_release(&text);
}

static void
test_no_name_leads_out(void **state)
{
	static const char *const shas[] = { "", "../../etc/passwd", "ba",
		ABC "0", "../" ABC,
		"BA" ABC_TAIL, "..", ABC_TAIL, "/." ABC_TAIL };
	static const char *const exts[] = { "", ".", "/", "../x", "p/ng",
		"PNG", "longer-than-any" };
	struct rdl_buf path = RDL_BUF_INIT(4096);
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(shas); i++) {
		assert_int_equal(put("out", shas[i], "png", "abc", &path), -1);
		assert_int_equal(path.len, 0);
	}
	for (i = 0; i < RDL_NELEM(exts); i++)
		assert_int_equal(put("out", ABC, exts[i], "abc", &path), -1);
	assert_int_equal(put("", ABC, "png", "abc", &path), -1);
	assert_int_equal(access("out", F_OK), -1);
	rdl_buf_release(&path);
}

static void
test_a_store_that_cannot_be_is_an_error(void **state)
{
	struct rdl_buf path = RDL_BUF_INIT(4096), tiny = RDL_BUF_INIT(10);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(rdl_file_write("file", "", 0, &err), 0);
	assert_int_equal(put("file", ABC, "png", "abc", &path), -1);
	assert_int_equal(put("no/such/parent", ABC, "png", "abc", &path), -1);
	assert_int_equal(put("store", ABC, "png", "abc", &tiny), -1);
	assert_int_equal(put("/dev/full", ABC, "png", "abc", &path), -1);
	rdl_buf_release(&path);
	rdl_buf_release(&tiny);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_goes_by_its_content),
		cmocka_unit_test(test_what_is_there_is_not_written_again),
		cmocka_unit_test(test_half_a_file_is_replaced),
		cmocka_unit_test(test_no_name_leads_out),
		cmocka_unit_test(test_a_store_that_cannot_be_is_an_error),
	};
	char folder[] = "/tmp/riddle-store.XXXXXX";
	int rc;

	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	if (rc == 0 && chdir("/") == 0)
		(void)execlp("rm", "rm", "-rf", folder, (char *)NULL);
	return rc;
}
