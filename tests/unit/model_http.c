/*
 * The HTTP client against a loopback server that misbehaves (http_server.h).
 * Reads and writes sockets and one temporary file.  Needs no network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/mem.h"
#include "http_server.h"
#include "model/http.h"
#include "model/http_impl.h"

static struct http_server server;
static struct rdl_http *http;
static struct rdl_err err = RDL_ERR_INIT;

static void
target(struct rdl_http_call *c, char url[128], const char *path)
{
	(void)snprintf(url, 128, "http://127.0.0.1:%d%s", server.port, path);
	memset(c, 0, sizeof(*c));
	c->url = url;
	c->timeout_ms = 5000;
}

/* One call, waited for. */
static void
run(struct rdl_http_call *c)
{
	struct rdl_http_call *done[4];
	bool readable;
	int n;

	assert_int_equal(rdl_http_send(http, c, &err), 0);
	n = rdl_http_wait(http, -1, &readable, 8000, done, 4, &err);
	assert_int_equal(n, 1);
	assert_ptr_equal(done[0], c);
	assert_false(readable);
}

static void
get(struct rdl_http_call *c, char url[128], const char *path)
{
	target(c, url, path);
	run(c);
}

static int
setup(void **state)
{
	(void)state;
	return rdl_http_open(&http, 64, &err);
}

static int
teardown(void **state)
{
	(void)state;
	rdl_http_close(http);
	http = NULL;
	return 0;
}

static void
test_post_is_binary_and_keeps_alive(void **state)
{
	struct rdl_http_call c;
	char url[128];
	int i;

	(void)state;
	target(&c, url, "/echo");
	c.body = "a\0b\xff";
	c.body_len = 4;
	for (i = 0; i < 50; i++) {
		run(&c);
		assert_int_equal(c.status, 200);
		assert_int_equal(c.reply.len, 4);
		assert_memory_equal(c.reply.p, "a\0b\xff", 4);
		assert_string_equal(c.content_type, "application/json");
		assert_string_equal(c.error, "");
	}
	assert_int_equal(rdl_http_connections(http), 1);
	rdl_buf_release(&c.reply);
}

