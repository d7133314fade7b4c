/*
 * Streams of records: files and pipes, good and cut, long lines, readiness.
 * Writes files under $TMPDIR or /tmp and removes them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/tool.h"
#include "record/jsonl.h"

static char path[256];

static void
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = write(fd, p, len);
		assert_true(n > 0);
	}
}

/* A file of these bytes, opened. */
static void
open_bytes(struct rdl_jsonl *r, const char *p, size_t len)
{
	const char *dir = getenv("TMPDIR");
	struct rdl_err err = RDL_ERR_INIT;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/rdl-jsonl-XXXXXX",
	    dir != NULL ? dir : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	write_all(fd, p, len);
	assert_int_equal(close(fd), 0);
	assert_int_equal(rdl_jsonl_open(r, path, &err), 0);
	assert_int_equal(unlink(path), 0);
}

/* A pipe's reading end, opened; the writing end is returned. */
static int
open_pipe(struct rdl_jsonl *r)
{
	struct rdl_err err = RDL_ERR_INIT;
	int fds[2];
	char name[64];

	assert_int_equal(pipe(fds), 0);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", fds[0]);
	assert_int_equal(rdl_jsonl_open(r, name, &err), 0);
	assert_int_equal(close(fds[0]), 0);
	r->name = "pipe";
	return fds[1];
}

static void
line_is(struct rdl_jsonl *r, const char *want, unsigned lineno)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *line;
	size_t len;

	assert_int_equal(rdl_jsonl_line(r, &line, &len, &err), 1);
	assert_int_equal(len, strlen(want));
	assert_memory_equal(line, want, len);
	assert_int_equal(r->lineno, lineno);
}

static void
at_end(struct rdl_jsonl *r)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *line;
	size_t len;

	assert_int_equal(rdl_jsonl_line(r, &line, &len, &err), 0);
	assert_int_equal(rdl_jsonl_line(r, &line, &len, &err), 0);
}

static void
fails(struct rdl_jsonl *r, enum rdl_err_class cls, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *line;
	size_t len;

	assert_int_equal(rdl_jsonl_line(r, &line, &len, &err), -1);
	assert_int_equal(err.cls, cls);
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" is not in: %s", why, err.msg);
}

static void
test_lines(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	static const char text[] =
	    "{}\n\n \t\r\n{\"a\":\"\r\"}\r\n\r\nx\r\r\n{}\n\n";

	(void)state;
	open_bytes(&r, text, sizeof(text) - 1);
	line_is(&r, "{}", 1);
	line_is(&r, "{\"a\":\"\r\"}", 4);
	line_is(&r, "x\r", 6);
	line_is(&r, "{}", 7);
	at_end(&r);
	rdl_jsonl_close(&r);
	rdl_jsonl_close(&r);
	rdl_jsonl_close(NULL);
}

static void
test_nothing(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;

	(void)state;
	open_bytes(&r, "", 0);
	at_end(&r);
	rdl_jsonl_close(&r);
	open_bytes(&r, "\n\n", 2);
	assert_true(rdl_jsonl_ready(&r));
	at_end(&r);
	rdl_jsonl_close(&r);
}

static void
test_cut(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	char why[400];

	(void)state;
	open_bytes(&r, "{}\n\n{\"a\":1}", 11);
	line_is(&r, "{}", 1);
	(void)snprintf(why, sizeof(why), "%s:3: the last line has no newline: "
	    "its writer died, or the file was cut", path);
	fails(&r, RDL_E_INPUT, why);
	fails(&r, RDL_E_INPUT, why);
	assert_true(rdl_jsonl_ready(&r));
	rdl_jsonl_close(&r);
}

static void
test_no_such_file(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(rdl_jsonl_open(&r, "/nowhere/x.jsonl", &err), -1);
	assert_int_equal(err.cls, RDL_E_IO);
	assert_string_equal(err.msg,
	    "/nowhere/x.jsonl: No such file or directory");
	assert_int_equal(rdl_jsonl_open(&r, "/", &err), -1);
	assert_string_equal(err.msg, "/: is a directory");
	rdl_jsonl_close(&r);
}

/* A read that fails: a directory that came as stdin. */
static void
test_read_error(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	int fd;

	(void)state;
	open_bytes(&r, "{}\n", 3);
	fd = open("/", O_RDONLY);
	assert_int_equal(dup2(fd, r.fd), r.fd);
	assert_int_equal(close(fd), 0);
	r.name = "stdin";
	assert_true(rdl_jsonl_ready(&r));
	fails(&r, RDL_E_IO, "stdin: Is a directory");
	fails(&r, RDL_E_IO, "stdin: Is a directory");
	rdl_jsonl_close(&r);
}

