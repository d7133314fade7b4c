/*
 * bench: http URL [REQUESTS [IN-FLIGHT [bare]]]
 * Chat requests with prompts of 290 bytes, all different, through the least
 * that can be written with curl_multi_socket_action on epoll (the baseline),
 * and, unless "bare" is said, through rdl_http.
 * Prints requests a second and CPU a request of each, and their ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/err.h"
#include "core/mem.h"
#include "core/num.h"
#include "model/curl.h"
#include "model/http.h"

#define PROMPT 290
#define HEAD "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"," \
	"\"content\":\""
#define TAIL "\"}]}"
#define BODY (sizeof(HEAD TAIL) - 1 + PROMPT)
#define DIGITS 10		/* of the number in the prompt */
#define HEADERS "Content-Type: application/json\n" \
	"Authorization: Bearer bench-key-of-a-usual-length-0123456789abcdef"

struct result {
	double wall_s, cpu_s;
	size_t ok;
	uint64_t connections;
};

/* Room for n requests of BODY bytes. */
static char *
bodies_new(size_t n)
{
	char *all = rdl_mem_calloc(n, BODY), *p;

	for (p = all; p < all + n * BODY; p += BODY) {
		memset(p, 'x', BODY);
		memcpy(p, HEAD, sizeof(HEAD) - 1);
		memcpy(p + BODY - sizeof(TAIL) + 1, TAIL, sizeof(TAIL) - 1);
	}
	return all;
}

/* Make it the request of this number. */
static void
body_number(char *body, size_t n)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%0*zu", DIGITS, n);
	memcpy(body + sizeof(HEAD) - 1, digits, DIGITS);
}

static double
cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int
bench_rdl(const char *url, size_t total, size_t inflight, struct result *r,
    struct rdl_err *err)
{
	struct rdl_http_call *calls, **done;
	struct rdl_http *h;
	size_t sent = 0, got = 0, i;
	char *bodies;
	bool readable;
	int n = 0, rc = -1;

	if (rdl_http_open(&h, inflight, err) < 0)
		return -1;
	calls = rdl_mem_calloc(inflight, sizeof(*calls));
	done = rdl_mem_calloc(inflight, sizeof(struct rdl_http_call *));
	bodies = bodies_new(inflight);
	for (; sent < inflight && sent < total; sent++) {
		calls[sent].url = url;
		calls[sent].headers = HEADERS;
		calls[sent].body = calls[sent].user = bodies + sent * BODY;
		calls[sent].body_len = BODY;
		calls[sent].timeout_ms = 60000;
		body_number(calls[sent].user, sent);
		if (rdl_http_send(h, &calls[sent], err) < 0)
			goto out;
	}
	for (; got < total; got += (size_t)n) {
		n = rdl_http_wait(h, -1, &readable, 60000, done, inflight,
		    err);
		if (n < 0)
			goto out;
		for (i = 0; i < (size_t)n; i++) {
			r->ok += done[i]->status == 200;
			if (sent == total)
				continue;
			body_number(done[i]->user, sent++);
			if (rdl_http_send(h, done[i], err) < 0)
				goto out;
		}
	}
	r->connections = rdl_http_connections(h);
	rc = 0;
out:
	rdl_http_close(h);
	for (i = 0; i < inflight; i++)
		rdl_buf_release(&calls[i].reply);
	free(calls);
	free(done);
	free(bodies);
	return rc;
}

/* The baseline. */
struct bare {
	const struct rdl_curl *curl;
	CURLM *multi;
	int epoll;
	int64_t due_us;
};

static int
bare_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *mine)
{
	struct epoll_event ev = { 0 };
	struct bare *b = arg;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(b->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	ev.events = what == CURL_POLL_IN ? EPOLLIN : what == CURL_POLL_OUT ?
	    EPOLLOUT : EPOLLIN | EPOLLOUT;
	ev.data.fd = fd;
	if (epoll_ctl(b->epoll, mine == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
	    fd, &ev) == 0)
		(void)b->curl->multi_assign(b->multi, fd, b);
	return 0;
}

static int
bare_timer(CURLM *multi, long ms, void *arg)
{
	struct bare *b = arg;

	(void)multi;
	b->due_us = ms < 0 ? INT64_MAX : rdl_clock_us() + ms * 1000;
	return 0;
}

static size_t
bare_body(char *p, size_t size, size_t n, void *arg)
{
	size_t *bytes = arg;

	(void)p;
	*bytes += size * n;
	return size * n;
}

static CURL *
bare_easy(const struct rdl_curl *c, const char *url,
    struct curl_slist *headers, char *body, size_t *bytes)
{
	CURL *e = c->easy_init();

	(void)c->easy_setopt(e, CURLOPT_URL, url);
	(void)c->easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)c->easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	(void)c->easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)BODY);
	(void)c->easy_setopt(e, CURLOPT_POSTFIELDS, body);
	(void)c->easy_setopt(e, CURLOPT_PRIVATE, body);
	(void)c->easy_setopt(e, CURLOPT_WRITEFUNCTION, bare_body);
	(void)c->easy_setopt(e, CURLOPT_WRITEDATA, bytes);
	return e;
}

