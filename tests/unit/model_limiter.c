/*
 * The rate limiter against simulated servers, in simulated time.
 * Prints, for each scenario, the worst of five runs: the time, the refusals,
 * when all slots were busy; asserts bounds.  No network, no clock, no ledger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "core/rng.h"
#include "model/limiter_impl.h"

#define SECOND INT64_C(1000000)
#define PROCESSES 3

/* A scenario: a server, its clients, and what must come of it. */
struct scenario {
	const char *name;
	double capacity, rate;		/* bucket of requests; rate 0: none */
	double rate2;			/* rate after half the rows, 0: same */
	double token_capacity, token_rate;	/* 0: none */
	int64_t latency_us, jitter_us;
	int64_t retry_after_ms;		/* -1: header not sent */
	bool heads;			/* x-ratelimit headers */
	int processes, inflight, rows;	/* of each process */
	struct rdl_limits limits;
	int64_t tokens;			/* of a call, as estimated */
	int64_t tokens_used;
	int max_refusals;
	double max_s;
};

enum kind { ARRIVE, REPLY, WAKE };

struct event {
	enum kind kind;
	int64_t at_us;
	int process;
	struct rdl_http_call call;
	int64_t sent_us;
};

struct client {
	struct rdl_limiter *lim;
	int left, inflight;
	bool waking;
};

struct sim {
	const struct scenario *sc;
	struct client clients[PROCESSES];
	struct event *events;
	size_t nevents, cap;
	double level, tokens;
	int64_t level_us, now_us, full_us;
	int accepted, refusals, meetings, peak, first_peak;
	struct rdl_rng rng;
	struct rdl_buf text;	/* the store */
};

static int
store_update(void *where, rdl_limiter_text_fn fn, void *ctx,
    struct rdl_err *err)
{
	struct sim *sim = where;

	(void)err;
	sim->meetings++;
	fn(&sim->text, ctx);
	return rdl_buf_full(&sim->text) ? -1 : 0;
}

static struct event *
push(struct sim *sim, enum kind kind, int64_t at_us, int process)
{
	struct event *e;

	if (sim->nevents == sim->cap) {
		sim->cap = sim->cap * 2 + 64;
		sim->events = rdl_mem_realloc(sim->events, sim->cap,
		    sizeof(*sim->events));
	}
	e = &sim->events[sim->nevents++];
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->at_us = at_us;
	e->process = process;
	return e;
}

static struct event
pop(struct sim *sim)
{
	struct event e;
	size_t i, min = 0;

	for (i = 1; i < sim->nevents; i++)
		if (sim->events[i].at_us < sim->events[min].at_us)
			min = i;
	e = sim->events[min];
	sim->events[min] = sim->events[--sim->nevents];
	return e;
}

static int64_t
half_latency(struct sim *sim)
{
	const struct scenario *sc = sim->sc;

	return sc->latency_us / 2 + (sc->jitter_us == 0 ? 0 :
	    (int64_t)rdl_rng_below(&sim->rng, (uint64_t)sc->jitter_us));
}

