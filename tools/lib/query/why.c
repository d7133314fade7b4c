/*
 * The verb why: how a record came to be, back to its oldest ancestors.
 * Reads entries, losses, runs and calls of the ledger; writes a tree, what
 * was asked for first, its parents below it and indented.
 * Each id is told once, so a cycle ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "query/ident.h"
#include "query/text.h"
#include "query/verb.h"

#define INDENT_MAX 40		/* levels; deeper ones stand below each other */

/* What one run did to a record. */
struct entry {
	int64_t run;
	bool has_call;
	struct rdl_hash call;
	struct rdl_id *from;
	size_t nfrom;
};

struct step {
	struct rdl_id id;
	size_t depth;
};

struct why {
	struct rdl_query *q;
	struct rdl_table json;
	struct rdl_map told;		/* ids and runs */
	struct rdl_map parents;		/* of the id that is being told */
	struct step *stack;		/* ids to tell, the next one last */
	size_t nstack;
	struct entry *entries;		/* of the id that is being told */
	size_t nentries;
	struct rdl_buf id;		/* its text */
	struct rdl_buf from;		/* parents of an entry as JSON */
	struct rdl_buf text;		/* lines */
	size_t depth;
};

static void
push(struct why *w, const struct rdl_id *id, size_t depth)
{
	w->stack = rdl_mem_realloc(w->stack, w->nstack + 1,
	    sizeof(*w->stack));
	w->stack[w->nstack].id = *id;
	w->stack[w->nstack++].depth = depth;
}

static void
forget_entries(struct why *w)
{
	size_t i;

	for (i = 0; i < w->nentries; i++)
		free(w->entries[i].from);
	w->nentries = 0;
	rdl_map_release(&w->parents);
}

/* True the first time that a map gets this key of an id. */
static bool
is_first(struct rdl_map *m, const struct rdl_id *id, size_t number)
{
	char key[RDL_ID_TEXT + 24], text[RDL_ID_TEXT];
	int made, n;

	rdl_id_format(id, text);
	n = snprintf(key, sizeof(key), "%s %zu", text, number);
	(void)rdl_map_put(m, key, (size_t)n, &made);
	return made;
}

static bool
same_call(const struct entry *e, const struct rdl_entry *r)
{
	return e->run == r->run && e->has_call == r->has_call &&
	    (!e->has_call ||
	    memcmp(e->call.b, r->call.b, RDL_HASH_LEN) == 0);
}

/* A record with several parents has several entries in the ledger. */
static int
gather(const struct rdl_entry *r, void *ctx, struct rdl_err *err)
{
	struct why *w = ctx;
	struct entry *e = NULL;
	size_t i;

	(void)err;
	for (i = 0; i < w->nentries && e == NULL; i++)
		if (same_call(&w->entries[i], r))
			e = &w->entries[i];
	if (e == NULL) {
		w->entries = rdl_mem_realloc(w->entries, w->nentries + 1,
		    sizeof(*w->entries));
		e = &w->entries[w->nentries++];
		memset(e, 0, sizeof(*e));
		e->run = r->run;
		e->has_call = r->has_call;
		e->call = r->call;
	}
	if (r->has_from && is_first(&w->parents, &r->from,
	    (size_t)(e - w->entries) + 1)) {
		e->from = rdl_mem_realloc(e->from, e->nfrom + 1,
		    sizeof(*e->from));
		e->from[e->nfrom++] = r->from;
	}
	return 0;
}

/* The parents of an entry as a JSON array of their texts. */
static int
from_json(struct why *w, const struct entry *e, struct rdl_err *err)
{
	struct rdl_buf id = RDL_BUF_INIT(RDL_LINE_MAX);
	size_t i;
	int rc = 0;

	rdl_buf_reset(&w->from);
	for (i = 0; i < e->nfrom && rc == 0; i++) {
		rdl_buf_reset(&id);
		rc = rdl_ledger_show(w->q->ledger, &e->from[i], &id, err);
		rdl_buf_addc(&w->from, i == 0 ? '[' : ',');
		rdl_text_string(&w->from, id.p, id.len);
	}
	rdl_buf_adds(&w->from, e->nfrom == 0 ? "[]" : "]");
	rdl_buf_release(&id);
	return rc;
}

/* Begin a line of the tree, or go on with the words of one. */
static void
indent(struct why *w, size_t extra)
{
	size_t n = w->depth < INDENT_MAX ? w->depth : INDENT_MAX;

	for (n = 2 * n + extra; n > 0; n--)
		rdl_buf_addc(&w->text, ' ');
}

