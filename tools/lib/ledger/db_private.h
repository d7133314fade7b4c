/*
 * What db.c and stmt.c share.  The only header with SQLite's; no other file
 * includes it.
 */
#ifndef RDL_LEDGER_DB_PRIVATE_H
#define RDL_LEDGER_DB_PRIVATE_H

#include <sqlite3.h>

#include "core/rng.h"
#include "ledger/db.h"

struct rdl_stmt {
	sqlite3_stmt *s;
	struct rdl_db *db;
	const char *sql;	/* the key in the cache; NULL if not cached */
	int bound;		/* the parameter that was bound last */
};

struct rdl_db {
	sqlite3 *h;
	char *path;
	struct rdl_stmt **stmts;	/* the cache */
	size_t nstmts;
	struct rdl_rng rng;		/* jitter */
	int64_t wait_ms, wait_from_us;
	int cache_kib;
	struct rdl_stmt *view;	/* of the cache; open: reads share a view */
};

/* Fill err with what SQLite says of rc and what to do about it.  Returns -1. */
int rdl_db_fail(const struct rdl_db *db, int rc, struct rdl_err *err);

#endif
