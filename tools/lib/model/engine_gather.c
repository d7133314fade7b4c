/*
 * Calls that came back: refusals are acted on at once, answers gathered, so
 * that many share one commit of the ledger.  Their places are taken by the next
 * calls meanwhile.  Writes to the ledger through engine_wire.c.
 */
#include "core/clock.h"
#include "model/engine_impl.h"

#define GATHER_US 5000		/* the longest that an answer waits */

/* Tell the limiter how a call ended. */
static int
tell_limiter(struct rdl_engine *e, const struct rdl_task *t,
    struct rdl_err *err)
{
	bool known = t->http.status == 200 && t->reply.tokens_in >= 0 &&
	    t->reply.tokens_out >= 0;

	if (e->limiter == NULL)		/* it came in a batch */
		return 0;
	return rdl_limiter_done(e->limiter, rdl_clock_us(), &t->http,
	    t->reserved_tokens, known ?
	    t->reply.tokens_in + t->reply.tokens_out : -1, t->wait_ms, err);
}

/* Calls came back.  Their places are free at once; a refusal is acted on at
 * once, answers are gathered for one commit. */
int
rdl_gather_arrived(struct rdl_engine *e, size_t n, struct rdl_err *err)
{
	struct rdl_http_call **calls = e->done + e->gathered;
	struct rdl_task *t;
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		t = calls[i]->user;
		e->sent--;
		e->busy--;
		e->answered += t->http.status != 0;
		if (t->http.status == 200) {
			if (e->gathered + kept == 0)
				e->gather_us = rdl_clock_us() + GATHER_US;
			calls[kept++] = calls[i];
		} else if (rdl_wire_receive(e, t, err) < 0 ||
		    tell_limiter(e, t, err) < 0)
			return -1;
	}
	e->gathered += kept;
	return 0;
}

/* Store the answers that were gathered, commit, then read each. */
int
rdl_gather_read(struct rdl_engine *e, struct rdl_err *err)
{
	struct rdl_task *t;
	size_t i, n = e->gathered;

	e->gathered = 0;
	for (i = 0; i < n; i++)
		if (rdl_wire_store(e, e->done[i]->user, err) < 0)
			return -1;
	if (n > 0 && e->ledger != NULL && rdl_calls_commit(e->ledger, err) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		t = e->done[i]->user;
		if (rdl_wire_receive(e, t, err) < 0 ||
		    tell_limiter(e, t, err) < 0)
			return -1;
	}
	return 0;
}

/* Are the answers that were gathered to wait no longer? */
bool
rdl_gather_due(const struct rdl_engine *e)
{
	return e->gathered >= RDL_GATHER || (e->gathered > 0 &&
	    (e->sent == 0 || rdl_clock_us() >= e->gather_us));
}
