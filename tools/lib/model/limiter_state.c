/*
 * The rate limiter's machine: slow start, pauses, learning, pacing.
 * Reads and writes one struct; the time is passed in.  No clock, no I/O.
 *
 * Pacing is the generic cell rate algorithm (ITU-T I.371, annex A): due_us
 * is the theoretical arrival time, LATE_US its tolerance.
 */
#include "model/limiter_impl.h"

#include <math.h>

#define SECOND INT64_C(1000000)
#define LEASE_US 50000		/* slots are leased for so long */
#define LATE_US 50000		/* a late sender may catch up that much */
#define AHEAD_TOKENS_US 200000	/* tokens may be spent that much ahead */
#define IDLE_US (10 * SECOND)	/* after it, a cycle measures anew */
#define STALE_US (600 * SECOND)	/* after it, a free server is not believed */
#define PAUSE_MAX_MS 120000
#define PAUSE_MIN_MS 500	/* shorter, an empty bucket is still empty */
#define SKEW_US 20000		/* a reply's age is known that well */

#define WINDOW_FIRST 4
#define WINDOW_STRICT 16	/* below it, a round waits for its last */
#define WINDOW_FREE 512		/* above it, nothing is counted any more */
#define PATIENCE_US (10 * SECOND)

#define RATE_MIN 0.05		/* one request in 20 s */
#define GROWTH_PROBE 0.2	/* after the first refusal: rate is a guess */
#define GROWTH_BLIND 0.5	/* the same, on fewer than 4 answers */
#define GROWTH_MIN 0.004	/* once the rate was measured */
#define GROWTH_MAX 0.05		/* when nothing was refused for long */

/* Times that are this far ahead come from before a reboot. */
#define AHEAD_US (PAUSE_MAX_MS * INT64_C(1100))

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Begin to measure: a new cycle. */
static void
begin_cycle(struct rdl_limiter_state *s, int64_t at_us)
{
	s->began_us = at_us;
	s->refused_us = 0;
	s->sent = s->refused = 0;
	s->mark_rate = s->rate;
	s->mark_us = s->mark2_us = at_us;
	s->mark_sent = s->mark2_sent = 0;
	s->grown_us = at_us;
}

static void
begin_round(struct rdl_limiter_state *s, int64_t now_us)
{
	s->out = s->round_sent = s->round_ok = 0;
	s->moved_us = now_us;
}

void
rdl_limiter_state_init(struct rdl_limiter_state *s, int64_t now_us)
{
	*s = (struct rdl_limiter_state){ .mode = RDL_LIMITER_SLOW,
		.seen_us = now_us, .window = WINDOW_FIRST, .rate = 1,
		.squeeze = 1, .growth = GROWTH_PROBE, .burst = -1,
		.due_us = now_us };
	begin_cycle(s, now_us);
	begin_round(s, now_us);
}

static void
set_rate(struct rdl_limiter_state *s, double rate)
{
	if (rate < RATE_MIN)
		rate = RATE_MIN;
	if (s->ceiling > 0 && rate > s->ceiling)
		rate = s->ceiling;
	s->rate = rate;
}

/* What n answers less a full bucket's prove, over the time to the refusal. */
static double
proven(const struct rdl_limiter_state *s, int64_t since_us, int64_t sent)
{
	double n = (double)(s->sent - sent - s->refused) - s->burst;
	double span = (double)(s->refused_us - since_us) / SECOND;

	return s->burst < 0 || n <= 0 || span <= 0 ? 0 : n / span;
}

/*
 * The limit, from a cycle that ended with a refusal, that is with an empty
 * bucket.  What was accepted from one empty bucket to the next is at most what
 * flowed in: a lower bound, and exact unless the bucket ran over in the pause.
 * A small bucket does; then the last stretch of steady pace, less what a full
 * bucket could have held, bounds it better.
 */
static void
learn_paced(struct rdl_limiter_state *s)
{
	double n = (double)(s->sent - s->refused);
	double span = (double)(s->until_us - s->began_us) / SECOND;
	double sending = (double)(s->refused_us - s->began_us) / SECOND;
	double tried = s->rate * s->squeeze, low;

	if (sending > 1 && tried > 1.25 * (double)s->sent / sending)
		tried = 1.25 * (double)s->sent / sending;
	low = n > 0 ? n / span : 0;
	low = fmax(low, proven(s, s->mark_us, s->mark_sent));
	low = fmax(low, proven(s, s->mark2_us, s->mark2_sent));
	if (n < 3)
		low = fmax(low, tried / 4);
	set_rate(s, fmin(0.95 * tried, 0.97 * low));
	s->growth = fmax(s->growth / (n < 8 ? 2 : 8), GROWTH_MIN);
}

/* The first refusal of an open window says little: so many were taken in that
 * time and pause, and a bucket holds no more. */
static void
learn_first(struct rdl_limiter_state *s)
{
	double n = (double)(s->sent - s->refused);
	double span = (double)(s->until_us - s->began_us) / SECOND;

	s->mode = RDL_LIMITER_PACED;
	s->burst = n;
	s->growth = n < 4 ? GROWTH_BLIND : GROWTH_PROBE;
	set_rate(s, fmax(n, 1) / span);
}

