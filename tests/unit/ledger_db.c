/*
 * The database wrapper: what it opens, what it refuses, how it waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "ledger/ledger.h"

static char dir[] = "/tmp/rdl-db-XXXXXX";

/* A path in the test's directory; four can be in use at once. */
static const char *
at(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void
write_file(const char *name, const char *p, size_t len)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_file_write(at(name), p, len, &err), 0);
}

/* Run a query that gives one number. */
static int64_t
number(struct rdl_db *db, const char *sql)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_stmt *s = rdl_db_prepare_once(db, sql, &err);
	int64_t n = -1;

	assert_non_null(s);
	assert_int_equal(rdl_stmt_step(s, &err), 1);
	n = rdl_stmt_get_int(s, 0);
	rdl_stmt_free(s);
	return n;
}

static void
exec(struct rdl_db *db, const char *sql)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_db_exec(db, sql, &err) < 0)
		fail_msg("%s", err.msg);
}

/* Opening must fail, with this in the message. */
static void
refused(const char *path, bool writable, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	assert_int_equal(rdl_ledger_open(&l, path, writable, &err), -1);
	assert_null(l);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' does not say '%s'", err.msg, why);
}

static void
test_binds_and_columns(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;
	struct rdl_stmt *s;
	size_t len;

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("binds.db"), true, &err), 0);
	s = rdl_db_prepare(db, "SELECT :i, :r, :t, :b, :n, :e", &err);
	assert_non_null(s);
	rdl_stmt_int(s, ":i", INT64_MIN);
	rdl_stmt_real(s, ":r", 0.5);
	rdl_stmt_text(s, ":t", "a\0b", 3);
	rdl_stmt_blob(s, ":b", "\xff\0", 2);
	rdl_stmt_str(s, ":n", NULL);
	rdl_stmt_str(s, ":e", "");
	assert_int_equal(rdl_stmt_step(s, &err), 1);
	assert_int_equal(rdl_stmt_columns(s), 6);
	assert_true(rdl_stmt_get_int(s, 0) == INT64_MIN);
	assert_true(rdl_stmt_get_real(s, 1) == 0.5);
	assert_memory_equal(rdl_stmt_get_text(s, 2, &len), "a\0b", 3);
	assert_int_equal(len, 3);
	assert_memory_equal(rdl_stmt_get_blob(s, 3, &len), "\xff\0", 2);
	assert_int_equal(len, 2);
	assert_true(rdl_stmt_is_null(s, 4));
	assert_null(rdl_stmt_get_text(s, 4, &len));
	assert_int_equal(len, 0);
	assert_false(rdl_stmt_is_null(s, 5));
	assert_int_equal(rdl_stmt_step(s, &err), 0);
	rdl_db_close(db);
}

static void
test_cached_statement_forgets_binds(void **state)
{
	static const char sql[] = "SELECT :a";
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;
	struct rdl_stmt *s, *t;

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("cache.db"), true, &err), 0);
	s = rdl_db_prepare(db, sql, &err);
	rdl_stmt_int(s, ":a", 7);
	assert_int_equal(rdl_stmt_step(s, &err), 1);
	t = rdl_db_prepare(db, sql, &err);
	assert_ptr_equal(s, t);
	assert_int_equal(rdl_stmt_step(t, &err), 1);
	assert_true(rdl_stmt_is_null(t, 0));
	rdl_db_close(db);
}

static void
test_errors_speak_sqlite(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("err.db"), true, &err), 0);
	assert_null(rdl_db_prepare(db, "SELECT * FROM nowhere", &err));
	assert_non_null(strstr(err.msg, "err.db: no such table: nowhere"));
	assert_int_equal(err.cls, RDL_E_DB);
	assert_null(rdl_db_prepare(db, "-- nothing", &err));
	exec(db, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
	assert_int_equal(rdl_db_exec(db, "INSERT INTO t VALUES (1)", &err), -1);
	assert_non_null(strstr(err.msg, "UNIQUE"));
	rdl_db_close(db);
}

