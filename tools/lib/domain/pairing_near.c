/*
 * Groups by nearness: neighbours of each sample, then complete linkage.
 * Works on vectors and hashes in memory.  Knows nothing of records.
 */
#include "domain/pairing_near.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"
#include "vision/topk.h"

#define BATCH 2048		/* samples that are looked up at once */
#define EXTRA 256		/* places kept for siblings, at most */

struct edge {
	float cos;
	uint32_t a, b;		/* a < b */
};

struct work {
	const float *vectors;
	size_t dim;
	const struct rdl_pairing_sample *samples;
	const struct rdl_pairing_near_opts *o;
	struct edge *edges;
	size_t nedges, cap;
	uint32_t *members;	/* of the set */
	size_t n;
	const float *base;	/* [n][dim], of the members */
	struct rdl_topk_hit *hits;	/* [BATCH][k] */
	size_t k;
};

double
rdl_pairing_near_cos(const float *a, const float *b, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)a[d] * (double)b[d];
	return sum;
}

static bool
may_meet(const struct rdl_pairing_sample *a,
    const struct rdl_pairing_sample *b)
{
	return a->base != b->base && a->text != b->text &&
	    a->image != b->image;
}

/* The neighbours of sample i: the nearest that it may meet. */
static void
add_edges(struct work *w, uint32_t i, const struct rdl_topk_hit *hits)
{
	size_t j, found = 0;
	uint32_t other;

	for (j = 0; j < w->k && found < w->o->neighbours; j++) {
		if ((double)hits[j].cos < w->o->min_cos)
			break;
		other = w->members[hits[j].index];
		if (other == i || (double)hits[j].cos > w->o->max_cos ||
		    !may_meet(&w->samples[i], &w->samples[other]))
			continue;
		found++;
		if (w->nedges == w->cap) {
			w->cap = w->cap > 0 ? 2 * w->cap : 4096;
			w->edges = rdl_mem_realloc(w->edges, w->cap,
			    sizeof(*w->edges));
		}
		w->edges[w->nedges++] = (struct edge){ hits[j].cos,
			i < other ? i : other, i < other ? other : i };
	}
}

static int
by_base(const void *a, const void *b)
{
	uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;

	return p < q ? -1 : p > q;
}

/* The most samples that one base has: so many may stand before a neighbour of
 * another one. */
static size_t
most_of_a_base(const struct work *w)
{
	uint64_t *bases = rdl_mem_calloc(w->n, sizeof(*bases));
	size_t i, run = 0, most = 0;

	for (i = 0; i < w->n; i++)
		bases[i] = w->samples[w->members[i]].base;
	qsort(bases, w->n, sizeof(*bases), by_base);
	for (i = 0; i < w->n; i++) {
		run = i > 0 && bases[i] == bases[i - 1] ? run + 1 : 1;
		if (run > most)
			most = run;
	}
	free(bases);
	return most < EXTRA ? most : EXTRA;
}

static int
search(struct work *w, struct rdl_err *err)
{
	struct rdl_topk *t = rdl_topk_new(w->base, w->n, w->dim,
	    w->o->threads, err);
	size_t i, j, n;
	int rc = t == NULL ? -1 : 0;

	for (i = 0; i < w->n && rc == 0; i += n) {
		n = w->n - i < BATCH ? w->n - i : BATCH;
		rc = rdl_tool_stopped() ? rdl_err_set(err, RDL_E_STOPPED,
		    "stopped by a signal") : rdl_topk_find(t, w->base + i *
		    w->dim, n, w->k, w->hits, err);
		for (j = 0; j < n && rc == 0; j++)
			add_edges(w, w->members[i + j], w->hits + j * w->k);
	}
	rdl_topk_free(t);
	return rc;
}

/* Search the members.  Where they are all samples, vectors need no copy. */
static int
search_set(struct work *w, bool all, struct rdl_err *err)
{
	float *copy = NULL;
	size_t i;
	int rc;

	if (w->n < 2)
		return 0;
	w->k = w->o->neighbours + most_of_a_base(w);
	if (w->k > w->n)
		w->k = w->n;
	w->hits = rdl_mem_calloc(BATCH * w->k, sizeof(*w->hits));
	w->base = w->vectors;
	if (!all) {
		copy = rdl_mem_calloc(w->n * w->dim, sizeof(*copy));
		for (i = 0; i < w->n; i++)
			memcpy(copy + i * w->dim, w->vectors + w->members[i] *
			    w->dim, w->dim * sizeof(*copy));
		w->base = copy;
	}
	rc = search(w, err);
	free(copy);
	free(w->hits);
	return rc;
}