static void
grow(struct rdl_limiter_state *s, int64_t now_us)
{
	int64_t us = now_us - s->grown_us;
	double dt;

	if (us < SECOND / 4)
		return;
	dt = us > 2 * SECOND ? 2 : (double)us / SECOND;
	if (s->hungry) {
		if (now_us - s->began_us > 60 * SECOND &&
		    s->growth < GROWTH_MAX)
			s->growth *= 1 + 0.04 * dt;
		set_rate(s, s->rate * (1 + s->growth * dt));
	}
	s->hungry = 0;
	s->grown_us = now_us;
	if (s->rate > 1.1 * s->mark_rate) {
		s->mark2_us = s->mark_us;
		s->mark2_sent = s->mark_sent;
		s->mark_us = now_us;
		s->mark_sent = s->sent;
		s->mark_rate = s->rate;
	}
}

/* The clock began anew (a reboot): keep what was learned, drop all times. */
static void
reboot(struct rdl_limiter_state *s, int64_t now_us)
{
	s->seen_us = s->due_us = s->tokens_due_us = now_us;
	s->until_us = 0;
	begin_cycle(s, now_us);
	begin_round(s, now_us);
}

static void
after_idle(struct rdl_limiter_state *s, int64_t now_us)
{
	begin_cycle(s, now_us);
	begin_round(s, now_us);
	s->squeeze = 1;
	if (now_us - s->seen_us < STALE_US)
		return;
	if (s->mode == RDL_LIMITER_FREE) {
		s->mode = RDL_LIMITER_SLOW;
		s->window = WINDOW_STRICT;
	}
	s->growth = fmax(s->growth, GROWTH_MAX);
}

void
rdl_limiter_state_advance(struct rdl_limiter_state *s, int64_t now_us)
{
	if (now_us < s->seen_us - SECOND || s->until_us > now_us + AHEAD_US ||
	    s->tokens_due_us > now_us + AHEAD_US)
		reboot(s, now_us);
	if (s->refused_us != 0 && now_us >= s->until_us) {
		if (s->mode == RDL_LIMITER_PACED)
			learn_paced(s);
		else
			learn_first(s);
		begin_cycle(s, s->until_us);
		s->due_us = s->until_us;
	}
	if (s->refused_us == 0 && now_us - s->seen_us > IDLE_US)
		after_idle(s, now_us);
	if (s->mode == RDL_LIMITER_PACED && s->refused_us == 0)
		grow(s, now_us);
	s->seen_us = later(s->seen_us, now_us);
}

/* A rate is known without having been learned. */
static void
set_ceiling(struct rdl_limiter_state *s, double ceiling, int64_t source,
    int64_t now_us)
{
	bool follow = s->mode != RDL_LIMITER_PACED ||
	    (s->ceiling > 0 && s->rate >= s->ceiling * 0.999);

	s->ceiling = ceiling;
	s->source = source;
	if (follow) {
		s->rate = ceiling;
		s->mark_rate = ceiling;
	}
	if (s->mode != RDL_LIMITER_PACED) {
		s->mode = RDL_LIMITER_PACED;
		s->due_us = later(s->due_us, now_us);
		s->burst = -1;
		begin_cycle(s, now_us);
	}
	set_rate(s, s->rate);
}

void
rdl_limiter_state_configure(struct rdl_limiter_state *s,
    const struct rdl_limits *limits, int64_t now_us)
{
	double ceiling = (double)limits->requests_per_min / 60;

	if (limits->requests_per_min > 0) {
		if (s->mode != RDL_LIMITER_PACED || s->ceiling != ceiling ||
		    s->source != RDL_LIMITER_CONFIGURED)
			set_ceiling(s, ceiling, RDL_LIMITER_CONFIGURED,
			    now_us);
	} else if (s->source == RDL_LIMITER_CONFIGURED) {
		s->source = RDL_LIMITER_LEARNED;
		s->ceiling = 0;
	}
	if (limits->requests_per_min < 0 && s->mode == RDL_LIMITER_SLOW)
		s->mode = RDL_LIMITER_FREE;
	if (limits->tokens_per_min > 0)
		s->tokens = (double)limits->tokens_per_min / 60;
	else if (limits->tokens_per_min < 0)
		s->tokens = 0;
}

void
rdl_limiter_state_told(struct rdl_limiter_state *s, double ceiling,
    int64_t now_us)
{
	if (s->source != RDL_LIMITER_TOLD || s->ceiling != ceiling)
		set_ceiling(s, ceiling, RDL_LIMITER_TOLD, now_us);
}

static int64_t
lease_slow(struct rdl_limiter_state *s, int64_t now_us,
    struct rdl_limiter_lease *lease)
{
	int64_t patience = PATIENCE_US;
	bool strict = s->window < WINDOW_STRICT;

