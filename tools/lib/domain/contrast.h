/*
 * A contrast record as a group of sides: an instruction each, and its image.
 * Says why a group is of no use for pairs.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_CONTRAST_H
#define RDL_DOMAIN_CONTRAST_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/reason.h"
#include "record/id.h"
#include "record/rec.h"
#include "record/span.h"

#define RDL_CONTRAST_SIDES 64

struct rdl_side {
	struct rdl_quote text;
	struct rdl_span image;		/* the object; p is NULL without one */
	struct rdl_quote image_id;
	struct rdl_quote uri, sha256;	/* p is NULL if there is none */
	yyjson_val *record;		/* of the image */
	yyjson_val *scores;		/* a row of the matrix, or NULL */
};

struct rdl_contrast {
	const struct rdl_rec *rec;
	struct rdl_side v[RDL_CONTRAST_SIDES];
	size_t n;
};

/* Is one text the other, but for case and blanks?  (utf8.h's fold) */
bool rdl_contrast_same(const struct rdl_quote *a, const struct rdl_quote *b);

/*
 * Read the sides of rec, which c borrows from.  1, or 0 with why: "record", it
 * is no contrast; "one-side"; "no-image", where images are wanted; "same-text"
 * and "same-image", two sides that differ in nothing.
 */
int rdl_contrast_read(struct rdl_contrast *c, const struct rdl_rec *rec,
    bool images, struct rdl_reason *why) RDL_MUST_CHECK;

/* The same, but one side is enough. */
int rdl_contrast_read_any(struct rdl_contrast *c, const struct rdl_rec *rec,
    bool images, struct rdl_reason *why) RDL_MUST_CHECK;

#endif
