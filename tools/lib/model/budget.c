/*
 * Money: reserve the worst case, settle on reply.
 * Reads nothing, writes nothing.
 */
#include "model/budget.h"

#define IMAGE_TOKENS_MAX 3000	/* above every published formula */
#define TURN_TOKENS_MAX 16	/* role marks and separators */

/* a * b, or INT64_MAX where that is too much. */
static int64_t
times(int64_t a, int64_t b)
{
	return a > 0 && b > INT64_MAX / a ? INT64_MAX : a * b;
}

static int64_t
plus(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t
tokens_worst(const struct rdl_request *r)
{
	int64_t n = (int64_t)r->schema_len + TURN_TOKENS_MAX;
	size_t i, j;

	for (i = 0; i < r->nturns; i++) {
		n += TURN_TOKENS_MAX;
		for (j = 0; j < r->turns[i].npieces; j++)
			n += r->turns[i].pieces[j].text != NULL ?
			    (int64_t)r->turns[i].pieces[j].len :
			    IMAGE_TOKENS_MAX;
	}
	return n;
}

int64_t
rdl_budget_worst(const struct rdl_request *r)
{
	const struct rdl_price *p = &r->model->price;

	if (r->op == RDL_OP_IMAGE)
		return p->image;
	if (p->in < 0)
		return -1;
	if (r->op == RDL_OP_EMBED)
		return times(r->model->context > 0 ? r->model->context : 8192,
		    times(p->in, (int64_t)r->ninputs));
	if (p->out < 0 || r->sampling.max_tokens < 0)
		return -1;
	return plus(times(tokens_worst(r), p->in),
	    times(r->sampling.max_tokens, p->out));
}

int64_t
rdl_budget_cost(const struct rdl_request *r, const struct rdl_reply *reply)
{
	const struct rdl_price *p = &r->model->price;
	int64_t cached = reply->tokens_cached > 0 ? reply->tokens_cached : 0;
	int64_t cost;

	if (r->op == RDL_OP_IMAGE)
		return p->image < 0 ? -1 :
		    times((int64_t)reply->nimages, p->image);
	if (p->in < 0 || reply->tokens_in < 0 || cached > reply->tokens_in)
		return -1;
	cost = plus(times(reply->tokens_in - cached, p->in),
	    times(cached, p->cached >= 0 ? p->cached : p->in));
	if (r->op == RDL_OP_EMBED)
		return cost;
	if (p->out < 0 || reply->tokens_out < 0)
		return -1;
	return plus(cost, times(reply->tokens_out, p->out));
}

bool
rdl_budget_reserve(struct rdl_budget *b, int64_t pusd)
{
	if (b->cap_pusd < 0)
		return true;
	if (pusd < 0 || plus(plus(b->spent_pusd, b->reserved_pusd), pusd) >
	    b->cap_pusd)
		return false;
	b->reserved_pusd += pusd;
	return true;
}

void
rdl_budget_settle(struct rdl_budget *b, int64_t reserved, int64_t spent)
{
	if (b->cap_pusd >= 0)
		b->reserved_pusd -= reserved;
	b->spent_pusd = plus(b->spent_pusd, spent >= 0 ? spent :
	    reserved >= 0 ? reserved : 0);
}
