/*
 * Pairs of scored answers: which are chosen, which are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/compiler.h"
#include "core/rng.h"
#include "domain/scored.h"
#include "record/schema.h"

static struct rdl_rec rec = RDL_REC_INIT;
static struct rdl_scored_opts opts = { "prompt", "answers", "text", "score",
	false, 0, 0 };
static struct rdl_scored scored;
static struct rdl_reason why;

static int
read_record(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id;

	if (rdl_rec_parse(&rec, text, strlen(text), &err) < 0 ||
	    rdl_id_of(&rec, &id, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return rdl_scored_read(&scored, &rec, &id, &why);
}

#define REC(answers) "{\"id\":\"r\",\"prompt\":\"p\",\"answers\":" answers "}"
#define A(text, score) "{\"text\":\"" text "\",\"score\":" score "}"

static void
test_refused(void **state)
{
	static const struct { const char *rec, *rule; bool failed; } cases[] = {
		{ REC("[" A("x", "1") "," A("y", "1") "]"), "tie", false },
		{ REC("[" A("x", "1") "," A("y", "1.0") "]"), "tie", false },
		{ REC("[" A("x", "0") "," A("y", "-0.0") "]"), "tie", false },
		{ REC("[" A("x", "1") "," A("X ", "1") "]"), "one-answer",
		    false },
		{ REC("[" A("x", "1") "," A("X ", "2") "]"), "conflict", true },
		{ REC("[" A("x", "1") "]"), "one-answer", false },
		{ REC("[]"), "one-answer", false },
		{ REC("{}"), "record", true },
		{ REC("[" A("x", "1") ",{\"text\":\"y\"}]"), "score", true },
		{ REC("[" A("x", "1") "," A("y", "null") "]"), "score", true },
		{ REC("[" A("x", "1") "," A("y", "\"2\"") "]"), "score", true },
		{ REC("[" A("x", "1") "," A("y", "1e300") "]"), "score", true },
		{ REC("[" A("x", "1") "," A(" \\n", "2") "]"), "record", true },
		{ REC("[" A("x", "1") ",{\"score\":2}]"), "record", true },
		{ REC("[" A("x", "1") ",{\"score\":2,\"image\":"
		    "{\"id\":\"i\"}}]"), "record", true },
		{ REC("[" A("x", "1") ",{\"score\":2,\"image\":{\"id\":\"i\","
		    "\"uri\":\"u\"}}]"), "record", true },
		{ REC("[1,2]"), "record", true },
		{ "{\"id\":\"r\",\"answers\":[]}", "record", true },
		{ "{\"id\":\"r\",\"prompt\":\"\",\"answers\":[]}", "record",
		    true }
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		if (read_record(cases[i].rec) != 0)
			fail_msg("taken: %s", cases[i].rec);
		if (strcmp(why.rule, cases[i].rule) != 0)
			fail_msg("%s: %s", cases[i].rec, why.rule);
		assert_int_equal(why.failed, cases[i].failed);
	}
	opts.min_margin = 2;
	assert_int_equal(read_record(REC("[" A("x", "1") "," A("y", "2.5")
	    "]")), 0);
	assert_string_equal(why.rule, "min-margin");
	assert_string_equal(why.value, "1.5");
	assert_string_equal(why.threshold, "2");
	opts.min_margin = 0;
}

static void
test_best_worst(void **state)
{
	(void)state;
	assert_int_equal(read_record(REC("[" A("a", "3") "," A("b", "5") ","
	    A("c", "1") "," A("d", "5") "," A("e", "1") "]")), 1);
	assert_int_equal(scored.npairs, 1);
	assert_int_equal(scored.pairs[0].chosen, 1);
	assert_int_equal(scored.pairs[0].rejected, 2);
	assert_true(fabs(scored.pairs[0].margin - 4) < 1e-9);
}

/* Against all pairs, tried one by one; and no pair contradicts another. */
static void
test_all(void **state)
{
	struct rdl_buf text = RDL_BUF_INIT(1 << 20);
	struct rdl_rng rng = { 7 };
	size_t round, i, j, n, want;

	(void)state;
	opts.all = true;
	opts.min_margin = 3;
	for (round = 0; round < 200; round++) {
		n = 2 + (size_t)rdl_rng_below(&rng, 20);
		rdl_buf_reset(&text);
		rdl_buf_adds(&text, "{\"id\":\"r\",\"prompt\":\"p\","
		    "\"answers\":[");
		for (i = 0; i < n; i++)
			rdl_buf_addf(&text, "%s{\"text\":\"t%zu\",\"score\":"
			    "%u}", i > 0 ? "," : "", i,
			    (unsigned)rdl_rng_below(&rng, 8));
		rdl_buf_adds(&text, "]}");
		if (read_record(text.p) == 0) {
			assert_true(strcmp(why.rule, "tie") == 0 ||
			    strcmp(why.rule, "min-margin") == 0);
			continue;
		}
		for (i = want = 0; i < n; i++)
			for (j = 0; j < n; j++)
				want += scored.v[i].score -
				    scored.v[j].score >= 3;
		assert_int_equal(scored.npairs, want);
		for (i = 0; i < want; i++) {
			assert_true(scored.pairs[i].margin >= 3);
			if (i > 0)
				assert_true(scored.pairs[i].margin <=
				    scored.pairs[i - 1].margin);
		}
		opts.max_pairs = 2;
		assert_int_equal(read_record(text.p), 1);
		assert_int_equal(scored.npairs, want < 2 ? want : 2);
		opts.max_pairs = 0;
	}
	opts.all = false;
	opts.min_margin = 0;
	rdl_buf_release(&text);
}

