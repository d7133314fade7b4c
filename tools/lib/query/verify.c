/*
 * The verb verify: is the ledger whole, and does it agree with itself?
 * Reads all of it; writes a row a finding, or "ok".
 * Repairs nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/tool.h"
#include "query/verb.h"
#include "query/verify.h"

int
rdl_verify_find(struct rdl_verify *v, const char *level, const char *check,
    const char *finding, size_t len, struct rdl_err *err)
{
	if (strcmp(level, "error") == 0)
		v->errors++;
	rdl_table_str(&v->table, 0, level);
	rdl_table_str(&v->table, 1, check);
	rdl_table_text(&v->table, 2, finding, len);
	return rdl_table_row(&v->table, err);
}

static int
check_pages(struct rdl_verify *v, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(v->q->db,
	    "PRAGMA integrity_check", err);
	const char *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_text(s, 0, &len);
		if (strcmp(p, "ok") != 0 &&
		    (rc = rdl_verify_find(v, "error", "file", p, len, err)) < 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}

static int
check_rows(struct rdl_verify *v, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(v->q, "verify", err);
	const char *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_text(s, 2, &len);
		rc = rdl_verify_find(v, rdl_stmt_get_text(s, 0, NULL),
		    rdl_stmt_get_text(s, 1, NULL), p != NULL ? p : "",
		    len, err);
		if (rc < 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}

/* Rows (hash, text) whose hash must be that of the text. */
static int
check_hashes(struct rdl_verify *v, const char *sql, const char *what,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(v->q->db, sql, err);
	struct rdl_hash want;
	const void *hash, *text;
	char finding[160], hex[2 * RDL_HASH_LEN + 1];
	size_t hlen, len;
	int rc, n;

	if (s == NULL)
		return -1;
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		hash = rdl_stmt_get_blob(s, 0, &hlen);
		text = rdl_stmt_get_blob(s, 1, &len);
		want = rdl_hash_of(text, len);
		if (hlen == RDL_HASH_LEN &&
		    memcmp(hash, want.b, RDL_HASH_LEN) == 0)
			continue;
		rdl_hash_hex(hex, hash, hlen < RDL_HASH_LEN ? hlen :
		    RDL_HASH_LEN);
		n = snprintf(finding, sizeof(finding),
		    "%s %s is not the hash of its text", what, hex);
		rc = rdl_verify_find(v, "error", "hash", finding, (size_t)n,
		    err);
		if (rc < 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}

/* Runs of this machine that are unfinished, and whose process is no more. */
static int
note_dead(struct rdl_verify *v, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(v->q->db, "SELECT run, tool, pid "
	    "FROM run WHERE ended_ms IS NULL AND host = :host", err);
	char host[256] = "", finding[256];
	int64_t pid;
	int rc, n;

	if (s == NULL)
		return -1;
	(void)gethostname(host, sizeof(host) - 1);
	rdl_stmt_str(s, ":host", host);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		pid = rdl_stmt_get_int(s, 2);
		if (pid > 0 && pid <= INT32_MAX &&
		    (kill((pid_t)pid, 0) == 0 || errno != ESRCH))
			continue;
		n = snprintf(finding, sizeof(finding), "run %lld (%.40s) was "
		    "killed: it is unfinished, and its process %lld is gone; "
		    "run the same command again to go on",
		    (long long)rdl_stmt_get_int(s, 0),
		    rdl_stmt_get_text(s, 1, NULL), (long long)pid);
		rc = rdl_verify_find(v, "note", "run", finding, (size_t)n, err);
		if (rc < 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}

static int
check_all(struct rdl_verify *v, struct rdl_err *err)
{
	if (check_pages(v, err) < 0 || check_rows(v, err) < 0 ||
	    check_hashes(v, "SELECT hash, request FROM call", "call",
	    err) < 0 ||
	    check_hashes(v, "SELECT hash, text FROM alias", "alias",
	    err) < 0 || rdl_verify_lookup(v, err) < 0)
		return -1;
	return note_dead(v, err);
}

int
rdl_verify(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_verify v = { .q = q };
	int rc;

	rdl_query_table(q, &v.table, NULL);
	rdl_table_columns(&v.table, "level check finding");
	rc = check_all(&v, err);
	if (rc == 0)
		rc = rdl_table_end(&v.table, err);
	if (rc == 0 && v.errors == 0 && !q->o->json)
		rc = rdl_out_write(&q->out, "ok\n", 3, err);
	if (v.errors > 0)
		q->status = RDL_EXIT_FAIL;
	rdl_table_release(&v.table);
	return rc;
}
