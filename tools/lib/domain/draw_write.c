/*
 * A record whose sides have their answers: stored, written, or lost as a whole.
 * Writes files to the store, records and losses to the stage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/draw_impl.h"
#include "domain/picture.h"
#include "vision/store.h"

static int
lose(struct rdl_draw *d, const struct rdl_draw_group *g, struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	loss.failed = g->lost.failed;
	loss.id = g->id;
	loss.rule = g->lost.rule;
	loss.reason = g->lost.text;
	loss.value = g->lost.value[0] != '\0' ? g->lost.value : NULL;
	loss.call = g->has_call ? &g->call : NULL;
	loss.record = g->line;
	loss.record_len = g->len;
	return rdl_stage_lose(d->stage, &loss, err);
}

/* What a text is known by among the pictures. */
static uint64_t
text_key(const char *text)
{
	struct rdl_hash h = rdl_hash_of(text, strlen(text));
	uint64_t key;

	memcpy(&key, h.b, sizeof(key));
	return key;
}

/* A server that draws the same picture for different texts (a black one, say,
 * in place of what a filter refuses) gives no preference data. */
static bool
is_repeat(struct rdl_draw *d, struct rdl_draw_group *g, size_t at)
{
	const struct rdl_draw_side *s = &g->sides[at], *o = g->sides;
	const struct rdl_map_entry *e;
	size_t i;

	for (i = 0; i < at; i++)
		if (memcmp(&o[i].plain, &s->plain, sizeof(s->plain)) == 0)
			break;
	e = rdl_map_get(&d->pictures, (const char *)s->plain.b,
	    sizeof(s->plain.b));
	if (i < at)
		(void)rdl_reason_set(&g->lost, true, "repeat", "sides %zu and "
		    "%zu got the same picture", i + 1, at + 1);
	else if (e != NULL && e->value != text_key(s->text))
		(void)rdl_reason_set(&g->lost, true, "repeat", "side %zu got "
		    "the same picture as another text before it", at + 1);
	else
		return false;
	rdl_hash_hex(g->lost.value, s->sha256.b, RDL_SHA256_LEN / 2);
	g->call = s->call;
	g->has_call = true;
	d->repeats++;
	return true;
}

/* Remember what was drawn. */
static bool
are_new(struct rdl_draw *d, struct rdl_draw_group *g)
{
	const struct rdl_draw_side *s;
	size_t i;

	for (i = 0; i < g->n; i++)
		if (is_repeat(d, g, i))
			return false;
	for (i = 0; i < g->n; i++) {
		s = &g->sides[i];
		rdl_map_put(&d->pictures, (const char *)s->plain.b,
		    sizeof(s->plain.b), NULL)->value = text_key(s->text);
	}
	return true;
}

