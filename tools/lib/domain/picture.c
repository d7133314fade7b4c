/*
 * The image record, written.
 * Pure: reads what it is given, appends to a buffer.
 */
#include "domain/picture.h"

#include <inttypes.h>
#include <string.h>

#include "core/utf8.h"

int
rdl_picture_id(const char *sha256, struct rdl_id *id, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_KIB);
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	rdl_buf_addf(&text, "{\"kind\":\"image\",\"sha256\":\"%s\"}", sha256);
	rc = rdl_rec_parse(&rec, text.p, text.len, err);
	if (rc == 0)
		rc = rdl_id_compute(&rec, id, err);
	rdl_rec_release(&rec);
	rdl_buf_release(&text);
	return rc;
}

void
rdl_picture_words(struct rdl_buf *out, const char *text)
{
	struct rdl_buf clean = RDL_BUF_INIT(out->max);
	size_t len = strlen(text), ok;

	while ((ok = rdl_utf8_valid(text, len)) < len) {
		rdl_buf_add(&clean, text, ok);
		rdl_buf_adds(&clean, "\xef\xbf\xbd");
		text += ok + 1;
		len -= ok + 1;
	}
	rdl_buf_add(&clean, text, len);
	if (rdl_buf_full(&clean))
		out->full = true;
	rdl_buf_addjson(out, clean.p != NULL ? clean.p : "", clean.len);
	rdl_buf_release(&clean);
}

static void
add_words(struct rdl_buf *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	rdl_buf_addf(out, ",\"%s\":", name);
	rdl_picture_words(out, text);
}

int
rdl_picture_record(const struct rdl_picture *p, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_image_info *info = p->info;
	char text[RDL_ID_TEXT];

	if (rdl_picture_id(p->sha256, id, err) < 0)
		return -1;
	rdl_id_format(id, text);
	rdl_buf_addf(out, "{\"kind\":\"image\",\"id\":\"%s\",\"uri\":", text);
	rdl_buf_addjson(out, p->uri, strlen(p->uri));
	rdl_buf_addf(out, ",\"sha256\":\"%s\",\"format\":\"%s\",\"width\":%"
	    PRIu32 ",\"height\":%" PRIu32 ",\"bytes\":%" PRIu64, p->sha256,
	    info->format, info->width, info->height, p->bytes);
	if (info->orientation != 1)
		rdl_buf_addf(out, ",\"orientation\":%d", info->orientation);
	if (info->alpha)
		rdl_buf_adds(out, ",\"alpha\":true");
	if (p->phash != NULL)
		rdl_buf_addf(out, ",\"phash\":\"%016" PRIx64 "\"", *p->phash);
	add_words(out, "source", p->source);
	add_words(out, "licence", p->licence);
	if (p->caption != NULL) {
		rdl_buf_adds(out, ",\"caption\":");
		rdl_buf_addjson(out, p->caption, p->caption_len);
	}
	rdl_buf_adds(out, "}\n");
	if (rdl_buf_full(out))
		return rdl_err_set(err, RDL_E_INPUT, "%s: its record is too "
		    "long", p->uri);
	return 0;
}

const char *
rdl_picture_ending(const char *format)
{
	return strcmp(format, "jpeg") == 0 ? "jpg" : format;
}
