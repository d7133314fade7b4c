/*
 * A stream of records: JSON lines from a file or a pipe.
 * One object a line, UTF-8, at most RDL_LINE_MAX bytes.  Blank lines are
 * skipped, a carriage return before the newline is dropped.  A last line
 * without newline is an error, since it is what a dead writer leaves.
 * Messages carry "file:line: ".
 */
#ifndef RDL_RECORD_JSONL_H
#define RDL_RECORD_JSONL_H

#include <stdbool.h>
#include <stdint.h>

#include "record/rec.h"

/* Takes bytes of the input; they are valid during the call. */
typedef void (*rdl_jsonl_fn)(void *ctx, const char *p, size_t len);

struct rdl_jsonl {
	int fd;			/* -1 when closed */
	const char *name;	/* for messages; borrowed */
	uint64_t lineno;	/* of the record last read, from 1 */
	/* The rest belongs to jsonl.c. */
	char *buf;
	size_t start, end, scanned, cap;
	bool eof;
	int failed;		/* errno of a read that failed, or 0 */
	rdl_jsonl_fn taken;	/* or NULL */
	void *taken_ctx;
	size_t told;		/* taken was told of all before */
};

#define RDL_JSONL_INIT { .fd = -1 }

/* Open the file at path, which is borrowed; "-" is standard input, "stdin" in
 * messages. */
int rdl_jsonl_open(struct rdl_jsonl *r, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Read the next line into *line (without newline), parse it into rec.
 * Returns 1 on a record, 0 at the end of input, -1 on error.  rec borrows from
 * r: both are valid until the next call on r, rdl_jsonl_ready() included.
 * After a line that is no record (RDL_E_INPUT) the next call goes on behind
 * it; a cut or too long line is reported again.  A signal that
 * rdl_tool_stopped() knows of ends the wait for the writer, RDL_E_STOPPED.
 * Memory: a read buffer of 1 MiB, more only for a longer line.
 */
int rdl_jsonl_next(struct rdl_jsonl *r, struct rdl_rec *rec,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The next line as it stands, unparsed; as rdl_jsonl_next() otherwise. */
int rdl_jsonl_line(struct rdl_jsonl *r, const char **line, size_t *len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* True if rdl_jsonl_next() would return without waiting for the writer:
 * a whole line is here, or the end.  Reads what poll(2) says is there. */
bool rdl_jsonl_ready(struct rdl_jsonl *r);

/*
 * Tell fn the lines that were read, each with one newline behind it, in order
 * and many at a time: sooner or later, and those before this call at
 * rdl_jsonl_settle() at the latest.  Left out are blank lines, a carriage
 * return that was dropped, and what was no record for rdl_jsonl_next().
 */
void rdl_jsonl_tell(struct rdl_jsonl *r, rdl_jsonl_fn fn, void *ctx);
void rdl_jsonl_settle(struct rdl_jsonl *r);

void rdl_jsonl_close(struct rdl_jsonl *r);

#endif