/* Add before, column col of s if it is not NULL, and after. */
static bool
add(struct why *w, struct rdl_stmt *s, int col, const char *before,
    const char *after)
{
	const char *p;
	size_t len;

	if (rdl_stmt_is_null(s, col))
		return false;
	p = rdl_stmt_get_text(s, col, &len);
	if (len == 0)
		return false;
	rdl_buf_adds(&w->text, before);
	rdl_text_safe(&w->text, p, len, false);
	rdl_buf_adds(&w->text, after);
	return true;
}

/* Columns of sql/query_why.sql. */
enum { DEPTH, ID, HOW, RUN, TOOL, VERSION, STARTED, MODEL, ENDPOINT, PROMPT,
	PROMPT_SHA256, FROM, CALL, RESOLVED, FINISH, LATENCY, TOK_IN, CACHED,
	TOK_OUT, REASONING, COST, RULE, VALUE, THRESHOLD, REASON };

/* True the first time that something is named. */
static bool
is_news(struct why *w, const char *name)
{
	int made;

	(void)rdl_map_put(&w->told, name, strlen(name), &made);
	return made;
}

/* A run is told in full once; no id has a name as this one. */
static void
tell_run(struct why *w, struct rdl_stmt *s)
{
	char name[32];

	indent(w, 4);
	if (rdl_stmt_is_null(s, RUN)) {
		rdl_buf_adds(&w->text, "from outside: no run in this ledger "
		    "wrote it\n");
		return;
	}
	(void)add(w, s, HOW, "", " by run ");
	(void)add(w, s, RUN, "", "");
	if (!add(w, s, TOOL, " ", ""))
		rdl_buf_adds(&w->text, ", which this ledger does not know");
	(void)snprintf(name, sizeof(name), "run %lld",
	    (long long)rdl_stmt_get_int(s, RUN));
	if (is_news(w, name)) {
		(void)add(w, s, VERSION, " ", "");
		(void)add(w, s, STARTED, ", ", "");
		(void)add(w, s, MODEL, ", model ", "");
		(void)add(w, s, PROMPT, ", prompt ", "");
		if (!rdl_stmt_is_null(s, PROMPT_SHA256))
			rdl_buf_addf(&w->text, " (%.12s)",
			    rdl_stmt_get_text(s, PROMPT_SHA256, NULL));
	}
	rdl_buf_addc(&w->text, '\n');
}

static void
tell_loss(struct why *w, struct rdl_stmt *s)
{
	if (rdl_stmt_is_null(s, RULE))
		return;
	indent(w, 4);
	(void)add(w, s, RULE, "rule ", "");
	(void)add(w, s, VALUE, ", value ", "");
	(void)add(w, s, THRESHOLD, ", threshold ", "");
	(void)add(w, s, REASON, ": ", "");
	rdl_buf_addc(&w->text, '\n');
}

static void
tell_call(struct why *w, struct rdl_stmt *s)
{
	if (rdl_stmt_is_null(s, CALL))
		return;
	indent(w, 4);
	(void)add(w, s, CALL, "call ", "");
	(void)add(w, s, RESOLVED, ", ", "");
	(void)add(w, s, FINISH, ", finish ", "");
	(void)add(w, s, TOK_IN, ", ", " tokens in");
	if (rdl_stmt_get_int(s, CACHED) > 0)
		(void)add(w, s, CACHED, " (", " cached)");
	(void)add(w, s, TOK_OUT, ", ", " out");
	if (rdl_stmt_get_int(s, REASONING) > 0)
		(void)add(w, s, REASONING, " (", " reasoning)");
	(void)add(w, s, LATENCY, ", ", " ms");
	if (!rdl_stmt_is_null(s, COST)) {
		rdl_buf_adds(&w->text, ", ");
		rdl_text_usd(&w->text, rdl_stmt_get_real(s, COST));
		rdl_buf_adds(&w->text, " USD");
	}
	rdl_buf_addc(&w->text, '\n');
}

/* Tell one entry: e, or a loss, or neither for an id from outside. */
static int
tell(struct why *w, const char *how, const struct entry *e,
    const struct rdl_loss *loss, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_query_prepare(w->q, "why", err);
	int rc;

	if (s == NULL || from_json(w, e, err) < 0)
		return -1;
	rdl_stmt_int(s, ":depth", (int64_t)w->depth);
	rdl_stmt_text(s, ":id", w->id.p, w->id.len);
	rdl_stmt_str(s, ":how", how);
	rdl_query_bind_some(s, ":run", e->run);
	rdl_stmt_text(s, ":from", w->from.p, w->from.len);
	rdl_stmt_blob(s, ":hash", e->has_call ? e->call.b : NULL,
	    e->has_call ? RDL_HASH_LEN : 0);
	rdl_stmt_str(s, ":rule", loss != NULL ? loss->rule : NULL);
	rdl_stmt_str(s, ":value", loss != NULL ? loss->value : NULL);
	rdl_stmt_str(s, ":threshold", loss != NULL ? loss->threshold : NULL);
	rdl_stmt_str(s, ":reason", loss != NULL ? loss->reason : NULL);
	if ((rc = rdl_stmt_step(s, err)) <= 0)
		return rc;
	if (w->q->o->json) {
		rdl_table_take(&w->json, s);
		rc = rdl_table_row(&w->json, err);
	} else {
		tell_run(w, s);
		tell_loss(w, s);
		tell_call(w, s);
		rc = 0;
	}
	rdl_stmt_reset(s);
	return rc;
}

