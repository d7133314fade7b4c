/*
 * HTTP requests, many at a time, on one thread: curl's multi handle on epoll.
 * Reads and writes sockets and the caller's calls.  Decides no retry.
 *
 * Known of curl: when a kept-alive connection turns out dead before any byte
 * of the reply came, curl sends the POST again on a new one, once, without a
 * word.  A server that died between working and answering thus does the work
 * twice.  Idle connections are given up after 30 s to make that rare.
 */
#include "model/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "model/http_impl.h"

#define EVENTS 128
#define NEVER INT64_MAX
#define SPARE_FILES 64		/* descriptors of everything but connections */

/* Marks the caller's descriptor among curl's in epoll's data. */
#define CALLERS_FD (UINT64_C(1) << 32)

/* What epoll knows of a socket of curl's. */
struct watch {
	uint32_t events;	/* what curl waits for; 0 while idle */
	bool known;		/* epoll may still have it */
};

struct rdl_http {
	const struct rdl_curl *curl;
	CURLM *multi;
	int epoll;
	struct rdl_http_slot *slots, *free;
	size_t nslots;
	struct watch *watches;	/* by descriptor */
	size_t nwatches;
	int64_t due_us;		/* curl wants to be called; NEVER */
	struct rdl_http_call *first, *last;	/* done, not yet handed over;
						 * linked by call->handle */
	bool armed;		/* epoll watches the caller's descriptor */
	uint64_t connections;
	int broken;		/* errno of a failed epoll_ctl */
};

static int
multi_error(struct rdl_http *h, CURLMcode code, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_IO, "libcurl: %s",
	    h->curl->multi_strerror(code));
}

static struct watch *
watch_of(struct rdl_http *h, int fd)
{
	size_t n = (size_t)fd + 1;

	if (n > h->nwatches) {
		n += 64;
		h->watches = rdl_mem_realloc(h->watches, n,
		    sizeof(*h->watches));
		memset(h->watches + h->nwatches, 0,
		    (n - h->nwatches) * sizeof(*h->watches));
		h->nwatches = n;
	}
	return &h->watches[fd];
}

/*
 * curl says what it waits for on a socket.  An idle connection stays with
 * epoll, because most are wanted again at once: one system call a request
 * instead of two.  It may have been closed and its number given to another in
 * between; then the kernel has forgotten it and says ENOENT.
 */
static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *mine)
{
	struct rdl_http *h = arg;
	struct watch *w = watch_of(h, fd);
	struct epoll_event ev = { 0 };
	int rc;

	(void)easy;
	(void)mine;
	w->events = what == CURL_POLL_IN ? EPOLLIN :
	    what == CURL_POLL_OUT ? EPOLLOUT :
	    what == CURL_POLL_INOUT ? EPOLLIN | EPOLLOUT : 0;
	if (w->events == 0)
		return 0;
	ev.events = w->events;
	ev.data.u64 = (uint64_t)(unsigned int)fd;
	rc = epoll_ctl(h->epoll, w->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
	    fd, &ev);
	if (rc < 0 && errno == ENOENT)
		rc = epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &ev);
	else if (rc < 0 && errno == EEXIST)
		rc = epoll_ctl(h->epoll, EPOLL_CTL_MOD, fd, &ev);
	w->known = rc == 0;
	if (rc < 0)
		h->broken = errno;
	return 0;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct rdl_http *h = arg;

	(void)multi;
	h->due_us = timeout_ms < 0 ? NEVER :
	    rdl_clock_us() + (int64_t)timeout_ms * 1000;
	return 0;
}

/* curl opens a connection: its socket must not reach a child process, where
 * it would keep the connection and epoll's note of it alive. */
static curl_socket_t
on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct rdl_http *h = arg;
	int fd;

	(void)purpose;
	fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC,
	    addr->protocol);
	if (fd < 0)
		return CURL_SOCKET_BAD;
	watch_of(h, fd)->known = false;
	return fd;
}

/* Connections need descriptors: raise the soft limit as far as it goes. */
static int
allow_files(size_t max_calls, struct rdl_err *err)
{
	rlim_t want = (rlim_t)max_calls + SPARE_FILES;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return rdl_err_sys(err, RDL_E_IO, "limit of open files");
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur >= want)
		return 0;
	if (r.rlim_max != RLIM_INFINITY && r.rlim_max < want)
		return rdl_err_set(err, RDL_E_USAGE, "%zu calls in flight "
		    "need %llu open files, and the limit (ulimit -Hn) is %llu",
		    max_calls, (unsigned long long)want,
		    (unsigned long long)r.rlim_max);
	r.rlim_cur = want;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		return rdl_err_sys(err, RDL_E_IO, "limit of open files");
	return 0;
}

