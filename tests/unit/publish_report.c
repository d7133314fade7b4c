/*
 * The parts of a report that compute: which records are chosen, where the
 * cells of a treemap lie, what a histogram says.  Hostile numbers and texts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/rng.h"
#include "publish/html.h"
#include "publish/report_private.h"

static void
test_short(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(1000);

	(void)state;
	rdl_html_short(&out, "abc", 3, 3);
	assert_string_equal(out.p, "abc");
	rdl_buf_reset(&out);
	rdl_html_short(&out, "a\xc3\xa4" "b", 4, 2);
	assert_string_equal(out.p, "a&#8230;");
	rdl_buf_reset(&out);
	rdl_html_short(&out, "a\xc3\xa4" "b", 4, 3);
	assert_string_equal(out.p, "a\xc3\xa4&#8230;");
	rdl_buf_reset(&out);
	rdl_html_short(&out, "<<<", 3, 2);
	assert_string_equal(out.p, "&lt;&lt;&#8230;");
	rdl_buf_reset(&out);
	rdl_html_change(&out, -1234);
	assert_string_equal(out.p, "&#8722;1&#8239;234");
	rdl_buf_release(&out);
}

static void
test_picks(void **state)
{
	struct rdl_report_picks p;
	uint64_t i;
	char text[24];

	(void)state;
	rdl_report_picks_init(&p, 5);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "%d", (int)(i * 7919 %
		    1000));
		rdl_report_picks_offer(&p, i * 7919 % 1000, text,
		    strlen(text), false);
		rdl_report_picks_offer(&p, i * 7919 % 1000, "again", 5,
		    false);
	}
	assert_int_equal(p.n, 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(p.v[i].rank, i);
		assert_int_equal(p.v[i].text[0], '0' + (char)i);
	}
	rdl_report_picks_release(&p);
	rdl_report_picks_init(&p, 2);
	for (i = 0; i < 30; i++)
		rdl_report_picks_offer(&p, 9 - i % 10, "x", 1, true);
	assert_int_equal(p.n, 6);
	assert_int_equal(p.v[2].rank, 0);
	assert_int_equal(p.v[3].rank, 1);
	rdl_report_picks_release(&p);
	rdl_report_picks_init(&p, 0);
	rdl_report_picks_offer(&p, 0, "x", 1, true);
	assert_int_equal(p.n, 0);
	rdl_report_picks_release(&p);
}

static void
add_path(struct rdl_report_tree *t, const char *json, int times, int want)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);

	assert_non_null(doc);
	while (times-- > 0)
		assert_int_equal(rdl_report_tree_add(t,
		    yyjson_doc_get_root(doc)), want);
	yyjson_doc_free(doc);
}

static void
test_tree(void **state)
{
	struct rdl_report_tree t = { .map = RDL_MAP_INIT };
	struct rdl_buf path = RDL_BUF_INIT(1000);
	uint32_t i, k, n;

	(void)state;
	add_path(&t, "[\"b\",\"x\"]", 2, 1);
	add_path(&t, "[\"a\",\"x\",\"deep\"]", 3, 1);
	add_path(&t, "[\"a\",\"y\"]", 4, 1);
	add_path(&t, "[\"a\"]", 1, 1);
	add_path(&t, "[\"c\",7,\"z\"]", 1, 1);
	add_path(&t, "[]", 1, 0);
	add_path(&t, "\"a\"", 1, 0);
	add_path(&t, "[7]", 1, 0);
	rdl_report_tree_sort(&t);
	assert_int_equal(t.v[0].count, 11);
	assert_int_equal(t.v[0].children, 3);
	assert_string_equal(t.v[t.v[0].first].name, "a");
	assert_int_equal(t.v[t.v[0].first].count, 8);
	assert_string_equal(t.v[t.v[0].first + 2].name, "c");
	for (i = 1; i < t.n; i++) {
		assert_true(t.v[i].parent < t.n);
		n = t.v[t.v[i].parent].first;
		k = t.v[t.v[i].parent].children;
		assert_true(i >= n && i < n + k);
	}
	for (i = 1; i < t.n && strcmp(t.v[i].name, "deep") != 0; i++)
		;
	rdl_report_tree_path(&t, i, &path);
	assert_string_equal(path.p, "a ~ x ~ deep");
	rdl_buf_release(&path);
	rdl_report_tree_release(&t);
}

/* The rectangles fill r and do not overlap; each has its share of it. */
static void
check_layout(const double *areas, size_t n, struct rdl_report_rect r)
{
	struct rdl_report_rect v[64];
	double total = 0, sum = 0;
	size_t i, k;

	for (i = 0; i < n; i++)
		total += areas[i];
	rdl_report_tree_layout(areas, n, r, v);
	for (i = 0; i < n; i++) {
		assert_true(fabs(v[i].w * v[i].h - areas[i] / total * r.w *
		    r.h) < 1e-6 * r.w * r.h);
		assert_true(v[i].x >= r.x - 1e-6 && v[i].y >= r.y - 1e-6);
		assert_true(v[i].x + v[i].w <= r.x + r.w + 1e-6);
		assert_true(v[i].y + v[i].h <= r.y + r.h + 1e-6);
		sum += v[i].w * v[i].h;
		for (k = 0; k < i; k++)
			assert_true(v[k].x + v[k].w <= v[i].x + 1e-6 ||
			    v[i].x + v[i].w <= v[k].x + 1e-6 ||
			    v[k].y + v[k].h <= v[i].y + 1e-6 ||
			    v[i].y + v[i].h <= v[k].y + 1e-6);
	}
	assert_true(fabs(sum - r.w * r.h) < 1e-6 * r.w * r.h);
}

