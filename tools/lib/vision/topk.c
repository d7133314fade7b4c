/*
 * The k best of many unit vectors for each of many others, exactly.
 * Blocks of queries are shared out to threads; scores come from a pass
 * (topk_f32.c, topk_bytes.c, topk_bf16.c), choice and final scores from
 * topk_select.c.  Does no I/O.
 */
#include "vision/topk.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/mem.h"
#include "vision/topk_impl.h"

#define THREADS_MAX 256

/* Vectors are made in single precision, or lower: this far from length 1. */
#define UNIT_TOLERANCE 1e-3

/* One call of rdl_topk_find(). */
struct search {
	const struct rdl_topk *t;
	const float *queries;
	const double *norms;		/* of the queries */
	size_t n, k, block;
	struct rdl_topk_hit *hits;
	atomic_size_t next;		/* the block nobody took yet */
	atomic_bool failed;
	struct rdl_err err;		/* of the first that failed */
};

/* The norm of a vector, or -1 if it is not about 1. */
static double
unit_norm(const float *v, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)v[d] * (double)v[d];
	sum = sqrt(sum);
	return fabs(sum - 1) <= UNIT_TOLERANCE ? sum : -1;
}

static unsigned
count_threads(unsigned threads)
{
	long n = threads > 0 ? (long)threads : sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

void
rdl_topk_centre(const struct rdl_topk *t, float *centre)
{
	double *sum = rdl_mem_calloc(t->dim, sizeof(*sum));
	size_t i, d;

	for (i = 0; i < t->m; i++)
		for (d = 0; d < t->dim; d++)
			sum[d] += (double)t->base[i * t->dim + d];
	for (d = 0; d < t->dim && t->m > 0; d++)
		centre[d] = (float)(sum[d] / (double)t->m);
	free(sum);
}

/* Lay out the base for a pass: bfloat16 where there is AMX, else bytes where
 * the CPU multiplies them, else f32. */
static int
lay_out(struct rdl_topk *t, int pass, struct rdl_err *err)
{
	struct rdl_err none = RDL_ERR_INIT;
	bool any = pass == RDL_TOPK_AUTO;

	if (pass == RDL_TOPK_BF16 || (any && rdl_kernel_cpu()->amx &&
	    t->kernel == rdl_kernel_best())) {
		t->bf16 = rdl_topk_bf16_new(t, any ? &none : err);
		if (t->bf16 != NULL || !any)
			return t->bf16 == NULL ? -1 : 0;
	}
	if (any || pass == RDL_TOPK_BYTES) {
		t->bytes = rdl_topk_bytes_new(t);
		if (t->bytes != NULL)
			return 0;
		if (!any)
			return rdl_err_set(err, RDL_E_IO,
			    "this processor does not multiply bytes");
	}
	t->panels = rdl_topk_f32_panels(t);
	return 0;
}

/* The longest of n unit vectors, or -1 with the message. */
static double
longest(const float *v, size_t n, size_t dim, struct rdl_err *err)
{
	double norm, max = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		norm = unit_norm(v + i * dim, dim);
		if (norm < 0)
			return rdl_err_set(err, RDL_E_INPUT, "vector %zu of "
			    "the base is not of length 1", i);
		max = norm > max ? norm : max;
	}
	return max;
}

struct rdl_topk *
rdl_topk_make(const float *base, size_t m, size_t dim, unsigned threads,
    int pass, const struct rdl_kernel *kernel, struct rdl_err *err)
{
	struct rdl_topk *t;
	double max;

	if (dim == 0 || m >= UINT32_MAX || (m > 0 && dim > SIZE_MAX / 8 / m)) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "%zu vectors of %zu numbers: cannot search", m, dim);
		return NULL;
	}
	max = longest(base, m, dim, err);
	if (max < 0)
		return NULL;
	t = rdl_mem_calloc(1, sizeof(*t));
	t->base = base;
	t->m = m;
	t->dim = dim;
	t->threads = count_threads(threads);
	t->norm_max = max;
	t->kernel = kernel;
	if (lay_out(t, pass, err) == 0)
		return t;
	rdl_topk_free(t);
	return NULL;
}

struct rdl_topk *
rdl_topk_new(const float *base, size_t m, size_t dim, unsigned threads,
    struct rdl_err *err)
{
	return rdl_topk_make(base, m, dim, threads, RDL_TOPK_AUTO,
	    rdl_kernel_best(), err);
}

void
rdl_topk_free(struct rdl_topk *t)
{
	if (t == NULL)
		return;
	free(t->panels);
	rdl_topk_bytes_free(t->bytes);
	rdl_topk_bf16_free(t->bf16);
	free(t);
}

