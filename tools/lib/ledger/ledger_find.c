/*
 * Looking up an id: which runs wrote it, what came of it, where it was lost.
 * Reads the lookup table as far as it reaches, and scans the rows behind.
 * Writes nothing; ledger_index.c fills the lookup table.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "ledger/ledger_private.h"

#define PAIR_LEN 12	/* see table lookup */

/* Row numbers, growing. */
struct rows {
	int64_t *v;
	size_t n, cap;
};

/* Entries, growing. */
struct entries {
	struct rdl_entry *v;
	size_t n, cap;
};

static void
add_row(struct rows *r, int64_t row)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 16 : 2 * r->cap;
		r->v = rdl_mem_realloc(r->v, r->cap, sizeof(*r->v));
	}
	r->v[r->n++] = row;
}

static struct rdl_entry *
add_entry(struct entries *e)
{
	if (e->n == e->cap) {
		e->cap = e->cap == 0 ? 16 : 2 * e->cap;
		e->v = rdl_mem_realloc(e->v, e->cap, sizeof(*e->v));
	}
	return &e->v[e->n++];
}

static int
row_order(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Oldest first, each once. */
static void
sort_rows(struct rows *r)
{
	size_t i, n = 0;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(*r->v), row_order);
	for (i = 1; i < r->n; i++)
		if (r->v[i] != r->v[n])
			r->v[++n] = r->v[i];
	r->n = n + 1;
}

static bool
holds(const unsigned char *p, size_t len, const struct rdl_hash *h)
{
	size_t i;

	for (i = 0; i + RDL_HASH_LEN <= len; i += RDL_HASH_LEN)
		if (memcmp(p + i, h->b, RDL_HASH_LEN) == 0)
			return true;
	return false;
}

/* The rows that a block of the lookup table names for a hash. */
static void
rows_of_block(const unsigned char *p, size_t len, const struct rdl_hash *h,
    struct rows *out)
{
	size_t lo = 0, hi = len / PAIR_LEN, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (memcmp(p + mid * PAIR_LEN, h->b, 8) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (p += lo * PAIR_LEN; lo < len / PAIR_LEN &&
	    memcmp(p, h->b, 8) == 0; lo++, p += PAIR_LEN)
		add_row(out, (int64_t)((uint32_t)p[8] << 24 |
		    (uint32_t)p[9] << 16 | (uint32_t)p[10] << 8 | p[11]));
}

/* Rows that the index names: of each batch the last block that begins before
 * the hash, and those that begin with it. */
static int
rows_by_index(struct rdl_ledger *l, const char *what, const struct rdl_id *id,
    struct rows *out, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "WITH RECURSIVE b(batch) AS "
	    "(SELECT max(batch) FROM lookup WHERE what = :what UNION ALL "
	    "SELECT (SELECT max(p.batch) FROM lookup p WHERE p.what = :what "
	    "AND p.batch < b.batch) FROM b WHERE b.batch IS NOT NULL) "
	    "SELECT k.pairs FROM b CROSS JOIN lookup k ON k.what = :what AND "
	    "k.batch = b.batch AND k.first <= :first AND k.first >= "
	    "coalesce((SELECT max(f.first) FROM lookup f WHERE f.what = :what "
	    "AND f.batch = b.batch AND f.first < :first), :first)", err);
	const void *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":what", what);
	rdl_stmt_blob(s, ":first", id->hash.b, 8);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_blob(s, 0, &len);
		rows_of_block(p, len, &id->hash, out);
	}
	return rc;
}

/* Rows behind the index; column 1 of sql is the packed hashes. */
static int
rows_by_scan(struct rdl_ledger *l, const char *sql, const struct rdl_id *id,
    struct rows *out, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, sql, err);
	const void *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":kind", id->kind);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_blob(s, 1, &len);
		if (holds(p, len, &id->hash))
			add_row(out, rdl_stmt_get_int(s, 0));
	}
	return rc;
}

static void
copy_kind(char kind[RDL_KIND_LEN], const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= RDL_KIND_LEN)
		len = RDL_KIND_LEN - 1;
	memset(kind, 0, RDL_KIND_LEN);
	if (len > 0)
		memcpy(kind, text, len);
}

