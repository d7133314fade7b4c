/*
 * Runs: one row for each run of a tool, its inputs and notes.
 * Reads host name and process; writes tables run, input and note.
 * Does not count; the stage does.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/rng.h"
#include "ledger/ledger_private.h"

/* The command line as a JSON array; a BLOB if it is not UTF-8. */
static void
argv_json(struct rdl_buf *out, int argc, char *const *argv)
{
	int i;

	rdl_buf_addc(out, '[');
	for (i = 0; i < argc; i++) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, argv[i], strlen(argv[i]));
	}
	rdl_buf_addc(out, ']');
}

/* What makes the run the same one in another ledger. */
static void
make_uid(unsigned char uid[16])
{
	uint64_t a = rdl_rng_entropy(), b = rdl_rng_entropy();

	memcpy(uid, &a, sizeof(a));
	memcpy(uid + sizeof(a), &b, sizeof(b));
}

static int
insert_run(struct rdl_ledger *l, const struct rdl_run_spec *spec,
    const struct rdl_buf *args, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "INSERT INTO run "
	    "(uid, tool, version, argv, host, pid, pgid, started_ms, "
	    "updated_ms, model, endpoint, prompt, prompt_sha256, params) "
	    "VALUES (:uid, :tool, :version, :argv, :host, :pid, :pgid, :now, "
	    ":now, :model, :endpoint, :prompt, :prompt_sha256, :params)", err);
	unsigned char uid[16];
	char host[256] = "";

	if (s == NULL)
		return -1;
	make_uid(uid);
	(void)gethostname(host, sizeof(host) - 1);
	rdl_stmt_blob(s, ":uid", uid, sizeof(uid));
	rdl_stmt_str(s, ":tool", spec->tool != NULL ? spec->tool : "");
	rdl_stmt_str(s, ":version", spec->version);
	rdl_ledger_bind_text(s, ":argv", args->p, args->len);
	rdl_stmt_str(s, ":host", host[0] != '\0' ? host : NULL);
	rdl_stmt_int(s, ":pid", getpid());
	rdl_stmt_int(s, ":pgid", getpgrp());
	rdl_stmt_int(s, ":now", rdl_clock_wall_ms());
	rdl_stmt_str(s, ":model", spec->model);
	rdl_stmt_str(s, ":endpoint", spec->model_endpoint);
	rdl_stmt_str(s, ":prompt", spec->prompt);
	rdl_stmt_blob(s, ":prompt_sha256", spec->prompt_digest == NULL ?
	    NULL : spec->prompt_digest->b,
	    spec->prompt_digest == NULL ? 0 : RDL_SHA256_LEN);
	rdl_stmt_str(s, ":params", spec->params);
	return rdl_stmt_run(s, err);
}

int
rdl_run_begin(struct rdl_ledger *l, const struct rdl_run_spec *spec,
    struct rdl_err *err)
{
	struct rdl_buf args = RDL_BUF_INIT(RDL_FILE_MAX);
	int rc;

	if (l->run != 0)
		return rdl_err_set(err, RDL_E_DB,
		    "%s: the run before was not ended", rdl_db_path(l->db));
	argv_json(&args, spec->argc, spec->argv);
	rc = rdl_ledger_begin_write(l, err);
	if (rc == 0)
		rc = insert_run(l, spec, &args, err);
	if (rc == 0)
		l->run = rdl_db_last_id(l->db);
	if (rdl_db_in_transaction(l->db))
		rc = rdl_ledger_end_write(l, rc, err);
	if (rc < 0)
		l->run = 0;
	l->seq = 0;
	rdl_buf_release(&args);
	return rc;
}

int64_t
rdl_run_number(const struct rdl_ledger *l)
{
	return l->run;
}

/* Write totals; status NULL leaves the run open. */
static int
put_totals(struct rdl_ledger *l, const char *status, const char *message,
    const struct rdl_run_totals *t, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "UPDATE run SET "
	    "updated_ms = :now, ended_ms = CASE WHEN :status IS NULL THEN "
	    "NULL ELSE :now END, status = :status, message = :message, "
	    "records_in = :in, passed = :passed, dropped = :dropped, "
	    "failed = :failed, records_out = :out, calls = :calls, "
	    "hits = :hits, cost_pusd = :cost, unpriced = :unpriced "
	    "WHERE run = :run", err);

	char words[2 * RDL_ERR_MAX];

	if (s == NULL)
		return -1;
	(void)snprintf(words, sizeof(words), "%s",
	    message != NULL ? message : "");
	rdl_ledger_clean(words);	/* it may quote data, and be cut */
	rdl_stmt_int(s, ":now", rdl_clock_wall_ms());
	rdl_stmt_str(s, ":status", status);
	rdl_stmt_str(s, ":message", message != NULL ? words : NULL);
	rdl_stmt_int(s, ":in", (int64_t)t->in);
	rdl_stmt_int(s, ":passed", (int64_t)t->passed);
	rdl_stmt_int(s, ":dropped", (int64_t)t->dropped);
	rdl_stmt_int(s, ":failed", (int64_t)t->failed);
	rdl_stmt_int(s, ":out", (int64_t)t->out);
	rdl_stmt_int(s, ":calls", (int64_t)t->calls);
	rdl_stmt_int(s, ":hits", (int64_t)t->hits);
	if (t->calls > t->unpriced || t->calls == 0)
		rdl_stmt_int(s, ":cost", t->cost_pusd);
	else
		rdl_stmt_null(s, ":cost");
	rdl_stmt_int(s, ":unpriced", (int64_t)t->unpriced);
	rdl_stmt_int(s, ":run", l->run);
	return rdl_stmt_run(s, err);
}

