/*
 * The scores of one record, read and checked (vote.h).
 * Reads the member "scores"; what is not a score in its scale is refused and
 * never counted.  Decides nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "domain/vote.h"
#include "query/text.h"
#include "record/canon.h"

#define SHOWN_MAX 64		/* bytes of a name in a message */
#define NOBODY RDL_JUDGES_MAX
#define ENTRY_MAX RDL_MIB	/* of an entry that is compared with another */

static void
add_judge(struct rdl_judges *j, const char *name, size_t len)
{
	struct rdl_buf shown = RDL_BUF_INIT(4 * SHOWN_MAX + 1);
	struct rdl_voter *to = &j->v[j->n++];

	to->name = rdl_mem_dup(name, len);
	to->len = len;
	rdl_text_safe(&shown, name, len < SHOWN_MAX ? len : SHOWN_MAX, false);
	to->shown = rdl_buf_detach(&shown, &len);
}

/*
 * The index of a judge, NOBODY if it is not known.  guess: where it was in the
 * record before, which it mostly is again.
 */
static size_t
find_judge(const struct rdl_judges *j, const char *name, size_t len,
    size_t guess)
{
	size_t i;

	if (guess < j->n && j->v[guess].len == len &&
	    memcmp(j->v[guess].name, name, len) == 0)
		return guess;
	for (i = 0; i < j->n; i++)
		if (j->v[i].len == len && memcmp(j->v[i].name, name, len) == 0)
			return i;
	return NOBODY;
}

int
rdl_judges_name(struct rdl_judges *j, const char *names, struct rdl_err *err)
{
	size_t len;

	j->named = true;
	for (;; names += len + 1) {
		len = strcspn(names, ",");
		if (len == 0)
			return rdl_err_set(err, RDL_E_USAGE,
			    "a judge without a name");
		if (find_judge(j, names, len, 0) != NOBODY)
			return rdl_err_set(err, RDL_E_USAGE,
			    "judge '%.*s' is named twice", (int)len, names);
		if (j->n == RDL_JUDGES_MAX)
			return rdl_err_set(err, RDL_E_USAGE,
			    "more than %d judges", RDL_JUDGES_MAX);
		add_judge(j, names, len);
		if (names[len] == '\0')
			return 0;
	}
}

void
rdl_judges_release(struct rdl_judges *j)
{
	while (j->n > 0) {
		free(j->v[--j->n].name);
		free(j->v[j->n].shown);
	}
	j->named = false;
}

void
rdl_ballot_reset(struct rdl_ballot *b)
{
	b->n = b->copies = b->ignored = 0;
	b->wrong = NULL;
}

/* What a value is, where it is not the number it ought to be. */
static const char *
type_of(yyjson_val *v)
{
	if (v == NULL)
		return "missing";
	if (yyjson_is_raw(v))
		return "a number that no double holds";
	if (yyjson_is_str(v))
		return "a string";
	return yyjson_get_type_desc(v);
}

/* A finite number; the parser leaves what is larger as text. */
static bool
read_number(yyjson_val *v, double *out)
{
	if (!yyjson_is_num(v))
		return false;
	*out = yyjson_get_num(v);
	return isfinite(*out);
}

static int
read_scale(yyjson_val *v, struct rdl_score *s, const char *name,
    struct rdl_err *err)
{
	if (v == NULL)
		return 0;
	if (yyjson_arr_size(v) == 2 &&
	    read_number(yyjson_arr_get(v, 0), &s->lo) &&
	    read_number(yyjson_arr_get(v, 1), &s->hi) && s->lo < s->hi)
		return 0;
	return rdl_err_set(err, RDL_E_INPUT, "the scale of %s is not two "
	    "numbers, the lower first", name);
}

static int
off_scale(const struct rdl_score *s, bool own, const char *name,
    struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT, "%s scored %.15g, which is not "
	    "from %.15g to %.15g%s", name, s->score, s->lo, s->hi, own ? "" :
	    " (it names no scale: see --scale)");
}

