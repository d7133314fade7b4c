/*
 * The way of the jobs: from the source through decoder and model to the sink.
 * One thread does all of it but the decoding and the computing, and waits only
 * when nothing else can be done.
 */
#include <stdio.h>
#include <string.h>

#include "vision/embed_impl.h"

static struct rdl_embed_item *
item_at(struct rdl_embed *e, size_t i)
{
	return &e->ring[(e->first + i) % e->room];
}

/* The key of a content: of its kind, what made its pixels, and its bytes. */
static struct rdl_hash
content_key(const struct rdl_embed *e, const struct rdl_embed_job *job)
{
	struct rdl_hasher *h = rdl_hasher_new();
	struct rdl_sha256 sum;
	struct rdl_hash key;

	if (job->text != NULL) {
		rdl_hasher_add(h, "text", sizeof("text"));
		rdl_hasher_add(h, job->text, job->text_len);
	} else {
		rdl_hasher_add(h, e->pixels, strlen(e->pixels) + 1);
		rdl_hasher_add(h, job->sha256, strlen(job->sha256));
	}
	sum = rdl_hasher_end(h);
	rdl_hasher_free(h);
	memcpy(key.b, sum.b, sizeof(key.b));
	return key;
}

/* Is the item's vector in the embedding file?  Then it is done. */
static bool
reuse(struct rdl_embed *e, struct rdl_embed_item *it)
{
	const float *v;

	it->content = content_key(e, &it->job);
	if (e->vectors == NULL ||
	    (v = rdl_vectors_find(e->vectors, &it->content)) == NULL)
		return false;
	memcpy(it->vector, v, e->info->dim * sizeof(*v));
	it->job.vector = it->vector;
	it->state = RDL_EMBED_DONE;
	e->totals.reused++;
	return true;
}

/* Hand the filled batch to the worker, which has none. */
static void
give(struct rdl_embed *e)
{
	rdl_embed_worker_give(&e->worker, e->fill);
	e->fill = e->fill == &e->batches[0] ? &e->batches[1] : &e->batches[0];
	e->fill->n = 0;
}

/* Take a computed batch from the worker, if there is one. */
static int
collect(struct rdl_embed *e, bool wait, struct rdl_err *err)
{
	size_t dim = e->info->dim, i;
	struct rdl_embed_batch *b;
	struct rdl_embed_item *it;
	int rc = rdl_embed_worker_take(&e->worker, wait, &b, err);

	if (rc <= 0)
		return rc;
	for (i = 0; i < b->n; i++) {
		it = b->items[i];
		memcpy(it->vector, b->out + i * dim, dim * sizeof(float));
		it->job.vector = it->vector;
		it->state = RDL_EMBED_DONE;
		e->totals.computed++;
		if (e->vectors != NULL && rdl_vectors_add(e->vectors,
		    &it->content, it->vector, err) < 0)
			return -1;
	}
	return 1;
}

/* Room in the batch that is filled for one of a kind. */
static int
make_room(struct rdl_embed *e, bool texts, struct rdl_err *err)
{
	struct rdl_embed_batch *b = e->fill;

	if (b->n == b->max || (b->n > 0 && b->texts != texts)) {
		if (collect(e, true, err) < 0)
			return -1;
		give(e);
	}
	e->fill->texts = texts;
	return 0;
}

static int
add_text(struct rdl_embed *e, struct rdl_embed_item *it, struct rdl_err *err)
{
	struct rdl_embed_job *job = &it->job;
	struct rdl_embed_batch *b;
	struct rdl_tokens *t;

	if (make_room(e, true, err) < 0)
		return -1;
	b = e->fill;
	t = &b->tokens[b->n];
	if (rdl_bpe_encode(e->bpe, job->text, job->text_len, e->info->context,
	    false, t, err) < 0)
		return -1;
	job->truncated = t->truncated;
	e->totals.truncated += t->truncated;
	if (reuse(e, it))
		return 0;
	it->state = RDL_EMBED_BATCHED;
	b->items[b->n++] = it;
	return 0;
}

/* The file is read also when its vector is known: a file that is gone or was
 * changed fails whatever the embedding file has. */
static int
add_image(struct rdl_embed *e, struct rdl_embed_item *it, struct rdl_err *err)
{
	if (rdl_embed_file_read(e, &it->job) < 0 || reuse(e, it))
		return 0;
	it->state = RDL_EMBED_DECODING;
	return rdl_pool_submit(e->pool, (uint64_t)(it - e->ring),
	    e->file.p != NULL ? e->file.p : "", e->file.len, err);
}

