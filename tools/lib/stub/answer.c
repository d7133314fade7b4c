/*
 * What the stub says to a chat request.
 * Reads a reply file at the start, then requests; writes text.
 * Knows nothing of faults and of the shape of a reply on the wire.
 */
#include "stub/answer.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "stub/find.h"
#include "stub/fit.h"
#include "stub/growth.h"
#include "stub/offer.h"
#include "stub/word.h"

static const char *
keep(struct rdl_answers *s, yyjson_val *v, size_t *len)
{
	if (!yyjson_is_str(v))
		return NULL;
	*len = yyjson_get_len(v);
	return rdl_arena_dup(&s->arena, yyjson_get_str(v), *len);
}

static int
add_line(void *arg, yyjson_val *root, struct rdl_err *err)
{
	struct rdl_answers *s = arg;
	yyjson_val *match = yyjson_obj_get(root, "match"), *v;
	yyjson_val *model = yyjson_obj_get(root, "model");
	struct rdl_answer_line *l;
	char *text;

	v = yyjson_obj_get(root, "reply");
	if (v == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "not an object with a 'reply'");
	if ((match != NULL && !yyjson_is_str(match)) ||
	    (model != NULL && !yyjson_is_str(model)))
		return rdl_err_set(err, RDL_E_USAGE,
		    "'match' or 'model' is no text");
	s->lines = rdl_mem_realloc(s->lines, s->nlines + 1,
	    sizeof(*s->lines));
	l = &s->lines[s->nlines++];
	*l = (struct rdl_answer_line){ .match_len = 0 };
	l->match = keep(s, match, &l->match_len);
	l->model = keep(s, model, &l->model_len);
	l->reply = keep(s, v, &l->reply_len);
	if (l->reply != NULL)
		return 0;
	text = yyjson_val_write(v, 0, &l->reply_len);
	if (text == NULL)
		rdl_mem_exhausted(0);
	l->reply = rdl_arena_dup(&s->arena, text, l->reply_len);
	free(text);
	return 0;
}

int
rdl_answer_load(struct rdl_answers *s, const char *path, struct rdl_err *err)
{
	return rdl_find_lines(path, add_line, s, err);
}

static const struct rdl_answer_line *
find_line(const struct rdl_answers *s, const struct rdl_ask *a)
{
	const struct rdl_answer_line *l = s->lines;
	size_t i;

	for (i = 0; i < s->nlines; i++, l++)
		if ((l->model == NULL || (l->model_len == a->model_len &&
		    memcmp(l->model, a->model, a->model_len) == 0)) &&
		    (l->match == NULL || rdl_find_bytes(a->text, a->text_len,
		    l->match, l->match_len)))
			return l;
	return NULL;
}

/* Append a template with its {{fields}}; unknown ones stay as they are. */
static void
expand(struct rdl_buf *out, const struct rdl_answers *s, const char *p,
    size_t len, const struct rdl_ask *a, int64_t n, int64_t choice)
{
	const char *end = p + len, *at;

	while (p < end) {
		at = memchr(p, '{', (size_t)(end - p));
		if (at == NULL)
			at = end;
		rdl_buf_add(out, p, (size_t)(at - p));
		p = at;
#define IS(field) ((size_t)(end - p) >= sizeof(field) - 1 && \
	memcmp(p, field, sizeof(field) - 1) == 0 && \
	(p += sizeof(field) - 1) != NULL)
		if (p == end)
			break;
		if (IS("{{prompt_hash}}"))
			rdl_buf_addf(out, "%016llx", (unsigned long long)
			    rdl_word_hash(s->seed, a->text, a->text_len));
		else if (IS("{{body_hash}}"))
			rdl_buf_addf(out, "%016llx",
			    (unsigned long long)a->hash[0]);
		else if (IS("{{prompt}}"))
			rdl_buf_add(out, a->text, a->text_len);
		else if (IS("{{model}}"))
			rdl_buf_add(out, a->model, a->model_len);
		else if (IS("{{n}}"))
			rdl_buf_addu(out, (uint64_t)n);
		else if (IS("{{choice}}"))
			rdl_buf_addu(out, (uint64_t)choice);
		else
			rdl_buf_addc(out, *p++);
#undef IS
	}
}

void
rdl_answer_text(struct rdl_buf *out, const struct rdl_answers *s,
    const struct rdl_ask *a, int64_t n, int64_t choice)
{
	const struct rdl_answer_line *l = find_line(s, a);
	uint64_t h;

	h = rdl_word_mix(s->seed, a->hash[0], (uint64_t)choice);
	if (l != NULL)
		expand(out, s, l->reply, l->reply_len, a, n, choice);
	else if (s->taxonomy && rdl_growth_answer(out, a->text, a->text_len,
	    s->seed, s->children))
		return;
	else if (s->fixed != NULL)
		expand(out, s, s->fixed, strlen(s->fixed), a, n, choice);
	else if (s->offered && rdl_offer_answer(out, a->text, a->text_len,
	    a->schema, h))
		return;
	else if (a->schema != NULL)
		rdl_fit_value(out, a->schema, h);
	else if (a->wants_json) {
		rdl_buf_adds(out, "{\"answer\": \"");
		rdl_word_sentence(out, h);
		rdl_buf_adds(out, "\"}");
	} else
		rdl_word_sentence(out, h);
}

void
rdl_answer_release(struct rdl_answers *s)
{
	free(s->lines);
	s->lines = NULL;
	s->nlines = 0;
	rdl_arena_release(&s->arena);
}
