/*
 * The body of a good answer, or of one whose content is at fault.
 */
#ifndef RDL_STUB_CONTENT_H
#define RDL_STUB_CONTENT_H

#include "stub/plan.h"

/*
 * Fill body, status and token counts of p with the answer to a, spoilt as
 * rule (may be NULL) says.  A refusal of embeddings or images is an error 400.
 */
void rdl_content_make(struct rdl_plan *p, const struct rdl_plan_rules *r,
    const struct rdl_ask *a, const struct rdl_fault *rule);

#endif
