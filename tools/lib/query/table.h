/*
 * Rows for people or for programs: an aligned table, or JSON lines.
 * In JSON every row is an object with all columns under their names in the
 * ledger's views.  The table has short titles, fewer columns, numbers to the
 * right; its widths are those of the first RDL_TABLE_WAIT rows, and longer
 * cells behind them push the line.  Memory: these rows.
 */
#ifndef RDL_QUERY_TABLE_H
#define RDL_QUERY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/out.h"
#include "ledger/db.h"

#define RDL_TABLE_WAIT 1000
#define RDL_TABLE_COLUMNS 40

enum rdl_table_form {
	RDL_TABLE_ROWS,
	RDL_TABLE_SHEET,	/* a line for each cell that is not empty */
	RDL_TABLE_JSON
};

struct rdl_table_column;

struct rdl_table_cell {
	const char *p;		/* NULL is NULL */
	size_t len, width;
};

struct rdl_table {
	struct rdl_out *out;
	enum rdl_table_form form;
	size_t screen;		/* columns of the terminal, 0 for no limit */
	const char *shown;	/* names of the table's columns in their order,
				 * a blank between; NULL for all; borrowed */
	/* The rest belongs to table.c. */
	struct {
		const char *name;
		const struct rdl_table_column *is;
		size_t width;
	} cols[RDL_TABLE_COLUMNS];
	size_t ncols;
	size_t order[RDL_TABLE_COLUMNS], nshown;
	struct rdl_table_cell row[RDL_TABLE_COLUMNS];
	struct rdl_table_cell *waiting;
	size_t nwaiting;
	bool flowing;		/* the widths are settled */
	struct rdl_arena names, cells;
	struct rdl_buf line;
};

/* screen is for RDL_TABLE_ROWS. */
void rdl_table_init(struct rdl_table *t, struct rdl_out *out,
    enum rdl_table_form form, size_t screen, const char *shown);

/* Name all columns, in the order of JSON, a blank between. */
void rdl_table_columns(struct rdl_table *t, const char *names);

/* Set a cell of the row to be; cells that are not set are NULL. */
void rdl_table_text(struct rdl_table *t, size_t col, const char *p,
    size_t len);
void rdl_table_str(struct rdl_table *t, size_t col, const char *s);
void rdl_table_int(struct rdl_table *t, size_t col, int64_t v);

void rdl_table_unset(struct rdl_table *t, size_t col);

/* The row is complete. */
int rdl_table_row(struct rdl_table *t, struct rdl_err *err) RDL_MUST_CHECK;

/* Set the cells of the row to be from the row of s; the columns, when none
 * are named yet, become those of s. */
void rdl_table_take(struct rdl_table *t, struct rdl_stmt *s);

/* Write all rows that s gives. */
int rdl_table_query(struct rdl_table *t, struct rdl_stmt *s,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Write what waits. */
int rdl_table_end(struct rdl_table *t, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_table_release(struct rdl_table *t);

#endif
