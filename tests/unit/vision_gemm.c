/*
 * Vector loops and matrix products: every set of loops that this CPU has
 * against sums in double, and oneDNN against both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "vision/dnnl.h"
#include "vision/gemm.h"

#define SETS 3

static const struct rdl_kernel *
set_number(size_t i)
{
	return i == 0 ? rdl_kernel_plain() : i == 1 ? rdl_kernel_avx2() :
	    rdl_kernel_avx512();
}

/* n numbers in [-1, 1), the same each time. */
static float *
numbers(size_t n, uint32_t seed)
{
	float *v = rdl_mem_calloc(n + 16, sizeof(*v));
	size_t i;

	for (i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		v[i] = (float)(int32_t)seed / 2147483648.0f;
	}
	return v;
}

static double
act_of(double x, int act)
{
	if (act == RDL_ACT_QUICK_GELU)
		return x / (1 + exp(-1.702 * x));
	if (act == RDL_ACT_GELU)
		return x * 0.5 * (1 + erf(x / sqrt(2)));
	return x;
}

/* y of one element, in double. */
static double
product(const float *x, const float *w, size_t k, double bias, int act)
{
	double s = bias;
	size_t i;

	for (i = 0; i < k; i++)
		s += (double)x[i] * (double)w[i];
	return act_of(s, act);
}

static void
test_activations_are_close_to_libm(void **state)
{
	float x[2048], one[64], y[2048 * 2];
	struct rdl_tile t;
	size_t s, i, r;
	int act;

	(void)state;
	for (i = 0; i < 64; i++)
		one[i] = 1.0f;
	for (i = 0; i < 2048; i++)
		x[i] = ((float)i - 1024.0f) / 40.0f;
	for (s = 0; s < SETS; s++) {
		const struct rdl_kernel *k = set_number(s);

		for (act = 0; k != NULL && act < 3; act++) {
			memset(&t, 0, sizeof(t));
			t.cols = t.k = t.ldx = 1;
			t.w = one;
			t.ldw = k->panel;
			t.ldy = 1;
			t.finish.act = act;
			for (i = 0; i < 2048; i += t.rows) {
				t.rows = 2048 - i < k->rows ? 2048 - i :
				    k->rows;
				t.x = x + i;
				t.y = y + i;
				k->tile(&t);
			}
			for (r = 0; r < 2048; r++)
				assert_true(fabs((double)y[r] -
				    act_of((double)x[r], act)) <
				    2e-6 + 4e-7 * fabs((double)x[r]));
		}
	}
}

static struct rdl_gemm_opts
options(const struct rdl_kernel *k, int kind, size_t n, size_t depth,
    size_t rows)
{
	struct rdl_gemm_opts o;

	memset(&o, 0, sizeof(o));
	o.kernel = k;
	o.kind = kind;
	o.n = n;
	o.k = depth;
	o.rows = rows;
	return o;
}

/* One product with bias against double; bound is relative to sqrt(k). */
static void
check_product(const struct rdl_gemm_opts *o, size_t rows, double bound)
{
	struct rdl_gemm_work work = RDL_GEMM_WORK_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	float *x = numbers(rows * o->k, 1), *w = numbers(o->n * o->k, 2);
	float *bias = numbers(o->n, 3);
	float *y = rdl_mem_calloc(o->rows * o->n, sizeof(float));
	struct rdl_gemm_in in;
	struct rdl_gemm *g;
	size_t r, c;
	double want;

	g = rdl_gemm_new(o, w, bias, &err);
	assert_string_equal(err.msg, "");
	rdl_gemm_in_init(&in, o->kind, o->rows, o->k);
	for (r = 0; r < rows; r++)
		rdl_gemm_put(&in, o->kernel, r, x + r * o->k);
	for (r = 0; r < rows * o->n; r++)
		y[r] = 5;
	assert_int_equal(rdl_gemm_run(g, &work, &in, rows, y, o->n, &err), 0);
	for (r = 0; r < rows; r++) {
		for (c = 0; c < o->n; c++) {
			want = product(x + r * o->k, w + c * o->k, o->k,
			    (double)bias[c], o->act) + (o->add ? 5 : 0);
			assert_true(fabs((double)y[r * o->n + c] - want) <
			    bound * sqrt((double)o->k));
		}
	}
	rdl_gemm_work_release(&work);
	rdl_gemm_in_release(&in);
	rdl_gemm_free(g);
	free(x);
	free(w);
	free(bias);
	free(y);
}

