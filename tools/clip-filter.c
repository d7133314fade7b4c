/*
 * riddle-clip-filter: the best tasks for each image, by CLIP (TaskGalaxy,
 * step 3).  Reads image records and a file of tasks, writes match records with
 * true cosines.  It holds all tasks in memory and does not ask whether a task
 * makes sense for an image: that is task-filter's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"
#include "domain/match.h"
#include "domain/tasks_embed.h"
#include "ledger/stage.h"
#include "vision/embed_record.h"
#include "vision/topk.h"

#define BATCH 256		/* images that are matched at once */

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_embed_opts embed;
	const char *tasks;
	struct rdl_strs templates;
	int64_t top_k, cap;
	double min_score;
	int task_text;		/* 0 path, 1 leaf */
	bool all_nodes;
};

static const char *const task_texts[] = { "path", "leaf", NULL };

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "tasks", .arg = "FILE",
	    .off = offsetof(struct opts, tasks),
	    .help = "the task records that images are matched with" },
	{ .type = RDL_OPT_INT, .name = "top-k", .letter = 'k', .arg = "N",
	    .lo = 1, .hi = 1000000, .off = offsetof(struct opts, top_k),
	    .help = "tasks of an image, at most" },
	{ .type = RDL_OPT_REAL, .name = "min-score", .arg = "D",
	    .lo = -1, .hi = 1, .off = offsetof(struct opts, min_score),
	    .help = "leave out tasks whose cosine is less" },
	{ .type = RDL_OPT_INT, .name = "cap-per-task", .arg = "N",
	    .lo = 0, .hi = 1e15, .off = offsetof(struct opts, cap),
	    .help = "images of a task, at most, the first that come (0: no "
	    "cap)" },
	{ .type = RDL_OPT_LIST, .name = "template", .arg = "TEXT",
	    .off = offsetof(struct opts, templates),
	    .help = "embed TEXT with the task in place of {}; of several the "
	    "average" },
	{ .type = RDL_OPT_ENUM, .name = "task-text", .arg = "path|leaf",
	    .off = offsetof(struct opts, task_text), .choices = task_texts,
	    .help = "embed the whole path, joined by \" ~ \", or its last "
	    "name" },
	{ .type = RDL_OPT_FLAG, .name = "all-nodes",
	    .off = offsetof(struct opts, all_nodes),
	    .help = "match inner nodes of the task tree, too" },
	RDL_EMBED_OPTIONS(struct opts, embed),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-clip-filter",
	"[options] --tasks FILE --model DIR [file ...]",
	"find the best tasks for each image by CLIP",
	options, SIZE_MAX
};

/* An image that waits for its batch to be full. */
struct waiting {
	struct rdl_embed_row row;
	const char *rule, *why;		/* of one that failed */
	size_t query;			/* its vector, of one that did not */
};

struct tool {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_embed *embed;
	struct rdl_tasks tasks;
	size_t dim, k;
	float *base;			/* [tasks.n][dim] */
	struct rdl_topk *topk;
	struct waiting waiting[BATCH];
	size_t nwaiting, nqueries;
	float *queries;			/* [BATCH][dim] */
	struct rdl_topk_hit *hits;	/* [BATCH][k] */
	struct rdl_match *matches;	/* [k] */
	struct rdl_arena arena;		/* of those that wait */
	struct rdl_rec in, rec;
	struct rdl_buf line;
};

static void
warn_truncated(const struct tool *t)
{
	const struct rdl_task *first = NULL;
	size_t i, n = 0;

	for (i = 0; i < t->tasks.n; i++) {
		if (!t->tasks.v[i].truncated)
			continue;
		n++;
		if (first == NULL)
			first = &t->tasks.v[i];
	}
	if (n > 0)
		rdl_warn("%zu of %zu tasks are longer than the model's %zu "
		    "tokens and were cut; the first: %s", n, t->tasks.n,
		    rdl_embed_info(t->embed)->context, first->path_json);
}