/* Put the file into the store, and append the image object to out. */
static int
add_image(struct rdl_draw *d, struct rdl_draw_side *s, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_picture p = { .info = &s->info, .bytes = s->len,
		.phash = &s->phash };
	struct rdl_buf more = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf line = RDL_BUF_INIT(RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_edit kind = { "kind", NULL, 0 };
	int rc = -1;

	rdl_hash_hex(p.sha256, s->sha256.b, sizeof(s->sha256.b));
	rdl_buf_reset(&d->uri);
	if (rdl_store_put(d->o.store, p.sha256, rdl_picture_ending(
	    s->info.format), s->file, s->len, &d->uri, err) < 0)
		goto out;
	p.uri = d->uri.p;
	if (rdl_picture_record(&p, &s->image, &line, err) < 0 ||
	    rdl_rec_parse(&rec, line.p, line.len - 1, err) < 0)
		goto out;
	rdl_rec_edit(&rec, &kind, 1, &more);
	more.len -= 2;		/* the brace and the newline */
	rdl_buf_adds(&more, ",\"model\":");
	rdl_buf_addjson(&more, d->model->remote, strlen(d->model->remote));
	if (s->resolved != NULL) {
		rdl_buf_adds(&more, ",\"resolved\":");
		rdl_buf_addjson(&more, s->resolved, strlen(s->resolved));
	}
	if (s->seed >= 0)
		rdl_buf_addf(&more, ",\"seed\":%" PRId64, s->seed);
	if (d->o.steps > 0)
		rdl_buf_addf(&more, ",\"steps\":%" PRId64, d->o.steps);
	rdl_buf_adds(&more, ",\"call\":\"");
	rdl_buf_addhex(&more, s->call.b, sizeof(s->call.b));
	rdl_buf_adds(&more, "\"}");
	rdl_buf_add(out, more.p, more.len);
	rc = 0;
out:
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	rdl_buf_release(&more);
	return rc;
}

/* Append the sides with their images; what else they hold keeps its bytes. */
static int
add_sides(struct rdl_draw *d, struct rdl_draw_group *g, struct rdl_buf *out,
    struct rdl_err *err)
{
	const struct rdl_side *s;
	const char *at, *end;
	size_t i, len;

	if (rdl_contrast_read(&d->contrast, &d->rec, false, &g->lost) != 1 ||
	    rdl_rec_span(&d->rec, "sides", &at, &len) != 1)
		return rdl_err_set(err, RDL_E_INPUT, "no sides");
	g->lost.rule = NULL;
	for (i = 0; i < g->n; i++) {
		s = &d->contrast.v[i];
		end = s->image.p != NULL ? s->image.p : s->text.json.p +
		    s->text.json.len;
		rdl_buf_add(out, at, (size_t)(end - at));
		len -= (size_t)(end - at);
		at = end;
		if (s->image.p == NULL)
			rdl_buf_adds(out, ",\"image\":");
		if (add_image(d, &g->sides[i], out, err) < 0)
			return -1;
		at += s->image.len;
		len -= s->image.len;
	}
	rdl_buf_add(out, at, len);
	return 0;
}

/* The pictures come from the record, by their own calls. */
static int
note_images(struct rdl_draw *d, const struct rdl_draw_group *g,
    struct rdl_err *err)
{
	size_t i;

	for (i = 0; i < g->n && d->stage->ledger != NULL; i++)
		if (rdl_ledger_add(d->stage->ledger, &g->sides[i].image,
		    &g->id, &g->sides[i].call, err) < 0)
			return -1;
	return 0;
}

static int
emit(struct rdl_draw *d, struct rdl_draw_group *g, struct rdl_err *err)
{
	char text[RDL_ID_TEXT], quoted[RDL_ID_TEXT + 2];
	struct rdl_edit edits[2];
	bool sides;
	int n = 0;

	if (rdl_rec_parse(&d->rec, g->line, g->len, err) < 0)
		return -1;
	sides = rdl_rec_get(&d->rec, "sides") != NULL && g->n > 1;
	rdl_buf_reset(&d->json);
	rdl_buf_reset(&d->line);
	if ((sides ? add_sides(d, g, &d->json, err) :
	    add_image(d, &g->sides[0], &d->json, err)) < 0)
		return -1;
	edits[n++] = (struct rdl_edit){ sides ? "sides" : "image", d->json.p,
		d->json.len };
	if (!g->has_id) {
		rdl_id_format(&g->id, text);
		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", text);
		edits[n++] = (struct rdl_edit){ "id", quoted,
			strlen(quoted) };
	}
	rdl_rec_edit(&d->rec, edits, (size_t)n, &d->line);
	if (rdl_buf_full(&d->json) || rdl_buf_full(&d->line)) {
		(void)rdl_reason_set(&g->lost, true, "record",
		    "with its pictures the record is too long");
		return lose(d, g, err);
	}
	if (rdl_stage_emit(d->stage, d->line.p, d->line.len, &g->id, NULL,
	    NULL, err) < 0)
		return -1;
	rdl_stage_passed(d->stage);
	return note_images(d, g, err);
}

int
rdl_draw_settle(struct rdl_draw *d, struct rdl_draw_group *g,
    struct rdl_err *err)
{
	if (g->lost.rule != NULL || !are_new(d, g))
		return lose(d, g, err);
	return emit(d, g, err);
}
