/*
 * The rule of a vote on the command line.
 * Reads options; says which do not go together.
 */
#include "domain/vote_opts.h"

static const char *const absent_choices[] = { "fail", "no", "ignore", NULL };

const struct rdl_opt rdl_vote_options[] = {
	{ .type = RDL_OPT_REAL, .name = "min-sum", .letter = 's', .arg = "N",
	    .off = offsetof(struct rdl_vote_opts, min_sum),
	    .lo = -RDL_VOTE_NUMBER, .hi = RDL_VOTE_NUMBER,
	    .help = "the least sum of scores that wins; 2, TaskGalaxy's, if "
	    "no rule is given" },
	{ .type = RDL_OPT_STR, .name = "at-least", .letter = 'k',
	    .arg = "K/N", .off = offsetof(struct rdl_vote_opts, at_least),
	    .help = "K of N judges must say yes, instead of a sum; K alone is "
	    "of as many as there are" },
	{ .type = RDL_OPT_REAL, .name = "accept", .letter = 'a', .arg = "N",
	    .off = offsetof(struct rdl_vote_opts, accept),
	    .lo = -RDL_VOTE_NUMBER, .hi = RDL_VOTE_NUMBER,
	    .help = "a score from here on is a yes; default: above the middle "
	    "of its scale" },
	{ .type = RDL_OPT_STR, .name = "judges", .letter = 'j',
	    .arg = "NAME,...", .off = offsetof(struct rdl_vote_opts, judges),
	    .help = "the judges that must have scored; others do not count" },
	{ .type = RDL_OPT_ENUM, .name = "missing",
	    .arg = "fail|no|ignore", .choices = absent_choices,
	    .off = offsetof(struct rdl_vote_opts, missing),
	    .help = "what becomes of a judge without a score: the record "
	    "fails, it said no, or the rule holds for the others" },
	{ .type = RDL_OPT_ENUM, .name = "abstain",
	    .arg = "fail|no|ignore", .choices = absent_choices,
	    .off = offsetof(struct rdl_vote_opts, abstain),
	    .help = "the same for a judge whose score is null" },
	{ .type = RDL_OPT_STR, .name = "scale", .arg = "LO..HI",
	    .off = offsetof(struct rdl_vote_opts, scale),
	    .help = "the scale of scores that bring none" },
	{ .type = RDL_OPT_END }
};

static int
check_counts(const struct rdl_vote_rule *r, const struct rdl_judges *j,
    struct rdl_err *err)
{
	if (j->named && r->of > 0 && r->of != j->n)
		return rdl_err_set(err, RDL_E_USAGE, "--at-least says %u "
		    "judges, --judges names %zu", r->of, j->n);
	if (j->named && r->at_least > j->n)
		return rdl_err_set(err, RDL_E_USAGE, "--at-least says %u, "
		    "--judges names %zu", r->at_least, j->n);
	return 0;
}

int
rdl_vote_opts_read(const struct rdl_vote_opts *o, struct rdl_vote_rule *r,
    struct rdl_judges *j, struct rdl_err *err)
{
	if (o->at_least != NULL && !isnan(o->min_sum))
		return rdl_err_set(err, RDL_E_USAGE,
		    "--min-sum and --at-least are two rules; give one");
	if (!isnan(o->min_sum))
		r->min_sum = o->min_sum;
	if (o->at_least != NULL &&
	    rdl_vote_at_least(r, o->at_least, err) < 0)
		return rdl_err_prefix(err, "option --at-least");
	if (rdl_vote_scale(r, o->scale, err) < 0)
		return rdl_err_prefix(err, "option --scale");
	if (o->judges != NULL && rdl_judges_name(j, o->judges, err) < 0)
		return rdl_err_prefix(err, "option --judges");
	r->accept = o->accept;
	r->missing = (enum rdl_absent)o->missing;
	r->abstain = (enum rdl_absent)o->abstain;
	return check_counts(r, j, err);
}
