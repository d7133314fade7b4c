/*
 * Two instructions out of one: what a reply gives, and the contrast record.
 * Reads instruction records and replies of models; writes record text.  Sees
 * that the stated difference is there, not whether it is one.
 */
#include "domain/opposites.h"

#include <inttypes.h>
#include <string.h>

#include "core/rng.h"
#include "core/utf8.h"
#include "domain/made.h"

/* Two texts and two deltas, each six bytes a byte, beside base and task. */
#define TEXT_MAX (RDL_LINE_MAX / 64)

/* What draws are for, so that they do not follow each other. */
enum { FOR_DIMENSION, FOR_ORDER };

/* A number out of seed, record and purpose. */
static struct rdl_rng
generator(const struct rdl_id *id, uint64_t seed, int purpose,
    int64_t rollout)
{
	struct rdl_buf text = RDL_BUF_INIT(256);
	char name[RDL_ID_TEXT];
	struct rdl_rng rng;
	struct rdl_hash h;
	size_t i;

	rdl_id_format(id, name);
	rdl_buf_addf(&text, "%" PRIu64 " %d %" PRId64 " %s", seed, purpose,
	    rollout, name);
	h = rdl_hash_of(text.p, text.len);
	rdl_buf_release(&text);
	for (rng.state = 0, i = 0; i < sizeof(rng.state); i++)
		rng.state = rng.state << 8 | h.b[i];
	return rng;
}

enum rdl_dimension
rdl_opposites_draw(const struct rdl_opposites_quota *q,
    const struct rdl_id *id, uint64_t seed)
{
	struct rdl_rng rng = generator(id, seed, FOR_DIMENSION, 0);
	uint64_t sum = 0, at;
	int d;

	for (d = 0; d < RDL_DIMENSIONS; d++)
		sum += q->weight[d];
	at = sum > 0 ? rdl_rng_below(&rng, sum) : 0;
	for (d = 0; d < RDL_DIMENSIONS - 1 && at >= q->weight[d]; d++)
		at -= q->weight[d];
	return (enum rdl_dimension)d;
}

bool
rdl_opposites_shuffle(struct rdl_opposites *o, const struct rdl_id *id,
    int64_t rollout, uint64_t seed)
{
	struct rdl_rng rng = generator(id, seed, FOR_ORDER, rollout);
	struct rdl_opposite first = o->v[0];

	if (rdl_rng_below(&rng, 2) == 0)
		return false;
	o->v[0] = o->v[1];
	o->v[1] = first;
	return true;
}

/* -- Replies ----------------------------------------------------------------*/

/* Letters and digits of ASCII: what a word goes on with.  Other scripts may
 * write words without a gap. */
static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Does part stand in text, both folded, as whole words? */
static bool
stands_in(const struct rdl_buf *text, const struct rdl_buf *part)
{
	const char *p = text->p, *end = text->p + text->len;
	const char *first = part->p, *last = part->p + part->len - 1;

	for (; (size_t)(end - p) >= part->len; p++) {
		if (memcmp(p, part->p, part->len) != 0)
			continue;
		if (p > text->p && is_word(p[-1]) && is_word(*first))
			continue;
		if (p + part->len < end && is_word(p[part->len]) &&
		    is_word(*last))
			continue;
		return true;
	}
	return false;
}

/* A member without superfluous blanks, which must be a text. */
static int
take(yyjson_val *side, const char *name, struct rdl_arena *arena,
    const char **p, size_t *len, struct rdl_err *why)
{
	yyjson_val *v = yyjson_obj_get(side, name);
	struct rdl_buf text = RDL_BUF_INIT(4 * RDL_LINE_MAX);
	int rc = 0;

	if (!yyjson_is_str(v) || rdl_utf8_squeeze(&text, yyjson_get_str(v),
	    yyjson_get_len(v)) < 0)
		rc = rdl_err_set(why, RDL_E_INPUT,
		    "a side has no text \"%s\"", name);
	else if (text.len > TEXT_MAX)
		rc = rdl_err_set(why, RDL_E_INPUT,
		    "the \"%s\" of a side is longer than %zu bytes", name,
		    TEXT_MAX);
	else {
		*len = text.len;
		*p = rdl_arena_dup(arena, text.len > 0 ? text.p : "",
		    text.len);
	}
	rdl_buf_release(&text);
	return rc;
}

static uint64_t
words(const char *p, size_t len)
{
	uint64_t n = len > 0;
	size_t i;

	for (i = 0; i < len; i++)
		n += p[i] == ' ';
	return n;
}

static int
fold(struct rdl_buf *out, const char *p, size_t len)
{
	rdl_buf_init(out, 4 * RDL_LINE_MAX);
	return rdl_utf8_fold(out, p, len);
}

static bool
same(const struct rdl_buf *a, const struct rdl_buf *b)
{
	return a->len == b->len && (a->len == 0 ||
	    memcmp(a->p, b->p, a->len) == 0);
}

