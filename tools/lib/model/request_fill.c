/*
 * From a rendered prompt to the turns of a request.
 * Reads image files, to hash them and to learn their type; copies all text.
 */
#include <string.h>

#include "core/limits.h"
#include "core/mem.h"
#include "model/request.h"
#include "model/request_impl.h"

/* A turn in the making.  Neighbouring texts become one piece, so that a turn
 * of words only is a plain string on the wire. */
struct filling {
	struct rdl_turn *turn;
	struct rdl_buf text;	/* not yet a piece */
	struct rdl_arena *arena;
	enum rdl_image_mode mode;
};

static void *
alloc_array(struct rdl_arena *arena, size_t n, size_t size)
{
	if (n > (size_t)-1 / size)
		rdl_mem_exhausted((size_t)-1);
	return rdl_arena_alloc(arena, n * size);
}

static void
flush_text(struct filling *f)
{
	struct rdl_piece *p = &f->turn->pieces[f->turn->npieces];

	if (f->text.len == 0)
		return;
	p->text = rdl_arena_dup(f->arena, f->text.p, f->text.len);
	p->len = f->text.len;
	f->turn->npieces++;
	rdl_buf_reset(&f->text);
}

static int
add_pixels(struct filling *f, const struct rdl_part *part,
    struct rdl_err *err)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_IMAGE_MAX);
	struct rdl_piece *p;
	int rc = -1;

	if (part->len == 0 || memchr(part->text, '\0', part->len) != NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the name of an image is empty or holds a NUL byte");
	flush_text(f);
	p = &f->turn->pieces[f->turn->npieces];
	p->uri = rdl_arena_dup(f->arena, part->text, part->len);
	if (rdl_request_image_load(p->uri, &file, err) < 0)
		goto out;
	p->media_type = rdl_request_image_type(file.p, file.len);
	if (p->media_type == NULL) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "%.*s: not a JPEG, PNG, GIF, WebP or BMP image",
		    RDL_REQUEST_SHOWN, p->uri);
		goto out;
	}
	p->image = rdl_hash_sha256(file.p, file.len);
	p->bytes = file.len;
	f->turn->npieces++;
	rc = 0;
out:
	rdl_buf_release(&file);
	return rc;
}

static int
add_part(struct filling *f, const struct rdl_part *part, struct rdl_err *err)
{
	if (!part->is_media) {
		rdl_buf_add(&f->text, part->text, part->len);
		return 0;
	}
	if (f->mode != RDL_IMAGE_PIXELS &&
	    (part->caption == NULL || part->caption_len == 0))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the image has no caption, which --images %s wants",
		    f->mode == RDL_IMAGE_BOTH ? "both" : "caption");
	if (f->mode != RDL_IMAGE_CAPTION && add_pixels(f, part, err) < 0)
		return -1;
	if (f->mode != RDL_IMAGE_PIXELS)
		rdl_buf_add(&f->text, part->caption, part->caption_len);
	return 0;
}

static int
fill_turn(struct filling *f, const struct rdl_message *m,
    struct rdl_err *err)
{
	size_t i;

	f->turn->role = m->role;
	/* A text before each image, the image, and a text at the end. */
	f->turn->pieces = alloc_array(f->arena, m->nparts + 1,
	    2 * sizeof(*f->turn->pieces));
	for (i = 0; i < m->nparts; i++)
		if (add_part(f, &m->parts[i], err) < 0)
			return -1;
	if (rdl_buf_full(&f->text))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the text of a message is larger than %zu bytes",
		    f->text.max);
	flush_text(f);
	if (f->turn->npieces == 0) {
		f->turn->pieces[0].text = "";
		f->turn->npieces = 1;
	}
	return 0;
}

int
rdl_request_fill(struct rdl_request *r, const struct rdl_messages *m,
    enum rdl_image_mode mode, struct rdl_arena *arena, struct rdl_err *err)
{
	struct filling f = { NULL, RDL_BUF_INIT(RDL_BODY_MAX), arena, mode };
	int rc = 0;
	size_t i;

	r->turns = alloc_array(arena, m->n + 1, sizeof(*r->turns));
	r->nturns = m->n;
	for (i = 0; i < m->n && rc == 0; i++) {
		f.turn = &r->turns[i];
		rc = fill_turn(&f, &m->v[i], err);
	}
	rdl_buf_release(&f.text);
	return rc;
}

void
rdl_request_add_text(struct rdl_request *r, enum rdl_role role,
    const char *text, size_t len, struct rdl_arena *arena)
{
	struct rdl_turn *turns = alloc_array(arena, r->nturns + 1,
	    sizeof(*turns)), *t = &turns[r->nturns];

	if (r->nturns > 0)
		memcpy(turns, r->turns, r->nturns * sizeof(*turns));
	t->role = role;
	t->pieces = alloc_array(arena, 1, sizeof(*t->pieces));
	t->pieces[0].text = rdl_arena_dup(arena, text, len);
	t->pieces[0].len = len;
	t->npieces = 1;
	r->turns = turns;
	r->nturns++;
}
