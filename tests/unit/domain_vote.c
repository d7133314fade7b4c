/*
 * Ballots and the rule: what counts, what fails, what wins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "domain/scores.h"
#include "domain/vote.h"

/* A vote on the scores in text: outcome, and the rule that decided. */
struct voted {
	enum rdl_outcome outcome;
	char rule[32], why[RDL_ERR_MAX];
	struct rdl_vote_result result;
};

static struct rdl_judges judges;

static void
vote(const struct rdl_vote_rule *r, const char *text, struct voted *out)
{
	static struct rdl_ballot b;
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *doc = yyjson_read(text, strlen(text),
	    YYJSON_READ_BIGNUM_AS_RAW);

	assert_non_null(doc);
	memset(out, 0, sizeof(*out));
	rdl_ballot_reset(&b);
	if (rdl_ballot_add(&b, &judges, r, yyjson_doc_get_root(doc), &err)
	    < 0) {
		out->outcome = RDL_VOTE_FAILED;
		(void)snprintf(out->rule, sizeof(out->rule), "%s", b.wrong);
		(void)snprintf(out->why, sizeof(out->why), "%s", err.msg);
	} else {
		rdl_vote_decide(r, &judges, &b, 0, &out->result);
		out->outcome = out->result.outcome;
		(void)snprintf(out->rule, sizeof(out->rule), "%s",
		    out->result.rule);
		rdl_vote_explain(r, &judges, &b, &out->result, &why);
		(void)snprintf(out->why, sizeof(out->why), "%s", why.p);
	}
	rdl_buf_release(&why);
	yyjson_doc_free(doc);
}

static enum rdl_outcome
outcome(const struct rdl_vote_rule *r, const char *text)
{
	struct voted v;

	vote(r, text, &v);
	return v.outcome;
}

static void
name(const char *names)
{
	struct rdl_err err = RDL_ERR_INIT;

	rdl_judges_release(&judges);
	if (names != NULL)
		assert_int_equal(rdl_judges_name(&judges, names, &err), 0);
}

#define ONE(j, s) "{\"judge\":\"" j "\",\"score\":" s "}"
#define THREE(a, b, c) "[" ONE("a", a) "," ONE("b", b) "," ONE("c", c) "]"

static void
test_every_vote_of_three(void **state)
{
	const struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	char text[200];
	unsigned i, yes;

	(void)state;
	name(NULL);
	for (i = 0; i < 8; i++) {
		yes = (i & 1) + (i >> 1 & 1) + (i >> 2);
		(void)snprintf(text, sizeof(text), "[%s%u},%s%u},%s%u}]",
		    "{\"judge\":\"a\",\"score\":", i & 1,
		    "{\"judge\":\"b\",\"score\":", i >> 1 & 1,
		    "{\"judge\":\"c\",\"score\":", i >> 2);
		assert_int_equal(outcome(&r, text),
		    yes >= 2 ? RDL_VOTE_WON : RDL_VOTE_LOST);
	}
}

static void
test_sum_does_not_depend_on_order(void **state)
{
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;

	(void)state;
	name(NULL);
	/* Added one by one, 0.1 + 0.2 + 0.3 gives this, 0.3 + 0.2 + 0.1 gives
	 * 0.6. */
	r.min_sum = 0.6000000000000001;
	assert_int_equal(outcome(&r, THREE("0.1", "0.2", "0.3")),
	    RDL_VOTE_LOST);
	assert_int_equal(outcome(&r, THREE("0.3", "0.2", "0.1")),
	    RDL_VOTE_LOST);
	r.min_sum = 0.6;
	assert_int_equal(outcome(&r, THREE("0.1", "0.2", "0.3")),
	    RDL_VOTE_WON);
}

static void
test_k_of_n(void **state)
{
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct rdl_err err = RDL_ERR_INIT;
	struct voted v;

	(void)state;
	name(NULL);
	assert_int_equal(rdl_vote_at_least(&r, "2/3", &err), 0);
	assert_int_equal(rdl_vote_scale(&r, "1..5", &err), 0);
	assert_int_equal(outcome(&r, THREE("4", "5", "1")), RDL_VOTE_WON);
	assert_int_equal(outcome(&r, THREE("3", "5", "3")), RDL_VOTE_LOST);
	r.accept = 3;
	assert_int_equal(outcome(&r, THREE("3", "5", "2")), RDL_VOTE_WON);
	vote(&r, "[" ONE("a", "5") "," ONE("b", "5") "]", &v);
	assert_string_equal(v.rule, "missing");
	vote(&r, "[" ONE("a", "5") "," ONE("b", "5") "," ONE("c", "5") ","
	    ONE("d", "5") "]", &v);
	assert_string_equal(v.rule, "judges");
	assert_int_equal(v.outcome, RDL_VOTE_FAILED);
}

/* D35: the published script takes "10" for ten votes, and loses "Score: 1"
 * without a word. */
