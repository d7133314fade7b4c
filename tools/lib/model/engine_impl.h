/*
 * Inside the engine: tasks, and what its files call of each other.
 * Included by engine*.c only.
 */
#ifndef RDL_MODEL_ENGINE_IMPL_H
#define RDL_MODEL_ENGINE_IMPL_H

#include "core/rng.h"
#include "ledger/calls.h"
#include "model/budget.h"
#include "model/engine.h"
#include "model/http.h"
#include "model/limiter.h"

/* A job on its way through the engine. */
struct rdl_task {
	struct rdl_job job;
	struct rdl_task *next;	/* in one of the lists of the engine */
	struct rdl_task *twin;	/* next of the tasks with the same key */
	enum {
		RDL_TASK_READY,		/* to be sent */
		RDL_TASK_SENT,
		RDL_TASK_WAITING,	/* for its next try, at retry_us */
		RDL_TASK_FOLLOWING,	/* an equal request is under way */
		RDL_TASK_DONE,
		RDL_TASK_ABANDONED	/* the run stops; to be asked again */
	} state;
	struct rdl_sha256 key;
	struct rdl_buf canon;		/* the canonical request */
	struct rdl_buf url, headers, body;
	struct rdl_http_call http;
	int tries;			/* of this attempt */
	int64_t began_us;		/* of the first try; 0: not yet */
	int64_t retry_us;
	int64_t wait_ms;		/* a delay the body asked for, or -1 */
	int64_t reserved_tokens, reserved_pusd;
	struct rdl_reply reply;
	const char *unread;		/* why the body gave no reply; NULL */
	yyjson_doc *json;
	struct rdl_answer answer;
};

struct rdl_task_list {
	struct rdl_task *first, **last;
};

#define RDL_TASK_BUCKETS 4096	/* a power of two */

struct rdl_engine {
	const struct rdl_engine_opts *opts;
	const struct rdl_model *model;
	struct rdl_ledger *ledger;
	struct rdl_run_totals *totals;
	struct rdl_http *http;		/* opened at the first miss */
	struct rdl_limiter *limiter;	/* likewise */
	struct rdl_batch_opts batch_opts;
	struct rdl_batch *batch;	/* in place of both, with --batch */
	bool whole;			/* the last run came to its end */
	struct rdl_budget budget;
	struct rdl_rng rng;
	struct rdl_buf scratch;

	/* The window: jobs taken and not yet delivered, oldest first. */
	struct rdl_task **ring;
	size_t ring_size, ring_head, ring_count;

	struct rdl_task_list ready, waiting;
	struct rdl_task *free;
	struct rdl_task *under_way[RDL_TASK_BUCKETS];	/* by key, via twin */
	size_t busy;		/* tasks in READY, SENT or WAITING */
	size_t sent;
	struct rdl_http_call **done;	/* answered, not yet stored ... */
	size_t gathered;		/* ... so many of them, */
	int64_t gather_us;		/* which wait no longer than that */

	bool source_ended, source_blocked, stopping;
	bool mute;		/* the sink takes no more */
	struct rdl_err why;	/* stopping: what rdl_engine_run() returns */
	uint64_t answered;	/* replies with any status */
	int64_t limiter_us;	/* the limiter said: not before */

	/* --dry-run */
	uint64_t dry_jobs, dry_misses;
	int64_t dry_tokens_in, dry_tokens_out;
};

/* engine_task.c: from job to key, and to its answer if the ledger has it. */
struct rdl_task *rdl_task_new(struct rdl_engine *e);
void rdl_task_recycle(struct rdl_engine *e, struct rdl_task *t);
void rdl_task_free(struct rdl_task *t);
void rdl_task_list_add(struct rdl_task_list *l, struct rdl_task *t);
void rdl_task_list_push(struct rdl_task_list *l, struct rdl_task *t);
struct rdl_task *rdl_task_list_take(struct rdl_task_list *l);
/* Compute the key; answer from the ledger, follow an equal task, or make it
 * ready. */
int rdl_task_begin(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;
/* The tasks whose keys share a bucket, linked by twin. */
struct rdl_task **rdl_task_bucket(struct rdl_engine *e,
    const struct rdl_sha256 *key);
/* Make it ready to be sent, or let it follow an equal task under way. */
void rdl_task_enqueue(struct rdl_engine *e, struct rdl_task *t);
/* Take it out of the table of tasks under way. */
void rdl_task_forget(struct rdl_engine *e, struct rdl_task *t);
/* Compute the canonical request and its key. */
int rdl_task_identify(struct rdl_task *t, struct rdl_err *err) RDL_MUST_CHECK;
/* Turn the request into that of the next attempt; its key is then stale. */
void rdl_task_next_attempt(struct rdl_task *t);
/* Judge the reply that was read, to the request as it stands, and note which
 * call it was. */
void rdl_task_judge(struct rdl_task *t);
/* Is a reply that was no answer worth another question? */
bool rdl_task_worth_reasking(const struct rdl_task *t);
/* No further request: note why; the first reason stays. */
void rdl_task_stop(struct rdl_engine *e, const struct rdl_err *why);

/* engine_wire.c: on the wire and back. */
/* Put it on the wire. */
int rdl_wire_send(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Store a 200 reply (in the open batch of the ledger). */
int rdl_wire_store(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Act on what came back: read the reply, or retry, or fail. */
int rdl_wire_receive(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;

/* It ends without an answer: failed, or, when the run stops, neither answered
 * nor failed. */
int rdl_wire_finish(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Note where its images were found. */
int rdl_wire_images(struct rdl_engine *e, const struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Its URL, headers and body. */
int rdl_wire_write(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;

/* engine_batch.c: batch files in place of the network. */
/* Open the folder that --batch means; nothing without it. */
int rdl_engine_batch_open(struct rdl_engine *e, struct rdl_err *err)
    RDL_MUST_CHECK;
/* Close it, and say what was done. */
void rdl_engine_batch_close(struct rdl_engine *e);
/* Write the request, or take its reply from there; the task is not in the
 * list of ready ones any more. */
int rdl_engine_batch_send(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err) RDL_MUST_CHECK;

/* engine_gather.c: calls that came back. */
#define RDL_GATHER 64		/* answers that share a commit */
/* n calls behind e->done[e->gathered] came back. */
int rdl_gather_arrived(struct rdl_engine *e, size_t n, struct rdl_err *err)
    RDL_MUST_CHECK;
/* Are the answers that were gathered to wait no longer? */
bool rdl_gather_due(const struct rdl_engine *e);
/* Store them, commit, then read each. */
int rdl_gather_read(struct rdl_engine *e, struct rdl_err *err)
    RDL_MUST_CHECK;

/* engine_answer.c: is this reply an answer? */
/* Read a body into the task's reply; what keeps it from being read is judged
 * with the rest. */
void rdl_answer_read(struct rdl_task *t, const char *body, size_t len);
void rdl_answer_judge(struct rdl_task *t);
/* Words for the re-ask after a bad reply, allocated in the job's arena. */
const char *rdl_answer_complaint(struct rdl_task *t);
void rdl_answer_fail(struct rdl_task *t, const char *rule, const char *fmt,
    ...) RDL_PRINTF(3, 4);

#endif
