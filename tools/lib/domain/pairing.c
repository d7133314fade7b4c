/*
 * Groups of sides to preference records, and the books kept over them.
 * Reads contrasts, writes record text.  Does not judge how well an image fits.
 */
#include "domain/pairing.h"

#include <inttypes.h>
#include <string.h>
#include <xxhash.h>

#include "domain/sampling.h"

/* A record beside the parts of the contrast that it has once. */
#define FRAME (16 * RDL_KIB)

void
rdl_pairing_init(struct rdl_pairing *p, const struct rdl_pairing_opts *opts)
{
	struct rdl_buf b = RDL_BUF_INIT(2 * RDL_LINE_MAX);

	memset(p, 0, sizeof(*p));
	p->o = opts;
	p->id_json = p->common = p->from = p->tail = b;
	p->images_json = p->key = p->scratch = b;
}

void
rdl_pairing_release(struct rdl_pairing *p)
{
	rdl_buf_release(&p->id_json);
	rdl_buf_release(&p->common);
	rdl_buf_release(&p->from);
	rdl_buf_release(&p->tail);
	rdl_buf_release(&p->images_json);
	rdl_buf_release(&p->key);
	rdl_buf_release(&p->scratch);
}

static uint64_t
hash_of(const struct rdl_quote *q, uint64_t seed)
{
	return XXH3_64bits_withSeed(q->p, q->len, seed);
}

void
rdl_pairing_due(struct rdl_books *b, const struct rdl_quote *prompt,
    const struct rdl_quote *own, size_t times)
{
	b->due += times * hash_of(own, hash_of(prompt, 0));
}

void
rdl_pairing_enter(struct rdl_books *b, const struct rdl_quote *prompt,
    const struct rdl_quote *chosen, const struct rdl_quote *rejected)
{
	b->triples++;
	b->balance += hash_of(chosen, 0) - hash_of(rejected, 0);
	b->chosen += hash_of(chosen, hash_of(prompt, 0));
}

int
rdl_pairing_balance(const struct rdl_books *b, const char *what,
    struct rdl_err *err)
{
	if (b->balance != 0)
		return rdl_err_set(err, RDL_E_IO, "internal: of %" PRIu64
		    " triples, %s were not chosen as often as rejected",
		    b->triples, what);
	if (b->chosen != b->due)
		return rdl_err_set(err, RDL_E_IO, "internal: of %" PRIu64
		    " triples, some chose %s that were not the prompt's own",
		    b->triples, what);
	return 0;
}

/* A member of the contrast that its triples have as well. */
static void
copy_member(struct rdl_buf *out, const struct rdl_rec *rec, const char *name)
{
	const char *json;
	size_t len;

	if (rdl_rec_span(rec, name, &json, &len) != 1)
		return;
	rdl_buf_adds(out, ",\"");
	rdl_buf_adds(out, name);
	rdl_buf_adds(out, "\":");
	rdl_buf_add(out, json, len);
}

const char *
rdl_pairing_group(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, size_t *len)
{
	char text[RDL_ID_TEXT];
	const char *own;
	yyjson_val *v;

	if (p->o->group != NULL) {
		v = rdl_rec_at(c->rec->root, p->o->group);
		*len = yyjson_is_str(v) ? yyjson_get_len(v) : 0;
		return *len > 0 ? yyjson_get_str(v) : NULL;
	}
	own = rdl_rec_str(c->rec, "id", len);
	if (own != NULL)
		return own;
	rdl_id_format(id, text);
	rdl_buf_reset(&p->key);
	rdl_buf_adds(&p->key, text);
	*len = p->key.len;
	return p->key.p;
}

int64_t
rdl_pairing_fold(const struct rdl_pairing_opts *o, const char *group,
    size_t len)
{
	if (o->folds <= 0)
		return -1;
	return (int64_t)(rdl_sampling_rank(o->seed, "fold", group, len) %
	    (uint64_t)o->folds);
}

/* What all triples of a group have behind their margin. */
static void
write_place(struct rdl_pairing *p, const struct rdl_pairing_place *place)
{
	rdl_buf_reset(&p->common);
	rdl_buf_adds(&p->common, ",\"group\":");
	rdl_buf_addjson(&p->common, place->group, place->len);
	if (place->fold >= 0) {
		rdl_buf_adds(&p->common, ",\"fold\":");
		rdl_buf_addu(&p->common, (uint64_t)place->fold);
	}
}

/* The contrast's id as it stands there, or else computed. */
static void
write_id(struct rdl_pairing *p)
{
	char text[RDL_ID_TEXT];
	const char *json;
	size_t len;

	rdl_buf_reset(&p->id_json);
	if (rdl_rec_span(p->c->rec, "id", &json, &len) == 1) {
		rdl_buf_add(&p->id_json, json, len);
		return;
	}
	rdl_id_format(&p->id, text);
	rdl_buf_addjson(&p->id_json, text, strlen(text));
}

static void
enter_due(struct rdl_pairing *p, bool texts)
{
	const struct rdl_contrast *c = p->c;
	size_t i;

	for (i = 0; i < c->n; i++) {
		rdl_pairing_due(&p->images, &c->v[i].text, &c->v[i].image_id,
		    c->n - 1);
		if (texts)
			rdl_pairing_due(&p->texts, &c->v[i].image_id,
			    &c->v[i].text, c->n - 1);
	}
}

/* Is c of use, and where does it belong? */
static int
examine(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, struct rdl_pairing_place *place,
    struct rdl_reason *why)
{
	int rc;

