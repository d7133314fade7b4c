/*
 * What the agreement*.c files share.
 * Nobody else includes this.
 */
#ifndef RDL_DOMAIN_AGREEMENT_IMPL_H
#define RDL_DOMAIN_AGREEMENT_IMPL_H

#include "domain/agreement.h"

/* The table of judges i < j, side x side: how often which score of i met
 * which of j; NULL if there is none. */
const uint64_t *rdl_agreement_cells(const struct rdl_agreement *a, size_t i,
    size_t j);

#endif