static void
test_new_file_follows_umask(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;
	struct stat st;
	mode_t old = umask(002);

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("umask.db"), true, &err), 0);
	umask(old);
	assert_int_equal(stat(at("umask.db"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0664);
	assert_int_equal(number(db, "SELECT count(*) FROM pragma_journal_mode "
	    "WHERE journal_mode = 'wal'"), 1);
	rdl_db_close(db);
}

static void
test_what_is_no_ledger_is_refused(void **state)
{
	char big[70000];

	(void)state;
	memset(big, 'x', sizeof(big));
	write_file("text", "{\"kind\":\"task\"}\n", 16);
	write_file("two", "xy", 2);
	write_file("big", big, sizeof(big));
	refused(at("text"), true, "name another --ledger");
	refused(at("two"), true, "name another --ledger");
	refused(at("big"), true, "name another --ledger");
	refused(at("big"), false, "name another --ledger");
	refused(dir, true, "is a directory");
	refused("/dev/null", true, "not a regular file");
	refused("", true, "empty");
	refused(at("no/such/dir.db"), true, "No such file");
	refused(at("missing.db"), false, "missing.db");
	assert_int_equal(access(at("missing.db"), F_OK), -1);
}

static void
test_foreign_database_is_not_touched(void **state)
{
	struct rdl_buf before = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf after = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	char cmd[600];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "sqlite3 %s 'CREATE TABLE bookmarks"
	    "(a); INSERT INTO bookmarks VALUES (1)'", at("foreign.db"));
	assert_int_equal(system(cmd), 0);
	assert_int_equal(rdl_file_read(at("foreign.db"), &before, &err), 0);
	refused(at("foreign.db"), true, "database of another program");
	refused(at("foreign.db"), false, "database of another program");
	assert_int_equal(rdl_file_read(at("foreign.db"), &after, &err), 0);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.p, after.p, before.len);
	rdl_buf_release(&before);
	rdl_buf_release(&after);
}

static void
test_newer_version_is_refused(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	(void)state;
	assert_int_equal(rdl_ledger_open(&l, at("newer.db"), true, &err), 0);
	exec(rdl_ledger_db(l), "PRAGMA user_version = 7");
	assert_int_equal(rdl_ledger_close(l, &err), 0);
	refused(at("newer.db"), true, "was made by a newer riddle (ledger "
	    "version 7, this one knows 1): use that one, or another --ledger");
	refused(at("newer.db"), false, "newer riddle");
}

static void
test_empty_file_becomes_a_ledger(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	(void)state;
	write_file("empty.db", "", 0);
	refused(at("empty.db"), false, "no ledger yet");
	assert_int_equal(rdl_ledger_open(&l, at("empty.db"), true, &err), 0);
	assert_int_equal(number(rdl_ledger_db(l), "PRAGMA user_version"), 1);
	assert_int_equal(number(rdl_ledger_db(l), "PRAGMA application_id"),
	    1380207687);
	assert_int_equal(rdl_ledger_close(l, &err), 0);
}

/* Damage a page in the middle: reading it is an error that says so. */
static void
test_damage_is_named(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);
	struct rdl_ledger *l;
	struct rdl_stmt *s;
	int rc;

	(void)state;
	assert_int_equal(rdl_ledger_open(&l, at("damaged.db"), true, &err), 0);
	assert_int_equal(rdl_ledger_close(l, &err), 0);
	assert_int_equal(rdl_file_read(at("damaged.db"), &b, &err), 0);
	memset(b.p + 4096, 0x5a, b.len - 4096);
	write_file("damaged.db", b.p, b.len);
	rdl_buf_release(&b);
	rc = rdl_ledger_open(&l, at("damaged.db"), true, &err);
	if (rc == 0) {
		s = rdl_db_prepare(rdl_ledger_db(l), "SELECT * FROM runs",
		    &err);
		rc = s == NULL ? -1 : rdl_stmt_step(s, &err);
		assert_int_equal(rdl_ledger_close(l, &err), 0);
	}
	assert_int_equal(rc, -1);
	assert_non_null(strstr(err.msg, "malformed"));
	assert_non_null(strstr(err.msg, "damaged: move it away"));
}

