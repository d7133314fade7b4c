/*
 * Match records.
 * Reads an image record and its tasks, writes record text; does no I/O.
 */
#include "domain/match.h"

#include <stdio.h>
#include <string.h>

void
rdl_match_score(float cos, struct rdl_buf *out)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%.6f", (double)cos);
	rdl_buf_adds(out, strcmp(text, "-0.000000") == 0 ? text + 1 : text);
}

/* The image's id as a JSON string. */
static void
add_image_id(const struct rdl_rec *image, const struct rdl_id *id,
    struct rdl_buf *out)
{
	char text[RDL_ID_TEXT];
	const char *json;
	size_t len;

	if (rdl_rec_span(image, "id", &json, &len) == 1) {
		rdl_buf_add(out, json, len);
		return;
	}
	rdl_id_format(id, text);
	rdl_buf_addjson(out, text, strlen(text));
}

/* The image's members but kind, from and id, its id put first. */
static void
add_image(const struct rdl_rec *image, const struct rdl_id *id,
    struct rdl_buf *out)
{
	static const struct rdl_edit cut[] = { { "kind", NULL, 0 },
		{ "from", NULL, 0 }, { "id", NULL, 0 } };
	struct rdl_buf rest = RDL_BUF_INIT(RDL_LINE_MAX + 1);
	const char *p, *end;

	rdl_rec_edit(image, cut, RDL_NELEM(cut), &rest);
	if (rdl_buf_full(&rest))
		out->full = true;
	rdl_buf_adds(out, "{\"id\":");
	add_image_id(image, id, out);
	p = memchr(rest.p, '{', rest.len);
	end = rest.p + rest.len;
	if (p != NULL) {
		p++;
		p += strspn(p, " \t\r\n");
		while (end > p && strchr(" \t\r\n", end[-1]) != NULL)
			end--;
		if (*p != '}')
			rdl_buf_addc(out, ',');
		rdl_buf_add(out, p, (size_t)(end - p));
	}
	rdl_buf_release(&rest);
}

static void
add_task(const struct rdl_match *m, struct rdl_buf *out)
{
	rdl_buf_adds(out, "{\"id\":");
	rdl_buf_addjson(out, m->task->id_text, strlen(m->task->id_text));
	rdl_buf_addf(out, ",\"path\":%s,\"score\":", m->task->path_json);
	rdl_match_score(m->cos, out);
	rdl_buf_addf(out, ",\"rank\":%zu%s}", m->rank,
	    m->task->truncated ? ",\"truncated\":true" : "");
}

/* All behind the id. */
static void
add_body(const struct rdl_rec *image, const struct rdl_id *image_id,
    const struct rdl_match *matches, size_t n, struct rdl_buf *out)
{
	size_t i;

	rdl_buf_adds(out, "\"from\":[");
	add_image_id(image, image_id, out);
	for (i = 0; i < n; i++) {
		rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, matches[i].task->id_text,
		    strlen(matches[i].task->id_text));
	}
	rdl_buf_adds(out, "],\"image\":");
	add_image(image, image_id, out);
	rdl_buf_adds(out, ",\"tasks\":[");
	for (i = 0; i < n; i++) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		add_task(&matches[i], out);
	}
	rdl_buf_adds(out, "]}");
}

int
rdl_match_record(const struct rdl_rec *image, const struct rdl_id *image_id,
    const struct rdl_match *matches, size_t n, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf body = RDL_BUF_INIT(RDL_LINE_MAX), whole = body;
	struct rdl_rec rec = RDL_REC_INIT;
	char text[RDL_ID_TEXT];
	int rc = -1;

	add_body(image, image_id, matches, n, &body);
	rdl_buf_adds(&whole, "{\"kind\":\"match\",");
	rdl_buf_add(&whole, body.p, body.len);
	if (rdl_buf_full(&body) || rdl_buf_full(&whole)) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "the match would be longer than a record may be");
	} else if (rdl_rec_parse(&rec, whole.p, whole.len, err) == 0 &&
	    rdl_id_compute(&rec, id, err) == 0) {
		rdl_id_format(id, text);
		rdl_buf_addf(out, "{\"kind\":\"match\",\"id\":\"%s\",", text);
		rdl_buf_add(out, body.p, body.len);
		rdl_buf_addc(out, '\n');
		rc = 0;
	}
	rdl_rec_release(&rec);
	rdl_buf_release(&body);
	rdl_buf_release(&whole);
	return rc;
}
