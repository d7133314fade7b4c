/*
 * The verb diff: what differs between two runs, and could explain that their
 * output does.
 * Reads both runs, their records and the requests behind them; fills
 * temporary tables.  Writes a row a difference.  Does not read replies.
 */
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "record/json.h"
#include "query/jsondiff.h"
#include "query/verb.h"

#define CALLS_MAX 3		/* compared, unless --limit says otherwise */
#define FIELDS_MAX 20		/* differences of one call that are shown */
#define VALUE_MAX 64		/* bytes of a value in a table */

struct diff {
	struct rdl_query *q;
	struct rdl_table table;
	int64_t run[2];			/* left, right */
	const char *what;		/* of the rows to come */
	struct rdl_buf id;		/* empty if they are about no record */
	const char *call[2];		/* or NULL */
	size_t fields;			/* shown of this call */
};

enum { WHAT, ID, FIELD, LEFT, RIGHT, LEFT_CALL, RIGHT_CALL };

/* Bytes that two strings have in common at their beginning, less some to be
 * read before the difference, and so that a character begins there. */
static size_t
window_start(yyjson_val *left, yyjson_val *right)
{
	const char *a = yyjson_get_str(left), *b = yyjson_get_str(right);
	size_t i = 0, alen = yyjson_get_len(left),
	    blen = yyjson_get_len(right);

	if (a == NULL || b == NULL)
		return 0;
	while (i < alen && i < blen && a[i] == b[i])
		i++;
	i = i > VALUE_MAX / 3 ? i - VALUE_MAX / 3 : 0;
	while (i > 0 && ((unsigned char)a[i] & 0xc0) == 0x80)
		i--;
	return i;
}

/* A value as a cell of the table: strings without quotes, from a window. */
static void
set_short(struct diff *d, size_t col, yyjson_val *v, const char *text,
    size_t len, size_t start)
{
	struct rdl_buf cell = RDL_BUF_INIT(4 * VALUE_MAX);
	bool cut;

	if (yyjson_is_str(v)) {
		text = yyjson_get_str(v) + start;
		len = yyjson_get_len(v) - start;
		if (start > 0)
			rdl_buf_adds(&cell, "...");
	}
	cut = len > VALUE_MAX;
	if (cut)
		len = rdl_utf8_valid(text, VALUE_MAX);
	rdl_buf_add(&cell, text, len);
	if (cut)
		rdl_buf_adds(&cell, "...");
	rdl_table_text(&d->table, col, cell.len > 0 ? cell.p : "", cell.len);
	rdl_buf_release(&cell);
}

static void
set_value(struct diff *d, size_t col, yyjson_val *v, size_t start)
{
	size_t len;
	char *text;

	if (v == NULL || yyjson_is_null(v))
		return;
	text = rdl_json_val_write(v, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &len);
	if (text == NULL)
		return;
	if (d->q->o->json)
		rdl_table_text(&d->table, col, text, len);
	else
		set_short(d, col, v, text, len, start);
	free(text);
}

static int
end_row(struct diff *d, const char *field, struct rdl_err *err)
{
	rdl_table_str(&d->table, WHAT, d->what);
	if (d->id.len > 0)
		rdl_table_text(&d->table, ID, d->id.p, d->id.len);
	rdl_table_str(&d->table, FIELD, field);
	rdl_table_str(&d->table, LEFT_CALL, d->call[0]);
	rdl_table_str(&d->table, RIGHT_CALL, d->call[1]);
	return rdl_table_row(&d->table, err);
}

static int
show(const char *path, yyjson_val *left, yyjson_val *right, void *ctx,
    struct rdl_err *err)
{
	struct diff *d = ctx;
	size_t start = window_start(left, right);

	set_value(d, LEFT, left, start);
	set_value(d, RIGHT, right, start);
	if (end_row(d, path, err) < 0)
		return -1;
	return d->call[0] != NULL && ++d->fields >= FIELDS_MAX;
}

/* The differences of two JSON texts; such that are none are told as such. */
static int
compare(struct diff *d, const char *left, size_t left_len, const char *right,
    size_t right_len, struct rdl_err *err)
{
	yyjson_doc *l = left == NULL ? NULL : rdl_json_read(left, left_len, 0),
	    *r = right == NULL ? NULL : rdl_json_read(right, right_len, 0);
	int rc;

	if (l != NULL && r != NULL)
		rc = rdl_jsondiff("", yyjson_doc_get_root(l),
		    yyjson_doc_get_root(r), show, d, err);
	else
		rc = end_row(d, left == NULL || right == NULL ?
		    "request missing in the ledger" : "request is no JSON",
		    err);
	yyjson_doc_free(l);
	yyjson_doc_free(r);
	return rc < 0 ? -1 : 0;
}

/* Column col of a run in sql/query_diff_run.sql, copied; free() it. */
static char *
run_text(struct diff *d, int64_t run, int col, size_t *len,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(d->q, "diff_run", err);
	struct rdl_buf text = RDL_BUF_INIT(SIZE_MAX / 2);
	const char *p;

	if (s == NULL)
		return NULL;
	rdl_stmt_int(s, ":run", run);
	if (rdl_stmt_step(s, err) <= 0)
		return NULL;
	p = rdl_stmt_get_text(s, col, len);
	rdl_buf_add(&text, p, *len);
	rdl_stmt_reset(s);
	return rdl_buf_detach(&text, len);
}