static void
test_f32_products_of_odd_shapes(void **state)
{
	static const size_t shapes[][3] = { { 1, 1, 1 }, { 3, 5, 7 },
		{ 14, 32, 64 }, { 15, 33, 65 }, { 50, 100, 129 },
		{ 29, 16, 300 } };
	struct rdl_gemm_opts o;
	size_t s, i;

	(void)state;
	for (s = 0; s < SETS; s++) {
		for (i = 0; set_number(s) != NULL && i < RDL_NELEM(shapes);
		    i++) {
			o = options(set_number(s), RDL_GEMM_F32, shapes[i][1],
			    shapes[i][2], shapes[i][0]);
			o.act = (int)i % 3;
			o.add = i % 2 == 1;
			check_product(&o, shapes[i][0], 1e-6);
		}
	}
}

static void
test_byte_products_of_odd_shapes(void **state)
{
	struct rdl_gemm_opts o;
	size_t s, ran = 0;

	(void)state;
	for (s = 0; s < SETS; s++) {
		if (set_number(s) == NULL || set_number(s)->tile8 == NULL)
			continue;
		ran++;
		o = options(set_number(s), RDL_GEMM_INT8, 33, 65, 15);
		check_product(&o, 15, 0.01);
		o = options(set_number(s), RDL_GEMM_INT8, 100, 256, 50);
		o.act = RDL_ACT_GELU;
		o.add = true;
		check_product(&o, 50, 0.01);
	}
	if (ran == 0)
		skip();
}

static void
test_bytes_are_refused_where_they_are_slow(void **state)
{
	struct rdl_gemm_opts o = options(rdl_kernel_plain(), RDL_GEMM_INT8, 4,
	    4, 4);
	struct rdl_err err = RDL_ERR_INIT;
	float w[16] = { 0 };

	(void)state;
	assert_null(rdl_gemm_new(&o, w, NULL, &err));
	assert_int_equal(err.cls, RDL_E_USAGE);
	assert_non_null(strstr(err.msg, "f32"));
}

/* Rows one by one and all together: the same bits. */
static void
check_rows_alone(const struct rdl_gemm_opts *o)
{
	struct rdl_gemm_work work = RDL_GEMM_WORK_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t rows = o->rows, r;
	float *x = numbers(rows * o->k, 4), *w = numbers(o->n * o->k, 5);
	float *all = rdl_mem_calloc(rows * o->n, sizeof(float));
	float *one = rdl_mem_calloc(rows * o->n, sizeof(float));
	struct rdl_gemm *g = rdl_gemm_new(o, w, NULL, &err);
	struct rdl_gemm_in in;

	assert_non_null(g);
	rdl_gemm_in_init(&in, o->kind, rows, o->k);
	for (r = 0; r < rows; r++)
		rdl_gemm_put(&in, o->kernel, r, x + r * o->k);
	assert_int_equal(rdl_gemm_run(g, &work, &in, rows, all, o->n, &err),
	    0);
	for (r = 0; r < rows; r += 7) {
		rdl_gemm_put(&in, o->kernel, 0, x + r * o->k);
		assert_int_equal(rdl_gemm_run(g, &work, &in, 1, one, o->n,
		    &err), 0);
		assert_memory_equal(one, all + r * o->n,
		    o->n * sizeof(float));
	}
	rdl_gemm_work_release(&work);
	rdl_gemm_in_release(&in);
	rdl_gemm_free(g);
	free(x);
	free(w);
	free(all);
	free(one);
}

static void
test_a_row_does_not_see_its_neighbours(void **state)
{
	struct rdl_gemm_opts o;
	size_t s;

	(void)state;
	for (s = 0; s < SETS; s++) {
		if (set_number(s) == NULL)
			continue;
		o = options(set_number(s), RDL_GEMM_F32, 40, 70, 100);
		check_rows_alone(&o);
		o.kind = RDL_GEMM_INT8;
		if (set_number(s)->tile8 != NULL)
			check_rows_alone(&o);
	}
}

