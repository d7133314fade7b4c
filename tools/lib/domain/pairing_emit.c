/*
 * Triples of a group to the stage: lines, and edges of the ledger.
 * Writes records and losses.  Does not say what a group is.
 */
#include "domain/pairing_emit.h"

#include <string.h>

void
rdl_pairing_emit_init(struct rdl_pairing_emit *e, struct rdl_stage *stage,
    struct rdl_pairing *pairing, bool texts)
{
	memset(e, 0, sizeof(*e));
	e->stage = stage;
	e->pairing = pairing;
	e->texts = texts;
	rdl_buf_init(&e->line, RDL_LINE_MAX + 1);
}

void
rdl_pairing_emit_release(struct rdl_pairing_emit *e)
{
	rdl_buf_release(&e->line);
}

int
rdl_pairing_emit_lose(struct rdl_pairing_emit *e, const struct rdl_rec *rec,
    const struct rdl_id *id, const struct rdl_reason *why,
    struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = why->failed, .id = *id,
		.rule = why->rule, .record = rec->line,
		.record_len = rec->len };
	struct rdl_err text = RDL_ERR_INIT;

	(void)rdl_err_set(&text, RDL_E_INPUT, "%s", why->text);
	(void)rdl_stage_where(e->stage, &text);
	loss.value = why->value[0] != '\0' ? why->value : NULL;
	loss.threshold = why->threshold[0] != '\0' ? why->threshold : NULL;
	loss.reason = text.msg;
	return rdl_stage_lose(e->stage, &loss, err);
}

/* The ids of the images, which the ledger shall be able to show. */
static int
note_images(struct rdl_pairing_emit *e, const struct rdl_contrast *c,
    struct rdl_err *err)
{
	const struct rdl_quote *q;
	size_t i;

	for (i = 0; i < c->n && e->stage->ledger != NULL; i++) {
		q = &c->v[i].image_id;
		if (rdl_id_parse(q->p, q->len, &e->images[i]) == 0 &&
		    rdl_ledger_alias(e->stage->ledger, &e->images[i], q->p,
		    q->len, err) < 0)
			return -1;
	}
	return 0;
}

/* One triple, with an edge to each contrast and to each image in it. */
static int
put(struct rdl_pairing_emit *e, size_t own, size_t other, bool texts,
    struct rdl_err *err)
{
	struct rdl_ledger *l = e->stage->ledger;
	struct rdl_id id, from = e->pairing->id;

	rdl_buf_reset(&e->line);
	rdl_pairing_write(e->pairing, own, other, texts, &id, &e->line);
	if (rdl_buf_full(&e->line) || rdl_buf_full(&e->pairing->scratch))
		return rdl_err_set(err, RDL_E_INPUT, "a triple is too long");
	if (e->pairing->across != NULL &&
	    rdl_id_of(e->pairing->across->recs[own], &from, err) < 0)
		return -1;
	if (rdl_stage_emit(e->stage, e->line.p, e->line.len, &id, &from,
	    NULL, err) < 0)
		return -1;
	if (l == NULL)
		return 0;
	if (e->pairing->across != NULL &&
	    (rdl_id_of(e->pairing->across->recs[other], &from, err) < 0 ||
	    rdl_ledger_add(l, &id, &from, NULL, err) < 0))
		return -1;
	if (rdl_ledger_add(l, &id, &e->images[own], NULL, err) < 0)
		return -1;
	return texts ? 0 : rdl_ledger_add(l, &id, &e->images[other], NULL,
	    err);
}

int
rdl_pairing_emit_all(struct rdl_pairing_emit *e, const struct rdl_contrast *c,
    struct rdl_err *err)
{
	size_t i, j;
	int texts;

	if (note_images(e, c, err) < 0)
		return -1;
	for (texts = 0; texts <= (e->texts ? 1 : 0); texts++)
		for (i = 0; i < c->n; i++)
			for (j = 0; j < c->n; j++)
				if (j != i && put(e, i, j, texts == 1, err) < 0)
					return -1;
	return 0;
}
