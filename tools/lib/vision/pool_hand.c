/*
 * The workers of the pool as the caller sees them: told of files, listened to,
 * replaced when they die, killed when they take too long.
 * Reads and writes their sockets; the keeper forks and kills.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/tool.h"
#include "vision/pool_private.h"

#define DEATHS_MAX 8		/* of workers, without a file in between */
#define START_MS 15000		/* for one to begin; libseccomp may loop for
				 * ever when memory runs out */

void
rdl_pool_hand_done(struct rdl_pool *p, struct rdl_pool_work *j)
{
	struct rdl_pool_slot *s = rdl_pool_slot(&p->plan, j->worker, j->slot);

	rdl_pool_reply_read(s, &p->plan.opts, &j->result);
	j->result.crop = j->result.ok && p->plan.opts.crop.size > 0 ?
	    rdl_pool_slot_crop(s) : NULL;
	j->done = true;
}

void
rdl_pool_hand_fail(struct rdl_pool_work *j, const char *rule,
    const struct rdl_err *why)
{
	memset(&j->result, 0, sizeof(j->result));
	memcpy(j->result.rule, rule, strlen(rule) + 1);
	memcpy(j->result.why, why->msg, sizeof(j->result.why) - 1);
	j->done = true;
}

/* Take the oldest out of a worker's queue. */
static struct rdl_pool_work *
shift(struct rdl_pool_hand *w)
{
	struct rdl_pool_work *j = w->queue[0];

	memmove(w->queue, w->queue + 1, --w->n * sizeof(w->queue[0]));
	w->since_us = rdl_clock_us();
	return j;
}

/* Tell a worker of a file.  If it is dead we shall hear of it, and tell the
 * next one. */