static void
test_d35_what_is_no_score_fails(void **state)
{
	static const struct {
		const char *text, *rule;
	} cases[] = {
		{ THREE("10", "0", "0"), "score" },
		{ THREE("2", "0", "0"), "score" },
		{ THREE("-1", "1", "1"), "score" },
		{ THREE("\"1\"", "1", "1"), "score" },
		{ THREE("\"Score: 1\"", "1", "1"), "score" },
		{ THREE("\"NaN\"", "1", "1"), "score" },
		{ THREE("true", "1", "1"), "score" },
		{ THREE("[1]", "1", "1"), "score" },
		{ THREE("1e999", "1", "1"), "score" },
		{ THREE("123456789012345678901234567890", "1", "1"), "score" },
		{ "[{\"judge\":\"a\"}]", "score" },
		{ "[{\"judge\":\"a\",\"score\":6,\"scale\":[1,5]}]", "score" },
		{ "[{\"judge\":\"a\",\"score\":1,\"scale\":[1]}]", "scale" },
		{ "[{\"judge\":\"a\",\"score\":1,\"scale\":[5,1]}]", "scale" },
		{ "[{\"judge\":\"a\",\"score\":1,\"scale\":\"0..1\"}]",
		    "scale" },
		{ "[{\"judge\":\"a\",\"score\":1,\"scale\":[0,1e999]}]",
		    "scale" },
		{ "[{\"judge\":\"a\",\"score\":1},"
		    "{\"judge\":\"b\",\"score\":5,\"scale\":[1,5]}]",
		    "scale" },
		{ "[{\"score\":1}]", "scores" },
		{ "[{\"judge\":\"\",\"score\":1}]", "scores" },
		{ "[{\"judge\":7,\"score\":1}]", "scores" },
		{ "[1,1,1]", "scores" },
		{ "{\"a\":1}", "scores" },
		{ "3", "scores" },
		{ "[" ONE("a", "1") "," ONE("a", "0") "]", "judge-twice" },
		{ "[" ONE("a", "1") ",{\"judge\":\"a\",\"score\":1,"
		    "\"call\":\"c2\"}]", "judge-twice" },
		{ "[]", "missing" },
	};
	const struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct voted v;
	size_t i;

	(void)state;
	name(NULL);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		vote(&r, cases[i].text, &v);
		assert_string_equal(v.rule, cases[i].rule);
		assert_int_equal(v.outcome, RDL_VOTE_FAILED);
		assert_true(v.why[0] != '\0');
	}
}

static void
test_a_copy_counts_once(void **state)
{
	const struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct voted v;

	(void)state;
	name(NULL);
	vote(&r, "[" ONE("a", "1") "," ONE("a", "1") "]", &v);
	assert_int_equal(v.outcome, RDL_VOTE_LOST);
	assert_int_equal(v.result.voted, 1);
	vote(&r, "[" ONE("a", "1") ",{\"score\":1.0,\"judge\":\"a\"}]", &v);
	assert_int_equal(v.result.voted, 1);
}

/* Absent judges: of three named, c is missing, or abstains. */
static void
test_missing_and_abstained(void **state)
{
	static const struct {
		const char *a, *b;	/* scores */
		enum rdl_outcome want[3];	/* fail, no, ignore */
	} cases[] = {
		{ "1", "1", { RDL_VOTE_FAILED, RDL_VOTE_WON, RDL_VOTE_WON } },
		/* 2 of 3 in proportion is 4/3 of 2. */
		{ "1", "0", { RDL_VOTE_FAILED, RDL_VOTE_LOST,
		    RDL_VOTE_LOST } },
		/* and 2/3 of 1: one yes wins alone. */
		{ "1", "null", { RDL_VOTE_FAILED, RDL_VOTE_LOST,
		    RDL_VOTE_WON } },
		{ "null", "null", { RDL_VOTE_FAILED, RDL_VOTE_LOST,
		    RDL_VOTE_LOST } },
	};
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	char text[200];
	size_t i, k, way;

	(void)state;
	name("a,b,c");
	for (way = 0; way < 2; way++)
		for (i = 0; i < RDL_NELEM(cases); i++)
			for (k = 0; k < 3; k++) {
				r.at_least = way == 0 ? 0 : 2;
				r.missing = r.abstain = (enum rdl_absent)k;
				(void)snprintf(text, sizeof(text),
				    "[{\"judge\":\"a\",\"score\":%s},"
				    "{\"judge\":\"b\",\"score\":%s}]",
				    cases[i].a, cases[i].b);
				assert_int_equal(outcome(&r, text),
				    cases[i].want[k]);
			}
	name(NULL);
}

static void
test_judges_that_are_named(void **state)
{
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct rdl_err err = RDL_ERR_INIT;
	struct voted v;

	(void)state;
	name("a,b");
	vote(&r, THREE("1", "0", "1"), &v);
	assert_int_equal(v.outcome, RDL_VOTE_LOST);
	assert_int_equal(v.result.voted, 2);
	/* What a judge says that does not count is not looked at. */
	vote(&r, THREE("1", "1", "\"?\""), &v);
	assert_int_equal(v.outcome, RDL_VOTE_WON);
	vote(&r, "[" ONE("a", "1") "," ONE("c", "1") "]", &v);
	assert_string_equal(v.rule, "missing");
	assert_string_equal(v.why, "no score by b (a 1)");
	rdl_judges_release(&judges);
	assert_int_equal(rdl_judges_name(&judges, "a,,b", &err), -1);
	rdl_judges_release(&judges);
	assert_int_equal(rdl_judges_name(&judges, "a,a", &err), -1);
	name(NULL);
}

