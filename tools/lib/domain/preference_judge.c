/*
 * Questions about every text and image of a contrast, and their scores.
 * Reads records from the test's stage, asks the engine.  Does not say which
 * groups are good.
 */
#include "domain/preference_judge.h"

#include <string.h>

struct run {
	struct rdl_preference_test *t;
	const struct rdl_question *q;
	const struct rdl_scale *scale;
	const struct rdl_engine_opts *o;
	struct rdl_rec rec, row;
	struct rdl_buf view;
	struct rdl_preference_group *current;
};

struct place {
	struct rdl_preference_group *g;
	size_t at;		/* text * n + image */
};

/* What cannot be judged takes one place in the order. */
static size_t
places(const struct rdl_preference_group *g)
{
	return g->calls == NULL ? 1 : g->n * g->n;
}

int
rdl_preference_judge_open(struct rdl_question *q,
    const struct rdl_scale *scale, struct rdl_err *err)
{
	struct rdl_buf schema = RDL_BUF_INIT(RDL_FILE_MAX);
	const char *text, *name = rdl_prompt_name(q->prompt);
	size_t len;
	int rc;

	if (!rdl_prompt_wants_json(q->prompt))
		return rdl_err_set(err, RDL_E_USAGE, "%s: the answer must be "
		    "JSON, output: { format: json }", name);
	text = rdl_prompt_schema_text(q->prompt, &len);
	rc = rdl_judge_schema(text, len, scale, &schema, err);
	if (rc == 0)
		rc = rdl_question_constrain(q, schema.p, schema.len, true,
		    err);
	rdl_buf_release(&schema);
	return rc < 0 ? rdl_err_prefix(err, "%s", name) : 0;
}

/* What the prompt sees of a text and an image. */
static void
view(struct run *r, const struct rdl_preference_group *g, size_t at)
{
	const struct rdl_preference_side *text = &g->sides[at / g->n];
	const struct rdl_preference_side *image = &g->sides[at % g->n];
	struct rdl_buf *b = &r->view;

	rdl_buf_reset(b);
	rdl_buf_adds(b, "{\"text\":");
	rdl_buf_addjson(b, text->text, text->text_len);
	rdl_buf_adds(b, ",\"image\":");
	rdl_buf_add(b, image->image, image->image_len);
	rdl_buf_adds(b, ",\"dimension\":");
	if (g->user != NULL)
		rdl_buf_addjson(b, g->user, strlen(g->user));
	else
		rdl_buf_adds(b, "null");
	rdl_buf_addf(b, ",\"scale\":{\"low\":%lld,\"high\":%lld,"
	    "\"binary\":%s}}", (long long)r->scale->lo,
	    (long long)r->scale->hi,
	    r->scale->hi - r->scale->lo == 1 ? "true" : "false");
}

static int
fill(struct run *r, struct rdl_preference_group *g, struct rdl_job *job,
    struct rdl_err *err)
{
	struct place *p = rdl_arena_alloc(&job->arena, sizeof(*p));
	struct rdl_err why = RDL_ERR_INIT;

	p->g = g;
	p->at = g->asked++;
	job->user = p;
	if (g->lost.rule != NULL) {
		job->failed_rule = "record";
		job->failed_reason = rdl_arena_dup(&job->arena, g->lost.text,
		    strlen(g->lost.text));
		return 0;
	}
	view(r, g, p->at);
	if (rdl_buf_full(&r->view))
		(void)rdl_err_set(&why, RDL_E_INPUT,
		    "the record is too long for a prompt");
	else if (rdl_rec_parse(&r->row, r->view.p, r->view.len, &why) == 0)
		return rdl_question_fill(r->q, r->row.root, 0, job, err);
	job->failed_rule = "input";
	job->failed_reason = rdl_arena_dup(&job->arena, why.msg,
	    strlen(why.msg));
	return 0;
}

