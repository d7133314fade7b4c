/*
 * The ledger: what is appended is found again, by look-ups and by the plain
 * sqlite3 shell.  Many writers at once are in ledger_writers.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"

static char dir[] = "/tmp/rdl-ledger-XXXXXX";

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

/* Entries, as a callback collects them. */
struct seen {
	struct rdl_entry v[64];
	int n;
	struct rdl_ledger *l;	/* look up again from the callback */
};

static int
see(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	struct seen *s = ctx;
	struct seen inner = { .n = 0 };

	if (s->n < 64)
		s->v[s->n] = *e;
	s->n++;
	if (s->l != NULL && e->has_from)
		return rdl_ledger_find(s->l, &e->from, see, &inner, err) < 0 ?
		    -1 : 0;
	return 0;
}

static int
stop_at_once(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	(void)e;
	(void)err;
	++*(int *)ctx;
	return 1;
}

static void
test_shell_reads_the_views(void **state)
{
	struct rdl_ledger *l = open_at("views.db", true);
	struct rdl_id a = id_of("image", 1), b = id_of("qa", 2);
	struct rdl_hash call = rdl_hash_of("call", 4);
	char hex_a[33], hex_b[33], hex_c[33], want[512];

	(void)state;
	begin(l, "one");
	add(l, a, NULL, NULL);
	end(l, "done", 1, 1, 0, 0);
	begin(l, "two");
	add(l, b, &a, &call);
	end(l, "done", 1, 1, 0, 0);
	begin(l, "three");
	close_ledger(l);
	rdl_hash_hex(hex_a, a.hash.b, 16);
	rdl_hash_hex(hex_b, b.hash.b, 16);
	rdl_hash_hex(hex_c, call.b, 16);
	(void)snprintf(want, sizeof(want), "1|one|image|image:%s||\n"
	    "2|two|qa|qa:%s|image:%s|%s\n", hex_a, hex_b, hex_a, hex_c);
	assert_string_equal(shell("views.db", "SELECT * FROM records"), want);
	(void)snprintf(want, sizeof(want), "2|two|qa:%s|image:%s|%s\n",
	    hex_b, hex_a, hex_c);
	assert_string_equal(shell("views.db", "SELECT * FROM edges"), want);
	assert_string_equal(shell("views.db",
	    "SELECT run, tool, status, passed, argv FROM runs"),
	    "1|one|done|1|[\"riddle-x\",\"--a=\\\"b\\\"\"]\n"
	    "2|two|done|1|[\"riddle-x\",\"--a=\\\"b\\\"\"]\n"
	    "3|three|unfinished|0|[\"riddle-x\",\"--a=\\\"b\\\"\"]\n");
	assert_string_equal(shell("views.db",
	    "SELECT json_extract(argv, '$[1]') FROM runs WHERE run = 1"),
	    "--a=\"b\"\n");
	assert_string_equal(shell("views.db",
	    "SELECT kind, from_kind, entries FROM kinds"),
	    "image||1\nqa|image|1\n");
}

/* Every view can be read, also when it is empty. */
static void
test_every_view_is_sound(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_at("empty.db", true);
	struct rdl_stmt *s = rdl_db_prepare_once(rdl_ledger_db(l),
	    "SELECT 'SELECT * FROM ' || name FROM sqlite_schema "
	    "WHERE type = 'view'", &err);
	struct rdl_stmt *v;
	int views = 0;

	(void)state;
	assert_non_null(s);
	while (rdl_stmt_step(s, &err) > 0) {
		v = rdl_db_prepare_once(rdl_ledger_db(l),
		    rdl_stmt_get_text(s, 0, NULL), &err);
		if (v == NULL || rdl_stmt_step(v, &err) != 0)
			fail_msg("%s", err.msg);
		rdl_stmt_free(v);
		views++;
	}
	rdl_stmt_free(s);
	assert_true(views >= 16);
	close_ledger(l);
}

/* 3000 rows of several shapes: the view, the look-ups before and after the
 * index, and what is appended behind it, all agree. */
static void
find_all(struct rdl_ledger *l, uint64_t n)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id, from;
	struct seen seen;
	uint64_t i;

	for (i = 0; i < n; i += 7) {
		id = id_of(i % 3 == 0 ? "qa" : "match", i);
		from = id_of("image", i / 10);
		seen = (struct seen){ .n = 0 };
		assert_int_equal(rdl_ledger_find(l, &id, see, &seen, &err), 1);
		assert_int_equal(seen.n, 1);
		assert_memory_equal(&seen.v[0].id, &id, sizeof(id));
		assert_memory_equal(&seen.v[0].from, &from, sizeof(from));
		assert_int_equal(seen.v[0].has_call, i % 5 == 0);
		seen = (struct seen){ .n = 0, .l = l };
		assert_int_equal(rdl_ledger_children(l, &from, see, &seen,
		    &err), 1);
		assert_int_equal(seen.n, 10);
	}
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

