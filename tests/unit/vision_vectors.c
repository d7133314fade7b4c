/*
 * The embedding file: what was added is found again, by any process, after any
 * crash; a file that is not ours is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "vision/vectors.h"

#define DIM 5
#define HEAD 64

static const struct rdl_hash model = { "model-key-16-byt" };
static char folder[] = "/tmp/riddle-vectors.XXXXXX";
static char path[64];

static struct rdl_hash
content(unsigned i)
{
	return rdl_hash_of(&i, sizeof(i));
}

static void
fill(unsigned i, float vec[DIM])
{
	int d;

	for (d = 0; d < DIM; d++)
		vec[d] = (float)i + (float)d / 8;
}

static struct rdl_vectors *
open_rw(void)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_vectors *v = rdl_vectors_open(path, &model, DIM, false,
	    &err);

	if (v == NULL)
		fail_msg("%s", err.msg);
	return v;
}

static void
add(struct rdl_vectors *v, unsigned from, unsigned to)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_hash key;
	float vec[DIM];

	for (; from < to; from++) {
		key = content(from);
		fill(from, vec);
		assert_int_equal(rdl_vectors_add(v, &key, vec, &err), 0);
	}
}

static bool
has(struct rdl_vectors *v, unsigned i)
{
	struct rdl_hash key = content(i);
	const float *got = rdl_vectors_find(v, &key);
	float want[DIM];

	if (got == NULL)
		return false;
	fill(i, want);
	assert_memory_equal(got, want, sizeof(want));
	return true;
}

static void
sync_it(struct rdl_vectors *v)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_vectors_sync(v, &err), 0);
}

static void
close_it(struct rdl_vectors *v)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_vectors_close(v, &err), 0);
}

static void
refused(const char *what, size_t dim, const struct rdl_hash *key)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_null(rdl_vectors_open(path, key, dim, false, &err));
	if (strstr(err.msg, what) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, what);
}

/* The file as it is now. */
static struct rdl_buf
slurp(void)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_file_read(path, &b, &err), 0);
	return b;
}

