/*
 * Writing requests: what the dialects have in common.
 * Writes JSON into a buffer; reads image files when it inlines them.
 */
#include <string.h>

#include "core/limits.h"
#include "model/dialect_impl.h"
#include "record/canon.h"

void
rdl_dialect_write_string(struct rdl_buf *out, const char *name, const char *s)
{
	rdl_buf_adds(out, name);
	rdl_buf_addjson(out, s, strlen(s));
}

void
rdl_dialect_write_real(struct rdl_buf *out, const char *name, double v)
{
	if (!isfinite(v))
		return;
	rdl_buf_adds(out, name);
	rdl_canon_number(v, out);
}

void
rdl_dialect_write_int(struct rdl_buf *out, const char *name, int64_t v)
{
	if (v < 0)
		return;
	rdl_buf_adds(out, name);
	rdl_buf_addu(out, (uint64_t)v);
}

void
rdl_dialect_write_strings(struct rdl_buf *out, const char *name,
    const char *const *v, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	rdl_buf_adds(out, name);
	for (i = 0; i < n; i++)
		rdl_dialect_write_string(out, i == 0 ? "[" : ",", v[i]);
	rdl_buf_addc(out, ']');
}

void
rdl_dialect_write_headers(const struct rdl_model *m, const char *key_name,
    const char *fixed, struct rdl_buf *out)
{
	size_t i;

	if (m->key != NULL) {
		rdl_buf_adds(out, key_name);
		rdl_buf_adds(out, m->key);
		rdl_buf_addc(out, '\n');
	}
	rdl_buf_adds(out, "Content-Type: application/json");
	if (fixed != NULL) {
		rdl_buf_addc(out, '\n');
		rdl_buf_adds(out, fixed);
	}
	for (i = 0; m->headers != NULL && m->headers[i] != NULL; i++) {
		rdl_buf_addc(out, '\n');
		rdl_buf_adds(out, m->headers[i]);
	}
}

int
rdl_dialect_write_end(const struct rdl_buf *out, struct rdl_err *err)
{
	if (!rdl_buf_full(out))
		return 0;
	return rdl_err_set(err, RDL_E_INPUT,
	    "the request is larger than %zu bytes", out->max);
}

int
rdl_dialect_write_system(const struct rdl_request *r, bool words,
    struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_turn *t;
	size_t i, j;

	for (i = 0; i < r->nturns; i++) {
		t = &r->turns[i];
		if (t->role != RDL_ROLE_SYSTEM)
			continue;
		if (out->len > 0)
			rdl_buf_adds(out, "\n\n");
		for (j = 0; j < t->npieces; j++) {
			if (t->pieces[j].text == NULL)
				return rdl_err_set(err, RDL_E_INPUT,
				    "an image in a system message");
			rdl_buf_add(out, t->pieces[j].text, t->pieces[j].len);
		}
	}
	if (words && r->schema != NULL) {
		rdl_buf_adds(out, out->len > 0 ? "\n\n" : "");
		rdl_buf_adds(out, "Answer with one JSON value that fits this "
		    "JSON Schema, and with nothing else:\n");
		rdl_buf_add(out, r->schema, r->schema_len);
	}
	return rdl_dialect_write_end(out, err);
}

static int
write_image(const struct rdl_dialect_form *f, const struct rdl_piece *p,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_IMAGE_MAX);
	int rc = rdl_request_image(p, &file, err);

	if (rc == 0) {
		rdl_buf_adds(out, f->image);
		rdl_buf_adds(out, p->media_type);
		rdl_buf_adds(out, f->data);
		rdl_buf_addbase64(out, file.p, file.len);
		rdl_buf_adds(out, f->image_end);
	}
	rdl_buf_release(&file);
	return rc;
}

static void
write_text(const struct rdl_dialect_form *f, const char *p, size_t len,
    struct rdl_buf *out)
{
	rdl_buf_adds(out, f->text);
	rdl_buf_addjson(out, p, len);
	rdl_buf_addc(out, '}');
}

