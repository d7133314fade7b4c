/*
 * Own against sibling, and the sides that it is asked of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "core/compiler.h"
#include "core/rng.h"
#include "domain/alignment.h"
#include "record/canon.h"

static struct rdl_rec rec = RDL_REC_INIT;
static struct rdl_contrast contrast;
static struct rdl_alignment scores;
static struct rdl_reason why;

static void
parse(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_rec_parse(&rec, text, strlen(text), &err) < 0)
		fail_msg("%s: %s", text, err.msg);
}

#define SIDE(text, id, more) "{\"text\":\"" text "\",\"image\":{\"id\":\"" \
	id "\",\"uri\":\"" id ".png\"}" more "}"
#define TWO(a, b) "{\"kind\":\"contrast\",\"sides\":[" a "," b "]}"

static void
read_scores(const char *json, int want)
{
	struct rdl_buf text = RDL_BUF_INIT(4096);

	rdl_buf_addf(&text, "{\"kind\":\"contrast\",\"sides\":["
	    SIDE("a", "1", "") "," SIDE("b", "2", "") "]%s%s}",
	    json[0] != '\0' ? ",\"scores\":" : "", json);
	parse(text.p);
	assert_int_equal(rdl_contrast_read(&contrast, &rec, true, &why), 1);
	if (rdl_alignment_read(&scores, &contrast, &why) != want)
		fail_msg("%s: not %d", json, want);
	if (want < 0)
		assert_string_equal(why.rule, "scores");
	rdl_buf_release(&text);
}

static void
test_read(void **state)
{
	(void)state;
	read_scores("", 0);
	read_scores("[[1,2],[3,4.5]]", 1);
	assert_true(fabs(scores.s[3] - 4.5) < 1e-9);
	assert_true(fabs(scores.s[1] - 2) < 1e-9);
	read_scores("[]", -1);
	read_scores("{}", -1);
	read_scores("null", -1);
	read_scores("[[1,2]]", -1);
	read_scores("[[1,2],[3]]", -1);
	read_scores("[[1,2],[3,4,5]]", -1);
	read_scores("[[1,2],[3,null]]", -1);
	read_scores("[[1,2],[3,\"4\"]]", -1);
	read_scores("[[1,2],[3,12345678901234567890123456789012345678901]]",
	    -1);
	parse(TWO(SIDE("a", "1", ",\"scores\":[9,1]"),
	    SIDE("b", "2", ",\"scores\":[2,8]")));
	assert_int_equal(rdl_contrast_read(&contrast, &rec, true, &why), 1);
	assert_int_equal(rdl_alignment_read(&scores, &contrast, &why), 1);
	assert_true(fabs(scores.s[0] - 9) < 1e-9);
}

/* What a test of a matrix of n says: a rule, or NULL. */
static const char *
verdict(const double *s, size_t n, int test, double own, double gap)
{
	const struct rdl_alignment_rule rule = { test, own, gap };

	scores.n = n;
	memcpy(scores.s, s, n * n * sizeof(*s));
	return rdl_alignment_check(&scores, &rule, &why) == 1 ? NULL :
	    why.rule;
}

/* The examples of Winoground's text, image and group score. */
static void
test_check(void **state)
{
	static const double good[] = { 5, 1, 2, 4 }, tie[] = { 5, 5, 2, 6 };
	static const double text[] = { 5, 6, 1, 7 }, image[] = { 5, 1, 6, 7 };
	static const double three[] = { 5, 1, 1, 1, 5, 1, 1, 4, 4 };

	(void)state;
	assert_null(verdict(good, 2, RDL_ALIGNMENT_BOTH, NAN, NAN));
	assert_null(verdict(good, 2, RDL_ALIGNMENT_BOTH, 4, 2));
	assert_string_equal(verdict(good, 2, RDL_ALIGNMENT_BOTH, 4.5, NAN),
	    "min-own");
	assert_string_equal(why.value, "4");
	assert_string_equal(why.threshold, "4.5");
	assert_string_equal(verdict(good, 2, RDL_ALIGNMENT_BOTH, NAN, 2.5),
	    "min-gap");
	assert_string_equal(why.threshold, "2.5");
	assert_false(why.failed);
	assert_string_equal(verdict(tie, 2, RDL_ALIGNMENT_BOTH, NAN, NAN),
	    "sibling");
	assert_string_equal(verdict(tie, 2, RDL_ALIGNMENT_BOTH, NAN, 0),
	    "sibling");
	assert_null(verdict(text, 2, RDL_ALIGNMENT_TEXT, NAN, NAN));
	assert_string_equal(verdict(text, 2, RDL_ALIGNMENT_IMAGE, NAN, NAN),
	    "sibling");
	assert_null(verdict(image, 2, RDL_ALIGNMENT_IMAGE, NAN, NAN));
	assert_string_equal(verdict(image, 2, RDL_ALIGNMENT_TEXT, NAN, NAN),
	    "sibling");
	assert_string_equal(verdict(image, 2, RDL_ALIGNMENT_BOTH, NAN, NAN),
	    "sibling");
	assert_string_equal(verdict(three, 3, RDL_ALIGNMENT_BOTH, NAN, NAN),
	    "sibling");
	assert_non_null(strstr(why.text, "side 3"));
}

