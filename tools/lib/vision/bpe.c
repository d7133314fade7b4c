/*
 * CLIP's tokenizer: a text to ids.
 * Reads the tables that bpe_load.c made; splits as the expression of
 * CLIPTokenizerFast does, by hand.  Does not clean text as ftfy would.
 */
#include "vision/bpe.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "vision/bpe_impl.h"

#define CONTEXT_MAX RDL_NELEM(((struct rdl_tokens *)0)->ids)

/* A long text is normalised in pieces of at least so many bytes, so that one
 * that is cut anyway costs little. */
#define PIECE (4 * RDL_KIB)

/* NFC makes at most 3 bytes of one, lower case no more than 3 of 2. */
#define TEXT_ROOM (5 * RDL_LINE_MAX)

struct rdl_bpe *
rdl_bpe_open(const char *dir, struct rdl_err *err)
{
	struct rdl_bpe *b = rdl_mem_calloc(1, sizeof(*b));

	rdl_buf_init(&b->text, TEXT_ROOM);
	if (rdl_bpe_load(b, dir, err) == 0)
		return b;
	rdl_bpe_free(b);
	return NULL;
}

void
rdl_bpe_free(struct rdl_bpe *b)
{
	if (b == NULL)
		return;
	rdl_bpe_word_release(b, false);
	rdl_bpe_normal_release(b, false);
	rdl_buf_release(&b->text);
	rdl_bpe_marks_release(&b->raw);
	rdl_bpe_marks_release(&b->normal);
	free(b->pairs);
	free(b);
}

size_t
rdl_bpe_vocab(const struct rdl_bpe *b)
{
	return b->vocab;
}

int32_t
rdl_bpe_end(const struct rdl_bpe *b)
{
	return b->end;
}

/* What is being encoded. */
struct job {
	struct rdl_bpe *b;
	struct rdl_tokens *out;
	size_t room;		/* ids before the end mark */
	bool specials;
};

/* False once an id found no room. */
static bool
put(struct job *j, const int32_t *ids, size_t n)
{
	size_t fits = j->room - j->out->n < n ? j->room - j->out->n : n;

	memcpy(j->out->ids + j->out->n, ids, fits * sizeof(*ids));
	j->out->n += fits;
	if (fits < n)
		j->out->truncated = true;
	return fits == n;
}

static bool
put_word(struct job *j, const char *p, size_t len)
{
	size_t n;
	const int32_t *ids = rdl_bpe_word_ids(j->b, p, len, &n);

	return put(j, ids, n);
}

/* The class of the code point at p, which has *n bytes. */
static enum rdl_bpe_class
class_at(const char *p, size_t len, size_t *n)
{
	unsigned char c = (unsigned char)*p;
	utf8proc_int32_t cp = 0;

	if (c < 0x80) {
		*n = 1;
		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			return RDL_BPE_LETTER;
		if (c >= '0' && c <= '9')
			return RDL_BPE_NUMBER;
		return c == ' ' || (c >= '\t' && c <= '\r') ? RDL_BPE_SPACE :
		    RDL_BPE_OTHER;
	}
	*n = (size_t)utf8proc_iterate((const utf8proc_uint8_t *)p,
	    (utf8proc_ssize_t)(len < 4 ? len : 4), &cp);
	return rdl_bpe_unicode_class(cp);
}

static bool
starts(const char *p, size_t len, const char *with, size_t n)
{
	return len >= n && memcmp(p, with, n) == 0;
}

/* Bytes of "'s" and its like at p, or 0. */
static size_t
contraction(const char *p, size_t len)
{
	if (len < 2 || p[0] != '\'')
		return 0;
	if (strchr("stmd", p[1]) != NULL && p[1] != '\0')
		return 2;
	return starts(p, len, "'re", 3) || starts(p, len, "'ve", 3) ||
	    starts(p, len, "'ll", 3) ? 3 : 0;
}

/*
 * Bytes of the name in a mark at p, or 0.  The expression takes a mark whole
 * and a second one splits it into "<|", the name and "|>": other than in plain
 * text, what follows does not join the "|>".
 */
static size_t
mark_name(const char *p, size_t len)
{
	if (starts(p, len, "<|endoftext|>", 13))
		return 9;
	return starts(p, len, "<|startoftext|>", 15) ? 11 : 0;
}

