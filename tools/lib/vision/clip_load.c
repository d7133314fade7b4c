/*
 * Weights of a tower: named tensors of either layout into packed products.
 * Reads the mapped files tensor by tensor and gives their pages back, so that
 * at no time two copies of a tower are in memory.
 */
#include "vision/clip_tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

RDL_KERNEL_EXACT

/* Gain and bias of a layer norm whose names begin with name. */
static float *
load_norm(const struct rdl_clip *c, const char *name, size_t width,
    struct rdl_err *err)
{
	float *norm = rdl_mem_calloc(2 * width, sizeof(float));
	char whole[RDL_CLIP_NAME + 8];

	(void)snprintf(whole, sizeof(whole), "%sweight", name);
	if (rdl_clip_tensor_copy(c, whole, &width, 1, norm, err) == 0) {
		(void)snprintf(whole, sizeof(whole), "%sbias", name);
		if (rdl_clip_tensor_copy(c, whole, &width, 1, norm + width,
		    err) == 0)
			return norm;
	}
	free(norm);
	return NULL;
}

static struct rdl_gemm *
pack(const struct rdl_clip *c, const struct rdl_clip_tower *t, int kind,
    const size_t shape[2], int act, bool add, const float *w,
    const float *bias, struct rdl_err *err)
{
	struct rdl_gemm_opts o;

	memset(&o, 0, sizeof(o));
	o.kernel = c->kernel;
	o.kind = kind;
	o.onednn = c->onednn;
	o.n = shape[0];
	o.k = shape[1];
	o.rows = t->rows;
	o.act = act;
	o.add = add;
	return rdl_gemm_new(&o, w, bias, err);
}

/* A block that is being loaded, and room for its widest weight and bias. */
struct block_load {
	const struct rdl_clip *c;
	const struct rdl_clip_tower *t;
	size_t layer;
	float *w, *bias;
};

/* One linear layer into w [n][k] and bias [n] from row at of them on. */
static int
fetch_linear(const struct block_load *l, int part, const size_t shape[2],
    size_t at, struct rdl_err *err)
{
	char name[RDL_CLIP_NAME];

	rdl_clip_tensor_part(l->c, l->t, l->layer, part, "weight", name);
	if (rdl_clip_tensor_copy(l->c, name, shape, 2, l->w + at * shape[1],
	    err) < 0)
		return -1;
	rdl_clip_tensor_part(l->c, l->t, l->layer, part, "bias", name);
	return rdl_clip_tensor_copy(l->c, name, shape, 1, l->bias + at, err);
}

static struct rdl_gemm *
load_linear(const struct block_load *l, int part, size_t n, size_t k, int act,
    bool add, struct rdl_err *err)
{
	const size_t shape[2] = { n, k };
	const struct rdl_tensor *file = NULL;
	struct rdl_gemm *g = NULL;
	char name[RDL_CLIP_NAME];
	const float *w;

	rdl_clip_tensor_part(l->c, l->t, l->layer, part, "weight", name);
	w = rdl_clip_tensor_borrow(l->c, name, shape, l->w, &file, err);
	if (w == NULL)
		return NULL;
	rdl_clip_tensor_part(l->c, l->t, l->layer, part, "bias", name);
	if (rdl_clip_tensor_copy(l->c, name, shape, 1, l->bias, err) == 0)
		g = pack(l->c, l->t, l->t->kind, shape, act, add, w, l->bias,
		    err);
	rdl_clip_tensor_drop(file);
	return g;
}

/* Queries, keys and values in one; queries already divided by the root of the
 * head's width. */
static struct rdl_gemm *
load_qkv(const struct block_load *l, struct rdl_err *err)
{
	size_t width = l->t->c.width, i, part;
	const size_t one[2] = { width, width };
	const size_t all[2] = { 3 * width, width };
	float scale = 1.0f / sqrtf((float)(width / l->t->c.heads));

	if (l->c->config.layout == RDL_CLIP_OPENCLIP) {
		if (fetch_linear(l, RDL_CLIP_QKV, all, 0, err) < 0)
			return NULL;
	} else {
		for (part = 0; part < 3; part++)
			if (fetch_linear(l, RDL_CLIP_Q + (int)part, one,
			    part * width, err) < 0)
				return NULL;
	}
	for (i = 0; i < width * width; i++)
		l->w[i] *= scale;
	for (i = 0; i < width; i++)
		l->bias[i] *= scale;
	return pack(l->c, l->t, l->t->kind, all, RDL_ACT_NONE, false, l->w,
	    l->bias, err);
}