static int
multi_init(struct rdl_http *h, struct rdl_err *err)
{
	const struct rdl_curl *c = h->curl;
	CURLM *m = c->multi_init();

	if (m == NULL)
		return rdl_err_set(err, RDL_E_IO, "libcurl: no handle");
	h->multi = m;
	(void)c->multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)c->multi_setopt(m, CURLMOPT_SOCKETDATA, h);
	(void)c->multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
	(void)c->multi_setopt(m, CURLMOPT_TIMERDATA, h);
	(void)c->multi_setopt(m, CURLMOPT_MAXCONNECTS, (long)h->nslots);
	return 0;
}

int
rdl_http_open(struct rdl_http **out, size_t max_calls, struct rdl_err *err)
{
	const struct rdl_curl *curl = rdl_curl_load(err);
	struct rdl_http *h;
	size_t i;

	*out = NULL;
	if (curl == NULL || allow_files(max_calls, err) < 0)
		return -1;
	h = rdl_mem_calloc(1, sizeof(*h));
	h->curl = curl;
	h->due_us = NEVER;
	h->slots = rdl_mem_calloc(max_calls, sizeof(*h->slots));
	h->nslots = max_calls;
	for (i = max_calls; i-- > 0; h->free = &h->slots[i]) {
		h->slots[i].curl = curl;
		h->slots[i].next = h->free;
	}
	h->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (h->epoll < 0)
		(void)rdl_err_sys(err, RDL_E_IO, "epoll");
	if (h->epoll < 0 || multi_init(h, err) < 0) {
		rdl_http_close(h);
		return -1;
	}
	*out = h;
	return 0;
}

void
rdl_http_close(struct rdl_http *h)
{
	size_t i;

	if (h == NULL)
		return;
	for (i = 0; i < h->nslots; i++) {
		if (h->slots[i].call != NULL)
			(void)h->curl->multi_remove_handle(h->multi,
			    h->slots[i].easy);
		rdl_http_slot_release(&h->slots[i]);
	}
	if (h->multi != NULL)
		(void)h->curl->multi_cleanup(h->multi);
	if (h->epoll >= 0)
		(void)close(h->epoll);
	free(h->slots);
	free(h->watches);
	free(h);
}

int
rdl_http_send(struct rdl_http *h, struct rdl_http_call *call,
    struct rdl_err *err)
{
	struct rdl_http_slot *s = h->free;
	CURLMcode code;

	if (s == NULL)
		return rdl_err_set(err, RDL_E_IO,
		    "more than %zu calls under way", h->nslots);
	if (s->easy == NULL && rdl_http_slot_init(s, on_open, h, err) < 0)
		return -1;
	if (rdl_http_slot_begin(s, call, err) < 0)
		return -1;
	code = h->curl->multi_add_handle(h->multi, s->easy);
	if (code != CURLM_OK) {
		s->call = NULL;
		return multi_error(h, code, err);
	}
	h->free = s->next;
	return 0;
}