static int
tell_lost(int64_t run, const struct rdl_loss *loss, void *ctx,
    struct rdl_err *err)
{
	struct entry e = { .run = run, .has_call = loss->call != NULL };

	if (loss->call != NULL)
		e.call = *loss->call;
	return tell(ctx, loss->failed ? "failed" : "dropped", &e, loss, err);
}

/* What a run did, as far as the ledger tells: without parents, the first may
 * be the record's source or have got it from another program. */
static const char *
deed(const struct entry *e, bool first)
{
	if (e->nfrom > 0)
		return "made";
	if (first)
		return "written";
	return e->has_call ? "changed" : "kept";
}

static int
tell_entries(struct why *w, struct rdl_err *err)
{
	size_t i;

	for (i = 0; i < w->nentries; i++)
		if (tell(w, deed(&w->entries[i], i == 0), &w->entries[i],
		    NULL, err) < 0)
			return -1;
	return 0;
}

/* Push each parent once, and turn them round: the first is told first. */
static void
push_parents(struct why *w)
{
	size_t i, j, lo = w->nstack, hi;
	struct step swap;

	for (i = 0; i < w->nentries; i++)
		for (j = 0; j < w->entries[i].nfrom; j++)
			if (is_first(&w->parents, &w->entries[i].from[j], 0))
				push(w, &w->entries[i].from[j], w->depth + 1);
	for (hi = w->nstack; lo + 1 < hi; lo++) {
		swap = w->stack[lo];
		w->stack[lo] = w->stack[--hi];
		w->stack[hi] = swap;
	}
}

static int
tell_id(struct why *w, const struct step *step, struct rdl_err *err)
{
	static const struct entry outside = { .run = 0 };
	char key[RDL_ID_TEXT];
	bool again;
	int lost;

	rdl_id_format(&step->id, key);
	again = !is_news(w, key);
	w->depth = step->depth;
	rdl_buf_reset(&w->id);
	rdl_buf_reset(&w->text);
	if (rdl_ledger_show(w->q->ledger, &step->id, &w->id, err) < 0)
		return -1;
	indent(w, 0);
	rdl_text_safe(&w->text, w->id.p, w->id.len, false);
	rdl_buf_adds(&w->text, again ? " (told above)\n" : "\n");
	if (again)
		return w->q->o->json ? 0 : rdl_out_write(&w->q->out,
		    w->text.p, w->text.len, err);
	if (rdl_ledger_find(w->q->ledger, &step->id, gather, w, err) < 0 ||
	    tell_entries(w, err) < 0)
		return -1;
	lost = rdl_ledger_losses(w->q->ledger, &step->id, tell_lost, w, err);
	if (lost < 0 || (lost == 0 && w->nentries == 0 &&
	    tell(w, "outside", &outside, NULL, err) < 0))
		return -1;
	push_parents(w);
	forget_entries(w);
	return w->q->o->json ? 0 : rdl_out_write(&w->q->out, w->text.p,
	    w->text.len, err);
}

int
rdl_why(struct rdl_query *q, struct rdl_err *err)
{
	struct why w = { .q = q, .told = RDL_MAP_INIT,
		.parents = RDL_MAP_INIT,
		.id = RDL_BUF_INIT(RDL_LINE_MAX),
		.from = RDL_BUF_INIT(SIZE_MAX / 2),
		.text = RDL_BUF_INIT(SIZE_MAX / 2) };
	struct step step = { .depth = 0 };
	int rc;

	rdl_table_init(&w.json, &q->out, RDL_TABLE_JSON, 0, NULL);
	rc = rdl_query_index(q, err);
	if (rc == 0)
		rc = rdl_ident_resolve(q, q->args[0], &step.id, err);
	if (rc == 0)
		push(&w, &step.id, 0);
	while (rc == 0 && w.nstack > 0) {
		step = w.stack[--w.nstack];
		rc = tell_id(&w, &step, err);
	}
	forget_entries(&w);
	free(w.entries);
	free(w.stack);
	rdl_map_release(&w.told);
	rdl_table_release(&w.json);
	rdl_buf_release(&w.id);
	rdl_buf_release(&w.from);
	rdl_buf_release(&w.text);
	return rc;
}
