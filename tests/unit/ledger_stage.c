/*
 * A stage: counts that add up, exit statuses, what is kept of what was lost.
 * Each run is a process of its own with its own stdin, stdout and stderr.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/tool.h"
#include "ledger/stage.h"

#define A "{\"id\":\"row:0000000000000000000000000000000a\",\"do\":\"pass\"}\n"
#define B "{\"id\":\"row:0000000000000000000000000000000b\",\"do\":\"drop\"}\n"
#define C "{\"id\":\"row:0000000000000000000000000000000c\", \"do\":\"fail\"}\n"
#define D "{\"id\":\"dog 7\",\"do\":\"pass\",\"from\":[\"cat 8\"]}\n"

static char dir[] = "/tmp/rdl-stage-XXXXXX";

static const char *
at(const char *name)
{
	static char path[8][256];
	static int i;

	i = (i + 1) % 8;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void
write_file(const char *name, const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_file_write(at(name), text, strlen(text), &err) < 0)
		fail_msg("%s", err.msg);
}

/* The text of a file of the test. */
static const char *
text_of(const char *name)
{
	static struct rdl_buf b = RDL_BUF_INIT(16 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;

	rdl_buf_reset(&b);
	if (rdl_file_read(at(name), &b, &err) < 0)
		fail_msg("%s", err.msg);
	return b.p != NULL ? b.p : "";
}

static void
says(const char *name, const char *what)
{
	const char *text = text_of(name);

	if (strstr(text, what) == NULL)
		fail_msg("%s does not say '%s': %s", name, what, text);
}

static const char *
shell(const char *name, const char *sql)
{
	static char out[8192];
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

/* What the tool does with a record is in its "do". */
static int
work(struct rdl_stage *s, struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_loss loss = { .rule = "do", .value = "0.2",
		.threshold = "0.5", .reason = "\"it\"\033[2J\xff" };
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_id id, from;
	const char *what;
	size_t len;
	int rc = 0;

	what = rdl_rec_str(rec, "do", &len);
	if (rdl_id_of(rec, &id, err) < 0)
		return rdl_stage_where(s, err);
	(void)rdl_id_parse("cat 8", 5, &from);
	if (what != NULL && strcmp(what, "kill") == 0)
		(void)raise(SIGKILL);
	if (what != NULL && strcmp(what, "term") == 0)
		(void)raise(SIGTERM);
	if (what != NULL && strcmp(what, "budget") == 0)
		return rdl_err_set(err, RDL_E_BUDGET, "budget");
	if (what != NULL && strcmp(what, "lie") == 0)
		return 0;
	if (what == NULL || strcmp(what, "pass") == 0) {
		rdl_stage_passed(s);
		rdl_rec_edit(rec, NULL, 0, &line);
		rc = rdl_stage_emit(s, line.p, line.len, &id,
		    id.kind[0] == '\0' ? &from : NULL, NULL, err);
		rdl_buf_release(&line);
		return rc;
	}
	loss.failed = strcmp(what, "fail") == 0;
	loss.id = id;
	loss.record = rec->line;
	loss.record_len = rec->len;
	return rdl_stage_lose(s, &loss, err);
}

static int
tool(const struct rdl_stage_opts *opts, const struct rdl_strs *operands)
{
	struct rdl_stage s = RDL_STAGE_INIT;
	struct rdl_run_spec spec = { .tool = "test", .version = "0" };
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	int rc;

	rdl_tool_init("riddle-test");
	rc = rdl_stage_begin(&s, opts, operands, &spec, &err);
	while (rc == 0 && (rc = rdl_stage_next(&s, &rec, &err)) > 0)
		rc = work(&s, &rec, &err);
	rdl_rec_release(&rec);
	return rdl_stage_end(&s, rc, &err);
}

/* Make descriptor to stand for the file of that name. */
static void
redirect(const char *name, int flags, int to)
{
	int fd = open(name, flags, 0666);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(99);
	(void)close(fd);
}

/* Run the tool on files or, if files is NULL, on stdin; returns its exit
 * status, or minus the signal that killed it. */
static int
run_to(const char *out, const char *in, struct rdl_stage_opts opts,
    const char *const *files)
{
	struct rdl_strs operands = { NULL, 0 };
	pid_t pid;
	int status;

	write_file("in", in);
	pid = fork();
	if (pid == 0) {
		redirect(at("in"), O_RDONLY, 0);
		redirect(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
		redirect(at("err"), O_WRONLY | O_CREAT | O_TRUNC, 2);
		for (; files != NULL && *files != NULL; files++)
			rdl_strs_add(&operands, *files);
		status = tool(&opts, &operands);
		rdl_strs_release(&operands);
		_exit(status);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int
run(const char *in, struct rdl_stage_opts opts)
{
	return run_to(at("out"), in, opts, NULL);
}

static struct rdl_stage_opts
opts_of(const char *ledger)
{
	struct rdl_stage_opts o = RDL_STAGE_OPTS_DEFAULT;

	o.ledger = ledger;
	return o;
}

static void
test_passes_bytes_and_is_silent(void **state)
{
	(void)state;
	assert_int_equal(run(A A, opts_of(at("pass.db"))), 0);
	assert_string_equal(text_of("out"), A A);
	assert_string_equal(text_of("err"), "");
	assert_string_equal(shell("pass.db", "SELECT status, records_in, "
	    "passed, records_out FROM runs"), "done|2|2|2\n");
	assert_string_equal(shell("pass.db", "SELECT id, from_id IS NULL "
	    "FROM records"), "row:0000000000000000000000000000000a|1\n"
	    "row:0000000000000000000000000000000a|1\n");
}

static void
test_empty_input(void **state)
{
	(void)state;
	assert_int_equal(run("", opts_of(at("nothing.db"))), 0);
	assert_string_equal(text_of("out"), "");
	assert_string_equal(text_of("err"), "");
	/* XXH3-128 of nothing, as in the vectors of xxHash. */
	assert_string_equal(shell("nothing.db", "SELECT name, records, bytes, "
	    "xxh3 FROM inputs"),
	    "stdin|0|0|99aa06d3014798d86001c324468d497f\n");
}

static void
test_without_ledger(void **state)
{
	struct rdl_stage_opts o = opts_of("none");

	(void)state;
	assert_int_equal(run(A B, o), 0);
	assert_string_equal(text_of("out"), A);
	assert_int_equal(run(A C, o), 3);
	says("err", "--failed FILE would keep them");
	o.failed = at("lost");
	assert_int_equal(run(A C, o), 3);
	says("err", "see ");
	says("lost", "\"lost\":\"failed\"");
}

static void
test_losses_are_kept_and_judged(void **state)
{
	struct rdl_stage_opts o = opts_of(at("lose.db"));

	(void)state;
	o.failed = at("lost");
	assert_int_equal(run(A B C, o), 3);
	assert_string_equal(text_of("out"), A);
	says("err", "1 of 3 records failed, more than --max-failed 0 allows");
	says("err", "riddle ledger drops --run 1");
	says("err", "3 in, 1 out, 1 dropped, 1 failed");
	assert_null(strchr(text_of("err"), '\033'));
	assert_string_equal(text_of("lost"),
	    "{\"kind\":\"loss\",\"id\":\"row:00000000000000000000000000000"
	    "00b\",\"lost\":\"dropped\",\"tool\":\"test\",\"rule\":\"do\","
	    "\"value\":\"0.2\",\"threshold\":\"0.5\",\"reason\":\"\\\"it\\\""
	    "\\u001b[2J\xef\xbf\xbd\",\"record\":{\"id\":\"row:00000000000000"
	    "00000000000000000b\",\"do\":\"drop\"}}\n"
	    "{\"kind\":\"loss\",\"id\":\"row:00000000000000000000000000000"
	    "00c\",\"lost\":\"failed\",\"tool\":\"test\",\"rule\":\"do\","
	    "\"value\":\"0.2\",\"threshold\":\"0.5\",\"reason\":\"\\\"it\\\""
	    "\\u001b[2J\xef\xbf\xbd\",\"record\":{\"id\":\"row:00000000000000"
	    "00000000000000000c\", \"do\":\"fail\"}}\n");
	assert_string_equal(shell("lose.db", "SELECT status, records_in, "
	    "passed, dropped, failed, message LIKE '1 of 3 %' FROM runs"),
	    "rejected|3|1|1|1|1\n");
	assert_string_equal(shell("lose.db", "SELECT record FROM failures"),
	    "{\"id\":\"row:0000000000000000000000000000000c\", "
	    "\"do\":\"fail\"}\n");
}

static void
test_max_failed_is_a_bound(void **state)
{
	struct rdl_stage_opts o = opts_of("none");

	(void)state;
	o.max_failed.value = 1;
	assert_int_equal(run(A C C, o), 3);
	o.max_failed = (struct rdl_share){ 50, 1 };
	assert_int_equal(run(A C, o), 0);
	assert_int_equal(run(A C C, o), 3);
	says("err", "2 of 3 records failed, more than --max-failed 50% allows");
}

static void
test_limit(void **state)
{
	struct rdl_stage_opts o = opts_of(at("limit.db"));

	(void)state;
	o.limit = 1;
	assert_int_equal(run(A A A, o), 0);
	assert_string_equal(text_of("out"), A);
	o.limit = 0;
	assert_int_equal(run("not read", o), 0);
	assert_string_equal(shell("limit.db", "SELECT records_in FROM runs"),
	    "1\n0\n");
	assert_string_equal(shell("limit.db", "SELECT records FROM inputs"),
	    "1\n");
}

static void
test_several_inputs(void **state)
{
	char a[256], b[256], cmd[700];
	const char *files[] = { a, b, NULL };

	(void)state;
	write_file("a", A A);
	write_file("b", A);
	(void)snprintf(a, sizeof(a), "%s", at("a"));
	(void)snprintf(b, sizeof(b), "%s", at("b"));
	assert_int_equal(run_to(at("out"), "", opts_of(at("files.db")), files),
	    0);
	assert_string_equal(text_of("out"), A A A);
	(void)snprintf(cmd, sizeof(cmd), "SELECT seq, name = '%s', records, "
	    "bytes, length(xxh3) FROM inputs", a);
	assert_string_equal(shell("files.db", cmd), "1|1|2|116|32\n"
	    "2|0|1|58|32\n");
	(void)snprintf(b, sizeof(b), "%s", at("missing"));
	assert_int_equal(run_to(at("out"), "", opts_of(at("files.db")), files),
	    1);
	says("err", "missing: No such file");
	/* What came before is there, and the run says how it ended. */
	assert_string_equal(text_of("out"), A A);
	assert_string_equal(shell("files.db", "SELECT status, message LIKE "
	    "'%No such file%' FROM runs WHERE run = 2"), "failed|1\n");
}

static void
test_bad_input_has_its_place(void **state)
{
	(void)state;
	assert_int_equal(run(A "{\"a\":1", opts_of(at("cut.db"))), 1);
	says("err", "stdin:2");
	assert_string_equal(text_of("out"), A);
	assert_int_equal(run(A "[1]\n", opts_of(at("cut.db"))), 1);
	says("err", "stdin:2");
	assert_int_equal(run("{\"id\":7}\n", opts_of(at("cut.db"))), 1);
	says("err", "stdin:1");
	assert_string_equal(shell("cut.db", "SELECT status FROM runs"),
	    "failed\nfailed\nfailed\n");
}

static void
test_ids_of_another_make(void **state)
{
	struct rdl_stage_opts o = opts_of(at("alien.db"));

	(void)state;
	o.failed = at("lost");
	assert_int_equal(run(D "{\"id\":\"x y\",\"do\":\"drop\"}\n", o), 0);
	assert_string_equal(shell("alien.db", "SELECT id, from_id "
	    "FROM records"), "dog 7|cat 8\n");
	assert_string_equal(shell("alien.db", "SELECT id FROM drops"),
	    "x y\n");
	says("lost", "\"id\":\"x y\"");
}

static void
test_statuses(void **state)
{
	(void)state;
	assert_int_equal(run(A "{\"do\":\"budget\"}\n" A,
	    opts_of(at("end.db"))), 4);
	assert_string_equal(text_of("out"), A);
	assert_int_equal(run(A "{\"do\":\"term\"}\n" A,
	    opts_of(at("end.db"))), 130);
	says("err", "run the same command again");
	assert_int_equal(run("{\"do\":\"lie\"}\n", opts_of(at("end.db"))), 1);
	says("err", "this is a bug of the tool");
	assert_int_equal(run(A "{\"do\":\"kill\"}\n", opts_of(at("end.db"))),
	    -SIGKILL);
	assert_string_equal(shell("end.db", "SELECT status FROM runs"),
	    "budget\nstopped\nfailed\nunfinished\n");
}

static void
test_a_reader_that_leaves(void **state)
{
	struct rdl_stage_opts o = opts_of(at("left.db"));
	struct rdl_strs operands = { NULL, 0 };
	int fds[2], status;
	pid_t pid;

	(void)state;
	write_file("in", A);
	assert_int_equal(pipe(fds), 0);
	(void)close(fds[0]);
	pid = fork();
	if (pid == 0) {
		redirect(at("in"), O_RDONLY, 0);
		redirect(at("err"), O_WRONLY | O_CREAT | O_TRUNC, 2);
		if (dup2(fds[1], 1) < 0)
			_exit(99);
		_exit(tool(&o, &operands));
	}
	(void)close(fds[1]);
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(WEXITSTATUS(status), 141);
	assert_string_equal(text_of("err"), "");
	assert_string_equal(shell("left.db", "SELECT status FROM runs"),
	    "pipe\n");
}

static void
test_full_disks(void **state)
{
	struct rdl_stage_opts o = opts_of("none");

	(void)state;
	o.ledger = at("full.db");
	assert_int_equal(run_to("/dev/full", A, o, NULL), 1);
	says("err", "No space left");
	assert_string_equal(shell("full.db", "SELECT status FROM runs"),
	    "failed\n");
	o.failed = "/dev/full";
	assert_int_equal(run(A C, o), 1);
	says("err", "/dev/full: No space left");
}

static void
test_a_ledger_that_cannot_be(void **state)
{
	(void)state;
	assert_int_equal(run(A, opts_of("/no/such/dir.db")), 1);
	assert_string_equal(text_of("out"), "");
	says("err", "/no/such/dir.db");
	assert_int_equal(run(A, opts_of("")), 2);
}

static void
test_the_environment_names_the_ledger(void **state)
{
	(void)state;
	assert_int_equal(setenv("RIDDLE_LEDGER", at("env.db"), 1), 0);
	assert_int_equal(run(A, opts_of(NULL)), 0);
	assert_string_equal(shell("env.db", "SELECT count(*) FROM runs"),
	    "1\n");
	assert_int_equal(unsetenv("RIDDLE_LEDGER"), 0);
}

static void
test_progress_for_programs(void **state)
{
	struct rdl_stage_opts o = opts_of("none");

	(void)state;
	o.progress = RDL_PROGRESS_JSON;
	assert_int_equal(run(A B, o), 0);
	says("err", "{\"tool\":\"test\",\"status\":\"done\",\"in\":2,"
	    "\"out\":1,\"passed\":1,\"dropped\":1,\"failed\":0,");
	o.progress = RDL_PROGRESS_ALWAYS;
	assert_int_equal(run(A, o), 0);
	says("err", "riddle-test: 1 in, 1 out, ");
}

static int
make_dir(void **state)
{
	(void)state;
	(void)unsetenv("RIDDLE_LEDGER");
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
		cmocka_unit_test(test_passes_bytes_and_is_silent),
		cmocka_unit_test(test_empty_input),
		cmocka_unit_test(test_without_ledger),
		cmocka_unit_test(test_losses_are_kept_and_judged),
		cmocka_unit_test(test_max_failed_is_a_bound),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_several_inputs),
		cmocka_unit_test(test_bad_input_has_its_place),
		cmocka_unit_test(test_ids_of_another_make),
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_a_reader_that_leaves),
		cmocka_unit_test(test_full_disks),
		cmocka_unit_test(test_a_ledger_that_cannot_be),
		cmocka_unit_test(test_the_environment_names_the_ledger),
		cmocka_unit_test(test_progress_for_programs),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
