/*
 * Bytes put aside on disk: appended, and read back by where they begin.
 * A file below $TMPDIR, or /tmp, that has no name once it is open: it goes
 * with the process.  It is made when the first bytes come.
 */
#ifndef RDL_CORE_SPOOL_H
#define RDL_CORE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct rdl_spool {
	int fd;			/* -1 until the first bytes come */
	uint64_t len;		/* bytes put aside so far */
	/* The rest belongs to spool.c. */
	struct rdl_buf tail;	/* the last of them, not in the file yet */
};

#define RDL_SPOOL_WAIT (256 * RDL_KIB)
#define RDL_SPOOL_INIT { -1, 0, RDL_BUF_INIT(RDL_SPOOL_WAIT) }

/* Append; they begin where s->len was. */
int rdl_spool_add(struct rdl_spool *s, const void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Copy the len bytes that begin at at, which must have been put aside. */
int rdl_spool_get(struct rdl_spool *s, uint64_t at, void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Forget it all; the spool can be used again. */
void rdl_spool_release(struct rdl_spool *s);

#endif
