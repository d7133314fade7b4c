/*
 * What the files of the ingest share.
 */
#ifndef RDL_DOMAIN_INGEST_IMPL_H
#define RDL_DOMAIN_INGEST_IMPL_H

#include "core/map.h"
#include "domain/ingest.h"
#include "domain/intake.h"
#include "vision/phash.h"

#define RDL_INGEST_QUEUE 1024	/* files between reading and the record */

/* What became of a content: the same for all files that have it. */
struct rdl_ingest_fate {
	struct rdl_hash id;
	struct rdl_verdict *lost;	/* NULL: kept, or not known yet */
};

/* A file between reading and its record. */
struct rdl_ingest_job {
	struct rdl_intake_item *item;
	char sha256[2 * RDL_SHA256_LEN + 1];	/* "": lost before */
	size_t fate;
	bool first;		/* of its content */
	bool decoding;
};

struct rdl_ingest {
	struct rdl_ingest_opts o;
	struct rdl_stage *stage;
	struct rdl_intake *intake;
	struct rdl_pool *pool;
	struct rdl_ingest_job *queue;		/* the oldest at head */
	size_t head, n;
	struct rdl_map contents;	/* SHA-256 to the number of its fate */
	struct rdl_ingest_fate *fates;
	size_t nfates, fates_room;
	struct rdl_phash_index *looks;	/* or NULL */
	struct rdl_buf line, uri;
};

/* Write what became of the oldest file: ingest_write.c. */
int rdl_ingest_write(struct rdl_ingest *g, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
