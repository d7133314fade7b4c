/*
 * A filter that calls a model.
 * Connects a stage (rows and ledger) with an engine (questions and answers).
 */
#include "model/filter.h"

#include <stdio.h>
#include <string.h>

#include "core/tool.h"

/* What a job keeps of its row. */
struct row {
	const char *line;
	size_t len;
	struct rdl_id id;
	bool has_id, dropped;
	int64_t rollout;
};

/* Name the row.  One that cannot be named (a kind that is none, an identity
 * field missing) goes by the hash of its line, and fails. */
static void
identify(const struct rdl_filter *f, struct row *row, struct rdl_job *job)
{
	struct rdl_err why = RDL_ERR_INIT;
	int rc = rdl_id_of(&f->rec, &row->id, &why);

	row->has_id = rc == 1;
	if (rc >= 0)
		return;
	memset(&row->id, 0, sizeof(row->id));
	row->id.hash = rdl_hash_of(row->line, row->len);
	job->failed_rule = "id";
	job->failed_reason = rdl_arena_dup(&job->arena, why.msg,
	    strlen(why.msg));
}

/* The row as the prompt is to see it: 0, or -1. */
static int
view(struct rdl_filter *f, yyjson_val **seen, struct rdl_err *err)
{
	*seen = f->rec.root;
	if (f->spec->view == NULL)
		return 0;
	rdl_buf_reset(&f->view);
	if (f->spec->view(f->spec->ctx, &f->rec, &f->view, err) < 0)
		return -1;
	if (rdl_buf_full(&f->view))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the row is too long for a prompt");
	while (f->view.len > 0 && f->view.p[f->view.len - 1] == '\n')
		f->view.len--;
	if (rdl_rec_parse(&f->seen, f->view.p, f->view.len, err) < 0)
		return -1;
	*seen = f->seen.root;
	return 0;
}

/* Fill the job with the question, or with why it cannot be asked. */
static int
fill(struct rdl_filter *f, int64_t rollout, struct rdl_job *job,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	yyjson_val *seen;

	if (view(f, &seen, &why) == 0)
		return rdl_question_fill(&f->question, seen, rollout, job,
		    err);
	if (why.cls != RDL_E_INPUT) {
		*err = why;
		return -1;
	}
	job->failed_rule = "input";
	job->failed_reason = rdl_arena_dup(&job->arena, why.msg,
	    strlen(why.msg));
	return 0;
}

/* The engine asks whether a reply is an answer for its row. */
static bool
check(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    const char **rule, struct rdl_err *why)
{
	struct rdl_filter *f = ctx;
	const struct row *row = job->user;

	return rdl_rec_parse(&f->answered, row->line, row->len, why) == 0 &&
	    f->spec->check(f->spec->ctx, &f->answered, a->json, rule, why);
}

/* Read the next row: 1, 0, 2 or -1 as the source of the engine. */
static int
read_row(struct rdl_filter *f, struct rdl_err *err)
{
	const char *rule = "unwanted";
	int rc;

	if (!rdl_stage_ready(&f->stage))
		return 2;
	rc = rdl_stage_next(&f->stage, &f->rec, err);
	if (rc <= 0)
		return rc;
	f->rollout = 0;
	f->stage.totals.in += (uint64_t)f->spec->engine->rollouts - 1;
	f->unwanted = f->spec->want == NULL || f->spec->want(f->spec->ctx,
	    &f->rec, &rule, &f->why) ? NULL : rule;
	return 1;
}

/* A row that is not wanted only takes its place in the order. */
static void
refuse(const struct rdl_filter *f, struct row *row, struct rdl_job *job)
{
	row->dropped = true;
	job->failed_rule = f->unwanted;
	job->failed_reason = rdl_arena_dup(&job->arena, f->why.msg,
	    strlen(f->why.msg));
}

static int
source(void *ctx, struct rdl_job *job, struct rdl_err *err)
{
	struct rdl_filter *f = ctx;
	struct row *row;
	int rc;

	if (f->rollout == f->spec->engine->rollouts &&
	    (rc = read_row(f, err)) != 1)
		return rc;
	row = rdl_arena_alloc(&job->arena, sizeof(*row));
	row->line = rdl_arena_dup(&job->arena, f->rec.line, f->rec.len);
	row->len = f->rec.len;
	row->rollout = f->rollout++;
	job->user = row;
	if (f->spec->check != NULL) {
		job->check = check;
		job->check_ctx = f;
	}
	identify(f, row, job);
	if (job->failed_rule == NULL && f->unwanted != NULL)
		refuse(f, row, job);
	if (job->failed_rule == NULL && fill(f, row->rollout, job, err) < 0)
		return rdl_stage_where(&f->stage, err);
	if (rdl_engine_silent(f->spec->engine))
		rdl_stage_passed(&f->stage);
	return 1;
}

static int
source_fd(void *ctx)
{
	return rdl_stage_fd(&((struct rdl_filter *)ctx)->stage);
}

/* The row as a failed record. */
static int
lose(struct rdl_filter *f, const struct row *row, const struct rdl_answer *a,
    struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	loss.failed = !row->dropped;
	loss.id = row->id;
	loss.rule = a->rule;
	loss.reason = a->reason;
	loss.value = a->text;
	loss.call = a->asked ? &a->call : NULL;
	loss.record = row->line;
	loss.record_len = row->len;
	return rdl_stage_lose(&f->stage, &loss, err);
}

