/*
 * Opposites: quotas, which replies are a contrast, the order of sides, and
 * what lengths give away.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/opposites.h"

static struct rdl_id
id_of(uint64_t n)
{
	struct rdl_id id;

	memset(&id, 0, sizeof(id));
	memcpy(id.kind, "instruction", sizeof("instruction"));
	id.hash = rdl_hash_of(&n, sizeof(n));
	return id;
}

static void
test_quota(void **state)
{
	static const char *const bad[] = { "", "style", "content=", "content=x",
		"content=-1", "content=1.5", "content=0", "content=1,",
		",content=1", "content=1,content=2", "content=1000001",
		"content=99999999999999999999", "Content=1",
		"content=1 ,aesthetics=1" };
	struct rdl_opposites_quota q;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (rdl_opposites_quota(bad[i], &q, &err) == 0)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(err.cls, RDL_E_USAGE);
	}
	assert_int_equal(rdl_opposites_quota("aesthetics=3,content", &q, &err),
	    0);
	assert_int_equal(q.weight[RDL_DIMENSION_CONTENT], 1);
	assert_int_equal(q.weight[RDL_DIMENSION_COUNTERFACTUAL], 0);
	assert_int_equal(q.weight[RDL_DIMENSION_AESTHETICS], 3);
}

/* Of n draws of probability p all but 1 in 10^6 lie within 5 sigma. */
static void
near_share(double count, double n, double p)
{
	assert_true(fabs(count - n * p) < 5 * sqrt(n * p * (1 - p)));
}

static void
test_draw(void **state)
{
	struct rdl_opposites_quota q = { { 5, 3, 2 } };
	double n[RDL_DIMENSIONS] = { 0 };
	struct rdl_id id;
	size_t i, other = 0;
	int d;

	(void)state;
	for (i = 0; i < 20000; i++) {
		id = id_of(i);
		d = (int)rdl_opposites_draw(&q, &id, 1);
		assert_int_equal(d, rdl_opposites_draw(&q, &id, 1));
		other += d != (int)rdl_opposites_draw(&q, &id, 2);
		n[d]++;
	}
	near_share(n[0], 20000, 0.5);
	near_share(n[1], 20000, 0.3);
	near_share(n[2], 20000, 0.2);
	near_share((double)other, 20000, 1 - 0.25 - 0.09 - 0.04);
	q = (struct rdl_opposites_quota){ { 0, 1, 0 } };
	for (i = 0; i < 1000; i++) {
		id = id_of(i);
		assert_int_equal(rdl_opposites_draw(&q, &id, 1),
		    RDL_DIMENSION_COUNTERFACTUAL);
	}
}

/* The rule that a reply breaks, or "". */
static const char *
rule_of(const char *reply, struct rdl_opposites *o)
{
	yyjson_doc *doc = yyjson_read(reply, strlen(reply), 0);
	struct rdl_err why = RDL_ERR_INIT;
	const char *rule = NULL;
	int rc;

	assert_non_null(doc);
	rc = rdl_opposites_read(o, yyjson_doc_get_root(doc), &rule, &why);
	yyjson_doc_free(doc);	/* nothing of it is borrowed */
	assert_true(rc == 0 || why.msg[0] != '\0');
	return rc == 0 ? "" : rule;
}

#define SIDE(text, delta) "{\"text\":\"" text "\",\"delta\":\"" delta "\"}"
#define SIDES(a, b) "{\"sides\":[" a "," b "]}"

static void
rule_is(const char *want, const char *reply)
{
	struct rdl_opposites o = RDL_OPPOSITES_INIT;

	if (strcmp(rule_of(reply, &o), want) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", reply, rule_of(reply, &o),
		    want);
	rdl_opposites_release(&o);
}

