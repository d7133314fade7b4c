/*
 * The model engine: the loop that turns jobs into answers.
 * Reads jobs from a source, writes answers to a sink; the ledger, the network
 * and the clock are its only other company.
 */
#include "model/engine.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/tool.h"
#include "model/engine_impl.h"

#define WAIT_MAX_MS 1000	/* so that a signal is seen soon */
#define TOKENS_OUT_GUESS 256	/* of an answer without max_tokens */

/* In the order of enum rdl_batch_verb. */
static const char *const batch_verbs[] = { "off", "write", "submit",
	"collect", NULL };
static const char *const image_modes[] = { "pixels", "caption", "both", NULL };

const struct rdl_opt rdl_engine_options[] = {
	{ .type = RDL_OPT_STR, .name = "model", .letter = 'm',
	    .arg = "NAME",
	    .off = offsetof(struct rdl_engine_opts, model),
	    .help = "the model: openai/NAME, anthropic/NAME, gemini/NAME, "
	    "ollama/NAME, URL#NAME, or a name in models.json" },
	{ .type = RDL_OPT_STR, .name = "models",
	    .arg = "FILE",
	    .off = offsetof(struct rdl_engine_opts, models),
	    .help = "prices, limits and quirks of models, see "
	    "riddle-models(7)" },
	{ .type = RDL_OPT_INT, .name = "inflight",
	    .arg = "N", .lo = 1, .hi = RDL_INFLIGHT_MAX,
	    .off = offsetof(struct rdl_engine_opts, inflight),
	    .help = "calls under way at once" },
	{ .type = RDL_OPT_USD, .name = "budget",
	    .arg = "USD",
	    .off = offsetof(struct rdl_engine_opts, budget_pusd),
	    .help = "stop before this run could cost more, exit 4" },
	{ .type = RDL_OPT_FLAG, .name = "dry-run", .letter = 'n',
	    .off = offsetof(struct rdl_engine_opts, dry_run),
	    .help = "count and estimate; ask nobody, write no record" },
	{ .type = RDL_OPT_FLAG, .name = "offline",
	    .off = offsetof(struct rdl_engine_opts, offline),
	    .help = "answer from the ledger only; a miss is a failed record" },
	{ .type = RDL_OPT_FLAG, .name = "retry-failed",
	    .off = offsetof(struct rdl_engine_opts, retry_failed),
	    .help = "ask again where the ledger holds only bad replies" },
	{ .type = RDL_OPT_INT, .name = "rollouts",
	    .arg = "N", .lo = 1, .hi = 100000,
	    .off = offsetof(struct rdl_engine_opts, rollouts),
	    .help = "ask each question N times, as N calls" },
	{ .type = RDL_OPT_INT, .name = "seed",
	    .arg = "N", .lo = 0, .hi = (double)INT32_MAX,
	    .off = offsetof(struct rdl_engine_opts, seed),
	    .help = "sampling seed sent to the model" },
	{ .type = RDL_OPT_REAL, .name = "temperature",
	    .arg = "T", .lo = 0, .hi = 10,
	    .off = offsetof(struct rdl_engine_opts, temperature),
	    .help = "sampling temperature, instead of the prompt file's" },
	{ .type = RDL_OPT_INT, .name = "max-tokens",
	    .arg = "N", .lo = 1, .hi = 10000000,
	    .off = offsetof(struct rdl_engine_opts, max_tokens),
	    .help = "longest answer, instead of the prompt file's" },
	{ .type = RDL_OPT_INT, .name = "timeout",
	    .arg = "S", .lo = 1, .hi = 864000,
	    .off = offsetof(struct rdl_engine_opts, timeout_s),
	    .help = "give a call up after S seconds, all tries together" },
	{ .type = RDL_OPT_ENUM, .name = "images",
	    .arg = "HOW", .choices = image_modes,
	    .off = offsetof(struct rdl_engine_opts, images),
	    .help = "show an image as pixels, as its caption, or both" },
	{ .type = RDL_OPT_FLAG, .name = "unordered",
	    .off = offsetof(struct rdl_engine_opts, unordered),
	    .help = "write records as answers come, not in the order of the "
	    "input" },
	{ .type = RDL_OPT_ENUM, .name = "batch",
	    .arg = "VERB", .choices = batch_verbs,
	    .off = offsetof(struct rdl_engine_opts, batch),
	    .help = "ask by batch files: write them, submit them, collect "
	    "what came back" },
	{ .type = RDL_OPT_STR, .name = "batch-dir",
	    .arg = "DIR",
	    .off = offsetof(struct rdl_engine_opts, batch_dir),
	    .help = "the folder of those files" },
	{ .type = RDL_OPT_INT, .name = "batch-requests",
	    .arg = "N", .lo = 1, .hi = RDL_BATCH_REQUESTS,
	    .off = offsetof(struct rdl_engine_opts, batch_requests),
	    .help = "requests of a batch file, at most" },
	{ .type = RDL_OPT_END }
};