/* The server takes a request or refuses it. */
static void
serve(struct sim *sim, const struct event *e)
{
	const struct scenario *sc = sim->sc;
	double rate = sc->rate2 > 0 && sim->accepted * 2 >=
	    sc->rows * sc->processes ? sc->rate2 : sc->rate;
	double dt = (double)(sim->now_us - sim->level_us) / SECOND;
	struct rdl_http_call *c;
	struct event *reply;
	bool ok;

	sim->level += dt * rate;
	if (sim->level > sc->capacity)
		sim->level = sc->capacity;
	sim->tokens += dt * sc->token_rate;
	if (sim->tokens > sc->token_capacity)
		sim->tokens = sc->token_capacity;
	sim->level_us = sim->now_us;
	ok = (sc->rate <= 0 || sim->level >= 1) &&
	    (sc->token_rate <= 0 || sim->tokens > 0);
	reply = push(sim, REPLY, sim->now_us + half_latency(sim), e->process);
	reply->sent_us = e->sent_us;
	c = &reply->call;
	c->status = ok ? 200 : 429;
	c->retry_after_ms = c->limit_requests = c->limit_tokens = -1;
	c->remaining_requests = c->reset_requests_ms = -1;
	c->remaining_tokens = c->reset_tokens_ms = -1;
	c->latency_ms = (reply->at_us - e->sent_us) / 1000;
	if (ok) {
		sim->level -= 1;
		sim->tokens -= (double)sc->tokens_used;
		sim->accepted++;
	} else {
		sim->refusals++;
		c->retry_after_ms = sc->retry_after_ms;
	}
	if (sc->heads) {
		c->limit_requests = (int64_t)(rate * 60);
		c->remaining_requests = (int64_t)sim->level;
		c->reset_requests_ms = (int64_t)((sc->capacity - sim->level) *
		    1000 / rate);
	}
}

/* Send what may be sent, as the engine does: it sleeps whole milliseconds. */
static void
fill(struct sim *sim, int process)
{
	struct client *cl = &sim->clients[process];
	struct rdl_err err = RDL_ERR_INIT;
	struct event *e;
	int64_t wait;
	int total = 0, i;

	while (cl->left > 0 && cl->inflight < sim->sc->inflight) {
		wait = rdl_limiter_take(cl->lim, sim->now_us,
		    sim->sc->tokens, (size_t)cl->inflight, &err);
		assert_true(wait >= 0);
		if (wait > 0) {
			if (!cl->waking)
				(void)push(sim, WAKE, sim->now_us +
				    (wait + 999) / 1000 * 1000, process);
			cl->waking = true;
			break;
		}
		cl->left--;
		cl->inflight++;
		e = push(sim, ARRIVE, sim->now_us + half_latency(sim),
		    process);
		e->sent_us = sim->now_us;
	}
	for (i = 0; i < sim->sc->processes; i++)
		total += sim->clients[i].inflight;
	if (total > sim->peak)
		sim->peak = total;
	if (cl->inflight == sim->sc->inflight && sim->full_us == 0)
		sim->full_us = sim->now_us;
}

static void
receive(struct sim *sim, const struct event *e)
{
	struct client *cl = &sim->clients[e->process];
	struct rdl_err err = RDL_ERR_INIT;

	cl->inflight--;
	if (e->call.status != 200)
		cl->left++;
	assert_int_equal(rdl_limiter_done(cl->lim, sim->now_us, &e->call,
	    sim->sc->tokens, e->call.status == 200 ? sim->sc->tokens_used :
	    -1, -1, &err), 0);
	fill(sim, e->process);
}

/* Seconds until all rows were answered. */
static double
simulate(struct sim *sim, const struct scenario *sc, uint64_t seed)
{
	struct rdl_limiter_store store = { store_update, NULL, sim };
	int64_t begin_us = 5000 * SECOND;
	double seconds;
	int i, want = sc->rows * sc->processes;

	memset(sim, 0, sizeof(*sim));
	rdl_buf_init(&sim->text, 4096);
	sim->sc = sc;
	sim->rng.state = seed;
	sim->level = sc->capacity;
	sim->tokens = sc->token_capacity;
	sim->now_us = sim->level_us = begin_us;
	for (i = 0; i < sc->processes; i++) {
		sim->clients[i].left = sc->rows;
		sim->clients[i].lim = rdl_limiter_new(&sc->limits,
		    sc->processes > 1 ? &store : NULL, seed + (uint64_t)i);
		fill(sim, i);
	}
	while (sim->nevents > 0) {
		struct event e = pop(sim);

		sim->now_us = e.at_us;
		if (e.kind == ARRIVE) {
			serve(sim, &e);
		} else if (e.kind == REPLY) {
			receive(sim, &e);
		} else {
			sim->clients[e.process].waking = false;
			fill(sim, e.process);
		}
		assert_true(sim->now_us - begin_us < 4000 * SECOND);
	}
	assert_int_equal(sim->accepted, want);
	for (i = 0; i < sc->processes; i++)
		rdl_limiter_close(sim->clients[i].lim);
	seconds = (double)(sim->now_us - begin_us) / SECOND;
	if (sim->full_us != 0)
		sim->full_us -= begin_us;
	free(sim->events);
	rdl_buf_release(&sim->text);
	return seconds;
}

