/*
 * Scored answers to preference pairs.
 * Reads one parsed record, chooses pairs, writes record text (scored_write.c).
 * Scores nothing, opens nothing.
 */
#include "domain/scored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/contrast.h"

/* Differences of such scores are exact enough, and no sum overflows. */
#define SCORE_MAX 1e15

void
rdl_scored_init(struct rdl_scored *s, const struct rdl_scored_opts *o)
{
	struct rdl_buf b = RDL_BUF_INIT(2 * RDL_LINE_MAX);

	memset(s, 0, sizeof(*s));
	s->o = o;
	s->id_json = s->images = s->images_key = s->common = b;
	s->from = s->tail = s->scratch = b;
}

void
rdl_scored_release(struct rdl_scored *s)
{
	free(s->pairs);
	rdl_buf_release(&s->id_json);
	rdl_buf_release(&s->images);
	rdl_buf_release(&s->images_key);
	rdl_buf_release(&s->common);
	rdl_buf_release(&s->from);
	rdl_buf_release(&s->tail);
	rdl_buf_release(&s->scratch);
}

static bool
is_blank(const struct rdl_quote *q)
{
	size_t i;

	for (i = 0; i < q->len; i++)
		if ((unsigned char)q->p[i] > ' ')
			return false;
	return true;
}

static size_t
count_chars(const struct rdl_quote *q)
{
	size_t i, n = 0;

	for (i = 0; i < q->len; i++)
		n += ((unsigned char)q->p[i] & 0xc0) != 0x80;
	return n;
}

/* A member of v that is a string, by name; where it stands twice, the first. */
static struct rdl_quote
string_of(const struct rdl_rec *rec, yyjson_val *v, const char *path)
{
	yyjson_val *s = rdl_rec_at(v, path);

	if (!yyjson_is_str(s))
		return (struct rdl_quote){ NULL, 0, { NULL, 0 } };
	return rdl_span_quote(rec, s);
}

/* An answer that is a picture, known by its id. */
static int
read_image(const struct rdl_scored *s, struct rdl_scored_answer *a,
    yyjson_val *answer, struct rdl_reason *why)
{
	struct rdl_quote uri;
	yyjson_val *k, *v;
	size_t i, n;

	yyjson_obj_foreach(answer, i, n, k, v)
		if (yyjson_equals_str(k, "image") && yyjson_is_obj(v) &&
		    a->image.p == NULL) {
			a->image = rdl_span_member(s->rec, k);
			a->text = string_of(s->rec, v, "id");
			uri = string_of(s->rec, v, "uri");
			if (a->text.len > 0 && a->text.len < RDL_ID_MAX &&
			    uri.len > 0)
				return 1;
		}
	return rdl_reason_set(why, true, "record",
	    "answer %zu has no text at /%.60s, nor an image with id and uri",
	    a->number, s->o->text);
}

static int
read_answer(const struct rdl_scored *s, struct rdl_scored_answer *a,
    yyjson_val *v, struct rdl_reason *why)
{
	yyjson_val *score = rdl_rec_at(v, s->o->score);

	a->text = string_of(s->rec, v, s->o->text);
	if (a->text.p != NULL && is_blank(&a->text))
		return rdl_reason_set(why, true, "record",
		    "answer %zu is empty", a->number);
	if (a->text.p == NULL && read_image(s, a, v, why) == 0)
		return 0;
	a->id = string_of(s->rec, v, "id");
	if (a->id.len >= RDL_ID_MAX)
		a->id.len = 0;
	if (!yyjson_is_num(score))
		return rdl_reason_set(why, true, "score",
		    "answer %zu has no score at /%.60s", a->number,
		    s->o->score);
	a->score = yyjson_get_num(score);
	if (!(a->score <= SCORE_MAX && a->score >= -SCORE_MAX))
		return rdl_reason_set(why, true, "score",
		    "the score of answer %zu is out of bounds", a->number);
	a->chars = a->image.p == NULL ? count_chars(&a->text) : 0;
	return 1;
}

/* Is the answer one that is there already?  1 no, 2 yes, 0 with why. */
static int
compare(const struct rdl_scored *s, const struct rdl_scored_answer *a,
    struct rdl_reason *why)
{
	const struct rdl_scored_answer *b;
	size_t i;

	for (i = 0; i < s->n; i++) {
		b = &s->v[i];
		if ((a->image.p == NULL) != (b->image.p == NULL))
			return rdl_reason_set(why, true, "record",
			    "answers %zu and %zu are a text and an image",
			    b->number, a->number);
		if (!rdl_contrast_same(&a->text, &b->text))
			continue;
		if (a->score < b->score || a->score > b->score)
			return rdl_reason_set(why, true, "conflict",
			    "answers %zu and %zu are the same, with the "
			    "scores %.6g and %.6g", b->number, a->number,
			    b->score, a->score);
		return 2;
	}
	return 1;
}

