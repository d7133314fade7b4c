/*
 * The rule of a vote on the command line.
 */
#ifndef RDL_DOMAIN_VOTE_OPTS_H
#define RDL_DOMAIN_VOTE_OPTS_H

#include "core/cli.h"
#include "domain/vote.h"

/* Put the struct into yours, and RDL_VOTE_OPTIONS(struct opts, member) into
 * your table. */
struct rdl_vote_opts {
	double min_sum, accept;		/* NAN if not given */
	const char *at_least, *judges, *scale;
	int missing, abstain;		/* enum rdl_absent */
};

#define RDL_VOTE_OPTS_DEFAULT { NAN, NAN, NULL, NULL, "0..1", \
	RDL_ABSENT_FAIL, RDL_ABSENT_NO }

extern const struct rdl_opt rdl_vote_options[];

#define RDL_VOTE_OPTIONS(options_struct, member) { .type = RDL_OPT_GROUP, \
	.off = offsetof(options_struct, member), .help = "the rule", \
	.group = rdl_vote_options }

/* The rule that the options give, and the judges that they name. */
int rdl_vote_opts_read(const struct rdl_vote_opts *o, struct rdl_vote_rule *r,
    struct rdl_judges *j, struct rdl_err *err) RDL_MUST_CHECK;

#endif