static int
load_block(const struct rdl_clip *c, struct rdl_clip_tower *t, size_t layer,
    struct rdl_err *err)
{
	struct rdl_clip_block *b = &t->blocks[layer];
	struct block_load l = { c, t, layer, NULL, NULL };
	size_t width = t->c.width, mlp = t->c.mlp;
	size_t widest = mlp > 3 * width ? mlp : 3 * width;
	char name[RDL_CLIP_NAME];
	int rc = -1;

	l.w = rdl_mem_realloc(NULL, widest * width, sizeof(float));
	l.bias = rdl_mem_realloc(NULL, widest, sizeof(float));
	rdl_clip_tensor_part(c, t, layer, RDL_CLIP_NORM1, "", name);
	b->norm1 = load_norm(c, name, width, err);
	if (b->norm1 == NULL)
		goto out;
	rdl_clip_tensor_part(c, t, layer, RDL_CLIP_NORM2, "", name);
	b->norm2 = load_norm(c, name, width, err);
	if (b->norm2 == NULL)
		goto out;
	b->qkv = load_qkv(&l, err);
	if (b->qkv == NULL)
		goto out;
	b->out = load_linear(&l, RDL_CLIP_OUT, width, width, RDL_ACT_NONE,
	    true, err);
	if (b->out == NULL)
		goto out;
	b->fc1 = load_linear(&l, RDL_CLIP_FC1, mlp, width, t->c.act, false,
	    err);
	if (b->fc1 == NULL)
		goto out;
	b->fc2 = load_linear(&l, RDL_CLIP_FC2, width, mlp, RDL_ACT_NONE, true,
	    err);
	if (b->fc2 != NULL)
		rc = 0;
out:
	free(l.w);
	free(l.bias);
	return rc;
}

/* The projection, [dim][width]; OpenCLIP keeps its transpose. */
static int
load_proj(const struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err)
{
	bool turned = c->config.layout == RDL_CLIP_OPENCLIP;
	size_t width = t->c.width, dim = c->config.dim;
	const size_t shape[2] = { dim, width }, back[2] = { width, dim };
	float *w = rdl_mem_realloc(NULL, dim * width, sizeof(float));
	float *file = turned ? rdl_mem_realloc(NULL, dim * width,
	    sizeof(float)) : w;
	char name[RDL_CLIP_NAME];
	size_t i, j;

	rdl_clip_tensor_name(c, t, RDL_CLIP_PROJ, "", name);
	if (rdl_clip_tensor_copy(c, name, turned ? back : shape, 2, file,
	    err) == 0) {
		for (i = 0; i < dim && turned; i++)
			for (j = 0; j < width; j++)
				w[i * width + j] = file[j * dim + i];
		t->proj = pack(c, t, RDL_GEMM_F32, shape, RDL_ACT_NONE, false,
		    w, NULL, err);
	}
	if (turned)
		free(file);
	free(w);
	return t->proj != NULL ? 0 : -1;
}

/*
 * (pixel / 255 - mean) / std goes into the weights of the patches and a bias:
 * w' = w / (255 std), bias = -sum of w mean / std.
 */
static void
fold_pixels(const struct rdl_clip_config *c, size_t width, float *w,
    float *bias)
{
	size_t n, ch, i, area = c->patch * c->patch;
	double sum, plane;
	float *p;

	for (n = 0; n < width; n++) {
		sum = 0;
		for (ch = 0; ch < 3; ch++) {
			p = w + (n * 3 + ch) * area;
			plane = 0;
			for (i = 0; i < area; i++) {
				plane += (double)p[i];
				p[i] = (float)((double)p[i] /
				    (255 * c->std[ch]));
			}
			sum -= plane * c->mean[ch] / c->std[ch];
		}
		bias[n] = (float)sum;
	}
}

