/*
 * All contrasts of a run: kept, arranged, and then written.
 * Reads and writes records through the stage.  Finds no neighbours itself.
 */
#include "domain/pairing_whole.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"

void
rdl_pairing_whole_init(struct rdl_pairing_whole *w,
    struct rdl_pairing_emit *emit, struct rdl_embed *embed,
    const struct rdl_pairing_near_opts *near)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	w->emit = emit;
	w->embed = embed;
	w->near_opts = near;
	for (i = 0; i < RDL_CONTRAST_SIDES; i++)
		rdl_buf_init(&w->lines[i], RDL_LINE_MAX + 1);
}

void
rdl_pairing_whole_release(struct rdl_pairing_whole *w)
{
	size_t i;

	rdl_pairing_held_release(&w->held);
	rdl_pairing_near_release(&w->near);
	free(w->places);
	rdl_rec_release(&w->rec);
	for (i = 0; i < RDL_CONTRAST_SIDES; i++) {
		rdl_rec_release(&w->recs[i]);
		rdl_buf_release(&w->lines[i]);
	}
}

/* Keep the contrast that w->rec is: 1, or 0 if it was lost. */
static int
keep(struct rdl_pairing_whole *w, struct rdl_err *err)
{
	struct rdl_contrast *c = &w->contrast;
	struct rdl_reason why;
	const char *group;
	struct rdl_id id;
	size_t len;
	int good;

	if (rdl_id_of(&w->rec, &id, err) < 0)
		return rdl_stage_where(w->emit->stage, err);
	good = (w->embed != NULL) ?
	    rdl_contrast_read_any(c, &w->rec, true, &why) :
	    rdl_contrast_read(c, &w->rec, true, &why);
	if (good == 0 || rdl_pairing_check(w->emit->pairing, c, &id, &why) == 0)
		return rdl_pairing_emit_lose(w->emit, &w->rec, &id, &why,
		    err) < 0 ? -1 : 0;
	group = rdl_pairing_group(w->emit->pairing, c, &id, &len);
	if (rdl_pairing_held_add(&w->held, c, &id, group, len, err) < 0)
		return -1;
	return 1;
}

/* The next instruction for the embedder. */
static int
source(void *ctx, struct rdl_embed_job *job, bool wait, struct rdl_err *err)
{
	struct rdl_pairing_whole *w = ctx;
	const struct rdl_quote *text;
	int rc = 0;

	while (rc == 0 && w->at_side == w->contrast.n) {
		if (!wait && !rdl_stage_ready(w->emit->stage))
			return 2;
		rc = rdl_stage_next(w->emit->stage, &w->rec, err);
		if (rc <= 0)
			return rc;
		rc = keep(w, err);
		if (rc < 0)
			return -1;
		w->at_side = rc == 1 ? 0 : w->contrast.n;
	}
	text = &w->contrast.v[w->at_side++].text;
	job->text = rdl_arena_dup(&job->arena, text->p, text->len);
	job->text_len = text->len;
	return 1;
}

static int
sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	struct rdl_pairing_whole *w = ctx;

	if (job->vector == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%s", job->why);
	rdl_pairing_held_vector(&w->held, job->vector);
	return 0;
}

static int
flush(void *ctx, struct rdl_err *err)
{
	struct rdl_pairing_whole *w = ctx;

	return rdl_stage_flush(w->emit->stage, err);
}

static int
read_all(struct rdl_pairing_whole *w, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { source, sink, flush };
	int rc;

	w->contrast.n = w->at_side = 0;
	if (w->embed != NULL)
		return rdl_embed_run(w->embed, &ops, w, err);
	while ((rc = rdl_stage_next(w->emit->stage, &w->rec, err)) > 0)
		if ((rc = keep(w, err)) < 0)
			break;
	return rc;
}

/*
 * Folds go by what shares an image.  Neighbours come together within a fold
 * only: over all of them one group would lead to the next until all are one.
 */
static int
arrange(struct rdl_pairing_whole *w, struct rdl_err *err)
{
	struct rdl_pairing_held *h = &w->held;
	int64_t *folds;
	size_t i;
	int rc = 0;

	w->places = rdl_mem_calloc(h->n, sizeof(*w->places));
	folds = rdl_mem_calloc(h->n, sizeof(*folds));
	for (i = 0; i < h->n; i++) {
		rdl_pairing_held_place(h, i, &w->places[i]);
		folds[i] = rdl_pairing_fold(w->emit->pairing->o,
		    w->places[i].group, w->places[i].len);
	}
	for (i = 0; i < h->nsamples; i++)
		h->samples[i].set = folds[h->owners[i]] < 0 ? 0 :
		    (uint32_t)folds[h->owners[i]];
	if (w->embed != NULL)
		rc = rdl_pairing_near(h->vectors, h->dim, h->samples,
		    h->nsamples, w->near_opts, &w->near, err);
	for (i = 0; i < w->near.n; i++)
		if (w->near.next[i] != i)
			rdl_pairing_held_join(h, h->owners[i],
			    h->owners[w->near.next[i]]);
	for (i = 0; i < h->n; i++) {
		rdl_pairing_held_place(h, i, &w->places[i]);
		w->places[i].fold = folds[i];
	}
	free(folds);
	return rc;
}