static int
read_answers(struct rdl_scored *s, yyjson_val *list, struct rdl_reason *why)
{
	struct rdl_scored_answer *a;
	yyjson_val *v;
	size_t i, max;
	int rc;

	s->n = 0;
	if (!yyjson_is_arr(list))
		return rdl_reason_set(why, true, "record",
		    "/%.60s: no list of answers", s->o->answers);
	if (yyjson_arr_size(list) > RDL_SCORED_ANSWERS)
		return rdl_reason_set(why, true, "record",
		    "/%.60s: more than %d answers", s->o->answers,
		    RDL_SCORED_ANSWERS);
	yyjson_arr_foreach(list, i, max, v) {
		a = &s->v[s->n];
		memset(a, 0, sizeof(*a));
		a->number = i + 1;
		if (read_answer(s, a, v, why) == 0 ||
		    (rc = compare(s, a, why)) == 0)
			return 0;
		if (rc == 1)
			s->n++;
	}
	if (s->n < 2)
		return rdl_reason_set(why, false, "one-answer",
		    max == 0 ? "there are no answers" : max == 1 ?
		    "there is one answer" : "all answers are the same");
	return 1;
}

static void
add_pair(struct rdl_scored *s, size_t chosen, size_t rejected)
{
	if (s->npairs == s->pairs_cap) {
		s->pairs_cap = s->pairs_cap > 0 ? 2 * s->pairs_cap : 64;
		s->pairs = rdl_mem_realloc(s->pairs, s->pairs_cap,
		    sizeof(*s->pairs));
	}
	s->pairs[s->npairs++] = (struct rdl_scored_pair){ chosen, rejected,
		s->v[chosen].score - s->v[rejected].score };
}

static int
by_margin(const void *a, const void *b)
{
	const struct rdl_scored_pair *p = a, *q = b;

	if (p->margin < q->margin || p->margin > q->margin)
		return p->margin > q->margin ? -1 : 1;
	if (p->chosen != q->chosen)
		return p->chosen < q->chosen ? -1 : 1;
	return p->rejected < q->rejected ? -1 : p->rejected > q->rejected;
}

/* All pairs that are far enough apart, the widest first. */
static void
choose_all(struct rdl_scored *s)
{
	size_t i, j;
	double d;

	for (i = 0; i < s->n; i++)
		for (j = 0; j < s->n; j++) {
			d = s->v[i].score - s->v[j].score;
			if (d > 0 && d >= s->o->min_margin)
				add_pair(s, i, j);
		}
	if (s->npairs > 1)
		qsort(s->pairs, s->npairs, sizeof(*s->pairs), by_margin);
	if (s->o->max_pairs > 0 && s->npairs > (size_t)s->o->max_pairs)
		s->npairs = (size_t)s->o->max_pairs;
}

static int
choose(struct rdl_scored *s, struct rdl_reason *why)
{
	size_t best = 0, worst = 0, i;
	double widest;

	s->npairs = 0;
	for (i = 1; i < s->n; i++) {
		if (s->v[i].score > s->v[best].score)
			best = i;
		if (s->v[i].score < s->v[worst].score)
			worst = i;
	}
	widest = s->v[best].score - s->v[worst].score;
	if (!(widest > 0))
		return rdl_reason_set(why, false, "tie",
		    "all %zu answers have the score %.6g", s->n,
		    s->v[best].score);
	if (widest < s->o->min_margin) {
		(void)rdl_reason_set(why, false, "min-margin",
		    "the best and the worst of %zu answers are %.6g apart",
		    s->n, widest);
		(void)snprintf(why->value, sizeof(why->value), "%.6g",
		    widest);
		(void)snprintf(why->threshold, sizeof(why->threshold),
		    "%.6g", s->o->min_margin);
		return 0;
	}
	if (s->o->all)
		choose_all(s);
	else
		add_pair(s, best, worst);
	return 1;
}

int
rdl_scored_read(struct rdl_scored *s, const struct rdl_rec *rec,
    const struct rdl_id *id, struct rdl_reason *why)
{
	s->rec = rec;
	s->id = *id;
	s->prompt = string_of(rec, rec->root, s->o->prompt);
	if (s->prompt.p == NULL || is_blank(&s->prompt))
		return rdl_reason_set(why, true, "record",
		    "/%.60s: no prompt", s->o->prompt);
	if (read_answers(s, rdl_rec_at(rec->root, s->o->answers), why) == 0)
		return 0;
	return choose(s, why) == 1 && rdl_scored_begin(s, why) == 1;
}
