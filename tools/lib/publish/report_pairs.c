/*
 * The sheet of preference pairs: the images of a group side by side, under
 * each of its instructions, with the scores of each image for it.
 * Reads contrasts, whose scores are a matrix, and preferences, each of which
 * knows a row of it.  Computes no score.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/alignment.h"
#include "domain/sampling.h"
#include "publish/html.h"
#include "publish/report_private.h"
#include "record/jsonl.h"

#define SIDES 4			/* shown of a group */
#define ROWS 64			/* read of a group */

struct side {
	yyjson_val *text, *image;	/* either may be NULL */
};

/* A group as it is shown. */
struct group {
	struct rdl_rec recs[ROWS];
	size_t nrecs;
	struct side v[SIDES];
	size_t n, all;			/* all: sides that it has */
	bool known[SIDES][SIDES];
	double s[SIDES][SIDES];		/* text, image */
	int won[SIDES][SIDES];		/* 1 chosen, -1 rejected, 0 unknown */
	yyjson_val *about;		/* the record that says more */
};

/* What the rows of one group have in common: the contrast they came from, or
 * the group they name, or only themselves; so if it is of two contrasts. */
static yyjson_val *
key_of(const struct rdl_rec *rec)
{
	yyjson_val *from = rdl_rec_get(rec, "from"), *v, *key = NULL;
	size_t i, max, n = 0;

	if (yyjson_is_arr(from))
		yyjson_arr_foreach(from, i, max, v)
			if (yyjson_is_str(v) && strncmp(yyjson_get_str(v),
			    "contrast:", 9) == 0 && n++ == 0)
				key = v;
	if (n == 0)
		key = rdl_rec_get(rec, "group");
	return n > 1 || !yyjson_is_str(key) ? rdl_rec_get(rec, "id") : key;
}

static bool
is_kind(const struct rdl_rec *rec, const char *kind)
{
	yyjson_val *v = rdl_rec_get(rec, "kind");

	return yyjson_is_str(v) && strcmp(yyjson_get_str(v), kind) == 0;
}

static uint64_t
rank_of(const struct rdl_report *r, const char *key, size_t len)
{
	return rdl_sampling_rank(r->o->seed, "pair", key, len);
}

static uint64_t
rank_of_contrast(const struct rdl_report *r, const struct rdl_rec *rec,
    const struct rdl_id *id)
{
	yyjson_val *own = rdl_rec_get(rec, "id");
	char text[RDL_ID_TEXT];

	if (yyjson_is_str(own))
		return rank_of(r, yyjson_get_str(own), yyjson_get_len(own));
	rdl_id_format(id, text);
	return rank_of(r, text, strlen(text));
}

void
rdl_report_pairs_offer(struct rdl_report *r, const struct rdl_rec *rec,
    const struct rdl_id *id)
{
	yyjson_val *key;
	char text[RDL_ID_TEXT];
	uint64_t rank;

	if (r->o->pairs == 0)
		return;
	if (is_kind(rec, "contrast")) {
		rank = rank_of_contrast(r, rec, id);
	} else if (is_kind(rec, "preference") &&
	    yyjson_is_obj(rdl_rec_at(rec->root, "chosen/image"))) {
		key = key_of(rec);
		rdl_id_format(id, text);
		rank = yyjson_is_str(key) ? rank_of(r, yyjson_get_str(key),
		    yyjson_get_len(key)) : rank_of(r, text, strlen(text));
	} else {
		return;
	}
	rdl_report_picks_offer(&r->pairs, rank, rec->line, rec->len, true);
}

/* Is a group of that rank among the chosen ones? */
static bool
is_chosen(const struct rdl_report *r, uint64_t rank)
{
	size_t i;

	for (i = 0; i < r->pairs.n; i++)
		if (r->pairs.v[i].rank == rank)
			return true;
	return false;
}

int
rdl_report_pairs_contrasts(struct rdl_report *r, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_id id;
	uint64_t rank;
	int rc;

	if (r->o->contrasts == NULL)
		return 0;
	if (rdl_jsonl_open(&in, r->o->contrasts, err) < 0)
		return -1;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
		if (!is_kind(&rec, "contrast"))
			continue;
		if ((rc = rdl_id_of(&rec, &id, err)) < 0)
			break;
		rank = rank_of_contrast(r, &rec, &id);
		if (is_chosen(r, rank))
			rdl_report_picks_offer(&r->pairs, rank, rec.line,
			    rec.len, true);
	}
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc < 0 ? -1 : 0;
}

static bool
same_image(yyjson_val *a, yyjson_val *b)
{
	yyjson_val *x = yyjson_obj_get(a, "id"), *y = yyjson_obj_get(b, "id");

	if (x == NULL || y == NULL) {
		x = yyjson_obj_get(a, "uri");
		y = yyjson_obj_get(b, "uri");
	}
	return x != NULL && yyjson_equals(x, y);
}