/* Does a side of contrast i stand in a group across contrasts? */
static bool
has_neighbour(const struct rdl_pairing_whole *w, size_t i)
{
	const struct rdl_pairing_kept *k = &w->held.v[i];
	uint32_t s;

	for (s = k->first; s < k->first + k->n; s++)
		if (w->near.next != NULL && w->near.next[s] != s)
			return true;
	return false;
}

/* The triples of contrast i's own sides. */
static int
pair_kept(struct rdl_pairing_whole *w, size_t i, struct rdl_err *err)
{
	struct rdl_reason why;
	struct rdl_id id;

	if (rdl_pairing_held_get(&w->held, i, &w->lines[0], &w->recs[0],
	    err) < 0 || rdl_id_of(&w->recs[0], &id, err) < 0)
		return -1;
	if (w->held.v[i].n < 2) {
		if (has_neighbour(w, i)) {
			rdl_stage_passed(w->emit->stage);
			return 0;
		}
		(void)rdl_reason_set(&why, false, "one-side", "there is "
		    "nothing to compare with the only side, and no neighbour");
		return rdl_pairing_emit_lose(w->emit, &w->recs[0], &id, &why,
		    err);
	}
	if (rdl_contrast_read(&w->contrast, &w->recs[0], true, &why) == 0 ||
	    rdl_pairing_begin(w->emit->pairing, &w->contrast, &id,
	    &w->places[i], w->emit->texts, &why) == 0)
		return rdl_err_set(err, RDL_E_IO, "internal: a contrast that "
		    "was kept is of no use: %s", why.text);
	if (rdl_pairing_emit_all(w->emit, &w->contrast, err) < 0)
		return -1;
	rdl_stage_passed(w->emit->stage);
	return 0;
}

/* The triples of the group that sample first leads. */
static int
pair_across(struct rdl_pairing_whole *w, uint32_t first, struct rdl_err *err)
{
	struct rdl_pairing_held *h = &w->held;
	const struct rdl_pairing_kept *k;
	struct rdl_contrast *c = &w->sides;
	struct rdl_reason why;
	size_t i, j, owner;
	uint32_t s = first;

	c->n = 0;
	do {
		owner = h->owners[s];
		k = &h->v[owner];
		if (rdl_pairing_held_get(h, owner, &w->lines[c->n],
		    &w->recs[c->n], err) < 0)
			return -1;
		if (rdl_contrast_read_any(&w->contrast, &w->recs[c->n], true,
		    &why) == 0)
			return rdl_err_set(err, RDL_E_IO, "internal: %s",
			    why.text);
		c->v[c->n] = w->contrast.v[s - k->first];
		w->across.recs[c->n] = &w->recs[c->n];
		w->across.numbers[c->n] = s - k->first + 1;
		w->in_group[c->n++] = s;
		s = w->near.next[s];
	} while (s != first);
	c->rec = &w->recs[0];
	for (i = 0; i < c->n; i++)
		for (j = 0; j < c->n; j++)
			w->across.cos[i * c->n + j] = rdl_pairing_near_cos(
			    h->vectors + w->in_group[i] * h->dim,
			    h->vectors + w->in_group[j] * h->dim, h->dim);
	rdl_pairing_begin_across(w->emit->pairing, c, &w->across,
	    &w->places[h->owners[first]], w->emit->texts);
	return rdl_pairing_emit_all(w->emit, c, err);
}

/* Siblings in the order of the input, then groups across contrasts, in that of
 * their first sides. */
static int
write_all(struct rdl_pairing_whole *w, struct rdl_err *err)
{
	uint32_t s, at;
	size_t i;

	for (i = 0; i < w->held.n; i++)
		if (rdl_tool_stopped() || pair_kept(w, i, err) < 0)
			goto stopped;
	for (s = 0; s < w->near.n; s++) {
		for (at = w->near.next[s]; at > s; at = w->near.next[at])
			;
		if (w->near.next[s] == s || at < s)
			continue;
		if (rdl_tool_stopped() || pair_across(w, s, err) < 0)
			goto stopped;
	}
	return 0;
stopped:
	return err->cls != RDL_E_NONE ? -1 : rdl_err_set(err, RDL_E_STOPPED,
	    "stopped by a signal; run the same command again");
}

int
rdl_pairing_whole_run(struct rdl_pairing_whole *w, struct rdl_err *err)
{
	rdl_pairing_held_init(&w->held, w->embed != NULL ?
	    rdl_embed_info(w->embed)->dim : 0);
	if (read_all(w, err) < 0 || arrange(w, err) < 0)
		return -1;
	return write_all(w, err);
}