/* Let curl act, then send again what is done. */
static void
bare_act(struct bare *b, curl_socket_t fd, int what, size_t *sent,
    size_t total, struct result *r, size_t *got)
{
	CURLMsg *msg;
	CURL *easy;
	char *body;
	long status;
	int n;

	(void)b->curl->multi_socket_action(b->multi, fd, what, &n);
	while ((msg = b->curl->multi_info_read(b->multi, &n)) != NULL) {
		easy = msg->easy_handle;
		(void)b->curl->easy_getinfo(easy, CURLINFO_RESPONSE_CODE,
		    &status);
		(void)b->curl->multi_remove_handle(b->multi, easy);
		r->ok += status == 200;
		(*got)++;
		if (*sent < total) {
			(void)b->curl->easy_getinfo(easy, CURLINFO_PRIVATE,
			    &body);
			body_number(body, (*sent)++);
			(void)b->curl->multi_add_handle(b->multi, easy);
		}
	}
}

static int
bench_bare(const char *url, size_t total, size_t inflight, struct result *r,
    struct rdl_err *err)
{
	struct bare b = { .due_us = INT64_MAX };
	struct curl_slist *headers;
	struct epoll_event ev[128];
	size_t sent = 0, got = 0, i, bytes = 0;
	CURL **easies;
	char *bodies;
	int n, k, ms;

	b.curl = rdl_curl_load(err);
	if (b.curl == NULL)
		return -1;
	b.epoll = epoll_create1(0);
	b.multi = b.curl->multi_init();
	(void)b.curl->multi_setopt(b.multi, CURLMOPT_SOCKETFUNCTION,
	    bare_socket);
	(void)b.curl->multi_setopt(b.multi, CURLMOPT_SOCKETDATA, &b);
	(void)b.curl->multi_setopt(b.multi, CURLMOPT_TIMERFUNCTION,
	    bare_timer);
	(void)b.curl->multi_setopt(b.multi, CURLMOPT_TIMERDATA, &b);
	(void)b.curl->multi_setopt(b.multi, CURLMOPT_MAXCONNECTS,
	    (long)inflight);
	headers = b.curl->slist_append(NULL, "Content-Type: application/json");
	headers = b.curl->slist_append(headers, "Authorization: Bearer x");
	easies = rdl_mem_calloc(inflight, sizeof(CURL *));
	bodies = bodies_new(inflight);
	for (; sent < inflight && sent < total; sent++) {
		body_number(bodies + sent * BODY, sent);
		easies[sent] = bare_easy(b.curl, url, headers,
		    bodies + sent * BODY, &bytes);
		(void)b.curl->multi_add_handle(b.multi, easies[sent]);
	}
	while (got < total) {
		ms = b.due_us == INT64_MAX ? -1 : (int)((b.due_us -
		    rdl_clock_us() + 999) / 1000);
		n = epoll_wait(b.epoll, ev, 128, ms < -1 ? 0 : ms);
		for (k = 0; k < n; k++)
			bare_act(&b, ev[k].data.fd,
			    ((ev[k].events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
			    ((ev[k].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0),
			    &sent, total, r, &got);
		if (rdl_clock_us() >= b.due_us) {
			b.due_us = INT64_MAX;
			bare_act(&b, CURL_SOCKET_TIMEOUT, 0, &sent, total, r,
			    &got);
		}
	}
	for (i = 0; i < inflight; i++)
		if (easies[i] != NULL)
			b.curl->easy_cleanup(easies[i]);
	b.curl->slist_free_all(headers);
	(void)b.curl->multi_cleanup(b.multi);
	(void)close(b.epoll);
	free(easies);
	free(bodies);
	return 0;
}

static double
measure(const char *name, int (*run)(const char *, size_t, size_t,
    struct result *, struct rdl_err *), const char *url, size_t total,
    size_t inflight)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct result r = { 0 };
	int64_t began = rdl_clock_us();
	double cpu = cpu_s();

	if (run(url, total, inflight, &r, &err) < 0) {
		(void)fprintf(stderr, "http: %s\n", err.msg);
		exit(1);
	}
	r.wall_s = (double)(rdl_clock_us() - began) / 1e6;
	r.cpu_s = cpu_s() - cpu;
	(void)printf("%-14s %8zu of %zu ok %9.0f requests/s %7.2f CPU "
	    "us/request", name, r.ok, total, (double)total / r.wall_s,
	    r.cpu_s * 1e6 / (double)total);
	if (r.connections > 0)
		(void)printf(" %llu connections",
		    (unsigned long long)r.connections);
	(void)printf("\n");
	if (r.ok != total)
		exit(1);
	return (double)total / r.wall_s;
}

int
main(int argc, char *argv[])
{
	struct rdl_err err = RDL_ERR_INIT;
	int64_t total = 100000, inflight = 32;
	double a, b;

	if (argc < 2 || argc > 5 || (argc > 2 && rdl_num_int(argv[2], 1,
	    100000000, &total, &err) < 0) || (argc > 3 && rdl_num_int(argv[3],
	    1, RDL_INFLIGHT_MAX, &inflight, &err) < 0) ||
	    (argc > 4 && strcmp(argv[4], "bare") != 0)) {
		(void)fprintf(stderr, "usage: http URL [REQUESTS "
		    "[IN-FLIGHT [bare]]]\n");
		return 2;
	}
	b = measure("bare curl", bench_bare, argv[1], (size_t)total,
	    (size_t)inflight);
	if (argc > 4)
		return 0;
	a = measure("rdl_http", bench_rdl, argv[1], (size_t)total,
	    (size_t)inflight);
	(void)printf("rdl_http / bare curl: %.2f\n", a / b);
	return 0;
}
