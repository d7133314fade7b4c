/*
 * Files from the web, several at once, in order.
 * Reads what servers send, into memory.  Keeps no cache.
 */
#include "domain/fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/tool.h"
#include "model/http.h"

#define TRIES 3
#define WAIT_MS 500		/* before the second try; then twice that */
#define WAIT_MAX_MS 30000

/* One download. */
struct get {
	char *url;
	struct rdl_http_call call;
	int tries;
	bool under_way, done;
	int64_t due_us;		/* of the next try, if neither */
};

struct rdl_fetch {
	struct rdl_http *http;	/* NULL until the first address */
	int timeout_ms;
	struct get ring[RDL_FETCH_MAX];	/* the oldest at first */
	size_t first, n;
	bool held;		/* ring[first] was given out */
};

struct rdl_fetch *
rdl_fetch_new(int timeout_ms)
{
	struct rdl_fetch *f = rdl_mem_calloc(1, sizeof(*f));
	size_t i;

	f->timeout_ms = timeout_ms;
	for (i = 0; i < RDL_FETCH_MAX; i++)
		rdl_buf_init(&f->ring[i].call.reply, RDL_IMAGE_MAX);
	return f;
}

void
rdl_fetch_free(struct rdl_fetch *f)
{
	size_t i;

	if (f == NULL)
		return;
	rdl_http_close(f->http);
	for (i = 0; i < RDL_FETCH_MAX; i++) {
		free(f->ring[i].url);
		rdl_buf_release(&f->ring[i].call.reply);
	}
	free(f);
}

/* Forget what was given out. */
static void
let_go(struct rdl_fetch *f)
{
	struct get *g = &f->ring[f->first];

	if (!f->held)
		return;
	free(g->url);
	g->url = NULL;
	rdl_buf_release(&g->call.reply);
	f->first = (f->first + 1) % RDL_FETCH_MAX;
	f->n--;
	f->held = false;
}

bool
rdl_fetch_room(const struct rdl_fetch *f)
{
	return f->n < RDL_FETCH_MAX || f->held;
}

static int
start(struct rdl_fetch *f, struct get *g, struct rdl_err *err)
{
	g->call.url = g->url;
	g->call.timeout_ms = f->timeout_ms;
	g->call.user = g;
	g->tries++;
	g->under_way = true;
	return rdl_http_send(f->http, &g->call, err);
}

int
rdl_fetch_add(struct rdl_fetch *f, const char *url, struct rdl_err *err)
{
	struct get *g;

	let_go(f);
	if (f->n == RDL_FETCH_MAX)
		return rdl_err_set(err, RDL_E_IO,
		    "more than %d downloads at once", RDL_FETCH_MAX);
	if (f->http == NULL &&
	    rdl_http_open(&f->http, RDL_FETCH_MAX, err) < 0)
		return -1;
	g = &f->ring[(f->first + f->n) % RDL_FETCH_MAX];
	g->url = rdl_mem_strdup(url);
	g->tries = 0;
	g->done = false;
	f->n++;
	return start(f, g, err);
}

static bool
may_pass(const struct rdl_http_call *c)
{
	return c->status == 0 ? c->transient : c->status == 408 ||
	    c->status == 429 || c->status >= 500;
}

/* A try is over: is that the end of it? */
static void
judge(struct get *g)
{
	int64_t wait_ms = (int64_t)WAIT_MS << (g->tries - 1);

	g->under_way = false;
	g->done = g->tries == TRIES || !may_pass(&g->call);
	if (g->call.retry_after_ms > wait_ms)
		wait_ms = g->call.retry_after_ms;
	if (wait_ms > WAIT_MAX_MS)
		wait_ms = WAIT_MAX_MS;
	g->due_us = rdl_clock_us() + wait_ms * 1000;
}

/* Start again what is due; *wait_ms is until the next is, or -1. */
static int
try_again(struct rdl_fetch *f, int64_t *wait_ms, struct rdl_err *err)
{
	int64_t now = rdl_clock_us(), ms;
	struct get *g;
	size_t i;

	*wait_ms = -1;
	for (i = 0; i < f->n; i++) {
		g = &f->ring[(f->first + i) % RDL_FETCH_MAX];
		if (g->done || g->under_way)
			continue;
		ms = (g->due_us - now + 999) / 1000;
		if (ms <= 0 && start(f, g, err) < 0)
			return -1;
		if (ms > 0 && (*wait_ms < 0 || ms < *wait_ms))
			*wait_ms = ms;
	}
	return 0;
}

static int
wait_for(struct rdl_fetch *f, const struct get *g, struct rdl_err *err)
{
	struct rdl_http_call *done[RDL_FETCH_MAX];
	int64_t wait_ms;
	bool readable;
	int i, n;

	while (!g->done) {
		if (rdl_tool_stopped())
			return rdl_err_set(err, RDL_E_STOPPED, "stopped by a "
			    "signal; run the same command again to go on");
		if (try_again(f, &wait_ms, err) < 0)
			return -1;
		n = rdl_http_wait(f->http, -1, &readable, wait_ms, done,
		    RDL_FETCH_MAX, err);
		if (n < 0)
			return -1;
		for (i = 0; i < n; i++)
			judge(done[i]->user);
	}
	return 0;
}

int
rdl_fetch_take(struct rdl_fetch *f, struct rdl_fetch_result *r,
    struct rdl_err *err)
{
	const struct rdl_http_call *c;
	struct get *g;

	let_go(f);
	if (f->n == 0)
		return rdl_err_set(err, RDL_E_IO, "no download under way");
	g = &f->ring[f->first];
	if (wait_for(f, g, err) < 0)
		return -1;
	f->held = true;
	c = &g->call;
	memset(r, 0, sizeof(*r));
	if (c->status == 200) {
		r->file = c->reply.p != NULL ? c->reply.p : "";
		r->len = c->reply.len;
	} else if (c->status == 0)
		(void)snprintf(r->why, sizeof(r->why), "%s", c->error);
	else
		(void)snprintf(r->why, sizeof(r->why), "HTTP %d%s", c->status,
		    c->status >= 300 && c->status < 400 ? ", a redirect, "
		    "which is not followed" : "");
	return 0;
}