static int
compare_runs(struct diff *d, int col, struct rdl_err *err)
{
	size_t llen, rlen;
	char *left = run_text(d, d->run[0], col, &llen, err),
	    *right = left == NULL ? NULL :
	    run_text(d, d->run[1], col, &rlen, err);
	int rc = -1;

	if (right != NULL)
		rc = compare(d, left, llen, right, rlen, err);
	free(left);
	free(right);
	return rc;
}

static int
load(struct diff *d, struct rdl_err *err)
{
	struct rdl_stmt *s;
	size_t i;

	if (rdl_db_exec(d->q->db, "CREATE TEMP TABLE side "
	    "(side INTEGER, run INTEGER)", err) < 0)
		return -1;
	for (i = 0; i < 2; i++) {
		s = rdl_db_prepare(d->q->db,
		    "INSERT INTO temp.side VALUES (:side, :run)", err);
		if (s == NULL)
			return -1;
		rdl_stmt_int(s, ":side", (int64_t)i);
		rdl_stmt_int(s, ":run", d->run[i]);
		if (rdl_stmt_run(s, err) < 0)
			return -1;
	}
	return rdl_query_script(d->q, "diff_load", err);
}

/* Counts of one thing: what both sides have, and what only one has. */
static int
show_counts(struct diff *d, struct rdl_stmt *s, struct rdl_err *err)
{
	rdl_table_int(&d->table, LEFT, rdl_stmt_get_int(s, 0));
	rdl_table_int(&d->table, RIGHT, rdl_stmt_get_int(s, 0));
	if (end_row(d, "in both", err) < 0)
		return -1;
	rdl_table_int(&d->table, LEFT, rdl_stmt_get_int(s, 1));
	rdl_table_int(&d->table, RIGHT, rdl_stmt_get_int(s, 2));
	return end_row(d, "only here", err);
}

static int
compare_sets(struct diff *d, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(d->q, "diff_counts", err);
	int rc;

	if (s == NULL)
		return -1;
	d->what = "records";
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		if ((rc = show_counts(d, s, err)) < 0)
			break;
		d->what = "calls";
	}
	rdl_stmt_reset(s);
	return rc;
}

/* One record that the sides asked different things for. */
static int
compare_call(struct diff *d, struct rdl_stmt *s, struct rdl_err *err)
{
	const char *left, *right, *kind = rdl_stmt_get_text(s, 0, NULL);
	const void *hash;
	struct rdl_id id;
	size_t len, llen, rlen;

	memset(&id, 0, sizeof(id));
	if (kind != NULL && strlen(kind) < RDL_KIND_LEN)
		memcpy(id.kind, kind, strlen(kind));
	hash = rdl_stmt_get_blob(s, 1, &len);
	memcpy(id.hash.b, hash, len < RDL_HASH_LEN ? len : RDL_HASH_LEN);
	rdl_buf_reset(&d->id);
	if (rdl_ledger_show(d->q->ledger, &id, &d->id, err) < 0)
		return -1;
	d->call[0] = rdl_stmt_get_text(s, 2, NULL);
	d->call[1] = rdl_stmt_get_text(s, 3, NULL);
	d->fields = 0;
	left = rdl_stmt_get_text(s, 4, &llen);
	right = rdl_stmt_get_text(s, 5, &rlen);
	return compare(d, left, llen, right, rlen, err);
}

static int
compare_calls(struct diff *d, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(d->q, "diff_calls", err);
	int rc;

	if (s == NULL)
		return -1;
	d->what = "call";
	rdl_stmt_int(s, ":limit", d->q->o->limit >= 0 ? d->q->o->limit :
	    CALLS_MAX);
	while ((rc = rdl_stmt_step(s, err)) > 0)
		if ((rc = compare_call(d, s, err)) < 0)
			break;
	rdl_stmt_reset(s);
	return rc;
}

int
rdl_diff(struct rdl_query *q, struct rdl_err *err)
{
	struct diff d = { .q = q, .id = RDL_BUF_INIT(RDL_LINE_MAX) };
	int rc = -1;

	rdl_query_table(q, &d.table, "what id field left right");
	rdl_table_columns(&d.table,
	    "what id field left right left_call right_call");
	if (rdl_query_run(q, q->args[0], &d.run[0], err) < 0 ||
	    rdl_query_run(q, q->args[1], &d.run[1], err) < 0)
		goto out;
	d.what = "run";
	if (compare_runs(&d, 0, err) < 0)
		goto out;
	d.what = "outcome";
	if (compare_runs(&d, 1, err) < 0 || load(&d, err) < 0 ||
	    compare_sets(&d, err) < 0 || compare_calls(&d, err) < 0)
		goto out;
	rc = rdl_table_end(&d.table, err);
out:
	rdl_table_release(&d.table);
	rdl_buf_release(&d.id);
	return rc;
}
