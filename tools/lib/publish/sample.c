/*
 * A finished record as trainers see it: pictures, question, answer, or a pair.
 * Reads one parsed record.  Opens no file.
 */
#include "publish/sample.h"

#include <string.h>

static struct rdl_sample_text
text_of(yyjson_val *v)
{
	struct rdl_sample_text t = { NULL, 0 };

	if (yyjson_is_str(v))
		t = (struct rdl_sample_text){ yyjson_get_str(v),
			yyjson_get_len(v) };
	return t;
}

static bool
same(struct rdl_sample_text a, struct rdl_sample_text b)
{
	return a.p != NULL && b.p != NULL && a.len == b.len &&
	    memcmp(a.p, b.p, a.len) == 0;
}

/* The text at path, which must be there and more than blanks. */
static int
want_text(yyjson_val *root, const char *path, struct rdl_sample_text *out,
    struct rdl_err *err)
{
	size_t i;

	*out = text_of(rdl_rec_at(root, path));
	for (i = 0; i < out->len; i++)
		if (strchr(" \t\r\n", out->p[i]) == NULL)
			return 0;
	return rdl_err_set(err, RDL_E_INPUT, "/%s: %s", path,
	    out->p == NULL ? "no text" : "empty");
}

static int
add_image(struct rdl_sample *s, yyjson_val *v, const char *where,
    struct rdl_err *err)
{
	struct rdl_sample_image *im = &s->images[s->nimages];

	if (s->nimages == RDL_SAMPLE_IMAGES)
		return rdl_err_set(err, RDL_E_INPUT,
		    "/%s: more than %d images", where, RDL_SAMPLE_IMAGES);
	memset(im, 0, sizeof(*im));
	im->uri = text_of(yyjson_is_str(v) ? v : yyjson_obj_get(v, "uri"));
	im->sha256 = text_of(yyjson_obj_get(v, "sha256"));
	im->format = text_of(yyjson_obj_get(v, "format"));
	im->licence = text_of(yyjson_obj_get(v, "licence"));
	im->source = text_of(yyjson_obj_get(v, "source"));
	if (im->uri.p == NULL || im->uri.len == 0 ||
	    strlen(im->uri.p) != im->uri.len)
		return rdl_err_set(err, RDL_E_INPUT, "/%s: no image file",
		    where);
	s->nimages++;
	return 0;
}

static int
read_task(struct rdl_sample *s, yyjson_val *path, struct rdl_err *err)
{
	yyjson_val *name;
	size_t i, max;

	yyjson_arr_foreach(path, i, max, name) {
		if (!yyjson_is_str(name))
			return rdl_err_set(err, RDL_E_INPUT,
			    "/task/path/%zu: no text", i);
		if (i == 0)
			s->level1 = text_of(name);
		else
			rdl_buf_adds(&s->task, " ~ ");
		rdl_buf_add(&s->task, yyjson_get_str(name),
		    yyjson_get_len(name));
	}
	return 0;
}

static int
read_qa(struct rdl_sample *s, yyjson_val *root, struct rdl_err *err)
{
	if (add_image(s, yyjson_obj_get(root, "image"), "image", err) < 0 ||
	    want_text(root, "question", &s->prompt, err) < 0)
		return -1;
	return want_text(root, "answer", &s->answer, err);
}

/* Sides that are pictures become images[0] and images[1]. */
static int
read_sides(struct rdl_sample *s, yyjson_val *root, struct rdl_err *err)
{
	yyjson_val *chosen = rdl_rec_at(root, "chosen/image");
	yyjson_val *rejected = rdl_rec_at(root, "rejected/image");
	bool equal;

	s->of_images = chosen != NULL || rejected != NULL;
	if (s->of_images) {
		if (add_image(s, chosen, "chosen/image", err) < 0 ||
		    add_image(s, rejected, "rejected/image", err) < 0)
			return -1;
		equal = same(s->images[0].uri, s->images[1].uri) ||
		    same(s->images[0].sha256, s->images[1].sha256);
	} else {
		if (want_text(root, "chosen/text", &s->chosen, err) < 0 ||
		    want_text(root, "rejected/text", &s->rejected, err) < 0)
			return -1;
		equal = same(s->chosen, s->rejected);
	}
	if (equal)
		return rdl_err_set(err, RDL_E_INPUT,
		    "/chosen: the same as /rejected");
	return 0;
}

static int
read_preference(struct rdl_sample *s, yyjson_val *root, struct rdl_err *err)
{
	yyjson_val *list = yyjson_obj_get(root, "images"), *v;
	size_t i, max;

	s->preference = true;
	if (want_text(root, "prompt", &s->prompt, err) < 0 ||
	    read_sides(s, root, err) < 0)
		return -1;
	if (s->of_images || list == NULL)
		return 0;
	yyjson_arr_foreach(list, i, max, v)
		if (add_image(s, v, "images", err) < 0)
			return -1;
	return 0;
}

int
rdl_sample_read(struct rdl_sample *s, const struct rdl_rec *rec,
    struct rdl_err *err)
{
	struct rdl_buf task = s->task;
	size_t len = 0;
	const char *kind = rdl_rec_str(rec, "kind", &len);
	int rc;

	rdl_buf_reset(&task);
	memset(s, 0, sizeof(*s));
	s->task = task;
	if (rdl_id_of(rec, &s->id, err) < 0)
		return -1;
	rdl_hash_hex(s->key, s->id.hash.b, RDL_HASH_LEN);
	s->split = text_of(rdl_rec_get(rec, "split"));
	if (kind != NULL && strcmp(kind, "qa") == 0)
		rc = read_qa(s, rec->root, err);
	else if (kind != NULL && strcmp(kind, "preference") == 0)
		rc = read_preference(s, rec->root, err);
	else
		return rdl_err_set(err, RDL_E_INPUT,
		    "/kind: neither qa nor preference");
	if (rc == 0)
		rc = read_task(s, rdl_rec_at(rec->root, "task/path"), err);
	return rc;
}

void
rdl_sample_release(struct rdl_sample *s)
{
	rdl_buf_release(&s->task);
}
