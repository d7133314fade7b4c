/*
 * The image record: what is known of an image file, as a line and an id.
 * Fields: schemas/image.json.
 */
#ifndef RDL_DOMAIN_PICTURE_H
#define RDL_DOMAIN_PICTURE_H

#include "core/buf.h"
#include "record/id.h"
#include "vision/image.h"

struct rdl_picture {
	const char *uri;	/* UTF-8 */
	char sha256[2 * RDL_SHA256_LEN + 1];
	const struct rdl_image_info *info;
	uint64_t bytes;
	const uint64_t *phash;	/* the rest: NULL if it is unknown */
	const char *source, *licence;
	const char *caption;	/* valid UTF-8 */
	size_t caption_len;
};

/* The id of the image with that content. */
int rdl_picture_id(const char *sha256, struct rdl_id *id,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the record as a line, and say its id. */
int rdl_picture_record(const struct rdl_picture *p, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* The usual ending of a file's name for a format: "jpg" for "jpeg". */
const char *rdl_picture_ending(const char *format);

/* Append the JSON string of text that may be no UTF-8, such as the name of a
 * file: other bytes become U+FFFD. */
void rdl_picture_words(struct rdl_buf *out, const char *text);

#endif
