/*
 * Filling the lookup table, when an id is first asked for.
 * Reads segments and losses behind the marks in table meta; writes sorted
 * batches of packed hashes, which are never changed again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "ledger/ledger_private.h"

/* Pairs of one batch: twice 32 MiB.  A look-up reads a page or two of each. */
#define BATCH 2000000

#define BLOCK 330		/* pairs of one row: they fill a page */
#define PAIR_LEN 12		/* bytes: 8 of the hash, 4 of the row */

struct pair {
	uint64_t hash8;		/* the first 8 bytes, the high one first */
	uint64_t row;
};

struct pairs {
	struct pair *v;
	size_t n;
};

static void
store_be(unsigned char *p, uint64_t v, size_t len)
{
	for (; len > 0; len--, v >>= 8)
		p[len - 1] = (unsigned char)v;
}

/* Add the hashes of a packed blob; len may be 0. */
static void
add_pairs(struct pairs *to, const unsigned char *p, size_t len, int64_t row)
{
	uint64_t v;
	size_t i, k;

	for (i = 0; i + RDL_HASH_LEN <= len; i += RDL_HASH_LEN) {
		for (v = 0, k = 0; k < 8; k++)
			v = v << 8 | p[i + k];
		to->v[to->n++] = (struct pair){ v, (uint64_t)row };
	}
}

static int
pair_order(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->hash8 != y->hash8)
		return x->hash8 < y->hash8 ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

/* Sort, and leave out what comes twice. */
static void
sort_pairs(struct pairs *p)
{
	size_t i, n = 0;

	if (p->n == 0)
		return;
	qsort(p->v, p->n, sizeof(*p->v), pair_order);
	for (i = 1; i < p->n; i++)
		if (pair_order(&p->v[i], &p->v[n]) != 0)
			p->v[++n] = p->v[i];
	p->n = n + 1;
}

/* The number of the next batch. */
static int
next_batch(struct rdl_db *db, const char *what, int64_t *batch,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db, "SELECT coalesce(max(batch), "
	    "0) + 1 FROM lookup WHERE what = :what", err);
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":what", what);
	rc = rdl_stmt_step(s, err);
	*batch = rc > 0 ? rdl_stmt_get_int(s, 0) : 1;
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

static int
insert_block(struct rdl_db *db, const char *what, int64_t batch,
    const struct pair *v, size_t n, struct rdl_err *err)
{
	unsigned char pairs[BLOCK * PAIR_LEN];
	struct rdl_stmt *s = rdl_db_prepare(db, "INSERT INTO lookup "
	    "(what, batch, first, pairs) "
	    "VALUES (:what, :batch, :first, :pairs)", err);
	size_t i;

	if (s == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		store_be(pairs + i * PAIR_LEN, v[i].hash8, 8);
		store_be(pairs + i * PAIR_LEN + 8, v[i].row, 4);
	}
	rdl_stmt_str(s, ":what", what);
	rdl_stmt_int(s, ":batch", batch);
	rdl_stmt_blob(s, ":first", pairs, 8);
	rdl_stmt_blob(s, ":pairs", pairs, n * PAIR_LEN);
	return rdl_stmt_run(s, err);
}

static int
insert_pairs(struct rdl_db *db, const char *what, struct pairs *p,
    struct rdl_err *err)
{
	int64_t batch;
	size_t i, n;

	if (p->n == 0)
		return 0;
	sort_pairs(p);
	if (next_batch(db, what, &batch, err) < 0)
		return -1;
	for (i = 0; i < p->n; i += n) {
		n = p->n - i < BLOCK ? p->n - i : BLOCK;
		if (insert_block(db, what, batch, p->v + i, n, err) < 0)
			return -1;
	}
	return 0;
}

static int
get_mark(struct rdl_db *db, const char *name, int64_t *mark,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db,
	    "SELECT value FROM meta WHERE name = :name", err);
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":name", name);
	rc = rdl_stmt_step(s, err);
	*mark = rc > 0 ? rdl_stmt_get_int(s, 0) : 0;
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

static int
set_mark(struct rdl_db *db, const char *name, int64_t mark,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db,
	    "UPDATE meta SET value = :mark WHERE name = :name", err);

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":name", name);
	rdl_stmt_int(s, ":mark", mark);
	return rdl_stmt_run(s, err);
}

