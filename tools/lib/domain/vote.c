/*
 * Judges and the rule by which they decide on a record.
 * Reads a ballot, which ballot.c fills; gives a verdict and its reason.
 * Counts nothing over records: that is agreement.c.
 */
#include "domain/vote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "core/num.h"
#include "core/mem.h"
#include "record/canon.h"

#define INTEGER_MAX 1e15	/* below it a double prints as it is */

void
rdl_vote_number(double d, struct rdl_buf *out)
{
	if (d >= 0 && d < INTEGER_MAX && d == floor(d))
		rdl_buf_addu(out, (uint64_t)d);
	else
		rdl_canon_number(d, out);
}

/* A count of judges in p[0..len). */
static int
read_count(const char *p, size_t len, unsigned *out, struct rdl_err *err)
{
	char *text = rdl_mem_dup(p, len);
	int64_t n = 0;
	int rc = rdl_num_int(text, 1, RDL_JUDGES_MAX, &n, err);

	free(text);
	*out = (unsigned)n;
	return rc;
}

int
rdl_vote_at_least(struct rdl_vote_rule *r, const char *text,
    struct rdl_err *err)
{
	size_t len = strcspn(text, "/");

	r->of = 0;
	if (read_count(text, len, &r->at_least, err) < 0)
		return -1;
	if (text[len] == '/' && read_count(text + len + 1,
	    strlen(text + len + 1), &r->of, err) < 0)
		return -1;
	if (r->of > 0 && r->at_least > r->of)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%u of %u judges is more than there are", r->at_least,
		    r->of);
	return 0;
}

int
rdl_vote_scale(struct rdl_vote_rule *r, const char *text, struct rdl_err *err)
{
	const char *dots = strstr(text, "..");
	char *lo;
	int rc;

	if (dots == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s' is not of the form LO..HI", text);
	lo = rdl_mem_dup(text, (size_t)(dots - text));
	rc = rdl_num_real(lo, -RDL_VOTE_NUMBER, RDL_VOTE_NUMBER, &r->lo, err);
	free(lo);
	if (rc == 0)
		rc = rdl_num_real(dots + 2, -RDL_VOTE_NUMBER, RDL_VOTE_NUMBER,
		    &r->hi, err);
	if (rc < 0)
		return -1;
	if (r->lo >= r->hi)
		return rdl_err_set(err, RDL_E_USAGE,
		    "'%s': the lowest score comes first", text);
	return 0;
}

void
rdl_vote_rule_text(const struct rdl_vote_rule *r, struct rdl_buf *out)
{
	if (r->at_least == 0) {
		rdl_buf_adds(out, "min-sum ");
		rdl_vote_number(r->min_sum, out);
		return;
	}
	rdl_buf_addf(out, "at-least %u", r->at_least);
	if (r->of > 0)
		rdl_buf_addf(out, "/%u", r->of);
	if (!isnan(r->accept)) {
		rdl_buf_adds(out, " accept ");
		rdl_vote_number(r->accept, out);
	}
}

/*
 * Count the scores of a ballot.  The sum is compensated (Neumaier, ZAMM 54,
 * 1974), so that it does not depend on the order of the judges.
 */
static void
count(const struct rdl_ballot *b, struct rdl_vote_result *v)
{
	double sum = 0, lost = 0, x, t;
	size_t i;

	for (i = 0; i < b->n; i++) {
		if (b->v[i].abstained) {
			v->abstained++;
			continue;
		}
		v->voted++;
		v->yes += b->v[i].yes;
		x = b->v[i].score;
		t = sum + x;
		lost += fabs(sum) >= fabs(x) ? sum - t + x : x - t + sum;
		sum = t;
	}
	v->sum = sum + lost;
}

/* The first score whose scale is not that of those before it, or NULL. */
static const struct rdl_score *
other_scale(const struct rdl_ballot *b)
{
	const struct rdl_score *s, *first = NULL;

	for (s = b->v; s < b->v + b->n; s++) {
		if (s->abstained)
			continue;
		if (first == NULL)
			first = s;
		else if (s->lo < first->lo || s->lo > first->lo ||
		    s->hi < first->hi || s->hi > first->hi)
			return s;
	}
	return NULL;
}

/* The rule that fails the record before any vote, or NULL. */
static const char *
failure(const struct rdl_vote_rule *r, const struct rdl_ballot *b,
    const struct rdl_vote_result *v)
{
	if (b->n > v->expected)
		return "judges";
	if (v->missing > 0 && r->missing == RDL_ABSENT_FAIL)
		return "missing";
	if (v->abstained > 0 && r->abstain == RDL_ABSENT_FAIL)
		return "abstain";
	return other_scale(b) != NULL ? "scale" : NULL;
}

static bool
wins(const struct rdl_vote_rule *r, const struct rdl_vote_result *v)
{
	double all = v->expected, counted = v->expected;

	if (v->voted == 0)
		return false;
	if (r->missing == RDL_ABSENT_IGNORE)
		counted -= v->missing;
	if (r->abstain == RDL_ABSENT_IGNORE)
		counted -= v->abstained;
	/* Nothing is multiplied, and so rounded, without need. */
	if (counted >= all)
		return r->at_least > 0 ? v->yes >= r->at_least :
		    v->sum >= r->min_sum;
	return r->at_least > 0 ? v->yes * all >= r->at_least * counted :
	    v->sum * all >= r->min_sum * counted;
}

void
rdl_vote_decide(const struct rdl_vote_rule *r, const struct rdl_judges *j,
    const struct rdl_ballot *b, unsigned unheard, struct rdl_vote_result *out)
{
	memset(out, 0, sizeof(*out));
	count(b, out);
	if (j->named)
		out->expected = (unsigned)j->n;
	else if (r->of > 0)
		out->expected = r->of;
	else
		out->expected = (unsigned)b->n + unheard;
	if (out->expected == 0)
		out->expected = 1;
	if (out->expected > b->n)
		out->missing = out->expected - (unsigned)b->n;
	out->rule = failure(r, b, out);
	if (out->rule != NULL) {
		out->outcome = RDL_VOTE_FAILED;
		return;
	}
	out->rule = r->at_least > 0 ? "at-least" : "min-sum";
	out->outcome = wins(r, out) ? RDL_VOTE_WON : RDL_VOTE_LOST;
}

static bool
has_scored(const struct rdl_ballot *b, size_t judge)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->v[i].judge == judge)
			return true;
	return false;
}

