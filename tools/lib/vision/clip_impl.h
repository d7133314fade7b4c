/*
 * What the files behind clip.h share: configuration, weights, threads.
 */
#ifndef RDL_VISION_CLIP_IMPL_H
#define RDL_VISION_CLIP_IMPL_H

#include "core/buf.h"
#include "vision/clip.h"
#include "vision/gemm.h"
#include "vision/tensors.h"

enum rdl_clip_layout { RDL_CLIP_HF, RDL_CLIP_OPENCLIP };

/* A transformer, of images or of texts. */
struct rdl_clip_tower_config {
	size_t width, layers, heads, mlp;
	size_t tokens;		/* patches and the class; or the context */
	float eps;		/* of layer norms */
	int act;		/* enum rdl_act */
};

struct rdl_clip_config {
	int layout;		/* enum rdl_clip_layout */
	struct rdl_clip_tower_config vision, text;
	size_t dim, patch, vocab;
	int32_t end;		/* id that is pooled; -1: the highest */
	struct rdl_crop crop;
	double mean[3], std[3];
};

/* Read config.json and preprocessor_config.json, or open_clip_config.json. */
int rdl_clip_config_read(const char *dir, int layout,
    struct rdl_clip_config *c, struct rdl_err *err) RDL_MUST_CHECK;

/* What vectors depend on, as text. */
void rdl_clip_config_describe(const struct rdl_clip_config *c,
    struct rdl_buf *out);

struct rdl_clip_block {
	float *norm1, *norm2;	/* [2][width]: gain, bias */
	struct rdl_gemm *qkv, *out, *fc1, *fc2;
};

struct rdl_clip_tower {
	struct rdl_clip_tower_config c;
	bool causal, loaded;
	int kind;		/* enum rdl_gemm_kind of the products */
	size_t rows;		/* most rows that run together */
	struct rdl_gemm *patch;	/* images only */
	const struct rdl_tensor *token;		/* texts only: [vocab][width] */
	float *position;	/* [tokens][width]; row 0 has the class added */
	float *norm_pre;	/* [2][width], images only */
	struct rdl_clip_block *blocks;
	float *norm_post;
	struct rdl_gemm *proj;	/* always f32 */
};

struct rdl_clip_pool;

/* Called with the number of the thread and of the task. */
typedef int rdl_clip_task(void *ctx, size_t thread, size_t task,
    struct rdl_err *err);

/* The threads start at the first run. */
struct rdl_clip_pool *rdl_clip_pool_new(size_t threads);
void rdl_clip_pool_free(struct rdl_clip_pool *p);

/* Run tasks 0..n-1 and wait; the error is that of the lowest that failed. */
int rdl_clip_pool_run(struct rdl_clip_pool *p, rdl_clip_task *task, void *ctx,
    size_t n, struct rdl_err *err) RDL_MUST_CHECK;

/* What a thread computes with; made for one tower. */
struct rdl_clip_work;

/* Rows [start, start + len) are one sequence; row start + pool is its. */
struct rdl_clip_seq {
	size_t start, len, pool;
};

/* Most sequences of one run. */
#define RDL_CLIP_SEQS 64

struct rdl_clip {
	struct rdl_clip_info info;
	struct rdl_clip_config config;
	const struct rdl_kernel *kernel;
	struct rdl_tensors *tensors;
	struct rdl_clip_pool *pool;
	size_t threads;
	bool onednn;
	int kind;		/* enum rdl_gemm_kind of both towers */
	struct rdl_clip_tower vision, text;
	struct rdl_clip_work **vision_work, **text_work;  /* [threads] */
};

/* Load a tower with all threads; nothing if it is loaded. */
int rdl_clip_load(struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_clip_unload(struct rdl_clip_tower *t);

struct rdl_clip_work *rdl_clip_work_new(const struct rdl_clip *c,
    const struct rdl_clip_tower *t);
void rdl_clip_work_free(struct rdl_clip_work *w);

/* Pixels of n squares, or the ids of a text from row at on, to rows of the
 * residual stream. */
int rdl_clip_embed_images(const struct rdl_clip *c, struct rdl_clip_work *w,
    const uint8_t *const *squares, size_t n, struct rdl_err *err)
    RDL_MUST_CHECK;
int rdl_clip_embed_text(const struct rdl_clip *c, struct rdl_clip_work *w,
    const int32_t *ids, size_t n, size_t at, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Blocks, pooling and projection of what was embedded: out [n][dim]. */
int rdl_clip_tower_run(const struct rdl_clip *c,
    const struct rdl_clip_tower *t, struct rdl_clip_work *w,
    const struct rdl_clip_seq *seqs, size_t n, float *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
