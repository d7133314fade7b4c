/*
 * The rate limiter of a process: answers most questions from its own copy of
 * the shared state, and brings the two together every 50 ms or when it
 * matters.  Reads and writes the store it was given.  Does not sleep.
 */
#include "model/limiter.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "model/limiter_impl.h"

#define FRESH_US 50000	/* a copy is believed for so long */
#define LATE_US 50000	/* an unused slot of a lease dies after so long */

/* What happened here since the last meeting with the shared state. */
struct delta {
	int64_t sent;		/* sends without a lease, less unused slots */
	int64_t ended, ok;
	int64_t latency_us;	/* of the last that ended */
	int64_t tokens;
	bool hungry;
	struct rdl_limiter_head requests, tokens_head;
};

struct rdl_limiter {
	struct rdl_limits limits;
	bool none;			/* never slow down */
	struct rdl_limiter_store store;	/* update NULL: own */
	struct rdl_limiter_state own;	/* the state, if there is no store */
	struct rdl_limiter_state s;	/* the copy, with what was done since */
	struct rdl_limiter_lease lease;
	struct delta delta;
	struct rdl_rng rng;
	int64_t met_us;			/* last meeting */
	bool met;
};

/* What one meeting is for. */
struct meeting {
	struct rdl_limiter *lim;
	int64_t now_us;
	int64_t wait_us;	/* in: -1: no slot wanted; out: 0 or the wait */
	const struct rdl_http_call *refusal;	/* or NULL */
	int64_t refusal_wait_ms;
};

static const struct rdl_limiter_head head_none = { -1, -1, -1 };

static void
delta_reset(struct delta *d)
{
	*d = (struct delta){ .requests = head_none, .tokens_head = head_none };
}

struct rdl_limiter *
rdl_limiter_new(const struct rdl_limits *limits,
    const struct rdl_limiter_store *store, uint64_t seed)
{
	struct rdl_limiter *lim = rdl_mem_calloc(1, sizeof(*lim));

	lim->limits = *limits;
	lim->none = limits->requests_per_min < 0 &&
	    limits->tokens_per_min <= 0;
	if (store != NULL)
		lim->store = *store;
	lim->rng.state = seed;
	delta_reset(&lim->delta);
	return lim;
}

/* Add what happened here to the shared state s. */
static void
fold(struct rdl_limiter *lim, struct rdl_limiter_state *s, int64_t now_us)
{
	struct delta *d = &lim->delta;

	s->sent += d->sent;
	if (s->sent < s->refused)
		s->sent = s->refused;
	if (d->hungry)
		s->hungry = 1;
	rdl_limiter_state_charge(s, now_us, d->tokens);
	rdl_limiter_state_answer(s, now_us, d->ended, d->ok, d->latency_us);
	rdl_limiter_head_read(s, now_us, &lim->limits, &d->requests,
	    &d->tokens_head);
	delta_reset(d);
}

static void
drop_lease(struct rdl_limiter *lim)
{
	lim->delta.sent -= lim->lease.n;
	lim->lease.n = 0;
}

static void
meet(struct rdl_limiter *lim, struct rdl_limiter_state *s, struct meeting *m)
{
	const struct rdl_http_call *c = m->refusal;

	rdl_limiter_state_configure(s, &lim->limits, m->now_us);
	fold(lim, s, m->now_us);
	rdl_limiter_state_advance(s, m->now_us);
	if (lim->lease.n > 0 && m->now_us < s->until_us) {
		s->sent -= lim->lease.n;
		lim->lease.n = 0;
	}
	if (c != NULL && c->status == 429)
		rdl_limiter_state_refuse(s, m->now_us,
		    m->now_us - c->latency_ms * 1000, m->refusal_wait_ms,
		    rdl_rng_real(&lim->rng));
	else if (c != NULL)
		rdl_limiter_state_hold(s, m->now_us, m->refusal_wait_ms);
	if (m->wait_us >= 0)
		m->wait_us = rdl_limiter_state_tokens_wait(s, m->now_us);
	if (m->wait_us == 0 && lim->lease.n == 0)
		m->wait_us = rdl_limiter_state_lease(s, m->now_us,
		    &lim->lease);
	lim->s = *s;
	lim->met = true;
	lim->met_us = m->now_us;
}

static void
meet_in_text(struct rdl_buf *text, void *ctx)
{
	struct meeting *m = ctx;
	struct rdl_limiter_state s;

	rdl_limiter_state_init(&s, m->now_us);
	/* A text that makes no sense is as good as none. */
	(void)rdl_limiter_text_read(&s, text->p, text->len);
	meet(m->lim, &s, m);
	rdl_buf_reset(text);
	rdl_limiter_text_write(&s, text);
}

static int
hold_meeting(struct rdl_limiter *lim, struct meeting *m, struct rdl_err *err)
{
	if (lim->store.update != NULL)
		return lim->store.update(lim->store.where, meet_in_text, m,
		    err);
	if (!lim->met)
		rdl_limiter_state_init(&lim->own, m->now_us);
	meet(lim, &lim->own, m);
	return 0;
}

