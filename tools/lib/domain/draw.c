/*
 * Pictures for the texts of records: questions and answers.
 * Reads records from a stage, asks the engine for a picture a side, has each
 * decoded by the pool.  Records and losses are written by draw_write.c.
 */
#include "domain/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/num.h"
#include "core/rng.h"
#include "core/utf8.h"
#include "domain/draw_impl.h"

#define SIDE_MAX 16384	/* pixels of a picture's side */

/* -- Questions --------------------------------------------------------------*/

/* A seed that depends on nothing but the user's, the record and the side.
 * Servers take 31 bits. */
static int64_t
seed_of(const struct rdl_draw *d, const struct rdl_draw_group *g, size_t side)
{
	struct rdl_buf text = RDL_BUF_INIT(256);
	char name[RDL_ID_TEXT];
	struct rdl_hash h;

	if (d->engine_opts.seed < 0 || !rdl_dialect_draws_by_seed(d->model))
		return -1;
	rdl_id_format(&g->id, name);
	rdl_buf_addf(&text, "%" PRId64 " %zu %s", d->engine_opts.seed,
	    d->o.same_seed ? 0 : side, name);
	h = rdl_hash_of(text.p, text.len);
	rdl_buf_release(&text);
	return (int64_t)(h.b[0] & 0x7f) << 24 | h.b[1] << 16 | h.b[2] << 8 |
	    h.b[3];
}

/* Is this a picture, of the size that was asked for? */
static bool
check(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    const char **rule, struct rdl_err *why)
{
	struct rdl_draw_side *s = job->user;
	struct rdl_pool_result r;
	struct rdl_draw *d = ctx;

	*rule = "image";
	if (rdl_pool_submit(d->pool, 0, a->reply->images[0],
	    a->reply->image_lens[0], why) < 0 ||
	    rdl_pool_take(d->pool, &r, why) <= 0) {
		d->broken = *why;
		return false;
	}
	if (!r.ok) {
		(void)rdl_err_set(why, RDL_E_INPUT,
		    "what the server sent is no sound image (%s): %s", r.rule,
		    r.why);
		return false;
	}
	*rule = "size";
	s->info = r.info;
	s->phash = r.phash;
	if (d->width == 0 || (r.info.width == d->width && r.info.height ==
	    d->height))
		return true;
	(void)rdl_err_set(why, RDL_E_INPUT, "the server sent an image of "
	    "%" PRIu32 "x%" PRIu32 ", asked for was %s", r.info.width,
	    r.info.height, d->o.size);
	return false;
}

static void
ask(struct rdl_draw *d, struct rdl_draw_group *g, struct rdl_job *job)
{
	size_t i = g->asked++;
	struct rdl_request *r = &job->request;

	job->user = &g->sides[i];
	if (g->lost.rule != NULL) {
		job->failed_rule = g->lost.rule;
		job->failed_reason = g->lost.text;
		return;
	}
	r->op = RDL_OP_IMAGE;
	r->model = d->model;
	r->sampling = (struct rdl_sampling)RDL_SAMPLING_INIT;
	r->sampling.seed = seed_of(d, g, i);
	r->prompt = g->sides[i].text;
	r->size = d->o.size;
	r->steps = d->o.steps;
	job->check = check;
	job->check_ctx = d;
}

static int
source(void *ctx, struct rdl_job *job, struct rdl_err *err)
{
	struct rdl_draw *d = ctx;
	int rc;

	if (d->current == NULL) {
		if (!rdl_stage_ready(d->stage))
			return 2;
		rc = rdl_stage_next(d->stage, &d->rec, err);
		if (rc <= 0)
			return rc;
		d->current = rdl_draw_group_new(d);
	}
	ask(d, d->current, job);
	if (d->current->asked < d->current->places)
		return 1;
	if (rdl_engine_silent(&d->engine_opts))
		rdl_stage_passed(d->stage);
	d->current = NULL;
	return 1;
}

static int
source_fd(void *ctx)
{
	return rdl_stage_fd(((struct rdl_draw *)ctx)->stage);
}

/* -- Answers ----------------------------------------------------------------*/

