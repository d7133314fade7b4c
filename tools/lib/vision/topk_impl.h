/*
 * Inside the top-k search: passes that give approximate scores with a known
 * bound, and rows that keep what may be among the best.
 */
#ifndef RDL_VISION_TOPK_IMPL_H
#define RDL_VISION_TOPK_IMPL_H

#include <stdbool.h>

#include "vision/kernel.h"
#include "vision/topk.h"

#define RDL_TOPK_QB 256		/* queries of a block, at most */
#define RDL_TOPK_PANEL_MAX 64	/* columns of a kernel's panel */
#define RDL_TOPK_ROWS_MAX 32	/* rows of a kernel's tile */

/* Which scores are looked at first. */
enum rdl_topk_pass {
	RDL_TOPK_AUTO, RDL_TOPK_F32, RDL_TOPK_BYTES, RDL_TOPK_BF16
};

struct rdl_topk_bytes;
struct rdl_topk_bf16;

struct rdl_topk {
	const float *base;	/* [m][dim], borrowed */
	size_t m, dim;
	unsigned threads;
	double norm_max;	/* longest of base, about 1 */
	const struct rdl_kernel *kernel;
	float *panels;		/* the base in f32, [.][dim][panel], or NULL */
	struct rdl_topk_bytes *bytes;	/* the base in bytes, or NULL */
	struct rdl_topk_bf16 *bf16;	/* the same in bfloat16 */
};

/* What may be among the k best of one query. */
struct rdl_topk_row {
	const float *query;
	double norm;
	double shift;		/* score - shift is what a pass gives, */
	double bound;		/* so far off at most */
	float least;		/* less than this cannot be among them */
	size_t n;		/* candidates */
	size_t full;		/* so many are looked through */
	uint32_t *index;	/* [room] */
	float *score;		/* [room]: of the pass */
};

/* The rows of a block, and room for their candidates. */
struct rdl_topk_rows {
	const struct rdl_topk *t;
	size_t k, room;
	size_t n;			/* rows */
	struct rdl_topk_row *rows;	/* [n] */
	struct rdl_topk_hit *hits;	/* scratch [room] */
	uint32_t *indices;
	float *scores, *scratch;
};

/* topk.c */

/* rdl_topk_new() with a pass and a kernel of one's own, for tests.  NULL with
 * RDL_E_IO if this CPU has not the pass. */
struct rdl_topk *rdl_topk_make(const float *base, size_t m, size_t dim,
    unsigned threads, int pass, const struct rdl_kernel *kernel,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The mean of the base, [dim]. */
void rdl_topk_centre(const struct rdl_topk *t, float *centre);

/* topk_select.c */

void rdl_topk_rows_init(struct rdl_topk_rows *r, const struct rdl_topk *t,
    size_t k);
void rdl_topk_rows_release(struct rdl_topk_rows *r);

/* Begin row i: row->query and all up to row->bound are set. */
void rdl_topk_rows_begin(struct rdl_topk_rows *r, size_t i);

/* Offer scores of a pass, of the base vectors [from, from + cols), to the n
 * rows from i on.  scores has a whole panel for each; those behind cols are not
 * looked at. */
void rdl_topk_rows_offer(struct rdl_topk_rows *r, size_t i, size_t n,
    size_t from, const float *scores, size_t cols);

/* The k best of row i. */
void rdl_topk_rows_end(struct rdl_topk_rows *r, size_t i,
    struct rdl_topk_hit *hits);

/* topk_f32.c */

/* How far a sum of dim products of floats may be off, in any order of
 * addition, for vectors of length 1 (Higham, Accuracy and Stability of
 * Numerical Algorithms, 3.1). */
double rdl_topk_f32_bound(size_t dim);

float *rdl_topk_f32_panels(const struct rdl_topk *t);

/* Offer the scores of n queries [n][dim] against all of the base to rows that
 * have begun. */
void rdl_topk_f32_block(const struct rdl_topk *t, const float *queries,
    size_t n, struct rdl_topk_rows *rows);

/* The product of two vectors in f32. */
float rdl_topk_f32_dot(const float *a, const float *b, size_t dim);

/* topk_bytes.c */

/* The base in bytes; NULL where that is not fast. */
struct rdl_topk_bytes *rdl_topk_bytes_new(const struct rdl_topk *t);
void rdl_topk_bytes_free(struct rdl_topk_bytes *b);

/* What a thread needs for it. */
struct rdl_topk_bytes_work;
struct rdl_topk_bytes_work *rdl_topk_bytes_work_new(const struct rdl_topk *t);
void rdl_topk_bytes_work_free(struct rdl_topk_bytes_work *w);

/* Begin rows and offer scores, as rdl_topk_f32_block(): bounds and shifts are
 * set here, the rows' queries and norms are there. */
void rdl_topk_bytes_block(const struct rdl_topk *t,
    struct rdl_topk_bytes_work *w, const float *queries, size_t n,
    struct rdl_topk_rows *rows);

/* topk_bf16.c: the same in bfloat16; it may fail. */
struct rdl_topk_bf16 *rdl_topk_bf16_new(const struct rdl_topk *t,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_topk_bf16_free(struct rdl_topk_bf16 *b);
struct rdl_topk_bf16_work;
struct rdl_topk_bf16_work *rdl_topk_bf16_work_new(const struct rdl_topk *t);
void rdl_topk_bf16_work_free(struct rdl_topk_bf16_work *w);
int rdl_topk_bf16_block(const struct rdl_topk *t,
    struct rdl_topk_bf16_work *w, const float *queries, size_t n,
    struct rdl_topk_rows *rows, struct rdl_err *err) RDL_MUST_CHECK;

#endif
