/*
 * The reply cache: stored before it is read, found by the whole request, paid
 * once, priced or NULL.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/mem.h"
#include "ledger/calls.h"
#include "ledger/quota.h"

static char dir[] = "/tmp/rdl-calls-XXXXXX";

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
open_at(const char *name)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	if (rdl_ledger_open(&l, at(name), true, &err) < 0)
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

/* A call with everything known. */
static struct rdl_call
call_of(const char *request, const char *reply)
{
	struct rdl_call c = { .request = request, .reply = reply,
		.endpoint = "http://h/v1", .model = "m", .resolved = "m-1",
		.finish = "stop", .server_id = "s", .http_status = 200,
		.attempts = 2, .latency_ms = 31, .tokens_in = 100,
		.tokens_cached = 40, .tokens_out = 7, .tokens_reasoning = 3,
		.cost_pusd = 1500000 };

	c.request_len = strlen(request);
	c.reply_len = strlen(reply);
	c.key = rdl_hash_sha256(request, c.request_len);
	return c;
}

static void
store(struct rdl_ledger *l, const struct rdl_call *c)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_calls_add(l, c, &err) < 0)
		fail_msg("%s", err.msg);
}

static int
find(struct rdl_ledger *l, const struct rdl_call *c, struct rdl_call *out)
{
	struct rdl_err err = RDL_ERR_INIT;

	return rdl_calls_find(l, &c->key, c->request, c->request_len, out,
	    &err);
}

static void
test_all_comes_back(void **state)
{
	struct rdl_ledger *l = open_at("back.db");
	struct rdl_call c = call_of("{\"q\":1}", "{\"a\":1}"), got;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_hash name;

	(void)state;
	assert_int_equal(find(l, &c, &got), 0);
	store(l, &c);
	assert_int_equal(find(l, &c, &got), 1);	/* not committed yet */
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(find(l, &c, &got), 1);
	assert_memory_equal(&got.key, &c.key, sizeof(c.key));
	assert_string_equal(got.request, c.request);
	assert_string_equal(got.reply, c.reply);
	assert_int_equal(got.reply_len, 7);
	assert_string_equal(got.endpoint, "http://h/v1");
	assert_string_equal(got.model, "m");
	assert_string_equal(got.resolved, "m-1");
	assert_string_equal(got.finish, "stop");
	assert_string_equal(got.server_id, "s");
	assert_int_equal(got.http_status, 200);
	assert_int_equal(got.attempts, 2);
	assert_int_equal(got.latency_ms, 31);
	assert_int_equal(got.tokens_in, 100);
	assert_int_equal(got.tokens_cached, 40);
	assert_int_equal(got.tokens_out, 7);
	assert_int_equal(got.tokens_reasoning, 3);
	assert_int_equal(got.cost_pusd, 1500000);
	memcpy(name.b, c.key.b, sizeof(name.b));
	assert_int_equal(rdl_calls_get(l, &name, &got, &err), 1);
	assert_string_equal(got.reply, c.reply);
	close_ledger(l);
}

static void
test_unknown_is_null_and_comes_back_unknown(void **state)
{
	struct rdl_ledger *l = open_at("null.db");
	struct rdl_call c = call_of("r", "a"), got;

	(void)state;
	c.resolved = c.finish = c.server_id = c.endpoint = NULL;
	c.latency_ms = c.tokens_in = c.tokens_cached = c.tokens_out =
	    c.tokens_reasoning = c.cost_pusd = -1;
	store(l, &c);
	assert_int_equal(find(l, &c, &got), 1);
	assert_null(got.resolved);
	assert_null(got.finish);
	assert_int_equal(got.tokens_in, -1);
	assert_int_equal(got.cost_pusd, -1);
	close_ledger(l);	/* commits */
	assert_string_equal(shell("null.db", "SELECT cost_usd IS NULL, "
	    "tokens_in IS NULL, paid FROM calls"), "1|1|1\n");
	assert_string_equal(shell("null.db", "SELECT calls, cost_usd IS NULL, "
	    "unpriced FROM cost"), "1|1|1\n");
}

static void
test_bytes_of_any_kind(void **state)
{
	struct rdl_ledger *l = open_at("bytes.db");
	struct rdl_call c = call_of("r", ""), got;
	struct rdl_err err = RDL_ERR_INIT;
	size_t big = 3 * RDL_MIB;
	char *p = rdl_mem_calloc(big, 1);

	(void)state;
	store(l, &c);
	assert_int_equal(find(l, &c, &got), 1);
	assert_int_equal(got.reply_len, 0);
	memset(p, 'x', big);
	c = call_of("r2", "");
	c.reply = p;
	c.reply_len = big;
	store(l, &c);
	assert_int_equal(find(l, &c, &got), 1);
	assert_int_equal(got.reply_len, big);
	assert_memory_equal(got.reply, p, big);
	c = call_of("r3", "");
	c.reply = "a\0b\xff";
	c.reply_len = 4;
	store(l, &c);
	assert_int_equal(find(l, &c, &got), 1);
	assert_int_equal(got.reply_len, 4);
	assert_memory_equal(got.reply, "a\0b\xff", 4);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	close_ledger(l);
	assert_string_equal(shell("bytes.db",
	    "SELECT typeof(reply) FROM call"), "text\ntext\nblob\n");
	free(p);
}

