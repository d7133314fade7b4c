/*
 * The verbs index and vacuum: work that a ledger can wait for.
 * Writes the lookup table, or the whole file anew.
 * Changes nothing that a query would show.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "query/verb.h"

int
rdl_care_index(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_table t;
	int64_t before = rdl_ledger_unindexed(q->ledger, err);
	int rc;

	if (before < 0 || rdl_ledger_index(q->ledger, err) < 0)
		return -1;
	rdl_query_table(q, &t, NULL);
	rdl_table_columns(&t, "segments_indexed");
	rdl_table_int(&t, 0, before);
	rc = rdl_table_row(&t, err);
	if (rc == 0)
		rc = rdl_table_end(&t, err);
	rdl_table_release(&t);
	return rc;
}

/* Bytes of the file and of the log beside it. */
static int
file_bytes(struct rdl_query *q, int64_t *bytes, struct rdl_err *err)
{
	struct rdl_buf log = RDL_BUF_INIT(RDL_LINE_MAX);
	struct stat st;

	if (stat(q->path, &st) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", q->path);
	*bytes = st.st_size;
	rdl_buf_addf(&log, "%s-wal", q->path);
	if (stat(log.p, &st) == 0)
		*bytes += st.st_size;
	rdl_buf_release(&log);
	return 0;
}

int
rdl_care_vacuum(struct rdl_query *q, struct rdl_err *err)
{
	struct rdl_table t;
	int64_t before, after;
	int rc;

	if (file_bytes(q, &before, err) < 0 ||
	    rdl_db_exec(q->db, "VACUUM", err) < 0 ||
	    rdl_db_exec(q->db, "PRAGMA wal_checkpoint(TRUNCATE)", err) < 0 ||
	    file_bytes(q, &after, err) < 0)
		return -1;
	rdl_query_table(q, &t, NULL);
	rdl_table_columns(&t, "bytes_before bytes_after");
	rdl_table_int(&t, 0, before);
	rdl_table_int(&t, 1, after);
	rc = rdl_table_row(&t, err);
	if (rc == 0)
		rc = rdl_table_end(&t, err);
	rdl_table_release(&t);
	return rc;
}