static void
keep(struct rdl_draw *d, struct rdl_draw_side *s, const struct rdl_job *job,
    const struct rdl_answer *a)
{
	const struct rdl_reply *r = a->reply;
	const char *file = (const char *)r->images[0];

	s->len = r->image_lens[0];
	rdl_draw_plain(&s->info, file, s->len, &d->plain);
	s->plain = rdl_hash_sha256(d->plain.p, d->plain.len);
	if (d->o.strip) {
		file = d->plain.p;
		s->len = d->plain.len;
	}
	s->file = rdl_mem_dup(file, s->len);
	s->sha256 = rdl_hash_sha256(s->file, s->len);
	s->seed = r->seed >= 0 ? r->seed : job->request.sampling.seed;
	s->resolved = rdl_mem_strdup(r->resolved);
	s->call = a->call;
}

/* The first side that is lost says why the record is. */
static void
lose_side(struct rdl_draw_group *g, const struct rdl_draw_side *s,
    const struct rdl_answer *a)
{
	if (g->lost.rule != NULL)
		return;
	if (g->n == 1)
		(void)rdl_reason_set(&g->lost, true, a->rule, "%s",
		    a->reason);
	else
		(void)rdl_reason_set(&g->lost, true, a->rule,
		    "side %zu of %zu: %s", (size_t)(s - g->sides) + 1, g->n,
		    a->reason);
	g->has_call = a->asked;
	g->call = a->call;
}

static int
sink(void *ctx, struct rdl_job *job, const struct rdl_answer *a,
    struct rdl_err *err)
{
	struct rdl_draw_side *s = job->user;
	struct rdl_draw_group *g = s->group;
	struct rdl_draw *d = ctx;
	int rc = 0;

	if (d->broken.cls != RDL_E_NONE) {
		*err = d->broken;
		return -1;
	}
	if (a->ok)
		keep(d, s, job, a);
	else
		lose_side(g, s, a);
	if (++g->answered == g->places) {
		rc = rdl_draw_settle(d, g, err);
		rdl_draw_group_free(g);
	}
	return rc;
}

static int
flush(void *ctx, struct rdl_err *err)
{
	return rdl_out_flush(&((struct rdl_draw *)ctx)->stage->out, err);
}

/* -- Beginning and end ------------------------------------------------------*/

/* "WxH" in one spelling. */
static int
read_size(struct rdl_draw *d, struct rdl_err *err)
{
	char again[48];

	if (d->o.size == NULL)
		return 0;
	if (rdl_num_pair(d->o.size, 'x', 1, &d->width, &d->height, err) < 0)
		goto wrong;
	(void)snprintf(again, sizeof(again), "%" PRId64 "x%" PRId64, d->width,
	    d->height);
	if (strcmp(again, d->o.size) == 0 && d->width <= SIDE_MAX &&
	    d->height <= SIDE_MAX)
		return 0;
wrong:
	return rdl_err_set(err, RDL_E_USAGE, "--size: '%.40s' is not "
	    "WIDTHxHEIGHT in pixels, 1 to %d each", d->o.size, SIDE_MAX);
}

/* Options that this server has no use for are not passed over. */
static int
check_opts(const struct rdl_draw *d, struct rdl_err *err)
{
	const struct rdl_engine_opts *e = &d->engine_opts;

	if (d->o.store == NULL || d->o.store[0] == '\0' ||
	    rdl_utf8_valid(d->o.store, strlen(d->o.store)) <
	    strlen(d->o.store))
		return rdl_err_set(err, RDL_E_USAGE, "give --store DIR, where "
		    "the pictures are kept; its name is UTF-8");
	if (e->model == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "no model: give --model NAME");
	if (e->rollouts > 1)
		return rdl_err_set(err, RDL_E_USAGE, "--rollouts: each side "
		    "gets one picture; another --seed gives others");
	if (e->temperature >= 0 || e->max_tokens >= 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "--temperature, --max-tokens: not for pictures");
	return 0;
}

static int
check_model(struct rdl_draw *d, struct rdl_err *err)
{
	const struct rdl_model *m = d->model;
	bool a1111 = m->dialect == &rdl_dialect_a1111;

	if (!rdl_dialect_draws(m))
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s does not draw pictures", m->name);
	if (d->o.steps > 0 && !a1111 && !m->quirks.sd_seed)
		return rdl_err_set(err, RDL_E_USAGE, "--steps: %s is not told "
		    "of them; see the quirk sd_seed in riddle-models(7)",
		    m->name);
	/* Its calls share one lock, and get in each other's way. */
	if (a1111)
		d->engine_opts.inflight = 1;
	if (d->engine_opts.timeout_s >= 0)
		d->model->deadline_ms = d->engine_opts.timeout_s * 1000;
	return 0;
}