#define SERVER(c, r) .capacity = (c), .rate = (r), .latency_us = 50000
#define ONE .processes = 1, .inflight = 32
#define THREE .processes = 3, .inflight = 32

static const struct scenario scenarios[] = {
	{ "10 at 10/s, headers", SERVER(10, 10), .retry_after_ms = 1000,
		.heads = true, ONE, .rows = 600,
		.max_refusals = 0, .max_s = 65 },
	{ "10 at 10/s, retry-after", SERVER(10, 10), .retry_after_ms = 1000,
		ONE, .rows = 600, .max_refusals = 9, .max_s = 65 },
	{ "10 at 10/s, nothing said", SERVER(10, 10), .retry_after_ms = -1,
		ONE, .rows = 600, .max_refusals = 9, .max_s = 65 },
	{ "10 at 10/s, jitter", SERVER(10, 10), .jitter_us = 20000,
		.retry_after_ms = 1000, ONE, .rows = 600,
		.max_refusals = 9, .max_s = 65 },
	{ "three, headers", SERVER(10, 10), .retry_after_ms = 1000,
		.heads = true, THREE, .rows = 200,
		.max_refusals = 0, .max_s = 65 },
	{ "three, retry-after", SERVER(10, 10), .retry_after_ms = 1000,
		THREE, .rows = 200, .max_refusals = 9, .max_s = 65 },
	{ "three, nothing said, jitter", SERVER(10, 10), .jitter_us = 20000,
		.retry_after_ms = -1, THREE, .rows = 200,
		.max_refusals = 9, .max_s = 65 },
	{ "10 at 10/s, told 90 ms", SERVER(10, 10), .jitter_us = 2000,
		.retry_after_ms = 90, ONE, .rows = 600,
		.max_refusals = 9, .max_s = 65 },
	{ "three, told 90 ms", SERVER(10, 10), .jitter_us = 2000,
		.retry_after_ms = 90, THREE, .rows = 200,
		.max_refusals = 9, .max_s = 65 },
	{ "1 at 10/s", SERVER(1, 10), .retry_after_ms = 1000, ONE,
		.rows = 600, .max_refusals = 10, .max_s = 85 },
	{ "60 at 1/s", SERVER(60, 1), .retry_after_ms = 1000, ONE,
		.rows = 120, .max_refusals = 45, .max_s = 66 },
	{ "500 at 8.3/s, 256 in flight", SERVER(500, 500 / 60.0),
		.retry_after_ms = 1000, .processes = 1, .inflight = 256,
		.rows = 1000, .max_refusals = 40, .max_s = 66 },
	{ "10/s, then 5/s", SERVER(10, 10), .rate2 = 5,
		.retry_after_ms = 1000, ONE, .rows = 600,
		.max_refusals = 10, .max_s = 95 },
	{ "10/s, then 20/s", SERVER(10, 10), .rate2 = 20,
		.retry_after_ms = 1000, ONE, .rows = 1200,
		.max_refusals = 12, .max_s = 120 },
	{ "slow replies, 10 at 10/s", .capacity = 10, .rate = 10,
		.latency_us = 8 * SECOND, .jitter_us = 2 * SECOND,
		.retry_after_ms = 1000, ONE, .rows = 300,
		.max_refusals = 3, .max_s = 135 },
	{ "200/s", SERVER(200, 200), .retry_after_ms = 1000,
		.processes = 1, .inflight = 64, .rows = 6000,
		.max_refusals = 80, .max_s = 33 },
	{ "told 600, 10 at 10/s", SERVER(10, 10), .retry_after_ms = 1000,
		ONE, .rows = 600, .limits = { 600, 0 },
		.max_refusals = 0, .max_s = 61 },
	{ "told 600, three", SERVER(10, 10), .retry_after_ms = 1000,
		THREE, .rows = 200, .limits = { 600, 0 },
		.max_refusals = 0, .max_s = 61 },
	{ "told 60000, three", SERVER(1000, 1000), .retry_after_ms = 1000,
		.processes = 3, .inflight = 100, .rows = 4000,
		.limits = { 60000, 0 }, .max_refusals = 0, .max_s = 13 },
	{ "told too much: 1200", SERVER(10, 10), .retry_after_ms = 1000,
		ONE, .rows = 600, .limits = { 1200, 0 },
		.max_refusals = 6, .max_s = 65 },
	{ "told 60000 tokens", SERVER(0, 0), .token_capacity = 1000,
		.token_rate = 1000, ONE, .rows = 300, .tokens = 400,
		.tokens_used = 200, .limits = { -1, 60000 },
		.max_refusals = 0, .max_s = 62 },
	{ "no limit", SERVER(0, 0), .processes = 1, .inflight = 256,
		.rows = 10000, .max_refusals = 0, .max_s = 2.4 },
	{ "no limit, three", SERVER(0, 0), .processes = 3, .inflight = 85,
		.rows = 3000, .max_refusals = 0, .max_s = 2.4 },
	{ "none: never slowed", SERVER(0, 0), .processes = 1,
		.inflight = 256, .rows = 10000, .limits = { -1, -1 },
		.max_refusals = 0, .max_s = 2.05 },
};

