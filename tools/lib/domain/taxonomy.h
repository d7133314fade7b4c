/*
 * A tree of task types, as TaskGalaxy grows it (arXiv 2502.09925): every node
 * is a path of names, "ocr ~ webpage ocr", and two names are the same when
 * their folded forms are.  Pure: no I/O.  Memory: about 300 bytes a node.
 */
#ifndef RDL_DOMAIN_TAXONOMY_H
#define RDL_DOMAIN_TAXONOMY_H

#include <stdbool.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

#define RDL_TAXONOMY_DEPTH 16	/* levels */
#define RDL_TAXONOMY_NAME 200	/* bytes of one name */

struct rdl_taxon {
	const char *name;	/* as shown: NFC, spaces squeezed */
	const char *key;	/* folded: two names are one if these are */
	struct rdl_taxon *parent;	/* NULL for the root */
	struct rdl_taxon **children;	/* in the order they came */
	size_t nchildren, room;
	size_t level;		/* 0 for the root */
	size_t index;		/* in parent->children */
	void *user;		/* the tool's */
};

struct rdl_taxonomy;

struct rdl_taxonomy *rdl_taxonomy_new(void);
void rdl_taxonomy_free(struct rdl_taxonomy *t);

/* The root, which has no name and level 0. */
struct rdl_taxon *rdl_taxonomy_root(struct rdl_taxonomy *t);

/* Nodes without the root. */
size_t rdl_taxonomy_count(const struct rdl_taxonomy *t);

/*
 * The child of parent with that name, made if there is none.  The name is
 * normalised; *made says whether it is new.  NULL with RDL_E_INPUT when it is
 * no name: empty, over RDL_TAXONOMY_NAME bytes, not UTF-8, holding a tilde, or
 * too deep.
 */
struct rdl_taxon *rdl_taxonomy_child(struct rdl_taxonomy *t,
    struct rdl_taxon *parent, const char *name, size_t len, bool *made,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Read one line of a model's reply as a new child of parent.  Bullets, list
 * numbers, quotes, Markdown emphasis and a full stop at the end are taken off.
 * A path is accepted if it is the parent's, exactly, and one name more; both
 * tildes (U+007E, U+223C) join.  Returns the node, or NULL with the reason.
 */
struct rdl_taxon *rdl_taxonomy_propose(struct rdl_taxonomy *t,
    struct rdl_taxon *parent, const char *line, size_t len, bool *made,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the path of a node, names joined by " ~ "; nothing for the root. */
void rdl_taxonomy_path(const struct rdl_taxon *n, struct rdl_buf *out);

/* Append the path as a JSON array of names. */
void rdl_taxonomy_path_json(const struct rdl_taxon *n, struct rdl_buf *out);

/* Sort all children by key, so that order does not depend on how the tree
 * was grown. */
void rdl_taxonomy_sort(struct rdl_taxonomy *t);

/* The next node in pre-order behind n, or NULL; begin with the root. */
struct rdl_taxon *rdl_taxonomy_next(const struct rdl_taxon *n);

/*
 * How alike two names are, in [0, 1]: the Dice coefficient of the character
 * bigrams of their keys, blanks and a plural s left out (Dice, Ecology 26,
 * 1945).  1 for equal keys.
 */
double rdl_taxonomy_likeness(const struct rdl_taxon *a,
    const struct rdl_taxon *b);

#endif
