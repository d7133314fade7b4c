/*
 * Judges, their scores of one record, and the rule by which they decide.
 * TaskGalaxy's rule (arXiv 2502.09925) is a sum of at least 2 over three
 * judges that give 0 or 1.  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_VOTE_H
#define RDL_DOMAIN_VOTE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/err.h"

#define RDL_JUDGES_MAX 64
#define RDL_VOTE_NUMBER 1e15	/* largest number of a rule, both signs */

struct rdl_voter {
	char *name;		/* owned; may hold NUL */
	size_t len;
	char *shown;		/* fit for a terminal; owned */
};

/* The judges of a run.  Named beforehand, or known by their first score. */
struct rdl_judges {
	struct rdl_voter v[RDL_JUDGES_MAX];
	size_t n;
	bool named;		/* no others count */
};

/* Name judges: names with commas between.  Refused: an empty name, one that
 * comes twice, more than RDL_JUDGES_MAX. */
int rdl_judges_name(struct rdl_judges *j, const char *names,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_judges_release(struct rdl_judges *j);

/* What becomes of a judge that gave no score. */
enum rdl_absent {
	RDL_ABSENT_FAIL,	/* the record fails */
	RDL_ABSENT_NO,		/* it said no: nothing is added */
	RDL_ABSENT_IGNORE	/* the rule holds for the others, in proportion:
				 * K of n becomes K m / n of m, and a sum S
				 * becomes S m / n */
};

struct rdl_vote_rule {
	double min_sum;		/* unless at_least > 0 */
	unsigned at_least;	/* judges that must say yes; 0: by the sum */
	unsigned of;		/* judges there must be; 0: as many as score */
	double accept;		/* a yes is a score from here; NAN: above the
				 * middle of its scale */
	double lo, hi;		/* scale of a score that brings none */
	enum rdl_absent missing, abstain;
};

#define RDL_VOTE_RULE_DEFAULT { 2, 0, 0, NAN, 0, 1, RDL_ABSENT_FAIL, \
	RDL_ABSENT_NO }

/* Read "K/N" or "K", and "LO..HI", into r. */
int rdl_vote_at_least(struct rdl_vote_rule *r, const char *text,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_vote_scale(struct rdl_vote_rule *r, const char *text,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the rule in words: "min-sum 2", "at-least 2/3 accept 4". */
void rdl_vote_rule_text(const struct rdl_vote_rule *r, struct rdl_buf *out);

/* One judge's score of a record. */
struct rdl_score {
	unsigned judge;		/* index into the judges */
	bool abstained;		/* its score is null */
	bool yes;
	double score, lo, hi;	/* unless it abstained */
	yyjson_val *entry;	/* where it was read; borrowed */
};

/* The scores of one record. */
struct rdl_ballot {
	struct rdl_score v[RDL_JUDGES_MAX];
	size_t n;
	size_t copies;		/* entries that were there already */
	size_t ignored;		/* entries of judges that do not count */
	const char *wrong;	/* the rule that a score broke, or NULL */
};

void rdl_ballot_reset(struct rdl_ballot *b);

/*
 * Add the member "scores" of a record; NULL adds nothing.  Each entry is an
 * object with the judge's name, its score, and maybe its scale.  -1 with
 * b->wrong and the reason: "scores" (not of that form), "score" (not a number,
 * or not in its scale), "scale" (no scale), "judge-twice" (two entries of a
 * judge that are not the same), "judges" (too many).  v must outlive the
 * ballot.
 */
int rdl_ballot_add(struct rdl_ballot *b, struct rdl_judges *j,
    const struct rdl_vote_rule *r, yyjson_val *v, struct rdl_err *err)
    RDL_MUST_CHECK;

enum rdl_outcome { RDL_VOTE_WON, RDL_VOTE_LOST, RDL_VOTE_FAILED };

struct rdl_vote_result {
	enum rdl_outcome outcome;
	const char *rule;	/* that decided: "min-sum", "at-least", or of a
				 * failure "missing", "abstain", "scale",
				 * "judges" */
	double sum;		/* of the scores */
	unsigned voted;		/* judges that gave one */
	unsigned yes;		/* of them */
	unsigned abstained, missing;
	unsigned expected;	/* judges in all */
};

/*
 * Decide.  unheard: files joined that do not have the record, each of them a
 * judge that is missing when the judges are neither named nor counted.  A
 * record that no judge scored never wins.
 */
void rdl_vote_decide(const struct rdl_vote_rule *r,
    const struct rdl_judges *j, const struct rdl_ballot *b, unsigned unheard,
    struct rdl_vote_result *out);

/* Append why it did not win, in a line: "sum 1 of 3 judges (a 1, b 0, c 0)". */
void rdl_vote_explain(const struct rdl_vote_rule *r,
    const struct rdl_judges *j, const struct rdl_ballot *b,
    const struct rdl_vote_result *v, struct rdl_buf *out);

/* Append d as JSON. */
void rdl_vote_number(double d, struct rdl_buf *out);

#endif