static void
test_a_collision_is_an_error(void **state)
{
	struct rdl_ledger *l = open_at("collision.db");
	struct rdl_call a = call_of("one", "1"), b = call_of("two", "2"), got;
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	b.key = a.key;
	store(l, &a);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(find(l, &b, &got), -1);
	assert_int_equal(rdl_calls_add(l, &b, &err), -1);
	assert_non_null(strstr(err.msg, "collision"));
	assert_int_equal(find(l, &a, &got), 1);
	assert_string_equal(got.reply, "1");
	/* One more byte, one byte less: other requests. */
	b = call_of("onex", "");
	b.key = a.key;
	assert_int_equal(find(l, &b, &got), -1);
	b.request_len = 2;
	assert_int_equal(find(l, &b, &got), -1);
	close_ledger(l);
}

static void
test_the_first_answer_stays(void **state)
{
	struct rdl_ledger *l = open_at("paid.db"), *m = open_at("paid.db");
	struct rdl_call a = call_of("q", "first"), b = call_of("q", "second");
	struct rdl_call got;
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	store(l, &a);
	assert_int_equal(find(m, &b, &got), 0);	/* not yet committed */
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(find(m, &b, &got), 1);
	store(m, &b);
	assert_int_equal(rdl_calls_commit(m, &err), 0);
	assert_int_equal(find(m, &b, &got), 1);
	assert_string_equal(got.reply, "first");
	close_ledger(l);
	close_ledger(m);
	assert_string_equal(shell("paid.db", "SELECT paid, reply, cost_usd "
	    "FROM calls"), "2|first|1.5e-06\n");
	assert_string_equal(shell("paid.db", "SELECT calls, paid_twice, "
	    "cost_usd, unpriced FROM cost"), "1|1|3.0e-06|0\n");
}

/* What was added and not committed is gone with the process; what was
 * committed is not. */
static void
test_a_kill_loses_the_open_batch_only(void **state)
{
	struct rdl_call a = call_of("a", "1"), b = call_of("b", "2"), got;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		l = open_at("kill.db");
		store(l, &a);
		if (rdl_calls_commit(l, &err) < 0)
			_exit(1);
		store(l, &b);
		(void)raise(SIGKILL);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFSIGNALED(status));
	l = open_at("kill.db");
	assert_int_equal(find(l, &a, &got), 1);
	assert_int_equal(find(l, &b, &got), 0);
	close_ledger(l);
}

static void
nothing(struct rdl_buf *state, void *ctx)
{
	(void)state;
	(void)ctx;
}

/* Records, totals and quotas may be written while a batch is open. */
static void
test_a_batch_lives_with_other_writes(void **state)
{
	struct rdl_ledger *l = open_at("mix.db");
	struct rdl_run_spec spec = { .tool = "ask" };
	struct rdl_run_totals t = { .in = 1, .passed = 1, .calls = 2,
		.cost_pusd = 3000000, .unpriced = 1 };
	struct rdl_call a = call_of("a", "1"), b = call_of("b", "2"), got;
	struct rdl_hash name = rdl_hash_of("n", 1);
	struct rdl_id id = { "qa", { { 1 } } };
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(rdl_run_begin(l, &spec, &err), 0);
	store(l, &a);
	assert_int_equal(rdl_calls_image(l, &a.key, "x.jpg", "image/jpeg", 9,
	    &err), 0);
	assert_int_equal(rdl_run_note(l, "n", "1", 1, &err), 0);
	assert_int_equal(rdl_quota_update(l, &name, NULL, nothing, NULL,
	    &err), 0);
	store(l, &b);
	assert_int_equal(rdl_ledger_add(l, &id, NULL, NULL, &err), 0);
	assert_int_equal(rdl_run_update(l, &t, &err), 0);
	assert_int_equal(rdl_run_end(l, "done", NULL, &t, &err), 0);
	assert_int_equal(find(l, &b, &got), 1);
	close_ledger(l);
	assert_string_equal(shell("mix.db", "SELECT run, tool, model, calls, "
	    "tokens_in, tokens_out FROM cost"), "1|ask|m|2|200|14\n");
	assert_string_equal(shell("mix.db", "SELECT calls, cost_usd, unpriced "
	    "FROM runs"), "2|3.0e-06|1\n");
	assert_string_equal(shell("mix.db", "SELECT uri, media_type, bytes, "
	    "length(sha256) FROM images"), "x.jpg|image/jpeg|9|64\n");
	assert_string_equal(shell("mix.db", "SELECT count(*) FROM records"),
	    "1\n");
}

