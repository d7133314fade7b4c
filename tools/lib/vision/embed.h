/*
 * From images and texts to unit vectors, in order.
 * Files are read and decoded (vision/pool.h) while others are computed
 * (vision/clip.h); what the embedding file has is not computed again.
 */
#ifndef RDL_VISION_EMBED_H
#define RDL_VISION_EMBED_H

#include "core/arena.h"
#include "core/cli.h"
#include "vision/clip.h"

/* The options of every tool that computes embeddings; put the struct into
 * yours, and RDL_EMBED_OPTIONS(struct opts, member) into your table. */
struct rdl_embed_opts {
	const char *model;	/* DIR; must be given */
	const char *vectors;	/* FILE, or NULL: nothing is kept */
	int precision;		/* enum rdl_precision */
	int64_t threads;	/* 0: one a processor */
	int decode;		/* 0 exact, 1 fast */
	int alpha;		/* enum rdl_alpha */
	int orientation;	/* 0 apply, 1 ignore */
	bool unsafe;		/* decode in this process */
};

#define RDL_EMBED_OPTS_DEFAULT { NULL, NULL, RDL_PRECISION_AUTO, 0, 0, 0, 0, \
	false }

extern const struct rdl_opt rdl_embed_options[];

#define RDL_EMBED_OPTIONS(options_struct, member) { .type = RDL_OPT_GROUP, \
	.off = offsetof(options_struct, member), .help = "embeddings", \
	.group = rdl_embed_options }

/* One thing to be embedded: an image, a text, or what cannot be. */
struct rdl_embed_job {
	/* By the source. */
	struct rdl_arena arena;	/* freed with the job */
	void *user;		/* the source's */
	const char *path;	/* an image: its file, */
	const char *sha256;	/* its digest, 64 hex digits, or NULL, */
	uint64_t bytes;		/* and its size, or 0 for unknown */
	const char *text;	/* or a text, which may hold NUL */
	size_t text_len;
	/* By either: what is wrong.  "missing", "unreadable", "changed", or a
	 * rule of rdl_pool_take(). */
	const char *rule;	/* NULL: nothing */
	const char *why;
	/* For the sink. */
	const float *vector;	/* [dim], during the call; NULL: see rule */
	bool truncated;		/* the text was longer than the context */
};

struct rdl_embed_ops {
	/* Fill the next job, which is zeroed.  1 a job, 0 no more, 2 not now
	 * (only if it must not wait), -1 on error. */
	int (*source)(void *ctx, struct rdl_embed_job *job, bool wait,
	    struct rdl_err *err);

	/* Take a job that is done, in the order of the source. */
	int (*sink)(void *ctx, struct rdl_embed_job *job,
	    struct rdl_err *err);

	/* All jobs so far were taken, and the source has none now. */
	int (*flush)(void *ctx, struct rdl_err *err);
};

struct rdl_embed_totals {
	uint64_t computed, reused;	/* vectors */
	uint64_t truncated;		/* texts */
};

struct rdl_embed;

/* Load the model's configuration, start the decoders, open the embedding file.
 * Call it before other threads are started.  opts is borrowed. */
struct rdl_embed *rdl_embed_open(const struct rdl_embed_opts *opts,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Store what was computed, and free all.  NULL is fine. */
int rdl_embed_close(struct rdl_embed *e, struct rdl_err *err) RDL_MUST_CHECK;

const struct rdl_clip_info *rdl_embed_info(const struct rdl_embed *e);
const struct rdl_embed_totals *rdl_embed_totals(const struct rdl_embed *e);

/* Vectors of the embedding file that were found damaged, and made anew. */
size_t rdl_embed_damaged(const struct rdl_embed *e);

/* Embed all that the source has.  Can be called again.  Memory: a few batches
 * of squares and vectors. */
int rdl_embed_run(struct rdl_embed *e, const struct rdl_embed_ops *ops,
    void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

#endif
