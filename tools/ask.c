/*
 * riddle-ask: any prompt file as a filter.
 * Reads rows, asks a model one question for each, writes the rows with the
 * answer added.  It does not interpret the answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tool.h"
#include "record/json.h"
#include "model/filter.h"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt;
	const char *field;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, see riddle-prompt(7)" },
	{ .type = RDL_OPT_STR, .name = "field", .letter = 'f',
	    .arg = "NAME",
	    .off = offsetof(struct opts, field),
	    .help = "member that takes the answer" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-ask", "[options] --prompt FILE [file ...]",
	"ask a model one question for each row and add the answer",
	options, SIZE_MAX
};

/* The answer as JSON text: the value itself if JSON was asked for, else a
 * string without blanks at its ends. */
static char *
answer_text(const struct rdl_answer *a, size_t *len)
{
	struct rdl_buf out = RDL_BUF_INIT(RDL_REPLY_MAX);
	const char *p = a->text;
	size_t n = a->text_len;

	if (a->json != NULL)
		return rdl_json_val_write(a->json, 0, len);
	while (n > 0 && strchr(" \t\r\n", *p) != NULL) {
		p++;
		n--;
	}
	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL)
		n--;
	rdl_buf_addjson(&out, p, n);
	return rdl_buf_detach(&out, len);
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	const struct opts *o = ctx;
	struct rdl_buf out = RDL_BUF_INIT(RDL_LINE_MAX + RDL_REPLY_MAX);
	struct rdl_edit edits[4];
	char id[RDL_ID_TEXT + 2], *text, number[24];
	size_t n, len;
	int rc = -1;

	n = rdl_filter_identify(row, edits, id);
	text = answer_text(row->answer, &len);
	if (text == NULL) {
		rc = rdl_err_set(err, RDL_E_INPUT,
		    "the reply cannot be written as JSON");
		goto out;
	}
	edits[n++] = (struct rdl_edit){ o->field, text, len };
	if (o->engine.rollouts > 1) {
		len = (size_t)snprintf(number, sizeof(number), "%lld",
		    (long long)row->rollout);
		edits[n++] = (struct rdl_edit){ "rollout", number, len };
	}
	rdl_rec_edit(row->rec, edits, n, &out);
	rc = rdl_stage_emit(&f->stage, out.p, out.len, row->id, NULL,
	    &row->answer->call, err);
	rdl_stage_passed(&f->stage);
out:
	free(text);
	rdl_buf_release(&out);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		NULL, "answer" };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "ask", .argc = argc,
		.argv = argv, .stage = &o.stage, .engine = &o.engine,
		.operands = &operands, .ctx = &o, .answer = answer };
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (o.prompt == NULL) {
		rdl_warn("--prompt FILE is missing; see --help");
		status = RDL_EXIT_USAGE;
		goto out;
	}
	spec.prompt = o.prompt;
	status = rdl_filter_main(&spec);
out:
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
