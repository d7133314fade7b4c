/*
 * Agreement: published examples, and what is not defined.
 * tests/peers/agreement.sh compares with statsmodels and krippendorff.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "domain/agreement.h"

static struct rdl_agreement a;

static void
begin(size_t judges)
{
	rdl_agreement_release(&a);
	rdl_agreement_init(&a, judges);
}

/* A record with n scores; NAN: that judge gave none; INFINITY: abstained. */
static void
add(const double *scores, size_t n)
{
	static struct rdl_ballot b;
	size_t i;

	rdl_ballot_reset(&b);
	for (i = 0; i < n; i++) {
		struct rdl_score *s = &b.v[b.n];

		if (isnan(scores[i]))
			continue;
		memset(s, 0, sizeof(*s));
		s->judge = (unsigned)i;
		s->abstained = isinf(scores[i]);
		s->score = s->abstained ? 0 : scores[i];
		s->yes = s->score > 0.5;
		b.n++;
	}
	rdl_agreement_add(&a, &b);
}

static void
near(double got, double want, double by)
{
	if (!(fabs(got - want) <= by))
		fail_msg("%.17g is not %.17g", got, want);
}

#define X NAN

/* Krippendorff 2011, section E: 4 observers, 12 units, missing data. */
static void
test_krippendorff_2011(void **state)
{
	static const double units[12][4] = { { 1, 1, X, 1 }, { 2, 2, 3, 2 },
		{ 3, 3, 3, 3 }, { 3, 3, 3, 3 }, { 2, 2, 2, 2 }, { 1, 2, 3, 4 },
		{ 4, 4, 4, 4 }, { 1, 1, 2, 1 }, { 2, 2, 2, 2 }, { X, 5, 5, 5 },
		{ X, X, 1, 1 }, { X, 3, X, X } };
	uint64_t n;
	size_t i, turn;

	(void)state;
	/* The order of the records changes nothing. */
	for (turn = 0; turn < 2; turn++) {
		begin(0);
		for (i = 0; i < 12; i++)
			add(units[turn == 0 ? i : 11 - i], 4);
		near(rdl_agreement_alpha(&a, RDL_ALPHA_NOMINAL, &n), 0.743,
		    5e-4);
		assert_int_equal(n, 11);
		near(rdl_agreement_alpha(&a, RDL_ALPHA_ORDINAL, &n), 0.815,
		    5e-4);
		near(rdl_agreement_alpha(&a, RDL_ALPHA_INTERVAL, &n), 0.849,
		    5e-4);
		assert_int_equal(a.judges[0].scores, 9);
	}
}

/* Two readers of 50 proposals: both yes 20, both no 15. */
static void
test_cohen(void **state)
{
	static const struct {
		double a, b;
		unsigned times;
	} cells[] = { { 1, 1, 20 }, { 1, 0, 5 }, { 0, 1, 10 }, { 0, 0, 15 } };
	struct rdl_agreement_pair p;
	uint64_t n;
	size_t i, k;

	(void)state;
	begin(2);
	for (i = 0; i < RDL_NELEM(cells); i++)
		for (k = 0; k < cells[i].times; k++)
			add(&cells[i].a, 2);
	rdl_agreement_pair(&a, 0, 1, &p);
	assert_int_equal(p.records, 50);
	near(p.agreement, 0.7, 1e-15);
	near(p.cohen, 0.4, 1e-15);
	/* Of two scores all weights are the same. */
	near(p.weighted, 0.4, 1e-15);
	rdl_agreement_pair(&a, 1, 0, &p);
	near(p.cohen, 0.4, 1e-15);
	near(rdl_agreement_acceptance(&a, 0), 0.5, 1e-15);
	near(rdl_agreement_acceptance(&a, 1), 0.6, 1e-15);
	near(rdl_agreement_bias(&a, 0), -0.1, 1e-15);
	near(rdl_agreement_bias(&a, 1), 0.1, 1e-15);
	/* Of two judges Fleiss' is Scott's pi: chance by the mean margins. */
	near(rdl_agreement_fleiss(&a, &n), (0.7 - 0.505) / (1 - 0.505), 1e-15);
	assert_int_equal(n, 50);
}

/* Ten subjects, fourteen raters, five categories: kappa is 0.210. */
static void
test_fleiss(void **state)
{
	static const unsigned counts[10][5] = { { 0, 0, 0, 0, 14 },
		{ 0, 2, 6, 4, 2 }, { 0, 0, 3, 5, 6 }, { 0, 3, 9, 2, 0 },
		{ 2, 2, 8, 1, 1 }, { 7, 7, 0, 0, 0 }, { 3, 2, 6, 3, 0 },
		{ 2, 5, 3, 2, 2 }, { 6, 5, 2, 1, 0 }, { 0, 2, 2, 3, 7 } };
	double scores[14];
	size_t i, k, m;
	unsigned t;
	uint64_t n;

	(void)state;
	begin(0);
	for (i = 0; i < 10; i++) {
		m = 0;
		for (k = 0; k < 5; k++)
			for (t = 0; t < counts[i][k]; t++)
				scores[m++] = (double)k + 1;
		assert_int_equal(m, 14);
		add(scores, 14);
	}
	/* A record that one judge left out does not count here. */
	add(scores, 13);
	near(rdl_agreement_fleiss(&a, &n), 0.20993, 5e-6);
	assert_int_equal(n, 10);
}