/* As nobody, since root may write everything.  0 if the message has why. */
static int
as_nobody(const char *path, bool writable, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	pid_t pid = fork();
	int status, rc;

	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(3);
		rc = rdl_ledger_open(&l, path, writable, &err);
		if (rc == 0 ? why == NULL : why != NULL &&
		    strstr(err.msg, why) != NULL)
			_exit(0);
		fprintf(stderr, "rc %d: %s\n", rc, err.msg);
		_exit(1);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	if (status != 0)
		print_error("%s: status %d\n", path, status);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_read_only_is_named(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	(void)state;
	assert_int_equal(mkdir(at("ro"), 0755), 0);
	assert_int_equal(rdl_ledger_open(&l, at("ro/l.db"), true, &err), 0);
	assert_int_equal(rdl_ledger_close(l, &err), 0);
	assert_int_equal(chmod(at("ro/l.db"), 0444), 0);
	assert_int_equal(chmod(at("ro"), 0555), 0);
	assert_int_equal(as_nobody(at("ro/l.db"), true,
	    "make the file and its directory writable"), 0);
	assert_int_equal(as_nobody(at("ro/new.db"), true, "writable"), 0);
	/* A ledger at rest can be read where nothing can be written. */
	assert_int_equal(as_nobody(at("ro/l.db"), false, NULL), 0);
	assert_int_equal(chmod(at("ro"), 0755), 0);
	assert_int_equal(chmod(at("ro/l.db"), 0644), 0);
}

static void
test_reader_sees_the_log(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *w, *r;

	(void)state;
	assert_int_equal(rdl_ledger_open(&w, at("log.db"), true, &err), 0);
	exec(rdl_ledger_db(w), "INSERT INTO alias VALUES (x'00', 'logged')");
	assert_int_equal(access(at("log.db-wal"), F_OK), 0);
	assert_int_equal(rdl_ledger_open(&r, at("log.db"), false, &err), 0);
	assert_int_equal(number(rdl_ledger_db(r),
	    "SELECT count(*) FROM alias"), 1);
	assert_int_equal(rdl_db_exec(rdl_ledger_db(r), "DELETE FROM alias",
	    &err), -1);
	assert_int_equal(rdl_ledger_close(r, &err), 0);
	assert_int_equal(rdl_ledger_close(w, &err), 0);
}

/* A writer that dies while it turns a new file into a ledger leaves a rollback
 * journal, which a reader may not play back. */
static void
test_reader_ends_what_a_dead_writer_began(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("hot.db"), true, &err), 0);
	exec(db, "PRAGMA application_id = 1380207687; CREATE TABLE t (a); "
	    "INSERT INTO t VALUES (1)");
	rdl_db_close(db);
	pid = fork();
	if (pid == 0) {
		if (rdl_db_open(&db, at("hot.db"), true, &err) < 0)
			_exit(1);
		exec(db, "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; "
		    "BEGIN; WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL "
		    "SELECT i + 1 FROM n WHERE i < 500) INSERT INTO t SELECT "
		    "zeroblob(1000) FROM n");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(access(at("hot.db-journal"), F_OK), 0);
	assert_int_equal(rdl_db_open(&db, at("hot.db"), false, &err), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM t"), 1);
	rdl_db_close(db);
}

static void
test_durable_is_for_a_while(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;

	(void)state;
	assert_int_equal(rdl_db_open(&db, at("durable.db"), true, &err), 0);
	assert_int_equal(number(db, "PRAGMA synchronous"), 1);
	rdl_db_durable(db, true);
	assert_int_equal(number(db, "PRAGMA synchronous"), 2);
	rdl_db_durable(db, false);
	assert_int_equal(number(db, "PRAGMA synchronous"), 1);
	rdl_db_close(db);
}

static void
test_a_lock_is_waited_for_and_then_named(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *a, *b;

	(void)state;
	assert_int_equal(rdl_db_open(&a, at("lock.db"), true, &err), 0);
	assert_int_equal(rdl_db_open(&b, at("lock.db"), true, &err), 0);
	assert_int_equal(rdl_db_begin(a, &err), 0);
	rdl_db_wait(b, 30);
	assert_int_equal(rdl_db_begin(b, &err), -1);
	assert_non_null(strstr(err.msg, "locked; another process holds it"));
	rdl_db_rollback(a);
	assert_int_equal(rdl_db_begin(b, &err), 0);
	assert_int_equal(rdl_db_commit(b, &err), 0);
	rdl_db_close(a);
	rdl_db_close(b);
}

/* Strange names are names of files. */
static void
test_names_are_taken_as_they_are(void **state)
{
	static const char *const names[] = { ":memory:", "file:x?mode=memory",
		"a b%20#.db" };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	char old[1024];
	size_t i;

	(void)state;
	assert_non_null(getcwd(old, sizeof(old)));
	assert_int_equal(chdir(dir), 0);
	for (i = 0; i < RDL_NELEM(names); i++) {
		assert_int_equal(rdl_ledger_open(&l, names[i], true, &err), 0);
		assert_int_equal(rdl_ledger_close(l, &err), 0);
		assert_int_equal(access(names[i], F_OK), 0);
		assert_int_equal(chmod(names[i], 0444), 0);
		assert_int_equal(as_nobody(names[i], false, NULL), 0);
	}
	assert_int_equal(chdir(old), 0);
}

static void
test_many_create_at_once(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	int i, round, status;
	char name[32];

	(void)state;
	for (round = 0; round < 5; round++) {
		(void)snprintf(name, sizeof(name), "race%d.db", round);
		for (i = 0; i < 6; i++) {
			if (fork() != 0)
				continue;
			status = rdl_ledger_open(&l, at(name), true, &err);
			if (status == 0)
				status = rdl_ledger_close(l, &err);
			if (status < 0)
				fprintf(stderr, "%s\n", err.msg);
			_exit(status == 0 ? 0 : 1);
		}
		for (i = 0; i < 6; i++) {
			assert_true(wait(&status) > 0);
			assert_int_equal(status, 0);
		}
		assert_int_equal(rdl_ledger_open(&l, at(name), false, &err), 0);
		assert_int_equal(number(rdl_ledger_db(l),
		    "SELECT count(*) FROM nat"), 256);
		assert_int_equal(rdl_ledger_close(l, &err), 0);
	}
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chmod(dir, 0755) < 0 ? -1 : 0;
}

static int
remove_dir(void **state)
{
	char cmd[300];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_binds_and_columns),
		cmocka_unit_test(test_cached_statement_forgets_binds),
		cmocka_unit_test(test_errors_speak_sqlite),
		cmocka_unit_test(test_new_file_follows_umask),
		cmocka_unit_test(test_what_is_no_ledger_is_refused),
		cmocka_unit_test(test_foreign_database_is_not_touched),
		cmocka_unit_test(test_newer_version_is_refused),
		cmocka_unit_test(test_empty_file_becomes_a_ledger),
		cmocka_unit_test(test_damage_is_named),
		cmocka_unit_test(test_read_only_is_named),
		cmocka_unit_test(test_reader_sees_the_log),
		cmocka_unit_test(test_reader_ends_what_a_dead_writer_began),
		cmocka_unit_test(test_durable_is_for_a_while),
		cmocka_unit_test(test_a_lock_is_waited_for_and_then_named),
		cmocka_unit_test(test_names_are_taken_as_they_are),
		cmocka_unit_test(test_many_create_at_once),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
