/*
 * An id as a user types it.
 * Reads the lookup table of the ledger, and the rows behind it.
 * Writes nothing.
 */
#include "query/ident.h"

#include <string.h>

#include "query/lookup.h"
#include "query/text.h"

#define DIGITS_MIN 6
#define SHOWN_MAX 4		/* ids in the message that there are several */

/* What an id may begin with, and the ids found that do. */
struct search {
	struct rdl_query *q;
	enum rdl_lookup_what what;
	const char *kind;	/* NULL for any; not terminated */
	size_t kind_len;
	struct rdl_ident_range range;
	struct rdl_id found[SHOWN_MAX];
	size_t n;
};

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
rdl_ident_range(const char *hex, size_t len, struct rdl_ident_range *out)
{
	size_t i;
	int d, shift;

	if (len < DIGITS_MIN || len > (size_t)2 * RDL_HASH_LEN)
		return false;
	memset(out->lo.b, 0x00, RDL_HASH_LEN);
	memset(out->hi.b, 0xff, RDL_HASH_LEN);
	for (i = 0; i < len; i++) {
		if ((d = digit(hex[i])) < 0)
			return false;
		shift = i % 2 == 0 ? 4 : 0;
		out->lo.b[i / 2] = (unsigned char)(out->lo.b[i / 2] |
		    d << shift);
		out->hi.b[i / 2] = (unsigned char)(out->hi.b[i / 2] &
		    ~((15 - d) << shift));
	}
	return true;
}

static void
add_found(struct search *f, const char *kind, const unsigned char *hash)
{
	struct rdl_id id;
	size_t i, len = strlen(kind);

	if (len >= RDL_KIND_LEN || f->n == SHOWN_MAX)
		return;
	memset(&id, 0, sizeof(id));
	memcpy(id.kind, kind, len);
	memcpy(id.hash.b, hash, RDL_HASH_LEN);
	for (i = 0; i < f->n; i++)
		if (memcmp(&f->found[i], &id, sizeof(id)) == 0)
			return;
	f->found[f->n++] = id;
}

/* Look through packed hashes of one kind. */
static void
sift(struct search *f, const char *kind, const unsigned char *p, size_t len)
{
	size_t i;

	if (kind == NULL || (f->kind != NULL && (strlen(kind) !=
	    f->kind_len || memcmp(kind, f->kind, f->kind_len) != 0)))
		return;
	for (i = 0; i + RDL_HASH_LEN <= len; i += RDL_HASH_LEN)
		if (memcmp(p + i, f->range.lo.b, RDL_HASH_LEN) >= 0 &&
		    memcmp(p + i, f->range.hi.b, RDL_HASH_LEN) <= 0)
			add_found(f, kind, p + i);
}

/* Look through the rows that a statement gives. */
static int
sift_rows(struct search *f, struct rdl_stmt *s, struct rdl_err *err)
{
	const unsigned char *p;
	size_t len;
	int rc;

	while ((rc = rdl_stmt_step(s, err)) > 0) {
		p = rdl_stmt_get_blob(s, 2, &len);
		sift(f, rdl_stmt_get_text(s, 1, NULL), p, len);
	}
	return rc;
}

/* A row that the lookup table names; it may be gone by now. */
static int
sift_row(int64_t row, void *ctx, struct rdl_err *err)
{
	struct search *f = ctx;
	struct rdl_stmt *s = rdl_db_prepare(f->q->db,
	    rdl_lookup_sql_row(f->what), err);

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":row", row);
	if (sift_rows(f, s, err) < 0)
		return -1;
	return f->n == SHOWN_MAX;
}

static int
search(struct search *f, struct rdl_err *err)
{
	static const enum rdl_lookup_what all[] = { RDL_LOOKUP_ID,
		RDL_LOOKUP_FROM, RDL_LOOKUP_LOSS };
	struct rdl_stmt *s;
	size_t i;

	for (i = 0; i < RDL_NELEM(all); i++) {
		f->what = all[i];
		if (rdl_lookup(f->q, f->what, &f->range.lo, &f->range.hi,
		    sift_row, f, err) < 0)
			return -1;
		s = rdl_db_prepare(f->q->db, rdl_lookup_sql_new(f->what),
		    err);
		if (s == NULL || sift_rows(f, s, err) < 0)
			return -1;
	}
	return 0;
}

static int
several(struct rdl_query *q, const char *text, const struct search *f,
    struct rdl_err *err)
{
	struct rdl_buf list = RDL_BUF_INIT(RDL_ERR_MAX), id =
	    RDL_BUF_INIT(RDL_LINE_MAX);
	size_t i;
	int rc = 0;

	for (i = 0; i < f->n && rc == 0; i++) {
		rdl_buf_reset(&id);
		rc = rdl_ledger_show(q->ledger, &f->found[i], &id, err);
		rdl_buf_addc(&list, ' ');
		rdl_text_safe(&list, id.p, id.len, false);
	}
	if (rc == 0)
		rc = rdl_err_set(err, RDL_E_DB, "%s: several ids begin with "
		    "%s:%s%s", q->path, text, list.p,
		    f->n == SHOWN_MAX ? " ..." : "");
	rdl_buf_release(&list);
	rdl_buf_release(&id);
	return rc;
}

static int
unknown(struct rdl_query *q, const char *text, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_DB, "%s: there is no record %s; was it "
	    "made with another ledger, by a run that is still at work or was "
	    "killed ('riddle ledger runs' shows it as unfinished), or by "
	    "another program?", q->path, text);
}

/* An entry or a loss is enough to know an id. */
static int
stop_entry(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	(void)e;
	(void)ctx;
	(void)err;
	return 1;
}

static int
stop_loss(int64_t run, const struct rdl_loss *loss, void *ctx,
    struct rdl_err *err)
{
	(void)run;
	(void)loss;
	(void)ctx;
	(void)err;
	return 1;
}

static int
is_known(struct rdl_query *q, const struct rdl_id *id, struct rdl_err *err)
{
	int rc = rdl_ledger_find(q->ledger, id, stop_entry, NULL, err);

	if (rc == 0)
		rc = rdl_ledger_losses(q->ledger, id, stop_loss, NULL, err);
	if (rc == 0)
		rc = rdl_ledger_children(q->ledger, id, stop_entry, NULL,
		    err);
	return rc;
}

int
rdl_ident_resolve(struct rdl_query *q, const char *text, struct rdl_id *id,
    struct rdl_err *err)
{
	struct search f = { .q = q };
	const char *colon = strrchr(text, ':'), *hex = text;
	size_t len = strlen(text);
	int rc;

	(void)rdl_id_parse(text, len, id);
	if ((rc = is_known(q, id, err)) != 0)
		return rc < 0 ? -1 : 0;
	if (colon != NULL) {
		f.kind = text;
		f.kind_len = (size_t)(colon - text);
		hex = colon + 1;
	}
	if (!rdl_ident_range(hex, (size_t)(text + len - hex), &f.range))
		return unknown(q, text, err);
	if (search(&f, err) < 0)
		return -1;
	if (f.n == 0)
		return unknown(q, text, err);
	if (f.n > 1)
		return several(q, text, &f, err);
	*id = f.found[0];
	return 0;
}