/* The texts of ids of another make, so that the ledger can show them. */
static int
note_task_ids(struct tool *t, struct rdl_err *err)
{
	const struct rdl_task *task;
	size_t i;

	for (i = 0; i < t->tasks.n && t->stage.ledger != NULL; i++) {
		task = &t->tasks.v[i];
		if (task->id.kind[0] == '\0' &&
		    rdl_ledger_alias(t->stage.ledger, &task->id, task->id_text,
		    strlen(task->id_text), err) < 0)
			return -1;
	}
	return 0;
}

static int
prepare_tasks(struct tool *t, struct rdl_err *err)
{
	const struct rdl_tasks_words words = { t->o->templates.v,
		t->o->templates.n, t->o->task_text == 1 };
	size_t k = (size_t)t->o->top_k;

	t->dim = rdl_embed_info(t->embed)->dim;
	t->k = k < t->tasks.n ? k : t->tasks.n;
	t->base = rdl_mem_calloc(t->tasks.n * t->dim, sizeof(*t->base));
	t->queries = rdl_mem_calloc(BATCH * t->dim, sizeof(*t->queries));
	t->hits = rdl_mem_calloc(BATCH * t->k, sizeof(*t->hits));
	t->matches = rdl_mem_calloc(t->k, sizeof(*t->matches));
	if (note_task_ids(t, err) < 0 ||
	    rdl_tasks_embed(&t->tasks, &words, t->embed, t->base, err) < 0)
		return -1;
	warn_truncated(t);
	t->topk = rdl_topk_new(t->base, t->tasks.n, t->dim,
	    (unsigned)t->o->embed.threads, err);
	return t->topk == NULL ? -1 : 0;
}

static int
image_source(void *ctx, struct rdl_embed_job *job, bool wait,
    struct rdl_err *err)
{
	struct tool *t = ctx;
	int rc;

	if (!wait && !rdl_stage_ready(&t->stage))
		return 2;
	rc = rdl_stage_next(&t->stage, &t->in, err);
	if (rc <= 0)
		return rc;
	(void)rdl_embed_row(job, &t->in);
	rdl_embed_image(job, &t->in);
	return 1;
}

static int
lose(struct tool *t, const struct waiting *w, bool failed, const char *rule,
    const char *value, const char *threshold, const char *reason,
    struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	loss.failed = failed;
	loss.id = w->row.id;
	loss.rule = rule;
	loss.value = value;
	loss.threshold = threshold;
	loss.reason = reason;
	loss.record = w->row.line;
	loss.record_len = w->row.len;
	return rdl_stage_lose(&t->stage, &loss, err);
}

/* No task was left: the best is too bad, or all are full. */
static int
drop(struct tool *t, const struct waiting *w, const struct rdl_topk_hit *best,
    struct rdl_err *err)
{
	struct rdl_buf score = RDL_BUF_INIT(64);
	char threshold[32];
	int rc;

	if ((double)best->cos >= t->o->min_score) {
		(void)snprintf(threshold, sizeof(threshold), "%lld",
		    (long long)t->o->cap);
		return lose(t, w, false, "cap-per-task", NULL, threshold,
		    "all tasks that fit have as many images as "
		    "--cap-per-task allows", err);
	}
	rdl_match_score(best->cos, &score);
	(void)snprintf(threshold, sizeof(threshold), "%.15g",
	    t->o->min_score);
	rc = lose(t, w, false, "min-score", score.p, threshold,
	    "the best task's cosine is below --min-score", err);
	rdl_buf_release(&score);
	return rc;
}

/* An edge to the image, and one to each task. */
static int
emit(struct tool *t, const struct waiting *w, const struct rdl_id *id,
    size_t n, struct rdl_err *err)
{
	size_t i;

	if (rdl_stage_emit(&t->stage, t->line.p, t->line.len, id, &w->row.id,
	    NULL, err) < 0)
		return -1;
	for (i = 0; i < n && t->stage.ledger != NULL; i++)
		if (rdl_ledger_add(t->stage.ledger, id, &t->matches[i].task->id,
		    NULL, err) < 0)
			return -1;
	rdl_stage_passed(&t->stage);
	return 0;
}

