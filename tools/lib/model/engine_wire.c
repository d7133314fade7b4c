/*
 * One task on the wire: sent, stored, read, tried again, given up.
 * Starts HTTP calls and writes replies to the ledger; the loop that drives it
 * stands in engine.c.
 */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "model/engine_impl.h"

#define TRIES_MAX 6		/* of one attempt, refusals (429) not counted */
#define BACKOFF_FIRST_MS 500
#define BACKOFF_MAX_MS 8000

/* Where the images of a request were found, for people who read the ledger. */
int
rdl_wire_images(struct rdl_engine *e, const struct rdl_task *t,
    struct rdl_err *err)
{
	const struct rdl_request *r = &t->job.request;
	const struct rdl_piece *p;
	size_t i, j;

	for (i = 0; i < r->nturns; i++)
		for (j = 0; j < r->turns[i].npieces; j++) {
			p = &r->turns[i].pieces[j];
			if (p->text == NULL && e->ledger != NULL &&
			    rdl_calls_image(e->ledger, &p->image, p->uri,
			    p->media_type, p->bytes, err) < 0)
				return -1;
		}
	return 0;
}

int
rdl_wire_write(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	const struct rdl_dialect *d = e->model->dialect;

	rdl_buf_reset(&t->url);
	rdl_buf_reset(&t->headers);
	rdl_buf_reset(&t->body);
	d->headers(e->model, &t->headers);
	if (d->url(&t->job.request, &t->url, err) < 0 ||
	    d->body(&t->job.request, &t->body, err) < 0)
		return -1;
	if (rdl_buf_full(&t->url) || rdl_buf_full(&t->headers) ||
	    rdl_buf_full(&t->body))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the request is larger than %zu bytes", RDL_BODY_MAX);
	return rdl_wire_images(e, t, err);
}

static int release_followers(struct rdl_engine *, struct rdl_task *, bool,
    struct rdl_err *);

int
rdl_wire_finish(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	rdl_task_forget(e, t);
	t->state = e->stopping ? RDL_TASK_ABANDONED : RDL_TASK_DONE;
	return release_followers(e, t, false, err);
}

int
rdl_wire_send(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	int64_t now = rdl_clock_us(), left_ms;

	if (rdl_wire_write(e, t, &why) < 0) {
		if (why.cls != RDL_E_INPUT && why.cls != RDL_E_IO) {
			*err = why;
			return -1;
		}
		e->busy--;
		rdl_answer_fail(t, "input", "%s", why.msg);
		rdl_budget_settle(&e->budget, t->reserved_pusd, 0);
		return rdl_wire_finish(e, t, err);
	}
	if (t->began_us == 0)
		t->began_us = now;
	left_ms = e->model->deadline_ms - (now - t->began_us) / 1000;
	t->http.url = t->url.p;
	t->http.headers = t->headers.p;
	t->http.body = t->body.p;
	t->http.body_len = t->body.len;
	t->http.timeout_ms = left_ms < e->model->timeout_ms ?
	    left_ms : e->model->timeout_ms;
	if (t->http.timeout_ms < 1)
		t->http.timeout_ms = 1;
	t->http.user = t;
	t->tries++;
	t->wait_ms = -1;
	t->state = RDL_TASK_SENT;
	e->sent++;
	return rdl_http_send(e->http, &t->http, err);
}

int
rdl_wire_store(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	const struct rdl_request *r = &t->job.request;
	const struct rdl_reply *reply = &t->reply;
	struct rdl_call call;

	/* What the ledger wants to know of the reply is read here; whether it
	 * is an answer is judged only when it is on disk. */
	rdl_answer_read(t, t->http.reply.p, t->http.reply.len);
	memset(&call, 0, sizeof(call));
	call.key = t->key;
	call.request = t->canon.p;
	call.request_len = t->canon.len;
	call.reply = t->http.reply.p;
	call.reply_len = t->http.reply.len;
	call.endpoint = e->model->endpoint;
	call.model = e->model->remote;
	call.resolved = reply->resolved;
	call.finish = reply->finish_text;
	call.server_id = t->http.server_id[0] != '\0' ? t->http.server_id :
	    reply->id;
	call.http_status = t->http.status;
	call.attempts = t->tries;
	call.latency_ms = t->http.latency_ms;
	call.tokens_in = reply->tokens_in;
	call.tokens_cached = reply->tokens_cached;
	call.tokens_out = reply->tokens_out;
	call.tokens_reasoning = reply->tokens_reasoning;
	call.cost_pusd = rdl_budget_cost(r, reply);
	if (e->batch != NULL && call.cost_pusd > 0 &&
	    e->model->batch_share > 0)
		call.cost_pusd = (int64_t)((double)call.cost_pusd *
		    e->model->batch_share);
	rdl_budget_settle(&e->budget, t->reserved_pusd, call.cost_pusd);
	e->totals->calls++;
	if (call.cost_pusd >= 0)
		e->totals->cost_pusd += call.cost_pusd;
	else
		e->totals->unpriced++;
	return e->ledger == NULL ? 0 : rdl_calls_add(e->ledger, &call, err);
}

/* Let the tasks that follow t read its reply, or ask for themselves. */
static int
release_followers(struct rdl_engine *e, struct rdl_task *t, bool replied,
    struct rdl_err *err)
{
	struct rdl_task *o, *next, *all = *rdl_task_bucket(e, &t->key);
	struct rdl_sha256 key = t->key;

