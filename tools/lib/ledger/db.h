/*
 * One thin wrapper over SQLite: open, cached statements with named binds,
 * transactions, and the database's own words in the error.
 * No other floor or tool includes sqlite3.h.
 */
#ifndef RDL_LEDGER_DB_H
#define RDL_LEDGER_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct rdl_db;
struct rdl_stmt;

/*
 * Open the database at path.  Writable ones are created when missing and put
 * into WAL mode; a reader never creates one.  Another program's database is
 * refused, and not touched.  A lock held by another process is waited for, up
 * to 60 s.
 */
int rdl_db_open(struct rdl_db **out, const char *path, bool writable,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Keep up to kib of pages in memory.  A writer begins with RDL_DB_LOOKUPS; one
 * that appends does as well with RDL_DB_APPENDS, and touches less memory. */
#define RDL_DB_LOOKUPS 24000
#define RDL_DB_APPENDS 1000
void rdl_db_cache(struct rdl_db *db, int kib);

/*
 * Whether a commit returns only when it, and all before it, would outlive a
 * loss of power; if not, the file is as sound after one, and of the last
 * commits some are gone.  Not inside a transaction.  A writer begins without.
 */
void rdl_db_durable(struct rdl_db *db, bool durable);

/* Wait up to ms for a lock from now on. */
void rdl_db_wait(struct rdl_db *db, int64_t ms);

/* The path it was opened by. */
const char *rdl_db_path(const struct rdl_db *db);

/* Finalize all statements and close; db may be NULL.  A transaction left
 * open is rolled back. */
void rdl_db_close(struct rdl_db *db);

/* Run SQL text of one or more statements that give no rows. */
int rdl_db_exec(struct rdl_db *db, const char *sql, struct rdl_err *err)
    RDL_MUST_CHECK;

/*
 * The prepared statement of sql, from the cache of db: reset, no binds.
 * sql must be a string that lives as long as db (a literal or an embedded
 * file).  It stays owned by db.  NULL on error.
 */
struct rdl_stmt *rdl_db_prepare(struct rdl_db *db, const char *sql,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The SELECT or other statement of sql, of any life time, for one use: not
 * cached.  Free it with rdl_stmt_free().  NULL on error. */
struct rdl_stmt *rdl_db_prepare_once(struct rdl_db *db, const char *sql,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_stmt_free(struct rdl_stmt *s);

/* Bind by name (":id", with the colon).  Text and blobs are borrowed until the
 * next step has returned; a NULL pointer binds NULL.  An unknown name is a
 * bug and aborts. */
void rdl_stmt_int(struct rdl_stmt *s, const char *name, int64_t v);
void rdl_stmt_real(struct rdl_stmt *s, const char *name, double v);
void rdl_stmt_text(struct rdl_stmt *s, const char *name, const char *p,
    size_t len);
void rdl_stmt_str(struct rdl_stmt *s, const char *name, const char *str);
void rdl_stmt_blob(struct rdl_stmt *s, const char *name, const void *p,
    size_t len);
void rdl_stmt_null(struct rdl_stmt *s, const char *name);

/* Step: 1 a row, 0 done (and reset), -1 error (and reset). */
int rdl_stmt_step(struct rdl_stmt *s, struct rdl_err *err) RDL_MUST_CHECK;

/* Step a statement that must give no row: 0 or -1. */
int rdl_stmt_run(struct rdl_stmt *s, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_stmt_reset(struct rdl_stmt *s);

/* Columns of the row, from 0.  Pointers are valid until the next step.
 * Text is NUL-terminated; NULL gives NULL and length 0. */
int rdl_stmt_columns(struct rdl_stmt *s);
const char *rdl_stmt_column_name(struct rdl_stmt *s, int i);
bool rdl_stmt_is_null(struct rdl_stmt *s, int i);
int64_t rdl_stmt_get_int(struct rdl_stmt *s, int i);
double rdl_stmt_get_real(struct rdl_stmt *s, int i);
const char *rdl_stmt_get_text(struct rdl_stmt *s, int i, size_t *len);
const void *rdl_stmt_get_blob(struct rdl_stmt *s, int i, size_t *len);

/* Transactions.  begin takes the write lock at once (BEGIN IMMEDIATE), so that
 * no later statement can fail for a lock; they do not nest. */
int rdl_db_begin(struct rdl_db *db, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_db_commit(struct rdl_db *db, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_db_rollback(struct rdl_db *db);
bool rdl_db_in_transaction(const struct rdl_db *db);

/*
 * Let the reads from now on share one view of the database, which spares each
 * of them the locks and a look at the log; what others write meanwhile is not
 * seen.  The next write ends it, and rdl_db_unhold() does: before anything
 * that may wait, since the log cannot be emptied as long as a view is open.
 * Returns 1 if reads share a view now, 0 if not (a transaction is open), -1.
 */
int rdl_db_hold(struct rdl_db *db, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_db_unhold(struct rdl_db *db);
bool rdl_db_held(const struct rdl_db *db);

/* Rows that the last INSERT, UPDATE or DELETE changed; the rowid that the
 * last INSERT made. */
int64_t rdl_db_changes(const struct rdl_db *db);
int64_t rdl_db_last_id(const struct rdl_db *db);

#endif
