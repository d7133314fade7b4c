/*
 * The model engine: jobs in, answers out, in order, each call paid once.
 *
 * One thread, one HTTP multi handle, a fixed number of slots.  A job becomes a
 * request only when a slot is free, so memory is slots times request.  Every
 * request is looked up in the ledger first; every reply is stored there before
 * it is read.  Equal requests under way are asked once.  Retries, rate limits,
 * deadlines, budget, re-asks and the order of answers are decided here, once,
 * for all tools.
 */
#ifndef RDL_MODEL_ENGINE_H
#define RDL_MODEL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/cli.h"
#include "core/err.h"
#include "ledger/ledger.h"
#include "model/batch.h"
#include "model/config.h"
#include "model/dialect.h"
#include "model/request.h"

/* The options of every tool that calls a model. */
struct rdl_engine_opts {
	const char *model;
	const char *models;	/* models.json, or NULL */
	int64_t inflight;
	int64_t budget_pusd;	/* -1: none */
	bool dry_run, offline, unordered, retry_failed;
	int64_t rollouts;
	int64_t seed;		/* -1: none */
	int64_t max_tokens;	/* -1: the prompt file's, else the server's */
	double temperature;	/* -1: the prompt file's, else the server's */
	int64_t timeout_s;	/* of one call, all tries; -1: the model's */
	int images;		/* enum rdl_image_mode */
	int batch;		/* enum rdl_batch_verb */
	const char *batch_dir;
	int64_t batch_requests;	/* of a part */
};

#define RDL_ENGINE_OPTS_DEFAULT { .inflight = 32, .budget_pusd = -1, \
	.rollouts = 1, .seed = -1, .max_tokens = -1, .temperature = -1, \
	.timeout_s = -1, .batch_requests = RDL_BATCH_REQUESTS }

extern const struct rdl_opt rdl_engine_options[];

#define RDL_ENGINE_OPTIONS(options_struct, member) { .type = RDL_OPT_GROUP, \
	.off = offsetof(options_struct, member), .help = "model", \
	.group = rdl_engine_options }

struct rdl_answer;

/* One question to be asked.  Made by the source; belongs to the engine. */
struct rdl_job {
	struct rdl_arena arena;	/* freed with the job */
	struct rdl_request request;
	const struct rdl_schema *schema;	/* checks the reply; or NULL */
	const char *failed_rule;	/* not NULL: it cannot be asked, and */
	const char *failed_reason;	/* only takes its place in the order */
	void *user;		/* the tool's */
	/* Not NULL: asked of each JSON reply that fits the schema, and of each
	 * image, be it new or from the ledger.  False: it is no answer, for
	 * *rule (a literal) and the reason in why, and is asked for once more
	 * like one that does not fit. */
	bool (*check)(void *ctx, struct rdl_job *job,
	    const struct rdl_answer *a, const char **rule,
	    struct rdl_err *why);
	void *check_ctx;
};

/* What became of a job. */
struct rdl_answer {
	bool ok;		/* reply is whole, and fits the schema */
	const struct rdl_reply *reply;	/* when ok */
	yyjson_val *json;	/* its text parsed, when JSON was asked for */
	struct rdl_hash call;	/* of the last call; valid if asked */
	bool asked;		/* a call was made or found in the ledger */
	const char *rule;	/* not ok: "cut", "filter", "refusal", "empty",
				 * "schema", "reply", "http", "deadline",
				 * "offline", or the job's failed_rule */
	const char *reason;	/* not ok: one line */
	const char *text;	/* not ok: what the model said, if it did */
	size_t text_len;
};

/* The tool behind the engine. */
struct rdl_engine_ops {
	/* Fill the next job, which is zeroed but for its arena.  1 a job, 0 no
	 * more, 2 not now (the descriptor has nothing), -1 the run must end. */
	int (*source)(void *ctx, struct rdl_job *job, struct rdl_err *err);

	/* The descriptor that source waits for, or -1. */
	int (*source_fd)(void *ctx);

	/* Take an answer, in the order of jobs unless unordered.  -1 ends the
	 * run. */
	int (*sink)(void *ctx, struct rdl_job *job,
	    const struct rdl_answer *a, struct rdl_err *err);

	/* Answers were delivered: flush what they led to. */
	int (*flush)(void *ctx, struct rdl_err *err);
};

struct rdl_engine;

/* Does such a run write no records (--dry-run, --batch write or submit)? */
bool rdl_engine_silent(const struct rdl_engine_opts *o);

/*
 * Make an engine for a model.  ledger may be NULL (nothing is kept).  totals
 * is where calls, hits and costs are counted.  opts, model, ledger and totals
 * are borrowed.
 */
int rdl_engine_open(struct rdl_engine **out, const struct rdl_engine_opts *o,
    const struct rdl_model *model, struct rdl_ledger *ledger,
    struct rdl_run_totals *totals, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Ask all jobs of the source.  Returns 0 when all were answered or failed, or
 * -1: RDL_E_BUDGET at the budget, RDL_E_STOPPED after a signal, RDL_E_REMOTE
 * when nothing further can be asked (a refused key).  Answers that were in
 * flight are waited for, stored and delivered first, except after a second
 * signal.  Can be called again for another round.
 */
int rdl_engine_run(struct rdl_engine *e, const struct rdl_engine_ops *ops,
    void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_engine_close(struct rdl_engine *e);

/* With --dry-run: what the jobs would have cost, as lines for people. */
void rdl_engine_estimate(const struct rdl_engine *e, struct rdl_buf *out);

#endif
