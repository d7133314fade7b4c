/*
 * The verb children: what was made from a record, and from that, and so on.
 * Reads entries of the ledger by their parents; writes a row a child.
 * An id that several runs made is shown once, with the first of them.
 */
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "query/ident.h"
#include "query/verb.h"

struct children {
	struct rdl_query *q;
	struct rdl_table table;
	struct rdl_map shown;
	struct rdl_buf id;
	int64_t depth, rows;
};

/* True if the id was not shown yet. */
static bool
is_new(struct children *c, const struct rdl_id *id)
{
	char key[RDL_ID_TEXT];
	int made;

	rdl_id_format(id, key);
	(void)rdl_map_put(&c->shown, key, strlen(key), &made);
	return made;
}

/* A row for the child; in a table its id is indented by its depth. */
static int
show(struct children *c, const struct rdl_entry *e, struct rdl_err *err)
{
	struct rdl_buf from = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_stmt *s = rdl_query_prepare(c->q, "child", err);
	int64_t i;
	int rc = -1;

	rdl_buf_reset(&c->id);
	for (i = 1; i < c->depth && !c->q->o->json; i++)
		rdl_buf_adds(&c->id, "  ");
	if (s == NULL ||
	    rdl_ledger_show(c->q->ledger, &e->id, &c->id, err) < 0 ||
	    rdl_ledger_show(c->q->ledger, &e->from, &from, err) < 0)
		goto out;
	rdl_stmt_int(s, ":depth", c->depth);
	rdl_stmt_text(s, ":id", c->id.p, c->id.len);
	rdl_stmt_int(s, ":run", e->run);
	rdl_stmt_text(s, ":from_id", from.p, from.len);
	rdl_stmt_blob(s, ":call", e->has_call ? e->call.b : NULL,
	    e->has_call ? RDL_HASH_LEN : 0);
	rc = rdl_table_query(&c->table, s, err);
out:
	rdl_buf_release(&from);
	return rc;
}

/* Show a child, then its children; 1 when --limit is reached. */
static int
descend(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	struct children *c = ctx;
	int64_t most = c->q->o->depth > 0 ? c->q->o->depth : 1;
	int rc;

	if (!is_new(c, &e->id))
		return 0;
	if (c->q->o->limit >= 0 && c->rows >= c->q->o->limit)
		return 1;
	c->rows++;
	if (show(c, e, err) < 0)
		return -1;
	if (c->depth >= most)
		return 0;
	c->depth++;
	rc = rdl_ledger_children(c->q->ledger, &e->id, descend, c, err);
	c->depth--;
	return rc < 0 ? -1 : c->q->o->limit >= 0 &&
	    c->rows >= c->q->o->limit;
}

int
rdl_children(struct rdl_query *q, struct rdl_err *err)
{
	struct children c = { .q = q, .shown = RDL_MAP_INIT, .depth = 1,
		.id = RDL_BUF_INIT(RDL_LINE_MAX) };
	struct rdl_id id;
	int rc;

	rdl_query_table(q, &c.table, "id run tool call");
	rc = rdl_query_index(q, err);
	if (rc == 0)
		rc = rdl_ident_resolve(q, q->args[0], &id, err);
	if (rc == 0) {
		(void)is_new(&c, &id);
		rc = rdl_ledger_children(q->ledger, &id, descend, &c, err);
	}
	if (rc >= 0)
		rc = rdl_table_end(&c.table, err);
	rdl_table_release(&c.table);
	rdl_map_release(&c.shown);
	rdl_buf_release(&c.id);
	return rc;
}
