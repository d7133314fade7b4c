/*
 * Files and batches of OpenAI's API, as far as batches of requests need them:
 * upload, create, status, list, cancel, download.
 * All is kept in memory.  A batch is worked off when it is asked about often
 * enough, so that a test decides when that is.
 */
#ifndef RDL_STUB_BATCHES_H
#define RDL_STUB_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "stub/journal.h"
#include "stub/plan.h"

struct rdl_batches_file;
struct rdl_batches_batch;

struct rdl_batches {
	int64_t polls;		/* questions before a batch is over */
	int64_t expire;		/* so many batches expire half done */
	int64_t faults;		/* so many requests get 500 */
	struct rdl_batches_file *files;
	struct rdl_batches_batch *batches;
	size_t nfiles, nbatches;
};

/* Is the address one of theirs? */
bool rdl_batches_takes(const char *path);

/* Plan the reply to one request, as rdl_plan_make() does.  Requests of a
 * batch go through the rules, and into the journal, as live ones do. */
void rdl_batches_plan(struct rdl_batches *b, struct rdl_plan_rules *r,
    struct rdl_journal *j, const struct rdl_plan_in *in, struct rdl_plan *p);

void rdl_batches_release(struct rdl_batches *b);

#endif
