/*
 * A record whose pictures are wanted: its texts.
 * Reads the record that d->rec holds; keeps copies.  Asks nobody.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/draw_impl.h"

/* A text that goes into a request, where a NUL ends it. */
static bool
take_text(struct rdl_draw_side *s, const char *p, size_t len)
{
	if (p == NULL || len == 0 || memchr(p, '\0', len) != NULL)
		return false;
	s->text = rdl_mem_dup(p, len);
	return true;
}

static void
make_sides(struct rdl_draw_group *g, size_t n)
{
	size_t i;

	g->n = n;
	g->sides = rdl_mem_calloc(n, sizeof(*g->sides));
	for (i = 0; i < n; i++) {
		g->sides[i].group = g;
		g->sides[i].seed = -1;
	}
}

static int
take_texts(struct rdl_draw *d, struct rdl_draw_group *g)
{
	struct rdl_contrast *c = &d->contrast;
	const char *text;
	size_t i, len;
	bool good = true;

	if (yyjson_equals_str(rdl_rec_get(&d->rec, "kind"), "instruction")) {
		make_sides(g, 1);
		text = rdl_rec_str(&d->rec, "text", &len);
		good = take_text(&g->sides[0], text, text != NULL ? len : 0);
	} else if (!yyjson_equals_str(rdl_rec_get(&d->rec, "kind"),
	    "contrast")) {
		return rdl_reason_set(&g->lost, true, "input",
		    "neither a contrast nor an instruction");
	} else {
		if (rdl_contrast_read(c, &d->rec, false, &g->lost) == 0)
			return 0;
		make_sides(g, c->n);
		for (i = 0; i < c->n; i++)
			good = take_text(&g->sides[i], c->v[i].text.p,
			    c->v[i].text.len) && good;
	}
	return good ? 1 : rdl_reason_set(&g->lost, true, "input",
	    "a text is missing, empty or has a NUL in it");
}

struct rdl_draw_group *
rdl_draw_group_new(struct rdl_draw *d)
{
	struct rdl_draw_group *g = rdl_mem_calloc(1, sizeof(*g));
	struct rdl_err why = RDL_ERR_INIT;
	int rc;

	g->line = rdl_mem_dup(d->rec.line, d->rec.len);
	g->len = d->rec.len;
	rc = rdl_id_of(&d->rec, &g->id, &why);
	g->has_id = rc == 1;
	if (rc < 0) {
		memset(&g->id, 0, sizeof(g->id));
		g->id.hash = rdl_hash_of(g->line, g->len);
		(void)rdl_reason_set(&g->lost, true, "id", "%s", why.msg);
	} else if (take_texts(d, g) == 1)
		g->lost.rule = NULL;
	/* What is lost takes one place in the order. */
	if (g->n == 0)
		make_sides(g, 1);
	g->places = g->lost.rule != NULL ? 1 : g->n;
	g->prev = &d->groups;
	g->next = d->groups;
	if (g->next != NULL)
		g->next->prev = &g->next;
	d->groups = g;
	return g;
}

void
rdl_draw_group_free(struct rdl_draw_group *g)
{
	size_t i;

	*g->prev = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	for (i = 0; i < g->n; i++) {
		free(g->sides[i].text);
		free(g->sides[i].file);
		free(g->sides[i].resolved);
	}
	free(g->sides);
	free(g->line);
	free(g);
}
