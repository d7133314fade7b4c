/*
 * One "scores" out of several: those of a record that was judged apart.
 */
#ifndef RDL_DOMAIN_SCORES_H
#define RDL_DOMAIN_SCORES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "record/rec.h"

/*
 * Append an array of all elements of the members "scores" of n records, in
 * their order, each element byte for byte.  A member that is missing or no
 * array gives none.  with_copies: there may be elements that an earlier record
 * has as well; those are left out.
 */
void rdl_scores_merge(const struct rdl_rec *const *recs, size_t n,
    bool with_copies, struct rdl_buf *out);

#endif