static void
test_look_ups_with_and_without_index(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_at("find.db", true), *r;
	struct rdl_id id = id_of("qa", 1);	/* 1 is a match */
	struct seen seen = { .n = 0 };
	int stops = 0;

	(void)state;
	begin(l, "x");
	add_many(l, 0, 3000);
	assert_int_equal(rdl_ledger_flush(l, &err), 0);
	assert_int_equal(number(l, "SELECT count(*) FROM records"), 3000);
	find_all(l, 3000);
	assert_true(rdl_ledger_unindexed(l, &err) > 0);
	assert_int_equal(rdl_ledger_index(l, &err), 0);
	assert_int_equal(rdl_ledger_unindexed(l, &err), 0);
	find_all(l, 3000);
	add_many(l, 3000, 6000);
	end(l, "done", 6000, 6000, 0, 0);
	find_all(l, 6000);
	r = open_at("find.db", false);
	find_all(r, 6000);
	close_ledger(r);
	assert_int_equal(rdl_ledger_index(l, &err), 0);
	assert_int_equal(rdl_ledger_index(l, &err), 0);
	find_all(l, 6000);
	assert_int_equal(rdl_ledger_find(l, &id, see, &seen, &err), 0);
	id = id_of("image", 5);
	assert_int_equal(rdl_ledger_children(l, &id, stop_at_once, &stops,
	    &err), 1);
	assert_int_equal(stops, 1);
	close_ledger(l);
}

/* A parent whose children fill many blocks of the lookup table. */
static void
test_a_parent_of_very_many(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_at("hub.db", true);
	struct rdl_id hub = id_of("image", 0), other = id_of("image", 1);
	struct seen seen = { .n = 0 };
	uint64_t i;

	(void)state;
	begin(l, "x");
	for (i = 0; i < 200000; i++)
		add(l, id_of("qa", i), i % 100 == 99 ? &other : &hub, NULL);
	assert_int_equal(rdl_ledger_index(l, &err), 0);
	assert_int_equal(rdl_ledger_children(l, &hub, see, &seen, &err), 1);
	assert_int_equal(seen.n, 198000);
	seen.n = 0;
	assert_int_equal(rdl_ledger_children(l, &other, see, &seen, &err), 1);
	assert_int_equal(seen.n, 2000);
	end(l, "done", 0, 0, 0, 0);
	close_ledger(l);
}

static int
see_loss(int64_t run, const struct rdl_loss *loss, void *ctx,
    struct rdl_err *err)
{
	(void)err;
	assert_int_equal(run, 1);
	assert_true(loss->failed);
	assert_string_equal(loss->rule, "http");
	assert_null(loss->value);
	assert_int_equal(loss->record_len, 10);
	assert_memory_equal(loss->record, "{\"a\":\"\\u0\xff", 10);
	++*(int *)ctx;
	return 0;
}

static void
test_losses_keep_the_record(void **state)
{
	struct rdl_ledger *l = open_at("loss.db", true);
	struct rdl_hash call = rdl_hash_of("call", 4);
	struct rdl_loss drop = { .id = id_of("qa", 1), .rule = "min-score",
		.value = "0.2", .threshold = "0.5", .reason = "too low",
		.record = "{\"id\": 1 }", .record_len = 10 };
	struct rdl_loss fail = { .failed = true, .id = id_of("qa", 2),
		.rule = "http", .reason = "429", .call = &call,
		.record = "{\"a\":\"\\u0\xff", .record_len = 10 };
	struct rdl_err err = RDL_ERR_INIT;
	int n = 0, i;

	(void)state;
	begin(l, "judge");
	for (i = 0; i < 5000; i++)	/* more than wait */
		assert_int_equal(rdl_ledger_lose(l, &drop, &err), 0);
	assert_int_equal(rdl_ledger_lose(l, &fail, &err), 0);
	end(l, "rejected", 5001, 0, 5000, 1);
	assert_int_equal(rdl_ledger_losses(l, &fail.id, see_loss, &n, &err), 1);
	assert_int_equal(n, 1);
	assert_int_equal(rdl_ledger_index(l, &err), 0);
	assert_int_equal(rdl_ledger_losses(l, &fail.id, see_loss, &n, &err), 1);
	assert_int_equal(n, 2);
	close_ledger(l);
	assert_string_equal(shell("loss.db", "SELECT tool, rule, value, "
	    "threshold, reason, record FROM drops LIMIT 1"),
	    "judge|min-score|0.2|0.5|too low|{\"id\": 1 }\n");
	assert_string_equal(shell("loss.db", "SELECT lost, rule, records "
	    "FROM rules"), "dropped|min-score|5000\nfailed|http|1\n");
	assert_string_equal(shell("loss.db", "SELECT count(*) FROM failures"),
	    "1\n");
	assert_string_equal(shell("loss.db", "SELECT records_in, passed, "
	    "dropped, failed, passed_percent FROM funnel"),
	    "5001|0|5000|1|0.0\n");
}