/* One kind of row to index: losses have no second column. */
struct source {
	const char *mark;
	const char *select;	/* row, hashes, other hashes; from :mark on */
	const char *what, *what_other;
};

static const struct source sources[] = {
	{ "indexed_segment",
	    "SELECT segment, ids, froms FROM segment WHERE segment > :mark "
	    "ORDER BY segment",
	    "id", "from" },
	{ "indexed_loss",
	    "SELECT loss, hash, NULL FROM loss WHERE loss > :mark "
	    "ORDER BY loss",
	    "loss", "" }
};

/* Read a batch of hashes behind *mark, and move *mark to its last row. */
static int
gather(struct rdl_db *db, const struct source *src, int64_t *mark,
    struct pairs *hashes, struct pairs *others, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db, src->select, err);
	const void *a, *b;
	size_t alen, blen;
	int rc = 0;

	if (s == NULL)
		return -1;
	hashes->n = others->n = 0;
	rdl_stmt_int(s, ":mark", *mark);
	while (hashes->n + RDL_SEGMENT_MAX <= BATCH &&
	    (rc = rdl_stmt_step(s, err)) > 0) {
		a = rdl_stmt_get_blob(s, 1, &alen);
		b = rdl_stmt_get_blob(s, 2, &blen);
		if (alen > RDL_SEGMENT_MAX * RDL_HASH_LEN ||
		    blen > RDL_SEGMENT_MAX * RDL_HASH_LEN) {
			rc = rdl_err_set(err, RDL_E_DB, "%s: a segment is "
			    "damaged; see riddle ledger verify",
			    rdl_db_path(db));
			break;
		}
		if (rdl_stmt_get_int(s, 0) > UINT32_MAX)
			break;	/* left to the scan */
		*mark = rdl_stmt_get_int(s, 0);
		add_pairs(hashes, a, alen, *mark);
		add_pairs(others, b, blen, *mark);
	}
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

/* Insert a batch, unless another process has moved the mark meanwhile; then
 * it did the work, and ours is dropped. */
static int
store(struct rdl_db *db, const struct source *src, int64_t from, int64_t to,
    struct pairs *hashes, struct pairs *others, struct rdl_err *err)
{
	int64_t now;

	if (rdl_db_begin(db, err) < 0)
		return -1;
	if (get_mark(db, src->mark, &now, err) < 0)
		goto fail;
	if (now != from) {
		rdl_db_rollback(db);
		return 0;
	}
	if (insert_pairs(db, src->what, hashes, err) < 0 ||
	    insert_pairs(db, src->what_other, others, err) < 0 ||
	    set_mark(db, src->mark, to, err) < 0)
		goto fail;
	if (rdl_db_commit(db, err) == 0)
		return 0;
fail:
	rdl_db_rollback(db);
	return -1;
}

int
rdl_ledger_index(struct rdl_ledger *l, struct rdl_err *err)
{
	struct pairs hashes = { NULL, 0 }, others = { NULL, 0 };
	int64_t from, to;
	size_t i;
	int rc = -1;

	if (rdl_ledger_flush(l, err) < 0)
		return -1;
	hashes.v = rdl_mem_calloc(BATCH, sizeof(struct pair));
	others.v = rdl_mem_calloc(BATCH, sizeof(struct pair));
	for (i = 0; i < RDL_NELEM(sources); i++)
		for (;;) {
			if (get_mark(l->db, sources[i].mark, &from, err) < 0)
				goto out;
			to = from;
			if (gather(l->db, &sources[i], &to, &hashes, &others,
			    err) < 0)
				goto out;
			if (to == from)
				break;
			if (store(l->db, &sources[i], from, to, &hashes,
			    &others, err) < 0)
				goto out;
		}
	rc = 0;
out:
	free(hashes.v);
	free(others.v);
	return rc;
}

int64_t
rdl_ledger_unindexed(struct rdl_ledger *l, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "SELECT (SELECT "
	    "coalesce(max(segment), 0) FROM segment) - value FROM meta "
	    "WHERE name = 'indexed_segment'", err);
	int64_t n = 0;
	int rc;

	if (s == NULL)
		return -1;
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		n = rdl_stmt_get_int(s, 0);
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : n > 0 ? n : 0;
}
