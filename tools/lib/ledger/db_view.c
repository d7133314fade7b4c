/*
 * Reads that share one view of the database.
 * Opens and closes a statement that keeps the view; what ends it else stands
 * in db.c and stmt.c.  Writes nothing.
 */
#include "ledger/db_private.h"

/* A SELECT that stays on its first row keeps the view. */
int
rdl_db_hold(struct rdl_db *db, struct rdl_err *err)
{
	struct rdl_stmt *s;
	int rc;

	if (db->view != NULL)
		return 1;
	if (rdl_db_in_transaction(db))
		return 0;
	s = rdl_db_prepare(db, "SELECT 1 FROM sqlite_schema", err);
	if (s == NULL)
		return -1;
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		db->view = s;
	return rc;
}

void
rdl_db_unhold(struct rdl_db *db)
{
	if (db->view != NULL)
		rdl_stmt_reset(db->view);
	db->view = NULL;
}

bool
rdl_db_held(const struct rdl_db *db)
{
	return db->view != NULL;
}
