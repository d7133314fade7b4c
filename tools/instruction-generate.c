/*
 * riddle-instruction-generate: a model writes base instructions for each task
 * of a taxonomy (InstructEngine).  Reads task records, asks one question for
 * each, writes instruction records.  It contrasts nothing and draws nothing.
 */
#include "core/tool.h"
#include "domain/instructions.h"
#include "model/filter.h"

#define PROMPT \
	"embedded:pipelines/instructengine/prompts/instruction-generate.prompt"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt;
	int64_t count;
	bool partial;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_INT, .name = "count", .letter = 'c', .arg = "N",
	    .lo = 1, .hi = 1000,
	    .off = offsetof(struct opts, count),
	    .help = "ask for N instructions for each task" },
	{ .type = RDL_OPT_FLAG, .name = "partial",
	    .off = offsetof(struct opts, partial),
	    .help = "keep the good instructions of a reply that has fewer" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-instruction-generate", "[options] [file ...]",
	"write base instructions for each task of a taxonomy with a model",
	options, SIZE_MAX
};

static int
view(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct opts *o = ctx;

	return rdl_instructions_view(rec, o->count, out, err);
}

/* Read a reply and see whether it has enough: NULL, or the rule that it
 * breaks. */
static const char *
read_reply(const struct opts *o, struct rdl_instructions *s, yyjson_val *json,
    struct rdl_err *why)
{
	if (rdl_instructions_read(s, json, (size_t)o->count, why) < 0)
		return "reply";
	if (s->good == (size_t)o->count || (o->partial && s->good > 0))
		return NULL;
	(void)rdl_err_set(why, RDL_E_INPUT,
	    "%zu different instructions, %lld were asked for", s->good,
	    (long long)o->count);
	return "count";
}

static bool
check(void *ctx, const struct rdl_rec *rec, yyjson_val *json,
    const char **rule, struct rdl_err *why)
{
	struct rdl_instructions s = RDL_INSTRUCTIONS_INIT;
	const char *broken = read_reply(ctx, &s, json, why);

	(void)rec;
	rdl_instructions_release(&s);
	if (broken != NULL)
		*rule = broken;
	return broken == NULL;
}

/* What is not kept of a reply is dropped, and counted as one. */
static int
drop(struct rdl_filter *f, const struct rdl_filter_row *row,
    const struct rdl_instruction *i, struct rdl_err *err)
{
	f->stage.totals.in++;
	return rdl_filter_lose(f, row, false, i->fault,
	    rdl_instructions_fault(i->fault), i->text, NULL, err);
}

static int
emit(const struct opts *o, struct rdl_filter *f,
    const struct rdl_filter_row *row, const struct rdl_instruction *i,
    struct rdl_err *err)
{
	struct rdl_buf from = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_id id;
	int rc;

	rdl_filter_from(row, &from);
	rc = rdl_instructions_record(i, row->rec, row->id, &from,
	    o->engine.rollouts > 1 ? row->rollout : -1, &id, &line, err);
	if (rc == 0)
		rc = rdl_stage_emit(&f->stage, line.p, line.len, &id, row->id,
		    &row->answer->call, err);
	rdl_buf_release(&from);
	rdl_buf_release(&line);
	return rc;
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	struct rdl_instructions s = RDL_INSTRUCTIONS_INIT;
	struct rdl_err why = RDL_ERR_INIT;
	const struct opts *o = ctx;
	const char *broken;
	size_t i;
	int rc = 0;

	broken = read_reply(o, &s, row->answer->json, &why);
	if (broken != NULL)
		rc = rdl_filter_lose(f, row, true, broken, why.msg, NULL, NULL,
		    err);
	else
		rdl_stage_passed(&f->stage);
	for (i = 0; i < s.n && broken == NULL && rc == 0; i++)
		rc = s.v[i].fault == NULL ? emit(o, f, row, &s.v[i], err) :
		    drop(f, row, &s.v[i], err);
	rdl_instructions_release(&s);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		PROMPT, 10, false };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "instruction-generate",
		.argc = argc, .argv = argv, .stage = &o.stage,
		.engine = &o.engine, .operands = &operands, .json = true,
		.ctx = &o, .view = view, .check = check, .answer = answer };
	int status;

	rdl_tool_init(cli.name);
	if (!rdl_cli_parse(&cli, &o, &operands, argc, argv, &status)) {
		spec.prompt = o.prompt;
		status = rdl_filter_main(&spec);
	}
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
