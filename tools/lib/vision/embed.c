/*
 * From images and texts to unit vectors, in order.
 * Reads image files, reads and writes the embedding file.  Decoding is done by
 * vision/pool.h, computing by a thread of embed_batch.c; jobs stand in a ring
 * until it is their turn.
 */
#include "vision/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/embed_impl.h"

#define BATCH_MAX 256

static const char *const precisions[] = { "auto", "f32", "bf16", "int8",
	"reference", NULL };
static const char *const decodes[] = { "exact", "fast", NULL };
static const char *const alphas[] = { "white", "drop", NULL };
static const char *const orientations[] = { "apply", "ignore", NULL };

const struct rdl_opt rdl_embed_options[] = {
	{ .type = RDL_OPT_STR, .name = "model", .letter = 'm', .arg = "DIR",
	    .off = offsetof(struct rdl_embed_opts, model),
	    .help = "the CLIP model, a folder of Hugging Face or OpenCLIP" },
	{ .type = RDL_OPT_STR, .name = "vectors", .letter = 'v',
	    .arg = "FILE", .off = offsetof(struct rdl_embed_opts, vectors),
	    .help = "keep vectors in FILE, and compute only what it has not" },
	{ .type = RDL_OPT_ENUM, .name = "precision", .arg = "PRECISION",
	    .off = offsetof(struct rdl_embed_opts, precision),
	    .choices = precisions,
	    .help = "of the matrix products: auto (what this processor does "
	    "well), f32, bf16, int8 or reference" },
	{ .type = RDL_OPT_INT, .name = "threads", .letter = 't', .arg = "N",
	    .lo = 0, .hi = 256, .off = offsetof(struct rdl_embed_opts, threads),
	    .help = "compute and decode in N threads (0: one a processor)" },
	{ .type = RDL_OPT_ENUM, .name = "decode", .arg = "exact|fast",
	    .off = offsetof(struct rdl_embed_opts, decode),
	    .choices = decodes,
	    .help = "fast decodes large JPEG files at a part of their size" },
	{ .type = RDL_OPT_ENUM, .name = "alpha", .arg = "white|drop",
	    .off = offsetof(struct rdl_embed_opts, alpha), .choices = alphas,
	    .help = "composite transparency on white, or drop it" },
	{ .type = RDL_OPT_ENUM, .name = "orientation", .arg = "apply|ignore",
	    .off = offsetof(struct rdl_embed_opts, orientation),
	    .choices = orientations,
	    .help = "turn images as their EXIF data say, or not" },
	{ .type = RDL_OPT_FLAG, .name = "unsafe-decode",
	    .off = offsetof(struct rdl_embed_opts, unsafe),
	    .help = "decode in this process, not in confined children" },
	{ .type = RDL_OPT_END }
};

/* What decides the pixels of a square, as text for the content's key. */
static void
describe_pixels(struct rdl_embed *e)
{
	const struct rdl_crop *c = &e->info->crop;

	(void)snprintf(e->pixels, sizeof(e->pixels), "image %u %d%d%d %s %s %s",
	    (unsigned)c->size, c->filter, c->squash, c->half_even,
	    decodes[e->opts->decode], alphas[e->opts->alpha],
	    orientations[e->opts->orientation]);
}

static int
start_pool(struct rdl_embed *e, struct rdl_err *err)
{
	struct rdl_pool_opts o;
	const struct rdl_image_opts defaults = RDL_IMAGE_OPTS_DEFAULT;

	memset(&o, 0, sizeof(o));
	o.workers = (unsigned)(e->opts->threads > 64 ? 64 : e->opts->threads);
	o.unsafe = e->opts->unsafe;
	o.image = defaults;
	o.image.alpha = e->opts->alpha;
	o.image.ignore_orientation = e->opts->orientation == 1;
	if (e->opts->decode == 1)
		o.image.shrink_to = 2 * e->info->crop.size;
	o.crop = e->info->crop;
	e->pool = rdl_pool_new(&o, err);
	return e->pool == NULL ? -1 : 0;
}

