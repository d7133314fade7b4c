/*
 * How far judges agree: what follows from the counts (agreement.h).
 * Reads the tables that agreement.c keeps; keeps nothing.
 */
#include <math.h>
#include <string.h>

#include "domain/agreement_impl.h"

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : (double)NAN;
}

double
rdl_agreement_mean(const struct rdl_agreement *a, size_t judge)
{
	const struct rdl_agreement_judge *j = &a->judges[judge];

	return share(j->score.sum + j->score.lost, (double)j->scores);
}

double
rdl_agreement_acceptance(const struct rdl_agreement *a, size_t judge)
{
	const struct rdl_agreement_judge *j = &a->judges[judge];

	return share((double)j->yes, (double)j->scores);
}

double
rdl_agreement_bias(const struct rdl_agreement *a, size_t judge)
{
	const struct rdl_agreement_judge *j = &a->judges[judge];

	return share(j->above.sum + j->above.lost, (double)j->compared);
}

/* share() would take no negative whole; this is 1 - part / whole. */
static double
beyond_chance(double seen, double expected)
{
	return expected > 0 ? 1 - seen / expected : (double)NAN;
}

/* The rows' and columns' sums of a table, and the sum of all. */
static uint64_t
margins(const struct rdl_agreement *a, const uint64_t *t,
    uint64_t *rows, uint64_t *cols)
{
	uint64_t all = 0;
	size_t r, c;

	memset(rows, 0, a->nvalues * sizeof(*rows));
	memset(cols, 0, a->nvalues * sizeof(*cols));
	for (r = 0; r < a->nvalues; r++)
		for (c = 0; c < a->nvalues; c++) {
			rows[r] += t[r * a->side + c];
			cols[c] += t[r * a->side + c];
			all += t[r * a->side + c];
		}
	return all;
}

/*
 * Kappa is 1 - D / E: the disagreement seen, over that which the margins
 * would give by chance.  With a weight of 1 for any two scores that differ
 * it is Cohen's, with their squared distance the weighted one.
 */
void
rdl_agreement_pair(const struct rdl_agreement *a, size_t i, size_t j,
    struct rdl_agreement_pair *out)
{
	uint64_t rows[RDL_AGREEMENT_VALUES], cols[RDL_AGREEMENT_VALUES], all;
	const uint64_t *t = i < j ? rdl_agreement_cells(a, i, j) :
	    rdl_agreement_cells(a, j, i);
	double seen = 0, expected = 0, wseen = 0, wexpected = 0, d, chance;
	size_t r, c;

	*out = (struct rdl_agreement_pair){ 0, NAN, NAN, NAN };
	if (t == NULL)
		return;
	all = margins(a, t, rows, cols);
	out->records = all;
	for (r = 0; r < a->nvalues; r++)
		for (c = 0; c < a->nvalues; c++) {
			if (r == c)
				continue;
			d = a->values[r] - a->values[c];
			chance = (double)rows[r] * (double)cols[c];
			seen += (double)t[r * a->side + c];
			wseen += (double)t[r * a->side + c] * d * d;
			expected += chance;
			wexpected += chance * d * d;
		}
	out->agreement = share((double)all - seen, (double)all);
	out->cohen = beyond_chance(seen * (double)all, expected);
	out->weighted = beyond_chance(wseen * (double)all, wexpected);
}

/*
 * Of the n(n-1) ordered pairs of scores of each record, the share that is
 * equal, against the squares of the shares of the scores.
 */
double
rdl_agreement_fleiss(const struct rdl_agreement *a, uint64_t *records)
{
	size_t m = a->njudges, r, c;
	const uint64_t *t = m < 2 ? NULL : a->pairable[m];
	double equal = 0, chance = 0, pairs, row;

	*records = m < 2 ? 0 : a->units[m];
	if (t == NULL)
		return (double)NAN;
	pairs = (double)*records * (double)m * (double)(m - 1);
	for (r = 0; r < a->nvalues; r++) {
		row = 0;
		for (c = 0; c < a->nvalues; c++)
			row += (double)t[r * a->side + c];
		equal += (double)t[r * a->side + r];
		chance += row / pairs * (row / pairs);
	}
	return chance < 1 ? (equal / pairs - chance) / (1 - chance) :
	    (double)NAN;
}

/* The order of the values. */
static void
sort_values(const struct rdl_agreement *a, size_t *order)
{
	size_t i, k;

	for (i = 0; i < a->nvalues; i++) {
		for (k = i; k > 0 &&
		    a->values[order[k - 1]] > a->values[i]; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

/*
 * Coincidences of values r and c: each record gives its pairs, divided by
 * its scores less one, so that every score counts once.
 */
static double
coincidences(const struct rdl_agreement *a, size_t r, size_t c)
{
	double sum = 0;
	size_t m;

	for (m = 2; m <= a->njudges; m++)
		if (a->pairable[m] != NULL)
			sum += (double)a->pairable[m][r * a->side + c] /
			    (double)(m - 1);
	return sum;
}

/* How often each value stands in records that two or more scored: whole
 * numbers, since all pairs of a score together are its others. */
static double
totals(const struct rdl_agreement *a, const size_t *order, double *n)
{
	uint64_t pairs;
	double all = 0;
	size_t i, c, m;

	for (i = 0; i < a->nvalues; i++) {
		n[i] = 0;
		for (m = 2; m <= a->njudges; m++) {
			if (a->pairable[m] == NULL)
				continue;
			pairs = 0;
			for (c = 0; c < a->nvalues; c++)
				pairs += a->pairable[m]
				    [order[i] * a->side + c];
			n[i] += (double)(pairs / (m - 1));
		}
		all += n[i];
	}
	return all;
}

/* Squared difference of the values at i < k of the order. */
static double
difference(const struct rdl_agreement *a, enum rdl_alpha metric,
    const size_t *order, const double *n, size_t i, size_t k)
{
	double d;

	switch (metric) {
	case RDL_ALPHA_NOMINAL:
		return 1;
	case RDL_ALPHA_INTERVAL:
		d = a->values[order[k]] - a->values[order[i]];
		return d * d;
	case RDL_ALPHA_ORDINAL:
		break;
	}
	d = (n[i] + n[k]) / 2;
	while (++i < k)
		d += n[i];
	return d * d;
}

double
rdl_agreement_alpha(const struct rdl_agreement *a, enum rdl_alpha metric,
    uint64_t *records)
{
	size_t order[RDL_AGREEMENT_VALUES], i, k, m;
	double n[RDL_AGREEMENT_VALUES];
	double all, d, seen = 0, expected = 0;

	*records = 0;
	for (m = 2; m <= a->njudges; m++)
		*records += a->units[m];
	if (a->too_many)
		return (double)NAN;
	sort_values(a, order);
	all = totals(a, order, n);
	for (k = 1; k < a->nvalues; k++)
		for (i = 0; i < k; i++) {
			d = difference(a, metric, order, n, i, k);
			seen += coincidences(a, order[i], order[k]) * d;
			expected += n[i] * n[k] * d;
		}
	return beyond_chance((all - 1) * seen, expected);
}
