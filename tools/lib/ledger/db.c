/*
 * One thin wrapper over SQLite: open, statements, transactions, errors.
 * Reads and writes database files; waits for locks of other processes.
 * Knows nothing of what the tables mean.
 */
#include "ledger/db_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"

#define APPLICATION_ID 1380207687	/* "RDLG", as in sql/0001_ledger.sql */
#define WAIT_MS 60000

/* What to do about an error, for people; "" if its text says it all. */
static const char *
advice(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_BUSY:
		return "; another process holds it (see fuser(1)): end that "
		    "one, or wait, and run the same command again";
	case SQLITE_READONLY:
		return "; make the file and its directory writable, or name "
		    "another --ledger";
	case SQLITE_FULL:
		return "; free some space and run the same command again: "
		    "what was stored is kept";
	case SQLITE_CORRUPT:
		return "; the file is damaged: move it away, and save what can "
		    "be read with: sqlite3 FILE .recover";
	case SQLITE_NOTADB:
		return "; it is no ledger: name another --ledger";
	case SQLITE_CANTOPEN:
		return "; is the path right, and its directory writable?";
	default:
		return "";
	}
}

int
rdl_db_fail(const struct rdl_db *db, int rc, struct rdl_err *err)
{
	int sys = sqlite3_system_errno(db->h);
	bool os = (rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_IOERR;

	return rdl_err_set(err, RDL_E_DB, "%s: %s%s%s%s", db->path,
	    sqlite3_errmsg(db->h), os && sys != 0 ? ": " : "",
	    os && sys != 0 ? strerror(sys) : "", advice(rc));
}

/* SQLite's busy handler: sleep a little longer each time, with jitter, so
 * that many writers do not wake together. */
static int
busy(void *ctx, int count)
{
	struct rdl_db *db = ctx;
	struct timespec ts = { 0, 0 };
	int64_t now = rdl_clock_us();
	double ms = count < 6 ? (double)(1 << count) : 50;

	if (count == 0)
		db->wait_from_us = now;
	if (now - db->wait_from_us >= db->wait_ms * 1000)
		return 0;
	ms *= 0.5 + rdl_rng_real(&db->rng);
	ts.tv_nsec = (long)(ms * 1e6);
	(void)nanosleep(&ts, NULL);
	return 1;
}

/* The value of a query that gives one integer. */
static int
query_int(struct rdl_db *db, const char *sql, int64_t *out,
    struct rdl_err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	if (rc != SQLITE_ROW)
		return rdl_db_fail(db, rc, err);
	return 0;
}

/* Refuse what riddle did not make, before anything in it is changed. */
static int
check_identity(struct rdl_db *db, struct rdl_err *err)
{
	int64_t id = 0, tables = 0;

	if (query_int(db, "SELECT count(*) FROM sqlite_schema", &tables,
	    err) < 0 || query_int(db, "PRAGMA application_id", &id, err) < 0)
		return -1;
	if (id == APPLICATION_ID || (id == 0 && tables == 0))
		return 0;
	return rdl_err_set(err, RDL_E_DB, "%s: is a database of another "
	    "program, and no ledger; name another --ledger", db->path);
}

/* Changing to WAL needs the file for a moment alone, and SQLite does not call
 * the busy handler for that.  It goes by a rollback journal: were that to come
 * back after a loss of power, it would empty the ledger; so its end is synced,
 * too (EXTRA). */
static int
set_wal(struct rdl_db *db, struct rdl_err *err)
{
	int rc, count = 0;

	do
		rc = sqlite3_exec(db->h, "PRAGMA synchronous = EXTRA;"
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA wal_autocheckpoint = 4000;"
		    "PRAGMA cache_size = -24000;"
		    "PRAGMA journal_size_limit = 67108864", NULL, NULL, NULL);
	while ((rc & 0xff) == SQLITE_BUSY && busy(db, count++));
	if (rc != SQLITE_OK)
		return rdl_db_fail(db, rc, err);
	return 0;
}

/* SQLite makes files 0644; ours follow the umask.  Only a file that is new
 * may be closed here: closing drops the locks of other connections. */
static void
create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd >= 0)
		(void)close(fd);
}