static void
test_half_products_are_close_and_rows_are_alone(void **state)
{
	static const size_t shapes[][2] = { { 1, 1 }, { 63, 64 }, { 64, 65 },
		{ 65, 200 }, { 130, 31 } };
	struct rdl_gemm_opts o;
	struct rdl_gemm *g;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	o = options(rdl_kernel_best(), RDL_GEMM_F16, 96, 192, 100);
	if (rdl_kernel_fp16() == NULL) {
		g = rdl_gemm_new(&o, NULL, NULL, &err);
		assert_null(g);
		assert_int_equal(err.cls, RDL_E_USAGE);
		return;
	}
	check_rows_alone(&o);
	for (i = 0; i < RDL_NELEM(shapes); i++) {
		o = options(rdl_kernel_best(), RDL_GEMM_F16, shapes[i][0],
		    shapes[i][1], 30);
		check_product(&o, 30, 0.003);
		o.act = RDL_ACT_GELU;
		o.add = true;
		check_product(&o, 13, 0.003);
	}
}

/* Rows of any size are scaled into what a half can hold. */
static void
test_halves_of_any_size(void **state)
{
	static const float sizes[] = { 1e-20f, 1e-6f, 1, 70000, 1e20f };
	struct rdl_gemm_work work = RDL_GEMM_WORK_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	float *w = numbers(64 * 300, 5), *x = numbers(300, 4), row[300];
	struct rdl_gemm_opts o;
	struct rdl_gemm_in in;
	struct rdl_gemm *g;
	float y[64], first[64];
	uint8_t bytes[300];
	size_t i, c;

	(void)state;
	if (rdl_kernel_fp16() == NULL)
		skip();
	o = options(rdl_kernel_best(), RDL_GEMM_F16, 64, 300, 1);
	g = rdl_gemm_new(&o, w, NULL, &err);
	assert_non_null(g);
	rdl_gemm_in_init(&in, RDL_GEMM_F16, 1, 300);
	for (i = 0; i < RDL_NELEM(sizes); i++) {
		for (c = 0; c < 300; c++)
			row[c] = x[c] * sizes[i];
		rdl_gemm_put(&in, o.kernel, 0, row);
		assert_int_equal(rdl_gemm_run(g, &work, &in, 1, y, 64, &err),
		    0);
		for (c = 0; c < 64; c++)
			assert_true(fabs((double)y[c] / (double)sizes[i] -
			    product(x, w + c * 300, 300, 0, RDL_ACT_NONE)) <
			    0.05);
	}
	/* The largest there is of bytes and weights stays a number. */
	memset(bytes, 255, sizeof(bytes));
	for (c = 0; c < 300; c++)
		row[c] = 255;
	rdl_gemm_put_bytes(&in, 0, bytes);
	assert_int_equal(rdl_gemm_run(g, &work, &in, 1, first, 64, &err), 0);
	rdl_gemm_put(&in, o.kernel, 0, row);
	assert_int_equal(rdl_gemm_run(g, &work, &in, 1, y, 64, &err), 0);
	for (c = 0; c < 64; c++)
		assert_true(first[c] == y[c] &&
		    fabs((double)y[c]) < 255.0 * 300);
	for (c = 0; c < 300; c++)
		row[c] = c == 7 ? NAN : c == 9 ? INFINITY : 0;
	rdl_gemm_put(&in, o.kernel, 0, row);
	assert_int_equal(rdl_gemm_run(g, &work, &in, 1, y, 64, &err), 0);
	for (c = 0; c < 64; c++)
		assert_true(!isfinite(y[c]));
	rdl_gemm_in_release(&in);
	rdl_gemm_free(g);
	free(w);
	free(x);
}

static bool
have_onednn(void)
{
	struct rdl_err err = RDL_ERR_INIT;

	return rdl_dnnl_load(&err) == 0 && rdl_kernel_cpu()->avx512;
}

