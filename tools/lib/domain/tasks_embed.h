/*
 * The vectors of task types: of one text a task, or the average of several.
 */
#ifndef RDL_DOMAIN_TASKS_EMBED_H
#define RDL_DOMAIN_TASKS_EMBED_H

#include "domain/tasks.h"
#include "vision/embed.h"

/* Which words stand for a task. */
struct rdl_tasks_words {
	const char *const *templates;	/* [n], with {} for the task */
	size_t n;			/* 0: the task's text alone */
	bool leaf;			/* its last name, not its path */
};

/*
 * Unit vectors of all tasks into out [tasks->n][dim]: of several templates the
 * sum of their unit vectors, brought to length 1.  Marks the tasks whose text
 * was cut.  RDL_E_STOPPED after a signal.
 */
int rdl_tasks_embed(struct rdl_tasks *tasks,
    const struct rdl_tasks_words *words, struct rdl_embed *embed, float *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