static void
test_ids_of_another_make_have_their_text(void **state)
{
	struct rdl_ledger *l = open_at("alias.db", true);
	struct rdl_buf text = RDL_BUF_INIT(256);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id, from = id_of("qa", 1), unknown = id_of("", 9);
	int i;

	(void)state;
	assert_int_equal(rdl_id_parse("COCO 000139's", 13, &id), 0);
	begin(l, "x");
	add(l, id, &from, NULL);
	add(l, from, &id, NULL);
	for (i = 0; i < 3; i++)
		assert_int_equal(rdl_ledger_alias(l, &id, "COCO 000139's", 13,
		    &err), 0);
	end(l, "done", 1, 1, 0, 0);
	assert_int_equal(rdl_ledger_show(l, &id, &text, &err), 0);
	assert_string_equal(text.p, "COCO 000139's");
	rdl_buf_reset(&text);
	assert_int_equal(rdl_ledger_show(l, &unknown, &text, &err), 0);
	assert_int_equal(text.len, 33);
	assert_int_equal(text.p[0], ':');
	rdl_buf_release(&text);
	close_ledger(l);
	assert_string_equal(shell("alias.db", "SELECT id FROM records "
	    "WHERE kind = ''"), "COCO 000139's\n");
	assert_string_equal(shell("alias.db", "SELECT from_id FROM records "
	    "WHERE kind = 'qa'"), "COCO 000139's\n");
}

static void
test_a_sum_that_does_not_hold_is_an_error(void **state)
{
	struct rdl_ledger *l = open_at("sum.db", true);
	struct rdl_run_totals t = { .in = 10, .passed = 8, .failed = 1 };
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	begin(l, "x");
	assert_int_equal(rdl_run_end(l, "done", NULL, &t, &err), -1);
	assert_non_null(strstr(err.msg, "10 records were read, but 8 passed"));
	begin(l, "y");
	assert_int_equal(rdl_run_end(l, "pipe", "left", &t, &err), 0);
	close_ledger(l);
	assert_string_equal(shell("sum.db", "SELECT tool, status, "
	    "message IS NOT NULL FROM runs"), "x|failed|1\ny|pipe|1\n");
}

static void
test_inputs_and_notes(void **state)
{
	struct rdl_ledger *l = open_at("inputs.db", true);
	struct rdl_hash xx = { { 0xab } };
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	begin(l, "x");
	assert_int_equal(rdl_run_input(l, "a.jsonl", 3, 99, &xx, &err), 0);
	assert_int_equal(rdl_run_input(l, "b\xff", 0, 0, &xx, &err), 0);
	assert_int_equal(rdl_run_note(l, "n", "[1]", 3, &err), 0);
	assert_int_equal(rdl_run_note(l, "n", "[2]", 3, &err), 0);
	end(l, "done", 0, 0, 0, 0);
	close_ledger(l);
	assert_string_equal(shell("inputs.db", "SELECT seq, name, records, "
	    "bytes, xxh3 FROM inputs WHERE seq = 1"),
	    "1|a.jsonl|3|99|ab000000000000000000000000000000\n");
	assert_string_equal(shell("inputs.db", "SELECT tool, name, "
	    "json_extract(json, '\\$[0]') FROM notes"), "x|n|2\n");
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
		cmocka_unit_test(test_shell_reads_the_views),
		cmocka_unit_test(test_every_view_is_sound),
		cmocka_unit_test(test_look_ups_with_and_without_index),
		cmocka_unit_test(test_a_parent_of_very_many),
		cmocka_unit_test(test_losses_keep_the_record),
		cmocka_unit_test(test_ids_of_another_make_have_their_text),
		cmocka_unit_test(test_a_sum_that_does_not_hold_is_an_error),
		cmocka_unit_test(test_inputs_and_notes),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
