/*
 * Records waiting to be written, packed into segments of up to 250.
 * One segment is open for each combination of kinds and of having a parent
 * and a call; at most RDL_SEGMENT_SLOTS wait, about 1 MiB.
 */
#ifndef RDL_LEDGER_SEGMENT_H
#define RDL_LEDGER_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"
#include "ledger/db.h"
#include "record/id.h"

#define RDL_SEGMENT_MAX 250	/* entries: of 16 bytes, they fill a page */
#define RDL_SEGMENT_SLOTS 64

struct rdl_segment;

struct rdl_segments {
	struct rdl_segment *v[RDL_SEGMENT_SLOTS];	/* n are in use */
	size_t n;
	struct rdl_segment *last;	/* that took the last entry, or NULL */
};

/* Add an entry; from and call may be NULL.  Returns true if it was taken,
 * false if segments must be written first. */
bool rdl_segment_add(struct rdl_segments *s, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call) RDL_MUST_CHECK;

/*
 * Insert the waiting segments of run into the database, inside the caller's
 * transaction: all of them, or only the full ones (if there is one).  They go
 * on waiting until rdl_segment_forget() says that the transaction held.
 */
int rdl_segment_write(struct rdl_segments *s, struct rdl_db *db, int64_t run,
    bool all, struct rdl_err *err) RDL_MUST_CHECK;

/* Forget what rdl_segment_write() wrote. */
void rdl_segment_forget(struct rdl_segments *s);

void rdl_segment_release(struct rdl_segments *s);

#endif
