/*
 * Contrast records: their sides, and what makes a group useless.
 * Reads one parsed record and its bytes.  Opens no image.
 */
#include "domain/contrast.h"

#include <string.h>

#include "core/utf8.h"

static bool
is_gap(unsigned char c)
{
	return c <= ' ' || c == 0x7f;
}

/* The next byte of ASCII as it compares: blanks are one, letters small, 0 is
 * the end.  Above 0x7f: ask Unicode. */
static unsigned char
next_byte(const char *p, size_t len, size_t *at)
{
	size_t start = *at;
	unsigned char c;

	while (*at < len && is_gap((unsigned char)p[*at]))
		++*at;
	if (*at == len)
		return 0;
	if (*at > start && start > 0)
		return ' ';
	c = (unsigned char)p[(*at)++];
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static bool
same_folded(const struct rdl_quote *a, const struct rdl_quote *b)
{
	struct rdl_buf fa = RDL_BUF_INIT(4 * RDL_LINE_MAX), fb = fa;
	bool same;

	same = rdl_utf8_fold(&fa, a->p, a->len) == 0 &&
	    rdl_utf8_fold(&fb, b->p, b->len) == 0 && fa.len == fb.len &&
	    (fa.len == 0 || memcmp(fa.p, fb.p, fa.len) == 0);
	rdl_buf_release(&fa);
	rdl_buf_release(&fb);
	return same;
}

/* The number of bytes that both begin with, in steps of 8. */
static size_t
common(const struct rdl_quote *a, const struct rdl_quote *b)
{
	size_t n = 0, max = a->len < b->len ? a->len : b->len;

	while (n + 8 <= max && memcmp(a->p + n, b->p + n, 8) == 0)
		n += 8;
	return n;
}

/* Most texts are ASCII, and siblings begin alike. */
bool
rdl_contrast_same(const struct rdl_quote *a, const struct rdl_quote *b)
{
	size_t i = common(a, b), j;
	unsigned char ca, cb;

	while (i > 0 && is_gap((unsigned char)a->p[i - 1]))
		i--;
	if (i > 0 && ((unsigned char)a->p[i - 1] & 0x80) != 0)
		return same_folded(a, b);
	j = i;
	do {
		ca = next_byte(a->p, a->len, &i);
		cb = next_byte(b->p, b->len, &j);
		if ((ca | cb) & 0x80)
			return same_folded(a, b);
		/* A mark behind a letter would change it. */
		if (ca != cb)
			return false;
	} while (ca != 0);
	return true;
}

static bool
is_blank(const struct rdl_quote *q)
{
	size_t i;

	for (i = 0; i < q->len; i++)
		if (!is_gap((unsigned char)q->p[i]))
			return false;
	return true;
}

static bool
same_bytes(const struct rdl_quote *a, const struct rdl_quote *b)
{
	return a->p != NULL && b->p != NULL && a->len == b->len &&
	    memcmp(a->p, b->p, a->len) == 0;
}

static void
read_image(struct rdl_side *s, const struct rdl_rec *rec, yyjson_val *image)
{
	struct rdl_quote *want;
	yyjson_val *k, *v;
	size_t i, n;

	s->record = image;
	yyjson_obj_foreach(image, i, n, k, v) {
		if (!yyjson_is_str(v))
			continue;
		if (yyjson_equals_str(k, "id"))
			want = &s->image_id;
		else if (yyjson_equals_str(k, "uri"))
			want = &s->uri;
		else if (yyjson_equals_str(k, "sha256"))
			want = &s->sha256;
		else
			continue;
		if (want->p == NULL)
			*want = rdl_span_quote(rec, v);
	}
}

static void
read_side(struct rdl_side *s, const struct rdl_rec *rec, yyjson_val *side)
{
	yyjson_val *k, *v;
	size_t i, n;

	memset(s, 0, sizeof(*s));
	yyjson_obj_foreach(side, i, n, k, v) {
		if (yyjson_equals_str(k, "text") && yyjson_is_str(v) &&
		    s->text.p == NULL)
			s->text = rdl_span_quote(rec, v);
		else if (yyjson_equals_str(k, "scores"))
			s->scores = v;
		else if (yyjson_equals_str(k, "image") && yyjson_is_obj(v) &&
		    s->image.p == NULL) {
			s->image = rdl_span_member(rec, k);
			read_image(s, rec, v);
		}
	}
}

static int
check_image(const struct rdl_side *s, size_t number, struct rdl_reason *why)
{
	if (s->image.p == NULL)
		return rdl_reason_set(why, false, "no-image",
		    "side %zu has no image", number);
	if (s->image_id.len == 0 || s->image_id.len >= RDL_ID_MAX)
		return rdl_reason_set(why, true, "record",
		    "/sides/%zu/image/id: no id, or longer than %d bytes",
		    number - 1, RDL_ID_MAX - 1);
	if (s->uri.len == 0 || memchr(s->uri.p, '\0', s->uri.len) != NULL)
		return rdl_reason_set(why, true, "record",
		    "/sides/%zu/image/uri: not the path of a file",
		    number - 1);
	return 1;
}

static int
check_pair(const struct rdl_contrast *c, size_t i, size_t j,
    struct rdl_reason *why)
{
	const struct rdl_side *a = &c->v[i], *b = &c->v[j];

	if (rdl_contrast_same(&a->text, &b->text))
		return rdl_reason_set(why, false, "same-text",
		    "sides %zu and %zu have the same text", i + 1, j + 1);
	if (same_bytes(&a->image_id, &b->image_id) ||
	    same_bytes(&a->sha256, &b->sha256) || same_bytes(&a->uri, &b->uri))
		return rdl_reason_set(why, false, "same-image",
		    "sides %zu and %zu have the same image", i + 1, j + 1);
	return 1;
}

static int
check_sides(const struct rdl_contrast *c, bool images, struct rdl_reason *why)
{
	size_t i, j;

	for (i = 0; i < c->n; i++) {
		if (c->v[i].text.p == NULL || is_blank(&c->v[i].text))
			return rdl_reason_set(why, true, "record",
			    "/sides/%zu/text: no text", i);
		if (images && check_image(&c->v[i], i + 1, why) == 0)
			return 0;
	}
	for (i = 0; i < c->n; i++)
		for (j = 0; j < i; j++)
			if (check_pair(c, j, i, why) == 0)
				return 0;
	return 1;
}

static int
read_sides(struct rdl_contrast *c, const struct rdl_rec *rec, bool images,
    size_t least, struct rdl_reason *why)
{
	yyjson_val *sides = rdl_rec_get(rec, "sides"), *side;
	size_t i, max;

	c->rec = rec;
	c->n = yyjson_arr_size(sides);
	if (!yyjson_is_arr(sides))
		return rdl_reason_set(why, true, "record",
		    "/sides: no list of sides");
	if (c->n > RDL_CONTRAST_SIDES)
		return rdl_reason_set(why, true, "record",
		    "/sides: more than %d", RDL_CONTRAST_SIDES);
	if (c->n < least)
		return rdl_reason_set(why, false, "one-side",
		    c->n == 0 ? "there are no sides" :
		    "there is nothing to compare with the only side");
	yyjson_arr_foreach(sides, i, max, side) {
		if (!yyjson_is_obj(side))
			return rdl_reason_set(why, true, "record",
			    "/sides/%zu: not an object", i);
		read_side(&c->v[i], rec, side);
	}
	return check_sides(c, images, why);
}

int
rdl_contrast_read(struct rdl_contrast *c, const struct rdl_rec *rec,
    bool images, struct rdl_reason *why)
{
	return read_sides(c, rec, images, 2, why);
}

int
rdl_contrast_read_any(struct rdl_contrast *c, const struct rdl_rec *rec,
    bool images, struct rdl_reason *why)
{
	return read_sides(c, rec, images, 1, why);
}
