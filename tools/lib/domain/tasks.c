/*
 * The task types of a file.
 * Reads task records; puts them in order.  Does not embed them.
 */
#include "domain/tasks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/taxon.h"
#include "record/jsonl.h"

/* What a node keeps of its record. */
static int
keep(struct rdl_tasks *t, struct rdl_taxon *n, const struct rdl_rec *rec,
    struct rdl_err *err)
{
	struct rdl_task *task = rdl_arena_alloc(&t->arena, sizeof(*task));
	char computed[RDL_ID_TEXT];
	const char *text, *json;
	size_t len;

	if (rdl_id_of(rec, &task->id, err) < 0)
		return -1;
	text = rdl_rec_str(rec, "id", &len);
	if (text == NULL) {
		rdl_id_format(&task->id, computed);
		text = computed;
		len = strlen(computed);
	}
	task->id_text = rdl_arena_dup(&t->arena, text, len);
	if (rdl_rec_span(rec, "path", &json, &len) != 1)
		return rdl_err_set(err, RDL_E_INPUT, "no \"path\"");
	task->path_json = rdl_arena_dup(&t->arena, json, len);
	task->node = n;
	n->user = task;
	return 0;
}

static int
read_task(struct rdl_tasks *t, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_taxon *n = rdl_taxon_plant(t->tree, rec, NULL, NULL, err);

	if (n == NULL)
		return -1;
	if (n->user == NULL)
		return keep(t, n, rec, err);
	t->duplicates++;
	return 0;
}

static int
read_tasks(struct rdl_tasks *t, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	if (rdl_jsonl_open(&in, path, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		if (read_task(t, &rec, err) < 0) {
			rc = rdl_err_prefix(err, "%s:%" PRIu64, in.name,
			    in.lineno);
			break;
		}
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

int
rdl_tasks_load(struct rdl_tasks *t, const char *path, bool all,
    struct rdl_err *err)
{
	struct rdl_taxon *n;

	t->tree = rdl_taxonomy_new();
	if (read_tasks(t, path, err) < 0)
		return -1;
	rdl_taxonomy_sort(t->tree);
	t->v = rdl_mem_calloc(rdl_taxonomy_count(t->tree), sizeof(*t->v));
	for (n = rdl_taxonomy_root(t->tree); n != NULL;
	    n = rdl_taxonomy_next(n)) {
		if (n->user == NULL)
			continue;
		if (all || n->nchildren == 0)
			t->v[t->n++] = *(const struct rdl_task *)n->user;
		else
			t->inner++;
	}
	if (t->n == 0)
		return rdl_err_set(err, RDL_E_INPUT, "%s: has no task", path);
	return 0;
}

void
rdl_tasks_release(struct rdl_tasks *t)
{
	free(t->v);
	if (t->tree != NULL)
		rdl_taxonomy_free(t->tree);
	rdl_arena_release(&t->arena);
	*t = (struct rdl_tasks)RDL_TASKS_INIT;
}

static void
add_name(const struct rdl_task *task, bool leaf, struct rdl_buf *out)
{
	if (leaf)
		rdl_buf_adds(out, task->node->name);
	else
		rdl_taxonomy_path(task->node, out);
}

void
rdl_tasks_text(const struct rdl_task *task, bool leaf, const char *template,
    struct rdl_buf *out)
{
	const char *p = template, *hole;

	if (p == NULL) {
		add_name(task, leaf, out);
		return;
	}
	while ((hole = strstr(p, "{}")) != NULL) {
		rdl_buf_add(out, p, (size_t)(hole - p));
		add_name(task, leaf, out);
		p = hole + 2;
	}
	rdl_buf_adds(out, p);
}
