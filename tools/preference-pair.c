/*
 * riddle-preference-pair: which images show their own instruction better than
 * their siblings', and which answers are better than others (InstructEngine).
 * Reads contrast records, scores or takes scores, writes those that pass with
 * all their scores; of other records with scored answers it makes preference
 * records.  It does not cut triples: that is cross-pair's.
 */
#include <math.h>
#include <string.h>

#include "core/tool.h"
#include "domain/preference_clip.h"
#include "domain/preference_judge.h"
#include "domain/scored.h"

#define PROMPT \
	"embedded:pipelines/instructengine/prompts/preference-pair.prompt"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	struct rdl_embed_opts embed;
	struct rdl_alignment_rule rule;
	struct rdl_scored_opts scored;
	const char *prompt, *scale;
	int pairs;		/* 0 best-worst, 1 all */
};

static const char *const tests[] = { "both", "text", "image", NULL };
static const char *const kinds_of_pairs[] = { "best-worst", "all", NULL };

/* Those of every tool that embeds, but that --model is a judge here. */
static struct rdl_opt embed_options[16];

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_REAL, .name = "min-own", .arg = "D",
	    .lo = -1e15, .hi = 1e15, .off = offsetof(struct opts, rule.min_own),
	    .help = "the least score of an image with its own text" },
	{ .type = RDL_OPT_REAL, .name = "min-gap", .arg = "D",
	    .lo = 0, .hi = 1e15, .off = offsetof(struct opts, rule.min_gap),
	    .help = "by how much own has to go before sibling, at least; "
	    "without it own only has to be more" },
	{ .type = RDL_OPT_ENUM, .name = "test", .arg = "both|text|image",
	    .off = offsetof(struct opts, rule.test), .choices = tests,
	    .help = "text: each image prefers its own text; image: each text "
	    "its own image" },
	{ .type = RDL_OPT_STR, .name = "prompt", .letter = 'p',
	    .arg = "FILE", .off = offsetof(struct opts, prompt),
	    .help = "the question to --model, instead of riddle's own" },
	{ .type = RDL_OPT_STR, .name = "scale", .arg = "LOW..HIGH",
	    .off = offsetof(struct opts, scale),
	    .help = "scores of --model are whole numbers from LOW to HIGH" },
	{ .type = RDL_OPT_STR, .name = "answers", .arg = "FIELD",
	    .off = offsetof(struct opts, scored.answers),
	    .help = "the list of answers in a record that is no contrast" },
	{ .type = RDL_OPT_STR, .name = "prompt-field", .arg = "FIELD",
	    .off = offsetof(struct opts, scored.prompt),
	    .help = "what they answer" },
	{ .type = RDL_OPT_STR, .name = "text", .arg = "FIELD",
	    .off = offsetof(struct opts, scored.text),
	    .help = "in an answer: its text" },
	{ .type = RDL_OPT_STR, .name = "score", .arg = "FIELD",
	    .off = offsetof(struct opts, scored.score),
	    .help = "in an answer: its score, a number, more is better" },
	{ .type = RDL_OPT_ENUM, .name = "pairs", .arg = "best-worst|all",
	    .off = offsetof(struct opts, pairs), .choices = kinds_of_pairs,
	    .help = "of the answers of a record" },
	{ .type = RDL_OPT_REAL, .name = "min-margin", .arg = "D",
	    .lo = 0, .hi = 1e15,
	    .off = offsetof(struct opts, scored.min_margin),
	    .help = "scores of a pair are so far apart, at least; equal ones "
	    "are never a pair" },
	{ .type = RDL_OPT_INT, .name = "max-pairs", .arg = "N",
	    .lo = 0, .hi = 1000000,
	    .off = offsetof(struct opts, scored.max_pairs),
	    .help = "pairs of a record, at most, the widest (0: all)" },
	{ .type = RDL_OPT_GROUP, .off = offsetof(struct opts, embed),
	    .help = "scores by CLIP", .group = embed_options },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-preference-pair", "[options] [file ...]",
	"keep contrasts whose images fit their own instructions, pair scored "
	"answers", options, SIZE_MAX
};

struct tool {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_preference_test test;
	struct rdl_scored scored;
	/* By whom scores are: at most one of these. */
	struct rdl_embed *embed;
	struct rdl_question question;
	struct rdl_scale scale;
	struct rdl_rec rec;
	struct rdl_buf line, text;
};

static void
make_table(void)
{
	size_t i;

	for (i = 0; rdl_embed_options[i].type != RDL_OPT_END; i++) {
		embed_options[i] = rdl_embed_options[i];
		if (strcmp(embed_options[i].name, "model") != 0)
			continue;
		embed_options[i].name = "clip";
		embed_options[i].letter = 'c';
		embed_options[i].help = "score by this CLIP model, a folder "
		    "of Hugging Face or OpenCLIP";
	}
}

/* -- Answers that have scores ----------------------------------------------*/

