/*
 * How far judges agree: the counts.
 * Reads ballots; keeps tables of how often which scores met.  What follows
 * from them is computed in agreement_kappa.c.
 */
#include "domain/agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/agreement_impl.h"

#define SIDE_MIN 2

void
rdl_agreement_init(struct rdl_agreement *a, size_t judges)
{
	memset(a, 0, sizeof(*a));
	a->side = SIDE_MIN;
	a->njudges = judges;
}

static void
free_tables(struct rdl_agreement *a)
{
	size_t m;

	free(a->pairs);
	a->pairs = NULL;
	a->npairs = 0;
	for (m = 0; m <= RDL_JUDGES_MAX; m++) {
		free(a->pairable[m]);
		a->pairable[m] = NULL;
	}
}

void
rdl_agreement_release(struct rdl_agreement *a)
{
	free_tables(a);
	rdl_agreement_init(a, 0);
}

/* Bytes of all tables if they had that side and there were n pairs. */
static size_t
bytes_of(const struct rdl_agreement *a, size_t side, size_t n)
{
	size_t m;

	for (m = 0; m <= RDL_JUDGES_MAX; m++)
		n += a->pairable[m] != NULL;
	return n * side * side * sizeof(*a->pairs);
}

static void
give_up(struct rdl_agreement *a)
{
	free_tables(a);
	a->too_many = true;
}

/* n tables with a larger side, the counts where they belong. */
static uint64_t *
widen(const uint64_t *from, size_t n, size_t side, size_t wider)
{
	uint64_t *to = rdl_mem_calloc(n * wider * wider, sizeof(*to));
	size_t t, row;

	for (t = 0; t < n; t++)
		for (row = 0; row < side; row++)
			memcpy(to + (t * wider + row) * wider,
			    from + (t * side + row) * side,
			    side * sizeof(*to));
	return to;
}

/* Make room for twice as many values. */
static void
widen_all(struct rdl_agreement *a)
{
	size_t m, wider = 2 * a->side;
	uint64_t *t;

	if (a->nvalues == RDL_AGREEMENT_VALUES ||
	    bytes_of(a, wider, a->npairs) > RDL_AGREEMENT_BYTES) {
		give_up(a);
		return;
	}
	if (a->pairs != NULL) {
		t = widen(a->pairs, a->npairs, a->side, wider);
		free(a->pairs);
		a->pairs = t;
	}
	for (m = 0; m <= RDL_JUDGES_MAX; m++)
		if (a->pairable[m] != NULL) {
			t = widen(a->pairable[m], 1, a->side, wider);
			free(a->pairable[m]);
			a->pairable[m] = t;
		}
	a->side = wider;
}

/* The index of a score among the values. */
static size_t
value_of(struct rdl_agreement *a, double score)
{
	size_t i;

	for (i = 0; i < a->nvalues; i++)
		if (a->values[i] >= score && a->values[i] <= score)
			return i;
	if (a->nvalues == a->side)
		widen_all(a);
	if (a->too_many)
		return 0;
	a->values[a->nvalues] = score;
	return a->nvalues++;
}

/* Tables for the pairs of n judges, and for records that m of them scored. */
static void
make_tables(struct rdl_agreement *a, size_t n, size_t m)
{
	size_t want = n * (n - 1) / 2, cells = a->side * a->side;

	if (want > a->npairs) {
		if (bytes_of(a, a->side, want) > RDL_AGREEMENT_BYTES) {
			give_up(a);
			return;
		}
		a->pairs = rdl_mem_realloc(a->pairs, want,
		    cells * sizeof(*a->pairs));
		memset(a->pairs + a->npairs * cells, 0,
		    (want - a->npairs) * cells * sizeof(*a->pairs));
		a->npairs = want;
	}
	if (a->pairable[m] == NULL)
		a->pairable[m] = rdl_mem_calloc(cells, sizeof(uint64_t));
}

const uint64_t *
rdl_agreement_cells(const struct rdl_agreement *a, size_t i, size_t j)
{
	size_t at = j * (j - 1) / 2 + i;

	return at < a->npairs ? a->pairs + at * a->side * a->side : NULL;
}

/* Count the pairs of m scores of one record. */
static void
add_pairs(struct rdl_agreement *a, const struct rdl_score *const *s,
    const size_t *value, size_t m)
{
	size_t cells = a->side * a->side, i, k, at;
	const size_t side = a->side;
	uint64_t *all = a->pairable[m];

	for (i = 1; i < m; i++)
		for (k = 0; k < i; k++) {
			size_t p = s[k]->judge, q = s[i]->judge;
			size_t vp = value[k], vq = value[i];

			all[vp * side + vq]++;
			all[vq * side + vp]++;
			if (p < q)
				at = (q * (q - 1) / 2 + p) * cells +
				    vp * side + vq;
			else
				at = (p * (p - 1) / 2 + q) * cells +
				    vq * side + vp;
			a->pairs[at]++;
		}
}

static void
sum_add(struct rdl_agreement_sum *s, double x)
{
	double t = s->sum + x;

	s->lost += fabs(s->sum) >= fabs(x) ? s->sum - t + x : x - t + s->sum;
	s->sum = t;
}

static void
add_judges(struct rdl_agreement *a, const struct rdl_score *const *s,
    size_t m)
{
	struct rdl_agreement_judge *j;
	double sum = 0;
	size_t i;

	for (i = 0; i < m; i++)
		sum += s[i]->score;
	for (i = 0; i < m; i++) {
		j = &a->judges[s[i]->judge];
		j->scores++;
		j->yes += s[i]->yes;
		sum_add(&j->score, s[i]->score);
		if (m == 1)
			continue;
		j->compared++;
		sum_add(&j->above, s[i]->score -
		    (sum - s[i]->score) / (double)(m - 1));
	}
}

void
rdl_agreement_add(struct rdl_agreement *a, const struct rdl_ballot *b)
{
	const struct rdl_score *s[RDL_JUDGES_MAX];
	size_t value[RDL_JUDGES_MAX];
	size_t i, m = 0;

	a->records++;
	for (i = 0; i < b->n; i++) {
		if (b->v[i].judge >= a->njudges)
			a->njudges = b->v[i].judge + 1;
		if (b->v[i].abstained)
			a->judges[b->v[i].judge].abstained++;
		else
			s[m++] = &b->v[i];
	}
	a->units[m]++;
	a->unscored += m == 0;
	add_judges(a, s, m);
	if (m < 2 || a->too_many)
		return;
	for (i = 0; i < m; i++)
		value[i] = value_of(a, s[i]->score);
	if (!a->too_many)
		make_tables(a, a->njudges, m);
	if (!a->too_many)
		add_pairs(a, s, value, m);
}