static void
test_prices_have_dates(void **state)
{
	struct rdl_ledger *l = open_at("price.db");
	struct rdl_call c = call_of("q", "a");
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	c.cost_pusd = -1;
	store(l, &c);
	/* 2.5, 1.25 and 10 dollars a million tokens; once more in future. */
	assert_int_equal(rdl_calls_price(l, "m", "2020-01-01", 2500000,
	    1250000, 10000000, "test", &err), 0);
	assert_int_equal(rdl_calls_price(l, "m", "2999-01-01", 1, 1, 1, NULL,
	    &err), 0);
	assert_int_equal(rdl_calls_price(l, "other", "2020-01-01", 0, -1, 0,
	    NULL, &err), 0);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	close_ledger(l);
	/* 60 * 2.5 + 40 * 1.25 + 7 * 10 = 270 dollars a million. */
	assert_string_equal(shell("price.db", "SELECT round(cost_usd, 9) "
	    "FROM calls"), "0.00027\n");
	assert_string_equal(shell("price.db", "SELECT * FROM prices WHERE "
	    "since = '2020-01-01'"), "m|2020-01-01|2.5|1.25|10.0|test\n"
	    "other|2020-01-01|0.0|0.0|0.0|\n");
}

static void
test_the_shell_reads_into_requests(void **state)
{
	struct rdl_ledger *l = open_at("json.db");
	struct rdl_call c = call_of("{\"model\":\"m\",\"rollout\":3}",
	    "{\"choices\":[{\"text\":\"hi\"}]}");

	(void)state;
	store(l, &c);
	close_ledger(l);
	assert_string_equal(shell("json.db", "SELECT json_extract(request, "
	    "'\\$.rollout'), json_extract(reply, '\\$.choices[0].text') "
	    "FROM calls"), "3|hi\n");
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

static int
reply(struct rdl_ledger *l, const struct rdl_call *c, const char **out)
{
	struct rdl_err err = RDL_ERR_INIT;
	size_t len;

	return rdl_calls_reply(l, &c->key, c->request, c->request_len, out,
	    &len, &err);
}

/* A hit leaves a view behind: it hides no later answer, lets this process
 * write after another has, and is gone when it is said. */
static void
test_replies_share_a_view(void **state)
{
	struct rdl_ledger *l = open_at("view.db"), *m = open_at("view.db");
	struct rdl_call a = call_of("a", "1"), b = call_of("b", "2");
	struct rdl_call c = call_of("c", ""), d = a;
	struct rdl_err err = RDL_ERR_INIT;
	const char *p;

	(void)state;
	store(l, &a);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(reply(m, &a, &p), 1);
	assert_string_equal(p, "1");
	assert_true(rdl_db_held(rdl_ledger_db(m)));
	store(l, &b);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	assert_int_equal(reply(m, &b, &p), 1);
	assert_string_equal(p, "2");
	assert_int_equal(reply(m, &a, &p), 1);
	assert_true(rdl_db_held(rdl_ledger_db(m)));
	store(l, &c);
	assert_int_equal(rdl_calls_commit(l, &err), 0);
	d.key = rdl_hash_sha256("d", 1);
	store(m, &d);
	assert_false(rdl_db_held(rdl_ledger_db(m)));
	assert_int_equal(reply(m, &c, &p), 1);	/* in the open batch */
	assert_string_equal(p, "");
	assert_false(rdl_db_held(rdl_ledger_db(m)));
	assert_int_equal(rdl_calls_commit(m, &err), 0);
	assert_int_equal(reply(m, &a, &p), 1);
	rdl_calls_rest(m);
	assert_false(rdl_db_held(rdl_ledger_db(m)));
	d.request = "no";
	d.request_len = 2;
	assert_int_equal(reply(m, &d, &p), -1);
	assert_false(rdl_db_held(rdl_ledger_db(m)));
	close_ledger(l);
	close_ledger(m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_comes_back),
		cmocka_unit_test(test_unknown_is_null_and_comes_back_unknown),
		cmocka_unit_test(test_bytes_of_any_kind),
		cmocka_unit_test(test_a_collision_is_an_error),
		cmocka_unit_test(test_the_first_answer_stays),
		cmocka_unit_test(test_a_kill_loses_the_open_batch_only),
		cmocka_unit_test(test_a_batch_lives_with_other_writes),
		cmocka_unit_test(test_prices_have_dates),
		cmocka_unit_test(test_the_shell_reads_into_requests),
		cmocka_unit_test(test_replies_share_a_view),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
