/*
 * The verb merge: bring other ledgers into this one.
 * Reads the other ledgers; writes all tables but the quotas of this one, each
 * other ledger in one transaction, so that it comes whole or not at all.
 * What is here already stays as it is.
 */
#include <string.h>
#include <sys/stat.h>

#include "query/verb.h"

/* Columns of the table; those behind the file are the names in temp.merged. */
#define COLUMNS "file runs renewed records losses calls aliases images prices"

/* The other one must be a ledger of our version, and not this one. */
static int
check_other(struct rdl_query *q, const char *path, struct rdl_err *err)
{
	struct rdl_ledger *other;
	struct stat a, b;

	if (stat(path, &a) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	if (stat(q->path, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		return rdl_err_set(err, RDL_E_USAGE, "%s: is the ledger that "
		    "is merged into", path);
	if (rdl_ledger_open(&other, path, false, err) < 0)
		return -1;
	return rdl_ledger_close(other, err);
}

static int
attach(struct rdl_query *q, const char *path, struct rdl_err *err)
{
	struct rdl_buf name = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_stmt *s;
	int rc = -1;

	/* SQLite takes ":memory:" and the like for more than a name. */
	rdl_buf_addf(&name, "%s%s", path[0] == '/' ? "" : "./", path);
	s = rdl_db_prepare(q->db, "ATTACH :path AS other", err);
	if (s != NULL) {
		rdl_stmt_text(s, ":path", name.p, name.len);
		rc = rdl_stmt_run(s, err);
	}
	rdl_buf_release(&name);
	return rc;
}

/* One name for two requests: nothing is taken, since one would be lost. */
static int
check_calls(struct rdl_query *q, const char *path, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare_once(q->db, "SELECT "
	    "lower(hex(o.hash)) FROM other.call o JOIN main.call c ON "
	    "c.hash = o.hash WHERE CAST(o.request AS BLOB) <> "
	    "CAST(c.request AS BLOB) LIMIT 1", err);
	int rc;

	if (s == NULL)
		return -1;
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		rc = rdl_err_set(err, RDL_E_DB, "%s: its call %s has another "
		    "request than that of %s: one of the ledgers is damaged; "
		    "see riddle ledger verify", path,
		    rdl_stmt_get_text(s, 0, NULL), q->path);
	rdl_stmt_free(s);
	return rc;
}

static int
add_row(struct rdl_query *q, struct rdl_table *t, const char *path,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare_once(q->db, "SELECT n FROM "
	    "temp.merged ORDER BY rowid", err);
	size_t col = 1;
	int rc;

	if (s == NULL)
		return -1;
	rdl_table_str(t, 0, path);
	while ((rc = rdl_stmt_step(s, err)) > 0)
		rdl_table_int(t, col++, rdl_stmt_get_int(s, 0));
	rdl_stmt_free(s);
	return rc < 0 ? -1 : rdl_table_row(t, err);
}

/* The transaction; a dry run does it, too, and takes it back. */
static int
take(struct rdl_query *q, struct rdl_table *t, const char *path,
    struct rdl_err *err)
{
	int rc;

	if (rdl_db_begin(q->db, err) < 0)
		return -1;
	rc = check_calls(q, path, err);
	if (rc == 0)
		rc = rdl_query_script(q, "merge", err);
	if (rc == 0)
		rc = add_row(q, t, path, err);
	if (rc == 0 && !q->o->dry_run)
		rc = rdl_db_commit(q->db, err);
	rdl_db_rollback(q->db);
	return rc;
}

static int
merge_one(struct rdl_query *q, struct rdl_table *t, const char *path,
    struct rdl_err *err)
{
	struct rdl_err second = RDL_ERR_INIT;
	int rc;

	if (check_other(q, path, err) < 0)
		return -1;
	if (attach(q, path, err) < 0)
		return rdl_err_prefix(err, "%s", path);
	rc = take(q, t, path, err);
	if (rdl_db_exec(q->db, "DETACH other", &second) < 0 && rc == 0) {
		*err = second;
		rc = -1;
	}
	return rc;
}

int
rdl_merge(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_table t;
	size_t i;
	int rc = 0;

	rdl_query_table(q, &t, NULL);
	rdl_table_columns(&t, COLUMNS);
	for (i = 0; i < q->nargs && rc == 0; i++)
		rc = merge_one(q, &t, q->args[i], err);
	if (rc == 0)
		rc = rdl_table_end(&t, err);
	rdl_table_release(&t);
	return rc;
}