/* The next job of the source.  As that returns. */
static int
next_job(struct rdl_embed *e, const struct rdl_embed_ops *ops, void *ctx,
    bool wait, struct rdl_err *err)
{
	struct rdl_embed_item *it = item_at(e, e->count);
	float *vector = it->vector;
	int rc;

	memset(it, 0, sizeof(*it));
	it->vector = vector;
	rc = ops->source(ctx, &it->job, wait, err);
	if (rc != 1) {
		rdl_arena_release(&it->job.arena);
		return rc;
	}
	e->count++;
	it->state = RDL_EMBED_DONE;
	if (it->job.rule != NULL)
		return 1;
	rc = it->job.text != NULL ? add_text(e, it, err) :
	    add_image(e, it, err);
	return rc < 0 ? -1 : 1;
}

/* The next square of the decoders, into the batch. */
static int
take_square(struct rdl_embed *e, struct rdl_err *err)
{
	size_t square = (size_t)e->info->crop.size * e->info->crop.size * 3;
	struct rdl_pool_result r;
	struct rdl_embed_item *it;
	struct rdl_embed_batch *b;
	int rc;

	if (make_room(e, false, err) < 0)
		return -1;
	rc = rdl_pool_take(e->pool, &r, err);
	if (rc <= 0)
		return rc;
	it = &e->ring[r.tag];
	b = e->fill;
	if (!r.ok || r.crop == NULL) {
		rdl_embed_file_fail(&it->job, r.ok ? "decode" : r.rule,
		    r.ok ? "no pixels" : r.why);
		it->state = RDL_EMBED_DONE;
		return 0;
	}
	memcpy(b->squares + b->n * square, r.crop, square);
	it->state = RDL_EMBED_BATCHED;
	b->items[b->n++] = it;
	return 0;
}

/* Give what is done to the sink, as far as it is its turn. */
static int
deliver(struct rdl_embed *e, const struct rdl_embed_ops *ops, void *ctx,
    struct rdl_err *err)
{
	struct rdl_embed_item *it;
	int rc = 0;

	while (e->count > 0 && rc == 0) {
		it = item_at(e, 0);
		if (it->state != RDL_EMBED_DONE)
			break;
		rc = ops->sink(ctx, &it->job, err);
		rdl_arena_release(&it->job.arena);
		e->first = (e->first + 1) % e->room;
		e->count--;
	}
	return rc;
}

/* Bring what is under way one step further; there is no more to come now. */
static int
drain_step(struct rdl_embed *e, struct rdl_err *err)
{
	if (rdl_pool_pending(e->pool) > 0)
		return take_square(e, err);
	if (rdl_embed_worker_busy(&e->worker))
		return collect(e, true, err) < 0 ? -1 : 0;
	if (e->fill->n > 0)
		give(e);
	return 0;
}

/* One step with a source that may have more.  As next_job(), 1 for anything
 * else done. */
static int
step(struct rdl_embed *e, const struct rdl_embed_ops *ops, void *ctx,
    bool wait, struct rdl_err *err)
{
	struct rdl_embed_batch *b = e->fill;

	if (collect(e, false, err) < 0)
		return -1;
	if (b->n == b->max && !rdl_embed_worker_busy(&e->worker))
		give(e);
	if (e->count < e->room && rdl_pool_room(e->pool))
		return next_job(e, ops, ctx, wait, err);
	return drain_step(e, err) < 0 ? -1 : 1;
}

/* Wait for the worker, and let go of all jobs: after an error. */
static void
abandon(struct rdl_embed *e)
{
	struct rdl_err ignored = RDL_ERR_INIT;

	(void)!collect(e, true, &ignored);
	for (; e->count > 0; e->count--) {
		rdl_arena_release(&item_at(e, 0)->job.arena);
		e->first = (e->first + 1) % e->room;
	}
	e->fill->n = 0;
}

/* Until the source ends: when it has nothing, finish what is under way, hand
 * it on, and only then wait. */
static int
run(struct rdl_embed *e, const struct rdl_embed_ops *ops, void *ctx,
    struct rdl_err *err)
{
	bool idle = false, wait = false;
	int rc = 1;

	while (rc > 0 || e->count > 0) {
		if (rc == 0 || idle) {
			if (drain_step(e, err) < 0)
				return -1;
		} else {
			rc = step(e, ops, ctx, wait, err);
			if (rc < 0)
				return -1;
			idle = rc == 2;
			wait = false;
		}
		if (deliver(e, ops, ctx, err) < 0)
			return -1;
		if (idle && e->count == 0) {
			if (ops->flush(ctx, err) < 0)
				return -1;
			idle = false;
			wait = true;
		}
	}
	return ops->flush(ctx, err);
}

int
rdl_embed_run(struct rdl_embed *e, const struct rdl_embed_ops *ops, void *ctx,
    struct rdl_err *err)
{
	int rc = run(e, ops, ctx, err);

	if (rc < 0)
		abandon(e);
	return rc;
}
