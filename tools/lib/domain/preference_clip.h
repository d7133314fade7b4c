/*
 * Scores of contrasts by CLIP: the cosine of each image with each text.
 */
#ifndef RDL_DOMAIN_PREFERENCE_CLIP_H
#define RDL_DOMAIN_PREFERENCE_CLIP_H

#include "domain/preference_group.h"
#include "vision/embed.h"

/* Score all contrasts of the test's stage, in order.  Memory: what the
 * embedder has under way, and a vector a text and image of that. */
int rdl_preference_clip_run(struct rdl_preference_test *t,
    struct rdl_embed *embed, struct rdl_err *err) RDL_MUST_CHECK;

#endif
