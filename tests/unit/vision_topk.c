/*
 * The k best: against a naive search in double precision, bit for bit; ties,
 * k as large as the base, and what no cosine can be had of.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "core/rng.h"
#include "vision/topk_impl.h"

static void
normalise(float *v, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)v[d] * (double)v[d];
	for (d = 0; d < dim; d++)
		v[d] = (float)((double)v[d] / sqrt(sum));
}

/* n unit vectors about a common one: the smaller spread, the nearer. */
static float *
vectors(size_t n, size_t dim, double spread, uint64_t seed)
{
	struct rdl_rng rng = { 7 }, own = { seed };
	float *centre = rdl_mem_calloc(dim, sizeof(*centre));
	float *v = rdl_mem_calloc(n * dim, sizeof(*v));
	size_t i, d;

	for (d = 0; d < dim; d++)
		centre[d] = (float)(rdl_rng_real(&rng) - 0.5);
	for (i = 0; i < n; i++) {
		for (d = 0; d < dim; d++)
			v[i * dim + d] = centre[d] * (float)(1 - spread) +
			    (float)(spread * (rdl_rng_real(&own) - 0.5));
		normalise(v + i * dim, dim);
	}
	free(centre);
	return v;
}

static int
compare(const void *a, const void *b)
{
	const struct rdl_topk_hit *x = a, *y = b;

	if (x->cos != y->cos)
		return x->cos > y->cos ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static struct rdl_topk_hit *
naive(const float *base, size_t m, size_t dim, const float *query)
{
	struct rdl_topk_hit *hits = rdl_mem_calloc(m, sizeof(*hits));
	double sum;
	size_t i, d;

	for (i = 0; i < m; i++) {
		for (sum = 0, d = 0; d < dim; d++)
			sum += (double)base[i * dim + d] * (double)query[d];
		hits[i].index = (uint32_t)i;
		hits[i].cos = (float)fmax(-1, fmin(1, sum));
	}
	qsort(hits, m, sizeof(*hits), compare);
	return hits;
}

/* What the search runs in; a CPU that lacks it makes it auto. */
static int pass = RDL_TOPK_AUTO;
static const struct rdl_kernel *kernel;

static struct rdl_topk *
make(const float *base, size_t m, size_t dim, unsigned threads)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_topk *t = rdl_topk_make(base, m, dim, threads, pass,
	    kernel != NULL ? kernel : rdl_kernel_best(), &err);

	if (t == NULL && pass != RDL_TOPK_AUTO && err.cls == RDL_E_IO)
		t = rdl_topk_new(base, m, dim, threads, &err);
	if (t == NULL)
		fail_msg("%s", err.msg);
	return t;
}

static struct rdl_topk_hit *
find(const float *base, size_t m, size_t dim, const float *queries, size_t n,
    size_t k, unsigned threads)
{
	struct rdl_topk_hit *hits = rdl_mem_calloc(n * k, sizeof(*hits));
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_topk *t = make(base, m, dim, threads);

	if (rdl_topk_find(t, queries, n, k, hits, &err) < 0)
		fail_msg("%s", err.msg);
	rdl_topk_free(t);
	return hits;
}

static void
same(const float *base, size_t m, size_t dim, const float *queries, size_t n,
    size_t k, unsigned threads)
{
	struct rdl_topk_hit *got, *want;
	size_t i, j;

	got = find(base, m, dim, queries, n, k, threads);
	for (i = 0; i < n; i++) {
		want = naive(base, m, dim, queries + i * dim);
		for (j = 0; j < k; j++) {
			if (got[i * k + j].index != want[j].index ||
			    memcmp(&got[i * k + j].cos, &want[j].cos, 4) != 0)
				fail_msg("m %zu dim %zu n %zu k %zu: query "
				    "%zu, rank %zu: %u %.9g, not %u %.9g", m,
				    dim, n, k, i, j, got[i * k + j].index,
				    (double)got[i * k + j].cos, want[j].index,
				    (double)want[j].cos);
		}
		free(want);
	}
	free(got);
}