/* Bytes of a run of one class. */
static size_t
run(const char *p, size_t len, enum rdl_bpe_class class)
{
	size_t at = 0, n;

	while (at < len && class_at(p + at, len - at, &n) == class)
		at += n;
	return at;
}

/* Split normalised text into words, up to the first that finds no room. */
static bool
put_plain(struct job *j, const char *p, size_t len)
{
	enum rdl_bpe_class class;
	size_t at, n, name;
	bool fits = true;

	for (at = 0; at < len && fits; at += n) {
		class = class_at(p + at, len - at, &n);
		if (class == RDL_BPE_SPACE)
			continue;
		if (class == RDL_BPE_LETTER)
			n = run(p + at, len - at, class);
		else if (class == RDL_BPE_OTHER) {
			name = mark_name(p + at, len - at);
			if (name > 0) {
				n = name + 4;
				fits = put_word(j, p + at, 2) &&
				    put_word(j, p + at + 2, name) &&
				    put_word(j, p + at + 2 + name, 2);
				continue;
			}
			n = contraction(p + at, len - at);
			if (n == 0)
				n = run(p + at, len - at, class);
		}
		fits = put_word(j, p + at, n);
	}
	return fits;
}

/* Normalised text, and the marks that are looked for in it. */
static bool
put_normal(struct job *j, const char *p, size_t len)
{
	const struct rdl_bpe_mark *mark;
	size_t at = 0, n;

	for (;;) {
		n = rdl_bpe_marks_find(j->b, &j->b->normal, j->specials,
		    p + at, len - at, &mark);
		if (!put_plain(j, p + at, n))
			return false;
		if (mark == NULL)
			return true;
		if (!put(j, &mark->id, 1))
			return false;
		at += n + mark->len;
	}
}

/* Text without raw marks.  A blank ends a piece: nothing goes across it. */
static bool
put_text(struct job *j, const char *p, size_t len)
{
	struct rdl_buf *text = &j->b->text;
	size_t at, n;

	for (at = 0; at < len; at += n) {
		for (n = len - at < PIECE ? len - at : PIECE;
		    at + n < len && p[at + n] != ' ' && p[at + n] != '\n';
		    n++)
			;
		rdl_buf_reset(text);
		rdl_bpe_normal_add(j->b, p + at, n, text);
		if (!put_normal(j, text->p, text->len))
			return false;
	}
	return true;
}

static void
put_all(struct job *j, const char *p, size_t len)
{
	const struct rdl_bpe_mark *mark;
	size_t at = 0, n;

	for (;;) {
		n = rdl_bpe_marks_find(j->b, &j->b->raw, j->specials, p + at,
		    len - at, &mark);
		if (!put_text(j, p + at, n) || mark == NULL ||
		    !put(j, &mark->id, 1))
			return;
		at += n + mark->len;
	}
}

/* A very long text must not leave its memory behind. */
static void
shrink(struct rdl_bpe *b)
{
	rdl_bpe_word_release(b, true);
	rdl_bpe_normal_release(b, true);
	if (b->text.cap > 256 * RDL_KIB)
		rdl_buf_release(&b->text);
}

int
rdl_bpe_encode(struct rdl_bpe *b, const char *text, size_t len,
    size_t context, bool specials, struct rdl_tokens *out,
    struct rdl_err *err)
{
	struct job j = { b, out, context - 1, specials };
	size_t valid;

	out->n = 0;
	out->truncated = false;
	if (context < 2 || context > CONTEXT_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "a context of %zu tokens: must be 2 to %zu", context,
		    CONTEXT_MAX);
	if (len > RDL_LINE_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "a text of %zu bytes, at most %zu are read", len,
		    RDL_LINE_MAX);
	valid = rdl_utf8_valid(text, len);
	if (valid < len)
		return rdl_err_set(err, RDL_E_INPUT,
		    "text is not UTF-8 at byte %zu", valid);
	(void)put(&j, &b->start, 1);
	put_all(&j, text, len);
	if (rdl_buf_full(&b->text))
		return rdl_err_set(err, RDL_E_INPUT,
		    "text grows past %zu bytes", b->text.max);
	out->ids[out->n++] = b->end;
	shrink(b);
	return 0;
}