static void
list_init(struct rdl_task_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

int
rdl_engine_open(struct rdl_engine **out, const struct rdl_engine_opts *o,
    const struct rdl_model *model, struct rdl_ledger *ledger,
    struct rdl_run_totals *totals, struct rdl_err *err)
{
	struct rdl_engine *e;

	if (o->budget_pusd >= 0 && !o->dry_run && !o->offline &&
	    model->price.image < 0 && (model->price.in < 0 ||
	    model->price.out < 0))
		return rdl_err_set(err, RDL_E_USAGE, "--budget: the price of "
		    "%s is unknown; give it in models.json, see "
		    "riddle-models(7)", model->name);
	e = rdl_mem_calloc(1, sizeof(*e));
	e->opts = o;
	e->model = model;
	e->ledger = ledger;
	e->totals = totals;
	e->budget.cap_pusd = o->budget_pusd;
	e->rng.state = rdl_rng_entropy();
	/* Wide enough that one slow call at the head does not idle the
	 * others; a job in it costs a few KiB. */
	e->ring_size = (size_t)o->inflight * 4 < 64 ? 64 :
	    (size_t)o->inflight * 4;
	e->ring = rdl_mem_calloc(e->ring_size, sizeof(*e->ring));
	e->done = rdl_mem_calloc(2 * (size_t)RDL_GATHER,
	    sizeof(struct rdl_http_call *));
	list_init(&e->ready);
	list_init(&e->waiting);
	if (rdl_engine_batch_open(e, err) < 0) {
		rdl_engine_close(e);
		return -1;
	}
	*out = e;
	return 0;
}

void
rdl_engine_close(struct rdl_engine *e)
{
	struct rdl_task *t, *next;
	size_t i;

	if (e == NULL)
		return;
	rdl_http_close(e->http);
	rdl_limiter_close(e->limiter);
	rdl_engine_batch_close(e);
	for (i = 0; i < e->ring_count; i++) {
		t = e->ring[(e->ring_head + i) % e->ring_size];
		if (t != NULL)
			rdl_task_free(t);
	}
	for (t = e->free; t != NULL; t = next) {
		next = t->next;
		rdl_task_free(t);
	}
	free(e->ring);
	free(e->done);
	free(e);
}

/* The network is opened at the first miss: a replay needs none. */
static int
connect_once(struct rdl_engine *e, struct rdl_err *err)
{
	if (e->http != NULL)
		return 0;
	if (rdl_http_open(&e->http, (size_t)e->opts->inflight, err) < 0)
		return -1;
	return rdl_limiter_open(&e->limiter, e->model, e->ledger, err);
}

/* Take jobs from the source while there is room for them. */
static int
take_jobs(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_task *t;
	int rc;

	e->source_blocked = false;
	while (!e->source_ended && !e->stopping &&
	    e->ring_count < e->ring_size &&
	    e->busy < (size_t)e->opts->inflight) {
		t = rdl_task_new(e);
		rc = ops->source(ctx, &t->job, &why);
		if (rc != 1) {
			rdl_task_recycle(e, t);
			if (rc < 0)
				rdl_task_stop(e, &why);
			e->source_ended = rc == 0;
			e->source_blocked = rc == 2;
			return 0;
		}
		e->ring[(e->ring_head + e->ring_count++) % e->ring_size] = t;
		e->dry_jobs++;
		if (rdl_task_begin(e, t, err) < 0)
			return -1;
		/* A run of hits is delivered as it goes. */
		if (t->state == RDL_TASK_DONE && e->ring_count >= 64)
			return 0;
	}
	return 0;
}

/* The look-ups of one turn share a view of the ledger; none outlives it, since
 * the sink and the network may wait. */
static int
fill(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx,
    struct rdl_err *err)
{
	int rc = take_jobs(e, ops, ctx, err);

	if (e->ledger != NULL)
		rdl_calls_rest(e->ledger);
	return rc;
}

/* Tokens by which a call is paced before its usage is known. */
static int64_t
tokens_guess(const struct rdl_request *r)
{
	return rdl_request_tokens(r) + (r->sampling.max_tokens > 0 ?
	    r->sampling.max_tokens : TOKENS_OUT_GUESS);
}

/* Reserve money and rate for t: 1 to send, 0 to wait, -1 on error. */
static int
reserve(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	int64_t now = rdl_clock_us(), wait;

	t->reserved_pusd = rdl_budget_worst(&t->job.request);
	if (e->budget.cap_pusd >= 0 && t->reserved_pusd < 0) {
		(void)rdl_err_set(&why, RDL_E_USAGE, "--budget needs a bound "
		    "on the answer: give --max-tokens, or maxOutputTokens in "
		    "the prompt file");
		rdl_task_stop(e, &why);
		return 0;
	}
	if (!rdl_budget_reserve(&e->budget, t->reserved_pusd)) {
		if (e->sent > 0)
			return 0;
		(void)rdl_err_set(&why, RDL_E_BUDGET, "stopped at the budget: "
		    "$%.6f spent, the next call may cost $%.6f; run the same "
		    "command with a larger --budget to go on",
		    (double)e->budget.spent_pusd / (double)RDL_PUSD,
		    (double)t->reserved_pusd / (double)RDL_PUSD);
		rdl_task_stop(e, &why);
		return 0;
	}
	t->reserved_tokens = tokens_guess(&t->job.request);
	wait = rdl_limiter_take(e->limiter, now, t->reserved_tokens, e->sent,
	    err);
	if (wait == 0)
		return 1;
	if (e->budget.cap_pusd >= 0)
		e->budget.reserved_pusd -= t->reserved_pusd;
	if (wait < 0)
		return -1;
	e->limiter_us = now + wait;
	return 0;
}

static int
send_ready(struct rdl_engine *e, struct rdl_err *err)
{
	struct rdl_task *t;
	int rc;

	while ((t = e->ready.first) != NULL && !e->stopping &&
	    e->sent < (size_t)e->opts->inflight && e->gathered < RDL_GATHER) {
		if (e->batch != NULL) {
			(void)rdl_task_list_take(&e->ready);
			if (rdl_engine_batch_send(e, t, err) < 0)
				return -1;
			continue;
		}
		if (connect_once(e, err) < 0)
			return -1;
		if ((rc = reserve(e, t, err)) <= 0)
			return rc;
		(void)rdl_task_list_take(&e->ready);
		if (rdl_wire_send(e, t, err) < 0)
			return -1;
	}
	return 0;
}

/* Tasks whose pause is over are ready again, in front of the others. */
static int64_t
wake(struct rdl_engine *e)
{
	struct rdl_task_list still;
	struct rdl_task *t;
	int64_t now = rdl_clock_us(), first = INT64_MAX;

	list_init(&still);
	while ((t = rdl_task_list_take(&e->waiting)) != NULL) {
		if (t->retry_us <= now) {
			t->state = RDL_TASK_READY;
			rdl_task_list_push(&e->ready, t);
			continue;
		}
		if (t->retry_us < first)
			first = t->retry_us;
		rdl_task_list_add(&still, t);
	}
	if (still.first != NULL) {
		e->waiting.first = still.first;
		e->waiting.last = still.last;
	}
	return first;
}

/* How long the network may be waited for. */
static int64_t
patience_ms(const struct rdl_engine *e, int64_t retry_us)
{
	int64_t until = retry_us, now = rdl_clock_us(), ms;

	if (e->ready.first != NULL && !e->stopping &&
	    e->sent < (size_t)e->opts->inflight && e->limiter_us < until)
		until = e->limiter_us;
	if (e->gathered > 0 && e->gather_us < until)
		until = e->gather_us;
	if (until == INT64_MAX)
		return WAIT_MAX_MS;
	ms = (until - now + 999) / 1000;
	return ms < 0 ? 0 : ms > WAIT_MAX_MS ? WAIT_MAX_MS : ms;
}

/* The sink takes no more (the reader left, the disk is full).  What is under
 * way is still waited for and stored: it has been paid. */
static void
close_sink(struct rdl_engine *e, const struct rdl_err *why)
{
	e->mute = true;
	e->stopping = false;	/* this reason goes before others */
	rdl_task_stop(e, why);
}

static void
hand_over(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx,
    struct rdl_task *t)
{
	struct rdl_err why = RDL_ERR_INIT;

	if (!rdl_engine_silent(e->opts) && !e->mute &&
	    ops->sink(ctx, &t->job, &t->answer, &why) < 0)
		close_sink(e, &why);
	rdl_task_recycle(e, t);
}

static void
flush_sink(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx)
{
	struct rdl_err why = RDL_ERR_INIT;

	if (!e->mute && ops->flush(ctx, &why) < 0)
		close_sink(e, &why);
}

/* Deliver what is done: the head of the window, or any if unordered.
 * Returns the number delivered. */
static size_t
deliver(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx)
{
	struct rdl_task **slot;
	size_t i, n = 0;

	for (i = 0; e->opts->unordered && i < e->ring_count; i++) {
		slot = &e->ring[(e->ring_head + i) % e->ring_size];
		if (*slot == NULL || (*slot)->state != RDL_TASK_DONE)
			continue;
		hand_over(e, ops, ctx, *slot);
		*slot = NULL;
		n++;
	}
	while (e->ring_count > 0) {
		slot = &e->ring[e->ring_head];
		if (*slot != NULL && (*slot)->state != RDL_TASK_DONE)
			break;
		e->ring_head = (e->ring_head + 1) % e->ring_size;
		e->ring_count--;
		if (*slot == NULL)
			continue;
		hand_over(e, ops, ctx, *slot);
		n++;
	}
	return n;
}

/* Wait for the source alone: nothing was asked yet. */
static int
wait_for_source(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	(void)poll(&p, 1, WAIT_MAX_MS);
	return 1;
}

/* One turn of the loop: 1 to go on, 0 when all is done, -1 on error. */
static int
turn(struct rdl_engine *e, const struct rdl_engine_ops *ops, void *ctx,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	int64_t retry_us, patience;
	bool readable = false;
	size_t delivered;
	int fd, n;

	if (rdl_tool_stopped() && !e->stopping) {
		(void)rdl_err_set(&why, RDL_E_STOPPED, "stopped by a signal; "
		    "run the same command again to go on");
		rdl_task_stop(e, &why);
	}
	if (rdl_gather_due(e) && rdl_gather_read(e, err) < 0)
		return -1;
	retry_us = wake(e);
	if (fill(e, ops, ctx, err) < 0 || send_ready(e, err) < 0)
		return -1;
	delivered = deliver(e, ops, ctx);
	if (delivered > 0 && (e->sent > 0 || e->source_blocked))
		flush_sink(e, ops, ctx);
	if (e->sent == 0 && e->gathered == 0 && (e->stopping ||
	    (e->source_ended && e->ring_count == 0)))
		return 0;
	fd = e->source_blocked ? ops->source_fd(ctx) : -1;
	if (e->sent == 0 && (e->gathered > 0 || (e->busy == 0 && fd < 0)))
		return 1;
	if (e->http == NULL)
		return wait_for_source(fd);
	patience = delivered > 0 && !e->source_blocked &&
	    !e->source_ended && e->busy < (size_t)e->opts->inflight ? 0 :
	    patience_ms(e, retry_us);
	n = rdl_http_wait(e->http, fd, &readable, patience,
	    e->done + e->gathered, RDL_GATHER, err);
	return n < 0 || rdl_gather_arrived(e, (size_t)n, err) < 0 ? -1 : 1;
}

int
rdl_engine_run(struct rdl_engine *e, const struct rdl_engine_ops *ops,
    void *ctx, struct rdl_err *err)
{
	int rc;

	/* To submit, nothing is read. */
	e->source_ended = e->opts->batch == RDL_BATCH_SUBMIT;
	e->source_blocked = false;
	while ((rc = turn(e, ops, ctx, err)) > 0)
		continue;
	if (rc < 0)
		return -1;
	flush_sink(e, ops, ctx);
	if (e->batch != NULL && rdl_batch_flush(e->batch, err) < 0)
		return -1;
	e->whole = !e->stopping;
	if (e->whole)
		return 0;
	*err = e->why;
	return -1;
}

void
rdl_engine_estimate(const struct rdl_engine *e, struct rdl_buf *out)
{
	const struct rdl_price *p = &e->model->price;

	rdl_buf_addf(out, "%llu questions, %llu in the ledger, %llu to ask; "
	    "about %lld prompt tokens",
	    (unsigned long long)e->dry_jobs,
	    (unsigned long long)(e->dry_jobs - e->dry_misses),
	    (unsigned long long)e->dry_misses, (long long)e->dry_tokens_in);
	if (e->dry_tokens_out > 0)
		rdl_buf_addf(out, ", at most %lld answer tokens",
		    (long long)e->dry_tokens_out);
	if (p->in < 0 || (p->out < 0 && e->dry_tokens_out > 0))
		rdl_buf_addf(out, "; the price of %s is unknown",
		    e->model->name);
	else
		rdl_buf_addf(out, "; about $%.6f",
		    ((double)p->in * (double)e->dry_tokens_in +
		    (p->out > 0 ? (double)p->out : 0) *
		    (double)e->dry_tokens_out) / (double)RDL_PUSD);
}