/* The name SQLite gets: never ":memory:", "file:..." or "". */
static void
plain_name(struct rdl_buf *out, const char *path)
{
	if (path[0] != '/')
		rdl_buf_adds(out, "./");
	rdl_buf_adds(out, path);
}

static void
add_escaped(struct rdl_buf *out, const char *path)
{
	for (; *path != '\0'; path++)
		if (strchr("?#%", *path) != NULL)
			rdl_buf_addf(out, "%%%02x", (unsigned char)*path);
		else
			rdl_buf_addc(out, *path);
}

/* A file: URI, for a ledger on a medium that cannot be written. */
static void
immutable_name(struct rdl_buf *out, const char *path)
{
	char cwd[4096];

	rdl_buf_adds(out, "file:");
	if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL) {
		add_escaped(out, cwd);
		rdl_buf_addc(out, '/');
	}
	add_escaped(out, path);
	rdl_buf_adds(out, "?immutable=1");
}

static int
open_handle(struct rdl_db *db, int flags, struct rdl_err *err)
{
	struct rdl_buf name = RDL_BUF_INIT(64 * RDL_KIB);
	int rc;

	if (flags & SQLITE_OPEN_URI)
		immutable_name(&name, db->path);
	else
		plain_name(&name, db->path);
	rc = sqlite3_open_v2(name.p, &db->h, flags | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE, NULL);
	rdl_buf_release(&name);
	if (db->h == NULL)
		rdl_mem_exhausted(0);
	if (rc != SQLITE_OK)
		return rdl_db_fail(db, rc, err);
	(void)sqlite3_busy_handler(db->h, busy, db);
	return check_identity(db, err);
}

/* True if a reader may ignore the log: there is none. */
static bool
at_rest(const char *path)
{
	struct rdl_buf wal = RDL_BUF_INIT(64 * RDL_KIB);
	struct stat st;
	bool rest;

	rdl_buf_adds(&wal, path);
	rdl_buf_adds(&wal, "-wal");
	rest = wal.p == NULL || stat(wal.p, &st) < 0 || st.st_size == 0;
	rdl_buf_release(&wal);
	return rest;
}

static void
close_handle(struct rdl_db *db)
{
	(void)sqlite3_close_v2(db->h);
	db->h = NULL;
}

/* A reader of a WAL database needs its -shm file, which it cannot make in a
 * directory that it cannot write.  And it cannot end what a writer that died in
 * the first moment of the file began: a writer opens it for a moment first. */