	/* An answer may never come: its process was killed. */
	if (s->latency_us > 0 && 3 * s->latency_us + SECOND / 2 < patience)
		patience = 3 * s->latency_us + SECOND / 2;
	if (now_us - s->moved_us > patience)
		begin_round(s, now_us);
	if ((strict ? s->round_sent : s->out) >= s->window)
		return 20000;
	s->round_sent++;
	s->out++;
	s->sent++;
	*lease = (struct rdl_limiter_lease){ 1, now_us, 0 };
	return 0;
}

static int64_t
lease_paced(struct rdl_limiter_state *s, int64_t now_us,
    struct rdl_limiter_lease *lease)
{
	double rate = s->rate * s->squeeze;
	int64_t step = (int64_t)((double)SECOND / rate), start, n;

	if (step < 1)
		step = 1;
	start = later(s->due_us, now_us - LATE_US);
	if (start > now_us)
		s->hungry = 1;
	if (start - now_us > LEASE_US)
		return start - now_us - LEASE_US / 2;
	n = LEASE_US / step;
	if (n < 1)
		n = 1;
	*lease = (struct rdl_limiter_lease){ n, start, step };
	s->due_us = start + n * step;
	s->sent += n;
	return 0;
}

int64_t
rdl_limiter_state_lease(struct rdl_limiter_state *s, int64_t now_us,
    struct rdl_limiter_lease *lease)
{
	if (now_us < s->until_us)
		return s->until_us - now_us;
	if (s->mode == RDL_LIMITER_SLOW)
		return lease_slow(s, now_us, lease);
	if (s->mode == RDL_LIMITER_PACED)
		return lease_paced(s, now_us, lease);
	*lease = (struct rdl_limiter_lease){ 1, now_us, 0 };
	s->sent++;
	return 0;
}

int64_t
rdl_limiter_state_tokens_wait(const struct rdl_limiter_state *s,
    int64_t now_us)
{
	if (s->tokens <= 0 || s->tokens_due_us - AHEAD_TOKENS_US <= now_us)
		return 0;
	return s->tokens_due_us - AHEAD_TOKENS_US - now_us;
}

void
rdl_limiter_state_charge(struct rdl_limiter_state *s, int64_t now_us,
    int64_t tokens)
{
	double us;

	if (s->tokens <= 0 || tokens == 0)
		return;
	us = (double)tokens / s->tokens * SECOND;
	us = fmin(fmax(us, -60e6), 60e6);
	s->tokens_due_us = later(s->tokens_due_us, now_us - LATE_US) +
	    (int64_t)us;
	if (s->tokens_due_us > now_us + PAUSE_MAX_MS * 1000)
		s->tokens_due_us = now_us + PAUSE_MAX_MS * 1000;
	if (s->tokens_due_us < 0)
		s->tokens_due_us = 0;
}

void
rdl_limiter_state_answer(struct rdl_limiter_state *s, int64_t now_us,
    int64_t ended, int64_t ok, int64_t latency_us)
{
	if (ended > 0)
		s->latency_us = s->latency_us == 0 ? latency_us :
		    (7 * s->latency_us + latency_us) / 8;
	if (s->mode != RDL_LIMITER_SLOW)
		return;
	s->out = later(s->out - ended, 0);
	s->round_ok += ok;
	if (ended > 0)
		s->moved_us = now_us;
	if (s->window < WINDOW_STRICT && s->out > 0)
		return;
	if (s->round_ok >= s->window) {
		s->window *= 2;
		s->round_ok = 0;
	}
	if (s->out == 0)
		s->round_sent = 0;
	if (s->window > WINDOW_FREE)
		s->mode = RDL_LIMITER_FREE;
}

void
rdl_limiter_state_hold(struct rdl_limiter_state *s, int64_t now_us,
    int64_t wait_ms)
{
	if (wait_ms > PAUSE_MAX_MS)
		wait_ms = PAUSE_MAX_MS;
	s->until_us = later(s->until_us, now_us + wait_ms * 1000);
}

void
rdl_limiter_state_refuse(struct rdl_limiter_state *s, int64_t now_us,
    int64_t sent_us, int64_t wait_ms, double jitter)
{
	bool old = sent_us < s->began_us - SKEW_US;
	int64_t pause = wait_ms;

	if (!old)
		s->refused++;
	if (old || s->refused_us != 0) {
		/* Part of a pause that is known. */
		if (wait_ms > 0)
			rdl_limiter_state_hold(s, now_us, wait_ms);
		return;
	}
	s->refused_us = now_us;
	if (s->sent > s->refused)
		s->backoff_ms = 1000;
	else	/* nothing gets through at all */
		s->backoff_ms = later(1000, s->backoff_ms >= PAUSE_MAX_MS / 2 ?
		    PAUSE_MAX_MS : 2 * s->backoff_ms);
	if (wait_ms < 0 || s->sent <= s->refused)
		pause = later(pause, s->backoff_ms);
	pause = later(pause, PAUSE_MIN_MS);
	/* Other machines were told the same. */
	pause += (int64_t)((double)pause * jitter *
	    (wait_ms < 0 ? 0.25 : 0.02));
	rdl_limiter_state_hold(s, now_us, pause);
}
