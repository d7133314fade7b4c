/*
 * The life of a request on its connection.
 * Runs on libmicrohttpd's one thread; a request that waits is suspended, and
 * the sleeper's thread does nothing but resume it.
 * Decides nothing about the reply: plan.c does.
 */
#include "stub/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/num.h"

#define REQUEST_MAX (300 * RDL_MIB)
#define HANG_HOP_US 500000	/* how often a hanging client is looked at */
#define LONG_HOP_US 1000000

struct request {
	struct rdl_serve *serve;
	struct MHD_Connection *c;
	struct rdl_buf body;	/* what came */
	bool counted;		/* as open */
	bool too_large;
	bool planned, queued;
	bool doomed;		/* the server is stopping */
	int64_t due_us;
	struct rdl_plan plan;
	size_t sent;		/* by read_body() */
	bool rest;		/* read_body() must pause first */
};

void
rdl_serve_connection(void *cls, struct MHD_Connection *c, void **mine,
    enum MHD_ConnectionNotificationCode what)
{
	struct rdl_serve *s = cls;

	(void)c;
	(void)mine;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		s->journal.connections++;
}

void
rdl_serve_wake(void *request)
{
	MHD_resume_connection(((struct request *)request)->c);
}

/* Suspend the request until then. */
static void
rest_until(struct request *r, int64_t due_us)
{
	MHD_suspend_connection(r->c);
	if (!rdl_sleeper_add(r->serve->sleeper, due_us, r)) {
		r->doomed = true;
		MHD_resume_connection(r->c);
	}
}

static int
socket_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info != NULL ? info->connect_fd : -1;
}

/* While a connection is suspended libmicrohttpd does not look at it. */
static bool
client_left(struct MHD_Connection *c)
{
	char byte;
	ssize_t n;

	n = recv(socket_of(c), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR);
}

