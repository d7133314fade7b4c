/*
 * Batch files in place of the network: a question is written into one, or its
 * reply taken from what came back.
 * Everything else is as with live calls: keys, re-asks, the ledger, the order.
 */
#include <string.h>

#include "core/clock.h"
#include "core/tool.h"
#include "model/engine_impl.h"

bool
rdl_engine_silent(const struct rdl_engine_opts *o)
{
	return o->dry_run || o->batch == RDL_BATCH_WRITE ||
	    o->batch == RDL_BATCH_SUBMIT;
}

int
rdl_engine_batch_open(struct rdl_engine *e, struct rdl_err *err)
{
	const struct rdl_engine_opts *o = e->opts;

	if (o->batch == RDL_BATCH_OFF)
		return 0;
	if (o->batch_dir == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "--batch wants --batch-dir DIR");
	if (o->dry_run || o->budget_pusd >= 0 ||
	    (o->offline && o->batch != RDL_BATCH_COLLECT))
		return rdl_err_set(err, RDL_E_USAGE,
		    "--batch does not go with --dry-run, --budget%s",
		    o->batch != RDL_BATCH_COLLECT ? " or --offline" : "");
	e->batch_opts = (struct rdl_batch_opts){
		(enum rdl_batch_verb)o->batch, o->batch_dir,
		o->batch_requests, o->offline, o->retry_failed };
	return rdl_batch_open(&e->batch, &e->batch_opts, e->model, err);
}

void
rdl_engine_batch_close(struct rdl_engine *e)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);

	if (e->batch != NULL && e->whole && rdl_engine_silent(e->opts)) {
		rdl_batch_summary(e->batch, &text);
		rdl_warn("batch: %s", text.p);
	}
	rdl_buf_release(&text);
	rdl_batch_close(e->batch);
	e->batch = NULL;
}

/* The request goes into a part; nobody answers it now. */
static int
put(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;

	if (rdl_wire_write(e, t, &why) < 0 || rdl_batch_add(e->batch, &t->key,
	    t->url.p, &t->body, &why) < 0) {
		if (why.cls != RDL_E_INPUT) {
			*err = why;
			return -1;
		}
		rdl_warn("not in the batch: %s", why.msg);
	}
	return rdl_wire_finish(e, t, err);
}

/* A reply, as if it had come over the wire. */
static void
arrive(struct rdl_engine *e, struct rdl_task *t)
{
	struct rdl_http_call *c = &t->http;

	c->user = t;
	c->transient = c->timed_out = false;
	c->error[0] = '\0';
	c->latency_ms = -1;
	c->retry_after_ms = -1;
	c->should_retry = -1;
	t->tries = 1;
	t->wait_ms = -1;
	t->reserved_pusd = t->reserved_tokens = 0;
	t->began_us = rdl_clock_us();
	t->state = RDL_TASK_SENT;
	e->answered++;
}

int
rdl_engine_batch_send(struct rdl_engine *e, struct rdl_task *t,
    struct rdl_err *err)
{
	struct rdl_http_call *c = &t->http;
	int rc;

	e->busy--;
	if (e->opts->batch == RDL_BATCH_WRITE)
		return put(e, t, err);
	if (rdl_wire_images(e, t, err) < 0)
		return -1;
	rc = rdl_batch_find(e->batch, &t->key, &c->status, &c->reply,
	    c->server_id, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		rdl_answer_fail(t, "batch", t->job.request.attempt > 0 ?
		    "the reply was no answer, and the second question is in "
		    "no batch yet; write, submit and collect once more" :
		    "no batch has a reply to this; write, submit and collect "
		    "once more");
		return rdl_wire_finish(e, t, err);
	}
	arrive(e, t);
	if (c->status != 200)
		return rdl_wire_receive(e, t, err);
	if (e->gathered == 0)
		e->gather_us = rdl_clock_us();
	e->done[e->gathered++] = c;
	return 0;
}
