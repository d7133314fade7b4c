/*
 * Inside the embedder: the ring of jobs, and batches that a thread computes.
 */
#ifndef RDL_VISION_EMBED_IMPL_H
#define RDL_VISION_EMBED_IMPL_H

#include <pthread.h>

#include "core/buf.h"
#include "vision/embed.h"
#include "vision/pool.h"
#include "vision/vectors.h"

enum rdl_embed_state { RDL_EMBED_DECODING, RDL_EMBED_BATCHED, RDL_EMBED_DONE };

/* A job on its way; its vector stands beside it. */
struct rdl_embed_item {
	struct rdl_embed_job job;
	int state;		/* enum rdl_embed_state */
	struct rdl_hash content;
	float *vector;		/* [dim] */
};

/* What goes through the model in one call: squares, or tokens. */
struct rdl_embed_batch {
	bool texts;
	size_t n, max;
	struct rdl_embed_item **items;	/* [max] */
	uint8_t *squares;		/* [max][R][R][3] */
	const uint8_t **square_at;	/* [max] */
	struct rdl_tokens *tokens;	/* [max] */
	const struct rdl_tokens **tokens_at;
	float *out;			/* [max][dim] */
};

/* The thread that computes, and what it has in hand. */
struct rdl_embed_worker {
	pthread_t thread;
	bool started;
	struct rdl_clip *clip;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rdl_embed_batch *batch;	/* NULL: nothing to do */
	bool done;			/* batch was computed */
	bool end;
	int rc;
	struct rdl_err err;
};

struct rdl_embed {
	const struct rdl_embed_opts *opts;
	const struct rdl_clip_info *info;
	struct rdl_clip *clip;
	struct rdl_bpe *bpe;
	struct rdl_pool *pool;
	struct rdl_vectors *vectors;	/* NULL: nothing is kept */
	struct rdl_embed_worker worker;
	struct rdl_embed_batch batches[2];
	struct rdl_embed_batch *fill;	/* not with the worker */
	struct rdl_embed_item *ring;	/* [room] */
	float *ring_vectors;		/* [room][dim] */
	size_t room, first, count;	/* items from first on */
	size_t taken;			/* items ever, for tags */
	struct rdl_buf file;
	struct rdl_embed_totals totals;
	char pixels[96];		/* what makes the squares: in keys */
};

/* embed_batch.c */

void rdl_embed_batch_init(struct rdl_embed_batch *b, size_t max,
    const struct rdl_clip_info *info);
void rdl_embed_batch_release(struct rdl_embed_batch *b);

int rdl_embed_worker_start(struct rdl_embed_worker *w, struct rdl_clip *clip,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_embed_worker_end(struct rdl_embed_worker *w);

/* Hand it a batch; it must have none. */
void rdl_embed_worker_give(struct rdl_embed_worker *w,
    struct rdl_embed_batch *b);

/* Its batch if it is computed, or with wait as soon as it is: 1; 0 if not yet,
 * or if it has none; -1 on error. */
int rdl_embed_worker_take(struct rdl_embed_worker *w, bool wait,
    struct rdl_embed_batch **b, struct rdl_err *err) RDL_MUST_CHECK;
bool rdl_embed_worker_busy(struct rdl_embed_worker *w);

/* embed_file.c */

/* Read an image's file into e->file, and see that it is the one meant: 0, or
 * -1 with the job's rule. */
int rdl_embed_file_read(struct rdl_embed *e, struct rdl_embed_job *job)
    RDL_MUST_CHECK;

/* Fail a job. */
void rdl_embed_file_fail(struct rdl_embed_job *job, const char *rule,
    const char *why);

#endif
