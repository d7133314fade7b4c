/*
 * Texts and images of contrasts through the embedder, and their cosines.
 * Reads records from the test's stage and the images that they name.  Does not
 * say which groups are good.
 */
#include "domain/preference_clip.h"

#include <string.h>

#include "vision/embed_record.h"

#define BLOCK 64	/* groups whose texts go before their images, since a
			 * batch of the model is of one kind */

struct run {
	struct rdl_preference_test *t;
	size_t dim;
	struct rdl_rec rec, image;
	struct rdl_preference_group *block[BLOCK];
	size_t n, at;		/* groups of the block; the next to be asked */
	bool images;		/* for its images */
	bool ended;		/* no more records */
};

/* A job's place: texts first, then images. */
struct place {
	struct rdl_preference_group *g;
	size_t at;
};

static float *
vector_of(const struct run *r, const struct rdl_preference_group *g, size_t at)
{
	return (float *)g->user + at * r->dim;
}

/* Jobs of a group: one that cannot be scored takes a place in the order. */
static size_t
places(const struct rdl_preference_group *g)
{
	return g->user == NULL ? 1 : 2 * g->n;
}

/* Read groups while there are some, waiting for the first alone.  1; 0 at the
 * end; 2, none now; -1. */
static int
read_block(struct run *r, bool wait, struct rdl_err *err)
{
	struct rdl_preference_group *g;
	int rc;

	r->n = r->at = 0;
	r->images = false;
	while (!r->ended && r->n < BLOCK) {
		if ((r->n > 0 || !wait) && !rdl_stage_ready(r->t->stage))
			break;
		rc = rdl_stage_next(r->t->stage, &r->rec, err);
		if (rc < 0)
			return -1;
		r->ended = rc == 0;
		if (r->ended)
			break;
		g = rdl_preference_group_new(r->t, &r->rec, false);
		if (g->lost.rule == NULL)
			g->user = rdl_arena_alloc(&g->arena,
			    2 * g->n * r->dim * sizeof(float));
		r->block[r->n++] = g;
	}
	return r->n > 0 ? 1 : r->ended ? 0 : 2;
}

/* The group that the next job is of, or NULL at the end of the block. */
static struct rdl_preference_group *
next_group(struct run *r)
{
	while (!r->images) {
		while (r->at < r->n && r->block[r->at]->user == NULL)
			r->at++;
		if (r->at < r->n)
			break;
		r->images = true;
		r->at = 0;
	}
	return r->at < r->n ? r->block[r->at] : NULL;
}

/* A job of a picture, by its object as a record. */
static int
image_job(struct run *r, struct rdl_embed_job *job,
    const struct rdl_preference_side *s, struct rdl_err *err)
{
	if (rdl_rec_parse(&r->image, s->image, s->image_len, err) < 0)
		return -1;
	rdl_embed_image(job, &r->image);
	return 0;
}

static int
fill(struct run *r, struct rdl_embed_job *job, struct rdl_preference_group *g,
    struct rdl_err *err)
{
	struct place *p = rdl_arena_alloc(&job->arena, sizeof(*p));
	const struct rdl_preference_side *s;
	struct rdl_err why = RDL_ERR_INIT;

	p->g = g;
	p->at = g->asked++;
	job->user = p;
	if (g->user == NULL) {
		job->rule = g->lost.rule;
		job->why = g->lost.text;
		return 0;
	}
	s = &g->sides[p->at % g->n];
	if (p->at < g->n) {
		job->text = s->text;
		job->text_len = s->text_len;
		return 0;
	}
	if (image_job(r, job, s, &why) == 0)
		return 0;
	/* A name that comes twice in the object, say. */
	if (why.cls != RDL_E_INPUT) {
		*err = why;
		return -1;
	}
	job->rule = "record";
	job->why = rdl_arena_dup(&job->arena, why.msg, strlen(why.msg));
	return 0;
}

static int
source(void *ctx, struct rdl_embed_job *job, bool wait, struct rdl_err *err)
{
	struct run *r = ctx;
	struct rdl_preference_group *g = next_group(r);
	int rc;

	if (g == NULL) {
		rc = read_block(r, wait, err);
		if (rc != 1)
			return rc;
		g = next_group(r);
	}
	if (fill(r, job, g, err) < 0)
		return -1;
	/* Behind its last job the group may be gone. */
	if (g->asked == g->n || g->asked == places(g))
		r->at++;
	return 1;
}

static void
lose(struct rdl_preference_group *g, size_t at,
    const struct rdl_embed_job *job)
{
	const char *rule;

	if (g->lost.rule != NULL)
		return;		/* the first one says it */
	rule = rdl_arena_dup(&g->arena, job->rule, strlen(job->rule));
	(void)rdl_reason_set(&g->lost, true, rule, "side %zu: %s",
	    at % g->n + 1, job->why);
}

static double
cosine(const float *a, const float *b, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += (double)a[d] * (double)b[d];
	return sum;
}

static int
settle(struct run *r, struct rdl_preference_group *g, struct rdl_err *err)
{
	size_t i, j;

	for (i = 0; i < g->n && g->lost.rule == NULL; i++)
		for (j = 0; j < g->n; j++)
			g->scores[i * g->n + j] = cosine(vector_of(r, g, i),
			    vector_of(r, g, g->n + j), r->dim);
	return rdl_preference_group_settle(r->t, g, err);
}

static int
sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	const struct place *p = job->user;
	struct run *r = ctx;

	if (job->vector != NULL)
		memcpy(vector_of(r, p->g, p->at), job->vector,
		    r->dim * sizeof(float));
	else
		lose(p->g, p->at, job);
	return ++p->g->done == places(p->g) ? settle(r, p->g, err) : 0;
}

static int
flush(void *ctx, struct rdl_err *err)
{
	return rdl_stage_flush(((struct run *)ctx)->t->stage, err);
}

int
rdl_preference_clip_run(struct rdl_preference_test *t,
    struct rdl_embed *embed, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { source, sink, flush };
	const struct rdl_clip_info *info = rdl_embed_info(embed);
	struct run r = { .t = t, .dim = info->dim, .rec = RDL_REC_INIT,
		.image = RDL_REC_INIT };
	int rc;

	rdl_buf_reset(&t->scorer);
	rdl_buf_adds(&t->scorer, "{\"by\":\"clip\",\"model\":");
	rdl_buf_addjson(&t->scorer, info->name, strlen(info->name));
	rdl_buf_adds(&t->scorer, ",\"model_key\":\"");
	rdl_buf_addhex(&t->scorer, info->key.b, sizeof(info->key.b));
	rdl_buf_adds(&t->scorer, "\"}");
	rc = rdl_embed_run(embed, &ops, &r, err);
	rdl_rec_release(&r.rec);
	rdl_rec_release(&r.image);
	return rc;
}
