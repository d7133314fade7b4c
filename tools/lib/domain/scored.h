/*
 * Preference pairs of answers that have scores, whoever gave them: the best
 * and the worst of a prompt, or all pairs that are far enough apart.  Refused:
 * ties, missing scores, equal texts.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_SCORED_H
#define RDL_DOMAIN_SCORED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "domain/preference.h"
#include "domain/reason.h"
#include "record/rec.h"

#define RDL_SCORED_ANSWERS 256	/* of a record */

struct rdl_scored_opts {
	const char *prompt, *answers;	/* paths in the record */
	const char *text, *score;	/* paths in an answer */
	bool all;			/* all pairs; else best and worst */
	double min_margin;		/* above 0 in any case */
	int64_t max_pairs;		/* of a record; 0: no bound */
};

struct rdl_scored_answer {
	struct rdl_quote text;		/* or the id of the image */
	struct rdl_span image;		/* the object; p is NULL for a text */
	struct rdl_quote id;		/* its own, or none */
	double score;
	size_t chars;			/* of the text, code points */
	size_t number;			/* in the record, from 1 */
};

struct rdl_scored_pair {
	size_t chosen, rejected;	/* indices into answers */
	double margin;
};

/* Over all pairs of texts. */
struct rdl_scored_lengths {
	uint64_t pairs, longer, shorter;	/* the chosen one is */
	uint64_t chosen, rejected;	/* code points, summed */
};

struct rdl_scored {
	const struct rdl_scored_opts *o;
	struct rdl_scored_lengths lengths;
	/* The record. */
	const struct rdl_rec *rec;
	struct rdl_id id;
	struct rdl_quote prompt;
	struct rdl_scored_answer v[RDL_SCORED_ANSWERS];
	size_t n;			/* without repeats */
	struct rdl_scored_pair *pairs;	/* the widest first */
	size_t npairs, pairs_cap;
	/* The rest belongs to scored.c. */
	struct rdl_buf id_json, images, images_key, common, from, tail;
	struct rdl_buf scratch;
};

void rdl_scored_init(struct rdl_scored *s, const struct rdl_scored_opts *o);
void rdl_scored_release(struct rdl_scored *s);

/*
 * Read the answers of rec, which s borrows from, and choose pairs.  1, or 0
 * with why: "record", there is no prompt or no list of answers; "score", one
 * is missing or is no number; "conflict", a text comes with two scores;
 * "one-answer"; "tie", the best is no better than the worst; "min-margin".  An
 * answer that is there twice with one score counts once.
 */
int rdl_scored_read(struct rdl_scored *s, const struct rdl_rec *rec,
    const struct rdl_id *id, struct rdl_reason *why) RDL_MUST_CHECK;

/* scored_write.c: what all pairs of the record have, for rdl_scored_read(). */
int rdl_scored_begin(struct rdl_scored *s, struct rdl_reason *why)
    RDL_MUST_CHECK;

/* Append the record of pair i with its newline, count its lengths.  -1 with
 * RDL_E_INPUT if it is too long. */
int rdl_scored_write(struct rdl_scored *s, size_t i, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* Append the lengths as JSON, and as a line for people; nothing if there were
 * no pairs of texts. */
void rdl_scored_lengths_json(const struct rdl_scored_lengths *l,
    struct rdl_buf *out);
void rdl_scored_lengths_text(const struct rdl_scored_lengths *l,
    struct rdl_buf *out);

#endif