static void
test_records_and_bad_lines(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	static const char text[] =
	    "{\"a\":1}\n[1]\n{\"a\":\"\xff\"}\n{\"a\":2}\n";

	(void)state;
	open_bytes(&r, text, sizeof(text) - 1);
	r.name = "in.jsonl";
	assert_int_equal(rdl_jsonl_next(&r, &rec, &err), 1);
	assert_int_equal(rdl_jsonl_next(&r, &rec, &err), -1);
	assert_string_equal(err.msg, "in.jsonl:2: a record is an object, and "
	    "this is another value");
	assert_int_equal(rdl_jsonl_next(&r, &rec, &err), -1);
	assert_memory_equal(err.msg, "in.jsonl:3: not JSON: ", 22);
	assert_int_equal(rdl_jsonl_next(&r, &rec, &err), 1);
	assert_int_equal(yyjson_get_int(rdl_rec_get(&rec, "a")), 2);
	assert_int_equal(rdl_jsonl_next(&r, &rec, &err), 0);
	rdl_rec_release(&rec);
	rdl_jsonl_close(&r);
}

/* Lines of many lengths, so that they meet the ends of reads and of the
 * buffer in many ways. */
static void
test_many_lengths(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	struct rdl_buf b = RDL_BUF_INIT(64 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	const char *line;
	size_t i, j, len, want;

	(void)state;
	for (i = 1; i < 3000; i++) {
		want = i % 100 == 0 ? i * 500 : i % 777 + 1;
		for (j = 0; j < want; j++)
			rdl_buf_addc(&b, (char)('!' + (i + j) % 90));
		rdl_buf_addc(&b, '\n');
	}
	assert_false(rdl_buf_full(&b));
	open_bytes(&r, b.p, b.len);
	for (i = 1; i < 3000; i++) {
		want = i % 100 == 0 ? i * 500 : i % 777 + 1;
		assert_int_equal(rdl_jsonl_line(&r, &line, &len, &err), 1);
		assert_int_equal(len, want);
		for (j = 0; j < len; j++)
			if (line[j] != (char)('!' + (i + j) % 90))
				fail_msg("line %zu, byte %zu", i, j);
	}
	at_end(&r);
	rdl_buf_release(&b);
	rdl_jsonl_close(&r);
}

/* len bytes of x, with the ending. */
static char *
long_line(size_t len, const char *ending)
{
	char *p = rdl_mem_calloc(len + 3, 1);

	memset(p, 'x', len);
	memcpy(p + len, ending, strlen(ending));
	return p;
}

static void
test_longest_line(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	char *p = long_line(RDL_LINE_MAX, "\r\n");
	const char *line;
	size_t len;

	(void)state;
	open_bytes(&r, p, RDL_LINE_MAX + 2);
	assert_int_equal(rdl_jsonl_line(&r, &line, &len, &err), 1);
	assert_int_equal(len, RDL_LINE_MAX);
	at_end(&r);
	rdl_jsonl_close(&r);
	free(p);

	p = long_line(RDL_LINE_MAX + 1, "\n");
	open_bytes(&r, p, RDL_LINE_MAX + 2);
	fails(&r, RDL_E_INPUT, ":1: the line is longer than 16777216 bytes");
	rdl_jsonl_close(&r);
	free(p);

	p = long_line(RDL_LINE_MAX + 100, "");
	open_bytes(&r, p, RDL_LINE_MAX + 100);
	fails(&r, RDL_E_INPUT, ":1: the line is longer than 16777216 bytes");
	fails(&r, RDL_E_INPUT, ":1: the line is longer than 16777216 bytes");
	assert_true(rdl_jsonl_ready(&r));
	rdl_jsonl_close(&r);
	free(p);
}

static void
test_ready_on_a_pipe(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	int fd;

	(void)state;
	fd = open_pipe(&r);
	assert_false(rdl_jsonl_ready(&r));
	write_all(fd, "{\"a\":", 5);
	assert_false(rdl_jsonl_ready(&r));
	write_all(fd, "1}\n{}\n", 6);
	assert_true(rdl_jsonl_ready(&r));
	assert_true(rdl_jsonl_ready(&r));
	line_is(&r, "{\"a\":1}", 1);
	assert_true(rdl_jsonl_ready(&r));
	line_is(&r, "{}", 2);
	assert_false(rdl_jsonl_ready(&r));
	/* A blank line is nothing that could be read. */
	write_all(fd, "\n \n{}", 5);
	assert_false(rdl_jsonl_ready(&r));
	write_all(fd, "\n", 1);
	assert_true(rdl_jsonl_ready(&r));
	line_is(&r, "{}", 5);
	assert_int_equal(close(fd), 0);
	assert_true(rdl_jsonl_ready(&r));
	at_end(&r);
	rdl_jsonl_close(&r);
}

/* The descriptor is in non-blocking mode and the writer is slow. */
static void
test_nonblocking(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	int fd, status;
	pid_t pid;

	(void)state;
	fd = open_pipe(&r);
	assert_int_equal(fcntl(r.fd, F_SETFL, O_NONBLOCK), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)usleep(20000);
		if (write(fd, "{\"a\":", 5) != 5)
			_exit(1);
		(void)usleep(20000);
		_exit(write(fd, "1}\n", 3) == 3 ? 0 : 1);
	}
	assert_int_equal(close(fd), 0);
	line_is(&r, "{\"a\":1}", 1);
	at_end(&r);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	rdl_jsonl_close(&r);
}