/* Free the slots of finished exchanges and queue their calls. */
static void
collect(struct rdl_http *h)
{
	struct rdl_http_call *call;
	struct rdl_http_slot *s;
	CURLMsg *msg;
	CURLcode code;
	CURL *easy;
	int left;

	while ((msg = h->curl->multi_info_read(h->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		/* The message is gone once its handle is removed. */
		easy = msg->easy_handle;
		code = msg->data.result;
		(void)h->curl->easy_getinfo(easy, CURLINFO_PRIVATE, &s);
		call = s->call;
		h->connections += rdl_http_slot_end(s, code);
		(void)h->curl->multi_remove_handle(h->multi, easy);
		s->next = h->free;
		h->free = s;
		call->handle = NULL;
		if (h->first == NULL)
			h->first = call;
		else
			h->last->handle = call;
		h->last = call;
	}
}

/* Let curl act on a socket, or on its timers. */
static int
act(struct rdl_http *h, curl_socket_t fd, int what, struct rdl_err *err)
{
	CURLMcode code;
	int running;

	code = h->curl->multi_socket_action(h->multi, fd, what, &running);
	if (code != CURLM_OK)
		return multi_error(h, code, err);
	if (h->broken != 0) {
		errno = h->broken;
		return rdl_err_sys(err, RDL_E_IO, "epoll");
	}
	return 0;
}

static int
act_if_due(struct rdl_http *h, struct rdl_err *err)
{
	if (h->due_us == NEVER || rdl_clock_us() < h->due_us)
		return 0;
	h->due_us = NEVER;
	return act(h, CURL_SOCKET_TIMEOUT, 0, err);
}

/*
 * Watch the caller's descriptor for one event.  Returns 1 if it cannot be
 * watched, which a plain file cannot: it is always readable.  It is asked
 * anew each time, since the caller may have closed it and opened another.
 */
static int
arm(struct rdl_http *h, int fd, struct rdl_err *err)
{
	struct epoll_event ev = { 0 };

	ev.events = EPOLLIN | EPOLLONESHOT;
	ev.data.u64 = CALLERS_FD | (uint64_t)(unsigned int)fd;
	if (h->armed && epoll_ctl(h->epoll, EPOLL_CTL_MOD, fd, &ev) == 0)
		return 0;
	if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ||
	    (errno == EEXIST &&
	    epoll_ctl(h->epoll, EPOLL_CTL_MOD, fd, &ev) == 0)) {
		h->armed = true;
		return 0;
	}
	if (errno == EPERM)
		return 1;
	return rdl_err_sys(err, RDL_E_IO, "descriptor %d", fd);
}

/* One socket has something.  One that curl is not waiting for is an idle
 * connection on which the server hung up: curl sees that by itself. */
static int
on_event(struct rdl_http *h, int fd, uint32_t events, struct rdl_err *err)
{
	struct watch *w = watch_of(h, fd);
	int what = 0;

	if (w->events == 0) {
		(void)epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd, NULL);
		w->known = false;
		return 0;
	}
	if ((events & EPOLLIN) != 0)
		what |= CURL_CSELECT_IN;
	if ((events & EPOLLOUT) != 0)
		what |= CURL_CSELECT_OUT;
	return act(h, fd, what, err);
}

/* Wait once, until until_us at most, and let curl act.  Returns 1 when a
 * signal came. */
static int
step(struct rdl_http *h, int fd, bool *readable, int64_t until_us,
    struct rdl_err *err)
{
	struct epoll_event ev[EVENTS];
	int64_t now = rdl_clock_us(), us;
	int i, n, ms;

	us = h->due_us < until_us ? h->due_us : until_us;
	us = us == NEVER ? NEVER : us <= now ? 0 : us - now;
	ms = us == NEVER ? -1 : us > 3600000000 ? 3600000 :
	    (int)((us + 999) / 1000);
	n = epoll_wait(h->epoll, ev, EVENTS, ms);
	if (n < 0 && errno != EINTR)
		return rdl_err_sys(err, RDL_E_IO, "epoll");
	for (i = 0; i < n; i++) {
		int from = (int)(ev[i].data.u64 & (CALLERS_FD - 1));

		if ((ev[i].data.u64 & CALLERS_FD) != 0)
			*readable = *readable || from == fd;
		else if (on_event(h, from, ev[i].events, err) < 0)
			return -1;
	}
	if (act_if_due(h, err) < 0)
		return -1;
	collect(h);
	return n < 0;
}

int
rdl_http_wait(struct rdl_http *h, int fd, bool *readable, int64_t timeout_ms,
    struct rdl_http_call **done, size_t max, struct rdl_err *err)
{
	int64_t until_us = NEVER;
	size_t n;
	int rc = 0;

	*readable = false;
	if (fd >= 0) {
		rc = arm(h, fd, err);
		if (rc < 0)
			return -1;
		*readable = rc > 0;
	}
	if (timeout_ms >= 0)
		until_us = rdl_clock_us() + timeout_ms * 1000;
	if (act_if_due(h, err) < 0)
		return -1;
	collect(h);
	do {
		rc = step(h, fd, readable,
		    h->first != NULL || *readable ? 0 : until_us, err);
		if (rc < 0)
			return -1;
	} while (rc == 0 && h->first == NULL && !*readable &&
	    rdl_clock_us() < until_us);
	for (n = 0; n < max && h->first != NULL; n++) {
		done[n] = h->first;
		h->first = done[n]->handle;
		done[n]->handle = NULL;
	}
	return (int)n;
}

uint64_t
rdl_http_connections(const struct rdl_http *h)
{
	return h->connections;
}
