/*
 * riddle-task-filter: a model names the tasks of a match that fit its image
 * (TaskGalaxy, step 3).  Reads match records, asks one question for each,
 * writes them with the tasks that were named.  It adds no task.
 */
#include "core/tool.h"
#include "domain/labels.h"
#include "model/filter.h"

#define PROMPT "embedded:pipelines/taskgalaxy/prompts/task-filter.prompt"

enum { UNOFFERED_FAIL, UNOFFERED_DROP };

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt;
	int unoffered;
};

static const char *const unoffered_choices[] = { "fail", "drop", NULL };

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_ENUM, .name = "unoffered", .arg = "WHAT",
	    .off = offsetof(struct opts, unoffered),
	    .choices = unoffered_choices,
	    .help = "a reply that names what was not offered: fail the "
	    "record, or drop that name" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-task-filter", "[options] [file ...]",
	"keep the tasks of a match that a model says fit its image",
	options, SIZE_MAX
};

static int
view(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	(void)ctx;
	return rdl_labels_view(rec, out, err);
}

static bool
check(void *ctx, const struct rdl_rec *rec, yyjson_val *json,
    const char **rule, struct rdl_err *err)
{
	const struct opts *o = ctx;
	bool drop = o->unoffered == UNOFFERED_DROP;
	struct rdl_labels l = RDL_LABELS_INIT;
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	enum rdl_labels_choice choice;
	bool good = false;

	if (rdl_labels_read(&l, rec, err) == 0) {
		choice = rdl_labels_choose(&l, json, drop, &why);
		good = choice == RDL_LABELS_SOME || choice ==
		    RDL_LABELS_NONE || (choice == RDL_LABELS_UNOFFERED &&
		    drop);
		*rule = choice == RDL_LABELS_UNOFFERED ? "unoffered" :
		    "reply";
		if (!good)
			(void)rdl_err_set(err, RDL_E_INPUT, "%s", why.p);
	}
	rdl_labels_release(&l);
	rdl_buf_release(&why);
	return good;
}

/* Write the match with the tasks that were kept. */
static int
emit(struct rdl_filter *f, const struct rdl_filter_row *row,
    const struct rdl_labels *l, struct rdl_err *err)
{
	struct rdl_buf from = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf out = RDL_BUF_INIT(RDL_LINE_MAX + RDL_MIB);
	bool all = rdl_labels_all(l);
	char text[RDL_ID_TEXT + 2];
	struct rdl_edit edits[2];
	struct rdl_id id;
	int rc = 0;

	if (all)
		rdl_rec_edit(row->rec, edits, rdl_filter_identify(row, edits,
		    text), &out);
	else {
		rdl_filter_from(row, &from);
		rc = rdl_labels_narrow(l, row->rec, from.p, from.len, &id,
		    &out, err);
	}
	if (rc == 0)
		rc = rdl_stage_emit(&f->stage, out.p, out.len, all ? row->id :
		    &id, all ? NULL : row->id, &row->answer->call, err);
	rdl_stage_passed(&f->stage);
	rdl_buf_release(&from);
	rdl_buf_release(&out);
	return rc;
}

/* Act on what the model chose; why says what is wrong with it. */
static int
settle(const struct opts *o, struct rdl_filter *f,
    const struct rdl_filter_row *row, const struct rdl_labels *l,
    enum rdl_labels_choice choice, const char *why, struct rdl_err *err)
{
	bool drop = o->unoffered == UNOFFERED_DROP;

	switch (choice) {
	case RDL_LABELS_UNREADABLE:
		return rdl_filter_lose(f, row, true, "reply", why, NULL, NULL,
		    err);
	case RDL_LABELS_NONE:
		return rdl_filter_lose(f, row, false, "none", why, NULL, NULL,
		    err);
	case RDL_LABELS_UNOFFERED:
		return rdl_filter_lose(f, row, !drop, "unoffered", why, NULL,
		    NULL, err);
	case RDL_LABELS_SOME:
		break;
	}
	/* Names that were passed over are counted beside the record. */
	if (why != NULL) {
		f->stage.totals.in++;
		if (rdl_filter_lose(f, row, false, "unoffered", why, NULL,
		    NULL, err) < 0)
			return -1;
	}
	return emit(f, row, l, err);
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	const struct opts *o = ctx;
	struct rdl_labels l = RDL_LABELS_INIT;
	struct rdl_buf why = RDL_BUF_INIT(RDL_MIB);
	enum rdl_labels_choice choice;
	int rc;

	rc = rdl_labels_read(&l, row->rec, err);
	if (rc == 0) {
		choice = rdl_labels_choose(&l, row->answer->json,
		    o->unoffered == UNOFFERED_DROP, &why);
		rc = settle(o, f, row, &l, choice, why.p, err);
	}
	rdl_labels_release(&l);
	rdl_buf_release(&why);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		PROMPT, UNOFFERED_FAIL };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "task-filter", .argc = argc,
		.argv = argv, .stage = &o.stage, .engine = &o.engine,
		.operands = &operands, .json = true, .once = true, .ctx = &o,
		.view = view, .check = check, .answer = answer };
	int status;

	rdl_tool_init(cli.name);
	if (!rdl_cli_parse(&cli, &o, &operands, argc, argv, &status)) {
		spec.prompt = o.prompt;
		status = rdl_filter_main(&spec);
	}
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
