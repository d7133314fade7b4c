/*
 * CLIP models: opening, and batches of items over threads.
 * Reads a model's folder.  Does not decode images or tokenize.
 */
#include "vision/clip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "vision/clip_impl.h"
#include "vision/dnnl.h"

/* Rows that run together: our own tiles keep them and a panel of weights in
 * the second-level cache; oneDNN's AMX kernels want more to a weight. */
#define ROWS_OWN	400
#define ROWS_ONEDNN	800

#define THREADS_MAX	1024

/* Which layout a folder has is told by the names of its tensors; a folder may
 * hold the configurations of both. */
static int
layout_of(const struct rdl_clip *c, const char *dir, struct rdl_err *err)
{
	if (rdl_tensors_find(c->tensors,
	    "vision_model.embeddings.class_embedding") != NULL)
		return RDL_CLIP_HF;
	if (rdl_tensors_find(c->tensors, "visual.class_embedding") != NULL)
		return RDL_CLIP_OPENCLIP;
	return rdl_err_set(err, RDL_E_INPUT, "%s: no CLIP model: neither "
	    "vision_model.embeddings.class_embedding nor "
	    "visual.class_embedding is there", dir);
}

static bool
have_onednn(void)
{
	struct rdl_err none = RDL_ERR_INIT;

	return rdl_dnnl_load(&none) == 0;
}

static bool
half(const struct rdl_kernel_cpu *cpu)
{
	return rdl_kernel_fp16() != NULL && !cpu->amx;
}

/*
 * What this CPU does well.  bfloat16 pays with AMX, and with AMD's AVX512_BF16
 * (Zen 4 and later), where it is twice as fast as f32; Intel's without AMX is
 * slower than f32 (measured on Sapphire Rapids: 102 against 155 GFLOP/s).
 * There, half floats are twice as fast as f32, and what precision "bf16" means.
 * AUTO is f32 or bfloat16: bytes lose more than one may lose unasked.
 */
static int
choose(struct rdl_clip *c, int precision, struct rdl_err *err)
{
	const struct rdl_kernel_cpu *cpu = rdl_kernel_cpu();
	struct rdl_clip_info *info = &c->info;

	info->precision = precision;
	c->kernel = rdl_kernel_best();
	if (precision == RDL_PRECISION_AUTO)
		info->precision = half(cpu) || ((cpu->amx ||
		    (cpu->bf16 && cpu->amd)) && have_onednn()) ?
		    RDL_PRECISION_BF16 : RDL_PRECISION_F32;
	if (precision == RDL_PRECISION_REFERENCE)
		c->kernel = rdl_kernel_plain();
	c->kind = info->precision == RDL_PRECISION_INT8 ? RDL_GEMM_INT8 :
	    info->precision != RDL_PRECISION_BF16 ? RDL_GEMM_F32 :
	    half(cpu) ? RDL_GEMM_F16 : RDL_GEMM_BF16;
	if (c->kind == RDL_GEMM_BF16) {
		c->onednn = true;
		if (!cpu->avx512)
			return rdl_err_set(err, RDL_E_USAGE, "this CPU has no "
			    "instructions for bf16: take precision f32");
		return rdl_dnnl_load(err);
	}
	if (info->precision == RDL_PRECISION_INT8) {
		c->onednn = cpu->amx && have_onednn();
		if (!c->onednn && c->kernel->tile8 == NULL)
			return rdl_err_set(err, RDL_E_USAGE, "this CPU has no "
			    "instructions for products of bytes: take "
			    "precision f32");
	}
	return 0;
}

static void
set_tower(struct rdl_clip *c, struct rdl_clip_tower *t,
    const struct rdl_clip_tower_config *config, bool causal)
{
	size_t rows = c->onednn ? ROWS_ONEDNN : ROWS_OWN;

	t->c = *config;
	t->causal = causal;
	t->kind = c->kind;
	if (config->tokens >= rows)
		rows = config->tokens;
	else if (!causal)
		rows -= rows % config->tokens;
	t->rows = rows;
}

static const char *
size_name(const struct rdl_clip_tower_config *v)
{
	return v->width == 768 && v->layers == 12 ? "B" :
	    v->width == 1024 && v->layers == 24 ? "L" :
	    v->width == 1280 && v->layers == 32 ? "H" : "small";
}

static int
set_scale(struct rdl_clip *c, struct rdl_err *err)
{
	const struct rdl_tensor *t = rdl_tensors_find(c->tensors,
	    "logit_scale");
	float v;

	if (t == NULL || t->dtype == RDL_DTYPE_OTHER || t->size < 2 ||
	    t->ndim > 1 || (t->ndim == 1 && t->shape[0] != 1))
		return rdl_err_set(err, RDL_E_INPUT, "tensor logit_scale is "
		    "missing or of another shape");
	rdl_tensors_f32(t, 0, 1, &v);
	if (!isfinite(v) || v > 20)
		return rdl_err_set(err, RDL_E_INPUT,
		    "tensor logit_scale is out of bounds");
	c->info.logit_scale = exp((double)v);
	return 0;
}

