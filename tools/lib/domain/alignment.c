/*
 * Own against sibling, on the scores of a group.
 * Reads a contrast record's scores, computes differences.  Makes no scores.
 */
#include "domain/alignment.h"

#include <math.h>
#include <stdio.h>

#include "record/canon.h"

#define EXACT 1e9	/* from here on a double has fewer than six decimals */

static int
read_row(double *out, size_t n, yyjson_val *row, size_t number,
    struct rdl_reason *why)
{
	yyjson_val *v;
	size_t i, max;

	if (yyjson_arr_size(row) != n) {
		(void)rdl_reason_set(why, true, "scores",
		    "the scores of side %zu are not %zu numbers", number, n);
		return -1;
	}
	yyjson_arr_foreach(row, i, max, v) {
		if (!yyjson_is_num(v)) {
			(void)rdl_reason_set(why, true, "scores",
			    "score %zu of side %zu is missing", i + 1, number);
			return -1;
		}
		out[i] = yyjson_get_num(v);
	}
	return 1;
}

int
rdl_alignment_read(struct rdl_alignment *a, const struct rdl_contrast *c,
    struct rdl_reason *why)
{
	yyjson_val *rows = rdl_rec_get(c->rec, "scores"), *row;
	size_t i;
	bool any = rows != NULL;

	a->n = c->n;
	for (i = 0; i < c->n && !any; i++)
		any = c->v[i].scores != NULL;
	if (!any)
		return 0;
	if (rows != NULL && yyjson_arr_size(rows) != c->n) {
		(void)rdl_reason_set(why, true, "scores",
		    "/scores: not a row for each of %zu sides", c->n);
		return -1;
	}
	for (i = 0; i < c->n; i++) {
		row = rows != NULL ? yyjson_arr_get(rows, i) : c->v[i].scores;
		if (read_row(a->s + i * c->n, c->n, row, i + 1, why) < 0)
			return -1;
	}
	return 1;
}

/* Side i against its sibling j, by a score of theirs. */
static int
check_pair(const struct rdl_alignment_rule *r, double own, double other,
    size_t i, size_t j, const char *what, struct rdl_reason *why)
{
	double gap = own - other;

	if (own > other && !(gap < r->min_gap))
		return 1;
	(void)rdl_reason_set(why, false, own > other ? "min-gap" : "sibling",
	    "side %zu: own %.6g, with the %s of side %zu %.6g", i + 1, own,
	    what, j + 1, other);
	(void)snprintf(why->value, sizeof(why->value), "%.6g", gap);
	if (own > other)
		(void)snprintf(why->threshold, sizeof(why->threshold), "%.6g",
		    r->min_gap);
	return 0;
}

static int
check_side(const struct rdl_alignment *a, const struct rdl_alignment_rule *r,
    size_t i, struct rdl_reason *why)
{
	double own = a->s[i * a->n + i];
	size_t j;

	if (own < r->min_own) {
		(void)rdl_reason_set(why, false, "min-own",
		    "side %zu: text and image score %.6g", i + 1, own);
		(void)snprintf(why->value, sizeof(why->value), "%.6g", own);
		(void)snprintf(why->threshold, sizeof(why->threshold), "%.6g",
		    r->min_own);
		return 0;
	}
	for (j = 0; j < a->n; j++) {
		if (j == i)
			continue;
		if (r->test != RDL_ALIGNMENT_IMAGE && check_pair(r, own,
		    a->s[j * a->n + i], i, j, "text", why) == 0)
			return 0;
		if (r->test != RDL_ALIGNMENT_TEXT && check_pair(r, own,
		    a->s[i * a->n + j], i, j, "image", why) == 0)
			return 0;
	}
	return 1;
}

int
rdl_alignment_check(const struct rdl_alignment *a,
    const struct rdl_alignment_rule *r, struct rdl_reason *why)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (check_side(a, r, i, why) == 0)
			return 0;
	return 1;
}

double
rdl_alignment_margin(const struct rdl_alignment *a, bool texts, size_t own,
    size_t other)
{
	size_t with = texts ? other * a->n + own : own * a->n + other;

	return a->s[own * a->n + own] - a->s[with];
}

/* Up to here k / 1e6 has 15 digits at most, and they are the shortest that give
 * its double back. */
void
rdl_alignment_number(double d, struct rdl_buf *out)
{
	char digits[] = ".000000";
	uint64_t k, rest;
	size_t i, n;

	if (!(fabs(d) < EXACT)) {
		rdl_canon_number(d, out);
		return;
	}
	k = (uint64_t)nearbyint(fabs(d) * 1e6);
	if (d < 0 && k > 0)
		rdl_buf_addc(out, '-');
	rdl_buf_addu(out, k / 1000000);
	rest = k % 1000000;
	if (rest == 0)
		return;
	for (i = 6; i > 0; i--, rest /= 10)
		digits[i] = (char)('0' + rest % 10);
	for (n = 7; digits[n - 1] == '0'; n--)
		;
	rdl_buf_add(out, digits, n);
}

void
rdl_alignment_json(const struct rdl_alignment *a, struct rdl_buf *out)
{
	size_t i, j;

	rdl_buf_addc(out, '[');
	for (i = 0; i < a->n; i++) {
		rdl_buf_adds(out, i > 0 ? ",[" : "[");
		for (j = 0; j < a->n; j++) {
			if (j > 0)
				rdl_buf_addc(out, ',');
			rdl_alignment_number(a->s[i * a->n + j], out);
		}
		rdl_buf_addc(out, ']');
	}
	rdl_buf_addc(out, ']');
}
