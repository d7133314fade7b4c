/*
 * A finished record as trainers see it: pictures, what is asked, what is to
 * be said.  Reads records of the kinds qa and preference.
 */
#ifndef RDL_PUBLISH_SAMPLE_H
#define RDL_PUBLISH_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "record/id.h"
#include "record/rec.h"

/* Bytes of the record, not owned; p is NULL if there are none. */
struct rdl_sample_text {
	const char *p;
	size_t len;
};

struct rdl_sample_image {
	struct rdl_sample_text uri;	/* path of the file */
	struct rdl_sample_text sha256;	/* 64 digits, or none */
	struct rdl_sample_text format;	/* "jpeg", or none */
	struct rdl_sample_text licence, source;
};

#define RDL_SAMPLE_IMAGES 16

struct rdl_sample {
	struct rdl_id id;
	char key[2 * RDL_HASH_LEN + 1];	/* of the id: hexadecimal, no dots */
	struct rdl_buf task;		/* path joined by " ~ ", or empty */
	struct rdl_sample_text level1;	/* its first name */
	struct rdl_sample_text split;	/* member "split", or none */
	struct rdl_sample_image images[RDL_SAMPLE_IMAGES];
	size_t nimages;
	struct rdl_sample_text prompt;	/* question, or what is preferred for */
	struct rdl_sample_text answer;	/* qa */
	/* preference: texts, or the pictures images[0] and images[1] */
	bool preference, of_images;
	struct rdl_sample_text chosen, rejected;
};

#define RDL_SAMPLE_INIT { .task = RDL_BUF_INIT(RDL_FILE_MAX) }

/*
 * Read rec into s, which borrows from it.  RDL_E_INPUT if it is of another
 * kind, lacks a member, or would make no sense to a trainer: an empty text, a
 * pair whose sides are the same.
 */
int rdl_sample_read(struct rdl_sample *s, const struct rdl_rec *rec,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_sample_release(struct rdl_sample *s);

#endif
