/*
 * The pool of decoders: order, replacement, and that its children can do
 * nothing but decode.  A job of the test stands in for the decoder; the first
 * byte of a file says what it tries.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "vision/pool_private.h"

#define SECRET "vision_pool.secret"

static volatile int sink;

static void
spend(unsigned ms)
{
	int64_t until = rdl_clock_us() + (int64_t)ms * 1000;

	while (rdl_clock_us() < until)
		;
}

/* What a decoder that was taken over would try.  Each of these calls must end
 * the process; if it comes back, ok stays 0 and the rule is no rule. */
static void
try_to_escape(unsigned char how)
{
	char *const argv[] = { NULL };
	char byte;
	struct sockaddr_in to = { .sin_family = AF_INET };

	switch (how) {
	case 'f': (void)open(SECRET, O_RDONLY); break;
	case 'F': (void)open(SECRET ".made", O_WRONLY | O_CREAT, 0666); break;
	case 'u': (void)unlink(SECRET); break;
	case 'd': (void)mkdir(SECRET ".dir", 0777); break;
	case 's': (void)socket(AF_INET, SOCK_STREAM, 0); break;
	case 'c': (void)connect(3, (void *)&to, sizeof(to)); break;
	case 'p': (void)fork(); break;
	case 'e': (void)execv("/bin/true", argv); break;
	case 'k': (void)kill(getppid(), SIGKILL); break;
	case 'P': (void)syscall(SYS_ptrace, 16L, 1L, 0L, 0L); break;
	case 'r': sink = (int)read(0, &byte, 1); break;
	case 'w': sink = (int)write(1, "x", 1); break;
	case 'x': (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); break;
	case 'l': (void)close(3); break;
	case 't': (void)syscall(SYS_prctl, 22L, 0L, 0L, 0L, 0L); break;
	default: abort();
	}
}

static void
use_memory(bool politely)
{
	size_t step = 16 * RDL_MIB, i;
	char *p;

	for (i = 0; i < 64; i++) {
		p = politely ? rdl_mem_realloc(NULL, 1, step) : malloc(step);
		if (p == NULL)
			return;
		memset(p, 1, step);
	}
}

static void
break_down(unsigned char how)
{
	switch (how) {
	case 'A': abort();
	case 'S': (void)raise(SIGSEGV); break;
	case 'X': _exit(0);
	case 'Y': _exit(77);
	case 'H': for (;;)
			sink++;
	case 'M': use_memory(true); break;
	default: break;
	}
}

static void
lie(struct rdl_pool_reply *r, unsigned char how)
{
	memset(r, how == '1' ? 0xff : 'z', sizeof(*r));
	if (how == '2')
		r->ok = 0;
	if (how == '3')
		memcpy(r->format, "png\0\0\0\0", 8);
	if (how >= '4') {
		r->width = how == '4' ? 0 : 60000;
		r->height = 60000;
		r->orientation = 1;
		memcpy(r->format, "png\0\0\0\0", 8);
	}
}

/* The job: 'o' and a byte of milliseconds is a good file. */
static void
job(const struct rdl_pool_opts *opts, const void *file, size_t len,
    struct rdl_pool_reply *r, uint8_t *crop)
{
	const unsigned char *p = file;

	if (len == 0) {
		rdl_pool_reply_fail(r, "decode", "empty");
		return;
	}
	if (p[0] >= '1' && p[0] <= '9') {
		lie(r, p[0]);
		return;
	}
	if (strchr("ASXYHM", p[0]) != NULL)
		break_down(p[0]);
	else if (p[0] != 'o')
		try_to_escape(p[0]);
	if (p[0] != 'o')
		return;
	spend(len > 1 ? p[1] : 0);
	memcpy(r->format, "png", 4);
	r->ok = r->width = r->height = 1;
	r->orientation = 1;
	r->phash = len > 2 ? p[2] : 0;
	r->has_crop = opts->crop.size > 0;
	if (r->has_crop)
		memset(crop, p[len - 1], (size_t)opts->crop.size *
		    opts->crop.size * 3);
}

static struct rdl_pool *
open_pool(unsigned workers, int timeout_ms, uint32_t crop)
{
	struct rdl_pool_opts o = { .workers = workers,
		.timeout_ms = timeout_ms, .memory_max = 256 * RDL_MIB,
		.image = RDL_IMAGE_OPTS_DEFAULT, .crop = { .size = crop } };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p = rdl_pool_new_job(&o, job, &err);

	if (p == NULL)
		fail_msg("%s", err.msg);
	return p;
}