static struct request *
begin(struct rdl_serve *s, struct MHD_Connection *c, const char *method)
{
	struct request *r = rdl_mem_calloc(1, sizeof(*r));
	const char *len;
	struct rdl_err err;
	int64_t n = 0;

	r->serve = s;
	r->c = c;
	rdl_buf_init(&r->body, REQUEST_MAX);
	r->counted = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	if (r->counted)
		rdl_journal_arrived(&s->journal);
	len = MHD_lookup_connection_value(c, MHD_HEADER_KIND,
	    MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (len != NULL && (rdl_num_int(len, 0, INT64_MAX, &n, &err) < 0 ||
	    n > (int64_t)REQUEST_MAX))
		r->too_large = true;
	else if (n > 0 && n < (int64_t)RDL_MIB &&
	    rdl_buf_reserve(&r->body, (size_t)n) == NULL)
		r->too_large = true;
	return r;
}

static const char *
header(void *arg, const char *name)
{
	return MHD_lookup_connection_value(arg, MHD_HEADER_KIND, name);
}

static void
plan(struct request *r, const char *method, const char *url)
{
	struct rdl_plan_in in = { .method = method, .path = url,
		.body = r->body.p, .len = r->body.len,
		.too_large = r->too_large, .now_us = rdl_clock_us(),
		.header = header, .arg = r->c };

	if (rdl_batches_takes(url))
		rdl_batches_plan(&r->serve->batches, &r->serve->rules,
		    &r->serve->journal, &in, &r->plan);
	else
		rdl_plan_make(&r->plan, &r->serve->rules, &in);
	r->planned = true;
	r->due_us = r->plan.fault == RDL_FAULT_HANG ? INT64_MAX :
	    r->plan.wait_us > 0 ? in.now_us + r->plan.wait_us : 0;
	rdl_journal_planned(&r->serve->journal, &r->plan, &in, in.now_us);
	if (r->plan.stats) {
		rdl_journal_stats(&r->serve->journal, &r->plan.body);
		r->plan.send = r->plan.body.len;
	}
	rdl_buf_release(&r->body);
}

/* Wait for the time of the reply: 1 when it has come, 0 to be called again,
 * -1 if there is nobody left to reply to. */
static int
wait_for_time(struct request *r)
{
	int64_t now;

	if (r->doomed)
		return -1;
	if (r->due_us == 0)
		return 1;
	now = rdl_clock_us();
	if (now >= r->due_us)
		return 1;
	if (r->due_us == INT64_MAX || r->due_us - now > 2 * LONG_HOP_US) {
		if (client_left(r->c))
			return -1;
		rest_until(r, now + (r->due_us == INT64_MAX ? HANG_HOP_US :
		    LONG_HOP_US));
	} else
		rest_until(r, r->due_us);
	return 0;
}

/* Body of a reply that is cut or slow, for libmicrohttpd. */
static ssize_t
read_body(void *cls, uint64_t pos, char *to, size_t max)
{
	struct request *r = cls;
	int64_t rate = r->plan.bytes_per_s;
	size_t n = r->plan.send - r->sent, step;

	(void)pos;
	if (r->doomed || n == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (rate > 0) {
		step = rate >= 20 ? (size_t)(rate / 20) : 1;
		if (r->rest) {
			r->rest = false;
			rest_until(r, rdl_clock_us() +
			    (int64_t)step * 1000000 / rate);
			return 0;
		}
		r->rest = true;
		n = n < step ? n : step;
	}
	n = n < max ? n : max;
	memcpy(to, r->plan.body.p + r->sent, n);
	r->sent += n;
	return (ssize_t)n;
}

static struct MHD_Response *
response(struct request *r)
{
	struct rdl_plan *p = &r->plan;
	struct MHD_Response *resp;
	const char *name, *value;
	size_t len, at;
	char *body;

	if (p->bytes_per_s > 0 || p->send < p->body.len)
		resp = MHD_create_response_from_callback(p->body.len, 16384,
		    read_body, r, NULL);
	else {
		body = rdl_buf_detach(&p->body, &len);
		resp = MHD_create_response_from_buffer(len, body,
		    MHD_RESPMEM_MUST_FREE);
		if (resp == NULL)
			free(body);
	}
	if (resp == NULL)
		return NULL;
	(void)MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE,
	    p->type);
	for (at = 0; at < p->headers.len;
	    at = (size_t)(value + strlen(value) + 1 - p->headers.p)) {
		name = p->headers.p + at;
		value = name + strlen(name) + 1;
		(void)MHD_add_response_header(resp, name, value);
	}
	return resp;
}

static enum MHD_Result
send_reply(struct request *r)
{
	static const struct linger now = { 1, 0 };
	struct MHD_Response *resp;
	enum MHD_Result ok;

	if (r->plan.status == 0) {
		/* Closing without linger sends RST instead of FIN. */
		(void)setsockopt(socket_of(r->c), SOL_SOCKET, SO_LINGER, &now,
		    sizeof(now));
		return MHD_NO;
	}
	if ((resp = response(r)) == NULL)
		return MHD_NO;
	if (r->too_large)
		(void)MHD_add_response_header(resp, "Connection", "close");
	ok = MHD_queue_response(r->c, (unsigned)r->plan.status, resp);
	MHD_destroy_response(resp);
	r->queued = ok == MHD_YES;
	return ok;
}

enum MHD_Result
rdl_serve_request(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **request)
{
	struct request *r = *request;
	int rc;

	(void)version;
	if (r == NULL) {
		r = *request = begin(cls, c, method);
		/* A refusal need not wait for 300 MB to come. */
		if (!r->too_large)
			return MHD_YES;
		plan(r, method, url);
		return send_reply(r);
	}
	if (*upload_len > 0) {
		rdl_buf_add(&r->body, upload, *upload_len);
		*upload_len = 0;
		return rdl_buf_full(&r->body) ? MHD_NO : MHD_YES;
	}
	if (r->queued)
		return MHD_YES;
	if (!r->planned)
		plan(r, method, url);
	rc = wait_for_time(r);
	if (rc <= 0)
		return rc == 0 ? MHD_YES : MHD_NO;
	return send_reply(r);
}

void
rdl_serve_over(void *cls, struct MHD_Connection *c, void **request,
    enum MHD_RequestTerminationCode why)
{
	struct rdl_serve *s = cls;
	struct request *r = *request;
	ssize_t n;

	(void)c;
	if (r == NULL)
		return;
	if (r->counted)
		rdl_journal_over(&s->journal, r->queued &&
		    why == MHD_REQUEST_TERMINATED_COMPLETED_OK,
		    r->plan.status);
	if (s->quit_after > 0 && s->journal.answered >= s->quit_after &&
	    s->quit_fd >= 0) {
		n = write(s->quit_fd, "q", 1);
		s->quit_fd = n == 1 ? -1 : s->quit_fd;
	}
	if (r->planned)
		rdl_plan_release(&r->plan);
	rdl_buf_release(&r->body);
	free(r);
	*request = NULL;
}