/* A damaged segment: blobs that are too short for its n. */
static int
short_segment(struct rdl_ledger *l, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_DB, "%s: a segment is damaged; see "
	    "riddle ledger verify", rdl_db_path(l->db));
}

/* Unpack the entries of the segment at s whose id (or parent) is id. */
static int
unpack(struct rdl_ledger *l, struct rdl_stmt *s, const struct rdl_id *id,
    bool parent, struct entries *out, struct rdl_err *err)
{
	size_t i, n = (size_t)rdl_stmt_get_int(s, 3), ilen, flen, clen;
	const unsigned char *ids = rdl_stmt_get_blob(s, 4, &ilen);
	const unsigned char *froms = rdl_stmt_get_blob(s, 5, &flen);
	const unsigned char *calls = rdl_stmt_get_blob(s, 6, &clen);
	const unsigned char *which = parent ? froms : ids;
	const char *kind = rdl_stmt_get_text(s, parent ? 2 : 1, NULL);
	struct rdl_entry *e;

	if (n > RDL_SEGMENT_MAX || ilen != n * RDL_HASH_LEN ||
	    (froms != NULL && flen != ilen) || (calls != NULL && clen != ilen))
		return short_segment(l, err);
	if (which == NULL || kind == NULL || strcmp(kind, id->kind) != 0)
		return 0;
	for (i = 0; i < n * RDL_HASH_LEN; i += RDL_HASH_LEN) {
		if (memcmp(which + i, id->hash.b, RDL_HASH_LEN) != 0)
			continue;
		e = add_entry(out);
		memset(e, 0, sizeof(*e));
		e->run = rdl_stmt_get_int(s, 0);
		copy_kind(e->id.kind, rdl_stmt_get_text(s, 1, NULL));
		memcpy(e->id.hash.b, ids + i, RDL_HASH_LEN);
		if ((e->has_from = froms != NULL)) {
			copy_kind(e->from.kind, rdl_stmt_get_text(s, 2, NULL));
			memcpy(e->from.hash.b, froms + i, RDL_HASH_LEN);
		}
		if ((e->has_call = calls != NULL))
			memcpy(e->call.b, calls + i, RDL_HASH_LEN);
	}
	return 0;
}

static int
unpack_rows(struct rdl_ledger *l, const struct rows *rows,
    const struct rdl_id *id, bool parent, struct entries *out,
    struct rdl_err *err)
{
	struct rdl_stmt *s;
	size_t i;
	int rc = 0;

	for (i = 0; i < rows->n && rc == 0; i++) {
		s = rdl_db_prepare(l->db, "SELECT run, kind, from_kind, n, "
		    "ids, froms, calls FROM segment WHERE segment = :segment",
		    err);
		if (s == NULL)
			return -1;
		rdl_stmt_int(s, ":segment", rows->v[i]);
		rc = rdl_stmt_step(s, err);
		if (rc > 0)
			rc = unpack(l, s, id, parent, out, err);
		rdl_stmt_reset(s);
	}
	return rc;
}

/*
 * All is read before the first callback, so that it may look up as well.  The
 * scan comes first: rows that another process indexes meanwhile are then found
 * twice, and not missed.
 */
static int
find(struct rdl_ledger *l, const char *what, const char *by_scan,
    const struct rdl_id *id, bool parent, rdl_entry_fn fn, void *ctx,
    struct rdl_err *err)
{
	struct rows rows = { NULL, 0, 0 };
	struct entries found = { NULL, 0, 0 };
	size_t i;
	int rc = -1;

	if (rows_by_scan(l, by_scan, id, &rows, err) < 0 ||
	    rows_by_index(l, what, id, &rows, err) < 0)
		goto out;
	sort_rows(&rows);
	if (unpack_rows(l, &rows, id, parent, &found, err) < 0)
		goto out;
	rc = 0;
	for (i = 0; i < found.n && rc == 0; i++)
		rc = fn(&found.v[i], ctx, err);
	if (rc >= 0)
		rc = found.n > 0;
out:
	free(rows.v);
	free(found.v);
	return rc;
}