static void
submit(struct rdl_pool *p, uint64_t tag, const void *file, size_t len)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_true(rdl_pool_room(p));
	if (rdl_pool_submit(p, tag, file, len, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct rdl_pool_result
take(struct rdl_pool *p)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool_result r;

	if (rdl_pool_take(p, &r, &err) != 1)
		fail_msg("%s", err.msg);
	return r;
}

static void
expect(struct rdl_pool *p, uint64_t tag, const char *rule)
{
	struct rdl_pool_result r = take(p);

	assert_int_equal(r.tag, tag);
	if (rule == NULL && !r.ok)
		fail_msg("%s: %s", r.rule, r.why);
	if (rule != NULL) {
		assert_false(r.ok);
		assert_string_equal(r.rule, rule);
		assert_true(strlen(r.why) > 0);
	}
}

static void
test_results_come_in_order(void **state)
{
	struct rdl_pool *p = open_pool(3, 0, 8);
	struct rdl_pool_result r;
	unsigned char file[4] = "o";
	uint64_t in = 0, out = 0, i;

	(void)state;
	while (out < 300) {
		while (in < 300 && rdl_pool_room(p)) {
			file[1] = (unsigned char)(in % 7 == 0 ? 5 : 0);
			file[2] = (unsigned char)in;
			file[3] = (unsigned char)(in + 1);
			submit(p, in++, file, 4);
		}
		assert_int_equal(rdl_pool_pending(p), in - out);
		r = take(p);
		assert_true(r.ok);
		assert_int_equal(r.tag, out);
		assert_int_equal(r.phash, out & 0xff);
		for (i = 0; i < 8 * 8 * 3; i++)
			assert_int_equal(r.crop[i], (out + 1) & 0xff);
		out++;
	}
	assert_int_equal(rdl_pool_pending(p), 0);
	rdl_pool_free(p);
}

static void
test_nothing_pending_is_the_end(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p = open_pool(1, 0, 0);
	struct rdl_pool_result r;
	int i;

	(void)state;
	assert_int_equal(rdl_pool_take(p, &r, &err), 0);
	for (i = 0; rdl_pool_room(p); i++)
		submit(p, (uint64_t)i, "o", 1);
	assert_true(i > 1);
	assert_int_equal(rdl_pool_submit(p, 99, "o", 1, &err), -1);
	while (i-- > 0)
		assert_null(take(p).crop);
	assert_int_equal(rdl_pool_take(p, &r, &err), 0);
	rdl_pool_free(p);
}

/* Whatever one file does, those before and behind it are fine. */
static void
test_a_crash_is_one_failed_result(void **state)
{
	static const char how[] = "ASXY";
	struct rdl_pool *p = open_pool(1, 0, 0);
	uint64_t tag = 0;
	const char *h;

	(void)state;
	for (h = how; *h != '\0'; h++) {
		submit(p, tag, "o", 1);
		submit(p, tag + 1, h, 1);
		submit(p, tag + 2, "o", 1);
		submit(p, tag + 3, "", 0);
		expect(p, tag, NULL);
		expect(p, tag + 1, "crash");
		expect(p, tag + 2, NULL);
		expect(p, tag + 3, "decode");
		tag += 4;
	}
	rdl_pool_free(p);
}

/* The child has done one file and died of the next, with more unread, before
 * the caller looks: the one that was done is done. */
static void
test_a_crash_takes_no_finished_file_along(void **state)
{
	static const char how[] = "ASXY";
	struct rdl_pool *p = open_pool(1, 0, 0);
	const char *h;

	(void)state;
	for (h = how; *h != '\0'; h++) {
		submit(p, 0, "o", 1);
		submit(p, 1, h, 1);
		submit(p, 2, "o", 1);
		submit(p, 3, "o", 1);
		spend(200);
		expect(p, 0, NULL);
		expect(p, 1, "crash");
		expect(p, 2, NULL);
		expect(p, 3, NULL);
	}
	rdl_pool_free(p);
}

static void
test_many_crashes_in_a_row(void **state)
{
	struct rdl_pool *p = open_pool(2, 0, 0);
	uint64_t in = 0, out = 0;

	(void)state;
	while (out < 40) {
		while (in < 40 && rdl_pool_room(p))
			submit(p, in++, "S", 1);
		expect(p, out++, "crash");
	}
	submit(p, 40, "o", 1);
	expect(p, 40, NULL);
	rdl_pool_free(p);
}

static void
test_a_hang_is_one_failed_result(void **state)
{
	struct rdl_pool *p = open_pool(2, 300, 0);
	int64_t began = rdl_clock_us();

	(void)state;
	submit(p, 0, "H", 1);
	submit(p, 1, "o\x05", 2);
	submit(p, 2, "o\x05", 2);
	submit(p, 3, "H", 1);
	submit(p, 4, "o", 1);
	expect(p, 0, "timeout");
	expect(p, 1, NULL);
	expect(p, 2, NULL);
	expect(p, 3, "timeout");
	expect(p, 4, NULL);
	assert_true(rdl_clock_us() - began >= 300000);
	rdl_pool_free(p);
}

/* The time that the caller spends elsewhere is not the file's. */
static void
test_a_slow_caller_is_no_hang(void **state)
{
	struct rdl_pool *p = open_pool(1, 300, 0);

	(void)state;
	submit(p, 0, "o", 1);
	submit(p, 1, "o\x10", 2);
	spend(700);
	expect(p, 0, NULL);
	spend(700);
	expect(p, 1, NULL);
	rdl_pool_free(p);
}

static void
test_memory_is_limited(void **state)
{
	struct rdl_pool *p;

	(void)state;
	if (RDL_POOL_ASAN || rdl_pool_filter_off())
		skip();
	p = open_pool(1, 0, 0);
	submit(p, 0, "M", 1);
	submit(p, 1, "o", 1);
	expect(p, 0, "memory");
	expect(p, 1, NULL);
	rdl_pool_free(p);
}

static void
test_a_child_can_do_nothing_else(void **state)
{
	static const char how[] = "fFudscpekPrwxlt";
	struct rdl_pool *p;
	struct rdl_pool_result r;
	const char *h;

	(void)state;
	if (rdl_pool_filter_off())
		skip();
	p = open_pool(1, 0, 0);
	for (h = how; *h != '\0'; h++) {
		submit(p, (uint64_t)*h, h, 1);
		r = take(p);
		assert_false(r.ok);
		if (strcmp(r.rule, "crash") != 0 ||
		    strstr(r.why, "may not do") == NULL)
			fail_msg("'%c' was allowed: %s: %s", *h, r.rule,
			    r.why);
	}
	assert_int_equal(access(SECRET, F_OK), 0);
	assert_int_equal(access(SECRET ".made", F_OK), -1);
	assert_int_equal(access(SECRET ".dir", F_OK), -1);
	rdl_pool_free(p);
}

/* Two children: what one writes into its memory is nothing to the other, and
 * an answer that cannot be true is a crash. */
static void
test_a_lie_is_not_believed(void **state)
{
	static const char how[] = "12345";
	struct rdl_pool *p = open_pool(2, 0, 0);
	const char *h;

	(void)state;
	for (h = how; *h != '\0'; h++) {
		submit(p, 0, h, 1);
		submit(p, 1, "o", 1);
		expect(p, 0, "crash");
		expect(p, 1, NULL);
	}
	rdl_pool_free(p);
}

static void
test_a_large_file_goes_in_a_larger_one_fails(void **state)
{
	size_t len = RDL_IMAGE_MAX + 1;
	struct rdl_pool *p = open_pool(1, 0, 0);
	unsigned char *file = rdl_mem_calloc(len, 1);
	int i;

	(void)state;
	file[0] = 'o';
	for (i = 0; i < 9; i++) {
		submit(p, 0, file, len - 1);
		submit(p, 1, file, len);
		expect(p, 0, NULL);
		expect(p, 1, "bytes");
	}
	free(file);
	rdl_pool_free(p);
}

static void
test_children_hold_no_file_of_ours(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p;
	char byte;
	int fds[2];

	(void)state;
	(void)err;
	assert_int_equal(pipe(fds), 0);
	p = open_pool(2, 0, 0);
	(void)close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	(void)close(fds[0]);
	rdl_pool_free(p);
}

/* Is a process there that can still run? */
static bool
lives(pid_t pid)
{
	char path[64], stat[256] = "";
	const char *state;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	if (fgets(stat, sizeof(stat), f) == NULL)
		stat[0] = '\0';
	(void)fclose(f);
	state = strrchr(stat, ')');
	return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

/* A caller that is killed leaves no process behind. */
static void
test_no_child_outlives_its_caller(void **state)
{
	struct rdl_pool *p;
	pid_t pid, keeper = 0;
	int fds[2], status, i;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		p = open_pool(1, 0, 0);
		submit(p, 0, "H", 1);
		keeper = p->keeper.pid;
		if (write(fds[1], &keeper, sizeof(keeper)) < 0)
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(fds[0], &keeper, sizeof(keeper)),
	    sizeof(keeper));
	assert_true(lives(keeper));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (i = 0; i < 500 && lives(keeper); i++)
		(void)poll(NULL, 0, 10);
	assert_false(lives(keeper));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Without its keeper the pool says that it is broken, and does not wait. */
static void
test_a_pool_without_keeper_is_an_error(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p = open_pool(1, 0, 0);
	struct rdl_pool_result r;

	(void)state;
	assert_int_equal(kill(p->keeper.pid, SIGKILL), 0);
	submit(p, 0, "H", 1);
	assert_int_equal(rdl_pool_take(p, &r, &err), -1);
	assert_int_equal(err.cls, RDL_E_IO);
	rdl_pool_free(p);
}

static void
test_unsafe_works_in_this_process(void **state)
{
	struct rdl_pool_opts o = { .unsafe = true,
		.image = RDL_IMAGE_OPTS_DEFAULT, .crop = { .size = 2 } };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p = rdl_pool_new_job(&o, job, &err);

	(void)state;
	assert_non_null(p);
	assert_int_equal(p->keeper.pid, 0);
	submit(p, 5, "o\0\7", 3);
	submit(p, 6, "", 0);
	submit(p, 7, "o\0\7", 3);
	expect(p, 5, NULL);
	expect(p, 6, "decode");
	assert_int_equal(take(p).crop[0], 7);
	rdl_pool_free(p);
	rdl_pool_free(NULL);
}

/* The job that is used: what the decoder says is passed on. */
static void
test_files_that_are_no_images(void **state)
{
	struct rdl_pool_opts o = { .workers = 1, .phash = true,
		.image = RDL_IMAGE_OPTS_DEFAULT };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool *p = rdl_pool_new(&o, &err);

	(void)state;
	assert_non_null(p);
	submit(p, 0, "", 0);
	submit(p, 1, "not an image", 12);
	expect(p, 0, "decode");
	expect(p, 1, "decode");
	rdl_pool_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_come_in_order),
		cmocka_unit_test(test_nothing_pending_is_the_end),
		cmocka_unit_test(test_a_crash_is_one_failed_result),
		cmocka_unit_test(test_a_crash_takes_no_finished_file_along),
		cmocka_unit_test(test_many_crashes_in_a_row),
		cmocka_unit_test(test_a_hang_is_one_failed_result),
		cmocka_unit_test(test_a_slow_caller_is_no_hang),
		cmocka_unit_test(test_memory_is_limited),
		cmocka_unit_test(test_a_child_can_do_nothing_else),
		cmocka_unit_test(test_a_lie_is_not_believed),
		cmocka_unit_test(test_a_large_file_goes_in_a_larger_one_fails),
		cmocka_unit_test(test_children_hold_no_file_of_ours),
		cmocka_unit_test(test_no_child_outlives_its_caller),
		cmocka_unit_test(test_a_pool_without_keeper_is_an_error),
		cmocka_unit_test(test_unsafe_works_in_this_process),
		cmocka_unit_test(test_files_that_are_no_images),
	};
	char folder[] = "/tmp/riddle-pool.XXXXXX";
	FILE *f;
	int rc;

	if (mkdtemp(folder) == NULL || chdir(folder) < 0 ||
	    (f = fopen(SECRET, "w")) == NULL)
		return 1;
	(void)fclose(f);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(SECRET);
	(void)unlink(SECRET ".made");
	(void)rmdir(SECRET ".dir");
	if (chdir("/") < 0 || rmdir(folder) < 0)
		return 1;
	return rc;
}
