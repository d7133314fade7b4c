/*
 * Files of the same records, joined by id to a stream of them.
 * While a file has the records of the stream in its order, one record of each
 * is in memory.  A record that comes earlier or later than in the stream is
 * put aside, in a temporary file, until it is asked for; what stays are 16
 * bytes an id.  An id comes once in the stream and once in a file: that is
 * checked, at about 90 bytes an id.
 */
#ifndef RDL_RECORD_JOIN_H
#define RDL_RECORD_JOIN_H

#include <xxhash.h>

#include "core/buf.h"
#include "core/map.h"
#include "core/spool.h"
#include "record/id.h"
#include "record/jsonl.h"

#define RDL_JOIN_MAX 63		/* files beside the stream */

struct rdl_join_file {
	const char *name;	/* for messages; borrowed */
	struct rdl_rec rec;	/* of the id asked for, if found */
	bool found;
	uint64_t lineno;	/* of rec */
	uint64_t records, bytes;	/* read so far */
	/* The rest belongs to join.c. */
	struct rdl_jsonl in;
	uint64_t *aside;	/* by entry of seen: where in the spool, or 0 */
	size_t room;		/* of aside */
	struct rdl_spool spool;
	struct rdl_buf line;	/* of a record from the spool */
	XXH3_state_t *digest;
};

struct rdl_join {
	struct rdl_join_file *files;
	size_t n;
	bool digests;		/* keep digests of what is read */
	/* The rest belongs to join.c. */
	struct rdl_map seen;	/* id to a bit for the stream and each file */
	bool drained;
	struct rdl_join_left *left;	/* of the file before next_file */
	size_t nleft, next_left, next_file;
};

#define RDL_JOIN_INIT { .files = NULL, .seen = RDL_MAP_INIT }

/* Open n files, at most RDL_JOIN_MAX; the paths are borrowed.  j->digests may
 * have been set.  Whatever it returns, rdl_join_close() comes last. */
int rdl_join_open(struct rdl_join *j, const char *const *paths, size_t n,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Find what every file has of a record of the stream, whose id is id.
 * files[i].rec is valid until the next call if files[i].found.  Returns 1; 0 if
 * the stream had that id before; -1 on error, which a record without an id that
 * can be told, and an id that comes twice in a file, are too.
 */
int rdl_join_find(struct rdl_join *j, const struct rdl_rec *rec,
    const struct rdl_id *id, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Behind the stream's end: the next id that only files have, in the order of
 * the files and their lines.  1 as rdl_join_find(), 0 when none is left, -1 on
 * error.
 */
int rdl_join_left(struct rdl_join *j, struct rdl_id *id, struct rdl_err *err)
    RDL_MUST_CHECK;

/* XXH3-128 of the lines read of file i, each with one newline behind it, if
 * j->digests. */
struct rdl_hash rdl_join_digest(struct rdl_join *j, size_t i);

void rdl_join_close(struct rdl_join *j);

#endif
