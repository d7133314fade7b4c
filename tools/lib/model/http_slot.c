/*
 * One request slot: a curl handle that is used again and again.
 * Sets its options, takes in headers and body.  Does not drive the transfer.
 */
#include "model/http_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/tool.h"

#define CONNECT_MS 10000L	/* curl's own default is 5 minutes */
#define IDLE_S 30L		/* servers and balancers hang up at 5 to 60 s */

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct rdl_http_slot *s = arg;

	n *= size;
	s->head_bytes += n;
	if (s->head_bytes > RDL_HEADER_MAX) {
		s->stop = RDL_HTTP_BIG_HEAD;
		return 0;
	}
	rdl_http_head_line(s->curl, s->call, p, n, rdl_clock_wall_ms());
	return n;
}

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct rdl_http_slot *s = arg;

	n *= size;
	rdl_buf_add(&s->call->reply, p, n);
	if (rdl_buf_full(&s->call->reply)) {
		s->stop = RDL_HTTP_BIG_BODY;
		return 0;
	}
	return n;
}

/* Set what is the same for all requests. */
int
rdl_http_slot_init(struct rdl_http_slot *s, curl_opensocket_callback on_open,
    void *arg, struct rdl_err *err)
{
	const struct rdl_curl *c = s->curl;
	CURL *e = c->easy_init();
	int bad = 0;

	if (e == NULL)
		return rdl_err_set(err, RDL_E_IO, "libcurl: no handle");
	s->easy = e;
#define SET(option, value) (bad |= (int)c->easy_setopt(e, option, value))
	SET(CURLOPT_PRIVATE, s);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_ACCEPT_ENCODING, "");
	SET(CURLOPT_USERAGENT, "riddle/" RDL_VERSION);
	SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	SET(CURLOPT_MAXAGE_CONN, IDLE_S);
	SET(CURLOPT_TCP_NODELAY, 1L);
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	/* A server may refuse a large body before it has read it. */
	SET(CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
	SET(CURLOPT_ERRORBUFFER, s->detail);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, s);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, s);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
	SET(CURLOPT_OPENSOCKETDATA, arg);
#undef SET
	if (bad != 0)
		return rdl_err_set(err, RDL_E_IO,
		    "libcurl is too old: 7.85 or newer is needed");
	return 0;
}

/* Make the list of headers, unless it is that of the request before. */
static int
set_headers(struct rdl_http_slot *s, const char *text, struct rdl_err *err)
{
	const struct rdl_curl *c = s->curl;
	struct curl_slist *list, *more;
	char *copy, *line, *end;

	if (text == NULL)
		text = "";
	if (s->headers_text != NULL && strcmp(s->headers_text, text) == 0)
		return 0;
	/* With Expect, curl waits up to a second before a large body. */
	list = c->slist_append(NULL, "Expect:");
	copy = rdl_mem_strdup(text);
	for (line = copy; list != NULL && *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		if (*line == '\0')
			continue;
		more = c->slist_append(list, line);
		if (more == NULL)
			c->slist_free_all(list);
		list = more;
	}
	free(copy);
	if (list == NULL)
		return rdl_err_set(err, RDL_E_IO, "libcurl: no header list");
	c->slist_free_all(s->headers);
	s->headers = list;
	free(s->headers_text);
	s->headers_text = rdl_mem_strdup(text);
	(void)c->easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
	return 0;
}

static void
set_request(struct rdl_http_slot *s, const struct rdl_http_call *call)
{
	const struct rdl_curl *c = s->curl;
	long ms = call->timeout_ms <= 0 ? 0 :
	    call->timeout_ms > 100000000 ? 100000000L : (long)call->timeout_ms;

	(void)c->easy_setopt(s->easy, CURLOPT_URL, call->url);
	(void)c->easy_setopt(s->easy, CURLOPT_TIMEOUT_MS, ms);
	if (call->body == NULL) {
		(void)c->easy_setopt(s->easy, CURLOPT_HTTPGET, 1L);
		return;
	}
	(void)c->easy_setopt(s->easy, CURLOPT_POST, 1L);
	(void)c->easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)call->body_len);
	/* Not copied by curl: the caller keeps it until the call is done. */
	(void)c->easy_setopt(s->easy, CURLOPT_POSTFIELDS, call->body);
}

static void
call_reset(struct rdl_http_call *call)
{
	call->status = 0;
	call->transient = false;
	call->timed_out = false;
	call->error[0] = '\0';
	call->latency_ms = 0;
	call->handle = NULL;
	if (call->reply.max == 0)
		call->reply.max = RDL_REPLY_MAX;
	rdl_buf_reset(&call->reply);
	rdl_http_head_reset(call);
}

int
rdl_http_slot_begin(struct rdl_http_slot *s, struct rdl_http_call *call,
    struct rdl_err *err)
{
	if (set_headers(s, call->headers, err) < 0)
		return -1;
	set_request(s, call);
	call_reset(call);
	s->call = call;
	s->head_bytes = 0;
	s->stop = RDL_HTTP_GOES_ON;
	s->detail[0] = '\0';
	s->began_us = rdl_clock_us();
	return 0;
}

unsigned int
rdl_http_slot_end(struct rdl_http_slot *s, CURLcode code)
{
	const struct rdl_curl *c = s->curl;
	struct rdl_http_call *call = s->call;
	long status = 0, os = 0, opened = 0;

	(void)c->easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)c->easy_getinfo(s->easy, CURLINFO_NUM_CONNECTS, &opened);
	if (code == CURLE_OK && status == 0)
		code = CURLE_GOT_NOTHING;
	/* A server that refuses a body unread often hangs up at once: its
	 * refusal counts, not how the connection ended. */
	if (status >= 400 && s->stop == RDL_HTTP_GOES_ON &&
	    (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
	    code == CURLE_PARTIAL_FILE))
		code = CURLE_OK;
	if (code == CURLE_OK) {
		call->status = (int)status;
	} else {
		(void)c->easy_getinfo(s->easy, CURLINFO_OS_ERRNO, &os);
		rdl_http_fault(c, call, code, os, s->detail, s->stop);
	}
	call->latency_ms = (rdl_clock_us() - s->began_us) / 1000;
	s->call = NULL;
	return opened > 0 ? (unsigned int)opened : 0;
}

void
rdl_http_slot_release(struct rdl_http_slot *s)
{
	if (s->easy != NULL)
		s->curl->easy_cleanup(s->easy);
	if (s->headers != NULL)
		s->curl->slist_free_all(s->headers);
	free(s->headers_text);
}
