/*
 * riddle-taxonomy-expand: grow a task tree level by level with a language
 * model (TaskGalaxy, step 1).  Reads seed tasks, asks the model for the
 * children that each parent lacks, round after round, and writes the whole
 * tree.  It holds the tree in memory and does not judge what a name is worth.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"
#include "record/json.h"
#include "domain/growth.h"
#include "domain/taxon.h"
#include "ledger/stage.h"
#include "model/question.h"

#define PROMPT "embedded:pipelines/taskgalaxy/prompts/taxonomy-expand.prompt"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt;
	int64_t levels, from_level, rounds, max_children;
	struct rdl_share until_new;
	double near;
	bool leaves;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_INT, .name = "levels", .letter = 'l',
	    .arg = "N", .lo = 1, .hi = RDL_TAXONOMY_DEPTH,
	    .off = offsetof(struct opts, levels),
	    .help = "depth of the tree" },
	{ .type = RDL_OPT_INT, .name = "from-level",
	    .arg = "N", .lo = 1, .hi = RDL_TAXONOMY_DEPTH,
	    .off = offsetof(struct opts, from_level),
	    .help = "first level that may grow; those above are the seeds'" },
	{ .type = RDL_OPT_INT, .name = "rounds", .letter = 'r',
	    .arg = "N", .lo = 1, .hi = 1000,
	    .off = offsetof(struct opts, rounds),
	    .help = "ask each parent at most N times" },
	{ .type = RDL_OPT_SHARE, .name = "until-new",
	    .arg = "N|P%",
	    .off = offsetof(struct opts, until_new),
	    .help = "a level is done when a round adds fewer new names than "
	    "this, or this share of the level" },
	{ .type = RDL_OPT_INT, .name = "max-children",
	    .arg = "N", .lo = 1, .hi = 1000000,
	    .off = offsetof(struct opts, max_children),
	    .help = "most children of one parent" },
	{ .type = RDL_OPT_REAL, .name = "near",
	    .arg = "D", .lo = 0, .hi = 1,
	    .off = offsetof(struct opts, near),
	    .help = "report siblings whose names are this alike (Dice of "
	    "bigrams)" },
	{ .type = RDL_OPT_FLAG, .name = "leaves",
	    .off = offsetof(struct opts, leaves),
	    .help = "write the leaves only" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-taxonomy-expand", "[options] [file ...]",
	"grow a tree of task types from seed tasks with a language model",
	options, SIZE_MAX
};

struct tool {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_question question;
	struct rdl_engine *engine;
	struct rdl_growth growth;
	size_t next_parent;		/* of growth.parents, to be asked */
	struct rdl_buf scratch;
};

/* Lose a record about a node: a rule dropped it, or its question failed. */
static int
lose(struct tool *t, bool failed, const struct rdl_taxon *about,
    const char *rule, const char *reason, const char *value,
    const struct rdl_hash *call, struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	rdl_buf_reset(&t->scratch);
	if (rdl_taxon_record(about, &loss.id, &t->scratch, err) < 0)
		return -1;
	rdl_buf_addc(&t->scratch, '}');
	loss.failed = failed;
	loss.rule = rule;
	loss.reason = reason;
	loss.value = value;
	loss.call = call;
	loss.record = t->scratch.p;
	loss.record_len = t->scratch.len;
	return rdl_stage_lose(&t->stage, &loss, err);
}

/* A node of a seed's path is the seeds', whoever names it later. */
static void
mark_seed(struct rdl_taxon *n, void *ctx)
{
	rdl_growth_node(ctx, n)->seed = true;
}

/* Keep the line of a seed until the tree is written. */
static int
keep_seed(struct tool *t, const struct rdl_rec *rec,
    const struct rdl_taxon *n, struct rdl_growth_node *own,
    struct rdl_err *err)
{
	rdl_buf_reset(&t->scratch);
	if (rdl_taxon_complete(rec, n, &t->scratch, err) < 0)
		return -1;
	own->line = rdl_arena_dup(&t->growth.arena, t->scratch.p,
	    t->scratch.len);
	own->len = t->scratch.len;
	rdl_stage_passed(&t->stage);
	return 0;
}