	for (o = all; o != NULL; o = next) {
		next = o->twin;
		if (o->state != RDL_TASK_FOLLOWING ||
		    memcmp(&o->key, &key, sizeof(key)) != 0)
			continue;
		rdl_task_forget(e, o);
		if (!replied) {
			rdl_task_enqueue(e, o);
			continue;
		}
		e->totals->hits++;
		rdl_answer_read(o, t->http.reply.p, t->http.reply.len);
		rdl_task_judge(o);
		if (o->answer.ok || o->job.request.attempt % 2 == 1 ||
		    !rdl_task_worth_reasking(o)) {
			o->state = RDL_TASK_DONE;
			continue;
		}
		rdl_task_next_attempt(o);
		if (rdl_task_identify(o, err) < 0)
			return -1;
		rdl_task_enqueue(e, o);
	}
	return 0;
}

/* A 200 reply that is in the ledger: an answer, a re-ask or a failure. */
static int
read_reply(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	rdl_task_forget(e, t);
	rdl_task_judge(t);
	if (release_followers(e, t, true, err) < 0)
		return -1;
	if (t->answer.ok || t->job.request.attempt % 2 == 1 ||
	    !rdl_task_worth_reasking(t) || e->stopping) {
		t->state = RDL_TASK_DONE;
		return 0;
	}
	rdl_task_next_attempt(t);
	t->began_us = 0;
	if (rdl_task_identify(t, err) < 0)
		return -1;
	rdl_task_enqueue(e, t);
	return 0;
}

/* Milliseconds until the next try: the server's word, else doubling with
 * jitter in 0.75..1 of the step. */
static int64_t
backoff_ms(struct rdl_engine *e, const struct rdl_task *t, int64_t wait_ms)
{
	int64_t step = BACKOFF_FIRST_MS;
	int i;

	if (wait_ms < 0)
		wait_ms = t->http.retry_after_ms;
	if (wait_ms >= 0)
		return wait_ms;
	for (i = 1; i < t->tries && step < BACKOFF_MAX_MS; i++)
		step *= 2;
	if (step > BACKOFF_MAX_MS)
		step = BACKOFF_MAX_MS;
	return (int64_t)((double)step * (0.75 + 0.25 * rdl_rng_real(&e->rng)));
}

/* Try again later, if the deadline allows it. */
static int
retry(struct rdl_engine *e, struct rdl_task *t, int64_t wait_ms,
    const char *what, struct rdl_err *err)
{
	int64_t now = rdl_clock_us();

	if (now + wait_ms * 1000 >=
	    t->began_us + e->model->deadline_ms * 1000) {
		rdl_answer_fail(t, "deadline", "no answer within %lld s and "
		    "%d tries; the last one: %s",
		    (long long)(e->model->deadline_ms / 1000), t->tries, what);
		return rdl_wire_finish(e, t, err);
	}
	t->retry_us = now + wait_ms * 1000;
	t->state = RDL_TASK_WAITING;
	e->busy++;
	rdl_task_list_add(&e->waiting, t);
	return 0;
}

/* All tries of t failed.  If no reply of any status came since it began, the
 * server is not there, and every other record would fail as well. */
static int
give_up(struct rdl_engine *e, struct rdl_task *t, const char *what,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;

	if (t->http.status == 0 && e->answered == 0) {
		(void)rdl_err_set(&why, RDL_E_REMOTE, "%s: %s (%d tries); "
		    "start the server and run the same command again",
		    e->model->name, what, t->tries);
		rdl_task_stop(e, &why);
	}
	rdl_answer_fail(t, "http", "%s (%d tries)", what, t->tries);
	return rdl_wire_finish(e, t, err);
}

/* A reply that is none: retry, fail the record, or stop the run. */
static int
refused(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	const struct rdl_http_call *c = &t->http;
	struct rdl_err why = RDL_ERR_INIT;
	enum rdl_fault fault = c->transient ? RDL_FAULT_RETRY :
	    RDL_FAULT_RECORD;
	char said[320], what[480];

	if (c->status != 0) {
		fault = rdl_dialect_fault(c->status, c->reply.p, c->reply.len,
		    said, &t->wait_ms);
		(void)snprintf(what, sizeof(what), "HTTP %d: %s", c->status,
		    said);
		if (c->should_retry == 0 && fault == RDL_FAULT_RETRY)
			fault = RDL_FAULT_RECORD;
	} else
		(void)snprintf(what, sizeof(what), "%s", c->error);
	rdl_budget_settle(&e->budget, t->reserved_pusd, 0);
	if (fault == RDL_FAULT_RUN) {
		(void)rdl_err_set(&why, RDL_E_REMOTE, "%s: %s%s%s",
		    e->model->name, what,
		    c->status == 401 && e->model->key_from != NULL ?
		    "; check the key in " : "",
		    c->status == 401 && e->model->key_from != NULL ?
		    e->model->key_from : "");
		rdl_task_stop(e, &why);
		rdl_answer_fail(t, "http", "%s", what);
		return rdl_wire_finish(e, t, err);
	}
	if (fault == RDL_FAULT_LIMIT && !e->stopping) {
		t->tries--;
		return retry(e, t, 0, what, err);
	}
	if (fault == RDL_FAULT_RETRY && t->tries < TRIES_MAX && !e->stopping)
		return retry(e, t, backoff_ms(e, t, t->wait_ms), what, err);
	if (fault == RDL_FAULT_RETRY)
		return give_up(e, t, what, err);
	rdl_answer_fail(t, "http", "%s", what);
	return rdl_wire_finish(e, t, err);
}

int
rdl_wire_receive(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err)
{
	if (t->http.status == 200)
		return read_reply(e, t, err);
	return refused(e, t, err);
}
