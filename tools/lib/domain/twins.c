/*
 * Near-duplicates among unit vectors, in the order they come.
 * Keeps the vectors without a twin, in blocks; a full block is searched by
 * vision/topk, the last one by dot products here.
 * Does not normalise, and does not choose the better of two.
 */
#include "domain/twins.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/topk.h"

#define BLOCK 2048u	/* vectors; a multiple of the tiles of topk */

struct block {
	float *v;		/* [BLOCK][dim] */
	struct rdl_topk *topk;	/* once it is full */
};

struct rdl_twins {
	size_t dim;
	double min_cos;
	unsigned threads;
	struct block *blocks;
	size_t nblocks, cap;
	size_t kept;
	struct rdl_topk_hit *hits;
	size_t hits_cap;
};

struct rdl_twins *
rdl_twins_new(size_t dim, double min_cos, unsigned threads)
{
	struct rdl_twins *t = rdl_mem_calloc(1, sizeof(*t));

	t->dim = dim;
	t->min_cos = min_cos;
	t->threads = threads;
	return t;
}

void
rdl_twins_free(struct rdl_twins *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nblocks; i++) {
		rdl_topk_free(t->blocks[i].topk);
		free(t->blocks[i].v);
	}
	free(t->blocks);
	free(t->hits);
	free(t);
}

/* In double and in index order, as vision/topk does it. */
static float
cosine(const float *a, const float *b, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)a[d] * (double)b[d];
	return sum > 1 ? 1.0f : sum < -1 ? -1.0f : (float)sum;
}

/* An estimate in f32, to pass over what is far away: its error is under
 * dim * 2^-24, for unit vectors. */
static float
estimate(const float *a, const float *b, size_t dim)
{
	float sum[16] = { 0 }, all = 0;
	size_t d, k;

	for (d = 0; d + 16 <= dim; d += 16)
		for (k = 0; k < 16; k++)
			sum[k] += a[d + k] * b[d + k];
	for (; d < dim; d++)
		all += a[d] * b[d];
	for (k = 0; k < 16; k++)
		all += sum[k];
	return all;
}

static void
better(struct rdl_twin *best, size_t number, float cos)
{
	if (best->number == RDL_TWINS_NONE || cos > best->cos) {
		best->number = (uint32_t)number;
		best->cos = cos;
	}
}

/* Blocks that are full, for n vectors at once. */
static int
search_full(struct rdl_twins *t, const float *v, size_t n,
    struct rdl_twin *out, struct rdl_err *err)
{
	size_t b, i;

	if (n > t->hits_cap) {
		t->hits_cap = n;
		t->hits = rdl_mem_realloc(t->hits, n, sizeof(*t->hits));
	}
	for (b = 0; b < t->nblocks; b++) {
		if (t->blocks[b].topk == NULL)
			continue;
		if (rdl_topk_find(t->blocks[b].topk, v, n, 1, t->hits,
		    err) < 0)
			return -1;
		for (i = 0; i < n; i++)
			better(&out[i], b * BLOCK + t->hits[i].index,
			    t->hits[i].cos);
	}
	return 0;
}

/* Vectors from number first on, which no full search has seen. */
static void
search_rest(const struct rdl_twins *t, size_t first, const float *v,
    struct rdl_twin *best)
{
	float least = (float)t->min_cos - 1e-4f - (float)t->dim * 6e-8f;
	const float *w;
	size_t i;

	for (i = first; i < t->kept; i++) {
		w = t->blocks[i / BLOCK].v + i % BLOCK * t->dim;
		if (estimate(v, w, t->dim) >= least)
			better(best, i, cosine(v, w, t->dim));
	}
}

static void
keep(struct rdl_twins *t, const float *v)
{
	if (t->kept == t->nblocks * BLOCK) {
		if (t->nblocks == t->cap) {
			t->cap = t->cap > 0 ? 2 * t->cap : 16;
			t->blocks = rdl_mem_realloc(t->blocks, t->cap,
			    sizeof(*t->blocks));
		}
		t->blocks[t->nblocks++] = (struct block){
			rdl_mem_realloc(NULL, BLOCK * t->dim, sizeof(float)),
			NULL };
	}
	memcpy(t->blocks[t->kept / BLOCK].v + t->kept % BLOCK * t->dim, v,
	    t->dim * sizeof(float));
	t->kept++;
}

int
rdl_twins_add(struct rdl_twins *t, const float *v, size_t n,
    struct rdl_twin *out, struct rdl_err *err)
{
	size_t i, b, first;

	for (i = 0; i < n; i++)
		out[i] = (struct rdl_twin){ RDL_TWINS_NONE, -1 };
	if (search_full(t, v, n, out, err) < 0)
		return -1;
	first = t->kept / BLOCK * BLOCK;
	for (i = 0; i < n; i++) {
		search_rest(t, first, v + i * t->dim, &out[i]);
		if ((double)out[i].cos < t->min_cos ||
		    out[i].number == RDL_TWINS_NONE) {
			out[i].number = RDL_TWINS_NONE;
			keep(t, v + i * t->dim);
		}
	}
	for (b = first / BLOCK; b < t->kept / BLOCK; b++) {
		t->blocks[b].topk = rdl_topk_new(t->blocks[b].v, BLOCK,
		    t->dim, t->threads, err);
		if (t->blocks[b].topk == NULL)
			return -1;
	}
	return 0;
}