static void
test_request_headers(void **state)
{
	struct rdl_http_call c;
	char url[128], *big = rdl_mem_calloc(3, RDL_MIB);

	(void)state;
	target(&c, url, "/head");
	c.headers = "Authorization: Bearer k\nContent-Type: application/json";
	c.body = big;
	c.body_len = 3 * RDL_MIB;
	run(&c);
	assert_int_equal(c.status, 200);
	assert_non_null(strstr(c.reply.p, "POST /head HTTP/1.1\r\n"));
	assert_non_null(strstr(c.reply.p, "\r\nAuthorization: Bearer k\r\n"));
	assert_non_null(strstr(c.reply.p,
	    "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(c.reply.p, "\r\nContent-Length: 3145728\r\n"));
	assert_non_null(strstr(c.reply.p, "\r\nUser-Agent: riddle/"));
	assert_null(strstr(c.reply.p, "Expect"));
	assert_true(c.latency_ms < 900);
	/* Other headers on the same handle, then a GET. */
	c.headers = "X-Other: 1";
	c.body = NULL;
	run(&c);
	assert_non_null(strstr(c.reply.p, "GET /head HTTP/1.1\r\n"));
	assert_non_null(strstr(c.reply.p, "\r\nX-Other: 1\r\n"));
	assert_null(strstr(c.reply.p, "Bearer"));
	assert_null(strstr(c.reply.p, "Content-Length"));
	rdl_buf_release(&c.reply);
	free(big);
}

static void
test_many_in_flight(void **state)
{
	static struct rdl_http_call calls[64];
	static char bodies[64][32];
	struct rdl_http_call *done[16];
	size_t sent = 0, got = 0, i;
	char url[128];
	bool readable;
	int n;

	(void)state;
	for (i = 0; i < 64; i++) {
		target(&calls[i], url, "/echo");
		/* Valgrind forks 64 servers slowly. */
		calls[i].timeout_ms = 60000;
		calls[i].user = bodies[i];
		calls[i].body = bodies[i];
		calls[i].body_len = (size_t)snprintf(bodies[i], 32, "%zu",
		    sent++);
		assert_int_equal(rdl_http_send(http, &calls[i], &err), 0);
	}
	/* One more than was agreed on. */
	assert_int_equal(rdl_http_send(http, &calls[0], &err), -1);
	while (got < 2000) {
		n = rdl_http_wait(http, -1, &readable, 60000, done, 16, &err);
		assert_true(n > 0 && n <= 16);
		for (i = 0; i < (size_t)n; i++, got++) {
			struct rdl_http_call *c = done[i];

			assert_string_equal(c->error, "");
			assert_int_equal(c->status, 200);
			assert_int_equal(c->reply.len, c->body_len);
			assert_memory_equal(c->reply.p, c->user, c->body_len);
			if (sent == 2000)
				continue;
			c->body_len = (size_t)snprintf(c->user, 32, "%zu",
			    sent++);
			assert_int_equal(rdl_http_send(http, c, &err), 0);
		}
	}
	assert_true(rdl_http_connections(http) <= 64);
	for (i = 0; i < 64; i++)
		rdl_buf_release(&calls[i].reply);
}

static void
test_faults_are_told_apart(void **state)
{
	static const struct {
		const char *path, *words;
	} all[] = {
		{ "/cut", "was cut" },
		{ "/empty", "without a reply" },
		{ "/reset", "was lost" },
	};
	struct rdl_http_call c;
	char url[128];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(all); i++) {
		get(&c, url, all[i].path);
		assert_int_equal(c.status, 0);
		assert_true(c.transient);
		assert_false(c.timed_out);
		assert_non_null(strstr(c.error, all[i].words));
		rdl_buf_release(&c.reply);
	}
}

static void
test_timeout(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	target(&c, url, "/hang");
	c.timeout_ms = 150;
	run(&c);
	assert_int_equal(c.status, 0);
	assert_true(c.transient && c.timed_out);
	assert_in_range(c.latency_ms, 140, 1500);
	assert_non_null(strstr(c.error, "no reply from 127.0.0.1:"));
	get(&c, url, "/slow");
	assert_int_equal(c.status, 200);
	assert_string_equal(c.reply.p, "12345");
	rdl_buf_release(&c.reply);
}

static void
test_limit_headers(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	get(&c, url, "/limits/openai");
	assert_int_equal(c.status, 429);
	assert_int_equal(c.retry_after_ms, 1201);
	assert_int_equal(c.should_retry, 1);
	assert_string_equal(c.server_id, "req_abc");
	assert_int_equal(c.limit_requests, 600);
	assert_int_equal(c.remaining_requests, 0);
	assert_int_equal(c.reset_requests_ms, 90500);
	assert_int_equal(c.limit_tokens, 30000);
	assert_int_equal(c.remaining_tokens, 29000);
	assert_int_equal(c.reset_tokens_ms, 12);
	rdl_buf_release(&c.reply);
	get(&c, url, "/limits/azure");
	assert_int_equal(c.retry_after_ms, 0);
	assert_int_equal(c.remaining_requests, -1);
	assert_int_equal(c.remaining_tokens, 42);
	assert_int_equal(c.reset_requests_ms, 10000);
	assert_int_equal(c.limit_requests, -1);
	assert_int_equal(c.should_retry, -1);
	assert_string_equal(c.server_id, "");
	rdl_buf_release(&c.reply);
}

static void
test_sizes_are_capped(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	get(&c, url, "/huge-head");
	assert_int_equal(c.status, 0);
	assert_false(c.transient);
	assert_non_null(strstr(c.error, "larger than 64 KiB"));
	rdl_buf_release(&c.reply);
	/* 133 bytes on the wire, 100,000 unpacked. */
	get(&c, url, "/bomb");
	assert_int_equal(c.status, 200);
	assert_int_equal(c.reply.len, 100000);
	rdl_buf_release(&c.reply);
	target(&c, url, "/bomb");
	c.reply.max = 99999;
	run(&c);
	assert_int_equal(c.status, 0);
	assert_false(c.transient);
	assert_non_null(strstr(c.error, "larger than 99999 bytes"));
	rdl_buf_release(&c.reply);
}

static void
test_redirect_is_not_followed(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	get(&c, url, "/redirect");
	assert_int_equal(c.status, 302);
	assert_int_equal(c.reply.len, 0);
	rdl_buf_release(&c.reply);
}

static void
refuse_large(const char *path, struct rdl_http_call *c, char url[128])
{
	char *big = rdl_mem_calloc(16, RDL_MIB);

	target(c, url, path);
	c->body = big;
	c->body_len = 16 * RDL_MIB;
	run(c);
	free(big);
}

/* A server that refuses a large body unread and hangs up. */
static void
test_early_refusal_is_seen(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	refuse_large("/early", &c, url);
	assert_int_equal(c.status, 413);
	rdl_buf_release(&c.reply);
}

/* One that does it with a reset: whether the reply or the reset is seen first
 * is a matter of moments.  Either is said for what it is. */
static void
test_early_reset_is_one_or_the_other(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	refuse_large("/early-reset", &c, url);
	if (c.status == 0) {
		assert_true(c.transient);
		assert_non_null(strstr(c.error, "was lost"));
	} else
		assert_int_equal(c.status, 413);
	rdl_buf_release(&c.reply);
}

/* What http.c warns of: this holds down what curl really does. */
static void
test_curl_sends_again_on_a_dead_connection(void **state)
{
	struct rdl_http_call c;
	char url[128];

	(void)state;
	target(&c, url, "/reset-if-reused");
	c.body = "x";
	c.body_len = 1;
	run(&c);
	assert_int_equal(c.status, 200);
	run(&c);
	assert_int_equal(c.status, 200);
	assert_string_equal(c.reply.p, "first");
	assert_int_equal(rdl_http_connections(http), 2);
	rdl_buf_release(&c.reply);
}

static void
test_hang_up_while_idle_costs_nothing(void **state)
{
	struct rdl_http_call c, *done[1];
	bool readable;
	char url[128];
	clock_t cpu;

	(void)state;
	get(&c, url, "/bye");
	assert_string_equal(c.reply.p, "bye");
	cpu = clock();
	assert_int_equal(rdl_http_wait(http, -1, &readable, 200, done, 1,
	    &err), 0);
	assert_true((clock() - cpu) * 10 < CLOCKS_PER_SEC);
	run(&c);
	assert_string_equal(c.reply.p, "bye");
	rdl_buf_release(&c.reply);
}

static void
test_nobody_listens(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);
	struct rdl_http_call c;
	char url[128], want[128];

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	target(&c, url, "");
	(void)snprintf(url, sizeof(url), "http://user:secret@127.0.0.1:%d/v1",
	    ntohs(a.sin_port));
	run(&c);
	(void)snprintf(want, sizeof(want), "connection refused by "
	    "127.0.0.1:%d: is the server running?", ntohs(a.sin_port));
	assert_int_equal(c.status, 0);
	assert_true(c.transient);
	assert_string_equal(c.error, want);
	rdl_buf_release(&c.reply);
	(void)close(fd);
}