static void
send_job(const struct rdl_pool_hand *w, const struct rdl_pool_work *j)
{
	unsigned char byte = (unsigned char)j->slot;

	(void)send(w->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
rdl_pool_hand_over(struct rdl_pool_hand *w, struct rdl_pool_work *j)
{
	if (w->n == 0)
		w->since_us = rdl_clock_us();
	w->queue[w->n++] = j;
	send_job(w, j);
}

/* Wait until the keeper says how a worker ended. */
static int
learn_status(struct rdl_pool *p, struct rdl_pool_hand *w, struct rdl_err *err)
{
	unsigned i;
	int status;

	while (!w->died) {
		if (rdl_pool_keeper_death(&p->keeper, &i, &status, err) < 0)
			return -1;
		if (i >= p->plan.workers)
			return rdl_err_set(err, RDL_E_IO,
			    "no such decoder: %u", i);
		p->workers[i].died = true;
		p->workers[i].status = status;
	}
	w->died = false;
	return 0;
}

/* The file that a worker died of is lost; say why. */
static void
blame(const struct rdl_pool *p, const struct rdl_pool_hand *w,
    struct rdl_pool_work *j)
{
	const struct rdl_pool_opts *o = &p->plan.opts;
	struct rdl_err why = RDL_ERR_INIT;
	const char *rule = "crash";
	int s = w->status;

	if (w->killed_for == j->seq) {
		rule = "timeout";
		(void)rdl_err_set(&why, RDL_E_INPUT,
		    "decoding took more than %d ms", o->timeout_ms);
	} else if (WIFEXITED(s) && WEXITSTATUS(s) == RDL_POOL_EXIT_MEMORY) {
		rule = "memory";
		(void)rdl_err_set(&why, RDL_E_INPUT, "decoding needs more "
		    "than %zu MiB of memory", o->memory_max / RDL_MIB);
	} else if (WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL) {
		rule = "memory";
		(void)rdl_err_set(&why, RDL_E_INPUT, "the system killed the "
		    "decoder, for want of memory perhaps");
	} else if (WIFSIGNALED(s) && WTERMSIG(s) == SIGSYS)
		(void)rdl_err_set(&why, RDL_E_INPUT, "the decoder tried what "
		    "it may not do, and was killed");
	else if (WIFSIGNALED(s))
		(void)rdl_err_set(&why, RDL_E_INPUT,
		    "the decoder died of signal %d", WTERMSIG(s));
	else
		(void)rdl_err_set(&why, RDL_E_INPUT,
		    "the decoder ended with status %d", WEXITSTATUS(s));
	rdl_pool_hand_fail(j, rule, &why);
}

static int
gave_up(struct rdl_pool *p, const struct rdl_pool_hand *w, struct rdl_err *err)
{
	const struct rdl_pool_slot *s = rdl_pool_slot(&p->plan,
	    (unsigned)(w - p->workers), 0);

	if (WIFEXITED(w->status) &&
	    WEXITSTATUS(w->status) == RDL_POOL_EXIT_CONFINE)
		return rdl_err_set(err, RDL_E_IO, "the decoder cannot be "
		    "confined: %.*s", (int)sizeof(s->reply.why) - 1,
		    s->reply.why);
	return rdl_err_set(err, RDL_E_IO, "the decoders die at once: "
	    "status %d", w->status);
}

/* A worker is gone: fail what it was at, and let another do the rest. */
static int
replace(struct rdl_pool *p, struct rdl_pool_hand *w, struct rdl_err *err)
{
	bool at_work = w->ready;
	size_t i;

	(void)close(w->fd);
	w->fd = -1;
	w->ready = false;
	if (learn_status(p, w, err) < 0)
		return -1;
	if (++p->deaths > DEATHS_MAX || (!at_work && WIFEXITED(w->status)))
		return gave_up(p, w, err);
	if (at_work && w->n > 0 &&
	    (w->killed_for == 0 || w->killed_for == w->queue[0]->seq)) {
		p->deaths = 0;
		blame(p, w, w->queue[0]);
		(void)shift(w);
	}
	w->killed_for = 0;
	if (rdl_pool_keeper_spawn(&p->keeper, (unsigned)(w - p->workers),
	    &w->fd, err) < 0)
		return -1;
	w->since_us = rdl_clock_us();
	for (i = 0; i < w->n; i++)
		send_job(w, w->queue[i]);
	return 0;
}

/* Hear what a worker has to say.  One that says what it cannot have done is no
 * longer ours. */
static int
listen_to(struct rdl_pool *p, struct rdl_pool_hand *w, struct rdl_err *err)
{
	bool reset = false;
	unsigned char byte;
	ssize_t n;

	for (;;) {
		n = recv(w->fd, &byte, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		/* It died with messages unread.  The kernel says so before it
		 * gives out what the worker wrote earlier, and only once. */
		if (n < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			continue;
		}
		if (n <= 0)
			return replace(p, w, err);
		if (byte == RDL_POOL_READY && !w->ready)
			w->ready = true;
		else if (w->n > 0 && byte == w->queue[0]->slot) {
			p->deaths = 0;
			rdl_pool_hand_done(p, shift(w));
		} else
			return rdl_pool_keeper_kill(&p->keeper,
			    (unsigned)(w - p->workers), err);
	}
}

/* The moment at which a worker will have taken too long; INT64_MAX if it has
 * nothing to do. */
static int64_t
deadline(const struct rdl_pool *p, const struct rdl_pool_hand *w)
{
	if (!w->ready)
		return w->since_us + START_MS * 1000;
	if (w->n == 0 || w->killed_for != 0)
		return INT64_MAX;
	return w->since_us + (int64_t)p->plan.opts.timeout_ms * 1000;
}

static int64_t
next_deadline(const struct rdl_pool *p)
{
	int64_t us, first = INT64_MAX;
	unsigned i;

	for (i = 0; i < p->plan.workers; i++) {
		us = deadline(p, &p->workers[i]);
		if (us < first)
			first = us;
	}
	return first;
}

static int
kill_the_late(struct rdl_pool *p, struct rdl_err *err)
{
	int64_t now = rdl_clock_us();
	struct rdl_pool_hand *w;

	for (w = p->workers; w < p->workers + p->plan.workers; w++) {
		if (now < deadline(p, w))
			continue;
		if (!w->ready)
			return rdl_err_set(err, RDL_E_IO,
			    "a decoder does not start");
		w->killed_for = w->queue[0]->seq;
		if (rdl_pool_keeper_kill(&p->keeper,
		    (unsigned)(w - p->workers), err) < 0)
			return -1;
	}
	return 0;
}

int
rdl_pool_hand_wait(struct rdl_pool *p, struct rdl_err *err)
{
	int64_t due = next_deadline(p), now = rdl_clock_us();
	unsigned i;
	int ms = due == INT64_MAX ? -1 : due <= now ? 0 :
	    (int)((due - now) / 1000 + 1);

	for (i = 0; i < p->plan.workers; i++) {
		p->polls[i].fd = p->workers[i].fd;
		p->polls[i].events = POLLIN;
		p->polls[i].revents = 0;
	}
	if (poll(p->polls, p->plan.workers, ms) < 0) {
		if (errno != EINTR)
			return rdl_err_sys(err, RDL_E_IO, "decoders");
		return rdl_tool_stopped() ? rdl_err_set(err, RDL_E_STOPPED,
		    "stopped by a signal; run the same command again to go "
		    "on") : 0;
	}
	for (i = 0; i < p->plan.workers; i++)
		if (p->polls[i].revents != 0 &&
		    listen_to(p, &p->workers[i], err) < 0)
			return -1;
	return kill_the_late(p, err);
}

int
rdl_pool_hand_start(struct rdl_pool *p, struct rdl_err *err)
{
	unsigned i;

	if (rdl_pool_keeper_start(&p->keeper, &p->plan, err) < 0)
		return -1;
	for (i = 0; i < p->plan.workers; i++) {
		if (rdl_pool_keeper_spawn(&p->keeper, i, &p->workers[i].fd,
		    err) < 0)
			return -1;
		p->workers[i].since_us = rdl_clock_us();
	}
	for (i = 0; i < p->plan.workers; i++)
		while (!p->workers[i].ready)
			if (rdl_pool_hand_wait(p, err) < 0)
				return -1;
	return 0;
}
