/*
 * A tree of task names with counts, and its treemap.
 * Appends SVG to a buffer.  Does not know what a record is.
 */
#include "publish/report_tree.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "publish/html.h"

#define HEAD 18.0		/* height of a branch's name */
#define ROOM_W 90.0		/* a branch is opened from this size on */
#define ROOM_H 56.0
#define LEAST 220.0		/* smaller cells become one */
#define DEPTH 4			/* levels drawn */
#define NARROW 8		/* units a character takes, at most */
#define NAME_BYTES 200	/* bytes of a name in a key */

void
rdl_report_tree_release(struct rdl_report_tree *t)
{
	rdl_map_release(&t->map);
	free(t->v);
	memset(t, 0, sizeof(*t));
}

static uint32_t
child(struct rdl_report_tree *t, uint32_t parent, yyjson_val *name)
{
	char key[sizeof(parent) + NAME_BYTES];
	size_t len = yyjson_get_len(name);
	struct rdl_map_entry *e;
	int made;

	if (len > NAME_BYTES)
		for (len = NAME_BYTES; len > 0 && ((unsigned char)
		    yyjson_get_str(name)[len] & 0xc0) == 0x80; len--)
			;
	memcpy(key, &parent, sizeof(parent));
	memcpy(key + sizeof(parent), yyjson_get_str(name), len);
	if (t->n >= RDL_REPORT_TREE_MAX) {
		e = rdl_map_get(&t->map, key, sizeof(parent) + len);
		return e != NULL ? (uint32_t)e->value : parent;
	}
	e = rdl_map_put(&t->map, key, sizeof(parent) + len, &made);
	if (!made)
		return (uint32_t)e->value;
	if (t->n == t->room) {
		t->room *= 2;
		t->v = rdl_mem_realloc(t->v, t->room, sizeof(*t->v));
	}
	t->v[t->n] = (struct rdl_report_node){ e->key + sizeof(parent), len, 0,
		parent, 0, 0 };
	e->value = t->n;
	return (uint32_t)t->n++;
}

int
rdl_report_tree_add(struct rdl_report_tree *t, yyjson_val *path)
{
	yyjson_val *name;
	size_t i, max;
	uint32_t at = 0, next;

	if (t->n == 0) {
		t->room = 64;
		t->v = rdl_mem_calloc(t->room, sizeof(*t->v));
		t->v[0].name = "";
		t->n = 1;
	}
	if (!yyjson_is_str(yyjson_arr_get_first(path)))
		return 0;
	t->v[0].count++;
	yyjson_arr_foreach(path, i, max, name) {
		if (!yyjson_is_str(name) || i == RDL_REPORT_TREE_DEPTH)
			break;
		next = child(t, at, name);
		if (next == at)
			break;
		t->v[next].count++;
		at = next;
	}
	return 1;
}

static int
by_parent(const void *a, const void *b)
{
	const struct rdl_report_node *x = a, *y = b;
	int c;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	c = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
	return c != 0 ? c : x->len < y->len ? -1 : x->len > y->len;
}

/* A node and where it stood. */
struct moved {
	struct rdl_report_node node;	/* first, for by_parent() */
	uint32_t old;
};

void
rdl_report_tree_sort(struct rdl_report_tree *t)
{
	uint32_t *now = rdl_mem_calloc(t->n, sizeof(*now));
	struct moved *m = rdl_mem_calloc(t->n, sizeof(*m));
	struct rdl_report_node *parent;
	size_t i;

	for (i = 0; i < t->n; i++)
		m[i] = (struct moved){ t->v[i], (uint32_t)i };
	if (t->n > 1)
		qsort(m + 1, t->n - 1, sizeof(*m), by_parent);
	for (i = 0; i < t->n; i++) {
		now[m[i].old] = (uint32_t)i;
		t->v[i] = m[i].node;
		t->v[i].children = 0;
	}
	for (i = 1; i < t->n; i++) {
		t->v[i].parent = now[m[i].node.parent];
		parent = &t->v[t->v[i].parent];
		if (parent->children++ == 0)
			parent->first = (uint32_t)i;
	}
	free(m);
	free(now);
}

uint32_t
rdl_report_tree_top(const struct rdl_report_tree *t)
{
	uint32_t i = 0, next;

	while (t->v[i].children == 1) {
		next = t->v[i].first;
		if (t->v[next].children == 0 ||
		    t->v[next].count < t->v[i].count)
			break;
		i = next;
	}
	return i;
}

