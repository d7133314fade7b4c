/*
 * What happens to one request: from what came to what will be sent, and when.
 */
#ifndef RDL_STUB_PLAN_H
#define RDL_STUB_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "stub/answer.h"
#include "stub/ask.h"
#include "stub/bucket.h"
#include "stub/fault.h"

/* How the server behaves: made once, its counters change by request. */
struct rdl_plan_rules {
	struct rdl_answers answers;
	struct rdl_faults faults;
	struct rdl_bucket requests, tokens;
	double retry_after_s;	/* told with a 429; 0 for not at all */
	bool limit_headers;
	const char *key;	/* what clients must send, or NULL */
	uint64_t seed;
	size_t dim;		/* of vectors, unless the request says */
	uint32_t side;		/* longest side of a picture, pixels */
	int64_t n;		/* requests so far */
};

/* What came. */
struct rdl_plan_in {
	const char *method, *path;
	const char *body;	/* borrowed until the plan is made */
	size_t len;
	bool too_large;		/* the body was not kept */
	int64_t now_us;
	/* The value of a header, or NULL. */
	const char *(*header)(void *arg, const char *name);
	void *arg;
};

/* What will be sent. */
struct rdl_plan {
	int64_t n;		/* number of the request; 0: not counted */
	bool stats;		/* the body is to be the statistics */
	int status;		/* 0 if no reply is sent */
	enum rdl_fault_kind fault;
	int64_t wait_us;	/* before the first byte */
	const char *type;	/* content type */
	struct rdl_buf headers;	/* name NUL value NUL ... */
	struct rdl_buf body;
	size_t send;		/* bytes of the body that are sent */
	int64_t bytes_per_s;	/* 0 for at once */
	int64_t prompt_tokens, completion_tokens;
	struct rdl_buf custom;	/* JSON of the request's "user"; or empty */
};

/* Plan the reply to one request.  Release the plan in any case. */
void rdl_plan_make(struct rdl_plan *p, struct rdl_plan_rules *r,
    const struct rdl_plan_in *in);

/* Append a header to the plan. */
void rdl_plan_header(struct rdl_plan *p, const char *name, const char *fmt,
    ...) RDL_PRINTF(3, 4);

void rdl_plan_release(struct rdl_plan *p);

/* Free what the rules own. */
void rdl_plan_rules_release(struct rdl_plan_rules *r);

#endif
