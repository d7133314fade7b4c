/*
 * Batch folders: what goes into parts, limits of a part, state that was cut or
 * changed, and which replies count as answers.  No server is asked here;
 * tests/tool/batch.sh has one.
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

#include "core/compiler.h"
#include "core/file.h"
#include "model/batch.h"
#include "model/dialect.h"

#define URL "http://127.0.0.1:1/v1/chat/completions"

static char dir[64];
static char name[] = "stub", base[] = "http://127.0.0.1:1/v1";
static struct rdl_model model = { .name = name, .remote = name,
	.base_url = base, .endpoint = base, .dialect = &rdl_dialect_openai };

static int
temporary(void **state)
{
	(void)state;
	memcpy(dir, "/tmp/riddle-batch.XXXXXX", 25);
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static void
path_of(char out[160], unsigned part, const char *suffix)
{
	(void)snprintf(out, 160, "%s/part-%05u.%s", dir, part, suffix);
}

static int
gone(void **state)
{
	static const char *const suffixes[] = { "json", "jsonl", "index",
		"jsonl.new", "index.new", "replies", "results" };
	char path[160];
	unsigned part;
	size_t i;

	(void)state;
	for (part = 1; part < 20; part++)
		for (i = 0; i < RDL_NELEM(suffixes); i++) {
			path_of(path, part, suffixes[i]);
			(void)unlink(path);
		}
	return rmdir(dir);
}

static void
put(unsigned part, const char *suffix, const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	char path[160];

	path_of(path, part, suffix);
	assert_int_equal(rdl_file_write(path, text, strlen(text), &err), 0);
}

/* The file of a part must be this text. */
static void
expect(unsigned part, const char *suffix, const char *want)
{
	struct rdl_buf got = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	char path[160];

	path_of(path, part, suffix);
	assert_int_equal(rdl_file_read(path, &got, &err), 0);
	assert_string_equal(got.p, want);
	rdl_buf_release(&got);
}

static struct rdl_batch_opts
opts(enum rdl_batch_verb verb, int64_t requests)
{
	struct rdl_batch_opts o = { verb, dir, requests, true, false };

	return o;
}

/* The key number n. */
static struct rdl_sha256
key(unsigned n)
{
	struct rdl_sha256 k;

	memset(&k, 0, sizeof(k));
	k.b[0] = (unsigned char)n;
	k.b[RDL_HASH_LEN - 1] = 0xab;
	return k;
}

static void
add(struct rdl_batch *b, unsigned n, const char *url, const char *body)
{
	struct rdl_buf t = RDL_BUF_INIT(RDL_KIB);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_sha256 k = key(n);

	rdl_buf_adds(&t, body);
	assert_int_equal(rdl_batch_add(b, &k, url, &t, &err), 0);
	rdl_buf_release(&t);
}

static struct rdl_batch *
open_batch(const struct rdl_batch_opts *o)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_batch *b = NULL;

	if (rdl_batch_open(&b, o, &model, &err) < 0)
		fail_msg("%s", err.msg);
	return b;
}

static void
flush(struct rdl_batch *b)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_batch_flush(b, &err), 0);
	rdl_batch_close(b);
}

#define K1 "010000000000000000000000000000ab"
#define K2 "020000000000000000000000000000ab"
#define K3 "030000000000000000000000000000ab"

static void
test_lines(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_WRITE, 100);
	struct rdl_batch *b = open_batch(&o);

	(void)state;
	add(b, 1, URL, "{\"a\":1}");
	add(b, 2, "https://gateway/x/openai/v1/chat/completions", "{}");
	add(b, 1, URL, "{\"a\":1}");
	flush(b);
	expect(1, "jsonl", "{\"custom_id\":\"" K1 "\",\"method\":\"POST\","
	    "\"url\":\"/v1/chat/completions\",\"body\":{\"a\":1}}\n"
	    "{\"custom_id\":\"" K2 "\",\"method\":\"POST\","
	    "\"url\":\"/v1/chat/completions\",\"body\":{}}\n");
	expect(1, "index", K1 " 0 109\n" K2 " 109 104\n");
	expect(1, "json", "{\"state\":\"written\",\n\"requests\":2,\n"
	    "\"bytes\":213,\n\"done\":0,\n"
	    "\"url\":\"/v1/chat/completions\",\n"
	    "\"endpoint\":\"http://127.0.0.1:1/v1\",\n"
	    "\"model\":\"stub\"}\n");
}

