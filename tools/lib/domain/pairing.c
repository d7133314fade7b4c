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
copy_member(struct rdl_pairing *p, const char *name)
{
	const char *json;
	size_t len;

	if (rdl_rec_span(p->c->rec, name, &json, &len) != 1)
		return;
	rdl_buf_addf(&p->common, ",\"%s\":", name);
	rdl_buf_add(&p->common, json, len);
}

/* What all triples of a group have behind their margin. */
static int
write_common(struct rdl_pairing *p, struct rdl_reason *why)
{
	const struct rdl_pairing_opts *o = p->o;
	yyjson_val *v;
	const char *group = p->id_json.p;
	size_t len = p->id_json.len;

	rdl_buf_reset(&p->common);
	rdl_buf_adds(&p->common, ",\"group\":");
	if (o->group != NULL) {
		v = rdl_rec_at(p->c->rec->root, o->group);
		group = yyjson_get_str(v);
		len = yyjson_get_len(v);
		if (group == NULL || len == 0)
			return rdl_reason_set(why, true, "group",
			    "/%.100s: no text to name the group by", o->group);
		rdl_buf_addjson(&p->common, group, len);
	} else {
		rdl_buf_add(&p->common, group, len);
	}
	if (o->folds > 0)
		rdl_buf_addf(&p->common, ",\"fold\":%" PRIu64,
		    rdl_sampling_rank(o->seed, "fold", group, len) %
		    (uint64_t)o->folds);
	copy_member(p, "dimension");
	copy_member(p, "task");
	return 1;
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

int
rdl_pairing_begin(struct rdl_pairing *p, const struct rdl_contrast *c,
    const struct rdl_id *id, bool texts, struct rdl_reason *why)
{
	size_t i;
	int rc;

	p->c = c;
	p->id = *id;
	if (c->rec->len + p->o->ask.json.len + FRAME > RDL_LINE_MAX)
		return rdl_reason_set(why, true, "record",
		    "too long: a triple would be no record");
	rc = rdl_alignment_read(&p->scores, c, why);
	p->scored = rc == 1;
	if (rc < 0)
		return 0;
	write_id(p);
	if (write_common(p, why) == 0)
		return 0;
	for (i = 0; i < c->n; i++) {
		rdl_pairing_due(&p->images, &c->v[i].text, &c->v[i].image_id,
		    c->n - 1);
		if (texts)
			rdl_pairing_due(&p->texts, &c->v[i].image_id,
			    &c->v[i].text, c->n - 1);
	}
	return 1;
}

static struct rdl_span
span_of(const struct rdl_buf *b)
{
	return (struct rdl_span){ b->p, b->len };
}

/* The parents: the contrast and what images the triple has. */
static void
write_from(struct rdl_pairing *p, size_t own, size_t other, bool texts)
{
	const struct rdl_side *v = p->c->v;

	rdl_buf_reset(&p->from);
	rdl_buf_addc(&p->from, '[');
	rdl_buf_add(&p->from, p->id_json.p, p->id_json.len);
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
	rdl_buf_reset(&p->tail);
	if (p->scored) {
		rdl_buf_adds(&p->tail, ",\"margin\":");
		rdl_alignment_number(rdl_alignment_margin(&p->scores, texts,
		    own, other), &p->tail);
	}
	rdl_buf_add(&p->tail, p->common.p, p->common.len);
	rdl_buf_adds(&p->tail, texts ? ",\"cross\":{\"of\":\"text\",\"own\":" :
	    ",\"cross\":{\"of\":\"image\",\"own\":");
	rdl_buf_addu(&p->tail, own + 1);
	rdl_buf_adds(&p->tail, ",\"other\":");
	rdl_buf_addu(&p->tail, other + 1);
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

/* An image as a side of a record: its id, and the object. */
static struct rdl_quote
image_of(const struct rdl_side *s)
{
	struct rdl_quote q = s->image_id;

	q.json = s->image;
	return q;
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
		t.chosen = image_of(a);
		t.rejected = image_of(b);
		rdl_pairing_enter(&p->images, &t.prompt, &t.chosen,
		    &t.rejected);
	}
	rdl_preference_write(&t, &p->scratch, id, out);
}
