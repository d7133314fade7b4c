/*
 * Match records: an image and the tasks that fit it, best first.
 */
#ifndef RDL_DOMAIN_MATCH_H
#define RDL_DOMAIN_MATCH_H

#include "domain/tasks.h"
#include "record/rec.h"

struct rdl_match {
	const struct rdl_task *task;
	float cos;
	size_t rank;		/* from 1 */
};

/* Append a cosine with six decimals, never "-0.000000". */
void rdl_match_score(float cos, struct rdl_buf *out);

/*
 * Append the match record of an image record and n tasks, and a newline: the
 * image without its kind and from, its id first, all other bytes kept.  id is
 * that of the match.  image_id is the image's.
 */
int rdl_match_record(const struct rdl_rec *image,
    const struct rdl_id *image_id, const struct rdl_match *matches, size_t n,
    struct rdl_id *id, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
