/*
 * Questions and answers for the tasks of a match: what a reply gives for each
 * of them, and the qa records made of it (TaskGalaxy, step 4).  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_PAIRS_H
#define RDL_DOMAIN_PAIRS_H

#include "domain/labels.h"

/* What a reply gives for one task. */
struct rdl_pair {
	const char *question, *answer;	/* without blanks at their ends */
	size_t question_len, answer_len;
	const char *fault;	/* what is wrong with it, or NULL; NULL
				 * question: it was not given */
};

/* A pair that belongs to no task, or is a task's second. */
struct rdl_extra {
	const char *task;	/* as the reply names it */
	size_t len;
	const char *fault;
};

struct rdl_pairs {
	struct rdl_pair *v;	/* one for each label, in their order */
	size_t n, good;		/* good: without fault */
	struct rdl_extra *extra;
	size_t nextra;
	struct rdl_arena arena;
};

#define RDL_PAIRS_INIT { NULL, 0, 0, NULL, 0, RDL_ARENA_INIT }

/*
 * Read a reply: a list of {"task", "question", "answer"}, or an object with
 * such a list called "pairs".  Tasks are found as rdl_labels_find() does.  A
 * pair is at fault when its record could be longer than RDL_LINE_MAX; match is
 * what its image comes from.  p borrows from reply; what it held before is
 * gone.  RDL_E_INPUT if there is no such list, or it holds something else.
 */
int rdl_pairs_read(struct rdl_pairs *p, const struct rdl_labels *l,
    const struct rdl_rec *match, yyjson_val *reply, struct rdl_err *err)
    RDL_MUST_CHECK;

void rdl_pairs_release(struct rdl_pairs *p);

/* Append what is wrong with the pair of label i, with the label's text. */
void rdl_pairs_fault(const struct rdl_pairs *p, const struct rdl_labels *l,
    size_t i, struct rdl_buf *out);

/* Append all that is wrong, joined by "; "; nothing if every label has
 * exactly one good pair. */
void rdl_pairs_faults(const struct rdl_pairs *p, const struct rdl_labels *l,
    struct rdl_buf *out);

/*
 * Append the qa record of label i and its good pair, with newline: kind, id,
 * from (the text of a JSON array), the match's image as its bytes are, the
 * task's id and path, question, answer, and rollout unless that is negative.
 */
int rdl_pairs_record(const struct rdl_pairs *p, const struct rdl_labels *l,
    size_t i, const struct rdl_rec *match, const struct rdl_buf *from,
    int64_t rollout, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the prompt file's reply schema (JSON text) with the demand that
 * questions and answers are not blank, as far as it has them where
 * rdl_pairs_read() looks. */
int rdl_pairs_schema(const char *schema, size_t len, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
