/*
 * Money: the worst case is reserved before a call is sent and settled when it
 * is answered, so that the cap holds whatever is in flight.
 * Pure arithmetic in 1e-12 dollars.
 */
#ifndef RDL_MODEL_BUDGET_H
#define RDL_MODEL_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "model/dialect.h"
#include "model/request.h"

struct rdl_budget {
	int64_t cap_pusd;	/* -1: none */
	int64_t spent_pusd;
	int64_t reserved_pusd;
};

/*
 * The most that a call can cost: a byte-level tokenizer makes at most one
 * token of a byte, a hosted service at most 3,000 of an image; the answer is
 * bounded by max_tokens.  -1 if a price or the bound is unknown.
 */
int64_t rdl_budget_worst(const struct rdl_request *r);

/* What an answered call cost; -1 if a price or a count is unknown. */
int64_t rdl_budget_cost(const struct rdl_request *r,
    const struct rdl_reply *reply);

/* Reserve; false if the cap does not allow it. */
bool rdl_budget_reserve(struct rdl_budget *b, int64_t pusd);

/* Give a reservation back and book what was really spent (-1: unknown, then
 * the reservation itself is booked). */
void rdl_budget_settle(struct rdl_budget *b, int64_t reserved, int64_t spent);

#endif
