/*
 * What rate-limit headers tell of the limits of a server.
 * Reads numbers, changes the limiter's state.  No I/O.
 */
#include "model/limiter_impl.h"

#define MARGIN 0.97	/* of a limit is asked for */
#define MINUTE_MS 61000
#define LONG_MS 600000

/*
 * Limits are per minute by name, but some servers (OpenAI's small tiers,
 * Groq) tell their limit per day in the same header.  reset is the time until
 * all is there again, so a share that is used tells the length of the window.
 * Clocks of whole seconds mislead that sum a little, not tenfold.
 */
static bool
is_per_minute(const struct rdl_limiter_head *h)
{
	double used;

	if (h->limit <= 0 || h->reset_ms > MINUTE_MS)
		return false;
	if (h->reset_ms <= 0 || h->remaining < 0 || h->remaining >= h->limit)
		return true;
	used = (double)(h->limit - h->remaining);
	return (double)h->reset_ms * (double)h->limit / used <= LONG_MS;
}

/* Somebody else asks with the same key: slow down before it runs dry, but
 * never below half, since reset means different things to servers. */
static double
squeeze(const struct rdl_limiter_head *h, double rate)
{
	double left;

	if (h->remaining < 0 || h->reset_ms <= 0 ||
	    h->remaining * 20 >= h->limit)
		return 1;
	left = (double)h->remaining * 1000 / (double)h->reset_ms;
	return left >= rate ? 1 : left <= rate / 2 ? 0.5 : left / rate;
}

void
rdl_limiter_head_read(struct rdl_limiter_state *s, int64_t now_us,
    const struct rdl_limits *limits, const struct rdl_limiter_head *requests,
    const struct rdl_limiter_head *tokens)
{
	if (limits->requests_per_min == 0 && is_per_minute(requests)) {
		rdl_limiter_state_told(s,
		    MARGIN * (double)requests->limit / 60, now_us);
		s->squeeze = squeeze(requests, s->rate);
	}
	if (limits->tokens_per_min == 0 && is_per_minute(tokens))
		s->tokens = MARGIN * (double)tokens->limit / 60;
}
