/*
 * The inside of an open ledger, for the files of this floor.
 */
#ifndef RDL_LEDGER_PRIVATE_H
#define RDL_LEDGER_PRIVATE_H

#include "core/arena.h"
#include "core/buf.h"
#include "ledger/ledger.h"
#include "ledger/segment.h"

/* A text of an id of another make, waiting. */
struct rdl_waiting_alias {
	struct rdl_hash hash;
	const char *text;
	size_t len;
};

struct rdl_waiting_loss {
	struct rdl_loss loss;	/* its strings live in texts */
	struct rdl_hash call;
};

struct rdl_ledger {
	struct rdl_db *db;
	char salt[64];
	int64_t run;		/* 0: none is under way */
	int64_t seq;		/* inputs of the run so far */
	/* What waits to be written. */
	struct rdl_segments segments;
	struct rdl_waiting_loss *losses;
	size_t nlosses;
	struct rdl_waiting_alias *aliases;
	size_t naliases;
	struct rdl_arena texts;
	size_t text_bytes;
	/* The answer that rdl_calls_find() gave last. */
	struct rdl_arena call;
};

/*
 * Begin a write, or join the one that rdl_calls_add() left open.  Then
 * rdl_ledger_end_write() with the result so far: it commits, or rolls back
 * when rc < 0; returns rc, or -1.
 */
int rdl_ledger_begin_write(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;
int rdl_ledger_end_write(struct rdl_ledger *l, int rc, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Insert what waits, inside a write; rdl_ledger_forget() once it held. */
int rdl_ledger_put(struct rdl_ledger *l, bool all, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_ledger_forget(struct rdl_ledger *l);

/* Make words for people UTF-8, in place: other bytes become '?'. */
void rdl_ledger_clean(char *words);

/* Bind text: as TEXT if it is UTF-8 without NUL, else as BLOB. */
void rdl_ledger_bind_text(struct rdl_stmt *s, const char *name,
    const char *p, size_t len);

#endif
