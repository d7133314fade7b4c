/*
 * Rows by task of two datasets, the largest differences first.
 * Takes two trees of counts, appends a table.  Reads nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "publish/html.h"
#include "publish/report_private.h"

#define TASKS 60		/* differences shown */

/* Rows at a task in each of two datasets. */
struct task {
	char *path;
	size_t len;
	int64_t n[2];
};
struct tasks {
	struct rdl_map map;
	struct task *v;
	size_t n;
};

static void
add_side(struct tasks *m, const struct rdl_report_tree *t, int side)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_MIB);
	int64_t *own = rdl_mem_calloc(t->n + 1, sizeof(*own));
	struct rdl_map_entry *e;
	size_t i;
	int made;

	for (i = 0; i < t->n; i++)
		own[i] = (int64_t)t->v[i].count;
	for (i = 1; i < t->n; i++)
		own[t->v[i].parent] -= (int64_t)t->v[i].count;
	for (i = 1; i < t->n; i++) {
		if (own[i] <= 0)
			continue;
		rdl_buf_reset(&path);
		rdl_report_tree_path(t, (uint32_t)i, &path);
		e = rdl_map_put(&m->map, path.p, path.len, &made);
		if (made) {
			e->value = m->n;
			if ((m->n & (m->n - 1)) == 0)
				m->v = rdl_mem_realloc(m->v, 2 * m->n + 1,
				    sizeof(*m->v));
			m->v[m->n++] = (struct task){ rdl_mem_dup(path.p,
				path.len), path.len, { 0, 0 } };
		}
		m->v[e->value].n[side] += own[i];
	}
	free(own);
	rdl_buf_release(&path);
}

static int64_t
distance(const struct task *t)
{
	return t->n[0] > t->n[1] ? t->n[0] - t->n[1] : t->n[1] - t->n[0];
}

static int
by_distance(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	int64_t i = distance(x), j = distance(y);

	if (i != j)
		return i < j ? 1 : -1;
	return strcmp(x->path, y->path);
}

static void
add_tasks(const struct tasks *m, struct rdl_buf *out)
{
	size_t i, differ = 0, ours = 0, theirs = 0;
	double whole = 0;

	for (i = 0; i < m->n; i++) {
		differ += distance(&m->v[i]) > 0;
		ours += m->v[i].n[1] == 0;
		theirs += m->v[i].n[0] == 0;
		whole = fmax(whole, fmax((double)m->v[i].n[0],
		    (double)m->v[i].n[1]));
	}
	if (differ > 0)
		rdl_report_compare_head(out, "Rows by task", "task", "");
	for (i = 0; i < differ && i < TASKS; i++) {
		double a = (double)m->v[i].n[0], b = (double)m->v[i].n[1];

		rdl_buf_adds(out, "<tr><td>");
		rdl_html_short(out, m->v[i].path, m->v[i].len, 300);
		rdl_report_compare_bars(out, a, b, whole);
		rdl_report_compare_three(out, a, b);
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_addf(out, "%s<p class=\"dim\">Of %zu tasks %zu have another "
	    "number of rows%s, %zu are only in this one, %zu only in the "
	    "other.</p>\n", differ > 0 ? "</table></div>\n" : "", m->n, differ,
	    differ > TASKS ? " (the largest differences are shown)" : "", ours,
	    theirs);
}

void
rdl_report_compare_tasks(const struct rdl_report_tree *a,
    const struct rdl_report_tree *b, struct rdl_buf *out)
{
	struct tasks m = { .map = RDL_MAP_INIT };
	size_t i;

	add_side(&m, a, 0);
	add_side(&m, b, 1);
	if (m.n > 0) {
		qsort(m.v, m.n, sizeof(*m.v), by_distance);
		add_tasks(&m, out);
	}
	for (i = 0; i < m.n; i++)
		free(m.v[i].path);
	free(m.v);
	rdl_map_release(&m.map);
}