static void
test_like_naive(void **state)
{
	static const struct {
		size_t m, dim, n, k;
		double spread;
	} cases[] = {
		{ 1, 1, 1, 1, 1 }, { 1, 512, 3, 1, 1 }, { 2, 3, 1, 2, 1 },
		{ 47, 16, 9, 10, 1 }, { 48, 16, 8, 10, 1 },
		{ 49, 17, 7, 49, 1 }, { 1000, 128, 300, 10, 1 },
		{ 5000, 64, 40, 1, 1 }, { 3000, 512, 33, 100, 1 },
		{ 3000, 128, 20, 10, 0.1 },	/* all alike */
		{ 3000, 128, 20, 10, 1e-3 },
		{ 3000, 128, 20, 10, 1e-6 },	/* within rounding */
		{ 2000, 768, 5, 2000, 1 }, { 2000, 1000, 5, 1999, 0.01 },
	};
	size_t i;
	float *base, *queries;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		base = vectors(cases[i].m, cases[i].dim, cases[i].spread, 1);
		queries = vectors(cases[i].n, cases[i].dim, cases[i].spread,
		    2);
		same(base, cases[i].m, cases[i].dim, queries, cases[i].n,
		    cases[i].k, 1 + (unsigned)i % 3);
		free(base);
		free(queries);
	}
}

/* The order of a base decides ties and nothing else: sorted bases are the
 * worst for a threshold that rises. */
static void
test_sorted_base(void **state)
{
	size_t m = 4000, dim = 8, i;
	float *base = vectors(m, dim, 0.5, 3), *query = vectors(1, dim, 1, 4);
	struct rdl_topk_hit *order = naive(base, m, dim, query);
	float *up = rdl_mem_calloc(m * dim, sizeof(*up));
	float *down = rdl_mem_calloc(m * dim, sizeof(*down));

	(void)state;
	for (i = 0; i < m; i++) {
		memcpy(down + i * dim, base + order[i].index * dim,
		    dim * sizeof(*base));
		memcpy(up + (m - 1 - i) * dim, base + order[i].index * dim,
		    dim * sizeof(*base));
	}
	same(up, m, dim, query, 1, 10, 1);
	same(down, m, dim, query, 1, 10, 1);
	free(base);
	free(query);
	free(order);
	free(up);
	free(down);
}

static void
test_ties_by_index(void **state)
{
	size_t m = 10000, dim = 32, i;
	float *base = rdl_mem_calloc(m * dim, sizeof(*base));
	float *two = vectors(2, dim, 1, 5);
	struct rdl_topk_hit *hits;

	(void)state;
	for (i = 0; i < m; i++)
		memcpy(base + i * dim, two, dim * sizeof(*base));
	memcpy(base + 7777 * dim, two + dim, dim * sizeof(*base));
	hits = find(base, m, dim, two, 2, 300, 2);
	for (i = 0; i < 300; i++)
		assert_int_equal(hits[i].index, i);
	assert_int_equal(hits[300].index, 7777);
	for (i = 1; i < 300; i++)
		assert_int_equal(hits[300 + i].index, i - 1);
	free(hits);
	free(base);
	free(two);
}

/* D10: the published script scales text vectors over the wrong axis; its scores
 * of these two are 1.204 and 0.570, and the wrong one wins. */
static void
test_d10_two_types(void **state)
{
	float image[2] = { 1, 1 }, types[4] = { 10, 1, 1, 1 };
	struct rdl_topk_hit *hits;

	(void)state;
	normalise(image, 2);
	normalise(types, 2);
	normalise(types + 2, 2);
	hits = find(types, 2, 2, image, 1, 2, 1);
	assert_int_equal(hits[0].index, 1);
	assert_true(fabsf(hits[0].cos - 1.0f) < 1e-6f);
	assert_true(fabsf(hits[1].cos - 0.774f) < 1e-3f);
	free(hits);
}