void
rdl_report_tree_path(const struct rdl_report_tree *t, uint32_t i,
    struct rdl_buf *out)
{
	if (t->v[i].parent != 0) {
		rdl_report_tree_path(t, t->v[i].parent, out);
		rdl_buf_adds(out, " ~ ");
	}
	rdl_buf_add(out, t->v[i].name, t->v[i].len);
}

static double
worst(double largest, double smallest, double sum, double side)
{
	double a = side * side * largest / (sum * sum);
	double b = sum * sum / (side * side * smallest);

	return a > b ? a : b;
}

/* How many of the areas the next row takes: as long as the least square of
 * its cells gets better. */
static size_t
row_of(const double *areas, size_t n, double side, double scale, double *sum)
{
	double now, next;
	size_t k;

	*sum = areas[0] * scale;
	now = worst(*sum, *sum, *sum, side);
	for (k = 1; k < n && areas[k] > 0; k++) {
		next = worst(areas[0] * scale, areas[k] * scale,
		    *sum + areas[k] * scale, side);
		if (next > now)
			break;
		now = next;
		*sum += areas[k] * scale;
	}
	return k;
}

void
rdl_report_tree_layout(const double *areas, size_t n,
    struct rdl_report_rect r, struct rdl_report_rect *rects)
{
	double total = 0, scale, sum, deep, at;
	size_t i, k;
	bool across;

	for (i = 0; i < n; i++)
		total += areas[i];
	scale = total > 0 ? r.w * r.h / total : 0;
	while (n > 0) {
		across = r.w >= r.h;
		k = row_of(areas, n, across ? r.h : r.w, scale, &sum);
		deep = (across ? r.h : r.w) > 0 ? sum / (across ? r.h : r.w) :
		    0;
		for (i = 0, at = 0; i < k; i++) {
			double part = deep > 0 ? areas[i] * scale / deep : 0;

			rects[i] = across ?
			    (struct rdl_report_rect){ r.x, r.y + at, deep,
			    part } : (struct rdl_report_rect){ r.x + at, r.y,
			    part, deep };
			at += part;
		}
		if (across)
			r.x += deep, r.w = r.w > deep ? r.w - deep : 0;
		else
			r.y += deep, r.h = r.h > deep ? r.h - deep : 0;
		areas += k;
		rects += k;
		n -= k;
	}
}

/* Units that a name takes, as a guess that is rather too wide. */
static double
width_of(const char *p, size_t len)
{
	double w = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)p[i];

		if ((c & 0xc0) == 0x80)
			continue;
		w += c >= 0xe1 ? 13 : c >= 'A' && c <= 'Z' ? 8.5 : 7;
	}
	return w;
}

/* Name and, if there is room, count. */
static void
add_label(const struct rdl_report_node *n, double w, double h,
    struct rdl_buf *out)
{
	double name = width_of(n->name, n->len), wide = w - 8;
	bool below = h >= 34;
	size_t max = n->len;

	if (h < 16 || wide < 4 * NARROW)
		return;
	if (name > wide)
		max = (size_t)((double)n->len * (wide - NARROW) / name);
	rdl_buf_adds(out, "<text x=\"5\" y=\"14\">");
	rdl_html_short(out, n->name, n->len, max);
	if (!below && name + 50 < wide) {
		rdl_buf_adds(out, "<tspan class=\"d\" dx=\"6\">");
		rdl_html_count(out, (int64_t)n->count);
		rdl_buf_adds(out, "</tspan>");
	}
	rdl_buf_adds(out, "</text>");
	if (!below)
		return;
	rdl_buf_adds(out, "<text class=\"d\" x=\"5\" y=\"29\">");
	rdl_html_count(out, (int64_t)n->count);
	rdl_buf_adds(out, "</text>");
}

struct drawing {
	const struct rdl_report_tree *t;
	struct rdl_buf *out;
	size_t hue;
	size_t apart;			/* from this level on hues differ */
	struct rdl_buf path;
};

/* Open a cell: what is in it is cut off at its edges. */
static void
open_cell(const struct drawing *d, const struct rdl_report_rect *r)
{
	rdl_buf_addf(d->out, "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
	    "height=\"%.1f\"><title>", r->x, r->y, r->w, r->h);
}

