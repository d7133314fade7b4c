/*
 * One thread that wakes things at their times.
 * Keeps a binary heap of times behind a mutex; reads CLOCK_MONOTONIC.
 * Does not know what it wakes.
 */
#include "stub/sleeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/mem.h"

struct entry {
	int64_t due_us;
	void *item;
};

struct rdl_sleeper {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t earlier;
	void (*wake)(void *item);
	struct entry *heap;	/* the earliest first */
	size_t n, cap;
	bool stopping, running;
};

static void
sift_up(struct entry *h, size_t i)
{
	struct entry e = h[i];

	while (i > 0 && h[(i - 1) / 2].due_us > e.due_us) {
		h[i] = h[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	h[i] = e;
}

static void
sift_down(struct entry *h, size_t n)
{
	struct entry e = h[0];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < n) {
		if (kid + 1 < n && h[kid + 1].due_us < h[kid].due_us)
			kid++;
		if (h[kid].due_us >= e.due_us)
			break;
		h[i] = h[kid];
		i = kid;
	}
	h[i] = e;
}

/* Wake the first; the lock is held.  wake() takes MHD's lock below ours,
 * and nobody holds MHD's while asking for ours. */
static void
wake_first(struct rdl_sleeper *s)
{
	void *item = s->heap[0].item;

	s->heap[0] = s->heap[--s->n];
	if (s->n > 1)
		sift_down(s->heap, s->n);
	s->wake(item);
}

static void *
run(void *arg)
{
	struct rdl_sleeper *s = arg;
	struct timespec ts;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		if (s->n == 0) {
			(void)pthread_cond_wait(&s->earlier, &s->lock);
			continue;
		}
		if (s->heap[0].due_us <= rdl_clock_us()) {
			wake_first(s);
			continue;
		}
		ts.tv_sec = (time_t)(s->heap[0].due_us / 1000000);
		ts.tv_nsec = (long)(s->heap[0].due_us % 1000000 * 1000);
		(void)pthread_cond_timedwait(&s->earlier, &s->lock, &ts);
	}
	while (s->n > 0)
		wake_first(s);
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

int
rdl_sleeper_open(struct rdl_sleeper **out, void (*wake)(void *item),
    struct rdl_err *err)
{
	struct rdl_sleeper *s = rdl_mem_calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int rc;

	s->wake = wake;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->earlier, &attr);
	(void)pthread_condattr_destroy(&attr);
	rc = pthread_create(&s->thread, NULL, run, s);
	if (rc != 0) {
		rdl_sleeper_free(s);
		errno = rc;
		return rdl_err_sys(err, RDL_E_IO, "timer thread");
	}
	s->running = true;
	*out = s;
	return 0;
}

bool
rdl_sleeper_add(struct rdl_sleeper *s, int64_t due_us, void *item)
{
	bool taken;

	(void)pthread_mutex_lock(&s->lock);
	taken = !s->stopping;
	if (taken) {
		if (s->n == s->cap) {
			s->cap = s->cap > 0 ? 2 * s->cap : 64;
			s->heap = rdl_mem_realloc(s->heap, s->cap,
			    sizeof(*s->heap));
		}
		s->heap[s->n] = (struct entry){ due_us, item };
		sift_up(s->heap, s->n++);
		if (s->heap[0].item == item)
			(void)pthread_cond_signal(&s->earlier);
	}
	(void)pthread_mutex_unlock(&s->lock);
	return taken;
}

void
rdl_sleeper_stop(struct rdl_sleeper *s)
{
	if (s == NULL || !s->running)
		return;
	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	(void)pthread_cond_signal(&s->earlier);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
	s->running = false;
}

void
rdl_sleeper_free(struct rdl_sleeper *s)
{
	if (s == NULL)
		return;
	(void)pthread_cond_destroy(&s->earlier);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->heap);
	free(s);
}