/* What a thread needs. */
struct worker {
	struct rdl_topk_rows rows;
	struct rdl_topk_bytes_work *bytes;
	struct rdl_topk_bf16_work *bf16;
};

static int
run_pass(const struct rdl_topk *t, struct worker *w, const float *queries,
    size_t n, struct rdl_err *err)
{
	size_t i;

	if (t->bf16 != NULL)
		return rdl_topk_bf16_block(t, w->bf16, queries, n, &w->rows,
		    err);
	if (t->bytes != NULL) {
		rdl_topk_bytes_block(t, w->bytes, queries, n, &w->rows);
		return 0;
	}
	for (i = 0; i < n; i++)
		rdl_topk_rows_begin(&w->rows, i);
	rdl_topk_f32_block(t, queries, n, &w->rows);
	return 0;
}

static int
search_block(const struct search *s, size_t from, size_t n, struct worker *w,
    struct rdl_err *err)
{
	const struct rdl_topk *t = s->t;
	const float *queries = s->queries + from * t->dim;
	struct rdl_topk_row *row;
	size_t i;

	for (i = 0; i < n; i++) {
		row = &w->rows.rows[i];
		row->query = queries + i * t->dim;
		row->norm = s->norms[from + i];
		row->shift = 0;
		row->bound = rdl_topk_f32_bound(t->dim) * row->norm *
		    t->norm_max;
	}
	if (run_pass(t, w, queries, n, err) < 0)
		return -1;
	for (i = 0; i < n; i++)
		rdl_topk_rows_end(&w->rows, i, s->hits + (from + i) * s->k);
	return 0;
}

/* Take blocks until none is left, or one failed. */
static void *
work(void *arg)
{
	struct search *s = arg;
	struct rdl_err err = RDL_ERR_INIT;
	struct worker w = { .bytes = NULL };
	size_t block, from, n;

	rdl_topk_rows_init(&w.rows, s->t, s->k);
	if (s->t->bytes != NULL)
		w.bytes = rdl_topk_bytes_work_new(s->t);
	if (s->t->bf16 != NULL)
		w.bf16 = rdl_topk_bf16_work_new(s->t);
	block = s->block < w.rows.n ? s->block : w.rows.n;
	while ((from = atomic_fetch_add(&s->next, block)) < s->n) {
		n = s->n - from < block ? s->n - from : block;
		if (search_block(s, from, n, &w, &err) == 0)
			continue;
		if (!atomic_exchange(&s->failed, true))
			s->err = err;
		break;
	}
	rdl_topk_bytes_work_free(w.bytes);
	rdl_topk_bf16_work_free(w.bf16);
	rdl_topk_rows_release(&w.rows);
	return NULL;
}

/* In as many threads as there are, and as have something to do.  A thread that
 * cannot be made is done without. */
static void
share_out(struct search *s)
{
	pthread_t threads[THREADS_MAX];
	size_t each = (s->n + s->t->threads - 1) / s->t->threads;
	unsigned i, made = 0, want = s->t->threads - 1;

	size_t most = RDL_TOPK_QB / s->t->kernel->rows * s->t->kernel->rows;

	s->block = each < most ? each : most;
	if (s->n <= s->block)
		want = 0;
	for (i = 0; i < want; i++)
		if (pthread_create(&threads[made], NULL, work, s) == 0)
			made++;
	(void)work(s);
	for (i = 0; i < made; i++)
		(void)pthread_join(threads[i], NULL);
}

int
rdl_topk_find(struct rdl_topk *t, const float *queries, size_t n, size_t k,
    struct rdl_topk_hit *hits, struct rdl_err *err)
{
	struct search s = { .t = t, .queries = queries, .n = n, .k = k,
		.hits = hits };
	double *norms;
	size_t i;

	if (k > t->m)
		return rdl_err_set(err, RDL_E_INPUT, "the %zu best of %zu", k,
		    t->m);
	if (k == 0 || n == 0)
		return 0;
	norms = rdl_mem_calloc(n, sizeof(*norms));
	for (i = 0; i < n; i++) {
		norms[i] = unit_norm(queries + i * t->dim, t->dim);
		if (norms[i] < 0) {
			free(norms);
			return rdl_err_set(err, RDL_E_INPUT,
			    "vector %zu is not of length 1", i);
		}
	}
	s.norms = norms;
	atomic_init(&s.next, 0);
	atomic_init(&s.failed, false);
	share_out(&s);
	free(norms);
	if (!atomic_load(&s.failed))
		return 0;
	*err = s.err;
	return -1;
}