static struct rdl_preference_group *
new_group(struct run *r)
{
	struct rdl_preference_group *g = rdl_preference_group_new(r->t,
	    &r->rec, false);
	const char *dimension;
	size_t len;

	if (g->lost.rule != NULL)
		return g;
	g->calls = rdl_arena_alloc(&g->arena,
	    g->n * g->n * sizeof(*g->calls));
	dimension = rdl_rec_str(&r->rec, "dimension", &len);
	if (dimension != NULL)
		g->user = rdl_arena_dup(&g->arena, dimension, len);
	return g;
}

static int
source(void *ctx, struct rdl_job *job, struct rdl_err *err)
{
	struct run *r = ctx;
	struct rdl_preference_group *g = r->current;
	int rc;

	if (g == NULL) {
		if (!rdl_stage_ready(r->t->stage))
			return 2;
		rc = rdl_stage_next(r->t->stage, &r->rec, err);
		if (rc <= 0)
			return rc;
		g = r->current = new_group(r);
	}
	if (fill(r, g, job, err) < 0)
		return -1;
	if (g->asked == places(g)) {
		r->current = NULL;
		/* Nothing will come back. */
		if (rdl_engine_silent(r->o)) {
			rdl_stage_passed(r->t->stage);
			rdl_preference_group_free(g);
		}
	}
	return 1;
}

static int
source_fd(void *ctx)
{
	return rdl_stage_fd(((struct run *)ctx)->t->stage);
}

/* The first answer that is none says why the group is lost. */
static void
lose(struct rdl_preference_group *g, const struct place *p,
    const struct rdl_answer *a, const char *rule, const char *reason)
{
	if (g->lost.rule != NULL)
		return;
	rule = rdl_arena_dup(&g->arena, rule, strlen(rule));
	(void)rdl_reason_set(&g->lost, true, rule,
	    "text %zu with image %zu: %s", p->at / g->n + 1,
	    p->at % g->n + 1, reason);
	g->has_call = a->asked;
	g->call = a->call;
}

static int
sink(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    struct rdl_err *err)
{
	struct run *r = ctx;
	const struct place *p = job->user;
	struct rdl_preference_group *g = p->g;
	struct rdl_err why = RDL_ERR_INIT;
	const char *reason;
	int64_t score;
	size_t len;

	if (!a->ok) {
		lose(g, p, a, a->rule, a->reason);
	} else if (rdl_judge_read(a->json, r->scale, &score, &reason, &len,
	    &why) < 0) {
		lose(g, p, a, "reply", why.msg);
	} else {
		g->scores[p->at] = (double)score;
		g->calls[p->at] = a->call;
	}
	return ++g->done == places(g) ?
	    rdl_preference_group_settle(r->t, g, err) : 0;
}

static int
flush(void *ctx, struct rdl_err *err)
{
	return rdl_out_flush(&((struct run *)ctx)->t->stage->out, err);
}

int
rdl_preference_judge_run(struct rdl_preference_test *t,
    const struct rdl_question *q, const struct rdl_scale *scale,
    const struct rdl_engine_opts *o, struct rdl_buf *estimate,
    struct rdl_err *err)
{
	static const struct rdl_engine_ops ops = { source, source_fd, sink,
		flush };
	struct run r = { .t = t, .q = q, .scale = scale, .o = o,
		.rec = RDL_REC_INIT, .row = RDL_REC_INIT,
		.view = RDL_BUF_INIT(RDL_LINE_MAX) };
	struct rdl_engine *engine;
	int rc;

	rdl_buf_reset(&t->scorer);
	rdl_buf_adds(&t->scorer, "{\"by\":\"judge\",\"model\":");
	rdl_buf_addjson(&t->scorer, q->model->remote,
	    strlen(q->model->remote));
	rdl_buf_addf(&t->scorer, ",\"scale\":[%lld,%lld]}",
	    (long long)scale->lo, (long long)scale->hi);
	if (rdl_engine_open(&engine, o, q->model, t->stage->ledger,
	    &t->stage->totals, err) < 0)
		return -1;
	rc = rdl_engine_run(engine, &ops, &r, err);
	if (o->dry_run)
		rdl_engine_estimate(engine, estimate);
	rdl_engine_close(engine);	/* before its ledger */
	rdl_rec_release(&r.rec);
	rdl_rec_release(&r.row);
	rdl_buf_release(&r.view);
	return rc;
}