/* A far miss weighs more than a near one: by hand, 1 - D / E. */
static void
test_weighted(void **state)
{
	static const double rows[][2] = { { 1, 1 }, { 2, 2 }, { 3, 3 },
		{ 1, 3 } };
	struct rdl_agreement_pair p;
	size_t i;

	(void)state;
	begin(0);
	for (i = 0; i < 4; i++)
		add(rows[i], 2);
	rdl_agreement_pair(&a, 0, 1, &p);
	/* Rows 2 1 1, columns 1 1 2.  Seen 1 x 4 of 4; by chance (2x1x1 +
	 * 2x2x4 + 1x1x1 + 1x2x1 + 1x1x4 + 1x1x1) / 16 of 4. */
	near(p.weighted, 1 - 4 * 4.0 / 26, 1e-15);
	near(p.cohen, 1 - 1 * 4.0 / 11, 1e-15);
}

static void
test_what_is_not_defined(void **state)
{
	static const double one[] = { 1, X, INFINITY }, two[] = { 1, 1, X };
	struct rdl_agreement_pair p;
	uint64_t n;

	(void)state;
	begin(3);
	assert_true(isnan(rdl_agreement_mean(&a, 0)));
	assert_true(isnan(rdl_agreement_alpha(&a, RDL_ALPHA_NOMINAL, &n)));
	assert_true(isnan(rdl_agreement_fleiss(&a, &n)));
	add(one, 3);
	add(one + 1, 1);
	assert_int_equal(a.unscored, 1);
	assert_int_equal(a.judges[2].abstained, 1);
	assert_true(isnan(rdl_agreement_bias(&a, 0)));
	rdl_agreement_pair(&a, 0, 1, &p);
	assert_int_equal(p.records, 0);
	assert_true(isnan(p.agreement) && isnan(p.cohen));
	/* All say the same: agreement is 1, but chance alone would do it. */
	add(two, 3);
	rdl_agreement_pair(&a, 0, 1, &p);
	near(p.agreement, 1, 0);
	assert_true(isnan(p.cohen) && isnan(p.weighted));
	assert_true(isnan(rdl_agreement_alpha(&a, RDL_ALPHA_INTERVAL, &n)));
	assert_int_equal(n, 1);
	assert_true(isnan(rdl_agreement_fleiss(&a, &n)));
	assert_int_equal(n, 0);
}

static void
test_many_values(void **state)
{
	struct rdl_agreement_pair p;
	double scores[2];
	uint64_t n;
	size_t i;

	(void)state;
	begin(0);
	for (i = 0; i < RDL_AGREEMENT_VALUES; i++) {
		scores[0] = scores[1] = (double)i;
		add(scores, 2);
	}
	assert_false(a.too_many);
	rdl_agreement_pair(&a, 0, 1, &p);
	assert_int_equal(p.records, RDL_AGREEMENT_VALUES);
	near(p.cohen, 1, 1e-12);
	near(rdl_agreement_alpha(&a, RDL_ALPHA_ORDINAL, &n), 1, 1e-12);
	scores[0] = 0.5;
	add(scores, 2);
	assert_true(a.too_many);
	assert_true(isnan(rdl_agreement_alpha(&a, RDL_ALPHA_NOMINAL, &n)));
	assert_int_equal(n, RDL_AGREEMENT_VALUES + 1);
	rdl_agreement_pair(&a, 0, 1, &p);
	assert_true(isnan(p.cohen));
	near(rdl_agreement_mean(&a, 1), (127 * 64 + 127) / 129.0, 1e-12);
}

/* Tables of many judges with many scores would be too large: given up. */
static void
test_tables_are_bounded(void **state)
{
	double scores[RDL_JUDGES_MAX];
	uint64_t n;
	size_t i, k;

	(void)state;
	begin(RDL_JUDGES_MAX);
	for (i = 0; i < 128 && !a.too_many; i++) {
		for (k = 0; k < RDL_JUDGES_MAX; k++)
			scores[k] = (double)((i + k) % 128);
		add(scores, RDL_JUDGES_MAX);
	}
	assert_true(a.too_many);
	assert_true(isnan(rdl_agreement_fleiss(&a, &n)));
	assert_int_equal(a.judges[63].scores, i);
}

static void
test_text(void **state)
{
	static const double row[] = { 1, 0 };
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_judges judges = { .n = 0 };
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *doc;

	(void)state;
	/* A name is a stranger's: no control character gets out. */
	assert_int_equal(rdl_judges_name(&judges, "a\x1b[2J,\"b\"", &err), 0);
	begin(judges.n);
	add(row, 2);
	rdl_agreement_table(&a, &judges, &text);
	assert_null(strchr(text.p, 0x1b));
	rdl_buf_reset(&text);
	rdl_agreement_json(&a, &judges, &text);
	doc = yyjson_read(text.p, text.len, 0);
	assert_non_null(doc);
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(
	    yyjson_doc_get_root(doc), "/judges/1/judge")), "\"b\"");
	assert_true(yyjson_is_num(yyjson_ptr_get(yyjson_doc_get_root(doc),
	    "/krippendorff/nominal")));
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	rdl_judges_release(&judges);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_krippendorff_2011),
		cmocka_unit_test(test_cohen),
		cmocka_unit_test(test_fleiss),
		cmocka_unit_test(test_weighted),
		cmocka_unit_test(test_what_is_not_defined),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_tables_are_bounded),
		cmocka_unit_test(test_text),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	rdl_agreement_release(&a);
	return rc;
}
