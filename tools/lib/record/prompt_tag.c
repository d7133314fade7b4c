/*
 * Tags in the text of a template: where they begin, end, and stand.
 * Reads the source.  What a tag means stands in prompt_template.c.
 */
#include <string.h>

#include "record/prompt_impl.h"

#define BLANKS " \t"
#define SPACES " \t\r\n"

static bool
is(struct segment s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

/* Take the next word of *s, which shrinks.  False if there is none. */
bool
rdl_prompt_tag_word(struct segment *s, struct segment *word)
{
	while (s->len > 0 && strchr(SPACES, *s->p) != NULL) {
		s->p++;
		s->len--;
	}
	word->p = s->p;
	while (s->len > 0 && strchr(SPACES, *s->p) == NULL) {
		s->p++;
		s->len--;
	}
	word->len = (size_t)(s->p - word->p);
	return word->len > 0;
}

/* True if a tag of this kind takes its line with it when it stands alone. */
bool
rdl_prompt_tag_is_structure(const struct tag *t)
{
	struct segment rest = t->inner, word;

	if (t->comment)
		return true;
	return !t->triple && rdl_prompt_tag_word(&rest, &word) &&
	    (word.p[0] == '#' || word.p[0] == '/' || is(word, "else") ||
	    is(word, "role"));
}

bool
rdl_prompt_tag_is_role(const struct tag *t)
{
	struct segment rest = t->inner, word;

	return !t->comment && !t->triple && rdl_prompt_tag_word(&rest, &word) &&
	    is(word, "role");
}

/* Find text in [p, end). */
const char *
rdl_prompt_tag_find(const char *p, const char *end, const char *text)
{
	size_t n = strlen(text);

	for (; (size_t)(end - p) >= n; p++) {
		p = memchr(p, text[0], (size_t)(end - p) - n + 1);
		if (p == NULL)
			return NULL;
		if (memcmp(p, text, n) == 0)
			return p;
	}
	return NULL;
}

static bool
starts(const char *p, const char *end, const char *text)
{
	return (size_t)(end - p) >= strlen(text) &&
	    memcmp(p, text, strlen(text)) == 0;
}

/* Read the tag that begins at p. */
int
rdl_prompt_tag_read(struct tag *t, const char *p, const char *end,
    const char *name, size_t line, struct rdl_err *err)
{
	const char *close = "}}", *stop;
	size_t skip = 2;

	*t = (struct tag){ .start = p };
	t->comment = starts(p, end, "{{!");
	if (starts(p, end, "{{!--")) {
		close = "--}}";
		skip = 3;
	} else if (starts(p, end, "{{{")) {
		t->triple = true;
		close = "}}}";
		skip = 3;
	}
	stop = rdl_prompt_tag_find(p + skip, end, close);
	if (stop == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s:%zu: a tag is not closed by %s", name, line,
		    close);
	t->end = stop + strlen(close);
	t->inner = (struct segment){ p + skip, (size_t)(stop - p) - skip };
	while (t->inner.len > 0 && strchr(SPACES, t->inner.p[0]) != NULL) {
		t->inner.p++;
		t->inner.len--;
	}
	while (t->inner.len > 0 &&
	    strchr(SPACES, t->inner.p[t->inner.len - 1]) != NULL)
		t->inner.len--;
	return 0;
}

/* If nothing but blanks stands on the tag's lines beside it, widen *from and
 * *to so that they hold these lines whole. */
bool
rdl_prompt_tag_alone(const struct tag *t, const char *start, const char *end,
    const char **from, const char **to)
{
	const char *a = t->start, *b = t->end;

	while (a > start && strchr(BLANKS, a[-1]) != NULL)
		a--;
	while (b < end && strchr(BLANKS, *b) != NULL)
		b++;
	if (b < end && *b == '\r')
		b++;
	if ((a > start && a[-1] != '\n') || (b < end && *b != '\n'))
		return false;
	*from = a;
	*to = b < end ? b + 1 : b;
	return true;
}
