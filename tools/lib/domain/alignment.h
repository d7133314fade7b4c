/*
 * Does each image of a group fit its own instruction better than those of its
 * siblings?  On a matrix of scores, whoever gave them.  Of two sides these are
 * the text, image and group scores of Winoground (Thrush et al., CVPR 2022).
 */
#ifndef RDL_DOMAIN_ALIGNMENT_H
#define RDL_DOMAIN_ALIGNMENT_H

#include "domain/contrast.h"

struct rdl_alignment {
	size_t n;
	/* s[i * n + j]: the image of side j under the text of side i */
	double s[RDL_CONTRAST_SIDES * RDL_CONTRAST_SIDES];
};

enum rdl_alignment_test {
	RDL_ALIGNMENT_BOTH,
	RDL_ALIGNMENT_TEXT,	/* each image prefers its own text */
	RDL_ALIGNMENT_IMAGE	/* each text prefers its own image */
};

struct rdl_alignment_rule {
	int test;		/* enum rdl_alignment_test */
	double min_own;		/* NAN: not asked */
	double min_gap;		/* of own and sibling; NAN: only above 0 */
};

/* Read the record's "scores", or else those of its sides.  1; 0 if there are
 * none; -1 if they are no matrix of numbers, why says what is wrong. */
int rdl_alignment_read(struct rdl_alignment *a, const struct rdl_contrast *c,
    struct rdl_reason *why) RDL_MUST_CHECK;

/* 1, or 0 with the first side that does not pass: "min-own", "sibling" or
 * "min-gap". */
int rdl_alignment_check(const struct rdl_alignment *a,
    const struct rdl_alignment_rule *r, struct rdl_reason *why) RDL_MUST_CHECK;

/* By how much side own goes before other: of images, under own's text; of
 * texts, for own's image. */
double rdl_alignment_margin(const struct rdl_alignment *a, bool texts,
    size_t own, size_t other);

/* Append the matrix as JSON, numbers with six decimals. */
void rdl_alignment_json(const struct rdl_alignment *a, struct rdl_buf *out);

/* Append a score with at most six decimals. */
void rdl_alignment_number(double d, struct rdl_buf *out);

#endif