static void
test_rules(void **state)
{
	(void)state;
	rule_is("", SIDES(SIDE("one cat", "one"), SIDE("two cats", "two")));
	rule_is("", "[" SIDE("one cat", "one") "," SIDE("two cats", "two")
	    "]");
	rule_is("reply", "{}");
	rule_is("reply", "null");
	rule_is("reply", "{\"sides\":{}}");
	rule_is("reply", "[" SIDE("one cat", "one") "]");
	rule_is("reply", "[1,2]");
	rule_is("reply", SIDES("{\"text\":\"a\"}", SIDE("b", "b")));
	rule_is("reply", SIDES("{\"text\":1,\"delta\":\"a\"}", SIDE("b",
	    "b")));
	rule_is("sides", SIDES(SIDE(" \\t", "a"), SIDE("b", "b")));
	rule_is("sides", SIDES(SIDE("A  cat", "cat"), SIDE("a CAT ", "cat")));
	rule_is("delta", SIDES(SIDE("one cat", " "), SIDE("two", "two")));
	rule_is("delta", SIDES(SIDE("one cat", "cat"), SIDE("two cat",
	    "CAT")));
	rule_is("delta", SIDES(SIDE("one cat", "dog"), SIDE("two", "two")));
	/* whole words, folded; at either end; more than one place */
	rule_is("delta", SIDES(SIDE("a catalogue", "cat"), SIDE("two",
	    "two")));
	rule_is("delta", SIDES(SIDE("a bobcat", "cat"), SIDE("two", "two")));
	rule_is("", SIDES(SIDE("a catalogue, a Cat", "cat"), SIDE("two",
	    "two")));
	rule_is("", SIDES(SIDE("Cat, black", "cat"), SIDE("two", "two")));
	rule_is("", SIDES(SIDE("\\u00dcber dem Haus", "\\u00fcber"),
	    SIDE("im Haus", "im")));
	rule_is("", SIDES(
	    SIDE("\\u732b\\u304c\\u4e00\\u5339", "\\u4e00\\u5339"),
	    SIDE("\\u732b\\u304c\\u4e09\\u5339", "\\u4e09\\u5339")));
	/* one may stand in the other's text, but not each in the other's */
	rule_is("", SIDES(SIDE("a room with a cat", "a cat"),
	    SIDE("a room without the shape of a cat", "without")));
	rule_is("delta", SIDES(SIDE("a red cat on a blue mat", "red"),
	    SIDE("a blue mat, a red cat on it", "blue")));
}

static void
test_shuffle(void **state)
{
	struct rdl_opposites o = RDL_OPPOSITES_INIT;
	struct rdl_opposites_bias b;
	struct rdl_buf text = RDL_BUF_INIT(4096);
	size_t i, swaps = 0, differ = 0;
	struct rdl_id id;
	bool swapped;

	(void)state;
	memset(&b, 0, sizeof(b));
	rdl_opposites_bias_text(&b, &text);
	assert_int_equal(text.len, 0);
	for (i = 0; i < 10000; i++) {
		id = id_of(i);
		assert_string_equal(rule_of(SIDES(SIDE("five words stand in "
		    "this", "five words"), SIDE("here two", "two")), &o), "");
		assert_int_equal(o.v[0].words, 5);
		swapped = rdl_opposites_shuffle(&o, &id, 0, 7);
		assert_int_equal(o.v[0].words, swapped ? 2 : 5);
		rdl_opposites_count(&b, &o, RDL_DIMENSION_AESTHETICS,
		    swapped);
		swaps += swapped;
		differ += swapped != rdl_opposites_shuffle(&o, &id, 1, 7);
	}
	near_share((double)swaps, 10000, 0.5);
	near_share((double)differ, 10000, 0.5);
	assert_int_equal(b.n[RDL_DIMENSION_AESTHETICS], 10000);
	assert_int_equal(b.given[RDL_DIMENSION_AESTHETICS][0], 50000);
	assert_int_equal(b.given[RDL_DIMENSION_AESTHETICS][1], 20000);
	assert_int_equal(b.side[RDL_DIMENSION_AESTHETICS][0], 50000 -
	    3 * swaps);
	rdl_opposites_bias_text(&b, &text);
	assert_non_null(strstr(text.p, "10000 contrasts (content 0, "
	    "counterfactual 0, aesthetics 10000)"));
	assert_non_null(strstr(text.p, "+3.00 before they were shuffled"));
	rdl_buf_reset(&text);
	rdl_opposites_bias_json(&b, &text);
	assert_non_null(strstr(text.p, "\"difference_as_given\":3"));
	rdl_buf_release(&text);
	rdl_opposites_release(&o);
}

static void
test_record(void **state)
{
	static const char base[] = "{\"kind\":\"instruction\",\"text\":\"a "
	    "cat\",\"task\":{\"id\":\"t\",\"path\":[\"a\"], \"w\":1.0}}";
	struct rdl_buf from = RDL_BUF_INIT(256), out = RDL_BUF_INIT(4096);
	struct rdl_opposites o = RDL_OPPOSITES_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id;

	(void)state;
	assert_string_equal(rule_of(SIDES(SIDE("one  cat", "one"),
	    SIDE("two cats", "two")), &o), "");
	assert_int_equal(rdl_rec_parse(&rec, base, sizeof(base) - 1, &err),
	    0);
	rdl_buf_adds(&from, "[\"x\"]");
	assert_int_equal(rdl_opposites_record(&o, RDL_DIMENSION_CONTENT, &rec,
	    &from, -1, &id, &out, &err), 0);
	assert_non_null(strstr(out.p, "\"from\":[\"x\"],\"base\":\"a cat\","
	    "\"task\":{\"id\":\"t\",\"path\":[\"a\"], \"w\":1.0},"
	    "\"dimension\":\"content\",\"sides\":[{\"text\":\"one cat\"},"
	    "{\"text\":\"two cats\"}],\"delta\":[\"one\",\"two\"]}\n"));
	rdl_buf_release(&from);
	rdl_buf_release(&out);
	rdl_rec_release(&rec);
	rdl_opposites_release(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_draw),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_shuffle),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