/* Read score and scale of an entry: 0, or -1 with the rule it breaks. */
static int
read_score(struct rdl_score *s, const struct rdl_vote_rule *r,
    const char *name, const char **wrong, struct rdl_err *err)
{
	yyjson_val *score = yyjson_obj_get(s->entry, "score");
	yyjson_val *scale = yyjson_obj_get(s->entry, "scale");

	s->lo = r->lo;
	s->hi = r->hi;
	*wrong = "scale";
	if (read_scale(scale, s, name, err) < 0)
		return -1;
	*wrong = "score";
	s->abstained = yyjson_is_null(score);
	s->yes = false;
	s->score = 0;
	if (s->abstained)
		return 0;
	if (!read_number(score, &s->score))
		return rdl_err_set(err, RDL_E_INPUT, score == NULL ?
		    "the score of %s is %s" :
		    "the score of %s is %s, where a number is wanted", name,
		    type_of(score));
	if (s->score < s->lo || s->score > s->hi)
		return off_scale(s, scale != NULL, name, err);
	s->yes = isnan(r->accept) ? s->score > s->lo + (s->hi - s->lo) / 2 :
	    s->score >= r->accept;
	return 0;
}

/* True if two entries are one value.  By the canonical form, since it takes
 * n log n whatever a hostile record is made of. */
static bool
same(yyjson_val *a, yyjson_val *b)
{
	struct rdl_buf ta = RDL_BUF_INIT(ENTRY_MAX);
	struct rdl_buf tb = RDL_BUF_INIT(ENTRY_MAX);
	struct rdl_err ignored = RDL_ERR_INIT;
	bool is = rdl_canon_identity(a, false, &ta, &ignored) == 0 &&
	    rdl_canon_identity(b, false, &tb, &ignored) == 0 &&
	    ta.len == tb.len && memcmp(ta.p, tb.p, ta.len) == 0;

	rdl_buf_release(&ta);
	rdl_buf_release(&tb);
	return is;
}

/* The entry of that judge that the ballot has, or NULL. */
static struct rdl_score *
earlier(struct rdl_ballot *b, size_t judge)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->v[i].judge == judge)
			return &b->v[i];
	return NULL;
}

/* The judge of an entry, NOBODY for one that does not count; -1. */
static int
judge_of(struct rdl_judges *j, struct rdl_ballot *b, yyjson_val *entry,
    size_t *judge, struct rdl_err *err)
{
	yyjson_val *v = yyjson_obj_get(entry, "judge");
	const char *name = yyjson_get_str(v);
	size_t len = yyjson_get_len(v);

	*judge = NOBODY;
	if (name == NULL || len == 0) {
		b->wrong = "scores";
		return rdl_err_set(err, RDL_E_INPUT,
		    "an element of scores has no judge's name");
	}
	*judge = find_judge(j, name, len, b->n);
	if (*judge != NOBODY || j->named)
		return 0;
	if (j->n == RDL_JUDGES_MAX) {
		b->wrong = "judges";
		return rdl_err_set(err, RDL_E_INPUT, "more than %d judges",
		    RDL_JUDGES_MAX);
	}
	*judge = j->n;
	add_judge(j, name, len);
	return 0;
}

static int
add_entry(struct rdl_ballot *b, struct rdl_judges *j,
    const struct rdl_vote_rule *r, yyjson_val *entry, struct rdl_err *err)
{
	const struct rdl_score *has;
	struct rdl_score *s;
	size_t judge;

	if (judge_of(j, b, entry, &judge, err) < 0)
		return -1;
	if (judge == NOBODY) {
		b->ignored++;
		return 0;
	}
	has = earlier(b, judge);
	if (has != NULL && same(has->entry, entry)) {
		b->copies++;
		return 0;
	}
	if (has != NULL) {
		b->wrong = "judge-twice";
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s judged twice, and not the same", j->v[judge].shown);
	}
	s = &b->v[b->n];
	s->judge = (unsigned)judge;
	s->entry = entry;
	if (read_score(s, r, j->v[judge].shown, &b->wrong, err) < 0)
		return -1;
	b->wrong = NULL;
	b->n++;
	return 0;
}

int
rdl_ballot_add(struct rdl_ballot *b, struct rdl_judges *j,
    const struct rdl_vote_rule *r, yyjson_val *v, struct rdl_err *err)
{
	yyjson_val *entry;
	size_t i, n;

	if (v == NULL)
		return 0;
	if (!yyjson_is_arr(v)) {
		b->wrong = "scores";
		return rdl_err_set(err, RDL_E_INPUT, "the member scores is %s, "
		    "where an array is wanted", type_of(v));
	}
	yyjson_arr_foreach(v, i, n, entry)
		if (add_entry(b, j, r, entry, err) < 0)
			return -1;
	return 0;
}
