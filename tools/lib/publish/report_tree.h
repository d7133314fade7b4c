/*
 * Counts of records by the path of their task, drawn as a treemap.
 * Memory: about 130 bytes a path, up to a quarter of a million of them;
 * records of further ones count for what is above.
 */
#ifndef RDL_PUBLISH_REPORT_TREE_H
#define RDL_PUBLISH_REPORT_TREE_H

#include <stdint.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/map.h"

#define RDL_REPORT_TREE_MAX 250000
#define RDL_REPORT_TREE_DEPTH 16

struct rdl_report_node {
	const char *name;	/* NUL behind it, not counted in len */
	size_t len;
	uint64_t count;		/* records here and below */
	uint32_t parent;
	uint32_t first, children;	/* once sorted: these follow each
					 * other */
};

struct rdl_report_tree {
	struct rdl_map map;		/* parent and name, to the index */
	struct rdl_report_node *v;	/* 0 is the root */
	size_t n, room;
};

void rdl_report_tree_release(struct rdl_report_tree *t);

/* Count a record; path is an array of names.  1, or 0 if it is no path. */
int rdl_report_tree_add(struct rdl_report_tree *t, yyjson_val *path);

/* Put the children of each node together, the largest count first, then by
 * name.  Indices change; add nothing more. */
void rdl_report_tree_sort(struct rdl_report_tree *t);

/* The node below which all stand, and that has several children: the root,
 * unless all paths begin alike. */
uint32_t rdl_report_tree_top(const struct rdl_report_tree *t);

/* Append the names from the root to node i, joined by " ~ ". */
void rdl_report_tree_path(const struct rdl_report_tree *t, uint32_t i,
    struct rdl_buf *out);

struct rdl_report_rect {
	double x, y, w, h;
};

/*
 * Fill r with n rectangles of these areas, largest first, that are as square
 * as can be: squarified treemaps (Bruls, Huizing, van Wijk, VisSym 2000).
 * The areas are scaled to that of r.
 */
void rdl_report_tree_layout(const double *areas, size_t n,
    struct rdl_report_rect r, struct rdl_report_rect *rects);

/* Append the sorted tree as a treemap, once for a desk and once for a phone;
 * CSS shows one. */
void rdl_report_tree_draw(const struct rdl_report_tree *t,
    struct rdl_buf *out);

#endif
