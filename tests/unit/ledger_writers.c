/*
 * The ledger under load: many kinds, many writers, writers that are killed,
 * files that were damaged.
 */
#include <setjmp.h>
#include <signal.h>
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

#include "ledger/ledger.h"
#include "ledger/quota.h"

static char dir[] = "/tmp/rdl-writers-XXXXXX";

static const char *
at(const char *name)
{
	static char path[4][256];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static struct rdl_ledger *
open_at(const char *name, bool writable)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	if (rdl_ledger_open(&l, at(name), writable, &err) < 0)
		fail_msg("%s", err.msg);
	return l;
}

static void
close_ledger(struct rdl_ledger *l)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_ledger_close(l, &err) < 0)
		fail_msg("%s", err.msg);
}

static void
begin(struct rdl_ledger *l, const char *tool)
{
	char name[] = "riddle-x", option[] = "--a=\"b\"";
	char *const argv[] = { name, option };
	struct rdl_run_spec spec = { .tool = tool, .version = "1.2",
		.argc = 2, .argv = argv, .params = "{\"t\":0}" };
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_run_begin(l, &spec, &err) < 0)
		fail_msg("%s", err.msg);
}

static void
end(struct rdl_ledger *l, const char *status, uint64_t in, uint64_t passed,
    uint64_t dropped, uint64_t failed)
{
	struct rdl_run_totals t = { .in = in, .passed = passed,
		.dropped = dropped, .failed = failed, .out = passed };
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_run_end(l, status, NULL, &t, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct rdl_id
id_of(const char *kind, uint64_t i)
{
	struct rdl_id id = { "", { { 0 } } };

	(void)snprintf(id.kind, sizeof(id.kind), "%s", kind);
	id.hash = rdl_hash_of(&i, sizeof(i));
	return id;
}

static void
add(struct rdl_ledger *l, struct rdl_id id, const struct rdl_id *from,
    const struct rdl_hash *call)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_ledger_add(l, &id, from, call, &err) < 0)
		fail_msg("%s", err.msg);
}

/* What the plain sqlite3 shell prints for a query. */
static const char *
shell(const char *name, const char *sql)
{
	static char out[65536];
	char cmd[2048];
	FILE *f;
	size_t n;

	(void)snprintf(cmd, sizeof(cmd), "sqlite3 -readonly '%s' \"%s\" 2>&1",
	    at(name), sql);
	f = popen(cmd, "r");
	assert_non_null(f);
	n = fread(out, 1, sizeof(out) - 1, f);
	out[n] = '\0';
	assert_int_equal(pclose(f), 0);
	return out;
}

static int64_t
number(struct rdl_ledger *l, const char *sql)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_stmt *s = rdl_db_prepare_once(rdl_ledger_db(l), sql, &err);
	int64_t n;

	if (s == NULL || rdl_stmt_step(s, &err) != 1)
		fail_msg("%s", err.msg);
	n = rdl_stmt_get_int(s, 0);
	rdl_stmt_free(s);
	return n;
}

static int
see(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	(void)e;
	(void)err;
	++*(int *)ctx;
	return 0;
}

static void
add_many(struct rdl_ledger *l, uint64_t from_i, uint64_t to)
{
	struct rdl_hash call = rdl_hash_of("c", 1);
	struct rdl_id from;
	uint64_t i;

	for (i = from_i; i < to; i++) {
		from = id_of("image", i / 10);
		add(l, id_of(i % 3 == 0 ? "qa" : "match", i), &from,
		    i % 5 == 0 ? &call : NULL);
	}
}

/* More shapes than there are slots: nothing is lost or mixed up. */
static void
test_many_kinds(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_at("kinds.db", true);
	int seen = 0;
	struct rdl_id id;
	char kind[RDL_KIND_LEN];
	uint64_t i;

	(void)state;
	begin(l, "x");
	for (i = 0; i < 5000; i++) {
		(void)snprintf(kind, sizeof(kind), "kind%d", (int)(i % 150));
		add(l, id_of(kind, i), NULL, NULL);
	}
	end(l, "done", 5000, 5000, 0, 0);
	assert_int_equal(number(l, "SELECT count(DISTINCT id) FROM records"),
	    5000);
	assert_int_equal(number(l, "SELECT count(*) FROM records "
	    "WHERE kind = 'kind149'"), 33);
	id = id_of("kind149", 149);
	assert_int_equal(rdl_ledger_find(l, &id, see, &seen, &err), 1);
	assert_int_equal(seen, 1);
	close_ledger(l);
}

static void
count_up(struct rdl_buf *state, void *ctx)
{
	char *end = state->p;
	long n = state->len == 0 ? 0 : strtol(state->p, &end, 10);

	(void)ctx;
	rdl_buf_reset(state);
	rdl_buf_addu(state, (uint64_t)n + 1);
}

