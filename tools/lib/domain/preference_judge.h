/*
 * Scores of contrasts by a model that sees: how well each image fits each
 * text, one question a pair, so that no score depends on another.
 */
#ifndef RDL_DOMAIN_PREFERENCE_JUDGE_H
#define RDL_DOMAIN_PREFERENCE_JUDGE_H

#include "domain/judge.h"
#include "domain/preference_group.h"
#include "model/question.h"

/* Check the question's reply against the scale: its member "score" is one of
 * it. */
int rdl_preference_judge_open(struct rdl_question *q,
    const struct rdl_scale *scale, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Have all contrasts of the test's stage judged.  The prompt sees "text",
 * "image", "dimension" (of the contrast, or null) and "scale": {"low", "high",
 * "binary"}.  Memory: the groups under way.  estimate gets what a dry run
 * would cost.
 */
int rdl_preference_judge_run(struct rdl_preference_test *t,
    const struct rdl_question *q, const struct rdl_scale *scale,
    const struct rdl_engine_opts *o, struct rdl_buf *estimate,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
