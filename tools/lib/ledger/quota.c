/*
 * The state of a rate limit, shared by all processes on one ledger.
 * Reads and writes table quota, under the write lock.
 * Does not know what a state means.
 */
#include "ledger/quota.h"

#include "core/clock.h"
#include "ledger/ledger_private.h"

#define STATE_MAX (64 * RDL_KIB)

static int
read_state(struct rdl_ledger *l, const struct rdl_hash *name,
    struct rdl_buf *state, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db,
	    "SELECT state FROM quota WHERE name = :name", err);
	const char *p;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	rdl_stmt_blob(s, ":name", name->b, RDL_HASH_LEN);
	rc = rdl_stmt_step(s, err);
	if (rc > 0) {
		p = rdl_stmt_get_text(s, 0, &len);
		rdl_buf_add(state, p, len);
	}
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

static int
write_state(struct rdl_ledger *l, const struct rdl_hash *name,
    const char *label, const struct rdl_buf *state, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "INSERT INTO quota "
	    "(name, label, state, updated_ms) "
	    "VALUES (:name, :label, :state, :now) ON CONFLICT (name) "
	    "DO UPDATE SET label = excluded.label, state = excluded.state, "
	    "updated_ms = excluded.updated_ms", err);

	if (s == NULL)
		return -1;
	rdl_stmt_blob(s, ":name", name->b, RDL_HASH_LEN);
	rdl_stmt_str(s, ":label", label);
	rdl_stmt_text(s, ":state", state->p != NULL ? state->p : "",
	    state->len);
	rdl_stmt_int(s, ":now", rdl_clock_wall_ms());
	return rdl_stmt_run(s, err);
}

int
rdl_quota_update(struct rdl_ledger *l, const struct rdl_hash *name,
    const char *label, rdl_quota_fn fn, void *ctx, struct rdl_err *err)
{
	struct rdl_buf state = RDL_BUF_INIT(STATE_MAX);
	int rc;

	if (rdl_ledger_begin_write(l, err) < 0)
		return -1;
	rc = read_state(l, name, &state, err);
	if (rc == 0) {
		fn(&state, ctx);
		if (rdl_buf_full(&state))
			rc = rdl_err_set(err, RDL_E_DB,
			    "%s: the state of a quota is too long",
			    rdl_db_path(l->db));
		else
			rc = write_state(l, name, label, &state, err);
	}
	rc = rdl_ledger_end_write(l, rc, err);
	rdl_buf_release(&state);
	return rc;
}

const char *
rdl_quota_salt(struct rdl_ledger *l)
{
	return l->salt;
}