static void
test_a_quota_is_counted_by_all(void **state)
{
	struct rdl_hash name = rdl_hash_of("q", 1);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_at("quota.db", true);
	int i, k, status;

	(void)state;
	assert_int_equal(strlen(rdl_quota_salt(l)), 32);
	close_ledger(l);
	for (i = 0; i < 4; i++) {
		if (fork() != 0)
			continue;
		l = open_at("quota.db", true);
		for (k = 0; k < 50; k++)
			if (rdl_quota_update(l, &name, "http://x m", count_up,
			    NULL, &err) < 0)
				_exit(1);
		_exit(rdl_ledger_close(l, &err) == 0 ? 0 : 1);
	}
	for (i = 0; i < 4; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_string_equal(shell("quota.db", "SELECT label, state "
	    "FROM quotas"), "http://x m|200\n");
}

/* Append, for ever if endless, and write after each 100th record to fd how many
 * are on disk. */
static void
write_records(int fd, uint64_t who, bool endless)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_run_totals t = { 0 };
	struct rdl_ledger *l = open_at("kill.db", true);
	struct rdl_id from = id_of("image", 0);
	uint64_t i;

	begin(l, "writer");
	for (i = 1; endless || i <= 20000; i++) {
		struct rdl_id id = id_of("qa", who << 32 | i);

		if (rdl_ledger_add(l, &id, &from, NULL, &err) < 0)
			_exit(1);
		t.in = t.passed = i;
		if (i % 100 == 0 && (rdl_run_update(l, &t, &err) < 0 ||
		    write(fd, &i, sizeof(i)) != sizeof(i)))
			_exit(1);
	}
	if (rdl_run_end(l, "done", NULL, &t, &err) < 0 ||
	    rdl_ledger_close(l, &err) < 0)
		_exit(1);
	_exit(0);
}

static void
test_killed_writers_lose_only_what_waited(void **state)
{
	struct rdl_ledger *l;
	uint64_t told[8] = { 0 }, n;
	int fds[8][2], i, status, killed = 0;
	char sql[160];
	pid_t pid[8];

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		pid[i] = fork();
		if (pid[i] == 0)
			write_records(fds[i][1], (uint64_t)i + 1, i % 2 == 0);
		(void)close(fds[i][1]);
	}
	for (i = 0; i < 8; i++) {	/* four are killed after a while */
		while (read(fds[i][0], &n, sizeof(n)) == sizeof(n)) {
			told[i] = n;
			if (i % 2 == 0 && n >= 300)
				(void)kill(pid[i], SIGKILL);
		}
		assert_true(waitpid(pid[i], &status, 0) == pid[i]);
		killed += WIFSIGNALED(status);
		if (!WIFSIGNALED(status))
			assert_int_equal(status, 0);
		(void)close(fds[i][0]);
	}
	assert_int_equal(killed, 4);
	l = open_at("kill.db", true);
	assert_int_equal(number(l, "SELECT count(*) FROM runs "
	    "WHERE status = 'unfinished'"), 4);
	assert_int_equal(number(l, "SELECT count(*) FROM runs"), 8);
	/* Totals and records were written together. */
	assert_int_equal(number(l, "SELECT count(*) FROM run r WHERE passed <> "
	    "(SELECT coalesce(sum(n), 0) FROM segment s "
	    "WHERE s.run = r.run)"), 0);
	for (i = 0, n = 0; i < 8; i++)
		n += told[i];
	(void)snprintf(sql, sizeof(sql), "SELECT sum(n) >= %llu FROM segment",
	    (unsigned long long)n);
	assert_int_equal(number(l, sql), 1);
	assert_int_equal(number(l, "SELECT count(*) FROM "
	    "pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	close_ledger(l);
}

/* A segment that is shorter than it says is an error, not a wild read. */
static void
test_damaged_segments(void **state)
{
	static const char *const damage[] = {
		"UPDATE segment SET n = 4000000000",
		"UPDATE segment SET n = -1",
		"UPDATE segment SET n = 200, ids = substr(ids, 1, 100)",
		"UPDATE segment SET n = 'x', kind = NULL",
		"UPDATE segment SET froms = x'00'",
		"UPDATE segment SET ids = zeroblob(200000)",
		"UPDATE lookup SET pairs = x'0102'",
		/* Once counted down to 1, batch by batch. */
		"UPDATE lookup SET batch = batch + (1 << 60)" };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id = id_of("match", 1), from = id_of("image", 0);
	struct rdl_ledger *l;
	int seen = 0;
	char name[32];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(damage); i++) {
		(void)snprintf(name, sizeof(name), "damaged%zu.db", i);
		l = open_at(name, true);
		begin(l, "x");
		add_many(l, 0, 300);
		end(l, "done", 0, 0, 0, 0);
		if (i >= 6)
			assert_int_equal(rdl_ledger_index(l, &err), 0);
		(void)!rdl_db_exec(rdl_ledger_db(l), damage[i], &err);
		if (i == 7)
			assert_int_equal(number(l,
			    "SELECT max(batch) > 1 << 59 FROM lookup"), 1);
		(void)!rdl_ledger_find(l, &id, see, &seen, &err);
		(void)!rdl_ledger_children(l, &from, see, &seen, &err);
		(void)!rdl_ledger_index(l, &err);
		(void)!rdl_ledger_find(l, &id, see, &seen, &err);
		close_ledger(l);
	}
}

static int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL ? -1 : 0;
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
		cmocka_unit_test(test_many_kinds),
		cmocka_unit_test(test_a_quota_is_counted_by_all),
		cmocka_unit_test(test_killed_writers_lose_only_what_waited),
		cmocka_unit_test(test_damaged_segments),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