static int
match(struct tool *t, const struct waiting *w, const struct rdl_topk_hit *hits,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	uint64_t cap = (uint64_t)t->o->cap;
	struct rdl_task *task;
	struct rdl_id id;
	size_t i, n = 0;

	for (i = 0; i < t->k; i++) {
		task = &t->tasks.v[hits[i].index];
		if ((double)hits[i].cos < t->o->min_score)
			break;
		if (cap == 0 || task->used < cap)
			t->matches[n++] = (struct rdl_match){ task,
				hits[i].cos, i + 1 };
	}
	if (n == 0)
		return drop(t, w, hits, err);
	rdl_buf_reset(&t->line);
	if (rdl_rec_parse(&t->rec, w->row.line, w->row.len, err) < 0)
		return -1;
	if (rdl_match_record(&t->rec, &w->row.id, t->matches, n, &id,
	    &t->line, &why) < 0)
		return lose(t, w, true, "record", NULL, NULL, why.msg, err);
	for (i = 0; i < n; i++)
		t->tasks.v[t->matches[i].task - t->tasks.v].used++;
	return emit(t, w, &id, n, err);
}

/* Match and write all that wait, in order. */
static int
settle(struct tool *t, struct rdl_err *err)
{
	const struct waiting *w;
	size_t i;
	int rc;

	if (t->nqueries > 0 && rdl_topk_find(t->topk, t->queries, t->nqueries,
	    t->k, t->hits, err) < 0)
		return -1;
	for (i = 0; i < t->nwaiting; i++) {
		w = &t->waiting[i];
		rc = w->rule != NULL ?
		    lose(t, w, true, w->rule, NULL, NULL, w->why, err) :
		    match(t, w, t->hits + w->query * t->k, err);
		if (rc < 0)
			return -1;
	}
	t->nwaiting = t->nqueries = 0;
	rdl_arena_reset(&t->arena);
	return 0;
}

static int
image_sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	struct tool *t = ctx;
	struct waiting *w = &t->waiting[t->nwaiting++];

	memset(w, 0, sizeof(*w));
	w->row = *(const struct rdl_embed_row *)job->user;
	w->row.line = rdl_arena_dup(&t->arena, w->row.line, w->row.len);
	if (job->vector == NULL) {
		w->rule = rdl_arena_dup(&t->arena, job->rule,
		    strlen(job->rule));
		w->why = rdl_arena_dup(&t->arena, job->why, strlen(job->why));
	} else {
		w->query = t->nqueries++;
		memcpy(t->queries + w->query * t->dim, job->vector,
		    t->dim * sizeof(*t->queries));
	}
	return t->nwaiting == BATCH ? settle(t, err) : 0;
}

static int
image_flush(void *ctx, struct rdl_err *err)
{
	struct tool *t = ctx;

	return settle(t, err) < 0 ? -1 : rdl_stage_flush(&t->stage, err);
}

/* What became of the vectors, for the ledger. */
static int
note(struct tool *t, struct rdl_err *err)
{
	const struct rdl_embed_totals *n = rdl_embed_totals(t->embed);
	char json[256];
	int len;

	if (rdl_embed_damaged(t->embed) > 0)
		rdl_warn("%s: %zu vectors were damaged, and made anew",
		    t->o->embed.vectors, rdl_embed_damaged(t->embed));
	if (t->stage.ledger == NULL)
		return 0;
	len = snprintf(json, sizeof(json), "{\"tasks\":%zu,"
	    "\"inner\":%zu,\"duplicates\":%zu,\"computed\":%llu,"
	    "\"reused\":%llu,\"truncated\":%llu}", t->tasks.n, t->tasks.inner,
	    t->tasks.duplicates, (unsigned long long)n->computed,
	    (unsigned long long)n->reused, (unsigned long long)n->truncated);
	return rdl_run_note(t->stage.ledger, "embeddings", json, (size_t)len,
	    err);
}

static int
run(struct tool *t, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { image_source, image_sink,
		image_flush };

	if (prepare_tasks(t, err) < 0 ||
	    rdl_embed_run(t->embed, &ops, t, err) < 0)
		return -1;
	return note(t, err);
}

