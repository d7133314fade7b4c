/*
 * Diffusion-DPO rows: caption, two pictures, and which of them won.
 * Reads a sample, appends JSON.  Opens no picture.
 */
#include "publish/pair.h"

#include <string.h>

size_t
rdl_pair_at(const struct rdl_sample *s, size_t i)
{
	return (s->id.hash.b[0] & 1) != 0 ? 1 - i : i;
}

/* What both have behind the pictures.  label_0 is 1 where picture 0 won; ties
 * never get here. */
static void
add_labels(const struct rdl_sample *s, struct rdl_buf *out)
{
	const struct rdl_sample_text *digest;
	size_t i;

	rdl_buf_adds(out, rdl_pair_at(s, 0) == 0 ?
	    "\"label_0\":1.0,\"label_1\":0.0" :
	    "\"label_0\":0.0,\"label_1\":1.0");
	for (i = 0; i < 2; i++) {
		digest = &s->images[rdl_pair_at(s, i)].sha256;
		rdl_buf_addf(out, ",\"image_%zu_uid\":", i);
		rdl_buf_addjson(out, digest->p != NULL ? digest->p : "",
		    digest->len);
	}
	rdl_buf_adds(out, ",\"best_image_uid\":");
	digest = &s->images[0].sha256;
	rdl_buf_addjson(out, digest->p != NULL ? digest->p : "", digest->len);
	rdl_buf_adds(out, ",\"are_different\":true,\"has_label\":true,"
	    "\"caption\":");
	rdl_buf_addjson(out, s->prompt.p, s->prompt.len);
	rdl_buf_addf(out, ",\"id\":\"%s\",\"task\":", s->key);
	rdl_buf_addjson(out, s->task.len > 0 ? s->task.p : "", s->task.len);
	rdl_buf_addc(out, '}');
}

void
rdl_pair_row(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	size_t i, at;

	rdl_buf_addc(out, '{');
	for (i = 0; i < 2; i++) {
		at = rdl_pair_at(s, i);
		rdl_buf_addf(out, "\"jpg_%zu_file_name\":", i);
		rdl_buf_addjson(out, paths[at], strlen(paths[at]));
		rdl_buf_addc(out, ',');
	}
	add_labels(s, out);
}

void
rdl_pair_tar(const struct rdl_sample *s, const char *const *paths,
    struct rdl_buf *out)
{
	(void)paths;
	rdl_buf_addc(out, '{');
	add_labels(s, out);
}