static int
open_reader(struct rdl_db *db, struct rdl_err *err)
{
	int rc;

	if (open_handle(db, SQLITE_OPEN_READONLY, err) == 0)
		return 0;
	rc = sqlite3_extended_errcode(db->h);
	if (rc == SQLITE_READONLY_ROLLBACK && access(db->path, W_OK) == 0) {
		close_handle(db);
		if (open_handle(db, SQLITE_OPEN_READWRITE, err) < 0)
			return -1;
		close_handle(db);
		return open_handle(db, SQLITE_OPEN_READONLY, err);
	}
	rc &= 0xff;
	if (access(db->path, R_OK) < 0 || !at_rest(db->path) ||
	    (rc != SQLITE_CANTOPEN && rc != SQLITE_READONLY))
		return -1;
	close_handle(db);
	return open_handle(db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

static int
open_writer(struct rdl_db *db, struct rdl_err *err)
{
	create_file(db->path);
	if (open_handle(db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	    err) < 0)
		return -1;
	if (sqlite3_db_readonly(db->h, "main") == 1)
		return rdl_err_set(err, RDL_E_DB, "%s: is read-only%s",
		    db->path, advice(SQLITE_READONLY));
	return set_wal(db, err);
}

int
rdl_db_open(struct rdl_db **out, const char *path, bool writable,
    struct rdl_err *err)
{
	struct rdl_db *db;
	struct stat st;

	*out = NULL;
	if (path[0] == '\0')
		return rdl_err_set(err, RDL_E_USAGE,
		    "the name of the ledger is empty");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return rdl_err_set(err, RDL_E_DB, "%s: is %s, and no ledger; "
		    "name another --ledger, or none", path,
		    S_ISDIR(st.st_mode) ? "a directory" :
		    "not a regular file");
	/* Counting what SQLite allocates takes a lock each time.  Once the
	 * first database is open it is too late, and refused. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	db = rdl_mem_calloc(1, sizeof(*db));
	db->path = rdl_mem_strdup(path);
	db->rng.state = rdl_rng_entropy();
	db->wait_ms = WAIT_MS;
	db->cache_kib = RDL_DB_LOOKUPS;
	if ((writable ? open_writer(db, err) : open_reader(db, err)) < 0) {
		rdl_db_close(db);
		return -1;
	}
	*out = db;
	return 0;
}

void
rdl_db_cache(struct rdl_db *db, int kib)
{
	char sql[64];

	if (kib == db->cache_kib)
		return;
	db->cache_kib = kib;
	(void)snprintf(sql, sizeof(sql), "PRAGMA cache_size = -%d", kib);
	/* Without it all is as right, and slower. */
	(void)sqlite3_exec(db->h, sql, NULL, NULL, NULL);
}

void
rdl_db_durable(struct rdl_db *db, bool durable)
{
	/* Without it all is as right, and lost more easily. */
	(void)sqlite3_exec(db->h, durable ? "PRAGMA synchronous = FULL" :
	    "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
}

void
rdl_db_wait(struct rdl_db *db, int64_t ms)
{
	db->wait_ms = ms;
}

const char *
rdl_db_path(const struct rdl_db *db)
{
	return db->path;
}

void
rdl_db_close(struct rdl_db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < db->nstmts; i++)
		rdl_stmt_free(db->stmts[i]);
	free(db->stmts);
	(void)sqlite3_close_v2(db->h);
	free(db->path);
	free(db);
}

int
rdl_db_exec(struct rdl_db *db, const char *sql, struct rdl_err *err)
{
	int rc;

	rdl_db_unhold(db);
	rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rdl_db_fail(db, rc, err);
	return 0;
}

struct rdl_stmt *
rdl_db_prepare_once(struct rdl_db *db, const char *sql, struct rdl_err *err)
{
	struct rdl_stmt *s;
	sqlite3_stmt *p = NULL;
	int rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &p, NULL);

	if (rc != SQLITE_OK) {
		(void)rdl_db_fail(db, rc, err);
		return NULL;
	}
	if (p == NULL) {
		(void)rdl_err_set(err, RDL_E_USAGE, "no SQL in '%s'", sql);
		return NULL;
	}
	s = rdl_mem_calloc(1, sizeof(*s));
	s->s = p;
	s->db = db;
	return s;
}

struct rdl_stmt *
rdl_db_prepare(struct rdl_db *db, const char *sql, struct rdl_err *err)
{
	struct rdl_stmt *s;
	size_t i;

	for (i = 0; i < db->nstmts; i++)
		if (db->stmts[i]->sql == sql) {
			s = db->stmts[i];
			(void)sqlite3_reset(s->s);
			(void)sqlite3_clear_bindings(s->s);
			return s;
		}
	s = rdl_db_prepare_once(db, sql, err);
	if (s == NULL)
		return NULL;
	s->sql = sql;
	db->stmts = rdl_mem_realloc(db->stmts, db->nstmts + 1,
	    sizeof(struct rdl_stmt *));
	db->stmts[db->nstmts++] = s;
	return s;
}

/* Run a control statement; it is cached like others. */
static int
control(struct rdl_db *db, const char *sql, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db, sql, err);

	return s == NULL ? -1 : rdl_stmt_run(s, err);
}

int
rdl_db_begin(struct rdl_db *db, struct rdl_err *err)
{
	return control(db, "BEGIN IMMEDIATE", err);
}

int
rdl_db_commit(struct rdl_db *db, struct rdl_err *err)
{
	return control(db, "COMMIT", err);
}

void
rdl_db_rollback(struct rdl_db *db)
{
	struct rdl_err ignored = RDL_ERR_INIT;

	if (rdl_db_in_transaction(db) &&
	    control(db, "ROLLBACK", &ignored) < 0)
		rdl_err_clear(&ignored);
}

bool
rdl_db_in_transaction(const struct rdl_db *db)
{
	return sqlite3_get_autocommit(db->h) == 0;
}

int64_t
rdl_db_changes(const struct rdl_db *db)
{
	return sqlite3_changes64(db->h);
}

int64_t
rdl_db_last_id(const struct rdl_db *db)
{
	return sqlite3_last_insert_rowid(db->h);
}
