/*
 * Which images are wanted, and why a file is not: pure rules.
 */
#ifndef RDL_DOMAIN_VERDICT_H
#define RDL_DOMAIN_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "record/id.h"
#include "vision/pool.h"

/* Zero and below: no such rule. */
struct rdl_verdict_rules {
	int64_t min_side;	/* pixels of the short side */
	int64_t min_bytes;
	int64_t max_pixels;
	double max_aspect;	/* long side / short side */
};

/* Why a file is lost. */
struct rdl_verdict {
	bool failed;		/* else a rule dropped it */
	const char *rule;	/* static */
	char value[RDL_ID_TEXT], threshold[32];	/* "": none */
	char why[256];		/* one line */
};

/* Fill a verdict without value and threshold. */
void rdl_verdict_set(struct rdl_verdict *v, bool failed, const char *rule,
    const char *fmt, ...) RDL_PRINTF(4, 5);

/* Is an image of that size wanted?  If not, v says why. */
bool rdl_verdict_of_size(const struct rdl_verdict_rules *rules,
    const struct rdl_image_info *info, struct rdl_verdict *v) RDL_MUST_CHECK;

/* The same for the length of a file. */
bool rdl_verdict_of_bytes(const struct rdl_verdict_rules *rules, size_t len,
    struct rdl_verdict *v) RDL_MUST_CHECK;

/* Why a file has no pixels.  More than max_pixels is a drop when that is a
 * rule, and a failure where it is the decoder's own bound. */
void rdl_verdict_of_result(const struct rdl_verdict_rules *rules,
    const struct rdl_pool_result *r, struct rdl_verdict *v);

#endif
