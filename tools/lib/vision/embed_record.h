/*
 * Records as jobs of the embedder.
 */
#ifndef RDL_VISION_EMBED_RECORD_H
#define RDL_VISION_EMBED_RECORD_H

#include "ledger/ledger.h"
#include "record/rec.h"
#include "vision/embed.h"

/* What a job keeps of its record, in the job's arena. */
struct rdl_embed_row {
	const char *line;
	size_t len;
	struct rdl_id id;
	bool has_id;		/* the record carries it */
};

/* Make rec the job's record: job->user is a row.  A record that cannot be named
 * goes by the hash of its line, and the job's rule is "id". */
struct rdl_embed_row *rdl_embed_row(struct rdl_embed_job *job,
    const struct rdl_rec *rec);

/* Fill the job of an image record, from its uri, sha256 and bytes; the rule is
 * "record" if they are no good. */
void rdl_embed_image(struct rdl_embed_job *job, const struct rdl_rec *rec);

/* The job's record as a failed one; borrows from the job. */
void rdl_embed_loss(const struct rdl_embed_job *job, struct rdl_loss *loss);

#endif