static void
test_bad_urls(void **state)
{
	static const char *const bad[] = { "ftp://127.0.0.1/x", "",
		"file:///etc/passwd", "http://", "http://a b/",
		"http://[::1", "http://127.0.0.1:99999/" };
	struct rdl_http_call c;
	char url[128];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		target(&c, url, "");
		c.url = bad[i];
		run(&c);
		assert_int_equal(c.status, 0);
		assert_false(c.transient);
		assert_true(c.error[0] != '\0');
		assert_int_equal(c.reply.len, 0);
		rdl_buf_release(&c.reply);
	}
}

static void
test_fault_words(void **state)
{
	const struct rdl_curl *curl = rdl_curl_load(&err);
	struct rdl_http_call c = { .url = "https://api.example:1/v1?k=1" };

	(void)state;
	assert_non_null(curl);
	rdl_http_fault(curl, &c, CURLE_COULDNT_RESOLVE_HOST, 0, "",
	    RDL_HTTP_GOES_ON);
	assert_string_equal(c.error, "cannot resolve host 'api.example:1'");
	assert_true(c.transient);
	rdl_http_fault(curl, &c, CURLE_PEER_FAILED_VERIFICATION, 0, "expired",
	    RDL_HTTP_GOES_ON);
	assert_false(c.transient);
	assert_non_null(strstr(c.error, "expired"));
}

