/*
 * Inside the rate limiter: the state that all processes share, as a pure
 * machine with the time passed in, and where it is kept.  Not for other
 * rooms; the unit tests simulate servers with it.
 */
#ifndef RDL_MODEL_LIMITER_IMPL_H
#define RDL_MODEL_LIMITER_IMPL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "model/limiter.h"

enum rdl_limiter_mode {
	RDL_LIMITER_SLOW,	/* nothing known: a window of calls, doubled */
	RDL_LIMITER_FREE,	/* the window was opened; no limit was met */
	RDL_LIMITER_PACED	/* rate is known or learned */
};

enum rdl_limiter_source {
	RDL_LIMITER_LEARNED,
	RDL_LIMITER_CONFIGURED,
	RDL_LIMITER_TOLD	/* by the server's headers */
};

/*
 * What is known of one limit.  Times are rdl_clock_us(), rates are a second.
 * A cycle is the time from the end of one pause to the end of the next: what
 * was accepted in it is what one measures.
 */
struct rdl_limiter_state {
	int64_t mode, source;
	int64_t seen_us;	/* last use */

	int64_t refused_us;	/* first refusal of the pause; 0: no pause */
	int64_t until_us;	/* nobody sends before */
	int64_t backoff_ms;	/* pause of a server that names none */

	int64_t window;		/* SLOW: calls under way, or in a round */
	int64_t out, round_sent, round_ok;
	int64_t moved_us;	/* last answer, or begin of the round */
	int64_t latency_us;	/* smoothed */

	int64_t began_us;	/* this cycle: */
	int64_t sent, refused;

	double rate;		/* PACED: requests */
	double ceiling;		/* rate never passes it; 0: none is known */
	double squeeze;		/* factor on rate: little is left, 0.5..1 */
	double growth;		/* share by which rate grows in a second */
	double burst;		/* most that a full bucket can hold; -1 */
	int64_t due_us;		/* when the next request may go (GCRA) */
	int64_t grown_us;
	int64_t hungry;		/* somebody had to wait for the pace */
	double mark_rate;	/* rate at the newer mark */
	int64_t mark_us, mark_sent;	/* since then rate grew by 10 % */
	int64_t mark2_us, mark2_sent;	/* the mark before */

	double tokens;		/* tokens a second; 0: no limit is known */
	int64_t tokens_due_us;
};

/* Slots for requests, taken ahead of their time: one every step_us. */
struct rdl_limiter_lease {
	int64_t n, next_us, step_us;
};

void rdl_limiter_state_init(struct rdl_limiter_state *s, int64_t now_us);

/* Bring the state to now_us: forget what a reboot made wrong, learn from a
 * pause that ended, let the rate grow. */
void rdl_limiter_state_advance(struct rdl_limiter_state *s, int64_t now_us);

/* Apply what models.json says. */
void rdl_limiter_state_configure(struct rdl_limiter_state *s,
    const struct rdl_limits *limits, int64_t now_us);

/* The server named its limit of requests a second. */
void rdl_limiter_state_told(struct rdl_limiter_state *s, double ceiling,
    int64_t now_us);

/* Ask for slots.  Returns 0 with at least one in *lease, else the
 * microseconds to wait. Counts them as sent. */
int64_t rdl_limiter_state_lease(struct rdl_limiter_state *s, int64_t now_us,
    struct rdl_limiter_lease *lease);

/* Microseconds until the token limit lets a call go. */
int64_t rdl_limiter_state_tokens_wait(const struct rdl_limiter_state *s,
    int64_t now_us);

/* Charge tokens (negative: give back). */
void rdl_limiter_state_charge(struct rdl_limiter_state *s, int64_t now_us,
    int64_t tokens);

/* ended calls came back, ok of them with a whole reply. */
void rdl_limiter_state_answer(struct rdl_limiter_state *s, int64_t now_us,
    int64_t ended, int64_t ok, int64_t latency_us);

/* A call sent at sent_us was refused (429).  wait_ms: what the server asked
 * for, -1: nothing.  jitter in [0, 1). */
void rdl_limiter_state_refuse(struct rdl_limiter_state *s, int64_t now_us,
    int64_t sent_us, int64_t wait_ms, double jitter);

/* Nobody sends for wait_ms, without a lesson (503 with retry-after). */
void rdl_limiter_state_hold(struct rdl_limiter_state *s, int64_t now_us,
    int64_t wait_ms);

/* What rate headers say; -1: not said. */
struct rdl_limiter_head {
	int64_t limit, remaining, reset_ms;
};

/* Take in the headers of a reply. */
void rdl_limiter_head_read(struct rdl_limiter_state *s, int64_t now_us,
    const struct rdl_limits *limits, const struct rdl_limiter_head *requests,
    const struct rdl_limiter_head *tokens);

/* The state as one short JSON object, and back.  Reading takes what it can:
 * returns -1 and leaves s alone if text is not such an object. */
void rdl_limiter_text_write(const struct rdl_limiter_state *s,
    struct rdl_buf *out);
int rdl_limiter_text_read(struct rdl_limiter_state *s, const char *text,
    size_t len);

/* Where a state is kept: give fn its text and keep what fn makes of it. */
typedef void (*rdl_limiter_text_fn)(struct rdl_buf *text, void *ctx);
struct rdl_limiter_store {
	int (*update)(void *where, rdl_limiter_text_fn fn, void *ctx,
	    struct rdl_err *err);
	void (*release)(void *where);	/* or NULL */
	void *where;
};

/* A limiter on a store; without one it is this process's own. */
struct rdl_limiter *rdl_limiter_new(const struct rdl_limits *limits,
    const struct rdl_limiter_store *store, uint64_t seed);

#endif