static void
test_layout(void **state)
{
	/* The example of the paper: 6 x 4, its rows are 6 6, 4 3, 2 2 1. */
	static const double paper[] = { 6, 6, 4, 3, 2, 2, 1 };
	struct rdl_report_rect v[7];
	double areas[64];
	struct rdl_rng rng = { 5 };
	size_t i, n, round;

	(void)state;
	rdl_report_tree_layout(paper, 7, (struct rdl_report_rect){ 0, 0, 6,
	    4 }, v);
	assert_true(fabs(v[0].w - 3) < 1e-9 && fabs(v[0].h - 2) < 1e-9);
	assert_true(fabs(v[1].w - 3) < 1e-9 && fabs(v[1].y - 2) < 1e-9);
	assert_true(fabs(v[2].w - 12.0 / 7) < 1e-9);
	assert_true(fabs(v[2].h - 7.0 / 3) < 1e-9);
	assert_true(fabs(v[4].h - 5.0 / 3) < 1e-9);
	for (round = 0; round < 200; round++) {
		n = 1 + (size_t)(rdl_rng_next(&rng) % 64);
		areas[0] = 1e6;
		for (i = 0; i < n; i++)
			areas[i] = (i == 0 ? 1e6 : areas[i - 1]) * (0.5 + 0.5 *
			    (double)(rdl_rng_next(&rng) % 1000) / 1000);
		check_layout(areas, n, (struct rdl_report_rect){ 3, 7, 1 +
			(double)(rdl_rng_next(&rng) % 1000), 300 });
	}
}

static void
test_bins(void **state)
{
	struct rdl_report_bins b;
	double lo, hi;
	int i;

	(void)state;
	memset(&b, 0, sizeof(b));
	rdl_report_plot_range(&b, 1, &lo, &hi);
	assert_true(lo < hi);
	for (i = 0; i < 101; i++)
		rdl_report_plot_count(&b, 0.1 + 0.002 * i);
	assert_true(fabs(rdl_report_plot_median(&b) - 0.2) < 0.006);
	rdl_report_plot_range(&b, 1, &lo, &hi);
	assert_true(fabs(lo - 0.1) < 1e-9);
	assert_true(hi > 0.3 - 1e-9 && hi < 0.41);
	rdl_report_plot_count(&b, NAN);
	rdl_report_plot_count(&b, 1e300);
	rdl_report_plot_count(&b, -INFINITY);
	assert_int_equal(b.count, 104);
	rdl_report_plot_range(&b, 1, &lo, &hi);
	assert_true(fabs(lo + 1) < 1e-9 && fabs(hi - 1) < 1e-9);
}

/* No number that a file can hold makes a plot that says inf or nan, or one
 * that is huge. */
static void
test_curves(void **state)
{
	static const double tops[] = { 0, 1e-12, 0.004, 1, 2.5, 999, 1e6,
		1e15, 1e300, INFINITY, NAN };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_report_point v[3];
	struct rdl_report_curve c = { .caption = "<c>", .v = v, .n = 3,
		.left = "<script>" };
	size_t i;
	int unit;

	(void)state;
	for (i = 0; i < RDL_NELEM(tops); i++)
		for (unit = RDL_REPORT_COUNT; unit <= RDL_REPORT_PERCENT;
		    unit++) {
			v[0] = (struct rdl_report_point){ 0, 0 };
			v[1] = (struct rdl_report_point){ 0.5, tops[i] / 2 };
			v[2] = (struct rdl_report_point){ 1, tops[i] };
			c.unit = (enum rdl_report_unit)unit;
			c.bars = i % 2 == 0;
			rdl_buf_reset(&out);
			rdl_report_plot_curve(&c, &out);
			assert_null(strstr(out.p, "nan"));
			assert_null(strstr(out.p, "inf"));
			assert_null(strstr(out.p, "<script>"));
			assert_non_null(strstr(out.p, "&lt;c&gt;"));
			assert_true(out.len < 20000);
		}
	rdl_buf_release(&out);
	assert_int_equal(rdl_report_rows_int(1e300), 9000000000000000000);
	assert_int_equal(rdl_report_rows_int(-1e300), -9000000000000000000);
	assert_int_equal(rdl_report_rows_int(2.6), 3);
}

static void
test_runs(void **state)
{
	static const char *const bad[] = { "", "x", "0", "-1", "3-", "5-3",
		"1,,2", "1,", "1-20000", "99999999999999999999",
		"1111111111111111111111111111111111111111111111111111111" };
	struct rdl_buf json = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	assert_int_equal(rdl_report_ledger_runs(NULL, &json, &err), 0);
	assert_null(json.p);
	assert_int_equal(rdl_report_ledger_runs("6-8,20", &json, &err), 0);
	assert_string_equal(json.p, "[6,7,8,20]");
	for (i = 0; i < RDL_NELEM(bad); i++) {
		rdl_buf_reset(&json);
		assert_int_equal(rdl_report_ledger_runs(bad[i], &json, &err),
		    -1);
		assert_int_equal(err.cls, RDL_E_USAGE);
	}
	rdl_buf_release(&json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