static void
test_margin(void **state)
{
	static const double s[] = { 5, 1, 2, 4 };
	struct rdl_buf out = RDL_BUF_INIT(4096);

	(void)state;
	scores.n = 2;
	memcpy(scores.s, s, sizeof(s));
	/* Under text 1: image 1 less image 2; of image 1: text 1 less 2. */
	assert_true(fabs(rdl_alignment_margin(&scores, false, 0, 1) - 4) <
	    1e-9);
	assert_true(fabs(rdl_alignment_margin(&scores, true, 0, 1) - 3) <
	    1e-9);
	scores.s[1] = 0.12345678;
	scores.s[2] = -0.0000001;
	rdl_alignment_json(&scores, &out);
	assert_string_equal(out.p, "[[5,0.123457],[0,4]]");
	rdl_buf_release(&out);
}

/* The digits of rdl_canon_number(), which takes longer. */
static void
test_number(void **state)
{
	static const double edges[] = { 0, -0.0, 1, -1, 0.1, 0.000001, 4e-7,
		-4e-7, 6e-7, 0.5, 0.0000015, 999999999.999999, 1e9, -1e9,
		1e15, 123456789.123456, 0.999999, 0.9999996, 1e300, 100000 };
	struct rdl_buf a = RDL_BUF_INIT(4096), b = a;
	struct rdl_rng rng = { 3 };
	double d, r;
	size_t i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		d = i < RDL_NELEM(edges) ? edges[i] :
		    (rdl_rng_real(&rng) - 0.5) * pow(10, (double)(i % 12));
		rdl_buf_reset(&a);
		rdl_buf_reset(&b);
		rdl_alignment_number(d, &a);
		r = fabs(d) < 1e9 ? nearbyint(d * 1e6) / 1e6 : d;
		rdl_canon_number(r, &b);
		assert_string_equal(a.p, b.p);
	}
	rdl_buf_release(&a);
	rdl_buf_release(&b);
}

/* Sides that are of no use, each by its rule. */
static void
test_sides(void **state)
{
	static const struct { const char *rec, *rule; bool failed; } cases[] = {
		{ TWO(SIDE("a", "1", ""), SIDE("b", "2", "")), NULL, false },
		{ TWO(SIDE("a b", "1", ""), SIDE(" A  B", "2", "")),
		    "same-text", false },
		{ TWO(SIDE("a\\u00e9", "1", ""), SIDE("ae\\u0301", "2", "")),
		    "same-text", false },
		{ TWO(SIDE("same words a", "1", ""),
		    SIDE("same words  a", "2", "")), "same-text", false },
		{ TWO(SIDE("same words a", "1", ""),
		    SIDE("same words\\u00e9", "2", "")), NULL, false },
		{ TWO(SIDE("12345678", "1", ""), SIDE("12345678 ", "2", "")),
		    "same-text", false },
		{ TWO(SIDE("1234567 x", "1", ""), SIDE("1234567x", "2", "")),
		    NULL, false },
		{ TWO(SIDE("stra\\u00dfe...", "1", ""),
		    SIDE("STRASSE...", "2", "")), "same-text", false },
		{ TWO(SIDE("\\u00e9\\u00e9\\u00e9\\u00e9", "1", ""),
		    SIDE("\\u00e9\\u00e9\\u00e9\\u00c9", "2", "")),
		    "same-text", false },
		{ TWO(SIDE("a", "1", ""), SIDE("b", "1", "")), "same-image",
		    false },
		{ TWO(SIDE("a", "1", ""), "{\"text\":\"b\"}"), "no-image",
		    false },
		{ TWO(SIDE(" ", "1", ""), SIDE("b", "2", "")), "record",
		    true },
		{ TWO(SIDE("a", "", ""), SIDE("b", "2", "")), "record", true },
		{ TWO(SIDE("a", "1", ""), "7"), "record", true },
		{ "{\"sides\":[]}", "one-side", false },
		{ "{\"sides\":[" SIDE("a", "1", "") "]}", "one-side", false },
		{ "{\"sides\":{}}", "record", true },
		{ "{}", "record", true }
	};
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		parse(cases[i].rec);
		rc = rdl_contrast_read(&contrast, &rec, true, &why);
		if ((rc == 1) != (cases[i].rule == NULL))
			fail_msg("%s: %d", cases[i].rec, rc);
		if (rc == 1)
			continue;
		assert_string_equal(why.rule, cases[i].rule);
		assert_int_equal(why.failed, cases[i].failed);
	}
	parse("{\"sides\":[" SIDE("a", "1", "") "]}");
	assert_int_equal(rdl_contrast_read_any(&contrast, &rec, true, &why),
	    1);
	assert_int_equal(contrast.n, 1);
}

static int
tear_down(void **state)
{
	(void)state;
	rdl_rec_release(&rec);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_margin),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_sides),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