static void
test_onednn_f32_is_the_reference(void **state)
{
	struct rdl_dnnl_shape s;
	struct rdl_err err = RDL_ERR_INIT;
	float *x = numbers(20 * 48, 6), *w = numbers(36 * 48, 7);
	float *bias = numbers(36, 8), y[20 * 36];
	void *packed, *scratch;
	struct rdl_dnnl *d;
	size_t i;

	(void)state;
	if (rdl_dnnl_load(&err) < 0)
		skip();
	memset(&s, 0, sizeof(s));
	s.m = 20;
	s.n = 36;
	s.k = 48;
	s.bias = s.add = true;
	s.act = RDL_ACT_QUICK_GELU;
	d = rdl_dnnl_new(&s, NULL, &err);
	assert_non_null(d);
	assert_true(strlen(rdl_dnnl_impl(d)) > 0);
	packed = aligned_alloc(64, (rdl_dnnl_weights_size(d) + 63) / 64 * 64);
	scratch = aligned_alloc(64, rdl_dnnl_scratch_size(d) / 64 * 64 + 64);
	assert_int_equal(rdl_dnnl_pack(d, RDL_DNNL_F32, w, packed, &err), 0);
	for (i = 0; i < RDL_NELEM(y); i++)
		y[i] = 2;
	assert_int_equal(rdl_dnnl_run(d, x, packed, bias, y, scratch, &err),
	    0);
	for (i = 0; i < RDL_NELEM(y); i++)
		assert_true(fabs((double)y[i] - 2 - product(x + i / 36 * 48,
		    w + i % 36 * 48, 48, (double)bias[i % 36],
		    RDL_ACT_QUICK_GELU)) < 1e-5);
	rdl_dnnl_free(d);
	free(packed);
	free(scratch);
	free(x);
	free(w);
	free(bias);
}

static void
test_onednn_bf16_is_close_and_rows_are_alone(void **state)
{
	struct rdl_gemm_opts o;

	(void)state;
	if (!have_onednn())
		skip();
	o = options(rdl_kernel_best(), RDL_GEMM_BF16, 96, 192, 200);
	check_rows_alone(&o);
	o.act = RDL_ACT_QUICK_GELU;
	check_product(&o, 150, 0.01);
	o.act = RDL_ACT_GELU;
	o.add = true;
	check_product(&o, 30, 0.01);
}

/* Sums of bytes are exact, so both ways give the same bits. */
static void
test_onednn_bytes_are_our_bytes(void **state)
{
	struct rdl_gemm_work work = RDL_GEMM_WORK_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_gemm_opts o;
	float *x = numbers(70 * 90, 9), *w = numbers(50 * 90, 10);
	float *bias = numbers(50, 11), a[70 * 50], b[70 * 50];
	struct rdl_gemm *ours, *theirs;
	struct rdl_gemm_in in;
	size_t r;

	(void)state;
	if (!have_onednn() || rdl_kernel_best()->tile8 == NULL)
		skip();
	o = options(rdl_kernel_best(), RDL_GEMM_INT8, 50, 90, 70);
	ours = rdl_gemm_new(&o, w, bias, &err);
	o.onednn = true;
	theirs = rdl_gemm_new(&o, w, bias, &err);
	assert_non_null(ours);
	assert_non_null(theirs);
	rdl_gemm_in_init(&in, RDL_GEMM_INT8, 70, 90);
	for (r = 0; r < 70; r++)
		rdl_gemm_put(&in, o.kernel, r, x + r * 90);
	assert_int_equal(rdl_gemm_run(ours, &work, &in, 70, a, 50, &err), 0);
	assert_int_equal(rdl_gemm_run(theirs, &work, &in, 70, b, 50, &err),
	    0);
	assert_memory_equal(a, b, sizeof(a));
	rdl_gemm_work_release(&work);
	rdl_gemm_in_release(&in);
	rdl_gemm_free(ours);
	rdl_gemm_free(theirs);
	free(x);
	free(w);
	free(bias);
}

static void
test_softmax_and_norm(void **state)
{
	float *x = numbers(128, 12), *gain = numbers(77, 13);
	float *bias = numbers(77, 14), y[128];
	double sum, mean = 0, var = 0;
	size_t s, i;

	(void)state;
	for (i = 0; i < 77; i++)
		mean += (double)x[i] / 77;
	for (i = 0; i < 77; i++)
		var += ((double)x[i] - mean) * ((double)x[i] - mean) / 77;
	for (s = 0; s < SETS; s++) {
		const struct rdl_kernel *k = set_number(s);

		if (k == NULL)
			continue;
		k->norm(x, 77, 1e-5f, gain, bias, y);
		for (i = 0; i < 77; i++)
			assert_true(fabs((double)y[i] - (((double)x[i] -
			    mean) / sqrt(var + 1e-5) * (double)gain[i] +
			    (double)bias[i])) < 2e-6);
		for (i = 0; i < 128; i++)
			y[i] = x[i] * 50;
		k->softmax(y, 77, 96);
		for (sum = 0, i = 0; i < 77; i++)
			sum += exp(50 * (double)x[i]);
		for (i = 0; i < 77; i++)
			assert_true(fabs((double)y[i] -
			    exp(50 * (double)x[i]) / sum) < 2e-6);
		for (; i < 96; i++)
			assert_true(y[i] == 0.0f);
		assert_true(y[96] == x[96] * 50);
	}
	free(x);
	free(gain);
	free(bias);
}