/* The tokenizer, which must be that of the model: a folder may hold files of
 * two. */
static int
open_tokenizer(struct rdl_embed *e, struct rdl_err *err)
{
	const char *dir = e->opts->model;

	e->bpe = rdl_bpe_open(dir, err);
	if (e->bpe == NULL)
		return -1;
	if (rdl_bpe_vocab(e->bpe) > e->info->vocab)
		return rdl_err_set(err, RDL_E_INPUT, "%s: the tokenizer is of "
		    "another model: it has %zu tokens, the model %zu", dir,
		    rdl_bpe_vocab(e->bpe), e->info->vocab);
	if (e->info->end >= 0 && rdl_bpe_end(e->bpe) != e->info->end)
		return rdl_err_set(err, RDL_E_INPUT, "%s: the tokenizer is of "
		    "another model: its texts end in token %d, the model's in "
		    "%d", dir, (int)rdl_bpe_end(e->bpe), (int)e->info->end);
	return 0;
}

static void
make_ring(struct rdl_embed *e)
{
	size_t batch = rdl_clip_batch(e->clip), i, dim = e->info->dim;

	if (batch < 1)
		batch = 1;
	if (batch > BATCH_MAX)
		batch = BATCH_MAX;
	for (i = 0; i < 2; i++)
		rdl_embed_batch_init(&e->batches[i], batch, e->info);
	e->fill = &e->batches[0];
	e->room = 4 * batch + 64;
	e->ring = rdl_mem_calloc(e->room, sizeof(*e->ring));
	e->ring_vectors = rdl_mem_calloc(e->room * dim, sizeof(float));
	for (i = 0; i < e->room; i++)
		e->ring[i].vector = e->ring_vectors + i * dim;
}

struct rdl_embed *
rdl_embed_open(const struct rdl_embed_opts *opts, struct rdl_err *err)
{
	struct rdl_clip_opts co = { opts->precision, (unsigned)opts->threads };
	struct rdl_embed *e = rdl_mem_calloc(1, sizeof(*e));
	struct rdl_err ignored = RDL_ERR_INIT;

	e->opts = opts;
	rdl_buf_init(&e->file, RDL_IMAGE_MAX + 256 * RDL_KIB);
	e->clip = rdl_clip_open(opts->model, &co, err);
	if (e->clip == NULL)
		goto out;
	e->info = rdl_clip_info(e->clip);
	describe_pixels(e);
	if (start_pool(e, err) < 0)
		goto out;
	if (open_tokenizer(e, err) < 0)
		goto out;
	if (opts->vectors != NULL && (e->vectors = rdl_vectors_open(
	    opts->vectors, &e->info->key, e->info->dim, false, err)) == NULL)
		goto out;
	make_ring(e);
	if (rdl_embed_worker_start(&e->worker, e->clip, err) == 0)
		return e;
out:
	(void)!rdl_embed_close(e, &ignored);
	return NULL;
}

int
rdl_embed_close(struct rdl_embed *e, struct rdl_err *err)
{
	size_t i;
	int rc;

	if (e == NULL)
		return 0;
	rdl_embed_worker_end(&e->worker);
	rc = rdl_vectors_close(e->vectors, err);
	rdl_pool_free(e->pool);
	rdl_bpe_free(e->bpe);
	rdl_clip_free(e->clip);
	for (i = 0; i < 2; i++)
		rdl_embed_batch_release(&e->batches[i]);
	for (i = 0; i < e->room; i++)
		rdl_arena_release(&e->ring[i].job.arena);
	free(e->ring);
	free(e->ring_vectors);
	rdl_buf_release(&e->file);
	free(e);
	return rc;
}

const struct rdl_clip_info *
rdl_embed_info(const struct rdl_embed *e)
{
	return e->info;
}

const struct rdl_embed_totals *
rdl_embed_totals(const struct rdl_embed *e)
{
	return &e->totals;
}

size_t
rdl_embed_damaged(const struct rdl_embed *e)
{
	return e->vectors == NULL ? 0 : rdl_vectors_damaged(e->vectors);
}