static int
sink(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    struct rdl_err *err)
{
	struct rdl_filter *f = ctx;
	const struct row *row = job->user;
	struct rdl_filter_row out;

	if (!a->ok)
		return lose(f, row, a, err);
	if (rdl_rec_parse(&f->answered, row->line, row->len, err) < 0)
		return -1;
	out.rec = &f->answered;
	out.id = &row->id;
	out.has_id = row->has_id;
	out.rollout = row->rollout;
	out.answer = a;
	return f->spec->answer(f->spec->ctx, f, &out, err);
}

static int
flush(void *ctx, struct rdl_err *err)
{
	return rdl_out_flush(&((struct rdl_filter *)ctx)->stage.out, err);
}

size_t
rdl_filter_identify(const struct rdl_filter_row *row,
    struct rdl_edit edits[2], char *buf)
{
	char text[RDL_ID_TEXT];
	size_t n = 0;
	int len;

	if (row->has_id)
		return 0;
	if (rdl_rec_get(row->rec, "kind") == NULL)
		edits[n++] = (struct rdl_edit){ "kind", "\"row\"", 5 };
	rdl_id_format(row->id, text);
	len = snprintf(buf, RDL_ID_TEXT + 2, "\"%s\"", text);
	edits[n++] = (struct rdl_edit){ "id", buf, (size_t)len };
	return n;
}

void
rdl_filter_from(const struct rdl_filter_row *row, struct rdl_buf *out)
{
	char text[RDL_ID_TEXT];
	size_t len;
	const char *id = rdl_rec_str(row->rec, "id", &len);

	if (id == NULL) {
		rdl_id_format(row->id, text);
		id = text;
		len = strlen(text);
	}
	rdl_buf_addc(out, '[');
	rdl_buf_addjson(out, id, len);
	rdl_buf_addc(out, ']');
}

int
rdl_filter_lose(struct rdl_filter *f, const struct rdl_filter_row *row,
    bool failed, const char *rule, const char *reason, const char *value,
    const struct rdl_buf *record, struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	loss.failed = failed;
	loss.id = *row->id;
	loss.rule = rule;
	loss.reason = reason;
	loss.value = value != NULL ? value : row->answer->text;
	loss.call = &row->answer->call;
	loss.record = record != NULL ? record->p : row->rec->line;
	loss.record_len = record != NULL ? record->len : row->rec->len;
	return rdl_stage_lose(&f->stage, &loss, err);
}

/* What the tool wants of the question. */
static int
examine(struct rdl_filter *f, struct rdl_err *err)
{
	const struct rdl_filter_spec *s = f->spec;

	if (s->once && s->engine->rollouts > 1)
		return rdl_err_set(err, RDL_E_USAGE, "--rollouts: each record "
		    "is asked about once here");
	if (s->json && !rdl_prompt_wants_json(f->question.prompt))
		return rdl_err_set(err, RDL_E_USAGE, "%s: the answer must be "
		    "JSON, output: { format: json }", s->prompt);
	return s->opened == NULL ? 0 : s->opened(s->ctx, &f->question, err);
}

static int
begin(struct rdl_filter *f, struct rdl_err *err)
{
	const struct rdl_filter_spec *s = f->spec;
	struct rdl_buf params = RDL_BUF_INIT(4096);
	struct rdl_run_spec run;
	int rc;

	rdl_question_spec(&f->question, s->engine, &run, &params);
	run.tool = s->tool;
	run.argc = s->argc;
	run.argv = s->argv;
	rc = rdl_stage_begin(&f->stage, s->stage, s->operands, &run, err);
	rdl_buf_release(&params);
	if (rc < 0)
		return -1;
	f->rollout = s->engine->rollouts;
	return rdl_engine_open(&f->engine, s->engine, f->question.model,
	    f->stage.ledger, &f->stage.totals, err);
}

static int
run(struct rdl_filter *f, struct rdl_err *err)
{
	static const struct rdl_engine_ops ops = { source, source_fd, sink,
		flush };
	struct rdl_buf text = RDL_BUF_INIT(4096);
	int rc;

	rc = rdl_engine_run(f->engine, &ops, f, err);
	if (rc == 0 && f->spec->ended != NULL &&
	    !rdl_engine_silent(f->spec->engine))
		rc = f->spec->ended(f->spec->ctx, f, err);
	if (rc == 0 && f->spec->engine->dry_run) {
		rdl_engine_estimate(f->engine, &text);
		rdl_warn("dry run: %s", text.p);
		rdl_buf_release(&text);
	}
	return rc;
}

int
rdl_filter_main(const struct rdl_filter_spec *spec)
{
	struct rdl_filter f = { .stage = RDL_STAGE_INIT,
		.question = RDL_QUESTION_INIT, .rec = RDL_REC_INIT,
		.answered = RDL_REC_INIT, .seen = RDL_REC_INIT,
		.view = RDL_BUF_INIT(RDL_LINE_MAX), .spec = spec };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rc = rdl_question_open(&f.question, spec->engine, spec->prompt, &err);
	if (rc == 0)
		rc = examine(&f, &err);
	if (rc == 0 && (rc = begin(&f, &err)) == 0)
		rc = run(&f, &err);
	rdl_engine_close(f.engine);
	status = rdl_stage_end(&f.stage, rc, &err);
	rdl_question_release(&f.question);
	rdl_rec_release(&f.rec);
	rdl_rec_release(&f.answered);
	rdl_rec_release(&f.seen);
	rdl_buf_release(&f.view);
	return status;
}
