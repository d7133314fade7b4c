/*
 * How a task tree grows.
 * Keeps the state of a round and the growth curve; asks and prints nothing.
 */
#include "domain/growth.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void
rdl_growth_init(struct rdl_growth *g, size_t max_children)
{
	memset(g, 0, sizeof(*g));
	g->tree = rdl_taxonomy_new();
	g->max_children = max_children;
	rdl_buf_init(&g->curve, RDL_FILE_MAX);
}

void
rdl_growth_release(struct rdl_growth *g)
{
	rdl_taxonomy_free(g->tree);
	rdl_arena_release(&g->arena);
	rdl_buf_release(&g->curve);
	free(g->parents);
	g->tree = NULL;
	g->parents = NULL;
}

struct rdl_growth_node *
rdl_growth_node(struct rdl_growth *g, struct rdl_taxon *n)
{
	if (n->user == NULL)
		n->user = rdl_arena_alloc(&g->arena,
		    sizeof(struct rdl_growth_node));
	return n->user;
}

void
rdl_growth_begin_round(struct rdl_growth *g, int64_t level, int64_t round)
{
	struct rdl_taxon *n = rdl_taxonomy_root(g->tree);
	const struct rdl_growth_node *own;

	g->level = level;
	g->round = round;
	g->proposed = g->fresh = 0;
	g->nparents = 0;
	rdl_taxonomy_sort(g->tree);
	free(g->parents);
	g->parents = rdl_mem_calloc(rdl_taxonomy_count(g->tree) + 1,
	    sizeof(struct rdl_taxon *));
	for (; n != NULL; n = rdl_taxonomy_next(n)) {
		own = rdl_growth_node(g, n);
		if ((int64_t)n->level == level - 1 && !own->dry &&
		    !own->failed)
			g->parents[g->nparents++] = n;
	}
}

void
rdl_growth_row(const struct rdl_taxon *parent, struct rdl_buf *out)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_LINE_MAX);
	size_t i;

	rdl_taxonomy_path(parent, &path);
	rdl_buf_adds(out, "{\"parent\":");
	rdl_buf_addjson(out, path.p, path.len);
	rdl_buf_release(&path);
	rdl_buf_adds(out, ",\"path\":");
	rdl_taxonomy_path_json(parent, out);
	rdl_buf_addf(out, ",\"level\":%zu,\"known\":[", parent->level + 1);
	for (i = 0; i < parent->nchildren; i++) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, parent->children[i]->name,
		    strlen(parent->children[i]->name));
	}
	rdl_buf_adds(out, "]}");
}

enum rdl_growth_verdict
rdl_growth_take(struct rdl_growth *g, struct rdl_taxon *parent,
    const char *line, size_t len, const struct rdl_hash *call,
    struct rdl_taxon **node, struct rdl_err *err)
{
	struct rdl_growth_node *own;
	size_t before = parent->nchildren;
	bool made = false;

	g->proposed++;
	if (before >= g->max_children)
		return RDL_GROWTH_FULL;
	*node = rdl_taxonomy_propose(g->tree, parent, line, len, &made, err);
	if (*node == NULL)
		return RDL_GROWTH_BAD;
	if (!made)
		return RDL_GROWTH_KNOWN;
	own = rdl_growth_node(g, *node);
	own->round = g->round;
	own->call = *call;
	g->fresh++;
	return RDL_GROWTH_NEW;
}

void
rdl_growth_replied(struct rdl_growth *g, struct rdl_taxon *parent,
    uint64_t fresh_before)
{
	rdl_growth_node(g, parent)->dry = g->fresh == fresh_before ||
	    parent->nchildren >= g->max_children;
}

uint64_t
rdl_growth_count(const struct rdl_growth *g, int64_t level)
{
	struct rdl_taxon *n = rdl_taxonomy_root(g->tree);
	uint64_t count = 0;

	while ((n = rdl_taxonomy_next(n)) != NULL)
		count += (int64_t)n->level == level;
	return count;
}

bool
rdl_growth_end_round(struct rdl_growth *g, const struct rdl_share *until)
{
	uint64_t total = rdl_growth_count(g, g->level);

	rdl_buf_addf(&g->curve, "%s{\"level\":%lld,\"round\":%lld,"
	    "\"asked\":%zu,\"proposed\":%llu,\"new\":%llu,\"total\":%llu}",
	    g->curve.len > 0 ? "," : "[", (long long)g->level,
	    (long long)g->round, g->nparents, (unsigned long long)g->proposed,
	    (unsigned long long)g->fresh, (unsigned long long)total);
	return (double)g->fresh < (until->percent ?
	    until->value / 100 * (double)total : until->value);
}

/* Append the pairs among the children of n; how many. */
static size_t
near_siblings(const struct rdl_taxon *n, double least, bool first,
    struct rdl_buf *out)
{
	const struct rdl_taxon *a, *b;
	size_t i, j, pairs = 0;
	double likeness;

	for (i = 0; i < n->nchildren; i++)
		for (j = i + 1; j < n->nchildren; j++) {
			a = n->children[i];
			b = n->children[j];
			likeness = rdl_taxonomy_likeness(a, b);
			if (likeness < least)
				continue;
			rdl_buf_adds(out, first && pairs == 0 ? "[" : ",[");
			rdl_taxonomy_path_json(a, out);
			rdl_buf_addc(out, ',');
			rdl_taxonomy_path_json(b, out);
			rdl_buf_addf(out, ",%.3f]", likeness);
			pairs++;
		}
	return pairs;
}

size_t
rdl_growth_near(const struct rdl_growth *g, double least,
    struct rdl_buf *out)
{
	const struct rdl_taxon *n = rdl_taxonomy_root(g->tree);
	size_t pairs = 0;

	rdl_buf_addc(out, '[');
	for (; n != NULL; n = rdl_taxonomy_next(n))
		pairs += near_siblings(n, least, pairs == 0, out);
	rdl_buf_addc(out, ']');
	return pairs;
}
