/*
 * riddle-contrast-generate: a model makes two opposing instructions of each
 * base (InstructEngine).  Reads instruction records, asks one question for
 * each, writes contrast records.  It draws nothing: riddle-image-generate does.
 */
#include "core/tool.h"
#include "domain/minhash.h"
#include "domain/opposites.h"
#include "model/filter.h"

#define PROMPT \
	"embedded:pipelines/instructengine/prompts/contrast-generate.prompt"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	const char *prompt, *dimensions;
	int64_t shuffle_seed;
	double near;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "dimensions", .letter = 'd',
	    .arg = "NAME=WEIGHT,...",
	    .off = offsetof(struct opts, dimensions),
	    .help = "how often each dimension is drawn" },
	{ .type = RDL_OPT_INT, .name = "shuffle-seed", .arg = "N",
	    .lo = 0, .hi = (double)INT32_MAX,
	    .off = offsetof(struct opts, shuffle_seed),
	    .help = "seed by which dimensions and the order of sides are "
	    "drawn" },
	{ .type = RDL_OPT_REAL, .name = "near", .arg = "J",
	    .lo = 0, .hi = 1,
	    .off = offsetof(struct opts, near),
	    .help = "drop instructions as like an earlier one as this "
	    "(Jaccard similarity); 0 keeps all" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE",
	    .off = offsetof(struct opts, prompt),
	    .help = "the question, instead of riddle's own" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-contrast-generate", "[options] [file ...]",
	"make two opposing instructions of each base instruction with a model",
	options, SIZE_MAX
};

struct tool {
	const struct opts *o;
	struct rdl_opposites_quota quota;
	struct rdl_opposites_bias bias;
	struct rdl_minhash *bases;	/* or NULL */
};

/* Near-duplicates of a base would be asked about twice. */
static bool
want(void *ctx, const struct rdl_rec *rec, const char **rule,
    struct rdl_err *why)
{
	struct tool *t = ctx;
	const char *text;
	uint32_t number;
	double jaccard;
	size_t len;

	text = rdl_rec_str(rec, "text", &len);
	if (t->bases == NULL || text == NULL || len == 0 ||
	    rdl_minhash_add(t->bases, text, len, &number, &jaccard, why) <= 0)
		return true;
	*rule = "near";
	(void)rdl_err_set(why, RDL_E_INPUT, "as an earlier instruction (number "
	    "%lu of those that were kept): similarity %.3f",
	    (unsigned long)number + 1, jaccard);
	return false;
}

static int
view(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct tool *t = ctx;
	struct rdl_id id;

	if (rdl_id_of(rec, &id, err) < 0)
		return -1;
	return rdl_opposites_view(rec, rdl_opposites_draw(&t->quota, &id,
	    (uint64_t)t->o->shuffle_seed), out, err);
}

static bool
check(void *ctx, const struct rdl_rec *rec, yyjson_val *json,
    const char **rule, struct rdl_err *why)
{
	struct rdl_opposites s = RDL_OPPOSITES_INIT;
	bool good;

	(void)ctx;
	(void)rec;
	good = rdl_opposites_read(&s, json, rule, why) == 0;
	rdl_opposites_release(&s);
	return good;
}

static int
emit(struct tool *t, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_opposites *s, struct rdl_err *err)
{
	uint64_t seed = (uint64_t)t->o->shuffle_seed;
	enum rdl_dimension d = rdl_opposites_draw(&t->quota, row->id, seed);
	struct rdl_buf from = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_id id;
	bool swapped;
	int rc;

	swapped = rdl_opposites_shuffle(s, row->id, row->rollout, seed);
	rdl_filter_from(row, &from);
	if (rdl_opposites_record(s, d, row->rec, &from,
	    t->o->engine.rollouts > 1 ? row->rollout : -1, &id, &line,
	    &why) < 0)
		rc = rdl_filter_lose(f, row, true, "record", why.msg, NULL,
		    NULL, err);
	else {
		rdl_opposites_count(&t->bias, s, d, swapped);
		rc = rdl_stage_emit(&f->stage, line.p, line.len, &id, row->id,
		    &row->answer->call, err);
		rdl_stage_passed(&f->stage);
	}
	rdl_buf_release(&from);
	rdl_buf_release(&line);
	return rc;
}

static int
answer(void *ctx, struct rdl_filter *f, const struct rdl_filter_row *row,
    struct rdl_err *err)
{
	struct rdl_opposites s = RDL_OPPOSITES_INIT;
	struct rdl_err why = RDL_ERR_INIT;
	const char *rule;
	int rc;

	if (rdl_opposites_read(&s, row->answer->json, &rule, &why) < 0)
		rc = rdl_filter_lose(f, row, true, rule, why.msg, NULL, NULL,
		    err);
	else
		rc = emit(ctx, f, row, &s, err);
	rdl_opposites_release(&s);
	return rc;
}

/* Lengths that give a side away are a bias that a model will learn. */
static int
ended(void *ctx, struct rdl_filter *f, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(64 * RDL_KIB);
	struct tool *t = ctx;
	int rc = 0;

	rdl_opposites_bias_json(&t->bias, &text);
	if (f->stage.ledger != NULL)
		rc = rdl_run_note(f->stage.ledger, "lengths", text.p,
		    text.len, err);
	rdl_buf_reset(&text);
	rdl_opposites_bias_text(&t->bias, &text);
	if (text.len > 0)
		rdl_warn("%s", text.p);
	rdl_buf_release(&text);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, RDL_ENGINE_OPTS_DEFAULT,
		PROMPT, "content=1,counterfactual=1,aesthetics=1", 0, 0.8 };
	struct tool t = { .o = &o };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_filter_spec spec = { .tool = "contrast-generate",
		.argc = argc, .argv = argv, .stage = &o.stage,
		.engine = &o.engine, .operands = &operands, .json = true,
		.ctx = &t, .want = want, .view = view, .check = check,
		.answer = answer, .ended = ended };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (rdl_opposites_quota(o.dimensions, &t.quota, &err) < 0) {
		(void)rdl_err_prefix(&err, "--dimensions");
		status = rdl_tool_fail(&err);
		goto out;
	}
	if (o.near > 0)
		t.bases = rdl_minhash_new(o.near);
	spec.prompt = o.prompt;
	status = rdl_filter_main(&spec);
	rdl_minhash_free(t.bases);
out:
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