static void
test_transpose_bf16_finite_unit(void **state)
{
	static const uint32_t bits[][2] = { { 0x3f800000, 0x3f80 },
		{ 0x3f808000, 0x3f80 }, { 0x3f818000, 0x3f82 },
		{ 0x3f808001, 0x3f81 }, { 0xbf7fffff, 0xbf80 }, { 0, 0 } };
	float *x = numbers(37 * 11, 15), t[11 * 64], v[40];
	uint16_t h[40];
	size_t s, i, j;

	(void)state;
	for (s = 0; s < SETS; s++) {
		const struct rdl_kernel *k = set_number(s);

		if (k == NULL)
			continue;
		k->transpose(x, 37, 11, 11, t, 64);
		for (i = 0; i < 11; i++)
			for (j = 0; j < 64; j++)
				assert_true(t[i * 64 + j] ==
				    (j < 37 ? x[j * 11 + i] : 0.0f));
		for (i = 0; i < 40; i++)
			memcpy(&v[i], &bits[i % 6][0], sizeof(v[i]));
		k->bf16(v, 40, h);
		for (i = 0; i < 40; i++)
			assert_int_equal(h[i], bits[i % 6][1]);
		for (i = 0; i < 40; i++) {
			assert_true(k->finite(v, 40));
			v[i] = i % 2 == 0 ? NAN : -INFINITY;
			assert_false(k->finite(v, 40));
			v[i] = 3;
		}
		k->unit(v, 40);
		assert_true(fabs((double)v[7] - 1 / sqrt(40)) < 1e-7);
		memset(v, 0, sizeof(v));
		k->unit(v, 40);
		assert_true(v[39] == 0.0f);
	}
	free(x);
}

static void
test_bytes_of_hostile_rows(void **state)
{
	float v[70];
	uint8_t q[72];
	float scale;
	int32_t zero;
	size_t s, i, kind;

	(void)state;
	for (s = 0; s < SETS; s++) {
		const struct rdl_kernel *k = set_number(s);

		for (kind = 0; k != NULL && kind < 4; kind++) {
			for (i = 0; i < 70; i++)
				v[i] = kind == 0 ? 0 : kind == 1 ? 1e30f :
				    kind == 2 ? -3.0f : (float)i * 1e-30f;
			k->quantize(v, 70, 72, q, &scale, &zero);
			assert_true(zero >= 0 && zero <= 255 && scale > 0);
			for (i = 0; i < 70; i++)
				assert_true(fabs((double)scale *
				    ((double)q[i] - zero) - (double)v[i]) <=
				    (double)scale * 0.51);
			assert_int_equal(q[70] + q[71], 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_activations_are_close_to_libm),
		cmocka_unit_test(test_f32_products_of_odd_shapes),
		cmocka_unit_test(test_byte_products_of_odd_shapes),
		cmocka_unit_test(test_bytes_are_refused_where_they_are_slow),
		cmocka_unit_test(test_a_row_does_not_see_its_neighbours),
		cmocka_unit_test(
		    test_half_products_are_close_and_rows_are_alone),
		cmocka_unit_test(test_halves_of_any_size),
		cmocka_unit_test(test_onednn_f32_is_the_reference),
		cmocka_unit_test(test_onednn_bf16_is_close_and_rows_are_alone),
		cmocka_unit_test(test_onednn_bytes_are_our_bytes),
		cmocka_unit_test(test_softmax_and_norm),
		cmocka_unit_test(test_transpose_bf16_finite_unit),
		cmocka_unit_test(test_bytes_of_hostile_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