static int
open_all(struct rdl_draw *d, struct rdl_err *err)
{
	struct rdl_pool_opts pool = { .workers = 1, .unsafe = d->o.unsafe,
		.image = RDL_IMAGE_OPTS_DEFAULT, .phash = true };
	const struct rdl_engine_opts *e = &d->engine_opts;

	if (check_opts(d, err) < 0 || read_size(d, err) < 0)
		return -1;
	d->model = rdl_model_resolve(e->model, e->models, !e->offline &&
	    !e->dry_run && e->batch != RDL_BATCH_WRITE, err);
	if (d->model == NULL || check_model(d, err) < 0)
		return -1;
	d->pool = rdl_pool_new(&pool, err);
	return d->pool == NULL ? -1 : 0;
}

struct rdl_draw *
rdl_draw_open(const struct rdl_draw_opts *opts,
    const struct rdl_engine_opts *engine, struct rdl_err *err)
{
	struct rdl_draw *d = rdl_mem_calloc(1, sizeof(*d));

	d->o = *opts;
	d->engine_opts = *engine;
	rdl_buf_init(&d->line, RDL_LINE_MAX);
	rdl_buf_init(&d->json, RDL_LINE_MAX);
	rdl_buf_init(&d->uri, RDL_LINE_MAX);
	rdl_buf_init(&d->plain, RDL_IMAGE_MAX);
	rdl_buf_init(&d->estimate, 4096);
	if (open_all(d, err) == 0)
		return d;
	rdl_draw_close(d);
	return NULL;
}

void
rdl_draw_close(struct rdl_draw *d)
{
	if (d == NULL)
		return;
	while (d->groups != NULL)
		rdl_draw_group_free(d->groups);
	rdl_pool_free(d->pool);
	rdl_model_free(d->model);
	rdl_rec_release(&d->rec);
	rdl_map_release(&d->pictures);
	rdl_buf_release(&d->line);
	rdl_buf_release(&d->json);
	rdl_buf_release(&d->uri);
	rdl_buf_release(&d->plain);
	rdl_buf_release(&d->estimate);
	free(d);
}

void
rdl_draw_spec(const struct rdl_draw *d, struct rdl_run_spec *spec,
    struct rdl_buf *params)
{
	rdl_buf_addf(params, "{\"same_seed\":%s", d->o.same_seed ? "true" :
	    "false");
	if (d->engine_opts.seed >= 0)
		rdl_buf_addf(params, ",\"seed\":%" PRId64,
		    d->engine_opts.seed);
	if (d->o.size != NULL)
		rdl_buf_addf(params, ",\"size\":\"%s\"", d->o.size);
	if (d->o.steps > 0)
		rdl_buf_addf(params, ",\"steps\":%" PRId64, d->o.steps);
	rdl_buf_addc(params, '}');
	spec->model = d->model->name;
	spec->model_endpoint = d->model->endpoint;
	spec->params = params->p;
}

int
rdl_draw_run(struct rdl_draw *d, struct rdl_stage *stage, struct rdl_err *err)
{
	static const struct rdl_engine_ops ops = { source, source_fd, sink,
		flush };

	struct rdl_engine *engine;
	int rc;

	d->stage = stage;
	if (rdl_engine_open(&engine, &d->engine_opts, d->model,
	    stage->ledger, &stage->totals, err) < 0)
		return -1;
	rc = rdl_engine_run(engine, &ops, d, err);
	if (d->engine_opts.dry_run)
		rdl_engine_estimate(engine, &d->estimate);
	rdl_engine_close(engine);	/* before its ledger */
	return rc;
}

uint64_t
rdl_draw_repeats(const struct rdl_draw *d)
{
	return d->repeats;
}

void
rdl_draw_estimate(const struct rdl_draw *d, struct rdl_buf *out)
{
	rdl_buf_add(out, d->estimate.p, d->estimate.len);
}