static void
written(const char *in, const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(1 << 20);
	struct rdl_rec again = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	char text[RDL_ID_TEXT];
	struct rdl_id id, computed;
	struct rdl_buf whole = RDL_BUF_INIT(1 << 20);

	if (read_record(in) != 1)
		fail_msg("%s: %s", in, why.text);
	assert_int_equal(rdl_scored_write(&scored, 0, &id, &out, &err), 0);
	rdl_id_format(&id, text);
	rdl_buf_addf(&whole, "{\"kind\":\"preference\",\"id\":\"%s\",%s}\n",
	    text, want);
	assert_string_equal(out.p, whole.p);
	assert_int_equal(rdl_rec_parse(&again, out.p, out.len - 1, &err), 0);
	assert_int_equal(rdl_id_compute(&again, &computed, &err), 0);
	assert_memory_equal(&id, &computed, sizeof(id));
	if (rdl_schema_check(rdl_schema_of_kind("preference"), again.root,
	    &err) != 1)
		fail_msg("%s: %s", out.p, err.msg);
	rdl_rec_release(&again);
	rdl_buf_release(&out);
	rdl_buf_release(&whole);
}

static void
test_written(void **state)
{
	(void)state;
	written("{\"id\" : \"r\",\"prompt\":\"p\\u0041 \\\"\",\"answers\":["
	    "{\"text\":\"\\u00e9t\\u00e9\",\"score\":1.50,\"id\":\"a\"},"
	    "{\"id\":\"b\",\"text\":\"x\\n\",\"score\":-2}],"
	    "\"task\":{\"id\":\"t\", \"path\":[\"a\"]}}",
	    "\"from\":[\"r\",\"a\",\"b\"],\"prompt\":\"p\\u0041 \\\"\","
	    "\"chosen\":{\"text\":\"\\u00e9t\\u00e9\"},"
	    "\"rejected\":{\"text\":\"x\\n\"},\"margin\":3.5,"
	    "\"scores\":{\"chosen\":1.5,\"rejected\":-2},\"length_gap\":1,"
	    "\"group\":\"r\",\"task\":{\"id\":\"t\", \"path\":[\"a\"]}");
	/* An answer that goes by the record's id, or both by one. */
	written("{\"id\":\"r\",\"prompt\":\"p\",\"image\":{\"uri\":\"u\"},"
	    "\"answers\":[{\"text\":\"a\",\"score\":1,\"id\":\"r\"},"
	    "{\"text\":\"bcd\",\"score\":0,\"id\":\"s\"}]}",
	    "\"from\":[\"r\",\"s\"],\"prompt\":\"p\",\"images\":"
	    "[{\"uri\":\"u\"}],\"chosen\":{\"text\":\"a\"},\"rejected\":"
	    "{\"text\":\"bcd\"},\"margin\":1,\"scores\":{\"chosen\":1,"
	    "\"rejected\":0},\"length_gap\":-2,\"group\":\"r\"");
	written("{\"id\":\"r\",\"prompt\":\"p\",\"images\":[{\"id\":\"i\\u0031"
	    "\",\"uri\":\"u\"},\"v\"],\"answers\":[{\"text\":\"a\",\"score\":1,"
	    "\"id\":\"s\"},{\"text\":\"b\",\"score\":0,\"id\":\"s\"}]}",
	    "\"from\":[\"r\",\"s\"],\"prompt\":\"p\",\"images\":"
	    "[{\"id\":\"i\\u0031\",\"uri\":\"u\"},\"v\"],"
	    "\"chosen\":{\"text\":\"a\"},\"rejected\":"
	    "{\"text\":\"b\"},\"margin\":1,\"scores\":{\"chosen\":1,"
	    "\"rejected\":0},\"length_gap\":0,\"group\":\"r\"");
	written("{\"id\":\"r\",\"prompt\":\"p\",\"answers\":[{\"image\":"
	    "{\"id\":\"i:1\",\"uri\":\"u\", \"w\":1.50},\"score\":1},"
	    "{\"score\":2,\"image\":{\"uri\":\"v\",\"id\":\"i:\\u0032\"}}]}",
	    "\"from\":[\"r\",\"i:\\u0032\",\"i:1\"],\"prompt\":\"p\","
	    "\"chosen\":{\"image\":{\"uri\":\"v\",\"id\":\"i:\\u0032\"}},"
	    "\"rejected\":{\"image\":{\"id\":\"i:1\",\"uri\":\"u\","
	    " \"w\":1.50}},\"margin\":1,\"scores\":{\"chosen\":2,"
	    "\"rejected\":1},\"group\":\"r\"");
}

