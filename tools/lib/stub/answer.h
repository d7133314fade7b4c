/*
 * What the stub says to a chat request when nothing goes wrong.
 */
#ifndef RDL_STUB_ANSWER_H
#define RDL_STUB_ANSWER_H

#include "core/buf.h"
#include "core/err.h"
#include "stub/ask.h"

/* One line of a reply file. */
struct rdl_answer_line {
	const char *match, *model, *reply;	/* match, model may be NULL */
	size_t match_len, model_len, reply_len;
};

struct rdl_answers {
	const char *fixed;	/* a template, or NULL; borrowed */
	bool taxonomy, offered;
	size_t children;	/* of each parent, for taxonomy */
	uint64_t seed;
	struct rdl_answer_line *lines;
	size_t nlines;
	struct rdl_arena arena;
};

/*
 * Read a reply file: JSON lines {"match"?, "model"?, "reply"}.  A reply that
 * is no text is given as its JSON text.
 */
int rdl_answer_load(struct rdl_answers *s, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Append the answer of number choice to a chat request, the first of: the
 * first line of the reply file that meets it, the taxonomy, the fixed
 * template, what was offered, a value of its schema, a sentence.  n is the
 * request's number.
 */
void rdl_answer_text(struct rdl_buf *out, const struct rdl_answers *s,
    const struct rdl_ask *a, int64_t n, int64_t choice);

void rdl_answer_release(struct rdl_answers *s);

#endif
