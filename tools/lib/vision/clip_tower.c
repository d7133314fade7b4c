/*
 * The transformer of a CLIP tower, rows to unit vectors.
 * Reads packed weights; every thread has a work of its own.  Does not know
 * files.  Sequences stand one behind the other without padding; in the last
 * block only the pooled rows go past attention.
 */
#include "vision/clip_impl.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/clip_work.h"

/* A tile may read this many floats beyond the last of a row of values. */
#define SLACK 64

struct rdl_clip_work *
rdl_clip_work_new(const struct rdl_clip *c, const struct rdl_clip_tower *t)
{
	struct rdl_clip_work *w = rdl_mem_calloc(1, sizeof(*w));
	size_t width = t->c.width, rows = t->rows, pad = c->kernel->panel;
	size_t widest = t->c.mlp > width ? t->c.mlp : width;
	size_t pixels = c->config.patch * c->config.patch * 3;

	w->padded = (t->c.tokens + pad - 1) / pad * pad;
	w->x = rdl_mem_calloc(rows * width, sizeof(float));
	w->qkv = rdl_mem_calloc(rows * width * 3 + SLACK, sizeof(float));
	w->mixed = rdl_mem_calloc(rows * width, sizeof(float));
	w->hidden = rdl_mem_calloc(rows * t->c.mlp, sizeof(float));
	w->pooled = rdl_mem_calloc(rows * width, sizeof(float));
	w->spare = rdl_mem_calloc(widest + SLACK, sizeof(float));
	w->keys = rdl_mem_calloc(width / t->c.heads * w->padded,
	    sizeof(float));
	w->scores = rdl_mem_calloc(c->kernel->rows * w->padded, sizeof(float));
	rdl_gemm_in_init(&w->in, t->kind, rows, width);
	rdl_gemm_in_init(&w->in_mlp, t->kind, rows, t->c.mlp);
	rdl_gemm_in_init(&w->in_proj, RDL_GEMM_F32, RDL_CLIP_SEQS, width);
	if (!t->causal) {
		w->bytes = rdl_mem_calloc(pixels, 1);
		rdl_gemm_in_init(&w->in_patch, t->kind, rows, pixels);
	}
	return w;
}

void
rdl_clip_work_free(struct rdl_clip_work *w)
{
	if (w == NULL)
		return;
	free(w->x);
	free(w->qkv);
	free(w->mixed);
	free(w->hidden);
	free(w->pooled);
	free(w->spare);
	free(w->keys);
	free(w->scores);
	free(w->bytes);
	rdl_gemm_in_release(&w->in);
	rdl_gemm_in_release(&w->in_mlp);
	rdl_gemm_in_release(&w->in_proj);
	rdl_gemm_in_release(&w->in_patch);
	rdl_gemm_work_release(&w->gemm);
	free(w);
}

/* Layer norm of rows of x [rows][width] into in. */
static void
norm_rows(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const float *norm, const float *x, size_t rows)
{
	size_t r, width = t->c.width;
	float *to;

	for (r = 0; r < rows; r++) {
		to = rdl_gemm_row(&w->in, r, w->spare);
		c->kernel->norm(x + r * width, width, t->c.eps, norm,
		    norm + width, to);
		rdl_gemm_put(&w->in, c->kernel, r, to);
	}
}

static void
put_rows(const struct rdl_clip *c, const struct rdl_gemm_in *in,
    const float *v, size_t rows)
{
	size_t r;

	for (r = 0; r < rows; r++)
		rdl_gemm_put(in, c->kernel, r, v + r * in->k);
}

/* A head: its width, the stride of a row of q, k, v, and where they are. */
struct head {
	size_t width, stride;
	const float *q, *k, *v;
};

/* scores [rows][padded] = q [rows] k^T, weights of the first keys of them. */
static void
score_rows(const struct rdl_kernel *kn, struct rdl_clip_work *w,
    const struct head *h, size_t row, size_t rows, size_t keys, bool causal)
{
	struct rdl_tile t;
	size_t at, r;

	memset(&t, 0, sizeof(t));
	t.rows = rows;
	t.cols = kn->panel;
	t.k = h->width;
	t.x = h->q + row * h->stride;
	t.ldx = h->stride;
	t.ldw = t.ldy = w->padded;
	for (at = 0; at < keys; at += kn->panel) {
		t.w = w->keys + at;
		t.y = w->scores + at;
		kn->tile(&t);
	}
	for (r = 0; r < rows; r++)
		kn->softmax(w->scores + r * w->padded,
		    causal ? row + r + 1 : keys, at);
}

/* to [rows][ld] = weights [rows][keys] v */
static void
mix_rows(const struct rdl_kernel *kn, const struct rdl_clip_work *w,
    const struct head *h, size_t rows, size_t keys, float *to, size_t ld)
{
	struct rdl_tile t;
	size_t at;

	memset(&t, 0, sizeof(t));
	t.rows = rows;
	t.k = keys;
	t.x = w->scores;
	t.ldx = w->padded;
	t.ldw = h->stride;
	t.ldy = ld;
	for (at = 0; at < h->width; at += kn->panel) {
		t.cols = h->width - at < kn->panel ? h->width - at : kn->panel;
		t.w = h->v + at;
		t.y = to + at;
		kn->tile(&t);
	}
}