/* The pieces as an array.  An empty text is left out: some servers refuse
 * it. */
static int
write_pieces(const struct rdl_dialect_form *f, const struct rdl_turn *t,
    const struct rdl_buf *lead, struct rdl_buf *out, struct rdl_err *err)
{
	const struct rdl_piece *p;
	const char *comma = "";
	size_t i;

	rdl_buf_addc(out, '[');
	if (lead->len > 0) {
		write_text(f, lead->p, lead->len, out);
		comma = ",";
	}
	for (i = 0; i < t->npieces; i++) {
		p = &t->pieces[i];
		if (p->text != NULL && p->len == 0 && t->npieces > 1)
			continue;
		rdl_buf_adds(out, comma);
		comma = ",";
		if (p->text != NULL)
			write_text(f, p->text, p->len, out);
		else if (write_image(f, p, out, err) < 0)
			return -1;
	}
	rdl_buf_addc(out, ']');
	return 0;
}

/* A text alone, with lead before it. */
static void
write_alone(const struct rdl_piece *p, const struct rdl_buf *lead,
    struct rdl_buf *out)
{
	struct rdl_buf both = RDL_BUF_INIT(out->max);

	if (lead->len == 0) {
		rdl_buf_addjson(out, p->text, p->len);
		return;
	}
	rdl_buf_add(&both, lead->p, lead->len);
	rdl_buf_adds(&both, "\n\n");
	rdl_buf_add(&both, p->text, p->len);
	if (rdl_buf_full(&both))
		out->full = true;
	rdl_buf_addjson(out, both.p, both.len);
	rdl_buf_release(&both);
}

static int
write_turn(const struct rdl_dialect_form *f, const struct rdl_turn *t,
    const struct rdl_buf *lead, struct rdl_buf *out, struct rdl_err *err)
{
	int rc = 0;

	rdl_dialect_write_string(out, "{\"role\":",
	    t->role == RDL_ROLE_MODEL ? f->model : f->user);
	rdl_buf_adds(out, f->content);
	if (f->strings && t->npieces == 1 && t->pieces[0].text != NULL)
		write_alone(&t->pieces[0], lead, out);
	else
		rc = write_pieces(f, t, lead, out, err);
	rdl_buf_addc(out, '}');
	return rc;
}

static bool
has_user(const struct rdl_request *r)
{
	size_t i;

	for (i = 0; i < r->nturns; i++)
		if (r->turns[i].role == RDL_ROLE_USER)
			return true;
	return false;
}

int
rdl_dialect_write_turns(const struct rdl_dialect_form *f,
    const struct rdl_request *r, const struct rdl_buf *first,
    const struct rdl_buf *lead, struct rdl_buf *out, struct rdl_err *err)
{
	static const struct rdl_buf nothing = RDL_BUF_INIT(0);
	struct rdl_piece piece = { .text = lead->p, .len = lead->len };
	const struct rdl_turn alone = { RDL_ROLE_USER, &piece, 1 };
	const char *comma = first != NULL ? "," : "";
	bool led = lead->len == 0;
	size_t i;

	rdl_buf_addc(out, '[');
	if (first != NULL)
		rdl_buf_add(out, first->p, first->len);
	if (!led && !has_user(r)) {
		rdl_buf_adds(out, comma);
		comma = ",";
		led = true;
		if (write_turn(f, &alone, &nothing, out, err) < 0)
			return -1;
	}
	for (i = 0; i < r->nturns; i++) {
		const struct rdl_turn *t = &r->turns[i];
		bool leads = !led && t->role == RDL_ROLE_USER;

		if (t->role == RDL_ROLE_SYSTEM)
			continue;
		rdl_buf_adds(out, comma);
		comma = ",";
		if (write_turn(f, t, leads ? lead : &nothing, out, err) < 0)
			return -1;
		led = led || leads;
	}
	rdl_buf_addc(out, ']');
	return 0;
}
