/*
 * What the ledger costs: rows a second, bytes a row, time of a look-up, time of
 * a stored call.  usage: ledger [ROWS [FILE]]
 * Writes FILE (default: a temporary one, removed) and a table to stdout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/num.h"
#include "core/rng.h"
#include "core/tool.h"
#include "ledger/calls.h"

#define CALLS 20000
#define BATCH 16

/* Fail loudly: a bench of something that does not work is worth nothing. */
static void
must(int rc, const struct rdl_err *err)
{
	if (rc < 0) {
		rdl_warn("%s", err->msg);
		exit(RDL_EXIT_FAIL);
	}
}

static double
cpu_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
wall_s(void)
{
	return (double)rdl_clock_us() / 1e6;
}

static double
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (double)st.st_size;
}

/* The id of row i: random bits, the same each time. */
static struct rdl_id
id_of(const char *kind, uint64_t i)
{
	struct rdl_rng r = { i };
	struct rdl_id id = { "", { { 0 } } };
	uint64_t a = rdl_rng_next(&r), b = rdl_rng_next(&r);

	(void)snprintf(id.kind, sizeof(id.kind), "%s", kind);
	memcpy(id.hash.b, &a, 8);
	memcpy(id.hash.b + 8, &b, 8);
	return id;
}

static struct rdl_ledger *
open_ledger(const char *path)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	must(rdl_ledger_open(&l, path, true, &err), &err);
	return l;
}

static void
append(const char *path, uint64_t rows)
{
	struct rdl_ledger *l = open_ledger(path);
	struct rdl_run_spec spec = { .tool = "bench" };
	struct rdl_run_totals totals = { .in = rows, .passed = rows };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id = id_of("qa", 0), from = id_of("match", 0);
	struct rdl_rng r = { 0 };
	double wall = wall_s(), cpu = cpu_s();
	uint64_t i, v;

	must(rdl_run_begin(l, &spec, &err), &err);
	for (i = 0; i < rows; i++) {
		r.state = i;
		v = rdl_rng_next(&r);
		memcpy(id.hash.b, &v, 8);
		v = rdl_rng_next(&r);
		memcpy(id.hash.b + 8, &v, 8);
		from.hash = id.hash;
		must(rdl_ledger_add(l, &id, &from, NULL, &err), &err);
	}
	must(rdl_run_end(l, "done", NULL, &totals, &err), &err);
	must(rdl_ledger_close(l, &err), &err);
	wall = wall_s() - wall;
	cpu = cpu_s() - cpu;
	printf("append   %.2f M rows/s wall, %.2f M rows/s cpu, %.1f bytes/row "
	    "with edge\n", (double)rows / wall / 1e6, (double)rows / cpu / 1e6,
	    size_of(path) / (double)rows);
}

static int
count_entry(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	(void)e;
	(void)err;
	++*(int *)ctx;
	return 0;
}

/* Look up n ids that are there: milliseconds of each. */
static double
look_up(const char *path, uint64_t rows, int n)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	double t;
	int i, found = 0;

	must(rdl_ledger_open(&l, path, false, &err), &err);
	t = wall_s();
	for (i = 0; i < n; i++) {
		uint64_t at = rows / (uint64_t)n * (uint64_t)i;
		struct rdl_id id = id_of("qa", at), from = id_of("match", at);

		must(rdl_ledger_find(l, &id, count_entry, &found, &err), &err);
		must(rdl_ledger_children(l, &from, count_entry, &found, &err),
		    &err);
	}
	t = wall_s() - t;
	must(rdl_ledger_close(l, &err), &err);
	if (found != 2 * n) {
		rdl_warn("%d of %d entries found", found, 2 * n);
		exit(RDL_EXIT_FAIL);
	}
	return t * 1e3 / (2.0 * n);
}

static void
build_index(const char *path, uint64_t rows)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_ledger(path);
	double t = wall_s();

	must(rdl_ledger_index(l, &err), &err);
	must(rdl_ledger_close(l, &err), &err);
	t = wall_s() - t;
	printf("index    %.2f s, %.2f M rows/s, %.1f bytes/row in all\n", t,
	    (double)rows / t / 1e6, size_of(path) / (double)rows);
}

/* A request and a reply of 500 bytes each. */
static void
calls(const char *path)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l = open_ledger(path);
	struct rdl_call call = { .endpoint = "http://127.0.0.1:8080/v1",
		.model = "bench", .finish = "stop", .http_status = 200,
		.attempts = 1, .tokens_in = 100, .tokens_out = 20,
		.cost_pusd = 1000000 }, found;
	char request[501], reply[501];
	double t, total = 0;
	int i;

	memset(request, 'q', sizeof(request) - 1);
	memset(reply, 'a', sizeof(reply) - 1);
	call.request = request;
	call.reply = reply;
	call.request_len = call.reply_len = 500;
	for (i = 0; i < CALLS; i++) {
		(void)snprintf(request, sizeof(request), "{\"n\":\"%08d", i);
		request[strlen(request)] = 'q';
		call.key = rdl_hash_sha256(request, 500);
		t = wall_s();
		must(rdl_calls_add(l, &call, &err), &err);
		if (i % BATCH == BATCH - 1)
			must(rdl_calls_commit(l, &err), &err);
		total += wall_s() - t;
	}
	must(rdl_calls_commit(l, &err), &err);
	printf("calls    %.1f us each, stored in batches of %d\n",
	    total * 1e6 / CALLS, BATCH);
	t = wall_s();
	for (i = 0; i < CALLS; i++)
		must(rdl_calls_find(l, &call.key, request, 500, &found, &err),
		    &err);
	printf("hits     %.1f us each\n", (wall_s() - t) * 1e6 / CALLS);
	must(rdl_ledger_close(l, &err), &err);
}

int
main(int argc, char *argv[])
{
	char path[] = "/tmp/rdl-bench-XXXXXX";
	struct rdl_err err = RDL_ERR_INIT;
	const char *file = argc > 2 ? argv[2] : path;
	int64_t rows = 2000000;
	int fd;

	rdl_tool_init("bench-ledger");
	if (argc > 1)
		must(rdl_num_int(argv[1], 1, 1000000000, &rows, &err), &err);
	if (file == path) {
		fd = mkstemp(path);
		if (fd >= 0)
			(void)close(fd);
	}
	append(file, (uint64_t)rows);
	printf("look-up  %.1f ms, not indexed\n",
	    look_up(file, (uint64_t)rows, 3));
	build_index(file, (uint64_t)rows);
	printf("look-up  %.3f ms, indexed\n",
	    look_up(file, (uint64_t)rows, 1000));
	calls(file);
	if (file == path)
		(void)unlink(path);
	return 0;
}
