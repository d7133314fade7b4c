/*
 * Buffered output that reports every error.
 * For stdout (records only) and for files beside it.  A reader that left is
 * RDL_E_PIPE, told apart from a full disk.
 */
#ifndef RDL_CORE_OUT_H
#define RDL_CORE_OUT_H

#include <stddef.h>

#include "core/err.h"

struct rdl_out {
	int fd;
	const char *name;	/* for messages; borrowed */
	char *buf;
	size_t len;
	int failed;		/* reported; nothing more is written */
};

#define RDL_OUT_INIT { -1, NULL, NULL, 0, 0 }

/* Write to stdout.  The descriptor stays open until rdl_out_close(). */
void rdl_out_stdout(struct rdl_out *o);

/* Create or truncate the file at path; name is borrowed. */
int rdl_out_open(struct rdl_out *o, const char *path, struct rdl_err *err)
    RDL_MUST_CHECK;

int rdl_out_write(struct rdl_out *o, const void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Bytes to the kernel now: after a record that cost money. */
int rdl_out_flush(struct rdl_out *o, struct rdl_err *err) RDL_MUST_CHECK;

/* Flush, close and report what was delayed.  A second close does nothing. */
int rdl_out_close(struct rdl_out *o, struct rdl_err *err) RDL_MUST_CHECK;

/* Close without flushing, for error paths. */
void rdl_out_abandon(struct rdl_out *o);

#endif