/* Weights, configuration and class of precision. */
static int
set_key(struct rdl_clip *c, struct rdl_err *err)
{
	static const char *const names[] = { "auto", "f32", "bf16", "int8",
		"reference" };
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	struct rdl_hash weights;

	if (rdl_tensors_digest(c->tensors, &weights, err) < 0)
		return -1;
	rdl_buf_adds(&text, "riddle clip 1 ");
	rdl_buf_addhex(&text, weights.b, sizeof(weights.b));
	rdl_clip_config_describe(&c->config, &text);
	rdl_buf_addf(&text, " %s", names[c->info.precision]);
	c->info.key = rdl_hash_of(text.p, text.len);
	rdl_buf_release(&text);
	return 0;
}

static void
set_info(struct rdl_clip *c)
{
	const struct rdl_clip_config *k = &c->config;

	c->info.dim = k->dim;
	c->info.context = k->text.tokens;
	c->info.vocab = k->vocab;
	c->info.end = k->end;
	c->info.crop = k->crop;
	(void)snprintf(c->info.name, sizeof(c->info.name),
	    "ViT-%s/%zu %zux%zu %zux%zu", size_name(&k->vision), k->patch,
	    k->vision.width, k->vision.layers, k->text.width, k->text.layers);
}

static size_t
threads_of(unsigned wanted)
{
	long n = wanted > 0 ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (size_t)n;
}

static int
open_model(struct rdl_clip *c, const char *dir,
    const struct rdl_clip_opts *opts, struct rdl_err *err)
{
	int layout;

	c->tensors = rdl_tensors_open(dir, err);
	if (c->tensors == NULL)
		return -1;
	layout = layout_of(c, dir, err);
	if (layout < 0 ||
	    rdl_clip_config_read(dir, layout, &c->config, err) < 0 ||
	    choose(c, opts->precision, err) < 0)
		return -1;
	set_tower(c, &c->vision, &c->config.vision, false);
	set_tower(c, &c->text, &c->config.text, true);
	set_info(c);
	if (set_scale(c, err) < 0 || set_key(c, err) < 0)
		return rdl_err_prefix(err, "%s", dir);
	c->threads = threads_of(opts->threads);
	c->pool = rdl_clip_pool_new(c->threads);
	return 0;
}

struct rdl_clip *
rdl_clip_open(const char *dir, const struct rdl_clip_opts *opts,
    struct rdl_err *err)
{
	struct rdl_clip *c = rdl_mem_calloc(1, sizeof(*c));

	if (open_model(c, dir, opts, err) < 0) {
		rdl_clip_free(c);
		return NULL;
	}
	return c;
}

static void
free_works(struct rdl_clip_work **works, size_t n)
{
	size_t i;

	for (i = 0; works != NULL && i < n; i++)
		rdl_clip_work_free(works[i]);
	free(works);
}

void
rdl_clip_free(struct rdl_clip *c)
{
	if (c == NULL)
		return;
	rdl_clip_pool_free(c->pool);
	free_works(c->vision_work, c->threads);
	free_works(c->text_work, c->threads);
	rdl_clip_unload(&c->vision);
	rdl_clip_unload(&c->text);
	rdl_tensors_close(c->tensors);
	free(c);
}

const struct rdl_clip_info *
rdl_clip_info(const struct rdl_clip *c)
{
	return &c->info;
}

/* Images that one thread runs together. */
static size_t
images_a_run(const struct rdl_clip *c)
{
	size_t n = c->vision.rows / c->vision.c.tokens;

	return n > RDL_CLIP_SEQS ? RDL_CLIP_SEQS : n;
}

size_t
rdl_clip_batch(const struct rdl_clip *c)
{
	return c->threads * images_a_run(c);
}

/* Items [first[i], first[i + 1]) are run i. */
struct batch {
	const struct rdl_clip *c;
	const uint8_t *const *squares;
	const struct rdl_tokens *const *texts;
	const size_t *pools;	/* of texts: the row that is pooled */
	size_t *first;
	size_t nruns;
	float *out;
};

static int
run_images(void *ctx, size_t thread, size_t task, struct rdl_err *err)
{
	const struct batch *b = ctx;
	const struct rdl_clip *c = b->c;
	size_t from = b->first[task], n = b->first[task + 1] - from, i;
	struct rdl_clip_seq seqs[RDL_CLIP_SEQS];

	if (c->vision_work[thread] == NULL)
		c->vision_work[thread] = rdl_clip_work_new(c, &c->vision);
	for (i = 0; i < n; i++) {
		seqs[i].start = i * c->vision.c.tokens;
		seqs[i].len = c->vision.c.tokens;
		seqs[i].pool = 0;
	}
	if (rdl_clip_embed_images(c, c->vision_work[thread],
	    b->squares + from, n, err) < 0)
		return -1;
	return rdl_clip_tower_run(c, &c->vision, c->vision_work[thread], seqs,
	    n, b->out + from * c->info.dim, err);
}