/* The side of that image, or a new one; SIDES if there is no room. */
static size_t
side_of(struct group *g, yyjson_val *image)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (same_image(g->v[i].image, image))
			return i;
	if (g->n < SIDES)
		g->v[g->n++] = (struct side){ NULL, image };
	g->all = g->n > g->all ? g->n : g->all;
	return i;
}

/* Sides and matrix of a contrast.  false if it is not a whole one. */
static bool
read_contrast(struct group *g, const struct rdl_rec *rec)
{
	struct rdl_contrast *c = rdl_mem_calloc(1, sizeof(*c));
	struct rdl_alignment *a = rdl_mem_calloc(1, sizeof(*a));
	yyjson_val *sides = rdl_rec_get(rec, "sides"), *side;
	struct rdl_reason why;
	size_t i, j;
	bool ok = rdl_contrast_read(c, rec, false, &why) == 1;
	bool scored = ok && rdl_alignment_read(a, c, &why) == 1;

	if (ok) {
		g->about = rec->root;
		g->all = c->n;
		g->n = c->n < SIDES ? c->n : SIDES;
	}
	for (i = 0; ok && i < g->n; i++) {
		side = yyjson_arr_get(sides, i);
		g->v[i] = (struct side){ yyjson_obj_get(side, "text"),
			yyjson_obj_get(side, "image") };
		for (j = 0; scored && j < g->n; j++) {
			g->known[i][j] = true;
			g->s[i][j] = a->s[i * c->n + j];
		}
	}
	free(c);
	free(a);
	return ok;
}

static void
set_score(struct group *g, size_t text, size_t image, yyjson_val *score,
    int won)
{
	g->won[text][image] = won;
	if (g->known[text][image] || !yyjson_is_num(score))
		return;
	g->known[text][image] = true;
	g->s[text][image] = yyjson_get_num(score);
}

static void
read_preference(struct group *g, const struct rdl_rec *rec)
{
	yyjson_val *chosen = rdl_rec_at(rec->root, "chosen/image");
	yyjson_val *rejected = rdl_rec_at(rec->root, "rejected/image");
	size_t own, other;

	if (!yyjson_is_obj(chosen) || !yyjson_is_obj(rejected))
		return;
	own = side_of(g, chosen);
	other = side_of(g, rejected);
	if (own >= g->n || other >= g->n || own == other)
		return;
	if (g->v[own].text == NULL)
		g->v[own].text = rdl_rec_get(rec, "prompt");
	if (g->about == NULL)
		g->about = rec->root;
	set_score(g, own, own, rdl_rec_at(rec->root, "scores/chosen"), 1);
	set_score(g, own, other, rdl_rec_at(rec->root, "scores/rejected"),
	    -1);
}

/* Read the group whose rows begin at i; returns where the next begins. */
static size_t
read_group(const struct rdl_report_picks *p, size_t i, struct group *g)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	uint64_t rank = p->v[i].rank;
	size_t k;

	memset(g, 0, sizeof(*g));
	for (; i < p->n && p->v[i].rank == rank; i++)
		if (g->nrecs < ROWS && rdl_rec_parse(&g->recs[g->nrecs],
		    p->v[i].text, p->v[i].len, &ignored) == 0)
			g->nrecs++;
	for (k = 0; k < g->nrecs && g->about == NULL; k++)
		if (is_kind(&g->recs[k], "contrast"))
			(void)read_contrast(g, &g->recs[k]);
	for (k = 0; k < g->nrecs; k++)
		if (is_kind(&g->recs[k], "preference"))
			read_preference(g, &g->recs[k]);
	return i;
}

static void
release_group(struct group *g)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		rdl_rec_release(&g->recs[i]);
}

void
rdl_report_pairs_want(struct rdl_report *r)
{
	struct group *g = rdl_mem_calloc(1, sizeof(*g));
	size_t i = 0, k;

	while (i < r->pairs.n) {
		i = read_group(&r->pairs, i, g);
		for (k = 0; k < g->n; k++)
			rdl_report_picture_want(r, yyjson_obj_get(
			    g->v[k].image, "uri"));
		release_group(g);
	}
	free(g);
}

/* The length of the common beginning of two texts, whole words only. */
static size_t
common(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t i, word = 0;

	for (i = 0; i < alen && i < blen && a[i] == b[i]; i++)
		if (a[i] == ' ')
			word = i + 1;
	return i == alen && i == blen ? i : word;
}

/* And of the common end, before start. */
static size_t
common_end(const char *a, size_t alen, const char *b, size_t blen,
    size_t start)
{
	size_t i, word = 0;

	for (i = 0; i + start < alen && i + start < blen &&
	    a[alen - 1 - i] == b[blen - 1 - i]; i++)
		if (a[alen - 1 - i] == ' ')
			word = i + 1;
	return word;
}