/* Another address, or a full part, begins a new one; a rerun adds nothing. */
static void
test_parts(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_WRITE, 2);
	struct rdl_buf said = RDL_BUF_INIT(RDL_KIB);
	struct rdl_batch *b;
	int run;

	(void)state;
	for (run = 0; run < 2; run++) {
		b = open_batch(&o);
		add(b, 1, URL, "{}");
		add(b, 2, URL, "{}");
		add(b, 3, URL, "{}");
		add(b, 4, "http://127.0.0.1:1/v1/embeddings", "{}");
		rdl_buf_reset(&said);
		rdl_batch_summary(b, &said);
		assert_non_null(strstr(said.p, run == 0 ?
		    "4 requests written, 0 were" :
		    "0 requests written, 4 were"));
		flush(b);
	}
	expect(2, "index", K3 " 0 104\n");
	expect(3, "index", "040000000000000000000000000000ab 0 98\n");
	rdl_buf_release(&said);
}

static void
test_too_large(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_WRITE, 2);
	struct rdl_batch *b = open_batch(&o);
	struct rdl_buf body = RDL_BUF_INIT(RDL_BODY_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_sha256 k = key(1);
	char *p = rdl_buf_reserve(&body, RDL_BATCH_BYTES);

	(void)state;
	assert_non_null(p);
	memset(p, ' ', RDL_BATCH_BYTES);
	body.len = RDL_BATCH_BYTES;
	assert_int_equal(rdl_batch_add(b, &k, URL, &body, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	rdl_buf_release(&body);
	flush(b);
}

/* One part that ended, with these results and replies. */
static void
ended(const char *results, const char *replies)
{
	put(1, "index", K1 " 0 10\n" K2 " 10 10\n" K3 " 20 10\n");
	put(1, "results", results);
	put(1, "replies", replies);
	put(1, "json", "{\"state\":\"ended\",\"requests\":3,\"bytes\":30,"
	    "\"url\":\"/v1/chat/completions\",\"endpoint\":"
	    "\"http://127.0.0.1:1/v1\",\"model\":\"stub\","
	    "\"file\":\"f\",\"batch\":\"b\"}");
}

static void
test_find(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_COLLECT, 2);
	struct rdl_buf body = RDL_BUF_INIT(RDL_KIB);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_sha256 k;
	struct rdl_batch *b;
	char id[128];
	int status;

	(void)state;
	ended(K1 " 200 1 0 13\n" K2 " 500 0 14 6\n" K3 " 400 1 21 4\n",
	    "req_1 {\"a\":1}\n- null\n- {}\n");
	b = open_batch(&o);
	k = key(1);
	assert_int_equal(rdl_batch_find(b, &k, &status, &body, id, &err), 1);
	assert_int_equal(status, 200);
	assert_string_equal(body.p, "{\"a\":1}");
	assert_string_equal(id, "req_1");
	k = key(3);
	assert_int_equal(rdl_batch_find(b, &k, &status, &body, id, &err), 1);
	assert_int_equal(status, 400);
	assert_string_equal(body.p, "{}");
	assert_string_equal(id, "");
	k = key(2);	/* a failure of the server is no answer */
	assert_int_equal(rdl_batch_find(b, &k, &status, &body, id, &err), 0);
	k = key(9);
	assert_int_equal(rdl_batch_find(b, &k, &status, &body, id, &err), 0);
	rdl_batch_close(b);
	/* Replies that are shorter than their list says. */
	put(1, "replies", "req_1 {");
	b = open_batch(&o);
	k = key(1);
	assert_int_equal(rdl_batch_find(b, &k, &status, &body, id, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	rdl_batch_close(b);
	rdl_buf_release(&body);
}

/* What a dead or a hostile writer may leave. */
static void
test_damaged(void **state)
{
	static const char *const lists[] = { K1, K1 " 200 1 0", "x 1 1 1 1\n",
		K1 " 200 1 0 13 7\n", K1 " 200 1 -1 13\n", "\n",
		K1 " 200 1 99999999999999999999 1\n", K1 "  200 1 0 13\n" };
	static const char *const states[] = { "", "{", "[]", "{}",
		"{\"state\":\"lost\",\"url\":\"u\",\"endpoint\":"
		"\"http://127.0.0.1:1/v1\",\"model\":\"stub\"}",
		"{\"state\":\"submitted\",\"url\":\"u\",\"endpoint\":"
		"\"http://127.0.0.1:1/v1\",\"model\":\"stub\"}" };
	struct rdl_batch_opts o = opts(RDL_BATCH_COLLECT, 2);
	struct rdl_err err;
	struct rdl_batch *b;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(lists); i++) {
		rdl_err_clear(&err);
		ended(lists[i], "");
		if (rdl_batch_open(&b, &o, &model, &err) == 0)
			fail_msg("taken: %s", lists[i]);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	ended("", "");
	for (i = 0; i < RDL_NELEM(states); i++) {
		rdl_err_clear(&err);
		put(1, "json", states[i]);
		if (rdl_batch_open(&b, &o, &model, &err) == 0)
			fail_msg("taken: %s", states[i]);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
}

/* A folder is of one model; files of other names are not parts. */
static void
test_folder(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_COLLECT, 2);
	struct rdl_model other = model;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_batch *b;
	char another[] = "other";

	(void)state;
	ended("", "");
	put(12, "jsonl.new", "{\"half\":");
	b = open_batch(&o);
	rdl_batch_close(b);
	other.remote = another;
	assert_int_equal(rdl_batch_open(&b, &o, &other, &err), -1);
	assert_int_equal(err.cls, RDL_E_USAGE);
	other = model;
	other.dialect = &rdl_dialect_gemini;
	assert_int_equal(rdl_batch_open(&b, &o, &other, &err), -1);
	assert_int_equal(err.cls, RDL_E_USAGE);
}

/* Nothing is lost without a word: what has no answer stops collect. */
static void
test_not_done(void **state)
{
	struct rdl_batch_opts o = opts(RDL_BATCH_COLLECT, 2);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_batch *b;

	(void)state;
	o.offline = false;
	ended(K1 " 200 1 0 13\n" K2 " 0 0 14 6\n",
	    "req_1 {\"a\":1}\n- null\n");
	assert_int_equal(rdl_batch_open(&b, &o, &model, &err), -1);
	assert_int_equal(err.cls, RDL_E_BUDGET);
	assert_non_null(strstr(err.msg, "2 requests have no answer"));
	put(1, "json", "{\"state\":\"written\",\"requests\":3,\"url\":\"u\","
	    "\"endpoint\":\"http://127.0.0.1:1/v1\",\"model\":\"stub\"}");
	assert_int_equal(rdl_batch_open(&b, &o, &model, &err), -1);
	assert_int_equal(err.cls, RDL_E_BUDGET);
	assert_non_null(strstr(err.msg, "1 of 1 parts were not submitted"));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, temporary, gone)
	const struct CMUnitTest tests[] = {
		TEST(test_lines),
		TEST(test_parts),
		TEST(test_too_large),
		TEST(test_find),
		TEST(test_damaged),
		TEST(test_folder),
		TEST(test_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
