/*
 * The task types of a file: those that images are matched with, each once, in
 * the canonical order of their paths, and the texts that stand for them.
 * Memory: about 700 bytes a task.
 */
#ifndef RDL_DOMAIN_TASKS_H
#define RDL_DOMAIN_TASKS_H

#include "core/arena.h"
#include "domain/taxonomy.h"
#include "record/id.h"

struct rdl_task {
	struct rdl_id id;
	const char *id_text;	/* as the record has it */
	const char *path_json;	/* the same, an array of names */
	const struct rdl_taxon *node;
	/* The tool's. */
	bool truncated;		/* a text of it was too long for the model */
	uint64_t used;		/* matches so far */
};

struct rdl_tasks {
	struct rdl_task *v;	/* [n] */
	size_t n;
	size_t inner, duplicates;	/* records that were left out */
	struct rdl_taxonomy *tree;
	struct rdl_arena arena;
};

#define RDL_TASKS_INIT { NULL, 0, 0, 0, NULL, RDL_ARENA_INIT }

/*
 * Load task records.  A record whose path begins the path of another is an
 * inner node, which is no type of its own: it is left out unless all is true.
 * Of two with one path the first counts.  A file without any task, or with a
 * record that is none, is an error.
 */
int rdl_tasks_load(struct rdl_tasks *t, const char *path, bool all,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_tasks_release(struct rdl_tasks *t);

/* Append the text of a task: its path joined by " ~ ", or with leaf its last
 * name, put in place of each {} of the template (NULL: as it is). */
void rdl_tasks_text(const struct rdl_task *task, bool leaf,
    const char *template, struct rdl_buf *out);

#endif