/* A text of a pair, what only it says marked. */
static void
add_instruction(const struct group *g, size_t i, struct rdl_buf *out)
{
	const char *p = yyjson_get_str(g->v[i].text), *q;
	size_t len = yyjson_get_len(g->v[i].text), qlen, from, end;

	rdl_buf_adds(out, "<p>");
	if (p == NULL) {
		rdl_buf_adds(out, "</p>");
		return;
	}
	q = g->n == 2 ? yyjson_get_str(g->v[1 - i].text) : NULL;
	if (q == NULL || len > RDL_REPORT_TEXT) {
		rdl_html_short(out, p, len, RDL_REPORT_TEXT);
		rdl_buf_adds(out, "</p>");
		return;
	}
	qlen = yyjson_get_len(g->v[1 - i].text);
	from = common(p, len, q, qlen);
	end = common_end(p, len, q, qlen, from);
	rdl_html_text(out, p, from);
	rdl_buf_adds(out, "<mark>");
	rdl_html_text(out, p + from, len - end - from);
	rdl_buf_adds(out, "</mark>");
	rdl_html_text(out, p + len - end, end);
	rdl_buf_adds(out, "</p>");
}

static void
add_score(const struct group *g, size_t text, size_t image, double top,
    struct rdl_buf *out)
{
	const struct rdl_html_part part = { text == image ? "ok" : "drop",
		g->known[text][image] && g->s[text][image] > 0 ?
		g->s[text][image] : 0 };
	const char *word = g->won[text][image] > 0 ? "chosen" :
	    g->won[text][image] < 0 ? "rejected" : text == image ? "own" :
	    "sibling";

	rdl_buf_adds(out, "<div class=\"bar\">");
	if (g->known[text][image]) {
		rdl_html_bar(out, &part, 1, top);
		rdl_buf_adds(out, text == image ? "<b>" : "");
		rdl_buf_addf(out, fabs(g->s[text][image]) < 1 ? "%.3f" :
		    "%.4g", g->s[text][image]);
		rdl_buf_adds(out, text == image ? "</b>" : "");
	}
	rdl_buf_addf(out, " <span class=\"dim\">%s</span></div>", word);
}

/* What the pair differs in, and who scored it. */
static void
add_about(const struct group *g, struct rdl_buf *out)
{
	yyjson_val *delta = yyjson_obj_get(g->about, "delta"), *v;
	yyjson_val *by = rdl_rec_at(g->about, "scorer/model");
	size_t i, max;

	if (by == NULL)
		by = rdl_rec_at(g->about, "scorer/by");
	v = yyjson_obj_get(g->about, "dimension");
	rdl_buf_adds(out, "<p class=\"dim\">");
	if (yyjson_is_str(v))
		rdl_html_short(out, yyjson_get_str(v), yyjson_get_len(v), 60);
	if (yyjson_is_arr(delta))
		yyjson_arr_foreach(delta, i, max, v)
			if (yyjson_is_str(v) && i < 8) {
				rdl_buf_adds(out, i == 0 ? ": " : " / ");
				rdl_html_short(out, yyjson_get_str(v),
				    yyjson_get_len(v), 80);
			}
	if (yyjson_is_str(by)) {
		rdl_buf_adds(out, "; scored by ");
		rdl_html_short(out, yyjson_get_str(by), yyjson_get_len(by),
		    80);
	}
	if (g->all > g->n)
		rdl_buf_addf(out, "; %zu of %zu sides", g->n, g->all);
	rdl_buf_adds(out, "</p>");
}

static void
add_group(struct rdl_report *r, const struct group *g, struct rdl_buf *out)
{
	double top = 0;
	size_t i, j;

	for (i = 0; i < g->n; i++)
		for (j = 0; j < g->n; j++)
			if (g->known[i][j] && g->s[i][j] > top)
				top = g->s[i][j];
	rdl_buf_addf(out, "<div class=\"pair\"><div class=\"two-up\" "
	    "style=\"grid-template-columns:repeat(%zu,1fr)\">", g->n);
	for (j = 0; j < g->n; j++) {
		rdl_buf_adds(out, "<div>");
		rdl_report_picture_img(r, yyjson_obj_get(g->v[j].image, "uri"),
		    yyjson_get_str(g->v[j].text), out);
		rdl_buf_adds(out, "</div>");
	}
	for (i = 0; i < g->n; i++) {
		if (g->v[i].text == NULL)
			continue;
		add_instruction(g, i, out);
		for (j = 0; j < g->n; j++)
			add_score(g, i, j, top, out);
	}
	rdl_buf_adds(out, "</div>");
	add_about(g, out);
	rdl_buf_adds(out, "</div>\n");
}

void
rdl_report_pairs(struct rdl_report *r, struct rdl_buf *out)
{
	struct group *g;
	size_t i = 0;

	if (r->pairs.n == 0)
		return;
	g = rdl_mem_calloc(1, sizeof(*g));
	rdl_report_section(r, "pairs", "Preference pairs, by chance", out);
	rdl_buf_adds(out, "<p class=\"dim\">Under each instruction: how well "
	    "each image fits it. What only one instruction says is underlined."
	    "</p>\n<div class=\"pairs\">\n");
	while (i < r->pairs.n) {
		i = read_group(&r->pairs, i, g);
		if (g->n > 0)
			add_group(r, g, out);
		release_group(g);
	}
	rdl_buf_adds(out, "</div>\n");
	free(g);
}