static void
test_watches_a_descriptor(void **state)
{
	struct rdl_http_call c, *done[4];
	char url[128], name[] = "/tmp/rdl-http-XXXXXX";
	int64_t began;
	bool readable;
	int p[2], file, n;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(rdl_http_wait(http, p[0], &readable, 20, done, 4,
	    &err), 0);
	assert_false(readable);
	assert_int_equal(write(p[1], "x", 1), 1);
	/* Not asked for: it must not wake us. */
	began = rdl_clock_us();
	assert_int_equal(rdl_http_wait(http, -1, &readable, 30, done, 4,
	    &err), 0);
	assert_false(readable);
	assert_true(rdl_clock_us() - began >= 29000);
	assert_int_equal(rdl_http_wait(http, p[0], &readable, 5000, done, 4,
	    &err), 0);
	assert_true(readable);
	/* Readable and a call done: both are told. */
	target(&c, url, "/echo");
	assert_int_equal(rdl_http_send(http, &c, &err), 0);
	do {
		n = rdl_http_wait(http, p[0], &readable, 5000, done, 4, &err);
		assert_true(readable);
	} while (n == 0);
	assert_int_equal(n, 1);
	rdl_buf_release(&c.reply);
	(void)close(p[1]);
	assert_int_equal(read(p[0], name, 1), 1);
	name[0] = '/';
	assert_int_equal(rdl_http_wait(http, p[0], &readable, 5000, done, 4,
	    &err), 0);
	assert_true(readable);	/* the writer left */
	(void)close(p[0]);
	file = mkstemp(name);
	assert_true(file >= 0);
	(void)unlink(name);
	assert_int_equal(rdl_http_wait(http, file, &readable, 5000, done, 4,
	    &err), 0);
	assert_true(readable);
	(void)close(file);
	assert_int_equal(rdl_http_wait(http, file, &readable, 0, done, 4,
	    &err), -1);
}

static void
on_alarm(int sig)
{
	(void)sig;
}

static void
test_signal_ends_the_wait(void **state)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct rdl_http_call c, *done[1];
	struct sigevent sev = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGUSR1 };
	struct itimerspec it = { .it_value = { 0, 50000000 } };
	int64_t began = rdl_clock_us();
	bool readable;
	timer_t timer;
	char url[128];

	(void)state;
	(void)sigaction(SIGUSR1, &sa, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &sev, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &it, NULL), 0);
	target(&c, url, "/hang");
	assert_int_equal(rdl_http_send(http, &c, &err), 0);
	assert_int_equal(rdl_http_wait(http, -1, &readable, 5000, done, 1,
	    &err), 0);
	assert_true(rdl_clock_us() - began < 3000000);
	(void)timer_delete(timer);
	/* The call under way is aborted by teardown. */
}

static void
line(struct rdl_http_call *c, const char *text)
{
	rdl_http_head_line(rdl_curl_load(&err), c, text, strlen(text),
	    INT64_C(1732363200000));	/* 2024-11-23T12:00:00Z */
}

