/*
 * Money: what is reserved is never less than what can be spent, and what was
 * spent is exact.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/budget.h"

/* gpt-4o-mini's price of 2024: 0.15, 0.075 and 0.60 dollars a million. */
static struct rdl_model model = { .price = { 150000, 75000, 600000, -1, "" } };

static struct rdl_request
question(struct rdl_turn *turn, struct rdl_piece *piece, const char *text)
{
	struct rdl_request r;

	memset(&r, 0, sizeof(r));
	memset(piece, 0, sizeof(*piece));
	piece->text = text;
	piece->len = strlen(text);
	turn->role = RDL_ROLE_USER;
	turn->pieces = piece;
	turn->npieces = 1;
	r.op = RDL_OP_CHAT;
	r.model = &model;
	r.turns = turn;
	r.nturns = 1;
	r.sampling = (struct rdl_sampling)RDL_SAMPLING_INIT;
	return r;
}

static void
test_worst_case_bounds_every_cost(void **state)
{
	struct rdl_turn turn;
	struct rdl_piece piece;
	struct rdl_request r = question(&turn, &piece, "twelve bytes");
	struct rdl_reply reply;
	int64_t worst;

	(void)state;
	memset(&reply, 0, sizeof(reply));
	assert_int_equal(rdl_budget_worst(&r), -1);	/* unbounded answer */
	r.sampling.max_tokens = 100;
	worst = rdl_budget_worst(&r);
	assert_true(worst >= 12 * 150000 + 100 * 600000);
	reply.tokens_in = 12;
	reply.tokens_out = 100;
	assert_true(rdl_budget_cost(&r, &reply) <= worst);
	assert_true(rdl_budget_cost(&r, &reply) ==
	    12 * 150000 + 100 * 600000);
}

static void
test_cached_tokens_cost_their_own_price(void **state)
{
	struct rdl_turn turn;
	struct rdl_piece piece;
	struct rdl_request r = question(&turn, &piece, "x");
	struct rdl_reply reply;

	(void)state;
	memset(&reply, 0, sizeof(reply));
	reply.tokens_in = 1000;
	reply.tokens_cached = 600;
	reply.tokens_out = 0;
	assert_true(rdl_budget_cost(&r, &reply) ==
	    400 * 150000 + 600 * 75000);
	reply.tokens_cached = 2000;	/* more than all: a server's nonsense */
	assert_int_equal(rdl_budget_cost(&r, &reply), -1);
}

static void
test_unknown_is_not_zero(void **state)
{
	struct rdl_model unpriced = { .price = { -1, -1, -1, -1, "" } };
	struct rdl_turn turn;
	struct rdl_piece piece;
	struct rdl_request r = question(&turn, &piece, "x");
	struct rdl_reply reply;

	(void)state;
	memset(&reply, 0, sizeof(reply));
	reply.tokens_in = reply.tokens_out = -1;
	r.sampling.max_tokens = 1;
	assert_int_equal(rdl_budget_cost(&r, &reply), -1);
	r.model = &unpriced;
	assert_int_equal(rdl_budget_worst(&r), -1);
	reply.tokens_in = reply.tokens_out = 5;
	assert_int_equal(rdl_budget_cost(&r, &reply), -1);
}

static void
test_cap_holds_whatever_is_in_flight(void **state)
{
	struct rdl_budget b = { .cap_pusd = 1000 };

	(void)state;
	assert_true(rdl_budget_reserve(&b, 400));
	assert_true(rdl_budget_reserve(&b, 600));
	assert_false(rdl_budget_reserve(&b, 1));
	rdl_budget_settle(&b, 400, 100);
	assert_false(rdl_budget_reserve(&b, 301));
	assert_true(rdl_budget_reserve(&b, 300));
	rdl_budget_settle(&b, 600, -1);		/* usage unknown: all of it */
	rdl_budget_settle(&b, 300, 0);
	assert_true(b.spent_pusd == 700 && b.reserved_pusd == 0);
}

static void
test_no_cap_reserves_nothing(void **state)
{
	struct rdl_budget b = { .cap_pusd = -1 };

	(void)state;
	assert_true(rdl_budget_reserve(&b, INT64_MAX));
	rdl_budget_settle(&b, INT64_MAX, 5);
	assert_true(b.spent_pusd == 5 && b.reserved_pusd == 0);
}

static void
test_huge_amounts_do_not_wrap(void **state)
{
	struct rdl_budget b = { .cap_pusd = INT64_MAX - 1,
		.spent_pusd = INT64_MAX - 2 };

	(void)state;
	assert_false(rdl_budget_reserve(&b, INT64_MAX));
	assert_true(rdl_budget_reserve(&b, 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worst_case_bounds_every_cost),
		cmocka_unit_test(test_cached_tokens_cost_their_own_price),
		cmocka_unit_test(test_unknown_is_not_zero),
		cmocka_unit_test(test_cap_holds_whatever_is_in_flight),
		cmocka_unit_test(test_no_cap_reserves_nothing),
		cmocka_unit_test(test_huge_amounts_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
