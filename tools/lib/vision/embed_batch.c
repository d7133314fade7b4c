/*
 * Batches, and the thread that computes them.
 * Takes squares and tokens, leaves vectors; does no I/O.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/embed_impl.h"

void
rdl_embed_batch_init(struct rdl_embed_batch *b, size_t max,
    const struct rdl_clip_info *info)
{
	size_t square = (size_t)info->crop.size * info->crop.size * 3, i;

	memset(b, 0, sizeof(*b));
	b->max = max;
	b->items = rdl_mem_calloc(max, sizeof(*b->items));
	b->squares = rdl_mem_calloc(max, square);
	b->square_at = rdl_mem_calloc(max, sizeof(*b->square_at));
	b->tokens = rdl_mem_calloc(max, sizeof(*b->tokens));
	b->tokens_at = rdl_mem_calloc(max, sizeof(*b->tokens_at));
	b->out = rdl_mem_calloc(max * info->dim, sizeof(*b->out));
	for (i = 0; i < max; i++) {
		b->square_at[i] = b->squares + i * square;
		b->tokens_at[i] = &b->tokens[i];
	}
}

void
rdl_embed_batch_release(struct rdl_embed_batch *b)
{
	free(b->items);
	free(b->squares);
	free(b->square_at);
	free(b->tokens);
	free(b->tokens_at);
	free(b->out);
	memset(b, 0, sizeof(*b));
}

static int
compute(struct rdl_clip *clip, struct rdl_embed_batch *b, struct rdl_err *err)
{
	return b->texts ?
	    rdl_clip_texts(clip, b->tokens_at, b->n, b->out, err) :
	    rdl_clip_images(clip, b->square_at, b->n, b->out, err);
}

static void *
work(void *arg)
{
	struct rdl_embed_worker *w = arg;
	struct rdl_err err = RDL_ERR_INIT;
	int rc;

	(void)pthread_mutex_lock(&w->lock);
	for (;;) {
		while (!w->end && (w->batch == NULL || w->done))
			(void)pthread_cond_wait(&w->changed, &w->lock);
		if (w->end)
			break;
		(void)pthread_mutex_unlock(&w->lock);
		rc = compute(w->clip, w->batch, &err);
		(void)pthread_mutex_lock(&w->lock);
		w->rc = rc;
		w->err = err;
		w->done = true;
		(void)pthread_cond_broadcast(&w->changed);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return NULL;
}

int
rdl_embed_worker_start(struct rdl_embed_worker *w, struct rdl_clip *clip,
    struct rdl_err *err)
{
	memset(w, 0, sizeof(*w));
	w->clip = clip;
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->changed, NULL);
	if (pthread_create(&w->thread, NULL, work, w) != 0) {
		(void)pthread_mutex_destroy(&w->lock);
		(void)pthread_cond_destroy(&w->changed);
		return rdl_err_set(err, RDL_E_IO, "cannot start a thread");
	}
	w->started = true;
	return 0;
}

void
rdl_embed_worker_end(struct rdl_embed_worker *w)
{
	if (!w->started)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->end = true;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->changed);
	w->started = false;
}

void
rdl_embed_worker_give(struct rdl_embed_worker *w, struct rdl_embed_batch *b)
{
	(void)pthread_mutex_lock(&w->lock);
	w->batch = b;
	w->done = false;
	(void)pthread_cond_broadcast(&w->changed);
	(void)pthread_mutex_unlock(&w->lock);
}

int
rdl_embed_worker_take(struct rdl_embed_worker *w, bool wait,
    struct rdl_embed_batch **b, struct rdl_err *err)
{
	int rc = 0;

	*b = NULL;
	(void)pthread_mutex_lock(&w->lock);
	while (wait && w->batch != NULL && !w->done)
		(void)pthread_cond_wait(&w->changed, &w->lock);
	if (w->batch != NULL && w->done) {
		*b = w->batch;
		w->batch = NULL;
		w->done = false;
		rc = w->rc < 0 ? -1 : 1;
		if (rc < 0)
			*err = w->err;
	}
	(void)pthread_mutex_unlock(&w->lock);
	return rc;
}

bool
rdl_embed_worker_busy(struct rdl_embed_worker *w)
{
	bool busy;

	(void)pthread_mutex_lock(&w->lock);
	busy = w->batch != NULL;
	(void)pthread_mutex_unlock(&w->lock);
	return busy;
}