static int
lose(struct tool *t, const struct rdl_id *id, const struct rdl_reason *why,
    struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = why->failed, .id = *id,
		.rule = why->rule, .record = t->rec.line,
		.record_len = t->rec.len };
	struct rdl_err text = RDL_ERR_INIT;

	(void)rdl_err_set(&text, RDL_E_INPUT, "%s", why->text);
	(void)rdl_stage_where(&t->stage, &text);
	loss.value = why->value[0] != '\0' ? why->value : NULL;
	loss.threshold = why->threshold[0] != '\0' ? why->threshold : NULL;
	loss.reason = text.msg;
	return rdl_stage_lose(&t->stage, &loss, err);
}

/* An edge to an answer, or a picture, that is a record of its own. */
static int
note_answer(struct tool *t, const struct rdl_id *pair, size_t at,
    struct rdl_err *err)
{
	const struct rdl_scored_answer *a = &t->scored.v[at];
	const struct rdl_quote *q = a->image.p != NULL ? &a->text : &a->id;
	struct rdl_id id;

	if (t->stage.ledger == NULL || q->len == 0)
		return 0;
	if (rdl_id_parse(q->p, q->len, &id) == 0 &&
	    rdl_ledger_alias(t->stage.ledger, &id, q->p, q->len, err) < 0)
		return -1;
	return rdl_ledger_add(t->stage.ledger, pair, &id, NULL, err);
}

static int
put_pair(struct tool *t, size_t i, struct rdl_err *err)
{
	const struct rdl_scored_pair *p = &t->scored.pairs[i];
	struct rdl_id id;

	rdl_buf_reset(&t->line);
	if (rdl_scored_write(&t->scored, i, &id, &t->line, err) < 0 ||
	    rdl_stage_emit(&t->stage, t->line.p, t->line.len, &id,
	    &t->scored.id, NULL, err) < 0 ||
	    note_answer(t, &id, p->chosen, err) < 0)
		return -1;
	return note_answer(t, &id, p->rejected, err);
}

static int
pair_answers(struct tool *t, struct rdl_err *err)
{
	struct rdl_reason why;
	struct rdl_id id;
	size_t i;

	if (rdl_id_of(&t->rec, &id, err) < 0)
		return rdl_stage_where(&t->stage, err);
	if (rdl_scored_read(&t->scored, &t->rec, &id, &why) == 0)
		return lose(t, &id, &why, err);
	for (i = 0; i < t->scored.npairs; i++)
		if (put_pair(t, i, err) < 0)
			return -1;
	rdl_stage_passed(&t->stage);
	return 0;
}

/* Nobody is asked: contrasts have scores, and so have answers. */
static int
run_given(struct tool *t, struct rdl_err *err)
{
	int rc;

	while ((rc = rdl_stage_next(&t->stage, &t->rec, err)) > 0) {
		if (yyjson_equals_str(rdl_rec_get(&t->rec, "kind"),
		    "contrast"))
			rc = rdl_preference_group_settle(&t->test,
			    rdl_preference_group_new(&t->test, &t->rec, true),
			    err);
		else
			rc = pair_answers(t, err);
		if (rc < 0)
			break;
	}
	return rc;
}

/* -- The run ---------------------------------------------------------------*/

static int
note(struct tool *t, const char *name, struct rdl_err *err)
{
	int rc = 0;

	if (t->text.len > 0 && t->stage.ledger != NULL)
		rc = rdl_run_note(t->stage.ledger, name, t->text.p,
		    t->text.len, err);
	rdl_buf_reset(&t->text);
	return rc;
}

/* What was found over all records. */
static int
tell(struct tool *t, struct rdl_err *err)
{
	const struct rdl_embed_totals *n;

	rdl_preference_sums_json(&t->test.sums, &t->text);
	if (note(t, "alignment", err) < 0)
		return -1;
	rdl_scored_lengths_json(&t->scored.lengths, &t->text);
	if (note(t, "lengths", err) < 0)
		return -1;
	rdl_scored_lengths_text(&t->scored.lengths, &t->text);
	if (t->text.len > 0)
		rdl_warn("%s", t->text.p);
	rdl_buf_reset(&t->text);
	if (t->embed == NULL)
		return 0;
	n = rdl_embed_totals(t->embed);
	if (n->truncated > 0)
		rdl_warn("%llu texts are longer than the model's %zu tokens "
		    "and were cut", (unsigned long long)n->truncated,
		    rdl_embed_info(t->embed)->context);
	rdl_buf_addf(&t->text, "{\"computed\":%llu,\"reused\":%llu,"
	    "\"truncated\":%llu}", (unsigned long long)n->computed,
	    (unsigned long long)n->reused, (unsigned long long)n->truncated);
	return note(t, "embeddings", err);
}

static int
run(struct tool *t, struct rdl_err *err)
{
	struct rdl_buf estimate = RDL_BUF_INIT(RDL_KIB * 4);
	int rc;

	if (t->embed != NULL)
		rc = rdl_preference_clip_run(&t->test, t->embed, err);
	else if (t->question.prompt != NULL)
		rc = rdl_preference_judge_run(&t->test, &t->question,
		    &t->scale, &t->o->engine, &estimate, err);
	else
		rc = run_given(t, err);
	if (rc == 0)
		rc = tell(t, err);
	if (rc == 0 && estimate.len > 0)
		rdl_warn("dry run: %s", estimate.p);
	rdl_buf_release(&estimate);
	return rc;
}

