/*
 * From files to image records: read, decoded once in a child, judged, kept
 * apart from those that were there before, written in the order they came.
 */
#ifndef RDL_DOMAIN_INGEST_H
#define RDL_DOMAIN_INGEST_H

#include "core/cli.h"
#include "domain/verdict.h"
#include "ledger/stage.h"

struct rdl_ingest_opts {
	struct rdl_verdict_rules rules;
	int64_t near;		/* bits of the perceptual hash; -1: equal bytes
				 * alone make a duplicate */
	const char *store;	/* folder for copies, or NULL */
	const char *source, *licence;	/* of each record, or NULL */
	bool captions;		/* as in vision/walk.h */
	bool ignore_orientation;
	unsigned threads;	/* children; 0: one a processor */
	bool unsafe;		/* decode in this process */
};

struct rdl_ingest;

/*
 * Begin: forks the children, so before anything else is opened.  paths and
 * lists as in vision/walk.h; all is borrowed.  A path that is not there is an
 * error here (one that goes away later is a failed record), as is one that
 * needs a store where there is none.
 */
struct rdl_ingest *rdl_ingest_open(const struct rdl_ingest_opts *opts,
    const struct rdl_strs *paths, const struct rdl_strs *lists,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_ingest_close(struct rdl_ingest *g);

/* Do all of it.  What was read before a list broke is written before the error
 * is returned. */
int rdl_ingest_run(struct rdl_ingest *g, struct rdl_stage *stage,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