static void
test_scenarios(void **state)
{
	struct sim *sim = rdl_mem_calloc(1, sizeof(*sim));
	const struct scenario *sc;
	bool bad = false;
	double s, worst_s;
	int worst, seed;
	size_t i;

	(void)state;
	(void)printf("%-30s %9s %9s %6s %9s\n", "server", "worst s",
	    "refusals", "full", "meetings");
	for (i = 0; i < RDL_NELEM(scenarios); i++) {
		sc = &scenarios[i];
		worst = 0;
		worst_s = 0;
		for (seed = 1; seed <= 5; seed++) {
			s = simulate(sim, sc, (uint64_t)seed);
			worst_s = s > worst_s ? s : worst_s;
			worst = sim->refusals > worst ? sim->refusals : worst;
		}
		(void)printf("%-30s %9.2f %9d %6.2f %9d%s\n", sc->name,
		    worst_s, worst, (double)sim->full_us / SECOND,
		    sim->meetings, worst > sc->max_refusals ||
		    worst_s > sc->max_s ? " *" : "");
		bad = bad || worst > sc->max_refusals || worst_s > sc->max_s;
	}
	free(sim);
	assert_false(bad);
}

/* A store that two limiters share, and a limiter on it. */
static struct rdl_limiter *
on_store(struct sim *sim, const struct rdl_limits *limits)
{
	struct rdl_limiter_store store = { store_update, NULL, sim };

	return rdl_limiter_new(limits, &store, 1);
}

static struct rdl_http_call
reply(int status, int64_t latency_ms, int64_t retry_after_ms)
{
	struct rdl_http_call c;

	memset(&c, 0, sizeof(c));
	c.status = status;
	c.latency_ms = latency_ms;
	c.retry_after_ms = retry_after_ms;
	c.limit_requests = c.remaining_requests = c.reset_requests_ms = -1;
	c.limit_tokens = c.remaining_tokens = c.reset_tokens_ms = -1;
	return c;
}

static int64_t
take(struct rdl_limiter *lim, int64_t now_us)
{
	struct rdl_err err = RDL_ERR_INIT;

	return rdl_limiter_take(lim, now_us, 100, 0, &err);
}

