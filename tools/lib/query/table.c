/*
 * Rows for people or for programs: an aligned table, or JSON lines.
 * Writes to a struct rdl_out; reads rows of statements.
 * Knows the columns of the ledger's views by name, and nothing of verbs.
 */
#include "query/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "query/text.h"

enum type { TEXT, INT, SECONDS, PERCENT, USD, JSON };

/* A column that is not plain text under its own name. */
struct rdl_table_column {
	const char *name, *title;
	enum type type;
};

static const struct rdl_table_column plain = { NULL, NULL, TEXT };
static const struct rdl_table_column known[] = {
	{ "aliases", "aliases", INT },
	{ "argv", "argv", JSON },
	{ "attempts", "attempts", INT },
	{ "bytes", "bytes", INT },
	{ "bytes_after", "after", INT },
	{ "bytes_before", "before", INT },
	{ "calls", "calls", INT },
	{ "cost_usd", "cost", USD },
	{ "depth", "depth", INT },
	{ "dropped", "dropped", INT },
	{ "entries", "entries", INT },
	{ "failed", "failed", INT },
	{ "from", "from", JSON },
	{ "hits", "hits", INT },
	{ "http_status", "http", INT },
	{ "images", "images", INT },
	{ "inputs", "inputs", JSON },
	{ "json", "json", JSON },
	{ "latency_ms", "ms", INT },
	{ "left", "left", JSON },
	{ "losses", "losses", INT },
	{ "notes", "notes", JSON },
	{ "paid", "paid", INT },
	{ "paid_twice", "twice", INT },
	{ "params", "params", JSON },
	{ "passed", "passed", INT },
	{ "passed_percent", "passed%", PERCENT },
	{ "pgid", "pgid", INT },
	{ "pid", "pid", INT },
	{ "prices", "prices", INT },
	{ "records", "records", INT },
	{ "records_in", "in", INT },
	{ "records_out", "out", INT },
	{ "renewed", "renewed", INT },
	{ "reply", "reply", JSON },
	{ "request", "request", JSON },
	{ "right", "right", JSON },
	{ "rules", "rules", JSON },
	{ "run", "run", INT },
	{ "runs", "runs", INT },
	{ "seconds", "seconds", SECONDS },
	{ "segments_indexed", "segments indexed", INT },
	{ "seq", "seq", INT },
	{ "tokens_cached", "cached", INT },
	{ "tokens_in", "tok in", INT },
	{ "tokens_out", "tok out", INT },
	{ "tokens_reasoning", "reasoning", INT },
	{ "unpriced", "unpriced", INT },
};

static const struct rdl_table_column *
look_up(const char *name)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return &plain;
}

void
rdl_table_init(struct rdl_table *t, struct rdl_out *out,
    enum rdl_table_form form, size_t screen, const char *shown)
{
	memset(t, 0, sizeof(*t));
	t->out = out;
	t->form = form;
	t->screen = screen;
	t->shown = shown;
	rdl_buf_init(&t->line, SIZE_MAX / 2);
}

void
rdl_table_release(struct rdl_table *t)
{
	free(t->waiting);
	t->waiting = NULL;
	rdl_arena_release(&t->names);
	rdl_arena_release(&t->cells);
	rdl_buf_release(&t->line);
}

static void
add_column(struct rdl_table *t, const char *name, size_t len)
{
	if (t->ncols == RDL_TABLE_COLUMNS)
		return;
	t->cols[t->ncols].name = rdl_arena_dup(&t->names, name, len);
	t->cols[t->ncols].is = look_up(t->cols[t->ncols].name);
	t->ncols++;
}

static const char *
title(const struct rdl_table *t, size_t col)
{
	return t->cols[col].is->title != NULL ? t->cols[col].is->title :
	    t->cols[col].name;
}

/* Find the columns that are shown, in their order. */
static void
choose_shown(struct rdl_table *t)
{
	const char *p = t->shown;
	size_t i, n;

	if (p == NULL || t->form != RDL_TABLE_ROWS) {
		for (i = 0; i < t->ncols; i++)
			t->order[t->nshown++] = i;
		return;
	}
	for (; *p != '\0'; p += n + strspn(p + n, " ")) {
		n = strcspn(p, " ");
		for (i = 0; i < t->ncols; i++)
			if (strlen(t->cols[i].name) == n &&
			    memcmp(t->cols[i].name, p, n) == 0)
				t->order[t->nshown++] = i;
	}
}

