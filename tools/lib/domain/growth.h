/*
 * How a task tree grows: which parents are asked in a round, what their
 * replies mean, and when a level is done (TaskGalaxy, step 1).  Pure: the
 * questions are asked by the tool.
 */
#ifndef RDL_DOMAIN_GROWTH_H
#define RDL_DOMAIN_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/hash.h"
#include "core/num.h"
#include "domain/taxonomy.h"

/* What is known of a node beside its place: taxon->user. */
struct rdl_growth_node {
	const char *line;	/* a seed's record with newline; else NULL */
	size_t len;
	bool seed;		/* given, or above one that was */
	int64_t round;		/* not a seed: of its level, from 1 */
	struct rdl_hash call;	/* not a seed: the call that named it */
	bool dry;		/* as a parent: nothing new comes */
	bool failed;		/* as a parent: its question failed */
};

struct rdl_growth {
	struct rdl_taxonomy *tree;
	struct rdl_arena arena;
	size_t max_children;
	/* The round under way. */
	int64_t level, round;
	struct rdl_taxon **parents;	/* to be asked, in pre-order */
	size_t nparents;
	uint64_t proposed, fresh;
	struct rdl_buf curve;		/* JSON array of rounds, unclosed */
};

void rdl_growth_init(struct rdl_growth *g, size_t max_children);
void rdl_growth_release(struct rdl_growth *g);

/* The node's record of growth, made at first use. */
struct rdl_growth_node *rdl_growth_node(struct rdl_growth *g,
    struct rdl_taxon *n);

/* Choose the parents of a round: nodes of level - 1 that are neither dry nor
 * failed.  Sorts the tree, so that the choice and what the questions show do
 * not depend on the order in which names came. */
void rdl_growth_begin_round(struct rdl_growth *g, int64_t level,
    int64_t round);

/* Append the row that a prompt file sees for a parent: {"parent": "a ~ b",
 * "path": [...], "level": of the children, "known": [names]}. */
void rdl_growth_row(const struct rdl_taxon *parent, struct rdl_buf *out);

enum rdl_growth_verdict {
	RDL_GROWTH_NEW,
	RDL_GROWTH_KNOWN,	/* *node is the one that is there */
	RDL_GROWTH_FULL,	/* the parent has max_children */
	RDL_GROWTH_BAD		/* no name: err says why */
};

/* Take one proposed line as a child of parent. */
enum rdl_growth_verdict rdl_growth_take(struct rdl_growth *g,
    struct rdl_taxon *parent, const char *line, size_t len,
    const struct rdl_hash *call, struct rdl_taxon **node,
    struct rdl_err *err);

/* All of a parent's reply was taken; fresh_before is g->fresh before it. */
void rdl_growth_replied(struct rdl_growth *g, struct rdl_taxon *parent,
    uint64_t fresh_before);

/* End the round: add it to the curve.  True if the level is done, since fewer
 * new names came than until (a count, or a share of the level). */
bool rdl_growth_end_round(struct rdl_growth *g,
    const struct rdl_share *until);

/* Nodes of a level. */
uint64_t rdl_growth_count(const struct rdl_growth *g, int64_t level);

/*
 * Append a JSON array of the pairs of siblings whose likeness is at least
 * least: [[path, path, likeness], ...].  Returns how many.  Quadratic in the
 * children of one parent.
 */
size_t rdl_growth_near(const struct rdl_growth *g, double least,
    struct rdl_buf *out);

#endif
