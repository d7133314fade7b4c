/*
 * A record that is made of another.
 * Reads members as text, writes the line.  Does not look at what they say.
 */
#include "domain/made.h"

static int
too_long(const struct rdl_buf *out, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT,
	    "the record is longer than %zu bytes", out->max);
}

static int
identify(const char *kind, const struct rdl_buf *members, struct rdl_id *id,
    struct rdl_err *err)
{
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	rdl_buf_addf(&line, "{\"kind\":\"%s\",", kind);
	rdl_buf_add(&line, members->p, members->len);
	rdl_buf_addc(&line, '}');
	if (rdl_buf_full(members) || rdl_buf_full(&line))
		rc = too_long(&line, err);
	else
		rc = rdl_rec_parse(&rec, line.p, line.len, err);
	if (rc == 0)
		rc = rdl_id_compute(&rec, id, err);
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	return rc;
}

int
rdl_made_record(const char *kind, const struct rdl_buf *from,
    const struct rdl_buf *members, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err)
{
	char text[RDL_ID_TEXT];

	if (identify(kind, members, id, err) < 0)
		return -1;
	rdl_id_format(id, text);
	rdl_buf_addf(out, "{\"kind\":\"%s\",\"id\":\"%s\",\"from\":", kind,
	    text);
	rdl_buf_add(out, from->p, from->len);
	rdl_buf_addc(out, ',');
	rdl_buf_add(out, members->p, members->len);
	rdl_buf_adds(out, "}\n");
	return rdl_buf_full(out) ? too_long(out, err) : 0;
}

void
rdl_made_copy(const struct rdl_rec *rec, const char *name,
    struct rdl_buf *out)
{
	const char *json;
	size_t len;

	if (rdl_rec_span(rec, name, &json, &len) != 1)
		return;
	rdl_buf_addf(out, "\"%s\":", name);
	rdl_buf_add(out, json, len);
	rdl_buf_addc(out, ',');
}