static void
settle(struct rdl_table *t)
{
	size_t i;

	choose_shown(t);
	for (i = 0; i < t->ncols; i++)
		t->cols[i].width = strlen(title(t, i));
	if (t->form == RDL_TABLE_ROWS)
		t->waiting = rdl_mem_calloc(RDL_TABLE_WAIT * t->ncols,
		    sizeof(*t->waiting));
}

void
rdl_table_columns(struct rdl_table *t, const char *names)
{
	size_t n;

	for (; *names != '\0'; names += n + strspn(names + n, " ")) {
		n = strcspn(names, " ");
		add_column(t, names, n);
	}
	settle(t);
}

void
rdl_table_text(struct rdl_table *t, size_t col, const char *p, size_t len)
{
	struct rdl_table_cell *c = &t->row[col];

	rdl_buf_reset(&t->line);
	if (t->form != RDL_TABLE_JSON)
		rdl_text_safe(&t->line, p, len, false);
	else if (t->cols[col].is->type == JSON)
		rdl_text_value(&t->line, p, len);
	else
		rdl_text_string(&t->line, p, len);
	c->len = t->line.len;
	c->p = rdl_arena_dup(&t->cells, len > 0 || c->len > 0 ?
	    t->line.p : "", c->len);
	c->width = t->form == RDL_TABLE_ROWS ?
	    rdl_text_width(c->p, c->len) : 0;
}

void
rdl_table_str(struct rdl_table *t, size_t col, const char *s)
{
	if (s != NULL)
		rdl_table_text(t, col, s, strlen(s));
}

/* Set a cell to digits: they are the same everywhere. */
static void
set_number(struct rdl_table *t, size_t col, const char *digits, size_t len)
{
	t->row[col].p = rdl_arena_dup(&t->cells, digits, len);
	t->row[col].len = t->row[col].width = len;
}

void
rdl_table_int(struct rdl_table *t, size_t col, int64_t v)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)v);

	set_number(t, col, digits, (size_t)n);
}

void
rdl_table_unset(struct rdl_table *t, size_t col)
{
	t->row[col].p = NULL;
	t->row[col].len = 0;
}

/* An amount or a share.  Tables have the same number of decimals in each row,
 * so that the points stand below each other. */
static void
set_real(struct rdl_table *t, size_t col, double v)
{
	enum type type = t->cols[col].is->type;
	int decimals = type == PERCENT ? 2 : type == USD ? 6 : 3;

	rdl_buf_reset(&t->line);
	if (t->form == RDL_TABLE_ROWS)
		rdl_buf_addf(&t->line, "%.*f", decimals, v);
	else
		rdl_text_usd(&t->line, v);
	set_number(t, col, t->line.p, t->line.len);
}

void
rdl_table_take(struct rdl_table *t, struct rdl_stmt *s)
{
	const char *p, *name;
	size_t i, len;
	size_t n = (size_t)rdl_stmt_columns(s);

	if (t->ncols == 0) {
		for (i = 0; i < n; i++) {
			name = rdl_stmt_column_name(s, (int)i);
			add_column(t, name, strlen(name));
		}
		settle(t);
	}
	for (i = 0; i < n && i < t->ncols; i++) {
		if (rdl_stmt_is_null(s, (int)i))
			continue;
		switch (t->cols[i].is->type) {
		case INT:
			rdl_table_int(t, i, rdl_stmt_get_int(s, (int)i));
			break;
		case SECONDS:
		case PERCENT:
		case USD:
			set_real(t, i, rdl_stmt_get_real(s, (int)i));
			break;
		case TEXT:
		case JSON:
			p = rdl_stmt_get_text(s, (int)i, &len);
			rdl_table_text(t, i, p, len);
			break;
		}
	}
}

static int
write_json(struct rdl_table *t, struct rdl_err *err)
{
	size_t i;

	rdl_buf_reset(&t->line);
	for (i = 0; i < t->ncols; i++) {
		rdl_buf_adds(&t->line, i == 0 ? "{\"" : ",\"");
		rdl_buf_adds(&t->line, t->cols[i].name);
		rdl_buf_adds(&t->line, "\":");
		if (t->row[i].p == NULL)
			rdl_buf_adds(&t->line, "null");
		else
			rdl_buf_add(&t->line, t->row[i].p, t->row[i].len);
	}
	rdl_buf_adds(&t->line, "}\n");
	return rdl_out_write(t->out, t->line.p, t->line.len, err);
}