/* What decides the output, for the ledger. */
static void
describe(const struct tool *t, struct rdl_run_spec *spec,
    struct rdl_buf *params)
{
	const struct opts *o = t->o;

	memset(spec, 0, sizeof(*spec));
	if (t->question.prompt != NULL) {
		rdl_question_spec(&t->question, &o->engine, spec, params);
		params->len -= params->len > 0;		/* the brace */
	}
	rdl_buf_adds(params, params->len > 1 ? "," : params->len == 1 ? "" :
	    "{");
	rdl_buf_addf(params, "\"test\":\"%s\"", tests[o->rule.test]);
	if (!isnan(o->rule.min_own))
		rdl_buf_addf(params, ",\"min_own\":%.15g", o->rule.min_own);
	if (!isnan(o->rule.min_gap))
		rdl_buf_addf(params, ",\"min_gap\":%.15g", o->rule.min_gap);
	rdl_buf_addf(params, ",\"pairs\":\"%s\",\"min_margin\":%.15g,"
	    "\"max_pairs\":%lld", kinds_of_pairs[o->pairs],
	    o->scored.min_margin, (long long)o->scored.max_pairs);
	if (t->embed != NULL) {
		rdl_buf_adds(params, ",\"model_key\":\"");
		rdl_buf_addhex(params, rdl_embed_info(t->embed)->key.b,
		    RDL_HASH_LEN);
		rdl_buf_addc(params, '"');
		spec->model = o->embed.model;
	}
	rdl_buf_addc(params, '}');
	spec->params = params->p;
	spec->tool = "preference-pair";
	spec->version = RDL_VERSION;
}

/* Whoever is to give scores, before anything else is open. */
static int
open_scorer(struct tool *t, struct rdl_err *err)
{
	const struct opts *o = t->o;

	if (o->embed.model != NULL && o->engine.model != NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "--clip and --model: scores are by one of them");
	if (o->engine.rollouts > 1)
		return rdl_err_set(err, RDL_E_USAGE, "--rollouts: each image "
		    "and text is asked about once here");
	if (rdl_judge_scale(o->scale, &t->scale, err) < 0)
		return -1;
	if (o->embed.model != NULL) {
		t->embed = rdl_embed_open(&o->embed, err);
		return t->embed == NULL ? -1 : 0;
	}
	if (o->engine.model == NULL)
		return o->prompt == NULL ? 0 : rdl_err_set(err, RDL_E_USAGE,
		    "--prompt: there is no --model to be asked");
	if (rdl_question_open(&t->question, &o->engine, o->prompt != NULL ?
	    o->prompt : PROMPT, err) < 0)
		return -1;
	return rdl_preference_judge_open(&t->question, &t->scale, err);
}

static int
run_stage(struct tool *t, const struct rdl_strs *operands, int argc,
    char *argv[])
{
	struct rdl_buf params = RDL_BUF_INIT(RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT, late = RDL_ERR_INIT;
	struct rdl_run_spec spec;
	int rc;

	rdl_preference_test_init(&t->test, &t->o->rule, &t->stage);
	rdl_scored_init(&t->scored, &t->o->scored);
	rc = open_scorer(t, &err);
	if (rc == 0) {
		describe(t, &spec, &params);
		spec.argc = argc;
		spec.argv = argv;
		rc = rdl_stage_begin(&t->stage, &t->o->stage, operands, &spec,
		    &err);
	}
	if (rc == 0)
		rc = run(t, &err);
	if (rdl_embed_close(t->embed, &late) < 0 && rc == 0) {
		err = late;
		rc = -1;
	}
	rdl_buf_release(&params);
	return rdl_stage_end(&t->stage, rc, &err);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.engine = RDL_ENGINE_OPTS_DEFAULT,
		.embed = RDL_EMBED_OPTS_DEFAULT,
		.rule = { RDL_ALIGNMENT_BOTH, NAN, NAN },
		.scored = { "prompt", "answers", "text", "score", false, 0, 0 },
		.scale = "0..10" };
	static struct tool t = { .stage = RDL_STAGE_INIT,
		.question = RDL_QUESTION_INIT, .rec = RDL_REC_INIT,
		.line = RDL_BUF_INIT(RDL_LINE_MAX + 1),
		.text = RDL_BUF_INIT(RDL_MIB) };
	struct rdl_strs operands = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	make_table();
	t.o = &o;
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status) == 0) {
		o.scored.all = o.pairs == 1;
		status = run_stage(&t, &operands, argc, argv);
	}
	rdl_preference_test_release(&t.test);
	rdl_scored_release(&t.scored);
	rdl_question_release(&t.question);
	rdl_rec_release(&t.rec);
	rdl_buf_release(&t.line);
	rdl_buf_release(&t.text);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