/* D10: a score depends on the two vectors alone. */
static void
test_d10_pool_does_not_matter(void **state)
{
	size_t m = 500, dim = 96, n = 50, i, j, k = 20;
	float *base = vectors(m, dim, 0.3, 8), *q = vectors(n, dim, 0.3, 9);
	struct rdl_topk_hit *all = find(base, m, dim, q, n, m, 2);
	struct rdl_topk_hit *few = find(base, 100, dim, q, n, k, 1);

	(void)state;
	for (i = 0; i < n * k; i++) {
		const struct rdl_topk_hit *row = all + i / k * m;

		for (j = 0; row[j].index != few[i].index; j++)
			assert_true(j < m);
		assert_memory_equal(&row[j].cos, &few[i].cos, 4);
	}
	free(base);
	free(q);
	free(all);
	free(few);
}

static void
test_refused(void **state)
{
	float base[4] = { 1, 0, 0, 1 }, bad[2] = { 3, 4 };
	float nan[2] = { NAN, 0 };
	struct rdl_topk_hit hits[3];
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_topk *t = rdl_topk_new(base, 2, 2, 1, &err);

	(void)state;
	assert_non_null(t);
	assert_int_equal(rdl_topk_find(t, base, 1, 3, hits, &err), -1);
	assert_int_equal(rdl_topk_find(t, bad, 1, 1, hits, &err), -1);
	assert_int_equal(rdl_topk_find(t, nan, 1, 1, hits, &err), -1);
	assert_int_equal(rdl_topk_find(t, base, 0, 2, hits, &err), 0);
	assert_int_equal(rdl_topk_find(t, base, 1, 0, hits, &err), 0);
	rdl_topk_free(t);
	assert_null(rdl_topk_new(bad, 1, 2, 1, &err));
	assert_null(rdl_topk_new(nan, 1, 2, 1, &err));
	assert_null(rdl_topk_new(base, 2, 0, 1, &err));
	t = rdl_topk_new(base, 0, 2, 1, &err);
	assert_non_null(t);
	assert_int_equal(rdl_topk_find(t, base, 1, 1, hits, &err), -1);
	rdl_topk_free(t);
}

/* Where the CPU has it, a pass is there: the tests above did run in it. */
static void
test_passes_are_there(void **state)
{
	const float base[8] = { 1, 0, 0, 0, 0, 1, 0, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_topk *t;

	(void)state;
	t = rdl_topk_make(base, 2, 4, 1, RDL_TOPK_BYTES, rdl_kernel_best(),
	    &err);
	assert_int_equal(t != NULL, rdl_kernel_best()->tile8 != NULL);
	rdl_topk_free(t);
	t = rdl_topk_make(base, 2, 4, 1, RDL_TOPK_BF16, rdl_kernel_best(),
	    &err);
	if (rdl_kernel_cpu()->bf16 || rdl_kernel_cpu()->amx)
		assert_non_null(t);
	rdl_topk_free(t);
}

static int
use(int wanted, const struct rdl_kernel *k)
{
	pass = wanted;
	kernel = k;
	return 0;
}

static int
use_auto(void **state)
{
	(void)state;
	return use(RDL_TOPK_AUTO, NULL);
}

static int
use_plain(void **state)
{
	(void)state;
	return use(RDL_TOPK_F32, rdl_kernel_plain());
}

static int
use_avx2(void **state)
{
	(void)state;
	return use(RDL_TOPK_F32, rdl_kernel_avx2());
}

static int
use_f32(void **state)
{
	(void)state;
	return use(RDL_TOPK_F32, NULL);
}

static int
use_bytes(void **state)
{
	(void)state;
	return use(RDL_TOPK_BYTES, NULL);
}

static int
use_bf16(void **state)
{
	(void)state;
	return use(RDL_TOPK_BF16, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_naive),
		cmocka_unit_test(test_sorted_base),
		cmocka_unit_test(test_ties_by_index),
		cmocka_unit_test(test_d10_two_types),
		cmocka_unit_test(test_d10_pool_does_not_matter),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_passes_are_there),
	};

	return cmocka_run_group_tests_name("auto", tests, use_auto, NULL) +
	    cmocka_run_group_tests_name("plain", tests, use_plain, NULL) +
	    cmocka_run_group_tests_name("avx2", tests, use_avx2, NULL) +
	    cmocka_run_group_tests_name("f32", tests, use_f32, NULL) +
	    cmocka_run_group_tests_name("bytes", tests, use_bytes, NULL) +
	    cmocka_run_group_tests_name("bf16", tests, use_bf16, NULL);
}
