/*
 * What a verb of riddle-ledger works with.
 * Opens and closes the ledger and stdout; reads embedded SQL.
 * Asks nothing of the ledger itself but whether a run is there.
 */
#include "query/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/embed.h"
#include "core/num.h"

/* Segments (of up to 256 records) that are scanned rather than indexed. */
#define SCAN_MAX 64

static const char *
ledger_name(const struct rdl_query_opts *o)
{
	const char *name = o->ledger;

	if (name == NULL)
		name = getenv("RIDDLE_LEDGER");
	return name != NULL && name[0] != '\0' ? name : "riddle.db";
}

static size_t
screen_width(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO) ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) < 0)
		return 0;
	return w.ws_col;
}

static int
check_run(struct rdl_query *q, int64_t run, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(q->db,
	    "SELECT 1 FROM run WHERE run = :run", err);
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", run);
	rc = rdl_stmt_step(s, err);
	rdl_stmt_reset(s);
	if (rc == 0)
		return rdl_err_set(err, RDL_E_DB, "%s: there is no run %lld; "
		    "'riddle ledger runs' lists them", q->path,
		    (long long)run);
	return rc < 0 ? -1 : 0;
}

int
rdl_query_open(struct rdl_query *q, const struct rdl_query_opts *o,
    enum rdl_query_access access, const char *const *args, size_t nargs,
    struct rdl_err *err)
{
	struct stat st;

	memset(q, 0, sizeof(*q));
	q->o = o;
	q->path = ledger_name(o);
	q->args = args;
	q->nargs = nargs;
	q->screen = screen_width();
	rdl_out_stdout(&q->out);
	if (strcmp(q->path, "none") == 0)
		return rdl_err_set(err, RDL_E_USAGE, "the ledger is 'none': "
		    "name a file with --ledger");
	if (access != RDL_QUERY_CREATE && stat(q->path, &st) < 0 &&
	    errno == ENOENT)
		return rdl_err_set(err, RDL_E_DB, "%s: there is no such "
		    "ledger; name one with --ledger or RIDDLE_LEDGER",
		    q->path);
	if (rdl_ledger_open(&q->ledger, q->path, access != RDL_QUERY_READ,
	    err) < 0)
		return -1;
	q->db = rdl_ledger_db(q->ledger);
	return o->run > 0 ? check_run(q, o->run, err) : 0;
}

int
rdl_query_close(struct rdl_query *q, int rc, struct rdl_err *err)
{
	struct rdl_err second = RDL_ERR_INIT;

	if (rc < 0)
		rdl_out_abandon(&q->out);
	else if (rdl_out_close(&q->out, err) < 0)
		rc = -1;
	if (rdl_ledger_close(q->ledger, &second) < 0 && rc >= 0) {
		*err = second;
		rc = -1;
	}
	q->ledger = NULL;
	return rc;
}

int
rdl_query_index(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	struct rdl_ledger *writer;
	int64_t n = rdl_ledger_unindexed(q->ledger, err);

	if (n < 0)
		return -1;
	if (n <= SCAN_MAX || access(q->path, W_OK) < 0)
		return 0;
	if (rdl_ledger_open(&writer, q->path, true, &ignored) < 0)
		return 0;
	if (rdl_ledger_index(writer, &ignored) < 0)
		rdl_err_clear(&ignored);
	return rdl_ledger_close(writer, err);
}

static const char *
embedded(const char *name, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(256);
	const struct rdl_embed *e;

	rdl_buf_addf(&path, "sql/query_%s.sql", name);
	e = rdl_embed_find(path.p);
	if (e == NULL)
		(void)rdl_err_set(err, RDL_E_DB, "%s is not built in",
		    path.p);
	rdl_buf_release(&path);
	return e == NULL ? NULL : e->text;
}

struct rdl_stmt *
rdl_query_prepare(struct rdl_query *q, const char *name, struct rdl_err *err)
{
	const char *sql = embedded(name, err);

	return sql == NULL ? NULL : rdl_db_prepare(q->db, sql, err);
}

int
rdl_query_script(struct rdl_query *q, const char *name, struct rdl_err *err)
{
	const char *sql = embedded(name, err);

	return sql == NULL ? -1 : rdl_db_exec(q->db, sql, err);
}

void
rdl_query_table(struct rdl_query *q, struct rdl_table *t, const char *shown)
{
	rdl_table_init(t, &q->out, q->o->json ? RDL_TABLE_JSON :
	    RDL_TABLE_ROWS, q->screen, shown);
}

int
rdl_query_rows(struct rdl_query *q, struct rdl_stmt *s, const char *shown,
    struct rdl_err *err)
{
	struct rdl_table t;
	int rc;

	rdl_query_table(q, &t, shown);
	rc = rdl_table_query(&t, s, err);
	if (rc == 0)
		rc = rdl_table_end(&t, err);
	rdl_table_release(&t);
	return rc;
}

int
rdl_query_run(struct rdl_query *q, const char *text, int64_t *run,
    struct rdl_err *err)
{
	if (rdl_num_int(text, 1, INT64_MAX, run, err) < 0)
		return rdl_err_prefix(err, "run");
	return check_run(q, *run, err);
}

void
rdl_query_bind_some(struct rdl_stmt *s, const char *name, int64_t v)
{
	if (v <= 0)
		rdl_stmt_null(s, name);
	else
		rdl_stmt_int(s, name, v);
}