static void
spill(const char *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
test_in_memory(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_vectors *v = rdl_vectors_open(NULL, &model, DIM, false,
	    &err);
	unsigned i;

	(void)state;
	assert_non_null(v);
	assert_false(has(v, 0));
	add(v, 0, 20000);
	add(v, 100, 200);
	assert_int_equal(rdl_vectors_count(v), 20000);
	for (i = 0; i < 20000; i++)
		assert_true(has(v, i));
	assert_false(has(v, 20000));
	close_it(v);
}

static void
test_found_again(void **state)
{
	struct rdl_vectors *v = open_rw();
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf before, after;
	unsigned i;

	(void)state;
	add(v, 0, 10000);
	for (i = 0; i < 10000; i++)
		assert_true(has(v, i));
	close_it(v);
	before = slurp();
	v = open_rw();
	assert_int_equal(rdl_vectors_count(v), 10000);
	for (i = 0; i < 10000; i++)
		assert_true(has(v, i));
	add(v, 0, 10000);
	close_it(v);
	after = slurp();
	assert_int_equal(after.len, before.len);
	v = rdl_vectors_open(path, &model, DIM, true, &err);
	assert_non_null(v);
	assert_true(has(v, 9999));
	assert_int_equal(rdl_vectors_add(v, &model, (float[DIM]){ 0 }, &err),
	    -1);
	close_it(v);
	rdl_buf_release(&before);
	rdl_buf_release(&after);
}

static void
test_not_ours(void **state)
{
	struct rdl_hash other = { "another model..." };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf b;

	(void)state;
	close_it(open_rw());
	refused("another model", DIM, &other);
	refused("another model", DIM + 1, &model);
	b = slurp();
	b.p[20] = (char)(b.p[20] ^ 1);
	spill(b.p, b.len);
	refused("damaged", DIM, &model);
	spill("somebody's text, which must stay as it is\n", 42);
	refused("not an embedding file", DIM, &model);
	rdl_buf_release(&b);
	b = slurp();
	assert_int_equal(b.len, 42);
	rdl_buf_release(&b);
	assert_int_equal(unlink(path), 0);
	assert_null(rdl_vectors_open(path, &model, DIM, true, &err));
	assert_int_equal(mkfifo(path, 0600), 0);
	refused("not a regular file", DIM, &model);
	assert_int_equal(unlink(path), 0);
	assert_null(rdl_vectors_open(folder, &model, DIM, false, &err));
	assert_null(rdl_vectors_open(path, &model, 0, false, &err));
	assert_null(rdl_vectors_open(path, &model, SIZE_MAX, false, &err));
}

/* A crash at any byte of the last block loses that block and nothing else. */
static void
test_torn_tail(void **state)
{
	struct rdl_vectors *v = open_rw();
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf b, whole;
	size_t len, first;

	(void)state;
	add(v, 0, 7);
	sync_it(v);
	b = slurp();
	first = b.len;
	rdl_buf_release(&b);
	add(v, 7, 12);
	close_it(v);
	whole = slurp();
	for (len = first; len < whole.len; len++) {
		spill(whole.p, len);
		v = rdl_vectors_open(path, &model, DIM, true, &err);
		assert_non_null(v);
		assert_true(has(v, 6) && !has(v, 7));
		close_it(v);
		v = open_rw();
		assert_int_equal(rdl_vectors_count(v), 7);
		b = slurp();
		assert_int_equal(b.len, first);
		rdl_buf_release(&b);
		add(v, 7, 12);
		close_it(v);
		b = slurp();
		assert_int_equal(b.len, whole.len);
		assert_memory_equal(b.p, whole.p, whole.len);
		rdl_buf_release(&b);
	}
	for (len = 0; len < HEAD; len++) {
		spill(whole.p, len);
		v = open_rw();
		assert_int_equal(rdl_vectors_count(v), 0);
		add(v, 0, 1);
		close_it(v);
		v = open_rw();
		assert_true(has(v, 0));
		close_it(v);
	}
	rdl_buf_release(&whole);
}

/* The size may be on disk before the bytes are: a tail of zeros. */
static void
test_tail_of_zeros(void **state)
{
	struct rdl_vectors *v = open_rw();
	struct rdl_buf whole;
	size_t from;

	(void)state;
	add(v, 0, 3);
	sync_it(v);
	whole = slurp();
	from = whole.len;
	rdl_buf_release(&whole);
	add(v, 3, 9);
	close_it(v);
	whole = slurp();
	for (; from < whole.len; from += 16) {
		struct rdl_buf b = RDL_BUF_INIT(RDL_FILE_MAX);

		rdl_buf_add(&b, whole.p, whole.len);
		memset(b.p + from, 0, b.len - from);
		spill(b.p, b.len);
		rdl_buf_release(&b);
		v = open_rw();
		/* The padding at the end is zeros anyhow. */
		assert_true(rdl_vectors_count(v) == 3 ||
		    from > whole.len - 64);
		add(v, 3, 9);
		assert_true(has(v, 2) && has(v, 3) && has(v, 8));
		close_it(v);
	}
	rdl_buf_release(&whole);
}

/* A flipped bit costs the block it is in, and what is lost can be added. */
static void
test_damage(void **state)
{
	struct rdl_vectors *v = open_rw();
	struct rdl_buf whole;
	size_t ends[3], at;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		add(v, 4 * i, 4 * i + 4);
		sync_it(v);
		whole = slurp();
		ends[i] = whole.len;
		rdl_buf_release(&whole);
	}
	close_it(v);
	whole = slurp();
	for (at = ends[0]; at < ends[1]; at++) {
		whole.p[at] = (char)(whole.p[at] ^ 4);
		spill(whole.p, whole.len);
		whole.p[at] = (char)(whole.p[at] ^ 4);
		v = open_rw();
		for (i = 0; i < 4; i++)
			assert_true(has(v, i) && has(v, i + 8));
		if (!has(v, 4)) {
			assert_true(rdl_vectors_damaged(v) > 0);
			for (i = 4; i < 8; i++)
				assert_false(has(v, i));
			add(v, 4, 8);
		}
		close_it(v);
		v = open_rw();
		for (i = 0; i < 12; i++)
			assert_true(has(v, i));
		close_it(v);
	}
	rdl_buf_release(&whole);
}

static void
writer(unsigned from, unsigned to, unsigned step)
{
	struct rdl_vectors *v = open_rw();

	for (; from < to; from += step) {
		add(v, from, from + step);
		sync_it(v);
	}
	close_it(v);
	_exit(0);
}

static void
test_several_writers(void **state)
{
	struct rdl_vectors *v;
	pid_t pids[4];
	int i, status;

	(void)state;
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		/* Ranges overlap by half. */
		if (pids[i] == 0)
			writer((unsigned)i * 100, (unsigned)i * 100 + 200,
			    (unsigned)i + 1);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	v = open_rw();
	for (i = 0; i < 500; i++)
		assert_true(has(v, (unsigned)i));
	assert_int_equal(rdl_vectors_damaged(v), 0);
	close_it(v);
}

/* What another writer appended is seen at the next sync. */
static void
test_two_open(void **state)
{
	struct rdl_vectors *a = open_rw(), *b = open_rw();

	(void)state;
	add(a, 0, 10);
	sync_it(a);
	assert_false(has(b, 5));
	add(b, 5, 15);
	sync_it(b);
	assert_true(has(b, 0) && has(b, 14));
	add(a, 20, 21);
	sync_it(a);
	assert_true(has(a, 14));
	close_it(a);
	close_it(b);
}

static int
remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_memory),
		cmocka_unit_test_teardown(test_found_again, remove_file),
		cmocka_unit_test_teardown(test_not_ours, remove_file),
		cmocka_unit_test_teardown(test_torn_tail, remove_file),
		cmocka_unit_test_teardown(test_tail_of_zeros, remove_file),
		cmocka_unit_test_teardown(test_damage, remove_file),
		cmocka_unit_test_teardown(test_several_writers, remove_file),
		cmocka_unit_test_teardown(test_two_open, remove_file),
	};
	int rc;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/v", folder);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(folder);
	return rc;
}
