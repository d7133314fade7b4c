/*
 * HTTP requests, many at a time, on one thread: libcurl's multi interface
 * driven by epoll (curl_multi_socket_action; polling costs six times the CPU
 * when hundreds of slow calls wait).  libcurl is loaded on first use, so that
 * --help and a run answered by the ledger never pay for it.
 *
 * Only http and https; redirects are not followed; no proxy unless the
 * environment says so; HTTP/1.1 with kept-alive connections.
 *
 * A kept-alive connection that proves dead before any byte of the reply came
 * makes curl send the request once more by itself: a server that dies after
 * working and before answering works twice.
 */
#ifndef RDL_MODEL_HTTP_H
#define RDL_MODEL_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct rdl_http;

/* A request and its reply.  The caller fills the first part and keeps it
 * unchanged until the call comes back from rdl_http_wait(). */
struct rdl_http_call {
	const char *url;
	const char *headers;	/* "Name: value" lines joined by '\n' */
	const char *body;	/* POST body; NULL: GET */
	size_t body_len;
	int64_t timeout_ms;	/* of the whole exchange */
	void *user;

	/* Filled when the call is done. */
	int status;		/* HTTP status, 0: no reply came */
	bool transient;		/* status 0: worth another try */
	bool timed_out;
	char error[256];	/* status 0: what happened, in words; else "" */
	struct rdl_buf reply;	/* body; reset by rdl_http_send(), released by
				 * the caller; max 0: RDL_REPLY_MAX */
	int64_t latency_ms;
	int64_t retry_after_ms;	/* of retry-after-ms or retry-after; -1 none */
	int should_retry;	/* x-should-retry: 1, 0; -1 not said */
	/* x-ratelimit-* and anthropic-ratelimit-*; -1: not said */
	int64_t limit_requests, remaining_requests, reset_requests_ms;
	int64_t limit_tokens, remaining_tokens, reset_tokens_ms;
	char server_id[128];	/* x-request-id or request-id, or "" */
	char content_type[96];
	void *handle;		/* belongs to http.c */
};

/* max_calls: how many may be under way at once. */
int rdl_http_open(struct rdl_http **out, size_t max_calls,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Abort what is under way and free everything; h may be NULL. */
void rdl_http_close(struct rdl_http *h);

/* Start a call.  Errors of the request itself (a bad URL) are reported by
 * rdl_http_wait(), as those of the network are. */
int rdl_http_send(struct rdl_http *h, struct rdl_http_call *call,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Wait until calls are done, fd (or -1) is readable, a signal comes or
 * timeout_ms has passed (0: do not wait).  Puts up to max done calls into
 * done; returns their number, or -1.  *readable says whether fd is.
 * An fd that epoll cannot watch (a plain file) is always readable.
 * timeout_ms below 0 waits without end.
 */
int rdl_http_wait(struct rdl_http *h, int fd, bool *readable,
    int64_t timeout_ms, struct rdl_http_call **done, size_t max,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Connections that were opened, for the summary. */
uint64_t rdl_http_connections(const struct rdl_http *h);

#endif