int
rdl_clip_images(struct rdl_clip *c, const uint8_t *const *squares, size_t n,
    float *out, struct rdl_err *err)
{
	struct batch b = { c, squares, NULL, NULL, NULL, 0, out };
	size_t most = images_a_run(c), even, i;
	int rc;

	if (rdl_clip_load(c, &c->vision, err) < 0)
		return -1;
	if (c->vision_work == NULL)
		c->vision_work = rdl_mem_calloc(c->threads,
		    sizeof(*c->vision_work));
	even = (n + c->threads - 1) / c->threads;
	most = even < most ? even : most;
	b.first = rdl_mem_calloc(n + 1, sizeof(*b.first));
	for (i = 0; i < n; i += most)
		b.first[b.nruns++] = i;
	b.first[b.nruns] = n;
	rc = rdl_clip_pool_run(c->pool, run_images, &b, b.nruns, err);
	free(b.first);
	return rc;
}

static int
run_texts(void *ctx, size_t thread, size_t task, struct rdl_err *err)
{
	const struct batch *b = ctx;
	const struct rdl_clip *c = b->c;
	size_t from = b->first[task], n = b->first[task + 1] - from, i;
	struct rdl_clip_seq seqs[RDL_CLIP_SEQS];
	size_t at = 0;

	if (c->text_work[thread] == NULL)
		c->text_work[thread] = rdl_clip_work_new(c, &c->text);
	for (i = 0; i < n; i++) {
		seqs[i].start = at;
		seqs[i].pool = b->pools[from + i];
		seqs[i].len = seqs[i].pool + 1;
		if (rdl_clip_embed_text(c, c->text_work[thread],
		    b->texts[from + i]->ids, seqs[i].len, at, err) < 0)
			return -1;
		at += seqs[i].len;
	}
	return rdl_clip_tower_run(c, &c->text, c->text_work[thread], seqs, n,
	    b->out + from * c->info.dim, err);
}

/* Check ids, and find the row that is pooled: the first end, or the first of
 * the highest id.  What stands behind it cannot matter. */
static int
find_pool(const struct rdl_clip *c, const struct rdl_tokens *t, size_t *pool,
    struct rdl_err *err)
{
	int32_t end = c->config.end, best = -1;
	size_t i;

	if (t->n == 0 || t->n > c->info.context || t->n > RDL_NELEM(t->ids))
		return rdl_err_set(err, RDL_E_INPUT, "a text of %zu tokens; "
		    "the model reads 1 to %zu", t->n, c->info.context);
	for (i = 0; i < t->n; i++) {
		if (t->ids[i] < 0 || (size_t)t->ids[i] >= c->info.vocab)
			return rdl_err_set(err, RDL_E_INPUT, "token %d is not "
			    "of this model, which has %zu", (int)t->ids[i],
			    c->info.vocab);
		if (end < 0 ? t->ids[i] > best : t->ids[i] == end &&
		    best != end) {
			best = t->ids[i];
			*pool = i;
		}
	}
	if (best < 0)
		return rdl_err_set(err, RDL_E_INPUT, "a text without the end "
		    "mark %d of this model", (int)end);
	return 0;
}

/* Runs of texts: as many rows as a thread's share, or as fit. */
static void
divide_texts(const struct rdl_clip *c, struct batch *b, size_t n)
{
	size_t i, len, total = 0, rows = 0, most;

	for (i = 0; i < n; i++)
		total += b->pools[i] + 1;
	most = (total + c->threads - 1) / c->threads;
	most = most < c->text.rows ? most : c->text.rows;
	for (i = 0; i < n; i++) {
		len = b->pools[i] + 1;
		if (i == 0 || rows + len > most ||
		    i - b->first[b->nruns - 1] == RDL_CLIP_SEQS) {
			b->first[b->nruns++] = i;
			rows = 0;
		}
		rows += len;
	}
	b->first[b->nruns] = n;
}

int
rdl_clip_texts(struct rdl_clip *c, const struct rdl_tokens *const *texts,
    size_t n, float *out, struct rdl_err *err)
{
	struct batch b = { c, NULL, texts, NULL, NULL, 0, out };
	size_t *pools, i;
	int rc = -1;

	if (rdl_clip_load(c, &c->text, err) < 0)
		return -1;
	if (c->text_work == NULL)
		c->text_work = rdl_mem_calloc(c->threads,
		    sizeof(*c->text_work));
	pools = rdl_mem_calloc(n, sizeof(*pools));
	b.first = rdl_mem_calloc(n + 1, sizeof(*b.first));
	b.pools = pools;
	for (i = 0; i < n; i++)
		if (find_pool(c, texts[i], &pools[i], err) < 0)
			goto out;
	divide_texts(c, &b, n);
	rc = rdl_clip_pool_run(c->pool, run_texts, &b, b.nruns, err);
out:
	free(pools);
	free(b.first);
	return rc;
}
