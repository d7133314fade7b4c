/*
 * Files joined by id: any order, ids that are not everywhere, or twice.
 * And the spool that keeps what is not asked for yet.
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

#include "core/buf.h"
#include "record/join.h"

#define FILES 2

static char paths[FILES][64];
static const char *const path_list[FILES] = { paths[0], paths[1] };

static int
setup(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < FILES; i++) {
		(void)snprintf(paths[i], sizeof(paths[i]),
		    "/tmp/riddle-join.XXXXXX");
		if (close(mkstemp(paths[i])) < 0)
			return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < FILES; i++)
		(void)unlink(paths[i]);
	return 0;
}

/* Lines of records with these ids, one letter each. */
static void
write_file(size_t i, const char *ids)
{
	FILE *f = fopen(paths[i], "w");

	assert_non_null(f);
	for (; *ids != '\0'; ids++)
		(void)fprintf(f, "{\"file\":%zu,\"id\":\"%c\"}\n", i, *ids);
	assert_int_equal(fclose(f), 0);
}

/* " X01" for id X found in both files, " X-1" in the second only. */
static void
show(const struct rdl_join *j, char id, struct rdl_buf *out)
{
	const struct rdl_join_file *f;

	rdl_buf_addf(out, " %c", id);
	for (f = j->files; f < j->files + j->n; f++)
		if (f->found) {
			size_t len;

			assert_int_equal(*rdl_rec_str(&f->rec, "id", &len),
			    id);
			rdl_buf_addu(out, yyjson_get_uint(rdl_rec_get(&f->rec,
			    "file")));
		} else
			rdl_buf_addc(out, '-');
}

/* Join the files to a stream of ids; what is found, then what is left. */
static int
join(const char *stream, struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_join j = RDL_JOIN_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_id id;
	char line[32];
	int n, rc;

	rdl_buf_reset(out);
	rc = rdl_join_open(&j, path_list, FILES, err);
	for (; rc >= 0 && *stream != '\0'; stream++) {
		n = snprintf(line, sizeof(line), "{\"id\":\"%c\"}", *stream);
		assert_int_equal(rdl_rec_parse(&rec, line, (size_t)n, err), 0);
		assert_int_equal(rdl_id_of(&rec, &id, err), 1);
		rc = rdl_join_find(&j, &rec, &id, err);
		if (rc == 0)
			rdl_buf_addf(out, " %c twice", *stream);
		if (rc > 0)
			show(&j, *stream, out);
	}
	if (rc >= 0)
		rdl_buf_adds(out, " |");
	while (rc >= 0 && (rc = rdl_join_left(&j, &id, err)) > 0) {
		const struct rdl_join_file *f = &j.files[j.files[0].found ? 0 :
		    1];
		size_t len;

		show(&j, *rdl_rec_str(&f->rec, "id", &len), out);
		rdl_buf_addf(out, ":%u", (unsigned)f->lineno);
	}
	rdl_rec_release(&rec);
	rdl_join_close(&j);
	return rc;
}

static void
test_orders_and_gaps(void **state)
{
	static const struct {
		const char *stream, *files[FILES], *want;
	} cases[] = {
		{ "abc", { "abc", "abc" }, " a01 b01 c01 |" },
		{ "abc", { "cba", "bca" }, " a01 b01 c01 |" },
		{ "abc", { "ac", "bc" }, " a0- b-1 c01 |" },
		{ "ac", { "abc", "abd" }, " a01 c0- | b01:2 d-1:3" },
		{ "", { "ab", "bc" }, " | a0-:1 b01:2 c-1:2" },
		{ "abc", { "", "" }, " a-- b-- c-- |" },
		{ "ab", { "dcba", "" }, " a0- b0- | d0-:1 c0-:2" },
		{ "aba", { "ab", "ab" }, " a01 b01 a twice |" },
	};
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (k = 0; k < FILES; k++)
			write_file(k, cases[i].files[k]);
		assert_int_equal(join(cases[i].stream, &out, &err), 0);
		assert_string_equal(out.p, cases[i].want);
	}
	rdl_buf_release(&out);
}

static void
test_an_id_twice_in_a_file(void **state)
{
	static const char *const twice[] = { "aa", "abca", "abb", "xbcax" };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	write_file(0, "abc");
	for (i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		write_file(1, twice[i]);
		assert_int_equal(join("abc", &out, &err), -1);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_non_null(strstr(err.msg, "an earlier line has the same "
		    "id"));
		assert_non_null(strstr(err.msg, paths[1]));
	}
	rdl_buf_release(&out);
}

static void
test_files_that_are_no_records(void **state)
{
	static const char *const texts[] = { "{\"id\":7}\n", "{\"id\":\"\"}\n",
		"[1]\n", "{\"id\":\"a\"", "\xff\n" };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;
	FILE *f;

	(void)state;
	write_file(0, "a");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		f = fopen(paths[1], "w");
		assert_non_null(f);
		(void)fputs(texts[i], f);
		assert_int_equal(fclose(f), 0);
		assert_int_equal(join("a", &out, &err), -1);
		assert_non_null(strstr(err.msg, ":1: "));
	}
	(void)unlink(paths[1]);
	assert_int_equal(join("a", &out, &err), -1);
	assert_int_equal(err.cls, RDL_E_IO);
	write_file(1, "a");
	rdl_buf_release(&out);
}

/* Pieces of all sizes, read back in another order, also while adding. */
static void
test_spool(void **state)
{
	enum { N = 400 };
	static uint64_t at[N];
	static char piece[2 * RDL_SPOOL_WAIT], got[2 * RDL_SPOOL_WAIT];
	struct rdl_spool s = RDL_SPOOL_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, k, len;

	(void)state;
	for (i = 0; i < N; i++) {
		len = i == N / 2 ? sizeof(piece) : i * 37 % 5000;
		memset(piece, (int)(i % 251), len);
		at[i] = s.len;
		assert_int_equal(rdl_spool_add(&s, piece, len, &err), 0);
		k = i * 7919 % (i + 1);
		len = k == N / 2 ? sizeof(piece) : k * 37 % 5000;
		memset(piece, (int)(k % 251), len);
		assert_int_equal(rdl_spool_get(&s, at[k], got, len, &err), 0);
		assert_memory_equal(got, piece, len);
	}
	assert_true(s.len > RDL_SPOOL_WAIT);
	/* Across the border of file and memory. */
	assert_int_equal(rdl_spool_get(&s, s.len - RDL_SPOOL_WAIT - 100, got,
	    RDL_SPOOL_WAIT + 100, &err), 0);
	rdl_spool_release(&s);
	assert_int_equal(setenv("TMPDIR", "/no/such/folder", 1), 0);
	assert_int_equal(rdl_spool_add(&s, "x", 1, &err), -1);
	assert_int_equal(err.cls, RDL_E_IO);
	assert_int_equal(unsetenv("TMPDIR"), 0);
	rdl_spool_release(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_and_gaps),
		cmocka_unit_test(test_an_id_twice_in_a_file),
		cmocka_unit_test(test_files_that_are_no_records),
		cmocka_unit_test(test_spool),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
