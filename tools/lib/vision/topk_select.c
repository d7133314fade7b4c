/*
 * The candidates of a query: what may be among its k best by approximate
 * scores, and their final scores.  A score that is more than twice the bound
 * below the k-th best so far is out: its vector cannot win.  Does no I/O.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/topk_impl.h"

#define CANDIDATES 4194304	/* of all rows of a block, about 32 MiB */
#define SPARE 1024		/* candidates of a row beside 2 k */

/* Between what a pass, or f32, gives and a final score: that is rounded to a
 * float and cut to [-1, 1]; and float arithmetic of thresholds. */
#define SLACK 2e-6

void
rdl_topk_rows_init(struct rdl_topk_rows *r, const struct rdl_topk *t,
    size_t k)
{
	size_t i;

	r->t = t;
	r->k = k;
	r->room = 2 * k + SPARE;
	r->n = CANDIDATES / r->room;
	if (r->n > RDL_TOPK_QB)
		r->n = RDL_TOPK_QB;
	if (r->n < 1)
		r->n = 1;
	r->rows = rdl_mem_calloc(r->n, sizeof(*r->rows));
	r->hits = rdl_mem_calloc(r->room, sizeof(*r->hits));
	r->scratch = rdl_mem_calloc(r->room, sizeof(*r->scratch));
	r->indices = rdl_mem_calloc(r->n * r->room, sizeof(*r->indices));
	r->scores = rdl_mem_calloc(r->n * r->room, sizeof(*r->scores));
	for (i = 0; i < r->n; i++) {
		r->rows[i].index = r->indices + i * r->room;
		r->rows[i].score = r->scores + i * r->room;
	}
}

void
rdl_topk_rows_release(struct rdl_topk_rows *r)
{
	free(r->rows);
	free(r->hits);
	free(r->scratch);
	free(r->indices);
	free(r->scores);
}

void
rdl_topk_rows_begin(struct rdl_topk_rows *r, size_t i)
{
	struct rdl_topk_row *row = &r->rows[i];
	double most = row->norm * r->t->norm_max;

	row->bound += SLACK + (most > 1 ? most - 1 : 0);
	row->least = -8;
	row->n = 0;
	row->full = 2 * r->k + 128;
}

/* The k-th largest of n >= k numbers, which are reordered (Hoare's FIND,
 * CACM 4, 1961). */
static float
kth_largest(float *v, size_t n, size_t k)
{
	ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, at = (ptrdiff_t)k - 1, i, j;
	float pivot, swap;

	while (lo < hi) {
		pivot = v[at];
		i = lo;
		j = hi;
		do {
			while (v[i] > pivot)
				i++;
			while (v[j] < pivot)
				j--;
			if (i > j)
				break;
			swap = v[i];
			v[i++] = v[j];
			v[j--] = swap;
		} while (i <= j);
		if (j < at)
			lo = i;
		if (at < i)
			hi = j;
	}
	return v[at];
}

/* Put out the candidates below the row's least. */
static void
sift(struct rdl_topk_row *row)
{
	size_t i, n = 0;

	for (i = 0; i < row->n; i++) {
		if (row->score[i] < row->least)
			continue;
		row->index[n] = row->index[i];
		row->score[n++] = row->score[i];
	}
	row->n = n;
}

/* The product of two floats is exact in double, so the sum is the same with
 * and without fused instructions. */
static float
final_score(const float *a, const float *b, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)a[d] * (double)b[d];
	return sum > 1 ? 1.0f : sum < -1 ? -1.0f : (float)sum;
}

/* Four at a time: each sum waits for itself only. */
static void
final_scores4(const float *a, const float *const b[4], size_t dim,
    struct rdl_topk_hit *out)
{
	double s0 = 0, s1 = 0, s2 = 0, s3 = 0, q;
	double sums[4];
	size_t d;
	int i;

	for (d = 0; d < dim; d++) {
		q = (double)a[d];
		s0 += q * (double)b[0][d];
		s1 += q * (double)b[1][d];
		s2 += q * (double)b[2][d];
		s3 += q * (double)b[3][d];
	}
	sums[0] = s0;
	sums[1] = s1;
	sums[2] = s2;
	sums[3] = s3;
	for (i = 0; i < 4; i++)
		out[i].cos = sums[i] > 1 ? 1.0f : sums[i] < -1 ? -1.0f :
		    (float)sums[i];
}

