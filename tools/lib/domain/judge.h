/*
 * What a judge is asked and what it says: the scale of its scores, the row
 * that it sees, its reply, and the score as it stands in a record
 * (TaskGalaxy, step 5).  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_JUDGE_H
#define RDL_DOMAIN_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/hash.h"
#include "record/rec.h"

/* Scores are whole numbers from lo to hi; lo < hi. */
struct rdl_scale {
	int64_t lo, hi;
};

struct rdl_judge {
	const char *name;	/* in the record */
	const char *model;
	struct rdl_scale scale;
	bool sees_answer;
};

/* Read "0..1" or "1..5": numbers within a thousand million. */
int rdl_judge_scale(const char *text, struct rdl_scale *scale,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Append the schema of a prompt's reply (NULL: any object) made stricter: its
 * member "score" is required, a whole number of the scale.  RDL_E_USAGE if the
 * schema is not that of an object.
 */
int rdl_judge_schema(const char *schema, size_t len,
    const struct rdl_scale *scale, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/*
 * Append what the prompt sees of a qa record: without the scores of others,
 * and without the answer unless the judge sees it; with "label", the task's
 * path joined by " ~ ", and "scale": {"low", "high", "binary"}.  RDL_E_INPUT if
 * rec is no qa record, or this judge has judged it before.
 */
int rdl_judge_view(const struct rdl_rec *rec, const struct rdl_judge *j,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* The score of a reply, and its reason (NULL if it gives none).  Nothing is
 * guessed: RDL_E_INPUT for what is not a whole number of the scale. */
int rdl_judge_read(yyjson_val *reply, const struct rdl_scale *scale,
    int64_t *score, const char **reason, size_t *reason_len,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the record's "scores" with one more; the bytes of the others stay. */
void rdl_judge_append(const struct rdl_rec *rec, const struct rdl_judge *j,
    int64_t score, const char *reason, size_t reason_len,
    const struct rdl_hash *call, struct rdl_buf *out);

#endif