static void
done(struct rdl_limiter *lim, int64_t now_us, struct rdl_http_call c)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_limiter_done(lim, now_us, &c, 100, 100, -1,
	    &err), 0);
}

static const struct rdl_limits unknown = { 0, 0 };

static void
test_pause_reaches_the_others(void **state)
{
	struct sim sim = { .text = RDL_BUF_INIT(4096) };
	struct rdl_limiter *a = on_store(&sim, &unknown);
	struct rdl_limiter *b = on_store(&sim, &unknown);
	int64_t t = 100 * SECOND, seen;
	int i;

	(void)state;
	/* Slow start: the very next call of the other one waits. */
	assert_int_equal(take(a, t), 0);
	assert_int_equal(take(b, t), 0);
	done(a, t + 50000, reply(429, 50, 3000));
	assert_in_range(take(b, t + 50001), 2900000, 3100000);
	rdl_limiter_close(a);
	rdl_limiter_close(b);
	/* No limit met yet: within 50 ms. */
	rdl_buf_reset(&sim.text);
	a = on_store(&sim, &unknown);
	b = on_store(&sim, &unknown);
	for (i = 0; i < 3000; i++, t += 1000) {
		if (take(a, t) == 0)
			done(a, t, reply(200, 1, -1));
		if (take(b, t) == 0)
			done(b, t, reply(200, 1, -1));
	}
	assert_int_equal(take(b, t), 0);
	sim.meetings = 0;
	done(a, t, reply(429, 1, 3000));
	for (seen = t; take(b, seen) == 0; seen += 1000)
		continue;
	assert_true(seen - t <= 51000);
	assert_true(sim.meetings <= 2);
	rdl_limiter_close(a);
	rdl_limiter_close(b);
	rdl_buf_release(&sim.text);
}

static void
test_one_lesson_a_pause(void **state)
{
	struct rdl_limiter_state s;
	struct rdl_limiter_lease lease;
	int64_t t = 100 * SECOND;
	double rate;
	int i;

	(void)state;
	rdl_limiter_state_init(&s, t);
	rdl_limiter_state_told(&s, 100, t);
	for (i = 0; i < 200; i++, t += 10000)
		if (rdl_limiter_state_lease(&s, t, &lease) == 0)
			rdl_limiter_state_answer(&s, t, lease.n, lease.n,
			    1000);
	for (i = 0; i < 20; i++)
		rdl_limiter_state_refuse(&s, t + i, t - 1000, 1000, 0);
	assert_true(rdl_limiter_state_lease(&s, t + 500000, &lease) > 0);
	t += 1100000;
	rdl_limiter_state_advance(&s, t);
	rate = s.rate;
	assert_true(rate < 95 && rate > 30);
	/* A straggler from before the pause teaches nothing. */
	rdl_limiter_state_refuse(&s, t, t - 1500000, -1, 0);
	assert_int_equal(s.refused, 0);
	assert_int_equal(rdl_limiter_state_lease(&s, t + 100000, &lease), 0);
	assert_true(s.rate == rate);
}

static void
test_nothing_gets_through(void **state)
{
	static const int64_t want_s[] = { 1, 2, 4, 8, 16, 32, 64, 120, 120 };
	struct rdl_limiter *lim = rdl_limiter_new(&unknown, NULL, 1);
	int64_t t = 100 * SECOND, wait;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(want_s); i++) {
		while ((wait = take(lim, t)) > 0)
			t += wait;
		t += 10000;
		done(lim, t, reply(429, 10, -1));
		wait = take(lim, t);
		assert_in_range(wait, want_s[i] * SECOND,
		    want_s[i] * SECOND * 5 / 4);
		assert_true(wait <= 120 * SECOND);
		t += wait;
	}
	rdl_limiter_close(lim);
}

