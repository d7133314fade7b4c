/*
 * The lookup table by a part of a hash.
 * Reads table lookup (see sql/0001_ledger.sql for its packing).
 * Writes nothing; ledger/ledger_index.c fills the table.
 */
#include "query/lookup.h"

#include <string.h>

#define KEY_LEN 8
#define PAIR_LEN 12

static const char *const names[] = { "id", "from", "loss" };

#define MARK(name) "(SELECT value FROM meta WHERE name = '" name "')"
#define BY(column) " ORDER BY " #column
#define IDS "SELECT segment, kind, ids FROM segment WHERE "
#define FROMS "SELECT segment, from_kind, froms FROM segment WHERE " \
	"froms IS NOT NULL AND "
#define LOSSES "SELECT loss, kind, hash FROM loss WHERE "

const char *
rdl_lookup_name(enum rdl_lookup_what what)
{
	return names[what];
}

const char *
rdl_lookup_sql_row(enum rdl_lookup_what what)
{
	static const char *const sql[] = { IDS "segment = :row",
		FROMS "segment = :row", LOSSES "loss = :row" };

	return sql[what];
}

const char *
rdl_lookup_sql_new(enum rdl_lookup_what what)
{
	static const char *const sql[] = {
		IDS "segment > " MARK("indexed_segment"),
		FROMS "segment > " MARK("indexed_segment"),
		LOSSES "loss > " MARK("indexed_loss") };

	return sql[what];
}

const char *
rdl_lookup_sql_old(enum rdl_lookup_what what)
{
	static const char *const sql[] = {
		IDS "segment <= " MARK("indexed_segment") BY(segment),
		FROMS "segment <= " MARK("indexed_segment") BY(segment),
		LOSSES "loss <= " MARK("indexed_loss") BY(loss) };

	return sql[what];
}

/* The rows that a block names for keys from lo to hi; pairs are sorted. */
static int
search_block(const unsigned char *p, size_t len, const unsigned char *lo,
    const unsigned char *hi, rdl_lookup_fn fn, void *ctx,
    struct rdl_err *err)
{
	size_t first = 0, end = len / PAIR_LEN, mid;
	int rc = 0;

	while (first < end) {
		mid = first + (end - first) / 2;
		if (memcmp(p + mid * PAIR_LEN, lo, KEY_LEN) < 0)
			first = mid + 1;
		else
			end = mid;
	}
	for (p += first * PAIR_LEN; rc == 0 && first < len / PAIR_LEN &&
	    memcmp(p, hi, KEY_LEN) <= 0; first++, p += PAIR_LEN)
		rc = fn((int64_t)((uint32_t)p[8] << 24 | (uint32_t)p[9] << 16 |
		    (uint32_t)p[10] << 8 | p[11]), ctx, err);
	return rc;
}

int
rdl_lookup(struct rdl_query *q, enum rdl_lookup_what what,
    const struct rdl_hash *lo, const struct rdl_hash *hi, rdl_lookup_fn fn,
    void *ctx, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(q, "prefix", err);
	const unsigned char *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_str(s, ":what", names[what]);
	rdl_stmt_blob(s, ":lo", lo->b, KEY_LEN);
	rdl_stmt_blob(s, ":hi", hi->b, KEY_LEN);
	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_blob(s, 0, &len);
		rc = search_block(p, len, lo->b, hi->b, fn, ctx, err);
		if (rc != 0)
			break;
	}
	rdl_stmt_reset(s);
	return rc;
}