/* " (a 1, b 0, c abstained)", in the order of the entries. */
static void
list_scores(const struct rdl_judges *j, const struct rdl_ballot *b,
    struct rdl_buf *out)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		rdl_buf_adds(out, i == 0 ? " (" : ", ");
		rdl_buf_adds(out, j->v[b->v[i].judge].shown);
		rdl_buf_addc(out, ' ');
		if (b->v[i].abstained)
			rdl_buf_adds(out, "abstained");
		else
			rdl_vote_number(b->v[i].score, out);
	}
	if (b->n > 0)
		rdl_buf_addc(out, ')');
}

static void
explain_missing(const struct rdl_judges *j, const struct rdl_ballot *b,
    const struct rdl_vote_result *v, struct rdl_buf *out)
{
	const char *sep = "no score by ";
	size_t i;

	for (i = 0; j->named && i < j->n; i++)
		if (!has_scored(b, i)) {
			rdl_buf_adds(out, sep);
			rdl_buf_adds(out, j->v[i].shown);
			sep = ", ";
		}
	if (!j->named) {
		rdl_buf_adds(out, "no score by ");
		rdl_buf_addu(out, v->missing);
		rdl_buf_adds(out, " of ");
		rdl_buf_addu(out, v->expected);
		rdl_buf_adds(out, " judges");
	}
}

static void
explain_scale(const struct rdl_judges *j, const struct rdl_ballot *b,
    struct rdl_buf *out)
{
	const struct rdl_score *s = other_scale(b);

	if (s == NULL)
		return;
	rdl_buf_adds(out, "the judges do not score on one scale: that of ");
	rdl_buf_adds(out, j->v[s->judge].shown);
	rdl_buf_adds(out, " is ");
	rdl_vote_number(s->lo, out);
	rdl_buf_adds(out, " to ");
	rdl_vote_number(s->hi, out);
}

void
rdl_vote_explain(const struct rdl_vote_rule *r, const struct rdl_judges *j,
    const struct rdl_ballot *b, const struct rdl_vote_result *v,
    struct rdl_buf *out)
{
	if (strcmp(v->rule, "missing") == 0)
		explain_missing(j, b, v, out);
	else if (strcmp(v->rule, "scale") == 0)
		explain_scale(j, b, out);
	else if (strcmp(v->rule, "judges") == 0) {
		rdl_buf_addu(out, b->n);
		rdl_buf_adds(out, " judges, where there must be ");
		rdl_buf_addu(out, v->expected);
	} else if (strcmp(v->rule, "abstain") == 0)
		rdl_buf_adds(out, "a judge abstained");
	else if (v->voted == 0)
		rdl_buf_adds(out, "no judge gave a score");
	else {
		if (r->at_least > 0) {
			rdl_buf_addu(out, v->yes);
			rdl_buf_adds(out, " yes");
		} else {
			rdl_buf_adds(out, "sum ");
			rdl_vote_number(v->sum, out);
		}
		rdl_buf_adds(out, " of ");
		rdl_buf_addu(out, v->expected);
		rdl_buf_adds(out, v->expected == 1 ? " judge" : " judges");
	}
	list_scores(j, b, out);
}
