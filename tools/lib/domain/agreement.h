/*
 * How far judges agree: counted record by record, computed at the end.
 * Only counts are kept, so memory depends on the judges and on how many
 * different scores they give, not on the records.  Pure: no I/O.
 *
 * Missing scores are allowed.  Scores are categories for agreement and kappa;
 * what needs categories is unknown (NAN) once there are more than
 * RDL_AGREEMENT_VALUES different scores, or too many for the judges.
 */
#ifndef RDL_DOMAIN_AGREEMENT_H
#define RDL_DOMAIN_AGREEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "domain/vote.h"

#define RDL_AGREEMENT_VALUES 128
/* Most bytes of tables; 3 judges with 128 scores take 0.7 MiB. */
#define RDL_AGREEMENT_BYTES (64 * RDL_MIB)

/* A sum with its compensation (Neumaier). */
struct rdl_agreement_sum {
	double sum, lost;
};

/* What is counted of one judge. */
struct rdl_agreement_judge {
	uint64_t scores, yes, abstained;
	uint64_t compared;	/* records with another's score as well */
	struct rdl_agreement_sum score;
	struct rdl_agreement_sum above;	/* own score minus the mean of the
					 * others', over compared */
};

struct rdl_agreement {
	uint64_t records;	/* added */
	uint64_t unscored;	/* of them, without any score */
	struct rdl_agreement_judge judges[RDL_JUDGES_MAX];
	size_t njudges;		/* highest that came, plus one */
	double values[RDL_AGREEMENT_VALUES];	/* in order of coming */
	size_t nvalues;
	bool too_many;
	/* The rest belongs to agreement.c. */
	size_t side;		/* of a table: values that it has room for */
	uint64_t *pairs;	/* a table for each pair of judges */
	size_t npairs;		/* tables there is room for */
	/* By how many judges scored the record: how often, and a table of the
	 * pairs of their scores, each in both orders. */
	uint64_t units[RDL_JUDGES_MAX + 1];
	uint64_t *pairable[RDL_JUDGES_MAX + 1];
};

/* judges: how many are named beforehand. */
void rdl_agreement_init(struct rdl_agreement *a, size_t judges);
void rdl_agreement_release(struct rdl_agreement *a);

/* Count one record. */
void rdl_agreement_add(struct rdl_agreement *a, const struct rdl_ballot *b);

/* A judge's mean score, the share of its scores that are a yes, and its bias:
 * the mean of its score minus the mean score of the others, over the records
 * that another scored too.  NAN without scores. */
double rdl_agreement_mean(const struct rdl_agreement *a, size_t judge);
double rdl_agreement_acceptance(const struct rdl_agreement *a, size_t judge);
double rdl_agreement_bias(const struct rdl_agreement *a, size_t judge);

/* Two judges, over the records that both scored. */
struct rdl_agreement_pair {
	uint64_t records;
	double agreement;	/* share with equal scores */
	double cohen;		/* Cohen's kappa (Educ. Psychol. Meas. 20,
				 * 1960) */
	double weighted;	/* the same, weighted by squared distance
				 * (Cohen, Psychol. Bull. 70, 1968) */
};

/* Values that are not defined are NAN: kappa when chance alone would agree
 * always. */
void rdl_agreement_pair(const struct rdl_agreement *a, size_t i, size_t j,
    struct rdl_agreement_pair *out);

/*
 * Fleiss' kappa (Psychol. Bull. 76, 1971) over the records that all judges
 * scored; *records is how many.
 */
double rdl_agreement_fleiss(const struct rdl_agreement *a, uint64_t *records);

enum rdl_alpha { RDL_ALPHA_NOMINAL, RDL_ALPHA_ORDINAL, RDL_ALPHA_INTERVAL };

/*
 * Krippendorff's alpha over the records that two or more scored ("Computing
 * Krippendorff's Alpha-Reliability", 2011, section D); *records is how many.
 */
double rdl_agreement_alpha(const struct rdl_agreement *a,
    enum rdl_alpha metric, uint64_t *records);

/* Append all of it: JSON without newline, lines for people. */
void rdl_agreement_json(const struct rdl_agreement *a,
    const struct rdl_judges *j, struct rdl_buf *out);
void rdl_agreement_table(const struct rdl_agreement *a,
    const struct rdl_judges *j, struct rdl_buf *out);

#endif
