/*
 * Downloads: order, faults, and what is tried again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/clock.h"
#include "domain/fetch.h"
#include "http_server.h"

static struct http_server server;

static int
begin(void **state)
{
	(void)state;
	http_server_start(&server);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	http_server_stop(&server);
	return 0;
}

static void
add(struct rdl_fetch *f, const char *path)
{
	struct rdl_err err = RDL_ERR_INIT;
	char url[200];

	assert_true(rdl_fetch_room(f));
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port,
	    path);
	if (rdl_fetch_add(f, url, &err) < 0)
		fail_msg("%s", err.msg);
	memset(url, 'x', sizeof(url));	/* it was copied */
}

static void
expect(struct rdl_fetch *f, const char *file, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_fetch_result r;

	if (rdl_fetch_take(f, &r, &err) < 0)
		fail_msg("%s", err.msg);
	if (file != NULL) {
		assert_non_null(r.file);
		assert_int_equal(r.len, strlen(file));
		assert_memory_equal(r.file, file, r.len);
	} else {
		assert_null(r.file);
		if (strstr(r.why, why) == NULL)
			fail_msg("'%s' without '%s'", r.why, why);
	}
}

static void
test_in_order_whatever_is_slow(void **state)
{
	struct rdl_fetch *f = rdl_fetch_new(5000);
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		add(f, "/slow");
		add(f, "/bye");
		add(f, "/no-such");
	}
	for (i = 0; i < 3; i++) {
		expect(f, "12345", NULL);
		expect(f, "bye", NULL);
		expect(f, NULL, "HTTP 404");
	}
	rdl_fetch_free(f);
}

static void
test_many_through_a_small_window(void **state)
{
	struct rdl_fetch *f = rdl_fetch_new(5000);
	int in = 0, out = 0;

	(void)state;
	while (out < 60) {
		while (in < 60 && rdl_fetch_room(f))
			add(f, in++ % 2 == 0 ? "/bye" : "/slow");
		expect(f, out++ % 2 == 0 ? "bye" : "12345", NULL);
	}
	rdl_fetch_free(f);
}

static void
test_faults(void **state)
{
	struct rdl_fetch *f = rdl_fetch_new(300);
	int64_t began = rdl_clock_us();

	(void)state;
	add(f, "/redirect");
	add(f, "/cut");
	add(f, "/hang");
	add(f, "/reset");
	add(f, "/huge-head");
	add(f, "/limits/azure");
	expect(f, NULL, "302, a redirect");
	assert_true(rdl_clock_us() - began < 1000000);
	expect(f, NULL, "");
	expect(f, NULL, "");
	expect(f, NULL, "");
	expect(f, NULL, "");
	expect(f, NULL, "HTTP 429");
	/* Three tries, with half a second and a second in between. */
	assert_true(rdl_clock_us() - began >= 1500000);
	rdl_fetch_free(f);
}

static void
test_nobody_there(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_fetch *f = rdl_fetch_new(1000);
	struct rdl_fetch_result r;

	(void)state;
	assert_int_equal(rdl_fetch_take(f, &r, &err), -1);
	assert_int_equal(rdl_fetch_add(f, "http://127.0.0.1:1/x", &err), 0);
	assert_int_equal(rdl_fetch_add(f, "http://[bad", &err), 0);
	expect(f, NULL, "");
	expect(f, NULL, "");
	rdl_fetch_free(f);
	rdl_fetch_free(NULL);
}

static void
test_given_up_under_way(void **state)
{
	struct rdl_fetch *f = rdl_fetch_new(5000);

	(void)state;
	add(f, "/hang");
	add(f, "/slow");
	rdl_fetch_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order_whatever_is_slow),
		cmocka_unit_test(test_many_through_a_small_window),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_given_up_under_way),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
