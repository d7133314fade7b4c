/*
 * Contrasts that wait until all are there.
 * Writes their lines to a spool, keeps hashes and names.  Makes no triples.
 */
#include "domain/pairing_held.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/mem.h"
#include "core/utf8.h"

void
rdl_pairing_held_init(struct rdl_pairing_held *h, size_t dim)
{
	memset(h, 0, sizeof(*h));
	h->dim = dim;
	h->spool = (struct rdl_spool)RDL_SPOOL_INIT;
	h->names = (struct rdl_map)RDL_MAP_INIT;
	h->images = (struct rdl_map)RDL_MAP_INIT;
	rdl_buf_init(&h->line, RDL_LINE_MAX + 1);
}

void
rdl_pairing_held_release(struct rdl_pairing_held *h)
{
	free(h->v);
	free(h->samples);
	free(h->owners);
	free(h->vectors);
	free(h->parents);
	rdl_spool_release(&h->spool);
	rdl_map_release(&h->names);
	rdl_map_release(&h->images);
	rdl_buf_release(&h->line);
}

/* -- Who belongs together --------------------------------------------------*/

static uint32_t
root_of(const struct rdl_pairing_held *h, uint32_t name)
{
	while (h->parents[name] != name)
		name = h->parents[name];
	return name;
}

static bool
is_less(const struct rdl_map_entry *a, const struct rdl_map_entry *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int c = memcmp(a->key, b->key, n);

	return c != 0 ? c < 0 : a->len < b->len;
}

/* The least name is the root: whoever came first. */
static void
join_names(struct rdl_pairing_held *h, uint32_t a, uint32_t b)
{
	uint32_t ra = root_of(h, a), rb = root_of(h, b), root, next, i, k;
	const uint32_t ends[2] = { a, b };

	root = is_less(&h->names.entries[ra], &h->names.entries[rb]) ? ra : rb;
	/* Both ways are made short. */
	for (k = 0; k < 2; k++)
		for (i = ends[k]; h->parents[i] != i; i = next) {
			next = h->parents[i];
			h->parents[i] = root;
		}
	h->parents[ra] = h->parents[rb] = root;
}

static uint32_t
name_of(struct rdl_pairing_held *h, const char *group, size_t len)
{
	struct rdl_map_entry *e;
	size_t cap = h->parents_cap;
	int made;

	e = rdl_map_put(&h->names, group, len, &made);
	if (!made)
		return (uint32_t)e->value;
	e->value = h->names.count - 1;
	if (h->names.count > cap) {
		h->parents_cap = cap > 0 ? 2 * cap : 1024;
		h->parents = rdl_mem_realloc(h->parents, h->parents_cap,
		    sizeof(*h->parents));
	}
	h->parents[e->value] = (uint32_t)e->value;
	return (uint32_t)e->value;
}

/* Whoever had this image before is of the same group.  mark keeps ids and
 * digests apart. */
static void
note_image(struct rdl_pairing_held *h, char mark, const struct rdl_quote *q,
    uint32_t name)
{
	struct rdl_map_entry *e;
	int made;

	if (q->p == NULL)
		return;
	rdl_buf_reset(&h->line);
	rdl_buf_addc(&h->line, mark);
	rdl_buf_add(&h->line, q->p, q->len);
	e = rdl_map_put(&h->images, h->line.p, h->line.len, &made);
	if (made)
		e->value = name;
	else
		join_names(h, name, (uint32_t)e->value);
}

void
rdl_pairing_held_join(struct rdl_pairing_held *h, size_t a, size_t b)
{
	join_names(h, h->v[a].name, h->v[b].name);
}

void
rdl_pairing_held_place(const struct rdl_pairing_held *h, size_t i,
    struct rdl_pairing_place *place)
{
	const struct rdl_map_entry *e =
	    &h->names.entries[root_of(h, h->v[i].name)];

	place->group = e->key;
	place->len = e->len;
	place->fold = -1;
}

/* -- Contrasts in and out --------------------------------------------------*/

static uint64_t
hash_text(struct rdl_pairing_held *h, const char *p, size_t len)
{
	rdl_buf_reset(&h->line);
	if (p == NULL || rdl_utf8_fold(&h->line, p, len) < 0)
		return 0;
	return XXH3_64bits(h->line.len > 0 ? h->line.p : "", h->line.len);
}