static int
compare_hits(const void *a, const void *b)
{
	const struct rdl_topk_hit *x = a, *y = b;

	if (x->cos != y->cos)
		return x->cos > y->cos ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* The final scores of hits whose indices are there. */
static void
final_scores(const struct rdl_topk *t, const float *query,
    struct rdl_topk_hit *hits, size_t n)
{
	const float *b[4];
	size_t i, j;

	for (i = 0; i + 4 <= n; i += 4) {
		for (j = 0; j < 4; j++)
			b[j] = t->base + hits[i + j].index * t->dim;
		final_scores4(query, b, t->dim, hits + i);
	}
	for (; i < n; i++)
		hits[i].cos = final_score(query,
		    t->base + hits[i].index * t->dim, t->dim);
}

/* Put the k candidates with the best scores of the pass first. */
static void
best_first(struct rdl_topk_rows *r, struct rdl_topk_row *row, float kth)
{
	size_t i, n = 0, pass;
	uint32_t index;
	float score;

	for (pass = 0; pass < 2; pass++)
		for (i = n; i < row->n && n < r->k; i++) {
			score = row->score[i];
			if (pass == 0 ? !(score > kth) : !(score >= kth))
				continue;
			index = row->index[i];
			row->index[i] = row->index[n];
			row->score[i] = row->score[n];
			row->index[n] = index;
			row->score[n++] = score;
		}
}

static float
kth_of(struct rdl_topk_rows *r, const struct rdl_topk_row *row)
{
	memcpy(r->scratch, row->score, row->n * sizeof(*r->scratch));
	return kth_largest(r->scratch, row->n, r->k);
}

/* How far a product in f32 may be from a final score. */
static double
f32_bound(const struct rdl_topk *t, const struct rdl_topk_row *row)
{
	double most = row->norm * t->norm_max;

	return rdl_topk_f32_bound(t->dim) * most + SLACK +
	    (most > 1 ? most - 1 : 0);
}

/*
 * The k best of n >= k candidates, into r->hits.  Final scores of the k best
 * by the pass say what the others must reach; those that may are tried in f32
 * first.
 */
static void
settle(struct rdl_topk_rows *r, struct rdl_topk_row *row)
{
	const struct rdl_topk *t = r->t;
	double least = 2, f32 = f32_bound(t, row);
	size_t i, n = r->k;

	if (row->n > r->k)
		best_first(r, row, kth_of(r, row));
	for (i = 0; i < n; i++)
		r->hits[i].index = row->index[i];
	final_scores(t, row->query, r->hits, n);
	for (i = 0; i < n; i++)
		least = (double)r->hits[i].cos < least ?
		    (double)r->hits[i].cos : least;
	for (i = r->k; i < row->n; i++) {
		if ((double)row->score[i] + row->shift < least - row->bound)
			continue;
		if ((double)rdl_topk_f32_dot(row->query, t->base +
		    row->index[i] * t->dim, t->dim) < least - f32)
			continue;
		r->hits[n++].index = row->index[i];
	}
	final_scores(t, row->query, r->hits + r->k, n - r->k);
	qsort(r->hits, n, sizeof(*r->hits), compare_hits);
}

static void
raise(struct rdl_topk_row *row, double least)
{
	/* A float that is certainly not above it. */
	float f = (float)(least - 1e-6);

	if (f > row->least)
		row->least = f;
}

/* What a score of the pass must reach at least, by the k best so far: their
 * scores in f32 are nearer to the final ones than those of the pass. */
static void
raise_by_f32(struct rdl_topk_rows *r, struct rdl_topk_row *row)
{
	const struct rdl_topk *t = r->t;
	double least = 2, score;
	size_t i;

	best_first(r, row, kth_of(r, row));
	for (i = 0; i < r->k; i++) {
		score = (double)rdl_topk_f32_dot(row->query, t->base +
		    row->index[i] * t->dim, t->dim);
		least = score < least ? score : least;
	}
	raise(row, least - f32_bound(t, row) - row->shift - row->bound);
}

/*
 * Make room.  Candidates that cannot win are put out; if too many are too near
 * to each other, final scores decide, the k best are kept, and whatever comes
 * behind a bound below the last of them is out.
 */
static void
shrink(struct rdl_topk_rows *r, struct rdl_topk_row *row)
{
	size_t i;

	raise_by_f32(r, row);
	sift(row);
	if (row->n > row->full / 2 && row->full < r->room)
		row->full = 2 * row->full < r->room ? 2 * row->full : r->room;
	if (row->n <= r->k + (r->room - r->k) / 2)
		return;
	settle(r, row);
	row->n = r->k;
	for (i = 0; i < r->k; i++) {
		row->index[i] = r->hits[i].index;
		row->score[i] = (float)((double)r->hits[i].cos - row->shift);
	}
	raise(row, (double)row->score[r->k - 1] - row->bound);
}

/* Does any score of a panel reach least? */
static bool
any_reaches(const float *scores, size_t panel, float least)
{
	typedef float vec __attribute__((vector_size(16)));
	typedef int32_t mask __attribute__((vector_size(16)));
	const vec l = { least, least, least, least };
	mask any = { 0 };
	uint64_t two[2];
	vec v;
	size_t c;

	for (c = 0; c < panel; c += 4) {
		memcpy(&v, scores + c, sizeof(v));
		any |= v >= l;
	}
	memcpy(two, &any, sizeof(two));
	return (two[0] | two[1]) != 0;
}

static void
offer_row(struct rdl_topk_rows *r, struct rdl_topk_row *row, size_t from,
    const float *scores, size_t cols)
{
	size_t c;

	for (c = 0; c < cols; c++) {
		if (!(scores[c] >= row->least))
			continue;
		if (row->n == row->full)
			shrink(r, row);
		row->index[row->n] = (uint32_t)(from + c);
		row->score[row->n++] = scores[c];
	}
}

void
rdl_topk_rows_offer(struct rdl_topk_rows *r, size_t i, size_t n, size_t from,
    const float *scores, size_t cols)
{
	size_t panel = r->t->kernel->panel;

	for (; n > 0; n--, i++, scores += panel)
		if (any_reaches(scores, panel, r->rows[i].least))
			offer_row(r, &r->rows[i], from, scores, cols);
}

void
rdl_topk_rows_end(struct rdl_topk_rows *r, size_t i,
    struct rdl_topk_hit *hits)
{
	struct rdl_topk_row *row = &r->rows[i];

	settle(r, row);
	memcpy(hits, r->hits, r->k * sizeof(*hits));
}
