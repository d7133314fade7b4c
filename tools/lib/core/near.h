/*
 * How near two names are, for "did you mean": Levenshtein's edit distance.
 */
#ifndef RDL_CORE_NEAR_H
#define RDL_CORE_NEAR_H

#include <stddef.h>

/* Names longer than this are near to nothing. */
#define RDL_NEAR_MAX 31

/*
 * Insertions, deletions and changes of a byte that make b out of a;
 * RDL_NEAR_MAX + 1 if one of them is longer than RDL_NEAR_MAX.
 */
size_t rdl_near_distance(const char *a, size_t alen, const char *b,
    size_t blen);

#endif
