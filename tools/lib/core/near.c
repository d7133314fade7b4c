/*
 * How near two names are, for "did you mean".
 * Reads two strings; keeps one row of the table on the stack.
 */
#include "core/near.h"

size_t
rdl_near_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t row[RDL_NEAR_MAX + 1], i, j, diag, next;

	if (alen > RDL_NEAR_MAX || blen > RDL_NEAR_MAX)
		return RDL_NEAR_MAX + 1;
	for (j = 0; j <= blen; j++)
		row[j] = j;
	for (i = 1; i <= alen; i++) {
		diag = row[0];
		row[0] = i;
		for (j = 1; j <= blen; j++) {
			next = diag + (a[i - 1] != b[j - 1]);
			if (row[j] + 1 < next)
				next = row[j] + 1;
			if (row[j - 1] + 1 < next)
				next = row[j - 1] + 1;
			diag = row[j];
			row[j] = next;
		}
	}
	return row[blen];
}
