/*
 * What a verb of riddle-ledger works with: the ledger, the options, the
 * output.  Verbs read named queries, sql/query_NAME.sql, and write rows.
 */
#ifndef RDL_QUERY_QUERY_H
#define RDL_QUERY_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/out.h"
#include "ledger/ledger.h"
#include "query/table.h"

struct rdl_query_opts {
	const char *ledger;	/* NULL: $RIDDLE_LEDGER, else riddle.db */
	bool json;
	int64_t limit;		/* rows; -1: all */
	int64_t run;		/* only this one; 0: all */
	int64_t depth;		/* of children; 0: as the verb likes */
	const char *rule;	/* only this one, or NULL */
	bool failed_only, dropped_only;
	bool records;		/* print lost records themselves */
	bool dry_run;
};

#define RDL_QUERY_OPTS_DEFAULT { .limit = -1 }

struct rdl_query {
	const struct rdl_query_opts *o;
	const char *path;	/* of the ledger */
	struct rdl_ledger *ledger;
	struct rdl_db *db;	/* below it */
	struct rdl_out out;	/* stdout */
	size_t screen;		/* columns of a terminal, 0 for another file */
	int status;		/* exit status of a verb that did its work */
	const char *const *args;	/* operands behind the verb */
	size_t nargs;
};

enum rdl_query_access {
	RDL_QUERY_READ,		/* the ledger exists, and stays as it is */
	RDL_QUERY_WRITE,	/* it exists */
	RDL_QUERY_CREATE	/* it is made when missing */
};

/* Find the ledger's name, open it, take stdout; see that run o->run is there.
 * o and args are borrowed. */
int rdl_query_open(struct rdl_query *q, const struct rdl_query_opts *o,
    enum rdl_query_access access, const char *const *args, size_t nargs,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Flush stdout and close both.  rc is what the verb returned; returns it, or
 * -1 with err when something was delayed. */
int rdl_query_close(struct rdl_query *q, int rc, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Fill the lookup table if that is worth it and possible: a ledger that
 * cannot be written is searched without. */
int rdl_query_index(struct rdl_query *q, struct rdl_err *err)
    RDL_MUST_CHECK;

/* The statement of the embedded file sql/query_NAME.sql, owned by the ledger;
 * NULL on error. */
struct rdl_stmt *rdl_query_prepare(struct rdl_query *q, const char *name,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Run the embedded script sql/query_NAME.sql, which gives no rows. */
int rdl_query_script(struct rdl_query *q, const char *name,
    struct rdl_err *err) RDL_MUST_CHECK;

/* A table on stdout: rows or JSON as the user asked. */
void rdl_query_table(struct rdl_query *q, struct rdl_table *t,
    const char *shown);

/* Write all rows of s as such a table. */
int rdl_query_rows(struct rdl_query *q, struct rdl_stmt *s,
    const char *shown, struct rdl_err *err) RDL_MUST_CHECK;

/* The number of a run that is in the ledger, from text. */
int rdl_query_run(struct rdl_query *q, const char *text, int64_t *run,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Bind NULL for a negative number, or for 0 of a run. */
void rdl_query_bind_some(struct rdl_stmt *s, const char *name, int64_t v);

#endif
