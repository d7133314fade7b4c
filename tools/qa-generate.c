/*
 * riddle-qa-generate: a model writes a question and an answer for each task of
 * a match (TaskGalaxy, step 4).  Reads match records, asks once for all tasks
 * of each, writes qa records.  It does not judge them: riddle-qa-judge does.
 */
#include "core/tool.h"
#include "domain/labels.h"
#include "domain/pairs.h"
#include "model/filter.h"

#define PROMPT "embedded:pipelines/taskgalaxy/prompts/qa-generate.prompt"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt;
	bool partial;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_FLAG, .name = "partial",
	    .off = offsetof(struct opts, partial),
	    .help = "keep the good pairs of a reply that lacks others; each "
	    "task counts as one record" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-qa-generate", "[options] [file ...]",
	"write a question and an answer for each task of a match with a model",
	options, SIZE_MAX
};

/* A row in work. */
struct work {
	const struct opts *o;
	struct rdl_filter *f;
	const struct rdl_filter_row *row;
	struct rdl_labels labels;
	struct rdl_pairs pairs;
	struct rdl_buf text, from;
};

/* Servers are not told of the demand: some would then enforce nothing. */
static int
opened(void *ctx, struct rdl_question *q, struct rdl_err *err)
{
	struct rdl_buf schema = RDL_BUF_INIT(RDL_FILE_MAX);
	const char *text;
	size_t len;
	int rc = 0;

	(void)ctx;
	text = rdl_prompt_schema_text(q->prompt, &len);
	if (text != NULL)
		rc = rdl_pairs_schema(text, len, &schema, err);
	if (text != NULL && rc == 0)
		rc = rdl_question_constrain(q, schema.p, schema.len, false,
		    err);
	rdl_buf_release(&schema);
	return rc;
}

static int
view(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	(void)ctx;
	return rdl_labels_view(rec, out, err);
}

/* With --partial what is wrong with a pair is settled task by task. */
static bool
check(void *ctx, const struct rdl_rec *rec, yyjson_val *json,
    const char **rule, struct rdl_err *err)
{
	const struct opts *o = ctx;
	struct rdl_labels l = RDL_LABELS_INIT;
	struct rdl_pairs p = RDL_PAIRS_INIT;
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	bool good = false;

	*rule = "reply";
	if (rdl_labels_read(&l, rec, err) == 0 &&
	    rdl_pairs_read(&p, &l, rec, json, err) == 0) {
		*rule = "pair";
		rdl_pairs_faults(&p, &l, &why);
		good = o->partial || why.len == 0;
		if (!good)
			(void)rdl_err_set(err, RDL_E_INPUT, "%s", why.p);
	}
	rdl_pairs_release(&p);
	rdl_labels_release(&l);
	rdl_buf_release(&why);
	return good;
}

static int
emit(struct work *w, size_t i, struct rdl_err *err)
{
	int64_t rollout = w->o->engine.rollouts > 1 ? w->row->rollout : -1;
	struct rdl_id id;

	rdl_buf_reset(&w->text);
	if (rdl_pairs_record(&w->pairs, &w->labels, i, w->row->rec, &w->from,
	    rollout, &id, &w->text, err) < 0)
		return -1;
	return rdl_stage_emit(&w->f->stage, w->text.p, w->text.len, &id,
	    w->row->id, &w->row->answer->call, err);
}

/* Fail one task: what the ledger keeps is the match with that task alone,
 * which can be asked again as it is. */
static int
fail_task(struct work *w, size_t i, struct rdl_err *err)
{
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	struct rdl_label *l = w->labels.v;
	struct rdl_id id;
	size_t k;
	int rc;

	for (k = 0; k < w->labels.n; k++)
		l[k].kept = k == i;
	rdl_pairs_fault(&w->pairs, &w->labels, i, &why);
	rdl_buf_reset(&w->text);
	rc = rdl_labels_narrow(&w->labels, w->row->rec, w->from.p,
	    w->from.len, &id, &w->text, err);
	if (rc == 0) {
		w->text.len--;	/* a line without its newline */
		rc = rdl_filter_lose(w->f, w->row, true, "pair", why.p,
		    l[i].text, &w->text, err);
	}
	rdl_buf_release(&why);
	return rc;
}

/* What a reply gives beyond the tasks is dropped, and counted as one. */
static int
drop_extra(struct work *w, struct rdl_err *err)
{
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	const struct rdl_extra *e = w->pairs.extra;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->pairs.nextra && rc == 0; i++) {
		rdl_buf_reset(&why);
		rdl_buf_adds(&why, e[i].fault);
		w->f->stage.totals.in++;
		rc = rdl_filter_lose(w->f, w->row, false, "extra", why.p,
		    e[i].task, NULL, err);
	}
	rdl_buf_release(&why);
	return rc;
}

/* Each task for itself. */
static int
settle_tasks(struct work *w, struct rdl_err *err)
{
	size_t i;

	w->f->stage.totals.in += w->labels.n - 1;
	for (i = 0; i < w->labels.n; i++) {
		if (w->pairs.v[i].fault != NULL) {
			if (fail_task(w, i, err) < 0)
				return -1;
			continue;
		}
		if (emit(w, i, err) < 0)
			return -1;
		rdl_stage_passed(&w->f->stage);
	}
	return drop_extra(w, err);
}

/* All tasks or none. */
static int
settle_match(struct work *w, struct rdl_err *err)
{
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	size_t i;
	int rc = 0;

	rdl_pairs_faults(&w->pairs, &w->labels, &why);
	if (why.len > 0)
		rc = rdl_filter_lose(w->f, w->row, true, "pair", why.p, NULL,
		    NULL, err);
	else {
		for (i = 0; i < w->labels.n && rc == 0; i++)
			rc = emit(w, i, err);
		rdl_stage_passed(&w->f->stage);
	}
	rdl_buf_release(&why);
	return rc;
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	struct work w = { .o = ctx, .f = f, .row = row,
		.labels = RDL_LABELS_INIT, .pairs = RDL_PAIRS_INIT,
		.text = RDL_BUF_INIT(RDL_LINE_MAX),
		.from = RDL_BUF_INIT(RDL_LINE_MAX) };
	struct rdl_err why = RDL_ERR_INIT;
	int rc = -1;

	if (rdl_labels_read(&w.labels, row->rec, err) < 0)
		goto out;
	rdl_filter_from(row, &w.from);
	if (rdl_pairs_read(&w.pairs, &w.labels, row->rec, row->answer->json,
	    &why) < 0)
		rc = rdl_filter_lose(f, row, true, "reply", why.msg, NULL,
		    NULL, err);
	else
		rc = w.o->partial ? settle_tasks(&w, err) :
		    settle_match(&w, err);
out:
	rdl_pairs_release(&w.pairs);
	rdl_labels_release(&w.labels);
	rdl_buf_release(&w.text);
	rdl_buf_release(&w.from);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		PROMPT, false };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "qa-generate", .argc = argc,
		.argv = argv, .stage = &o.stage, .engine = &o.engine,
		.operands = &operands, .json = true, .ctx = &o,
		.opened = opened, .view = view, .check = check,
		.answer = answer };
	int status;

	rdl_tool_init(cli.name);
	if (!rdl_cli_parse(&cli, &o, &operands, argc, argv, &status)) {
		spec.prompt = o.prompt;
		status = rdl_filter_main(&spec);
	}
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
