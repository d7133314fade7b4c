/*
 * A question: a prompt file and a model, asked of one row after another.
 * Reads the prompt file, models.json and the images that rows name.
 */
#include "model/question.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"
#include "record/canon.h"

static int
bad_setting(const struct rdl_question *q, const char *key,
    struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_USAGE,
	    "%s: config: %s is not a setting that riddle knows, or has the "
	    "wrong type", rdl_prompt_name(q->prompt), key);
}

/* Stop sequences are borrowed from the prompt file. */
static int
take_stop(struct rdl_question *q, yyjson_val *v, struct rdl_err *err)
{
	yyjson_arr_iter it;
	yyjson_val *s;

	if (!yyjson_is_arr(v) || q->stop != NULL)
		return bad_setting(q, "stopSequences", err);
	q->stop = rdl_mem_calloc(yyjson_arr_size(v), sizeof(*q->stop));
	yyjson_arr_iter_init(v, &it);
	while ((s = yyjson_arr_iter_next(&it)) != NULL) {
		if (!yyjson_is_str(s))
			return bad_setting(q, "stopSequences", err);
		q->stop[q->sampling.nstop++] = yyjson_get_str(s);
	}
	q->sampling.stop = q->stop;
	return 0;
}

static int
take_setting(struct rdl_question *q, const char *key, yyjson_val *v,
    struct rdl_err *err)
{
	struct rdl_sampling *s = &q->sampling;
	bool whole = yyjson_is_int(v) && yyjson_get_num(v) >= 0;

	if (strcmp(key, "temperature") == 0 && yyjson_is_num(v))
		s->temperature = yyjson_get_num(v);
	else if (strcmp(key, "topP") == 0 && yyjson_is_num(v))
		s->top_p = yyjson_get_num(v);
	else if (strcmp(key, "topK") == 0 && whole)
		s->top_k = (int64_t)yyjson_get_uint(v);
	else if (strcmp(key, "maxOutputTokens") == 0 && whole)
		s->max_tokens = (int64_t)yyjson_get_uint(v);
	else if (strcmp(key, "seed") == 0 && whole)
		s->seed = (int64_t)yyjson_get_uint(v);
	else if (strcmp(key, "stopSequences") == 0)
		return take_stop(q, v, err);
	else
		return bad_setting(q, key, err);
	return 0;
}

static int
set_sampling(struct rdl_question *q, const struct rdl_engine_opts *o,
    struct rdl_err *err)
{
	yyjson_val *config = rdl_prompt_config(q->prompt), *key;
	yyjson_obj_iter it;

	if (config != NULL) {
		yyjson_obj_iter_init(config, &it);
		while ((key = yyjson_obj_iter_next(&it)) != NULL)
			if (take_setting(q, yyjson_get_str(key),
			    yyjson_obj_iter_get_val(key), err) < 0)
				return -1;
	}
	if (o->temperature >= 0)
		q->sampling.temperature = o->temperature;
	if (o->max_tokens >= 0)
		q->sampling.max_tokens = o->max_tokens;
	if (o->seed >= 0)
		q->sampling.seed = o->seed;
	return 0;
}

int
rdl_question_open(struct rdl_question *q, const struct rdl_engine_opts *o,
    const char *path, struct rdl_err *err)
{
	const char *model;

	q->images = o->images;
	q->prompt = rdl_prompt_load(path, err);
	if (q->prompt == NULL)
		return -1;
	model = o->model != NULL ? o->model : rdl_prompt_model(q->prompt);
	if (model == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "no model: give --model NAME, or \"model:\" in %s", path);
	q->model = rdl_model_resolve(model, o->models,
	    !o->offline && !o->dry_run && o->batch != RDL_BATCH_WRITE, err);
	if (q->model == NULL)
		return -1;
	if (o->timeout_s >= 0)
		q->model->deadline_ms = o->timeout_s * 1000;
	return set_sampling(q, o, err);
}