/* Search each set by itself. */
static int
search_all(struct work *w, size_t n, struct rdl_err *err)
{
	uint32_t set, last = 0;
	size_t i;
	int rc = 0;

	for (i = 0; i < n; i++)
		if (w->samples[i].set > last)
			last = w->samples[i].set;
	w->members = rdl_mem_calloc(n, sizeof(*w->members));
	for (set = 0; set <= last && rc == 0; set++) {
		w->n = 0;
		for (i = 0; i < n; i++)
			if (w->samples[i].set == set)
				w->members[w->n++] = (uint32_t)i;
		rc = search_set(w, w->n == n, err);
	}
	free(w->members);
	return rc;
}

static int
by_cos(const void *a, const void *b)
{
	const struct edge *p = a, *q = b;

	if (p->cos < q->cos || p->cos > q->cos)
		return p->cos > q->cos ? -1 : 1;
	if (p->a != q->a)
		return p->a < q->a ? -1 : 1;
	return p->b < q->b ? -1 : p->b > q->b;
}

/* The first of the ring that i is in, and how many it has. */
static uint32_t
first_of(const uint32_t *next, uint32_t i, size_t *n)
{
	uint32_t first = i, at;

	*n = 1;
	for (at = next[i]; at != i; at = next[at]) {
		++*n;
		if (at < first)
			first = at;
	}
	return first;
}

/* May all of one ring stand with all of the other?  The two of the edge may. */
static bool
may_join(const struct work *w, const uint32_t *next, const struct edge *e)
{
	uint32_t i = e->a, j = e->b;
	double cos;

	do {
		do {
			if (i == e->a && j == e->b)
				continue;
			cos = rdl_pairing_near_cos(w->vectors + i * w->dim,
			    w->vectors + j * w->dim, w->dim);
			if (cos < w->o->min_cos || cos > w->o->max_cos ||
			    !may_meet(&w->samples[i], &w->samples[j]))
				return false;
		} while ((j = next[j]) != e->b);
	} while ((i = next[i]) != e->a);
	return true;
}

static void
link_all(struct work *w, struct rdl_pairing_near *out)
{
	const struct edge *e;
	size_t i, na, nb;
	uint32_t t;

	if (w->nedges > 1)
		qsort(w->edges, w->nedges, sizeof(*w->edges), by_cos);
	for (i = 0; i < w->nedges; i++) {
		e = &w->edges[i];
		if (i > 0 && e[-1].a == e->a && e[-1].b == e->b)
			continue;	/* each is the other's neighbour */
		out->pairs++;
		if (first_of(out->next, e->a, &na) ==
		    first_of(out->next, e->b, &nb) ||
		    na + nb > w->o->group || !may_join(w, out->next, e))
			continue;
		t = out->next[e->a];
		out->next[e->a] = out->next[e->b];
		out->next[e->b] = t;
		out->groups += na == 1 && nb == 1 ? 1u : 0u;
		out->groups -= na > 1 && nb > 1 ? 1u : 0u;
		out->grouped += (na == 1 ? 1u : 0u) + (nb == 1 ? 1u : 0u);
	}
}

int
rdl_pairing_near(const float *vectors, size_t dim,
    const struct rdl_pairing_sample *samples, size_t n,
    const struct rdl_pairing_near_opts *o, struct rdl_pairing_near *out,
    struct rdl_err *err)
{
	struct work w = { .vectors = vectors, .dim = dim, .samples = samples,
		.o = o };
	size_t i;
	int rc;

	memset(out, 0, sizeof(*out));
	if (n > UINT32_MAX)
		return rdl_err_set(err, RDL_E_INPUT, "too many samples");
	out->n = n;
	out->next = rdl_mem_calloc(n, sizeof(*out->next));
	for (i = 0; i < n; i++)
		out->next[i] = (uint32_t)i;
	rc = search_all(&w, n, err);
	if (rc == 0)
		link_all(&w, out);
	free(w.edges);
	return rc;
}

void
rdl_pairing_near_release(struct rdl_pairing_near *g)
{
	free(g->next);
	memset(g, 0, sizeof(*g));
}
