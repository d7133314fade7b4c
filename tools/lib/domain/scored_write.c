/*
 * Pairs of scored answers as records, and what their lengths give away.
 * Writes record text from parts that are JSON already.  Chooses nothing.
 */
#include <inttypes.h>
#include <string.h>

#include "domain/alignment.h"
#include "domain/scored.h"
#include "record/canon.h"

/* A record beside the parts of the prompt's that it has. */
#define FRAME (16 * RDL_KIB)

static struct rdl_span
span_of(const struct rdl_buf *b)
{
	return (struct rdl_span){ b->p, b->len };
}

/* The record's id as it stands there, or else computed. */
static void
write_id(struct rdl_scored *s)
{
	char text[RDL_ID_TEXT];
	const char *json;
	size_t len;

	rdl_buf_reset(&s->id_json);
	if (rdl_rec_span(s->rec, "id", &json, &len) == 1) {
		rdl_buf_add(&s->id_json, json, len);
		return;
	}
	rdl_id_format(&s->id, text);
	rdl_buf_addjson(&s->id_json, text, strlen(text));
}

/* What the prompt shows: "images", or "image" alone. */
static int
write_images(struct rdl_scored *s, struct rdl_err *err)
{
	yyjson_val *list = rdl_rec_get(s->rec, "images");
	yyjson_val *image = rdl_rec_get(s->rec, "image"), *id;
	const char *json;
	size_t len;

	rdl_buf_reset(&s->images);
	rdl_buf_reset(&s->images_key);
	if (s->v[0].image.p != NULL)
		return 0;
	if (yyjson_arr_size(list) > 0 &&
	    rdl_rec_span(s->rec, "images", &json, &len) == 1) {
		rdl_buf_add(&s->images, json, len);
		return rdl_preference_images(list, &s->images_key, err);
	}
	if (!yyjson_is_obj(image) ||
	    rdl_rec_span(s->rec, "image", &json, &len) != 1)
		return 0;
	rdl_buf_addc(&s->images, '[');
	rdl_buf_add(&s->images, json, len);
	rdl_buf_addc(&s->images, ']');
	id = yyjson_obj_get(image, "id");
	rdl_buf_adds(&s->images_key, id != NULL ? "\"images/*/id\":[" :
	    "\"images\":[");
	if (rdl_canon_identity(id != NULL ? id : image, false,
	    &s->images_key, err) < 0)
		return -1;
	rdl_buf_addc(&s->images_key, ']');
	return 0;
}

/* What all pairs of a record have at their end. */
static void
write_common(struct rdl_scored *s)
{
	const char *json;
	size_t len;

	rdl_buf_reset(&s->common);
	rdl_buf_adds(&s->common, ",\"group\":");
	rdl_buf_add(&s->common, s->id_json.p, s->id_json.len);
	if (rdl_rec_span(s->rec, "task", &json, &len) == 1 && json[0] == '{') {
		rdl_buf_adds(&s->common, ",\"task\":");
		rdl_buf_add(&s->common, json, len);
	}
}

int
rdl_scored_begin(struct rdl_scored *s, struct rdl_reason *why)
{
	struct rdl_err err = RDL_ERR_INIT;

	if (s->rec->len + FRAME > RDL_LINE_MAX)
		return rdl_reason_set(why, true, "record",
		    "too long: a pair would be no record");
	write_id(s);
	write_common(s);
	if (write_images(s, &err) < 0)
		return rdl_reason_set(why, true, "record", "%s", err.msg);
	return 1;
}