static void
test_busy_server_holds_without_a_lesson(void **state)
{
	struct rdl_limiter *lim = rdl_limiter_new(&unknown, NULL, 1);
	char out[96];

	(void)state;
	assert_int_equal(take(lim, 100 * SECOND), 0);
	done(lim, 100 * SECOND + 1, reply(503, 1, 2000));
	assert_in_range(take(lim, 101 * SECOND), 900000, 1100000);
	assert_int_equal(take(lim, 103 * SECOND), 0);
	rdl_limiter_show(lim, out);
	assert_string_equal(out, "");
	rdl_limiter_close(lim);
}

static void
test_reboot_and_killed_process(void **state)
{
	struct sim sim = { .text = RDL_BUF_INIT(4096) };
	struct rdl_limits known = { 600, 0 };
	struct rdl_limiter *lim = on_store(&sim, &known);
	int64_t t = 90000 * SECOND;
	int i;

	(void)state;
	for (i = 0; i < 10; i++)
		(void)take(lim, t);
	done(lim, t, reply(429, 10, 60000));
	rdl_limiter_close(lim);
	/* The machine came up again: its clock is small. */
	lim = on_store(&sim, &known);
	assert_int_equal(take(lim, 20 * SECOND), 0);
	rdl_limiter_close(lim);
	/* A process is killed with the whole window under way. */
	rdl_buf_reset(&sim.text);
	lim = on_store(&sim, &unknown);
	for (i = 0; i < 4; i++)
		assert_int_equal(take(lim, t), 0);
	assert_true(take(lim, t) > 0);
	assert_true(take(lim, t + 9 * SECOND) > 0);
	assert_int_equal(take(lim, t + 11 * SECOND), 0);
	rdl_limiter_close(lim);
	rdl_buf_release(&sim.text);
}

static void
test_known_limit_is_paced_evenly(void **state)
{
	struct rdl_limits known = { 600, 0 };
	struct rdl_limiter *lim = rdl_limiter_new(&known, NULL, 1);
	int64_t t = 100 * SECOND, end = t + 10 * SECOND, wait;
	int n = 0, burst = 0;
	char out[96];

	(void)state;
	while (take(lim, t) == 0)
		burst++;
	assert_in_range(burst, 1, 2);
	for (n = burst; t < end; t += wait)
		for (;; n++) {
			wait = take(lim, t);
			if (wait > 0)
				break;
		}
	assert_in_range(n, 99, 102);
	rdl_limiter_show(lim, out);
	assert_string_equal(out, "600 requests/min (configured)");
	rdl_limiter_close(lim);
}

static void
test_headers(void **state)
{
	static const struct {
		int64_t limit, remaining, reset_ms;
		double rate;	/* 0: still unknown */
	} all[] = {
		{ 600, 599, 100, 9.7 },		/* OpenAI, a minute */
		{ 600, 5, 500, 9.7 },		/* the stub's bucket of 10 */
		{ 60, 59, 1000, 0.97 },
		{ 50, 40, 55000, 0.8083 },	/* a fixed window */
		{ 50, 49, 59000, 0 },		/* not yet to be told */
		{ 600, -1, -1, 9.7 },		/* Azure says no more */
		{ 10000, 9999, 8640, 0 },	/* OpenAI, a day */
		{ 14400, 14370, 179560, 0 },	/* Groq, a day */
		{ 1000, 900, 86400000, 0 },
		{ 0, 0, 0, 0 },
		{ -1, -1, -1, 0 },
	};
	struct rdl_limiter_head none = { -1, -1, -1 }, h;
	struct rdl_limits known = { 60, 600 };
	struct rdl_limiter_state s;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(all); i++) {
		rdl_limiter_state_init(&s, SECOND);
		h = (struct rdl_limiter_head){ all[i].limit,
			all[i].remaining, all[i].reset_ms };
		rdl_limiter_head_read(&s, SECOND, &unknown, &h, &h);
		if (all[i].rate == 0) {
			assert_int_equal(s.mode, RDL_LIMITER_SLOW);
			assert_true(s.tokens == 0);
			continue;
		}
		assert_int_equal(s.mode, RDL_LIMITER_PACED);
		assert_true(s.rate > all[i].rate * 0.999 &&
		    s.rate < all[i].rate * 1.001);
		assert_true(s.tokens == s.ceiling);
	}
	/* What is configured is not argued with. */
	h = (struct rdl_limiter_head){ 6000, 5999, 10 };
	rdl_limiter_state_init(&s, SECOND);
	rdl_limiter_state_configure(&s, &known, SECOND);
	rdl_limiter_head_read(&s, SECOND, &known, &h, &h);
	assert_true(s.rate == 1 && s.tokens == 10);
	/* Little is left: slower, but not below half. */
	h = (struct rdl_limiter_head){ 600, 2, 50000 };
	rdl_limiter_state_init(&s, SECOND);
	rdl_limiter_head_read(&s, SECOND, &unknown, &h, &none);
	assert_true(s.squeeze == 0.5);
	/* The limit was raised: follow it. */
	h = (struct rdl_limiter_head){ 1200, 1199, 50 };
	rdl_limiter_head_read(&s, SECOND, &unknown, &h, &none);
	assert_true(s.rate > 19.3 && s.squeeze == 1);
}