/* A signal ends the wait for a writer that says nothing. */
static void
test_stopped_by_a_signal(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	int fd, status;
	pid_t pid;

	(void)state;
	fd = open_pipe(&r);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rdl_err err = RDL_ERR_INIT;
		const char *line;
		size_t len;

		rdl_tool_init("test");
		if (write(fd, "{}\n", 3) != 3 ||
		    rdl_jsonl_line(&r, &line, &len, &err) != 1 ||
		    write(fd, "half", 4) != 4)
			_exit(1);
		_exit(rdl_jsonl_line(&r, &line, &len, &err) == -1 &&
		    err.cls == RDL_E_STOPPED ? 0 : 2);
	}
	(void)usleep(100000);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(close(fd), 0);
	rdl_jsonl_close(&r);
}

static void
test_stdin_has_a_name(void **state)
{
	struct rdl_jsonl r = RDL_JSONL_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	int fds[2], saved = dup(STDIN_FILENO);

	(void)state;
	assert_int_equal(pipe(fds), 0);
	write_all(fds[1], "{}\n{", 4);
	assert_int_equal(close(fds[1]), 0);
	assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(close(fds[0]), 0);
	assert_int_equal(rdl_jsonl_open(&r, "-", &err), 0);
	line_is(&r, "{}", 1);
	fails(&r, RDL_E_INPUT, "stdin:2: the last line has no newline");
	rdl_jsonl_close(&r);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	if (saved >= 0)
		assert_int_equal(dup2(saved, STDIN_FILENO), STDIN_FILENO);
}

static void
append(void *ctx, const char *p, size_t len)
{
	assert_true(len > 0);
	rdl_buf_add(ctx, p, len);
}

/* Records with one newline each; nothing that was not a record. */
static void
test_tells_what_was_read(void **state)
{
	static const char in[] = "\n{\"a\":1}\r\n{}\n \r\n{\"b\"\n{bad\r\n"
	    "{\"c\":2}\r\n\r\n{\"d\":3}\n{\"unread\":4}\n";
	struct rdl_buf told = RDL_BUF_INIT(RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_jsonl r;
	int i, bad = 0;

	(void)state;
	open_bytes(&r, in, sizeof(in) - 1);
	rdl_jsonl_tell(&r, append, &told);
	for (i = 0; i < 6; i++)
		bad += rdl_jsonl_next(&r, &rec, &err) < 0;
	assert_int_equal(bad, 2);
	rdl_jsonl_settle(&r);
	rdl_jsonl_settle(&r);
	assert_string_equal(told.p,
	    "{\"a\":1}\n{}\n{\"c\":2}\n{\"d\":3}\n");
	rdl_jsonl_close(&r);
	rdl_rec_release(&rec);
	rdl_buf_release(&told);
}

/* Far more than the buffer holds, with a line longer than it. */
static void
test_tells_all_of_a_long_stream(void **state)
{
	struct rdl_buf in = RDL_BUF_INIT(16 * RDL_MIB);
	struct rdl_buf told = RDL_BUF_INIT(16 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_jsonl r;
	const char *line;
	size_t i, len;
	int rc;

	(void)state;
	for (i = 0; i < 30000; i++) {
		rdl_buf_addf(&in, "%zu%*s\n", i, (int)(i % 211), ".");
		if (i == 20000)
			rdl_buf_addf(&in, "%*s\n", 3 << 20, "long");
	}
	assert_false(rdl_buf_full(&in));
	open_bytes(&r, in.p, in.len);
	rdl_jsonl_tell(&r, append, &told);
	while ((rc = rdl_jsonl_line(&r, &line, &len, &err)) > 0)
		continue;
	assert_int_equal(rc, 0);
	rdl_jsonl_settle(&r);
	assert_int_equal(told.len, in.len);
	assert_memory_equal(told.p, in.p, in.len);
	rdl_jsonl_close(&r);
	rdl_buf_release(&in);
	rdl_buf_release(&told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_read_error),
		cmocka_unit_test(test_records_and_bad_lines),
		cmocka_unit_test(test_many_lengths),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_ready_on_a_pipe),
		cmocka_unit_test(test_nonblocking),
		cmocka_unit_test(test_stopped_by_a_signal),
		cmocka_unit_test(test_stdin_has_a_name),
		cmocka_unit_test(test_tells_what_was_read),
		cmocka_unit_test(test_tells_all_of_a_long_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
