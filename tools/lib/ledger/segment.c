/*
 * Records waiting to be written, packed into segments of up to 250.
 * Writes rows of table segment.
 * Does not begin or end transactions.
 */
#include "ledger/segment.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct rdl_segment {
	char kind[RDL_KIND_LEN];
	char from_kind[RDL_KIND_LEN];
	bool has_from, has_call;
	bool written;		/* in a transaction that may still fail */
	size_t n;
	struct rdl_hash ids[RDL_SEGMENT_MAX];
	struct rdl_hash froms[RDL_SEGMENT_MAX];
	struct rdl_hash calls[RDL_SEGMENT_MAX];
};

static bool
takes(const struct rdl_segment *g, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call)
{
	return g->n < RDL_SEGMENT_MAX && g->has_from == (from != NULL) &&
	    g->has_call == (call != NULL) && strcmp(g->kind, id->kind) == 0 &&
	    (from == NULL || strcmp(g->from_kind, from->kind) == 0);
}

/* The same for most entries, which are like the one before: kinds of the same
 * bytes, whatever is behind their NUL. */
static bool
takes_next(const struct rdl_segment *g, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call)
{
	return g->n < RDL_SEGMENT_MAX && g->has_from == (from != NULL) &&
	    g->has_call == (call != NULL) &&
	    memcmp(g->kind, id->kind, sizeof(g->kind)) == 0 &&
	    (from == NULL || memcmp(g->from_kind, from->kind,
	    sizeof(g->from_kind)) == 0);
}

static struct rdl_segment *
find_open(struct rdl_segments *s, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call)
{
	size_t i;

	for (i = s->n; i > 0; i--)
		if (takes(s->v[i - 1], id, from, call))
			return s->v[i - 1];
	return NULL;
}

/* Begin a segment in the next slot, whose memory may be there already. */
static struct rdl_segment *
begin(struct rdl_segments *s, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call)
{
	struct rdl_segment *g = s->v[s->n];

	if (g == NULL)
		g = s->v[s->n] = rdl_mem_calloc(1, sizeof(*g));
	s->n++;
	memcpy(g->kind, id->kind, sizeof(g->kind));
	g->has_from = from != NULL;
	if (from != NULL)
		memcpy(g->from_kind, from->kind, sizeof(g->from_kind));
	g->has_call = call != NULL;
	g->written = false;
	g->n = 0;
	return g;
}

bool
rdl_segment_add(struct rdl_segments *s, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call)
{
	struct rdl_segment *g = s->last;

	if (g == NULL || !takes_next(g, id, from, call)) {
		g = find_open(s, id, from, call);
		if (g == NULL && s->n == RDL_SEGMENT_SLOTS)
			return false;
		if (g == NULL)
			g = begin(s, id, from, call);
		s->last = g;
	}
	g->ids[g->n] = id->hash;
	if (from != NULL)
		g->froms[g->n] = from->hash;
	if (call != NULL)
		g->calls[g->n] = *call;
	g->n++;
	return true;
}

static int
insert(const struct rdl_segment *g, struct rdl_db *db, int64_t run,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db, "INSERT INTO segment "
	    "(run, kind, from_kind, n, ids, froms, calls) VALUES "
	    "(:run, :kind, :from_kind, :n, :ids, :froms, :calls)", err);

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", run);
	rdl_stmt_str(s, ":kind", g->kind);
	rdl_stmt_str(s, ":from_kind", g->has_from ? g->from_kind : NULL);
	rdl_stmt_int(s, ":n", (int64_t)g->n);
	rdl_stmt_blob(s, ":ids", g->ids, g->n * RDL_HASH_LEN);
	rdl_stmt_blob(s, ":froms", g->has_from ? g->froms : NULL,
	    g->has_from ? g->n * RDL_HASH_LEN : 0);
	rdl_stmt_blob(s, ":calls", g->has_call ? g->calls : NULL,
	    g->has_call ? g->n * RDL_HASH_LEN : 0);
	return rdl_stmt_run(s, err);
}

int
rdl_segment_write(struct rdl_segments *s, struct rdl_db *db, int64_t run,
    bool all, struct rdl_err *err)
{
	size_t i, full = 0;

	for (i = 0; i < s->n; i++)
		full += s->v[i]->n == RDL_SEGMENT_MAX;
	for (i = 0; i < s->n; i++) {
		struct rdl_segment *g = s->v[i];

		g->written = all || full == 0 || g->n == RDL_SEGMENT_MAX;
		if (g->written && insert(g, db, run, err) < 0)
			return -1;
	}
	return 0;
}

void
rdl_segment_forget(struct rdl_segments *s)
{
	struct rdl_segment *g;
	size_t i, kept = 0;

	for (i = 0; i < s->n; i++) {
		g = s->v[i];
		if (g->written)
			continue;
		s->v[i] = s->v[kept];
		s->v[kept++] = g;
	}
	s->n = kept;
	s->last = NULL;
}

void
rdl_segment_release(struct rdl_segments *s)
{
	size_t i;

	for (i = 0; i < RDL_SEGMENT_SLOTS; i++)
		free(s->v[i]);
	*s = (struct rdl_segments){ .n = 0 };
}
