/*
 * The ledger: where every record came from, what was lost and why, what it
 * cost.  One SQLite file, many processes writing at once.  Layout and views:
 * sql/0001_ledger.sql and riddle-ledger(1).
 *
 * Records are appended, not looked up, on the hot path: ids go as packed
 * segments of up to 250, and are indexed when they are first asked for.  What
 * was added is on disk after rdl_ledger_flush(), at the end of the run, or
 * when a few thousand wait; a run that died is shown as unfinished, and its
 * rerun adds what is missing.
 */
#ifndef RDL_LEDGER_LEDGER_H
#define RDL_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/hash.h"
#include "ledger/db.h"
#include "record/id.h"

struct rdl_ledger;

/*
 * Open the ledger at path.  writable: create it, migrate an older one.
 * A ledger of a newer version, another program's database, or a damaged file
 * is refused with a message that says what to do.
 */
int rdl_ledger_open(struct rdl_ledger **out, const char *path, bool writable,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Flush and close; l may be NULL. On error all memory is freed as well. */
int rdl_ledger_close(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;

/* The database below, for queries. */
struct rdl_db *rdl_ledger_db(struct rdl_ledger *l);

/* What is known of a run when it begins.  Strings are borrowed for the call;
 * NULL is unknown. */
struct rdl_run_spec {
	const char *tool;	/* "ask" */
	const char *version;
	int argc;		/* the command line; keys never stand in it */
	char *const *argv;
	const char *model;	/* as the user named it */
	const char *model_endpoint;	/* base URL it resolves to */
	const char *prompt;	/* name of the prompt file */
	const struct rdl_sha256 *prompt_digest;
	const char *params;	/* JSON: sampling and other settings that
				 * decide the output */
};

struct rdl_run_totals {
	uint64_t in;		/* records read (a source: considered) */
	uint64_t passed;	/* of these, led on without loss */
	uint64_t dropped;	/* of these, a rule said no */
	uint64_t failed;	/* of these, could not be done */
	uint64_t out;		/* records written */
	uint64_t calls;		/* asked and answered */
	uint64_t hits;		/* answered from the ledger */
	int64_t cost_pusd;	/* of the calls, 1e-12 dollars */
	uint64_t unpriced;	/* calls whose price is unknown */
};

/* Begin the run of this process; one at a time. */
int rdl_run_begin(struct rdl_ledger *l, const struct rdl_run_spec *spec,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The number of the run of this process, 0 if there is none. */
int64_t rdl_run_number(const struct rdl_ledger *l);

/* Write the totals so far, and all that waits, so that a killed run tells how
 * far it came. */
int rdl_run_update(struct rdl_ledger *l, const struct rdl_run_totals *t,
    struct rdl_err *err) RDL_MUST_CHECK;

/* End it.  status: done, rejected, failed, budget, stopped, pipe.  message: why
 * it did not end well, or NULL.  Checks in = passed + dropped + failed when
 * status is done or rejected: a sum that does not hold is an error. */
int rdl_run_end(struct rdl_ledger *l, const char *status, const char *message,
    const struct rdl_run_totals *t, struct rdl_err *err) RDL_MUST_CHECK;

/* An input of the run: name, records, bytes, XXH3-128 of its record lines
 * (each with one newline behind it). */
int rdl_run_input(struct rdl_ledger *l, const char *name, uint64_t records,
    uint64_t bytes, const struct rdl_hash *xxh3, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A fact about the run: name, and JSON text (growth curve, agreement). */
int rdl_run_note(struct rdl_ledger *l, const char *name, const char *json,
    size_t len, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Add a record that the run wrote, and an edge to the record it came from.
 * from is NULL for a source, and for a record that passed under its own id;
 * several parents are several calls.  call is the first 128 bits of the key of
 * the model call behind it, or NULL.
 */
int rdl_ledger_add(struct rdl_ledger *l, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Remember the text of an id of another make, so that it can be shown. */
int rdl_ledger_alias(struct rdl_ledger *l, const struct rdl_id *id,
    const char *text, size_t len, struct rdl_err *err) RDL_MUST_CHECK;

/* A record that did not get through. */
struct rdl_loss {
	bool failed;		/* true: could not be done; false: dropped */
	struct rdl_id id;
	const char *rule;	/* "schema", "min-score", "http", "refusal" */
	const char *value;	/* what the rule saw, or NULL */
	const char *threshold;	/* what it wanted, or NULL */
	const char *reason;	/* one line for people */
	const struct rdl_hash *call;	/* as in rdl_ledger_add(), or NULL */
	const char *record;	/* the record's line */
	size_t record_len;
};

int rdl_ledger_lose(struct rdl_ledger *l, const struct rdl_loss *loss,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Write what was added to disk now. */
int rdl_ledger_flush(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;

/*
 * Looking up.  These see what is on disk: flush first what this process added.
 * They use the index as far as it reaches and scan what was added since, so
 * they are right at any time, also in a ledger that cannot be written.
 */

/* Fill the lookup table up to the newest segment and loss.  Memory: 64 MiB.
 * Worth it when many rows were added since, see rdl_ledger_unindexed(). */
int rdl_ledger_index(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Segments (of up to 250 entries) that are not indexed yet, or -1. */
int64_t rdl_ledger_unindexed(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A record that a run wrote. */
struct rdl_entry {
	int64_t run;
	struct rdl_id id;
	bool has_from, has_call;
	struct rdl_id from;
	struct rdl_hash call;
};

/* Take one entry or loss; it is valid during the call.  May call any function
 * here.  0 to go on, 1 to stop, -1 on error. */
typedef int (*rdl_entry_fn)(const struct rdl_entry *e, void *ctx,
    struct rdl_err *err);
typedef int (*rdl_loss_fn)(int64_t run, const struct rdl_loss *loss,
    void *ctx, struct rdl_err *err);

/* All entries of an id, oldest first.  1 if there was one, 0 if not, -1 on
 * error. */
int rdl_ledger_find(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_entry_fn fn, void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

/* All entries whose parent is id, likewise. */
int rdl_ledger_children(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_entry_fn fn, void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

/* All losses of an id, likewise. */
int rdl_ledger_losses(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_loss_fn fn, void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

/* Append an id as people write it: "kind:hex", or the text of an id of another
 * make as far as it is known. */
int rdl_ledger_show(struct rdl_ledger *l, const struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