static void
test_head_times(void **state)
{
	static const struct {
		const char *line;
		int64_t ms;
	} all[] = {
		{ "Retry-After: 20\r\n", 20000 },
		{ "retry-after:0.25", 250 },
		{ "Retry-After: Sat, 23 Nov 2024 12:00:30 GMT\r\n", 30000 },
		{ "Retry-After: Sat, 23 Nov 2024 11:00:00 GMT", 0 },
		{ "retry-after-ms: 1500", 1500 },
		{ "retry-after: 99999999999", INT64_C(366) * 86400000 },
		{ "retry-after: soon", -1 },
		{ "retry-after: -5", -1 },
		{ "retry-after: nan", -1 },
		{ "retry-after: 1e5", -1 },
		{ "retry-after:", -1 },
		{ "retry-after-ms: x", -1 },
		{ "retry-afterx: 1", -1 },
	};
	static const struct {
		const char *line;
		int64_t ms;
	} resets[] = {
		{ "2024-11-23T12:00:10Z", 10000 },
		{ "2024-11-23T12:00:10.75Z", 10000 },
		{ "2024-11-23T13:00:10+01:00", 10000 },
		{ "2024-11-23T11:59:10Z", 0 },
		{ "2024-11-23 12:00:10Z", -1 },
		{ "2024-11-23T12:00:10", -1 },
		{ "2024-11-23T12:00:1", -1 },
		{ "10", -1 },
		{ "", -1 },
	};
	struct rdl_http_call c;
	char text[128];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(all); i++) {
		rdl_http_head_reset(&c);
		line(&c, all[i].line);
		assert_int_equal(c.retry_after_ms, all[i].ms);
	}
	for (i = 0; i < RDL_NELEM(resets); i++) {
		rdl_http_head_reset(&c);
		(void)snprintf(text, sizeof(text),
		    "anthropic-ratelimit-requests-reset: %s", resets[i].line);
		line(&c, text);
		assert_int_equal(c.reset_requests_ms, resets[i].ms);
	}
}

static void
test_head_anthropic_and_hostile(void **state)
{
	struct rdl_http_call c;
	char big[4096];

	(void)state;
	rdl_http_head_reset(&c);
	line(&c, "anthropic-ratelimit-input-tokens-limit: 5");
	assert_int_equal(c.limit_tokens, 5);
	line(&c, "anthropic-ratelimit-tokens-limit: 3");
	line(&c, "anthropic-ratelimit-input-tokens-limit: 9");
	assert_int_equal(c.limit_tokens, 3);
	line(&c, "request-id: a\x01\x1b[31mb");
	assert_string_equal(c.server_id, "a??[31mb");
	memset(big, 'r', sizeof(big));
	memcpy(big, "x-request-id: ", 14);
	big[sizeof(big) - 1] = '\0';
	line(&c, big);
	assert_int_equal(strlen(c.server_id), sizeof(c.server_id) - 1);
	line(&c, "x-ratelimit-limit-requests: 99999999999999999999");
	line(&c, "x-ratelimit-limit-requests: 1x");
	line(&c, ":");
	line(&c, "");
	line(&c, "x");
	assert_int_equal(c.limit_requests, -1);
	line(&c, "x-ratelimit-limit-requests:7");
	assert_int_equal(c.limit_requests, 7);
	/* A second status line: what came before was only interim. */
	line(&c, "HTTP/1.1 200 OK");
	assert_int_equal(c.limit_requests, -1);
	assert_string_equal(c.server_id, "");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_post_is_binary_and_keeps_alive),
		T(test_request_headers),
		T(test_many_in_flight),
		T(test_faults_are_told_apart),
		T(test_timeout),
		T(test_limit_headers),
		T(test_sizes_are_capped),
		T(test_redirect_is_not_followed),
		T(test_early_refusal_is_seen),
		T(test_early_reset_is_one_or_the_other),
		T(test_curl_sends_again_on_a_dead_connection),
		T(test_hang_up_while_idle_costs_nothing),
		T(test_nobody_listens),
		T(test_bad_urls),
		T(test_fault_words),
		T(test_watches_a_descriptor),
		T(test_signal_ends_the_wait),
		cmocka_unit_test(test_head_times),
		cmocka_unit_test(test_head_anthropic_and_hostile),
	};
	int rc;

	http_server_start(&server);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	http_server_stop(&server);
	return rc;
}