static bool
same_id(const struct rdl_quote *a, const struct rdl_quote *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* The record, and the answers as far as they have ids of their own. */
static void
write_from(struct rdl_scored *s, const struct rdl_scored_answer *a,
    const struct rdl_scored_answer *b)
{
	const struct rdl_quote *own[2];
	size_t i;

	own[0] = a->image.p != NULL ? &a->text : &a->id;
	own[1] = b->image.p != NULL ? &b->text : &b->id;
	rdl_buf_reset(&s->from);
	rdl_buf_addc(&s->from, '[');
	rdl_buf_add(&s->from, s->id_json.p, s->id_json.len);
	for (i = 0; i < 2; i++) {
		if (own[i]->len == 0 || (i == 1 && own[0]->len > 0 &&
		    same_id(own[0], own[1])) ||
		    (own[i]->json.len == s->id_json.len && memcmp(
		    own[i]->json.p, s->id_json.p, s->id_json.len) == 0))
			continue;
		rdl_buf_addc(&s->from, ',');
		rdl_buf_add(&s->from, own[i]->json.p, own[i]->json.len);
	}
	rdl_buf_addc(&s->from, ']');
}

static void
write_tail(struct rdl_scored *s, const struct rdl_scored_answer *a,
    const struct rdl_scored_answer *b)
{
	struct rdl_buf *out = &s->tail;

	rdl_buf_reset(out);
	rdl_buf_adds(out, ",\"margin\":");
	rdl_alignment_number(a->score - b->score, out);
	rdl_buf_adds(out, ",\"scores\":{\"chosen\":");
	rdl_canon_number(a->score, out);
	rdl_buf_adds(out, ",\"rejected\":");
	rdl_canon_number(b->score, out);
	rdl_buf_addc(out, '}');
	if (a->image.p == NULL) {
		rdl_buf_adds(out, a->chars < b->chars ?
		    ",\"length_gap\":-" : ",\"length_gap\":");
		rdl_buf_addu(out, a->chars < b->chars ?
		    b->chars - a->chars : a->chars - b->chars);
	}
	rdl_buf_add(out, s->common.p, s->common.len);
}

static void
count(struct rdl_scored_lengths *l, const struct rdl_scored_answer *a,
    const struct rdl_scored_answer *b)
{
	if (a->image.p != NULL)
		return;
	l->pairs++;
	l->longer += a->chars > b->chars;
	l->shorter += a->chars < b->chars;
	l->chosen += a->chars;
	l->rejected += b->chars;
}

int
rdl_scored_write(struct rdl_scored *s, size_t i, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_scored_answer *a = &s->v[s->pairs[i].chosen];
	const struct rdl_scored_answer *b = &s->v[s->pairs[i].rejected];
	struct rdl_preference p = { .prompt = s->prompt,
		.of_images = a->image.p != NULL, .chosen = a->text,
		.rejected = b->text, .chosen_image = a->image,
		.rejected_image = b->image };

	write_from(s, a, b);
	write_tail(s, a, b);
	p.images = span_of(&s->images);
	p.images_key = span_of(&s->images_key);
	p.from = span_of(&s->from);
	p.tail = span_of(&s->tail);
	rdl_preference_write(&p, &s->scratch, id, out);
	if (rdl_buf_full(&s->scratch) || rdl_buf_full(out))
		return rdl_err_set(err, RDL_E_INPUT, "a pair is too long");
	count(&s->lengths, a, b);
	return 0;
}

void
rdl_scored_lengths_json(const struct rdl_scored_lengths *l,
    struct rdl_buf *out)
{
	double n = (double)l->pairs;

	if (l->pairs == 0)
		return;
	rdl_buf_addf(out, "{\"pairs\":%" PRIu64 ",\"longer\":%" PRIu64
	    ",\"shorter\":%" PRIu64 ",\"mean_chosen\":", l->pairs, l->longer,
	    l->shorter);
	rdl_alignment_number((double)l->chosen / n, out);
	rdl_buf_adds(out, ",\"mean_rejected\":");
	rdl_alignment_number((double)l->rejected / n, out);
	rdl_buf_addc(out, '}');
}

void
rdl_scored_lengths_text(const struct rdl_scored_lengths *l,
    struct rdl_buf *out)
{
	double n = (double)l->pairs;

	if (l->pairs == 0)
		return;
	rdl_buf_addf(out, "lengths: in %" PRIu64 " of %" PRIu64 " pairs of "
	    "texts the chosen one is longer, in %" PRIu64 " shorter; on "
	    "average it has %.1f characters, the rejected one %.1f",
	    l->longer, l->pairs, l->shorter, (double)l->chosen / n,
	    (double)l->rejected / n);
}