/* Use a slot of the lease: 0, or the microseconds until it begins. */
static int64_t
use_lease(struct rdl_limiter *lim, int64_t now_us, int64_t tokens)
{
	struct rdl_limiter_lease *l = &lim->lease;

	if (l->next_us > now_us) {
		lim->delta.hungry = true;
		return l->next_us - now_us;
	}
	l->next_us += l->step_us;
	l->n--;
	lim->delta.tokens += tokens;
	rdl_limiter_state_charge(&lim->s, now_us, tokens);
	return 0;
}

/* Answer from the copy alone: 0, a wait, or -1 when that will not do. */
static int64_t
take_here(struct rdl_limiter *lim, int64_t now_us, int64_t tokens)
{
	const struct rdl_limiter_lease *l = &lim->lease;
	int64_t wait;

	if (now_us < lim->s.until_us)
		return lim->s.until_us - now_us;
	if (l->n > 0 && now_us > l->next_us + l->n * l->step_us + LATE_US)
		drop_lease(lim);
	if (now_us - lim->met_us >= FRESH_US || lim->s.refused_us != 0)
		return -1;
	wait = rdl_limiter_state_tokens_wait(&lim->s, now_us);
	if (wait > 0)
		return wait < FRESH_US ? wait : FRESH_US;
	if (l->n > 0)
		return use_lease(lim, now_us, tokens);
	if (lim->s.mode != RDL_LIMITER_FREE)
		return -1;
	lim->delta.sent++;
	lim->delta.tokens += tokens;
	rdl_limiter_state_charge(&lim->s, now_us, tokens);
	return 0;
}

int64_t
rdl_limiter_take(struct rdl_limiter *lim, int64_t now_us, int64_t tokens,
    size_t inflight, struct rdl_err *err)
{
	struct meeting m = { .lim = lim, .now_us = now_us };
	int64_t wait = -1;

	if (lim->none)
		return 0;
	/* Alone, one knows what is under way without counting. */
	lim->own.out = (int64_t)inflight;
	if (lim->met)
		wait = take_here(lim, now_us, tokens);
	if (wait < 0) {
		if (hold_meeting(lim, &m, err) < 0)
			return -1;
		wait = m.wait_us > 0 ? m.wait_us :
		    use_lease(lim, now_us, tokens);
	}
	return wait;
}

static void
note_heads(struct delta *d, const struct rdl_http_call *c)
{
	if (c->limit_requests > 0)
		d->requests = (struct rdl_limiter_head){ c->limit_requests,
		    c->remaining_requests, c->reset_requests_ms };
	if (c->limit_tokens > 0)
		d->tokens_head = (struct rdl_limiter_head){ c->limit_tokens,
		    c->remaining_tokens, c->reset_tokens_ms };
}

int
rdl_limiter_done(struct rdl_limiter *lim, int64_t now_us,
    const struct rdl_http_call *call, int64_t reserved, int64_t used,
    int64_t wait_ms, struct rdl_err *err)
{
	struct meeting m = { .lim = lim, .now_us = now_us, .wait_us = -1 };
	struct delta *d = &lim->delta;
	bool busy = call->status == 503 || call->status == 529;
	int64_t settle;

	if (lim->none)
		return 0;
	if (call->retry_after_ms >= 0)
		wait_ms = call->retry_after_ms;
	if (call->status == 429)
		used = 0;
	settle = used >= 0 ? used - reserved : 0;
	d->tokens += settle;
	rdl_limiter_state_charge(&lim->s, now_us, settle);
	d->ended++;
	d->ok += call->status == 200;
	d->latency_us = call->latency_ms * 1000;
	note_heads(d, call);
	if (call->status == 429 || (busy && wait_ms > 0)) {
		m.refusal = call;
		m.refusal_wait_ms = wait_ms;
		drop_lease(lim);
	} else if (lim->met && lim->s.mode != RDL_LIMITER_SLOW) {
		return 0;
	}
	return hold_meeting(lim, &m, err);
}

void
rdl_limiter_close(struct rdl_limiter *lim)
{
	struct meeting m = { .lim = lim, .wait_us = -1 };
	struct rdl_err err = RDL_ERR_INIT;

	if (lim == NULL)
		return;
	if (lim->met && lim->store.update != NULL) {
		drop_lease(lim);
		m.now_us = lim->met_us;
		/* What is lost if this fails is only an unused slot. */
		(void)hold_meeting(lim, &m, &err);
	}
	if (lim->store.release != NULL)
		lim->store.release(lim->store.where);
	free(lim);
}

void
rdl_limiter_show(const struct rdl_limiter *lim, char out[96])
{
	static const char *const from[] = { "learned", "configured",
		"told by the server" };
	const struct rdl_limiter_state *s = &lim->s;
	int n = 0;

	out[0] = '\0';
	if (lim->none || !lim->met)
		return;
	if (s->mode == RDL_LIMITER_PACED)
		n = snprintf(out, 96, "%.0f requests/min (%s)", s->rate * 60,
		    s->ceiling > 0 && s->rate >= s->ceiling * 0.999 ?
		    from[s->source] : from[RDL_LIMITER_LEARNED]);
	if (s->tokens > 0 && n >= 0)
		(void)snprintf(out + n, 96 - (size_t)n, "%s%.0f tokens/min",
		    n > 0 ? ", " : "", s->tokens * 60);
}