static void
test_text(void **state)
{
	static const char *const bad[] = { "", "x", "null", "[]", "{}",
		"{\"v\":1}", "{\"v\":2,\"mode\":0}", "\0\0" };
	struct rdl_buf b = RDL_BUF_INIT(4096), c = RDL_BUF_INIT(4096);
	struct rdl_limiter_state s, r;
	char *p;
	size_t i;

	(void)state;
	rdl_limiter_state_init(&s, 123456789);
	rdl_limiter_state_told(&s, 9.7, 123456790);
	s.sent = 77;
	s.burst = 12;
	rdl_limiter_text_write(&s, &b);
	assert_true(b.len < 1024);
	rdl_limiter_state_init(&r, 0);
	assert_int_equal(rdl_limiter_text_read(&r, b.p, b.len), 0);
	rdl_limiter_text_write(&r, &c);
	assert_string_equal(b.p, c.p);
	rdl_limiter_state_init(&s, 5);
	r = s;
	for (i = 0; i < RDL_NELEM(bad); i++)
		assert_int_equal(rdl_limiter_text_read(&r, bad[i],
		    strlen(bad[i])), -1);
	for (i = 0; i < b.len; i++)
		assert_int_equal(rdl_limiter_text_read(&r, b.p, i), -1);
	/* Any one digit spoilt: read or refused, never out of range. */
	for (p = b.p; *p != '\0'; p++) {
		char was = *p;

		*p = '-';
		if (rdl_limiter_text_read(&r, b.p, b.len) == 0)
			assert_true(r.rate > 0 && r.window > 0);
		*p = was;
	}
	rdl_buf_release(&b);
	rdl_buf_release(&c);
}

static void
test_hostile_text_starts_anew(void **state)
{
	struct sim sim = { .text = RDL_BUF_INIT(4096) };
	struct rdl_limiter *lim = on_store(&sim, &unknown);

	(void)state;
	rdl_buf_adds(&sim.text, "{\"v\":1,\"mode\":99}");
	assert_int_equal(take(lim, SECOND), 0);
	assert_memory_equal(sim.text.p, "{\"v\":1,\"mode\":0", 15);
	rdl_limiter_close(lim);
	rdl_limiter_close(NULL);
	rdl_buf_release(&sim.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
		cmocka_unit_test(test_pause_reaches_the_others),
		cmocka_unit_test(test_one_lesson_a_pause),
		cmocka_unit_test(test_nothing_gets_through),
		cmocka_unit_test(test_busy_server_holds_without_a_lesson),
		cmocka_unit_test(test_reboot_and_killed_process),
		cmocka_unit_test(test_known_limit_is_paced_evenly),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_hostile_text_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
