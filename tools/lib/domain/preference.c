/*
 * Preference records, written from parts that are JSON already.
 * Writes record text and the text that its id is the hash of, which follows
 * schemas/preference.json.  Parses nothing again: it has to be fast.
 */
#include "domain/preference.h"

#include <string.h>

#include "record/canon.h"

#define ADD(out, literal) rdl_buf_add(out, literal, sizeof(literal) - 1)

static void
add_span(struct rdl_buf *out, struct rdl_span s)
{
	if (s.len > 0)
		rdl_buf_add(out, s.p, s.len);
}

/* A string without escapes is its own canonical form. */
static void
add_canonical(struct rdl_buf *out, const struct rdl_quote *q)
{
	if (q->json.len == q->len + 2)
		add_span(out, q->json);
	else
		rdl_buf_addjson(out, q->p, q->len);
}

int
rdl_preference_images(yyjson_val *images, struct rdl_buf *out,
    struct rdl_err *err)
{
	size_t start = out->len, i, n;
	yyjson_val *v, *id;

	rdl_buf_adds(out, "\"images/*/id\":[");
	yyjson_arr_foreach(images, i, n, v) {
		id = yyjson_obj_get(v, "id");
		if (id == NULL) {
			out->len = start;
			rdl_buf_adds(out, "\"images\":");
			return rdl_canon_identity(images, false, out, err);
		}
		if (i > 0)
			rdl_buf_addc(out, ',');
		if (rdl_canon_identity(id, false, out, err) < 0)
			return -1;
	}
	rdl_buf_addc(out, ']');
	return 0;
}

static void
identify(const struct rdl_preference *p, struct rdl_buf *text,
    struct rdl_id *id)
{
	rdl_buf_reset(text);
	if (p->of_images)
		ADD(text, "{\"chosen/image/id\":");
	else
		ADD(text, "{\"chosen/text\":");
	add_canonical(text, &p->chosen);
	if (p->images_key.len > 0)
		rdl_buf_addc(text, ',');
	add_span(text, p->images_key);
	ADD(text, ",\"prompt\":");
	add_canonical(text, &p->prompt);
	if (p->of_images)
		ADD(text, ",\"rejected/image/id\":");
	else
		ADD(text, ",\"rejected/text\":");
	add_canonical(text, &p->rejected);
	rdl_buf_addc(text, '}');
	memset(id, 0, sizeof(*id));
	memcpy(id->kind, "preference", sizeof("preference"));
	id->hash = rdl_hash_of(text->p, text->len);
}

void
rdl_preference_write(const struct rdl_preference *p, struct rdl_buf *scratch,
    struct rdl_id *id, struct rdl_buf *out)
{
	identify(p, scratch, id);
	ADD(out, "{\"kind\":\"preference\",\"id\":\"preference:");
	rdl_buf_addhex(out, id->hash.b, RDL_HASH_LEN);
	ADD(out, "\",\"from\":");
	add_span(out, p->from);
	ADD(out, ",\"prompt\":");
	add_span(out, p->prompt.json);
	if (p->images.len > 0)
		ADD(out, ",\"images\":");
	add_span(out, p->images);
	if (p->of_images)
		ADD(out, ",\"chosen\":{\"image\":");
	else
		ADD(out, ",\"chosen\":{\"text\":");
	add_span(out, p->of_images ? p->chosen_image : p->chosen.json);
	if (p->of_images)
		ADD(out, "},\"rejected\":{\"image\":");
	else
		ADD(out, "},\"rejected\":{\"text\":");
	add_span(out, p->of_images ? p->rejected_image : p->rejected.json);
	rdl_buf_addc(out, '}');
	add_span(out, p->tail);
	ADD(out, "}\n");
}
