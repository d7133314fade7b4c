/*
 * The vectors of task types.
 * Gives texts to the embedder, and puts vectors together.
 */
#include "domain/tasks_embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"

struct texts {
	struct rdl_tasks *tasks;
	const struct rdl_tasks_words *words;
	size_t each;		/* texts of a task */
	size_t next, done;	/* of all texts, task by task */
	size_t dim;
	double *sum;		/* [dim], of the task at hand */
	float *out;
	struct rdl_buf text;
};

static int
source(void *ctx, struct rdl_embed_job *job, bool wait, struct rdl_err *err)
{
	struct texts *t = ctx;
	size_t at = t->next;

	(void)wait;
	if (rdl_tool_stopped())
		return rdl_err_set(err, RDL_E_STOPPED, "stopped by a signal; "
		    "run the same command again to go on");
	if (at == t->tasks->n * t->each)
		return 0;
	t->next++;
	rdl_buf_reset(&t->text);
	rdl_tasks_text(&t->tasks->v[at / t->each], t->words->leaf,
	    t->words->n > 0 ? t->words->templates[at % t->each] : NULL,
	    &t->text);
	job->text = rdl_arena_dup(&job->arena, t->text.p, t->text.len);
	job->text_len = t->text.len;
	return 1;
}

/* The sum of a task's vectors, brought to length 1. */
static int
finish(struct texts *t, const struct rdl_task *task, float *out,
    struct rdl_err *err)
{
	double norm = 0;
	size_t d;

	for (d = 0; d < t->dim; d++)
		norm += t->sum[d] * t->sum[d];
	norm = sqrt(norm);
	if (!(norm > 1e-6))
		return rdl_err_set(err, RDL_E_INPUT, "the templates of task "
		    "%s cancel each other", task->id_text);
	for (d = 0; d < t->dim; d++)
		out[d] = (float)(t->sum[d] / norm);
	memset(t->sum, 0, t->dim * sizeof(*t->sum));
	return 0;
}

static int
sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	struct texts *t = ctx;
	size_t at = t->done++, d;
	struct rdl_task *task = &t->tasks->v[at / t->each];
	float *out = t->out + at / t->each * t->dim;

	task->truncated |= job->truncated;
	if (t->each == 1) {
		memcpy(out, job->vector, t->dim * sizeof(*out));
		return 0;
	}
	for (d = 0; d < t->dim; d++)
		t->sum[d] += (double)job->vector[d];
	return at % t->each < t->each - 1 ? 0 : finish(t, task, out, err);
}

static int
flush(void *ctx, struct rdl_err *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

int
rdl_tasks_embed(struct rdl_tasks *tasks, const struct rdl_tasks_words *words,
    struct rdl_embed *embed, float *out, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { source, sink, flush };
	struct texts t = { .tasks = tasks, .words = words,
		.each = words->n > 0 ? words->n : 1,
		.dim = rdl_embed_info(embed)->dim, .out = out,
		.text = RDL_BUF_INIT(RDL_LINE_MAX) };
	int rc;

	t.sum = rdl_mem_calloc(t.dim, sizeof(*t.sum));
	rc = rdl_embed_run(embed, &ops, &t, err);
	free(t.sum);
	rdl_buf_release(&t.text);
	return rc;
}
