/*
 * Ranks, splits and caps: what must hold for any records in any order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/rng.h"
#include "domain/sampling.h"

#define N 5000

static void
test_rank(void **state)
{
	uint64_t a = rdl_sampling_rank(1, "sample", "x", 1);
	size_t i, low = 0;
	char key[16];

	(void)state;
	assert_true(a == rdl_sampling_rank(1, "sample", "x", 1));
	assert_true(a != rdl_sampling_rank(2, "sample", "x", 1));
	assert_true(a != rdl_sampling_rank(1, "split", "x", 1));
	assert_true(a != rdl_sampling_rank(1, "sample", "y", 1));
	for (i = 0; i < N; i++) {
		int n = snprintf(key, sizeof(key), "%zu", i);

		low += rdl_sampling_within(rdl_sampling_rank(0, "s", key,
		    (size_t)n), 0.25);
	}
	/* Five standard deviations around a quarter. */
	assert_in_range(low, N / 4 - 153, N / 4 + 153);
	assert_true(rdl_sampling_within(0, 0.0001));
	assert_false(rdl_sampling_within(UINT64_MAX, 0.9999));
	assert_true(rdl_sampling_within(UINT64_MAX, 1));
	assert_false(rdl_sampling_within(0, 0));
}

static void
test_splits(void **state)
{
	static const char *const bad[] = { "", "train", "train=", "=1",
		"train=0.5,test=0.4", "train=0.5,train=0.5", "Train=1",
		"train=1,test=0", "train=1.5,test=-0.5", "a=0.5,,b=0.5",
		"train=nan", "a/b=1" };
	struct rdl_sampling_splits s;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		if (rdl_sampling_splits(&s, bad[i], &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.cls, RDL_E_USAGE);
	}
	assert_int_equal(rdl_sampling_splits(&s, "train=0.7,val=0.2,test=0.1",
	    &err), 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.names[1], "val");
	assert_int_equal(rdl_sampling_split(&s, 0), 0);
	assert_int_equal(rdl_sampling_split(&s, UINT64_MAX), 2);
	assert_int_equal(rdl_sampling_split(&s, (uint64_t)(0.8 *
	    18446744073709551615.0)), 1);
}

static void
shuffle(struct rdl_sampling_item *v, size_t n, struct rdl_rng *rng)
{
	size_t i, j;

	for (i = n; i > 1; i--) {
		struct rdl_sampling_item t;

		j = (size_t)rdl_rng_below(rng, i);
		t = v[i - 1];
		v[i - 1] = v[j];
		v[j] = t;
	}
}

/* Which numbers are kept, as a set. */
static size_t
kept(const struct rdl_sampling_item *v, unsigned char set[N])
{
	size_t i, n = 0;

	memset(set, 0, N);
	for (i = 0; i < N; i++)
		if (v[i].lost == 0) {
			set[v[i].number] = 1;
			n++;
		}
	return n;
}

static void
test_choose(void **state)
{
	static struct rdl_sampling_item v[N];
	static unsigned char one[N], two[N];
	const uint32_t caps[] = { 7, 100 };
	uint32_t used[2][200] = { { 0 } };
	struct rdl_rng rng = { 3 };
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		v[i] = (struct rdl_sampling_item){
			.rank = rdl_rng_next(&rng) % 1000,
			.number = (uint32_t)i,
			.keys = { (uint32_t)(i % 200), (uint32_t)(i % 3) } };
	rdl_sampling_choose(v, N, -1, caps, 2);
	assert_int_equal(kept(v, one), 300);
	shuffle(v, N, &rng);
	rdl_sampling_choose(v, N, -1, caps, 2);
	(void)kept(v, two);
	assert_memory_equal(one, two, N);
	for (i = 0; i < N; i++)
		if (v[i].lost == 0) {
			assert_true(++used[0][v[i].keys[0]] <= caps[0]);
			assert_true(++used[1][v[i].keys[1]] <= caps[1]);
		}
	rdl_sampling_choose(v, N, 40, caps, 2);
	assert_int_equal(kept(v, two), 40);
	for (i = 0; i < N; i++)
		assert_true(!two[i] || one[i]);
	rdl_sampling_choose(v, N, 0, NULL, 0);
	assert_int_equal(kept(v, two), 0);
	rdl_sampling_choose(NULL, 0, 5, NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rank),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_choose)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
