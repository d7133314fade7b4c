/*
 * How fast one may ask: requests and tokens a minute, by what is configured,
 * what the server says, and what its refusals teach.  One state for all slots
 * of a process, and through the ledger for all processes with the same key.
 *
 * States: known limits are paced evenly (GCRA) from the start.  Unknown ones
 * begin with a few calls in flight and double with each answered round until
 * the server's headers name a limit or a 429 shows it; after a 429 nobody
 * sends until retry-after has passed, the rate becomes what was accepted in
 * that span, and then grows slowly.  What was learned is kept in the ledger.
 */
#ifndef RDL_MODEL_LIMITER_H
#define RDL_MODEL_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "ledger/ledger.h"
#include "model/config.h"
#include "model/http.h"

struct rdl_limiter;

/* The limiter of a model.  ledger may be NULL: then it is not shared.
 * l is borrowed. */
int rdl_limiter_open(struct rdl_limiter **out, const struct rdl_model *m,
    struct rdl_ledger *l, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_limiter_close(struct rdl_limiter *lim);

/*
 * May a call that will cost about tokens be sent at now_us (rdl_clock_us())
 * with inflight calls of this process under way?  Returns 0: yes, and it is
 * accounted for; else the microseconds to wait before asking again (a guess, at
 * least 1), -1 on error.
 */
int64_t rdl_limiter_take(struct rdl_limiter *lim, int64_t now_us,
    int64_t tokens, size_t inflight, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Report how a call ended: its reply headers and status (call), the tokens it
 * was accounted for and those it really took (-1: unknown).  wait_ms is a delay
 * the body asked for, or -1.
 */
int rdl_limiter_done(struct rdl_limiter *lim, int64_t now_us,
    const struct rdl_http_call *call, int64_t reserved, int64_t used,
    int64_t wait_ms, struct rdl_err *err) RDL_MUST_CHECK;

/* A line for people: "600 requests/min (learned)", or "" for no limit. */
void rdl_limiter_show(const struct rdl_limiter *lim, char out[96]);

#endif