void
rdl_question_release(struct rdl_question *q)
{
	rdl_prompt_free(q->prompt);
	rdl_model_free(q->model);
	rdl_schema_free(q->schema);
	free(q->schema_text);
	free(q->stop);
	*q = (struct rdl_question)RDL_QUESTION_INIT;
}

int
rdl_question_constrain(struct rdl_question *q, const char *text, size_t len,
    bool send, struct rdl_err *err)
{
	rdl_schema_free(q->schema);
	free(q->schema_text);
	q->schema_text = NULL;
	q->schema = rdl_schema_compile(text, len, rdl_prompt_name(q->prompt),
	    err);
	if (q->schema == NULL)
		return -1;
	if (send) {
		q->schema_text = rdl_mem_dup(text, len);
		q->schema_len = len;
	}
	return 0;
}

/* Rendered text may borrow from the row; the job outlives it. */
static void
keep(struct rdl_messages *m, struct rdl_arena *arena)
{
	struct rdl_part *p;
	size_t i, j;

	for (i = 0; i < m->n; i++)
		for (j = 0; j < m->v[i].nparts; j++) {
			p = &m->v[i].parts[j];
			p->text = rdl_arena_dup(arena, p->text, p->len);
			if (p->caption != NULL)
				p->caption = rdl_arena_dup(arena, p->caption,
				    p->caption_len);
		}
}

int
rdl_question_fill(const struct rdl_question *q, yyjson_val *row,
    int64_t rollout, struct rdl_job *job, struct rdl_err *err)
{
	struct rdl_request *r = &job->request;
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_messages m = { NULL, 0 };

	r->op = RDL_OP_CHAT;
	r->model = q->model;
	r->sampling = q->sampling;
	r->json = rdl_prompt_wants_json(q->prompt);
	if (q->schema_text != NULL) {
		r->schema = q->schema_text;
		r->schema_len = q->schema_len;
	} else
		r->schema = rdl_prompt_schema_text(q->prompt, &r->schema_len);
	r->prompt_digest = *rdl_prompt_digest(q->prompt);
	r->rollout = rollout;
	job->schema = q->schema != NULL ? q->schema :
	    rdl_prompt_schema(q->prompt);
	if (rdl_prompt_render(q->prompt, row, &job->arena, &m, &why) == 0) {
		keep(&m, &job->arena);
		if (rdl_request_fill(r, &m, (enum rdl_image_mode)q->images,
		    &job->arena, &why) == 0)
			return 0;
	}
	if (why.cls != RDL_E_INPUT && why.cls != RDL_E_IO) {
		*err = why;
		return -1;
	}
	job->failed_rule = "input";
	job->failed_reason = rdl_arena_dup(&job->arena, why.msg,
	    strlen(why.msg));
	return 0;
}

static void
param_real(struct rdl_buf *out, const char *name, double v)
{
	if (isnan(v))
		return;
	rdl_buf_addf(out, ",\"%s\":", name);
	rdl_canon_number(v, out);
}

static void
param_int(struct rdl_buf *out, const char *name, int64_t v)
{
	if (v >= 0)
		rdl_buf_addf(out, ",\"%s\":%lld", name, (long long)v);
}

void
rdl_question_spec(const struct rdl_question *q,
    const struct rdl_engine_opts *o, struct rdl_run_spec *run,
    struct rdl_buf *params)
{
	static const char *const modes[] = { "pixels", "caption", "both" };

	rdl_buf_addf(params, "{\"images\":\"%s\"", modes[q->images]);
	param_real(params, "temperature", q->sampling.temperature);
	param_real(params, "top_p", q->sampling.top_p);
	param_int(params, "top_k", q->sampling.top_k);
	param_int(params, "max_tokens", q->sampling.max_tokens);
	param_int(params, "seed", q->sampling.seed);
	param_int(params, "rollouts", o->rollouts);
	rdl_buf_addc(params, '}');
	memset(run, 0, sizeof(*run));
	run->version = RDL_VERSION;
	run->model = q->model->name;
	run->model_endpoint = q->model->endpoint;
	run->prompt = rdl_prompt_name(q->prompt);
	run->prompt_digest = rdl_prompt_digest(q->prompt);
	run->params = params->p;
}