static int
load_patch(const struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err)
{
	size_t width = t->c.width, patch = c->config.patch;
	const size_t shape[4] = { width, 3, patch, patch };
	const size_t flat[2] = { width, 3 * patch * patch };
	float *w = rdl_mem_realloc(NULL, flat[0] * flat[1], sizeof(float));
	float *bias = rdl_mem_calloc(width, sizeof(float));
	char name[RDL_CLIP_NAME];

	rdl_clip_tensor_name(c, t, RDL_CLIP_PATCH, "", name);
	if (rdl_clip_tensor_copy(c, name, shape, 4, w, err) == 0) {
		fold_pixels(&c->config, width, w, bias);
		t->patch = pack(c, t, t->kind, flat, RDL_ACT_NONE, false, w,
		    bias, err);
	}
	free(bias);
	free(w);
	return t->patch != NULL ? 0 : -1;
}

/* Patches, class and first norm of images. */
static int
load_image_rest(const struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err)
{
	size_t i, width = t->c.width;
	float *class = rdl_mem_calloc(width, sizeof(float));
	char name[RDL_CLIP_NAME];
	int rc = -1;

	rdl_clip_tensor_name(c, t, RDL_CLIP_CLASS, "", name);
	if (rdl_clip_tensor_copy(c, name, &width, 1, class, err) < 0)
		goto out;
	for (i = 0; i < width; i++)
		t->position[i] += class[i];
	rdl_clip_tensor_name(c, t, RDL_CLIP_PRE, "", name);
	t->norm_pre = load_norm(c, name, width, err);
	if (t->norm_pre != NULL)
		rc = load_patch(c, t, err);
out:
	free(class);
	return rc;
}

static int
load_rest(const struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err)
{
	const size_t shape[2] = { t->c.tokens, t->c.width };
	const size_t table[2] = { c->config.vocab, t->c.width };
	char name[RDL_CLIP_NAME];

	t->position = rdl_mem_calloc(shape[0] * shape[1], sizeof(float));
	rdl_clip_tensor_name(c, t, RDL_CLIP_POSITION, "", name);
	if (rdl_clip_tensor_copy(c, name, shape, 2, t->position, err) < 0)
		return -1;
	rdl_clip_tensor_name(c, t, RDL_CLIP_POST, "", name);
	t->norm_post = load_norm(c, name, t->c.width, err);
	if (t->norm_post == NULL || load_proj(c, t, err) < 0)
		return -1;
	if (!t->causal)
		return load_image_rest(c, t, err);
	rdl_clip_tensor_name(c, t, RDL_CLIP_TOKENS, "", name);
	t->token = rdl_clip_tensor_find(c, name, table, 2, err);
	return t->token != NULL ? 0 : -1;
}

struct load {
	const struct rdl_clip *c;
	struct rdl_clip_tower *t;
};

static int
load_task(void *ctx, size_t thread, size_t task, struct rdl_err *err)
{
	const struct load *l = ctx;

	(void)thread;
	if (task < l->t->c.layers)
		return load_block(l->c, l->t, task, err);
	return load_rest(l->c, l->t, err);
}

int
rdl_clip_load(struct rdl_clip *c, struct rdl_clip_tower *t,
    struct rdl_err *err)
{
	struct load l = { c, t };

	if (t->loaded)
		return 0;
	t->blocks = rdl_mem_calloc(t->c.layers, sizeof(*t->blocks));
	if (rdl_clip_pool_run(c->pool, load_task, &l, t->c.layers + 1,
	    err) < 0) {
		rdl_clip_unload(t);
		return -1;
	}
	t->loaded = true;
	return 0;
}

void
rdl_clip_unload(struct rdl_clip_tower *t)
{
	size_t i;

	for (i = 0; t->blocks != NULL && i < t->c.layers; i++) {
		free(t->blocks[i].norm1);
		free(t->blocks[i].norm2);
		rdl_gemm_free(t->blocks[i].qkv);
		rdl_gemm_free(t->blocks[i].out);
		rdl_gemm_free(t->blocks[i].fc1);
		rdl_gemm_free(t->blocks[i].fc2);
	}
	free(t->blocks);
	t->blocks = NULL;
	rdl_gemm_free(t->patch);
	rdl_gemm_free(t->proj);
	free(t->position);
	free(t->norm_pre);
	free(t->norm_post);
	t->patch = t->proj = NULL;
	t->position = t->norm_pre = t->norm_post = NULL;
	t->loaded = false;
}