static void
test_more_judges_than_there_may_be(void **state)
{
	const struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct voted v;
	unsigned i;

	(void)state;
	name(NULL);
	for (i = 0; i <= RDL_JUDGES_MAX; i++)
		rdl_buf_addf(&text, "%c{\"judge\":\"j%u\",\"score\":1}",
		    i > 0 ? ',' : '[', i);
	rdl_buf_addc(&text, ']');
	vote(&r, text.p, &v);
	assert_string_equal(v.rule, "judges");
	assert_int_equal(judges.n, RDL_JUDGES_MAX);
	rdl_buf_release(&text);
	name(NULL);
}

static void
test_rules_that_are_none(void **state)
{
	static const char *const at_least[] = { "", "0", "3/2", "2/", "/3",
		"2/3/4", "65", "-1", "1.5", "2/65" };
	static const char *const scales[] = { "", "1", "1..", "..1", "5..1",
		"1..1", "0,1", "a..b", "0..1x", "nan..1", "0..inf" };
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(at_least); i++) {
		assert_int_equal(rdl_vote_at_least(&r, at_least[i], &err), -1);
		assert_int_equal(err.cls, RDL_E_USAGE);
	}
	for (i = 0; i < RDL_NELEM(scales); i++) {
		assert_int_equal(rdl_vote_scale(&r, scales[i], &err), -1);
		assert_int_equal(err.cls, RDL_E_USAGE);
	}
	assert_int_equal(rdl_vote_scale(&r, "-1..0.5", &err), 0);
	assert_true(r.lo < -0.9 && r.hi > 0.4 && r.hi < 0.6);
}

static void
test_rule_in_words(void **state)
{
	struct rdl_vote_rule r = RDL_VOTE_RULE_DEFAULT;
	struct rdl_buf text = RDL_BUF_INIT(RDL_KIB);

	(void)state;
	r.min_sum = 2.5;
	rdl_vote_rule_text(&r, &text);
	assert_string_equal(text.p, "min-sum 2.5");
	r.at_least = 2;
	r.of = 3;
	r.accept = -4;
	rdl_buf_reset(&text);
	rdl_vote_rule_text(&r, &text);
	assert_string_equal(text.p, "at-least 2/3 accept -4");
	rdl_buf_release(&text);
}

/* Merge the scores of records. */
static void
merged(const char *const *lines, size_t n, bool copies, const char *want)
{
	struct rdl_rec recs[3] = { RDL_REC_INIT, RDL_REC_INIT, RDL_REC_INIT };
	const struct rdl_rec *p[3] = { &recs[0], &recs[1], &recs[2] };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	for (i = 0; i < n; i++)
		assert_int_equal(rdl_rec_parse(&recs[i], lines[i],
		    strlen(lines[i]), &err), 0);
	rdl_scores_merge(p, n, copies, &out);
	assert_string_equal(out.p, want);
	rdl_buf_release(&out);
	for (i = 0; i < n; i++)
		rdl_rec_release(&recs[i]);
}

static void
test_scores_are_merged_byte_for_byte(void **state)
{
	static const char *const lines[] = {
		"{\"scores\" : [ {\"a\":1.50 , \"b\":\"x,]\\\"}\"} , [1,[2]]]}",
		"{\"scores\":[]}",
		"{\"x\":1,\"scores\":[[1,[2]],3,\"s,\"]}" };
	static const char *const none[] = { "{}", "{\"scores\":7}",
		"{\"scores\":[ ]}" };

	(void)state;
	merged(lines, 3, false, "[{\"a\":1.50 , \"b\":\"x,]\\\"}\"} , "
	    "[1,[2]],[1,[2]],3,\"s,\"]");
	merged(lines, 3, true, "[{\"a\":1.50 , \"b\":\"x,]\\\"}\"},[1,[2]],3,"
	    "\"s,\"]");
	merged(lines, 1, true, "[{\"a\":1.50 , \"b\":\"x,]\\\"}\"},[1,[2]]]");
	merged(none, 3, true, "[]");
	merged(none, 3, false, "[]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_vote_of_three),
		cmocka_unit_test(test_sum_does_not_depend_on_order),
		cmocka_unit_test(test_k_of_n),
		cmocka_unit_test(test_d35_what_is_no_score_fails),
		cmocka_unit_test(test_a_copy_counts_once),
		cmocka_unit_test(test_missing_and_abstained),
		cmocka_unit_test(test_judges_that_are_named),
		cmocka_unit_test(test_more_judges_than_there_may_be),
		cmocka_unit_test(test_rules_that_are_none),
		cmocka_unit_test(test_rule_in_words),
		cmocka_unit_test(test_scores_are_merged_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