/* What decides the output, for the ledger: settings, model, tasks. */
static void
describe(const struct tool *t, struct rdl_buf *out)
{
	const struct rdl_clip_info *info = rdl_embed_info(t->embed);
	struct rdl_hasher *h = rdl_hasher_new();
	struct rdl_sha256 sum;
	size_t i;

	for (i = 0; i < t->tasks.n; i++)
		rdl_hasher_add(h, t->tasks.v[i].id_text,
		    strlen(t->tasks.v[i].id_text) + 1);
	sum = rdl_hasher_end(h);
	rdl_hasher_free(h);
	rdl_buf_adds(out, "{\"model_key\":\"");
	rdl_buf_addhex(out, info->key.b, sizeof(info->key.b));
	rdl_buf_adds(out, "\",\"tasks\":\"");
	rdl_buf_addhex(out, sum.b, sizeof(sum.b));
	rdl_buf_addf(out, "\",\"top_k\":%lld,\"min_score\":%.15g,"
	    "\"cap_per_task\":%lld,\"task_text\":\"%s\",\"alpha\":%d,"
	    "\"orientation\":%d,\"decode\":%d,\"templates\":[",
	    (long long)t->o->top_k, t->o->min_score, (long long)t->o->cap,
	    task_texts[t->o->task_text], t->o->embed.alpha,
	    t->o->embed.orientation, t->o->embed.decode);
	for (i = 0; i < t->o->templates.n; i++) {
		rdl_buf_adds(out, i > 0 ? "," : "");
		rdl_buf_addjson(out, t->o->templates.v[i],
		    strlen(t->o->templates.v[i]));
	}
	rdl_buf_adds(out, "]}");
}

/* What the table of options cannot say.  -1 with a message. */
static int
check_options(const struct opts *o)
{
	size_t i;

	if (o->tasks == NULL || o->embed.model == NULL) {
		rdl_warn("%s is missing; see --help",
		    o->tasks == NULL ? "--tasks FILE" : "--model DIR");
		return -1;
	}
	for (i = 0; i < o->templates.n; i++)
		if (strstr(o->templates.v[i], "{}") == NULL) {
			rdl_warn("--template %s: has no {} for the task",
			    o->templates.v[i]);
			return -1;
		}
	return 0;
}

static void
release(struct tool *t)
{
	rdl_tasks_release(&t->tasks);
	rdl_topk_free(t->topk);
	free(t->base);
	free(t->queries);
	free(t->hits);
	free(t->matches);
	rdl_arena_release(&t->arena);
	rdl_rec_release(&t->in);
	rdl_rec_release(&t->rec);
	rdl_buf_release(&t->line);
}

/* The run as a stage, tasks and model being there. */
static int
run_stage(struct tool *t, const struct rdl_strs *operands, int argc,
    char *argv[])
{
	struct rdl_run_spec spec = { .tool = "clip-filter",
		.version = RDL_VERSION, .argc = argc, .argv = argv,
		.model = t->o->embed.model };
	struct rdl_buf params = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT, late = RDL_ERR_INIT;
	int rc;

	describe(t, &params);
	spec.params = params.p;
	rc = rdl_stage_begin(&t->stage, &t->o->stage, operands, &spec, &err);
	if (rc == 0)
		rc = run(t, &err);
	if (rdl_embed_close(t->embed, &late) < 0 && rc == 0) {
		err = late;
		rc = -1;
	}
	t->embed = NULL;
	rdl_buf_release(&params);
	return rdl_stage_end(&t->stage, rc, &err);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.embed = RDL_EMBED_OPTS_DEFAULT, .top_k = 10,
		.min_score = -1 };
	static struct tool t = { .stage = RDL_STAGE_INIT,
		.tasks = RDL_TASKS_INIT, .arena = RDL_ARENA_INIT,
		.in = RDL_REC_INIT, .rec = RDL_REC_INIT,
		.line = RDL_BUF_INIT(2 * RDL_LINE_MAX) };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	t.o = &o;
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (check_options(&o) < 0) {
		status = RDL_EXIT_USAGE;
		goto out;
	}
	if (rdl_tasks_load(&t.tasks, o.tasks, o.all_nodes, &err) < 0 ||
	    (t.embed = rdl_embed_open(&o.embed, &err)) == NULL) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	status = run_stage(&t, &operands, argc, argv);
out:
	release(&t);
	rdl_strs_release(&o.templates);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