static void
add_samples(struct rdl_pairing_held *h, const struct rdl_contrast *c)
{
	const struct rdl_pairing_kept *k = &h->v[h->n];
	struct rdl_pairing_sample *s;
	uint64_t base_hash;
	const char *base;
	size_t i, len;

	if (h->nsamples + c->n > h->samples_cap) {
		h->samples_cap = 2 * h->samples_cap + RDL_CONTRAST_SIDES;
		h->samples = rdl_mem_realloc(h->samples, h->samples_cap,
		    sizeof(*h->samples));
		h->owners = rdl_mem_realloc(h->owners, h->samples_cap,
		    sizeof(*h->owners));
	}
	base = rdl_rec_str(c->rec, "base", &len);
	base_hash = h->dim > 0 ? hash_text(h, base, len) : 0;
	for (i = 0; i < c->n; i++) {
		s = &h->samples[h->nsamples];
		memset(s, 0, sizeof(*s));
		s->base = base_hash;
		if (h->dim > 0)
			s->text = hash_text(h, c->v[i].text.p,
			    c->v[i].text.len);
		s->image = XXH3_64bits(c->v[i].image_id.p,
		    c->v[i].image_id.len);
		note_image(h, 'i', &c->v[i].image_id, k->name);
		note_image(h, 's', &c->v[i].sha256, k->name);
		h->owners[h->nsamples++] = (uint32_t)h->n;
	}
}

/* The line, with an id: those of triples are to be had without computing. */
static int
put_line(struct rdl_pairing_held *h, const struct rdl_contrast *c,
    const struct rdl_id *id, struct rdl_err *err)
{
	char text[RDL_ID_TEXT], quoted[RDL_ID_TEXT + 2];
	struct rdl_pairing_kept *k = &h->v[h->n];
	struct rdl_edit edit = { "id", quoted, 0 };

	rdl_id_format(id, text);
	edit.len = (size_t)snprintf(quoted, sizeof(quoted), "\"%s\"", text);
	rdl_buf_reset(&h->line);
	rdl_rec_edit(c->rec, &edit, rdl_rec_get(c->rec, "id") == NULL ? 1 : 0,
	    &h->line);
	if (rdl_buf_full(&h->line))
		return rdl_err_set(err, RDL_E_INPUT,
		    "with its id the record is too long");
	k->at = h->spool.len;
	k->len = h->line.len - 1;
	return rdl_spool_add(&h->spool, h->line.p, k->len, err);
}

int
rdl_pairing_held_add(struct rdl_pairing_held *h, const struct rdl_contrast *c,
    const struct rdl_id *id, const char *group, size_t len,
    struct rdl_err *err)
{
	struct rdl_pairing_kept *k;

	if (h->nsamples + c->n >= UINT32_MAX)
		return rdl_err_set(err, RDL_E_INPUT, "too many sides");
	if (h->n == h->cap) {
		h->cap = h->cap > 0 ? 2 * h->cap : 1024;
		h->v = rdl_mem_realloc(h->v, h->cap, sizeof(*h->v));
	}
	k = &h->v[h->n];
	k->name = name_of(h, group, len);
	k->first = (uint32_t)h->nsamples;
	k->n = (uint32_t)c->n;
	if (put_line(h, c, id, err) < 0)
		return -1;
	add_samples(h, c);
	h->n++;
	return 0;
}

void
rdl_pairing_held_vector(struct rdl_pairing_held *h, const float *vector)
{
	if (h->nvectors == h->vectors_cap) {
		h->vectors_cap = h->vectors_cap > 0 ? 2 * h->vectors_cap : 256;
		h->vectors = rdl_mem_realloc(h->vectors,
		    h->vectors_cap * h->dim, sizeof(*h->vectors));
	}
	memcpy(h->vectors + h->nvectors++ * h->dim, vector,
	    h->dim * sizeof(*vector));
}

int
rdl_pairing_held_get(struct rdl_pairing_held *h, size_t i,
    struct rdl_buf *line, struct rdl_rec *rec, struct rdl_err *err)
{
	const struct rdl_pairing_kept *k = &h->v[i];
	char *p;

	rdl_buf_reset(line);
	p = rdl_buf_reserve(line, k->len);
	if (p == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "a record is too long");
	if (rdl_spool_get(&h->spool, k->at, p, k->len, err) < 0)
		return -1;
	line->len += k->len;
	return rdl_rec_parse(rec, line->p, line->len, err);
}
