/*
 * What the stub saw: counters, and a log of one line a request.
 */
#ifndef RDL_STUB_JOURNAL_H
#define RDL_STUB_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "stub/plan.h"

#define RDL_JOURNAL_SLOTS 20	/* of 50 ms: a second that slides */

struct rdl_journal {
	int fd;			/* of the log, or -1 */
	struct rdl_buf line;
	struct rdl_err err;	/* the first failure to write */
	int64_t start_us;
	uint64_t requests, answered, replied, refused_429, refused_401;
	uint64_t connections, bytes_in, prompt_tokens, completion_tokens;
	uint64_t faults[RDL_FAULT_LATENCY + 1];
	int64_t open, max_open;
	int64_t slot;		/* number of the newest slot */
	uint64_t slots[RDL_JOURNAL_SLOTS], in_second, max_per_second;
};

/* Begin; the log is made or appended to, path may be NULL. */
int rdl_journal_open(struct rdl_journal *j, const char *path, int64_t now_us,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The headers of a request came. */
void rdl_journal_arrived(struct rdl_journal *j);

/* A request came whole, at at_us, and p is what it will get.  Its line is in
 * the file when this returns. */
void rdl_journal_planned(struct rdl_journal *j, const struct rdl_plan *p,
    const struct rdl_plan_in *in, int64_t at_us);

/* A request that had arrived is over; sent says that its reply went out. */
void rdl_journal_over(struct rdl_journal *j, bool sent, int status);

/* Append the counters as one JSON object. */
void rdl_journal_stats(const struct rdl_journal *j, struct rdl_buf *out);

/* Close the log; -1 if any line could not be written. */
int rdl_journal_close(struct rdl_journal *j, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
