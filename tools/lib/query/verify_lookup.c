/*
 * Is the lookup table right?
 * Reads all indexed rows and all blocks, once and in the order of the file:
 * each row gets the sum of its mixed keys, from which the pairs of the table
 * are taken away again.  Writes a finding for each row where something is left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "ledger/segment.h"
#include "query/lookup.h"
#include "query/verify.h"

#define KEY_LEN 8
#define PAIR_LEN 12

struct row {
	int64_t number;
	uint64_t sum;
};

struct rows {
	struct row *v;		/* by number */
	size_t n, cap;
};

static uint64_t
load(const unsigned char *p, size_t len)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

/* So that two keys that were swapped between rows do not go unseen. */
static uint64_t
mix(uint64_t key)
{
	struct rdl_rng r = { key };

	return rdl_rng_next(&r);
}

static int
key_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The sum of the keys of packed hashes, each key once. */
static uint64_t
sum_keys(const unsigned char *p, size_t len)
{
	uint64_t keys[RDL_SEGMENT_MAX], sum = 0;
	size_t i, n = len / RDL_HASH_LEN;

	if (n > RDL_SEGMENT_MAX)
		n = RDL_SEGMENT_MAX;	/* check "packing" tells of it */
	for (i = 0; i < n; i++)
		keys[i] = load(p + i * RDL_HASH_LEN, KEY_LEN);
	qsort(keys, n, sizeof(*keys), key_order);
	for (i = 0; i < n; i++)
		if (i == 0 || keys[i] != keys[i - 1])
			sum += mix(keys[i]);
	return sum;
}

static int
read_rows(struct rdl_verify *v, enum rdl_lookup_what what, struct rows *rows,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(v->q->db,
	    rdl_lookup_sql_old(what), err);
	const void *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		if (rows->n == rows->cap) {
			rows->cap = rows->cap == 0 ? 256 : 2 * rows->cap;
			rows->v = rdl_mem_realloc(rows->v, rows->cap,
			    sizeof(*rows->v));
		}
		p = rdl_stmt_get_blob(s, 2, &len);
		rows->v[rows->n].number = rdl_stmt_get_int(s, 0);
		rows->v[rows->n++].sum = sum_keys(p, len);
	}
	return rc;
}

static int
row_order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Take the pairs of a block away from their rows.  A row may be gone: merge
 * renews runs.  False if the pairs are not in order behind *last. */
static bool
take_block(struct rows *rows, const unsigned char *p, size_t len,
    uint64_t *last)
{
	struct row want, *row;
	uint64_t key;
	size_t i;

	if (len == 0 || len % PAIR_LEN != 0)
		return false;
	for (i = 0; i < len; i += PAIR_LEN) {
		key = load(p + i, KEY_LEN);
		if (key < *last)
			return false;
		*last = key;
		want.number = (int64_t)load(p + i + KEY_LEN, 4);
		row = rows->n == 0 ? NULL : bsearch(&want, rows->v, rows->n,
		    sizeof(want), row_order);
		if (row != NULL)
			row->sum -= mix(key);
	}
	return true;
}

static int
find(struct rdl_verify *v, const char *what, int64_t number,
    const char *finding, struct rdl_err *err)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "%s %lld %s", what,
	    (long long)number, finding);

	return rdl_verify_find(v, "error", "lookup", text, (size_t)n, err);
}

static int
read_blocks(struct rdl_verify *v, enum rdl_lookup_what what,
    struct rows *rows, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(v->q->db, "SELECT lookup, batch, "
	    "first, pairs FROM lookup WHERE what = :what "
	    "ORDER BY batch, first, lookup", err);
	const unsigned char *first, *p;
	int64_t batch = 0;
	uint64_t last = 0;
	size_t flen, len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":what", rdl_lookup_name(what));
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		if (rdl_stmt_get_int(s, 1) != batch)
			last = 0;
		batch = rdl_stmt_get_int(s, 1);
		first = rdl_stmt_get_blob(s, 2, &flen);
		p = rdl_stmt_get_blob(s, 3, &len);
		if (flen == KEY_LEN && len >= KEY_LEN &&
		    memcmp(first, p, KEY_LEN) == 0 &&
		    take_block(rows, p, len, &last))
			continue;
		if ((rc = find(v, "block", rdl_stmt_get_int(s, 0),
		    "is not in order", err)) < 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}

static int
check(struct rdl_verify *v, enum rdl_lookup_what what, struct rdl_err *err)
{
	struct rows rows = { NULL, 0, 0 };
	size_t i;
	int rc = -1;

	if (read_rows(v, what, &rows, err) < 0 ||
	    read_blocks(v, what, &rows, err) < 0)
		goto out;
	rc = 0;
	for (i = 0; i < rows.n && rc == 0; i++)
		if (rows.v[i].sum != 0)
			rc = find(v, what == RDL_LOOKUP_LOSS ? "loss" :
			    "segment", rows.v[i].number, "is not in the "
			    "lookup table as it should be", err);
out:
	free(rows.v);
	return rc;
}

int
rdl_verify_lookup(struct rdl_verify *v, struct rdl_err *err)
{
	if (check(v, RDL_LOOKUP_ID, err) < 0 ||
	    check(v, RDL_LOOKUP_FROM, err) < 0)
		return -1;
	return check(v, RDL_LOOKUP_LOSS, err);
}
