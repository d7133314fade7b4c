/*
 * What became of a file: an image record, or a loss with its reason.
 * Writes to the stage and to the store.  Decides nothing about sizes
 * (domain/verdict.c), only what was there before.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/ingest_impl.h"
#include "domain/picture.h"
#include "vision/store.h"

static void
id_of(const struct rdl_ingest_fate *f, struct rdl_id *id)
{
	memset(id, 0, sizeof(*id));
	memcpy(id->kind, "image", 6);
	id->hash = f->id;
}

/* -- What is lost -----------------------------------------------------------*/

/* Lose a file; what is known of it is its record. */
static int
lose(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    const struct rdl_verdict *v, struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = v->failed, .rule = v->rule,
		.reason = v->why };
	struct rdl_buf *b = &g->line;

	rdl_buf_reset(b);
	rdl_buf_adds(b, "{\"kind\":\"image\",\"uri\":");
	rdl_picture_words(b, j->item->path);
	if (j->sha256[0] != '\0')
		rdl_buf_addf(b, ",\"sha256\":\"%s\",\"bytes\":%zu", j->sha256,
		    j->item->len);
	rdl_buf_addc(b, '}');
	/* Without content it goes by its line. */
	if (j->sha256[0] != '\0')
		id_of(&g->fates[j->fate], &loss.id);
	else
		(void)rdl_id_parse(b->p, b->len, &loss.id);
	loss.value = v->value[0] != '\0' ? v->value : NULL;
	loss.threshold = v->threshold[0] != '\0' ? v->threshold : NULL;
	loss.record = b->p;
	loss.record_len = b->len;
	return rdl_stage_lose(g->stage, &loss, err);
}

/* The first file of a content is lost: so will be those that follow. */
static int
lose_content(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    const struct rdl_verdict *v, struct rdl_err *err)
{
	struct rdl_ingest_fate *f = &g->fates[j->fate];

	f->lost = rdl_mem_calloc(1, sizeof(*f->lost));
	*f->lost = *v;
	return lose(g, j, v, err);
}

/* The bytes were there before. */
static int
lose_copy(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    struct rdl_err *err)
{
	const struct rdl_ingest_fate *f = &g->fates[j->fate];
	struct rdl_verdict v;
	struct rdl_id id;

	if (f->lost != NULL)
		return lose(g, j, f->lost, err);
	rdl_verdict_set(&v, false, "duplicate",
	    "the same bytes as an image before it");
	id_of(f, &id);
	rdl_id_format(&id, v.value);
	return lose(g, j, &v, err);
}

/* Is there an image like it already?  Then v says which. */
static bool
is_new_look(const struct rdl_ingest *g, uint64_t phash, struct rdl_verdict *v)
{
	struct rdl_id id;
	uint32_t other;
	int bits;

	if (g->looks == NULL)
		return true;
	bits = rdl_phash_index_find(g->looks, phash, &other);
	if (bits < 0)
		return true;
	rdl_verdict_set(v, false, "near-duplicate", "looks like an image "
	    "before it: %d of 64 bits differ", bits);
	id_of(&g->fates[other], &id);
	rdl_id_format(&id, v->value);
	(void)snprintf(v->threshold, sizeof(v->threshold), "%" PRId64,
	    g->o.near);
	return false;
}

/* -- Records ----------------------------------------------------------------*/

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The caption without white space around it, NULL if nothing is left. */
static void
trim_caption(const struct rdl_intake_item *item, struct rdl_picture *p)
{
	const char *s = item->caption;
	size_t len = item->caption_len;

	while (len > 0 && is_space(s[len - 1]))
		len--;
	for (; len > 0 && is_space(*s); s++)
		len--;
	p->caption = len > 0 ? s : NULL;
	p->caption_len = len;
}

/* Copy the file into the store; the record leads there. */
static int
store(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    const struct rdl_image_info *info, struct rdl_picture *p,
    struct rdl_err *err)
{
	rdl_buf_reset(&g->uri);
	if (rdl_store_put(g->o.store, j->sha256,
	    rdl_picture_ending(info->format), j->item->file, j->item->len,
	    &g->uri, err) < 0)
		return -1;
	p->uri = g->uri.p;
	if (p->source == NULL)
		p->source = j->item->path;
	return 0;
}

static int
emit(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    const struct rdl_pool_result *r, struct rdl_err *err)
{
	struct rdl_picture p = { .uri = j->item->path, .info = &r->info,
		.bytes = j->item->len, .phash = &r->phash,
		.source = g->o.source, .licence = g->o.licence };
	struct rdl_id id;

	memcpy(p.sha256, j->sha256, sizeof(p.sha256));
	trim_caption(j->item, &p);
	if (g->o.store != NULL && store(g, j, &r->info, &p, err) < 0)
		return -1;
	rdl_buf_reset(&g->line);
	if (rdl_picture_record(&p, &id, &g->line, err) < 0)
		return -1;
	rdl_stage_passed(g->stage);
	return rdl_stage_emit(g->stage, g->line.p, g->line.len, &id, NULL,
	    NULL, err);
}

static int
finish_decoded(struct rdl_ingest *g, const struct rdl_ingest_job *j,
    struct rdl_err *err)
{
	struct rdl_pool_result r;
	struct rdl_verdict v;
	int rc = rdl_pool_take(g->pool, &r, err);

	if (rc <= 0)
		return rc < 0 ? -1 : rdl_err_set(err, RDL_E_IO,
		    "the decoders lost a file");
	if (!r.ok)
		rdl_verdict_of_result(&g->o.rules, &r, &v);
	else if (rdl_verdict_of_size(&g->o.rules, &r.info, &v) &&
	    is_new_look(g, r.phash, &v)) {
		if (g->looks != NULL)
			rdl_phash_index_add(g->looks, r.phash,
			    (uint32_t)j->fate);
		return emit(g, j, &r, err);
	}
	return lose_content(g, j, &v, err);
}

int
rdl_ingest_write(struct rdl_ingest *g, struct rdl_err *err)
{
	struct rdl_ingest_job *j = &g->queue[g->head];
	const struct rdl_intake_item *item = j->item;
	struct rdl_verdict v;
	int rc;

	g->head = (g->head + 1) % RDL_INGEST_QUEUE;
	g->n--;
	if (j->decoding)
		rc = finish_decoded(g, j, err);
	else if (j->sha256[0] == '\0') {
		rdl_verdict_set(&v, item->failed, item->rule, "%s",
		    item->why);
		rc = lose(g, j, &v, err);
	} else if (j->first && !rdl_verdict_of_bytes(&g->o.rules, item->len,
	    &v))
		rc = lose_content(g, j, &v, err);
	else
		rc = lose_copy(g, j, err);
	rdl_intake_item_free(j->item);
	j->item = NULL;
	return rc;
}