static void
fill_cell(const struct drawing *d, double opacity)
{
	rdl_buf_addf(d->out, "</title><rect class=\"cell c%zu\" "
	    "width=\"100%%\" height=\"100%%\" fill-opacity=\"%.2f\"/>",
	    d->hue, opacity);
}

static void draw(struct drawing *d, uint32_t node, struct rdl_report_rect r,
    size_t level);

/* A node in its cell, opened if it is large. */
static void
draw_node(struct drawing *d, uint32_t i, const struct rdl_report_rect *r,
    size_t level)
{
	const struct rdl_report_node *n = &d->t->v[i];
	bool open = n->children > 0 && level < DEPTH && r->w >= ROOM_W &&
	    r->h >= ROOM_H;

	open_cell(d, r);
	rdl_buf_reset(&d->path);
	rdl_report_tree_path(d->t, i, &d->path);
	rdl_html_text(d->out, d->path.p, d->path.len);
	rdl_buf_addf(d->out, ": %llu, %.3g %%",
	    (unsigned long long)n->count, 100.0 * (double)n->count /
	    (double)d->t->v[0].count);
	fill_cell(d, open ? 0.55 : 1);
	add_label(n, r->w, open ? HEAD : r->h, d->out);
	if (open)
		draw(d, i, (struct rdl_report_rect){ 3, HEAD, r->w - 6,
		    r->h - HEAD - 3 }, level);
	rdl_buf_adds(d->out, "</svg>");
}

/* Those that are too small to see, as one. */
static void
draw_rest(struct drawing *d, size_t n, double count,
    const struct rdl_report_rect *r)
{
	struct rdl_report_node rest = { "", 0, (uint64_t)count, 0, 0, 0 };
	char name[48];

	rest.len = (size_t)snprintf(name, sizeof(name), "%zu more", n);
	rest.name = name;
	open_cell(d, r);
	rdl_buf_addf(d->out, "%s: %.0f", n > 0 ? name : "itself", count);
	fill_cell(d, 0.3);
	if (n > 0)
		add_label(&rest, r->w, r->h, d->out);
	rdl_buf_adds(d->out, "</svg>");
}

/* The children of a node in a rectangle; level is theirs less one. */
static void
draw(struct drawing *d, uint32_t node, struct rdl_report_rect r, size_t level)
{
	const struct rdl_report_node *n = &d->t->v[node], *c = d->t->v +
	    n->first;
	double unit = r.w * r.h / (double)n->count, rest = (double)n->count;
	struct rdl_report_rect *rects;
	double *areas;
	size_t i, k;

	areas = rdl_mem_calloc((size_t)n->children + 1, sizeof(*areas));
	rects = rdl_mem_calloc((size_t)n->children + 1, sizeof(*rects));
	for (k = 0; k < n->children && (double)c[k].count * unit >= LEAST;
	    k++) {
		areas[k] = (double)c[k].count;
		rest -= areas[k];
	}
	areas[k] = rest;
	rdl_report_tree_layout(areas, rest > 0 ? k + 1 : k, r, rects);
	for (i = 0; i < k; i++) {
		if (level == d->apart)
			d->hue = i % 10;
		draw_node(d, n->first + (uint32_t)i, &rects[i], level + 1);
	}
	if (rest > 0 && rects[k].w > 1 && rects[k].h > 1)
		draw_rest(d, n->children - k, rest, &rects[k]);
	free(areas);
	free(rects);
}

static void
draw_map(struct drawing *d, const char *name, double w, double h)
{
	rdl_buf_addf(d->out, "<svg class=\"s %s\" viewBox=\"0 0 %.0f %.0f\" "
	    "role=\"img\" aria-label=\"treemap of tasks\">", name, w, h);
	draw(d, 0, (struct rdl_report_rect){ 0, 0, w, h }, 0);
	rdl_buf_adds(d->out, "</svg>\n");
}

void
rdl_report_tree_draw(const struct rdl_report_tree *t, struct rdl_buf *out)
{
	struct drawing d = { t, out, 0, 0, RDL_BUF_INIT(RDL_KIB * 64) };
	uint32_t top;

	for (top = rdl_report_tree_top(t); top != 0; top = t->v[top].parent)
		d.apart++;

	draw_map(&d, "wide-only", 1120, fmin(520, 130 + 16 * (double)t->n));
	draw_map(&d, "narrow-only", 370, fmin(560, 150 + 20 * (double)t->n));
	rdl_buf_release(&d.path);
}