static struct head
head_of(const struct rdl_clip_tower *t, const struct rdl_clip_work *w,
    const struct rdl_clip_seq *s, size_t head)
{
	struct head h;

	h.width = t->c.width / t->c.heads;
	h.stride = 3 * t->c.width;
	h.q = w->qkv + s->start * h.stride + head * h.width;
	h.k = h.q + t->c.width;
	h.v = h.k + t->c.width;
	return h;
}

/* Attention of one sequence and head, into mixed [rows][width]. */
static void
attend(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const struct rdl_clip_seq *s, size_t head)
{
	const struct rdl_kernel *kn = c->kernel;
	const struct head h = head_of(t, w, s, head);
	size_t row, rows, keys, width = t->c.width;

	kn->transpose(h.k, s->len, h.width, h.stride, w->keys, w->padded);
	for (row = 0; row < s->len; row += rows) {
		rows = s->len - row < kn->rows ? s->len - row : kn->rows;
		keys = t->causal ? row + rows : s->len;
		score_rows(kn, w, &h, row, rows, keys, t->causal);
		mix_rows(kn, w, &h, rows, keys, w->mixed +
		    (s->start + row) * width + head * h.width, width);
	}
}

/* The same for its pooled row alone, into row i of mixed. */
static void
attend_pooled(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const struct rdl_clip_seq *s, size_t head,
    size_t i)
{
	const struct rdl_kernel *kn = c->kernel;
	const struct head h = head_of(t, w, s, head);
	size_t keys = t->causal ? s->pool + 1 : s->len;

	kn->transpose(h.k, keys, h.width, h.stride, w->keys, w->padded);
	score_rows(kn, w, &h, s->pool, 1, keys, false);
	mix_rows(kn, w, &h, 1, keys, w->mixed + i * t->c.width +
	    head * h.width, t->c.width);
}

/* x += out(mixed); x += fc2(act(fc1(norm2(x)))) */
static int
rest_of_block(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const struct rdl_clip_block *b, float *x,
    size_t rows, struct rdl_err *err)
{
	size_t width = t->c.width, mlp = t->c.mlp;
	float *hidden = rdl_gemm_row(&w->in_mlp, 0, w->hidden);

	put_rows(c, &w->in, w->mixed, rows);
	if (rdl_gemm_run(b->out, &w->gemm, &w->in, rows, x, width, err) < 0)
		return -1;
	norm_rows(c, t, w, b->norm2, x, rows);
	if (rdl_gemm_run(b->fc1, &w->gemm, &w->in, rows, hidden, mlp, err) < 0)
		return -1;
	put_rows(c, &w->in_mlp, hidden, rows);
	return rdl_gemm_run(b->fc2, &w->gemm, &w->in_mlp, rows, x, width, err);
}

static int
run_block(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const struct rdl_clip_block *b,
    const struct rdl_clip_seq *seqs, size_t n, bool last, struct rdl_err *err)
{
	size_t i, h, width = t->c.width;
	size_t rows = seqs[n - 1].start + seqs[n - 1].len;

	norm_rows(c, t, w, b->norm1, w->x, rows);
	if (rdl_gemm_run(b->qkv, &w->gemm, &w->in, rows, w->qkv, 3 * width,
	    err) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		for (h = 0; h < t->c.heads && !last; h++)
			attend(c, t, w, &seqs[i], h);
		for (h = 0; h < t->c.heads && last; h++)
			attend_pooled(c, t, w, &seqs[i], h, i);
		if (last)
			memcpy(w->pooled + i * width, w->x +
			    (seqs[i].start + seqs[i].pool) * width,
			    width * sizeof(float));
	}
	return rest_of_block(c, t, w, b, last ? w->pooled : w->x,
	    last ? n : rows, err);
}

int
rdl_clip_tower_run(const struct rdl_clip *c, const struct rdl_clip_tower *t,
    struct rdl_clip_work *w, const struct rdl_clip_seq *seqs, size_t n,
    float *out, struct rdl_err *err)
{
	size_t i, width = t->c.width, dim = c->config.dim;

	for (i = 0; i < t->c.layers; i++)
		if (run_block(c, t, w, &t->blocks[i], seqs, n,
		    i + 1 == t->c.layers, err) < 0)
			return -1;
	for (i = 0; i < n; i++)
		c->kernel->norm(w->pooled + i * width, width, t->c.eps,
		    t->norm_post, t->norm_post + width,
		    rdl_gemm_row(&w->in_proj, i, NULL));
	if (rdl_gemm_run(t->proj, &w->gemm, &w->in_proj, n, out, dim, err) < 0)
		return -1;
	for (i = 0; i < n; i++)
		c->kernel->unit(out + i * dim, dim);
	return 0;
}