static void
test_lengths(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_scored_lengths l = { 4, 3, 1, 100, 50 };

	(void)state;
	rdl_scored_lengths_json(&l, &out);
	assert_string_equal(out.p, "{\"pairs\":4,\"longer\":3,\"shorter\":1,"
	    "\"mean_chosen\":25,\"mean_rejected\":12.5}");
	rdl_buf_reset(&out);
	l.pairs = 0;
	rdl_scored_lengths_json(&l, &out);
	rdl_scored_lengths_text(&l, &out);
	assert_int_equal(out.len, 0);
	rdl_buf_release(&out);
}

static void
test_many(void **state)
{
	struct rdl_buf text = RDL_BUF_INIT(1 << 20);
	size_t i;

	(void)state;
	rdl_buf_adds(&text, "{\"id\":\"r\",\"prompt\":\"p\",\"answers\":[");
	for (i = 0; i <= RDL_SCORED_ANSWERS; i++)
		rdl_buf_addf(&text, "%s{\"text\":\"t%zu\",\"score\":%zu}",
		    i > 0 ? "," : "", i, i);
	rdl_buf_adds(&text, "]}");
	assert_int_equal(read_record(text.p), 0);
	assert_string_equal(why.rule, "record");
	rdl_buf_release(&text);
}

static int
set_up(void **state)
{
	(void)state;
	rdl_scored_init(&scored, &opts);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rdl_scored_release(&scored);
	rdl_rec_release(&rec);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_best_worst),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
