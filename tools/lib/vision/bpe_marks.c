/*
 * Marks: texts that stand for one id, as "<|endoftext|>" does.
 * Looks for them in a text.  Does not know which the tokenizer has.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "vision/bpe_impl.h"

void
rdl_bpe_marks_add(struct rdl_bpe_marks *m, const char *text, size_t len,
    int32_t id)
{
	m->v = rdl_mem_realloc(m->v, m->n + 1, sizeof(*m->v));
	m->v[m->n].text = rdl_mem_dup(text, len);
	m->v[m->n].len = len;
	m->v[m->n++].id = id;
}

static int
compare_length(const void *pa, const void *pb)
{
	const struct rdl_bpe_mark *a = pa, *b = pb;

	if (a->len != b->len)
		return a->len > b->len ? -1 : 1;
	return memcmp(a->text, b->text, a->len);
}

void
rdl_bpe_marks_sort(struct rdl_bpe_marks *m)
{
	if (m->n > 1)
		qsort(m->v, m->n, sizeof(*m->v), compare_length);
}

void
rdl_bpe_marks_release(struct rdl_bpe_marks *m)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		free(m->v[i].text);
	free(m->v);
	*m = (struct rdl_bpe_marks){ NULL, 0 };
}

/* Start and end are looked for only if the caller wants them. */
static bool
wanted(const struct rdl_bpe *b, const struct rdl_bpe_mark *mark, bool specials)
{
	return specials || (mark->id != b->start && mark->id != b->end);
}

/* The longest mark that begins at p, or NULL. */
static const struct rdl_bpe_mark *
mark_at(const struct rdl_bpe *b, const struct rdl_bpe_marks *m, bool specials,
    const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (wanted(b, &m->v[i], specials) && m->v[i].len <= len &&
		    memcmp(m->v[i].text, p, m->v[i].len) == 0)
			return &m->v[i];
	return NULL;
}

size_t
rdl_bpe_marks_find(const struct rdl_bpe *b, const struct rdl_bpe_marks *m,
    bool specials, const char *p, size_t len,
    const struct rdl_bpe_mark **found)
{
	bool begins[256] = { false }, any = false;
	size_t i, at;

	*found = NULL;
	for (i = 0; i < m->n; i++)
		if (wanted(b, &m->v[i], specials))
			any = begins[(unsigned char)m->v[i].text[0]] = true;
	if (!any)
		return len;
	for (at = 0; at < len; at++) {
		if (!begins[(unsigned char)p[at]])
			continue;
		*found = mark_at(b, m, specials, p + at, len - at);
		if (*found != NULL)
			break;
	}
	return at;
}