/* A line for each cell that is not empty: name, fill, value. */
static int
write_sheet(struct rdl_table *t, struct rdl_err *err)
{
	size_t i, widest = 0;

	for (i = 0; i < t->ncols; i++)
		if (t->row[i].len > 0 && strlen(t->cols[i].name) > widest)
			widest = strlen(t->cols[i].name);
	rdl_buf_reset(&t->line);
	for (i = 0; i < t->ncols; i++) {
		if (t->row[i].len == 0)
			continue;
		rdl_buf_addf(&t->line, "%-*s  ", (int)widest,
		    t->cols[i].name);
		rdl_buf_add(&t->line, t->row[i].p, t->row[i].len);
		rdl_buf_addc(&t->line, '\n');
	}
	return rdl_out_write(t->out, t->line.p, t->line.len, err);
}

static void
add_fill(struct rdl_buf *line, size_t n)
{
	while (n-- > 0)
		rdl_buf_addc(line, ' ');
}

/* One line of the table; NULL is a hyphen.  The last column has no fill. */
static int
write_line(struct rdl_table *t, const struct rdl_table_cell *row,
    struct rdl_err *err)
{
	static const struct rdl_table_cell nothing = { "-", 1, 1 };
	const struct rdl_table_cell *c;
	size_t i, col, fill;
	enum type type;
	bool right;

	rdl_buf_reset(&t->line);
	for (i = 0; i < t->nshown; i++) {
		col = t->order[i];
		type = t->cols[col].is->type;
		right = type != TEXT && type != JSON;
		c = row[col].p != NULL ? &row[col] : &nothing;
		fill = t->cols[col].width > c->width ?
		    t->cols[col].width - c->width : 0;
		if (i > 0)
			add_fill(&t->line, 2);
		if (right)
			add_fill(&t->line, fill);
		rdl_buf_add(&t->line, c->p, c->len);
		if (!right && i + 1 < t->nshown)
			add_fill(&t->line, fill);
	}
	if (t->screen > 0)
		t->line.len = rdl_text_cut(t->line.p, t->line.len, t->screen);
	while (t->line.len > 0 && t->line.p[t->line.len - 1] == ' ')
		t->line.len--;
	rdl_buf_addc(&t->line, '\n');
	return rdl_out_write(t->out, t->line.p, t->line.len, err);
}

static int
write_titles(struct rdl_table *t, struct rdl_err *err)
{
	struct rdl_table_cell row[RDL_TABLE_COLUMNS];
	size_t i;

	for (i = 0; i < t->ncols; i++) {
		row[i].p = title(t, i);
		row[i].len = row[i].width = strlen(row[i].p);
	}
	return write_line(t, row, err);
}

/* The rows that waited; those behind them flow. */
static int
write_waiting(struct rdl_table *t, struct rdl_err *err)
{
	size_t i;

	if (t->flowing || t->nwaiting == 0)
		return 0;
	t->flowing = true;
	if (write_titles(t, err) < 0)
		return -1;
	for (i = 0; i < t->nwaiting; i++)
		if (write_line(t, t->waiting + i * t->ncols, err) < 0)
			return -1;
	return 0;
}

static void
keep(struct rdl_table *t)
{
	struct rdl_table_cell *to = t->waiting + t->nwaiting++ * t->ncols;
	size_t i;

	for (i = 0; i < t->ncols; i++) {
		to[i] = t->row[i];
		if (to[i].width > t->cols[i].width)
			t->cols[i].width = to[i].width;
	}
}

int
rdl_table_row(struct rdl_table *t, struct rdl_err *err)
{
	int rc = 0;

	if (t->form == RDL_TABLE_JSON)
		rc = write_json(t, err);
	else if (t->form == RDL_TABLE_SHEET)
		rc = write_sheet(t, err);
	else if (t->flowing)
		rc = write_line(t, t->row, err);
	else {
		keep(t);
		if (t->nwaiting == RDL_TABLE_WAIT)
			rc = write_waiting(t, err);
	}
	memset(t->row, 0, sizeof(t->row));
	if (t->form != RDL_TABLE_ROWS || t->flowing)
		rdl_arena_reset(&t->cells);
	return rc;
}

int
rdl_table_query(struct rdl_table *t, struct rdl_stmt *s, struct rdl_err *err)
{
	int rc;

	while ((rc = rdl_stmt_step(s, err)) > 0) {
		rdl_table_take(t, s);
		if (rdl_table_row(t, err) < 0) {
			rdl_stmt_reset(s);
			return -1;
		}
	}
	return rc;
}

int
rdl_table_end(struct rdl_table *t, struct rdl_err *err)
{
	return t->form == RDL_TABLE_ROWS ? write_waiting(t, err) : 0;
}