static int
lose_seed(struct tool *t, const struct rdl_rec *rec, bool failed,
    const char *rule, const char *reason, struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	if (rdl_id_of(rec, &loss.id, err) < 0)
		return -1;
	loss.failed = failed;
	loss.rule = rule;
	loss.reason = reason;
	loss.record = rec->line;
	loss.record_len = rec->len;
	return rdl_stage_lose(&t->stage, &loss, err);
}

static int
read_seeds(struct tool *t, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_growth_node *own;
	struct rdl_taxon *n;
	int rc;

	while ((rc = rdl_stage_next(&t->stage, &rec, err)) > 0) {
		n = rdl_taxon_plant(t->growth.tree, &rec, mark_seed,
		    &t->growth, &why);
		own = n == NULL ? NULL : rdl_growth_node(&t->growth, n);
		if (n == NULL)
			rc = lose_seed(t, &rec, true, "seed", why.msg, err);
		else if (own->line != NULL)
			rc = lose_seed(t, &rec, false, "duplicate",
			    "the same path as an earlier seed", err);
		else
			rc = keep_seed(t, &rec, n, own, err);
		if (rc < 0)
			break;
	}
	rdl_rec_release(&rec);
	return rc;
}

static int
source(void *ctx, struct rdl_job *job, struct rdl_err *err)
{
	struct tool *t = ctx;
	struct rdl_taxon *n;
	yyjson_doc *row;
	int rc;

	if (t->next_parent == t->growth.nparents)
		return 0;
	n = t->growth.parents[t->next_parent++];
	rdl_buf_reset(&t->scratch);
	rdl_growth_row(n, &t->scratch);
	row = rdl_json_read(t->scratch.p, t->scratch.len, 0);
	if (row == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the children of one parent do not fit into a prompt");
	job->user = n;
	rc = rdl_question_fill(&t->question, yyjson_doc_get_root(row), 0, job,
	    err);
	yyjson_doc_free(row);
	return rc < 0 ? -1 : 1;
}

static int
source_fd(void *ctx)
{
	(void)ctx;
	return -1;
}

static int
take_name(struct tool *t, struct rdl_taxon *parent, const char *line,
    size_t len, const struct rdl_answer *a, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_taxon *n = NULL;

	t->stage.totals.in++;
	switch (rdl_growth_take(&t->growth, parent, line, len, &a->call, &n,
	    &why)) {
	case RDL_GROWTH_NEW:
		rdl_stage_passed(&t->stage);
		return 0;
	case RDL_GROWTH_KNOWN:
		return lose(t, false, n, "duplicate",
		    "the tree has this name already", line, &a->call, err);
	case RDL_GROWTH_FULL:
		return lose(t, false, parent, "max-children", "the parent has "
		    "as many children as --max-children allows", line,
		    &a->call, err);
	case RDL_GROWTH_BAD:
		break;
	}
	return lose(t, false, parent, "bad-name", why.msg, line, &a->call,
	    err);
}

/* A reply in plain text: a name a line. */
static int
take_lines(struct tool *t, struct rdl_taxon *parent,
    const struct rdl_answer *a, struct rdl_err *err)
{
	const char *p = a->text, *end = p + a->text_len, *nl;
	char *line;
	int rc = 0;

	for (; p < end && rc == 0; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		line = rdl_mem_dup(p, (size_t)(nl - p));
		if (line[strspn(line, " \t\r")] != '\0')
			rc = take_name(t, parent, line, (size_t)(nl - p), a,
			    err);
		free(line);
	}
	return rc;
}

/* A reply in JSON: the strings of its list "tasks". */
static int
take_json(struct tool *t, struct rdl_taxon *parent,
    const struct rdl_answer *a, struct rdl_err *err)
{
	yyjson_val *tasks = yyjson_is_arr(a->json) ? a->json :
	    yyjson_obj_get(a->json, "tasks"), *v;
	yyjson_arr_iter it;

	if (!yyjson_is_arr(tasks)) {
		t->stage.totals.in++;
		rdl_growth_node(&t->growth, parent)->failed = true;
		return lose(t, true, parent, "reply",
		    "the reply has no list \"tasks\"", a->text, &a->call,
		    err);
	}
	yyjson_arr_iter_init(tasks, &it);
	while ((v = yyjson_arr_iter_next(&it)) != NULL)
		if (yyjson_is_str(v) && take_name(t, parent,
		    yyjson_get_str(v), yyjson_get_len(v), a, err) < 0)
			return -1;
	return 0;
}

static int
sink(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    struct rdl_err *err)
{
	struct tool *t = ctx;
	struct rdl_taxon *parent = job->user;
	uint64_t before = t->growth.fresh;
	int rc;

	if (!a->ok) {
		t->stage.totals.in++;
		rdl_growth_node(&t->growth, parent)->failed = true;
		return lose(t, true, parent, a->rule, a->reason, a->text,
		    a->asked ? &a->call : NULL, err);
	}
	rc = a->json != NULL ? take_json(t, parent, a, err) :
	    take_lines(t, parent, a, err);
	rdl_growth_replied(&t->growth, parent, before);
	return rc;
}

static int
flush(void *ctx, struct rdl_err *err)
{
	struct tool *t = ctx;

	return t->stage.ledger == NULL ? 0 :
	    rdl_ledger_flush(t->stage.ledger, err);
}

static void
show_round(const struct tool *t)
{
	const struct rdl_growth *g = &t->growth;

	if (t->o->stage.progress == RDL_PROGRESS_NEVER)
		return;
	rdl_warn("level %lld, round %lld: %zu parents asked, %llu names "
	    "proposed, %llu new, %llu in all", (long long)g->level,
	    (long long)g->round, g->nparents, (unsigned long long)g->proposed,
	    (unsigned long long)g->fresh,
	    (unsigned long long)rdl_growth_count(g, g->level));
}

static int
grow_level(struct tool *t, int64_t level, struct rdl_err *err)
{
	static const struct rdl_engine_ops ops = { source, source_fd, sink,
		flush };
	bool done = false;
	int64_t round;

	for (round = 1; !done && round <= t->o->rounds; round++) {
		rdl_growth_begin_round(&t->growth, level, round);
		t->next_parent = 0;
		if (t->growth.nparents == 0)
			break;
		if (rdl_engine_run(t->engine, &ops, t, err) < 0)
			return -1;
		if (rdl_engine_silent(&t->o->engine))
			break;
		done = rdl_growth_end_round(&t->growth, &t->o->until_new);
		show_round(t);
	}
	return 0;
}

/* The growth curve, and siblings of almost the same name, go to the ledger. */
static int
note_growth(struct tool *t, struct rdl_err *err)
{
	struct rdl_growth *g = &t->growth;
	size_t pairs;

	if (t->stage.ledger != NULL && g->curve.len > 0) {
		rdl_buf_addc(&g->curve, ']');
		if (rdl_run_note(t->stage.ledger, "growth", g->curve.p,
		    g->curve.len, err) < 0)
			return -1;
	}
	rdl_buf_reset(&t->scratch);
	pairs = rdl_growth_near(g, t->o->near, &t->scratch);
	if (pairs > 0 && t->o->stage.progress != RDL_PROGRESS_NEVER)
		rdl_warn("%zu pairs of siblings have almost the same name; "
		    "see the run's note 'near' in the ledger", pairs);
	if (t->stage.ledger == NULL || rdl_buf_full(&t->scratch))
		return 0;
	return rdl_run_note(t->stage.ledger, "near", t->scratch.p,
	    t->scratch.len, err);
}

/* Write one node as a task record. */
static int
emit(struct tool *t, struct rdl_taxon *n, struct rdl_err *err)
{
	const struct rdl_growth_node *own = rdl_growth_node(&t->growth, n);
	const struct rdl_taxon *up = n->parent->parent != NULL ? n->parent :
	    NULL;
	struct rdl_buf *out = &t->scratch;
	struct rdl_id id, parent;
	char text[RDL_ID_TEXT];

	rdl_buf_reset(out);
	if (up != NULL && rdl_taxon_record(up, &parent, out, err) < 0)
		return -1;
	rdl_buf_reset(out);
	if (rdl_taxon_record(n, &id, out, err) < 0)
		return -1;
	if (up != NULL) {
		rdl_id_format(&parent, text);
		rdl_buf_addf(out, ",\"from\":[\"%s\"]", text);
	}
	if (own->seed)
		rdl_buf_adds(out, ",\"origin\":{\"by\":\"seed\"}}\n");
	else {
		const char *model = t->question.model->remote;

		rdl_buf_adds(out, ",\"origin\":{\"by\":\"model\",\"model\":");
		rdl_buf_addjson(out, model, strlen(model));
		rdl_buf_addf(out, ",\"round\":%lld}}\n",
		    (long long)own->round);
	}
	return rdl_stage_emit(&t->stage, own->line != NULL ? own->line :
	    out->p, own->line != NULL ? own->len : out->len, &id,
	    up != NULL ? &parent : NULL, own->seed ? NULL : &own->call, err);
}

static int
write_tree(struct tool *t, struct rdl_err *err)
{
	struct rdl_taxon *n = rdl_taxonomy_root(t->growth.tree);

	rdl_taxonomy_sort(t->growth.tree);
	while ((n = rdl_taxonomy_next(n)) != NULL)
		if ((!t->o->leaves || n->nchildren == 0) &&
		    emit(t, n, err) < 0)
			return -1;
	return 0;
}

static int
grow(struct tool *t, struct rdl_err *err)
{
	int64_t level;

	if (read_seeds(t, err) < 0)
		return -1;
	for (level = t->o->from_level; level <= t->o->levels; level++)
		if (grow_level(t, level, err) < 0)
			return -1;
	if (t->o->engine.dry_run) {
		rdl_buf_reset(&t->scratch);
		rdl_engine_estimate(t->engine, &t->scratch);
		rdl_warn("dry run, the first round of each level as it stands: "
		    "%s", t->scratch.p);
	}
	if (rdl_engine_silent(&t->o->engine))
		return 0;
	return note_growth(t, err) < 0 ? -1 : write_tree(t, err);
}

static int
begin(struct tool *t, const struct rdl_strs *operands, int argc,
    char *argv[], struct rdl_err *err)
{
	struct rdl_run_spec run;

	if (rdl_question_open(&t->question, &t->o->engine, t->o->prompt,
	    err) < 0)
		return -1;
	rdl_buf_reset(&t->scratch);
	rdl_question_spec(&t->question, &t->o->engine, &run, &t->scratch);
	run.tool = "taxonomy-expand";
	run.argc = argc;
	run.argv = argv;
	if (rdl_stage_begin(&t->stage, &t->o->stage, operands, &run, err) < 0)
		return -1;
	return rdl_engine_open(&t->engine, &t->o->engine, t->question.model,
	    t->stage.ledger, &t->stage.totals, err);
}

static int
expand(const struct opts *o, const struct rdl_strs *operands, int argc,
    char *argv[])
{
	struct tool t = { .o = o, .stage = RDL_STAGE_INIT,
		.question = RDL_QUESTION_INIT,
		.scratch = RDL_BUF_INIT(RDL_FILE_MAX) };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_growth_init(&t.growth, (size_t)o->max_children);
	rc = begin(&t, operands, argc, argv, &err);
	if (rc == 0)
		rc = grow(&t, &err);
	rdl_engine_close(t.engine);
	status = rdl_stage_end(&t.stage, rc, &err);
	rdl_question_release(&t.question);
	rdl_growth_release(&t.growth);
	rdl_buf_release(&t.scratch);
	return status;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		PROMPT, 3, 1, 4, 1000, { 2, 1 }, 0.85, false };
	struct rdl_strs operands = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	if (!rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		status = expand(&o, &operands, argc, argv);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
