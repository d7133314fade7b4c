/*
 * Threads that run numbered tasks.
 * Which thread runs a task depends on time; what a task computes must not.
 */
#include "vision/clip_impl.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/mem.h"

struct worker {
	struct rdl_clip_pool *pool;
	pthread_t thread;
	size_t number;
};

struct rdl_clip_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct worker *workers;
	size_t nworkers, threads;	/* that run; that are wanted */
	rdl_clip_task *task;
	void *ctx;
	size_t next, n, running;	/* tasks */
	size_t failed;			/* lowest that failed, or n */
	struct rdl_err err;		/* of that */
	bool leave;
};

/* One task, with the lock held before and after. */
static void
run_one(struct worker *w)
{
	struct rdl_clip_pool *p = w->pool;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i = p->next++;
	int rc;

	p->running++;
	(void)pthread_mutex_unlock(&p->lock);
	rc = p->task(p->ctx, w->number, i, &err);
	(void)pthread_mutex_lock(&p->lock);
	p->running--;
	if (rc < 0) {
		/* What comes after is of no use. */
		if (i < p->failed) {
			p->failed = i;
			p->err = err;
		}
		p->next = p->n;
	}
	if (p->next == p->n && p->running == 0)
		(void)pthread_cond_signal(&p->done);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct rdl_clip_pool *p = w->pool;

	(void)pthread_mutex_lock(&p->lock);
	while (!p->leave) {
		if (p->next < p->n)
			run_one(w);
		else
			(void)pthread_cond_wait(&p->wake, &p->lock);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct rdl_clip_pool *
rdl_clip_pool_new(size_t threads)
{
	struct rdl_clip_pool *p = rdl_mem_calloc(1, sizeof(*p));

	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->wake, NULL);
	(void)pthread_cond_init(&p->done, NULL);
	p->workers = rdl_mem_calloc(threads, sizeof(*p->workers));
	p->threads = threads;
	return p;
}

/*
 * Start the threads at the first run and not before: who opens a model forks
 * decoders next (vision/pool.h), and a lock that a thread holds at that moment
 * stays locked in the child.  Address sanitizer's allocator has such locks.
 */
static int
start_threads(struct rdl_clip_pool *p, struct rdl_err *err)
{
	struct worker *w;

	while (p->nworkers < p->threads) {
		w = &p->workers[p->nworkers];
		w->pool = p;
		w->number = p->nworkers;
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			return rdl_err_set(err, RDL_E_IO,
			    "cannot start %zu threads", p->threads);
		p->nworkers++;
	}
	return 0;
}

void
rdl_clip_pool_free(struct rdl_clip_pool *p)
{
	size_t i;

	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->leave = true;
	(void)pthread_cond_broadcast(&p->wake);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nworkers; i++)
		(void)pthread_join(p->workers[i].thread, NULL);
	(void)pthread_cond_destroy(&p->done);
	(void)pthread_cond_destroy(&p->wake);
	(void)pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

int
rdl_clip_pool_run(struct rdl_clip_pool *p, rdl_clip_task *task, void *ctx,
    size_t n, struct rdl_err *err)
{
	int rc = 0;

	if (n == 0)
		return 0;
	if (start_threads(p, err) < 0)
		return -1;
	(void)pthread_mutex_lock(&p->lock);
	p->task = task;
	p->ctx = ctx;
	p->next = 0;
	p->n = n;
	p->failed = n;
	(void)pthread_cond_broadcast(&p->wake);
	while (p->next < p->n || p->running > 0)
		(void)pthread_cond_wait(&p->done, &p->lock);
	if (p->failed < n) {
		*err = p->err;
		rc = -1;
	}
	p->n = p->next = 0;
	(void)pthread_mutex_unlock(&p->lock);
	return rc;
}
