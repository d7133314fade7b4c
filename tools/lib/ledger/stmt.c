/*
 * Statements: bind by name, step, read columns.
 * Reads and writes through the database they were prepared for.
 * Opens, prepares and begins nothing; that is db.c.
 */
#include "ledger/db_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void
rdl_stmt_free(struct rdl_stmt *s)
{
	if (s == NULL)
		return;
	(void)sqlite3_finalize(s->s);
	free(s);
}

/* The number of a parameter; a bug if there is none.  Most are bound in the
 * order in which they stand in the statement, and SQLite's search compares
 * with every name before: look behind the last one first. */
static int
param(struct rdl_stmt *s, const char *name)
{
	int i = s->bound + 1;
	const char *next = sqlite3_bind_parameter_name(s->s, i);

	if (next == NULL || strcmp(next, name) != 0)
		i = sqlite3_bind_parameter_index(s->s, name);
	if (i == 0)
		abort();
	s->bound = i;
	return i;
}

/* A bind fails only when memory is out or a value is too big; the step that
 * follows would then store NULL. */
static void
bound(int rc, size_t len)
{
	if (rc != SQLITE_OK)
		rdl_mem_exhausted(len);
}

void
rdl_stmt_int(struct rdl_stmt *s, const char *name, int64_t v)
{
	bound(sqlite3_bind_int64(s->s, param(s, name), v), 0);
}

void
rdl_stmt_real(struct rdl_stmt *s, const char *name, double v)
{
	bound(sqlite3_bind_double(s->s, param(s, name), v), 0);
}

void
rdl_stmt_text(struct rdl_stmt *s, const char *name, const char *p, size_t len)
{
	bound(sqlite3_bind_text64(s->s, param(s, name), p, len, SQLITE_STATIC,
	    SQLITE_UTF8), len);
}

void
rdl_stmt_str(struct rdl_stmt *s, const char *name, const char *str)
{
	rdl_stmt_text(s, name, str, str == NULL ? 0 : strlen(str));
}

void
rdl_stmt_blob(struct rdl_stmt *s, const char *name, const void *p, size_t len)
{
	bound(sqlite3_bind_blob64(s->s, param(s, name), p, len,
	    SQLITE_STATIC), len);
}

void
rdl_stmt_null(struct rdl_stmt *s, const char *name)
{
	bound(sqlite3_bind_null(s->s, param(s, name)), 0);
}

int
rdl_stmt_step(struct rdl_stmt *s, struct rdl_err *err)
{
	int rc;

	/* A write begins with what is there now, and not with an old view,
	 * from which SQLite refuses it. */
	if (s->db->view != NULL && !sqlite3_stmt_readonly(s->s))
		rdl_db_unhold(s->db);
	rc = sqlite3_step(s->s);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		(void)rdl_db_fail(s->db, rc, err);
	(void)sqlite3_reset(s->s);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
rdl_stmt_run(struct rdl_stmt *s, struct rdl_err *err)
{
	int rc = rdl_stmt_step(s, err);

	if (rc <= 0)
		return rc;
	rdl_stmt_reset(s);
	return rdl_err_set(err, RDL_E_DB, "%s: a row where none was expected",
	    s->db->path);
}

void
rdl_stmt_reset(struct rdl_stmt *s)
{
	(void)sqlite3_reset(s->s);
}

int
rdl_stmt_columns(struct rdl_stmt *s)
{
	return sqlite3_column_count(s->s);
}

const char *
rdl_stmt_column_name(struct rdl_stmt *s, int i)
{
	return sqlite3_column_name(s->s, i);
}

bool
rdl_stmt_is_null(struct rdl_stmt *s, int i)
{
	return sqlite3_column_type(s->s, i) == SQLITE_NULL;
}

int64_t
rdl_stmt_get_int(struct rdl_stmt *s, int i)
{
	return sqlite3_column_int64(s->s, i);
}

double
rdl_stmt_get_real(struct rdl_stmt *s, int i)
{
	return sqlite3_column_double(s->s, i);
}

/* SQLite gives NULL for a value when it has no memory to make it, too. */
static const void *
given(struct rdl_stmt *s, const void *p)
{
	if (p == NULL && (sqlite3_errcode(s->db->h) & 0xff) == SQLITE_NOMEM)
		rdl_mem_exhausted(0);
	return p;
}

const char *
rdl_stmt_get_text(struct rdl_stmt *s, int i, size_t *len)
{
	const char *p = given(s, sqlite3_column_text(s->s, i));

	if (len != NULL)
		*len = p == NULL ? 0 : (size_t)sqlite3_column_bytes(s->s, i);
	return p;
}

const void *
rdl_stmt_get_blob(struct rdl_stmt *s, int i, size_t *len)
{
	const void *p = given(s, sqlite3_column_blob(s->s, i));

	*len = (size_t)sqlite3_column_bytes(s->s, i);
	return p;
}