	if (c->rec->len + p->o->ask.json.len + FRAME > RDL_LINE_MAX)
		return rdl_reason_set(why, true, "record",
		    "too long: a triple would be no record");
	rc = rdl_alignment_read(&p->scores, c, why);
	p->scored = rc == 1;
	if (rc < 0)
		return 0;
	place->group = rdl_pairing_group(p, c, id, &place->len);
	if (place->group == NULL)
		return rdl_reason_set(why, true, "group",
		    "/%.100s: no text to name the group by", p->o->group);
	place->fold = rdl_pairing_fold(p->o, place->group, place->len);
	return 1;
}

int
rdl_pairing_check(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, struct rdl_reason *why)
{
	struct rdl_pairing_place place;

	return examine(p, c, id, &place, why);
}

int
rdl_pairing_begin(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, const struct rdl_pairing_place *place,
    bool texts, struct rdl_reason *why)
{
	struct rdl_pairing_place own;

	if (examine(p, c, id, &own, why) == 0)
		return 0;
	p->c = c;
	p->across = NULL;
	p->id = *id;
	write_id(p);
	write_place(p, place != NULL ? place : &own);
	copy_member(&p->common, c->rec, "dimension");
	copy_member(&p->common, c->rec, "task");
	enter_due(p, texts);
	return 1;
}

void
rdl_pairing_begin_across(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_pairing_across *across,
    const struct rdl_pairing_place *place, bool texts)
{
	p->c = c;
	p->across = across;
	p->scored = false;
	write_place(p, place);
	enter_due(p, texts);
}

static struct rdl_span
span_of(const struct rdl_buf *b)
{
	return (struct rdl_span){ b->p, b->len };
}

static void
add_id(struct rdl_buf *out, const struct rdl_rec *rec)
{
	const char *json;
	size_t len;

	if (rdl_rec_span(rec, "id", &json, &len) == 1)
		rdl_buf_add(out, json, len);
}

/* The parents: the contrast, or both, and what images the triple has. */
static void
write_from(struct rdl_pairing *p, size_t own, size_t other, bool texts)
{
	const struct rdl_side *v = p->c->v;

	rdl_buf_reset(&p->from);
	rdl_buf_addc(&p->from, '[');
	if (p->across == NULL) {
		rdl_buf_add(&p->from, p->id_json.p, p->id_json.len);
	} else {
		add_id(&p->from, p->across->recs[own]);
		rdl_buf_addc(&p->from, ',');
		add_id(&p->from, p->across->recs[other]);
	}
	rdl_buf_addc(&p->from, ',');
	rdl_buf_add(&p->from, v[own].image_id.json.p,
	    v[own].image_id.json.len);
	if (!texts) {
		rdl_buf_addc(&p->from, ',');
		rdl_buf_add(&p->from, v[other].image_id.json.p,
		    v[other].image_id.json.len);
	}
	rdl_buf_addc(&p->from, ']');
}

static void
write_tail(struct rdl_pairing *p, size_t own, size_t other, bool texts)
{
	const struct rdl_pairing_across *a = p->across;

	rdl_buf_reset(&p->tail);
	if (p->scored) {
		rdl_buf_adds(&p->tail, ",\"margin\":");
		rdl_alignment_number(rdl_alignment_margin(&p->scores, texts,
		    own, other), &p->tail);
	}
	rdl_buf_add(&p->tail, p->common.p, p->common.len);
	if (a != NULL)
		copy_member(&p->tail, a->recs[own], "task");
	rdl_buf_adds(&p->tail, texts ? ",\"cross\":{\"of\":\"text\",\"own\":" :
	    ",\"cross\":{\"of\":\"image\",\"own\":");
	rdl_buf_addu(&p->tail, a != NULL ? a->numbers[own] : own + 1);
	rdl_buf_adds(&p->tail, ",\"other\":");
	rdl_buf_addu(&p->tail, a != NULL ? a->numbers[other] : other + 1);
	if (a != NULL) {
		rdl_buf_adds(&p->tail, ",\"cos\":");
		rdl_alignment_number(a->cos[own * p->c->n + other], &p->tail);
	}
	rdl_buf_addc(&p->tail, '}');
}

/* The only image of a triple of texts, and what it is in the identity. */
static void
write_image(struct rdl_pairing *p, const struct rdl_side *s)
{
	rdl_buf_reset(&p->images_json);
	rdl_buf_addc(&p->images_json, '[');
	rdl_buf_add(&p->images_json, s->image.p, s->image.len);
	rdl_buf_addc(&p->images_json, ']');
	rdl_buf_reset(&p->key);
	rdl_buf_adds(&p->key, "\"images/*/id\":[");
	rdl_buf_addjson(&p->key, s->image_id.p, s->image_id.len);
	rdl_buf_addc(&p->key, ']');
}

void
rdl_pairing_write(struct rdl_pairing *p, size_t own, size_t other, bool texts,
    struct rdl_id *id, struct rdl_buf *out)
{
	const struct rdl_side *a = &p->c->v[own], *b = &p->c->v[other];
	struct rdl_preference t = { .of_images = !texts };

	write_from(p, own, other, texts);
	write_tail(p, own, other, texts);
	t.from = span_of(&p->from);
	t.tail = span_of(&p->tail);
	if (texts) {
		write_image(p, a);
		t.prompt = p->o->ask;
		t.images = span_of(&p->images_json);
		t.images_key = span_of(&p->key);
		t.chosen = a->text;
		t.rejected = b->text;
		rdl_pairing_enter(&p->texts, &a->image_id, &t.chosen,
		    &t.rejected);
	} else {
		t.prompt = a->text;
		t.chosen = a->image_id;
		t.chosen_image = a->image;
		t.rejected = b->image_id;
		t.rejected_image = b->image;
		rdl_pairing_enter(&p->images, &t.prompt, &t.chosen,
		    &t.rejected);
	}
	rdl_preference_write(&t, &p->scratch, id, out);
}