int
rdl_ledger_find(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_entry_fn fn, void *ctx, struct rdl_err *err)
{
	return find(l, "id",
	    "SELECT segment, ids FROM segment WHERE segment > (SELECT value "
	    "FROM meta WHERE name = 'indexed_segment') AND kind = :kind",
	    id, false, fn, ctx, err);
}

int
rdl_ledger_children(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_entry_fn fn, void *ctx, struct rdl_err *err)
{
	return find(l, "from",
	    "SELECT segment, froms FROM segment WHERE segment > (SELECT value "
	    "FROM meta WHERE name = 'indexed_segment') AND from_kind = :kind",
	    id, true, fn, ctx, err);
}

/* Read one loss and hand it on, with no statement left open. */
static int
give_loss(struct rdl_ledger *l, int64_t row, const struct rdl_id *id,
    rdl_loss_fn fn, void *ctx, size_t *given, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare_once(l->db, "SELECT run, failed, "
	    "kind, hash, rule, value, threshold, reason, call, "
	    "CAST(record AS BLOB) FROM loss WHERE loss = :loss", err);
	struct rdl_loss loss = { .id = *id };
	struct rdl_hash call;
	const void *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":loss", row);
	rc = rdl_stmt_step(s, err);
	if (rc <= 0)
		goto out;
	rc = 0;
	p = rdl_stmt_get_blob(s, 3, &len);
	if (len != RDL_HASH_LEN || memcmp(p, id->hash.b, len) != 0 ||
	    strcmp(rdl_stmt_get_text(s, 2, NULL), id->kind) != 0)
		goto out;
	loss.failed = rdl_stmt_get_int(s, 1) != 0;
	loss.rule = rdl_stmt_get_text(s, 4, NULL);
	loss.value = rdl_stmt_get_text(s, 5, NULL);
	loss.threshold = rdl_stmt_get_text(s, 6, NULL);
	loss.reason = rdl_stmt_get_text(s, 7, NULL);
	p = rdl_stmt_get_blob(s, 8, &len);
	if (len == RDL_HASH_LEN) {
		memcpy(call.b, p, len);
		loss.call = &call;
	}
	loss.record = rdl_stmt_get_blob(s, 9, &loss.record_len);
	++*given;
	rc = fn(rdl_stmt_get_int(s, 0), &loss, ctx, err);
out:
	rdl_stmt_free(s);
	return rc;
}

int
rdl_ledger_losses(struct rdl_ledger *l, const struct rdl_id *id,
    rdl_loss_fn fn, void *ctx, struct rdl_err *err)
{
	struct rows rows = { NULL, 0, 0 };
	size_t i, given = 0;
	int rc = -1;

	if (rows_by_scan(l, "SELECT loss, hash FROM loss WHERE loss > (SELECT "
	    "value FROM meta WHERE name = 'indexed_loss') AND kind = :kind",
	    id, &rows, err) < 0 ||
	    rows_by_index(l, "loss", id, &rows, err) < 0)
		goto out;
	sort_rows(&rows);
	rc = 0;
	for (i = 0; i < rows.n && rc == 0; i++)
		rc = give_loss(l, rows.v[i], id, fn, ctx, &given, err);
	if (rc >= 0)
		rc = given > 0;
out:
	free(rows.v);
	return rc;
}

int
rdl_ledger_show(struct rdl_ledger *l, const struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_stmt *s;
	const char *text;
	char plain[RDL_ID_TEXT];
	size_t len;
	int rc = 0;

	if (id->kind[0] == '\0') {
		s = rdl_db_prepare(l->db, "SELECT text FROM alias "
		    "WHERE hash = :hash", err);
		if (s == NULL)
			return -1;
		rdl_stmt_blob(s, ":hash", id->hash.b, RDL_HASH_LEN);
		rc = rdl_stmt_step(s, err);
		if (rc > 0) {
			text = rdl_stmt_get_text(s, 0, &len);
			rdl_buf_add(out, text, len);
		}
		rdl_stmt_reset(s);
	}
	if (rc == 0) {
		rdl_id_format(id, plain);
		rdl_buf_adds(out, plain);
	}
	return rc < 0 ? -1 : 0;
}
