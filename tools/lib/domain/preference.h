/*
 * Preference records: of two images, or two texts, the better for a prompt.
 */
#ifndef RDL_DOMAIN_PREFERENCE_H
#define RDL_DOMAIN_PREFERENCE_H

#include <stdbool.h>

#include "core/buf.h"
#include "record/id.h"
#include "record/span.h"

struct rdl_preference {
	struct rdl_quote prompt;
	bool of_images;
	/* Of texts: the texts.  Of images: their ids, and the objects. */
	struct rdl_quote chosen, rejected;
	struct rdl_span chosen_image, rejected_image;
	struct rdl_span images;		/* JSON array, or none */
	struct rdl_span images_key;	/* rdl_preference_images(), or none */
	struct rdl_span from;		/* JSON array */
	struct rdl_span tail;		/* more members, each with a comma
					 * before it, or none */
};

/* Append what the identity of a record says of its "images". */
int rdl_preference_images(yyjson_val *images, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Append the record with its newline; id is its id, as rdl_id_compute() gives
 * it.  scratch is written over.  Ask rdl_buf_full() of both afterwards.
 */
void rdl_preference_write(const struct rdl_preference *p,
    struct rdl_buf *scratch, struct rdl_id *id, struct rdl_buf *out);

#endif