/* Totals and all that waits, in one transaction: they fit together. */
static int
write_totals(struct rdl_ledger *l, const char *status, const char *message,
    const struct rdl_run_totals *t, struct rdl_err *err)
{
	int rc;

	if (rdl_ledger_begin_write(l, err) < 0)
		return -1;
	rc = put_totals(l, status, message, t, err);
	if (rc == 0)
		rc = rdl_ledger_put(l, true, err);
	if (rdl_ledger_end_write(l, rc, err) < 0)
		return -1;
	rdl_ledger_forget(l);
	return 0;
}

/* About once a second: what was paid until now outlives a loss of power. */
int
rdl_run_update(struct rdl_ledger *l, const struct rdl_run_totals *t,
    struct rdl_err *err)
{
	bool durable = !rdl_db_in_transaction(l->db);
	int rc;

	if (durable)
		rdl_db_durable(l->db, true);
	rc = write_totals(l, NULL, NULL, t, err);
	if (durable)
		rdl_db_durable(l->db, false);
	return rc;
}

/* A sum that does not hold: the run is kept as failed, with the reason. */
static int
end_broken(struct rdl_ledger *l, const struct rdl_run_totals *t,
    struct rdl_err *err)
{
	struct rdl_err second = RDL_ERR_INIT;

	(void)rdl_err_set(err, RDL_E_DB, "%" PRIu64 " records were read, but %"
	    PRIu64 " passed, %" PRIu64 " were dropped and %" PRIu64
	    " failed: this is a bug of the tool", t->in, t->passed,
	    t->dropped, t->failed);
	if (write_totals(l, "failed", err->msg, t, &second) < 0)
		*err = second;
	l->run = 0;
	return -1;
}

int
rdl_run_end(struct rdl_ledger *l, const char *status, const char *message,
    const struct rdl_run_totals *t, struct rdl_err *err)
{
	bool whole = strcmp(status, "done") == 0 ||
	    strcmp(status, "rejected") == 0;

	if (whole && t->in != t->passed + t->dropped + t->failed)
		return end_broken(l, t, err);
	if (write_totals(l, status, message, t, err) < 0)
		return -1;
	l->run = 0;
	return 0;
}

/* Run one statement in a write of its own. */
static int
write_one(struct rdl_ledger *l, struct rdl_stmt *s, struct rdl_err *err)
{
	bool joined = rdl_db_in_transaction(l->db);
	int rc = joined ? 0 : rdl_db_begin(l->db, err);

	if (rc == 0)
		rc = rdl_stmt_run(s, err);
	if (rc == 0 && joined)
		return 0;
	return rdl_ledger_end_write(l, rc, err);
}

int
rdl_run_input(struct rdl_ledger *l, const char *name, uint64_t records,
    uint64_t bytes, const struct rdl_hash *xxh3, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "INSERT INTO input "
	    "(run, seq, name, records, bytes, xxh3) VALUES "
	    "(:run, :seq, :name, :records, :bytes, :xxh3)", err);

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", l->run);
	rdl_stmt_int(s, ":seq", ++l->seq);
	rdl_ledger_bind_text(s, ":name", name, strlen(name));
	rdl_stmt_int(s, ":records", (int64_t)records);
	rdl_stmt_int(s, ":bytes", (int64_t)bytes);
	rdl_stmt_blob(s, ":xxh3", xxh3->b, RDL_HASH_LEN);
	return write_one(l, s, err);
}

int
rdl_run_note(struct rdl_ledger *l, const char *name, const char *json,
    size_t len, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "INSERT INTO note "
	    "(run, name, json) VALUES (:run, :name, :json) "
	    "ON CONFLICT (run, name) DO UPDATE SET json = excluded.json", err);

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", l->run);
	rdl_stmt_str(s, ":name", name);
	rdl_stmt_text(s, ":json", json, len);
	return write_one(l, s, err);
}
