/*
 * riddle-qa-judge: one judge gives each question a score (TaskGalaxy, step 5).
 * Reads qa records, asks a model one question for each, writes the records
 * with a score added.  It drops nothing: riddle-vote decides.
 */
#include <string.h>

#include "core/tool.h"
#include "core/utf8.h"
#include "domain/judge.h"
#include "model/filter.h"

#define PROMPTS "embedded:pipelines/taskgalaxy/prompts/"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt, *judge, *scale;
	bool see_answer;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "judge", .letter = 'j', .arg = "NAME",
	    .off = offsetof(struct opts, judge),
	    .help = "what the judge is called in the record, by default as "
	    "its model" },
	{ .type = RDL_OPT_STR, .name = "scale", .arg = "LOW..HIGH",
	    .off = offsetof(struct opts, scale),
	    .help = "scores are whole numbers from LOW to HIGH" },
	{ .type = RDL_OPT_FLAG, .name = "see-answer",
	    .off = offsetof(struct opts, see_answer),
	    .help = "show the judge the answer too, and have it judged" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-qa-judge", "[options] [file ...]",
	"have a model judge questions and add its scores",
	options, SIZE_MAX
};

struct tool {
	const struct opts *o;
	struct rdl_judge judge;
};

static int
check_name(const char *name, struct rdl_err *err)
{
	if (name[0] == '\0' || rdl_utf8_valid(name, strlen(name)) <
	    strlen(name))
		return rdl_err_set(err, RDL_E_USAGE,
		    "the name of the judge is empty, or is not UTF-8");
	return 0;
}

/* A reply whose score is not of the scale does not fit, and is asked for once
 * more; servers that can enforce that are told. */
static int
opened(void *ctx, struct rdl_question *q, struct rdl_err *err)
{
	struct rdl_buf schema = RDL_BUF_INIT(RDL_FILE_MAX);
	struct tool *t = ctx;
	const char *text;
	size_t len;
	int rc;

	t->judge.model = q->model->remote;
	t->judge.name = t->o->judge != NULL ? t->o->judge : t->judge.model;
	if (check_name(t->judge.name, err) < 0 ||
	    check_name(t->judge.model, err) < 0)
		return -1;
	text = rdl_prompt_schema_text(q->prompt, &len);
	rc = rdl_judge_schema(text, len, &t->judge.scale, &schema, err);
	if (rc == 0)
		rc = rdl_question_constrain(q, schema.p, schema.len, true,
		    err);
	rdl_buf_release(&schema);
	return rc < 0 ? rdl_err_prefix(err, "%s",
	    rdl_prompt_name(q->prompt)) : 0;
}

static int
view(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct tool *t = ctx;

	return rdl_judge_view(rec, &t->judge, out, err);
}

static int
emit(const struct tool *t, struct rdl_filter *f,
    const struct rdl_filter_row *row, int64_t score, const char *reason,
    size_t reason_len, struct rdl_err *err)
{
	struct rdl_buf scores = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf out = RDL_BUF_INIT(RDL_LINE_MAX);
	char id[RDL_ID_TEXT + 2];
	struct rdl_edit edits[3];
	size_t n;
	int rc;

	n = rdl_filter_identify(row, edits, id);
	rdl_judge_append(row->rec, &t->judge, score, reason, reason_len,
	    &row->answer->call, &scores);
	edits[n++] = (struct rdl_edit){ "scores", scores.p, scores.len };
	rdl_rec_edit(row->rec, edits, n, &out);
	if (rdl_buf_full(&scores) || rdl_buf_full(&out))
		rc = rdl_filter_lose(f, row, true, "record",
		    "with this score the record is too long", NULL, NULL, err);
	else {
		rc = rdl_stage_emit(&f->stage, out.p, out.len, row->id, NULL,
		    &row->answer->call, err);
		rdl_stage_passed(&f->stage);
	}
	rdl_buf_release(&scores);
	rdl_buf_release(&out);
	return rc;
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	const struct tool *t = ctx;
	struct rdl_err why = RDL_ERR_INIT;
	const char *reason;
	size_t reason_len;
	int64_t score;

	if (rdl_judge_read(row->answer->json, &t->judge.scale, &score,
	    &reason, &reason_len, &why) < 0)
		return rdl_filter_lose(f, row, true, "reply", why.msg, NULL,
		    NULL, err);
	return emit(t, f, row, score, reason, reason_len, err);
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		NULL, NULL, "0..1", false };
	struct tool t = { .o = &o };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "qa-judge", .argc = argc,
		.argv = argv, .stage = &o.stage, .engine = &o.engine,
		.operands = &operands, .json = true, .once = true, .ctx = &t,
		.opened = opened, .view = view, .answer = answer };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (rdl_judge_scale(o.scale, &t.judge.scale, &err) < 0) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	t.judge.sees_answer = o.see_answer;
	spec.prompt = o.prompt != NULL ? o.prompt : o.see_answer ?
	    PROMPTS "qa-judge-answer.prompt" : PROMPTS "qa-judge.prompt";
	status = rdl_filter_main(&spec);
out:
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