/* The texts and deltas, folded, against each other. */
static int
compare(const struct rdl_buf text[2], const struct rdl_buf delta[2],
    const struct rdl_opposites *o, const char **rule, struct rdl_err *why)
{
	size_t i;

	*rule = "sides";
	if (text[0].len == 0 || text[1].len == 0)
		return rdl_err_set(why, RDL_E_INPUT, "a side without words");
	if (same(&text[0], &text[1]))
		return rdl_err_set(why, RDL_E_INPUT,
		    "both sides are the same: \"%.200s\"", o->v[0].text);
	*rule = "delta";
	if (delta[0].len == 0 || delta[1].len == 0)
		return rdl_err_set(why, RDL_E_INPUT,
		    "a side says nothing of what makes it different");
	if (same(&delta[0], &delta[1]))
		return rdl_err_set(why, RDL_E_INPUT, "both sides state the "
		    "same difference: \"%.200s\"", o->v[0].delta);
	for (i = 0; i < 2; i++)
		if (!stands_in(&text[i], &delta[i]))
			return rdl_err_set(why, RDL_E_INPUT, "the difference "
			    "\"%.200s\" does not stand in the text of its "
			    "side: \"%.200s\"", o->v[i].delta, o->v[i].text);
	/* "a cat" may stand in "no picture of a cat", but not both in both. */
	if (stands_in(&text[0], &delta[1]) && stands_in(&text[1], &delta[0]))
		return rdl_err_set(why, RDL_E_INPUT, "what is to make the "
		    "difference stands on both sides: \"%.200s\", "
		    "\"%.200s\"", o->v[0].delta, o->v[1].delta);
	return 0;
}

static int
compare_folded(const struct rdl_opposites *o, const char **rule,
    struct rdl_err *why)
{
	struct rdl_buf text[2], delta[2];
	size_t i;
	int rc = 0;

	for (i = 0; i < 2; i++) {
		if (fold(&text[i], o->v[i].text, o->v[i].text_len) < 0 ||
		    fold(&delta[i], o->v[i].delta, o->v[i].delta_len) < 0)
			rc = rdl_err_set(why, RDL_E_INPUT, "not UTF-8");
	}
	if (rc == 0)
		rc = compare(text, delta, o, rule, why);
	for (i = 0; i < 2; i++) {
		rdl_buf_release(&text[i]);
		rdl_buf_release(&delta[i]);
	}
	return rc;
}

int
rdl_opposites_read(struct rdl_opposites *o, yyjson_val *reply,
    const char **rule, struct rdl_err *why)
{
	yyjson_val *list = yyjson_is_obj(reply) ? yyjson_obj_get(reply,
	    "sides") : reply;
	struct rdl_opposite *s;
	yyjson_val *side;
	size_t i;

	rdl_arena_reset(&o->arena);
	*rule = "reply";
	if (!yyjson_is_arr(list) || yyjson_arr_size(list) != 2)
		return rdl_err_set(why, RDL_E_INPUT,
		    "the reply has no list \"sides\" of two");
	for (i = 0; i < 2; i++) {
		side = yyjson_arr_get(list, i);
		s = &o->v[i];
		if (take(side, "text", &o->arena, &s->text, &s->text_len,
		    why) < 0 || take(side, "delta", &o->arena, &s->delta,
		    &s->delta_len, why) < 0)
			return -1;
		s->words = words(s->text, s->text_len);
	}
	return compare_folded(o, rule, why);
}

void
rdl_opposites_release(struct rdl_opposites *o)
{
	rdl_arena_release(&o->arena);
	*o = (struct rdl_opposites)RDL_OPPOSITES_INIT;
}

/* -- Records ----------------------------------------------------------------*/

int
rdl_opposites_view(const struct rdl_rec *rec, enum rdl_dimension d,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf name = RDL_BUF_INIT(64), is = RDL_BUF_INIT(256);
	struct rdl_edit edits[2];
	size_t len = 0;
	int i;

	if (!yyjson_equals_str(rdl_rec_get(rec, "kind"), "instruction"))
		return rdl_err_set(err, RDL_E_INPUT, "not an instruction: its "
		    "\"kind\" is not \"instruction\"");
	if (rdl_rec_str(rec, "text", &len) == NULL || len == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the instruction has no \"text\"");
	rdl_buf_addf(&name, "\"%s\"", rdl_dimension_names[d]);
	for (i = 0; i < RDL_DIMENSIONS; i++)
		rdl_buf_addf(&is, "%c\"%s\":%s", i == 0 ? '{' : ',',
		    rdl_dimension_names[i], i == (int)d ? "true" : "false");
	rdl_buf_addc(&is, '}');
	edits[0] = (struct rdl_edit){ "dimension", name.p, name.len };
	edits[1] = (struct rdl_edit){ "is", is.p, is.len };
	rdl_rec_edit(rec, edits, 2, out);
	rdl_buf_release(&name);
	rdl_buf_release(&is);
	return 0;
}

int
rdl_opposites_record(const struct rdl_opposites *o, enum rdl_dimension d,
    const struct rdl_rec *base, const struct rdl_buf *from, int64_t rollout,
    struct rdl_id *id, struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf m = RDL_BUF_INIT(RDL_LINE_MAX);
	const char *text;
	size_t len;
	int rc;

	text = rdl_rec_str(base, "text", &len);
	if (text == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "no \"text\"");
	rdl_buf_adds(&m, "\"base\":");
	rdl_buf_addjson(&m, text, len);
	rdl_buf_addc(&m, ',');
	rdl_made_copy(base, "task", &m);
	rdl_buf_addf(&m, "\"dimension\":\"%s\",\"sides\":[{\"text\":",
	    rdl_dimension_names[d]);
	rdl_buf_addjson(&m, o->v[0].text, o->v[0].text_len);
	rdl_buf_adds(&m, "},{\"text\":");
	rdl_buf_addjson(&m, o->v[1].text, o->v[1].text_len);
	rdl_buf_adds(&m, "}],\"delta\":[");
	rdl_buf_addjson(&m, o->v[0].delta, o->v[0].delta_len);
	rdl_buf_addc(&m, ',');
	rdl_buf_addjson(&m, o->v[1].delta, o->v[1].delta_len);
	rdl_buf_addc(&m, ']');
	if (rollout >= 0)
		rdl_buf_addf(&m, ",\"rollout\":%" PRId64, rollout);
	rc = rdl_made_record("contrast", from, &m, id, out, err);
	rdl_buf_release(&m);
	return rc;
}
