/*
 * How far judges agree: as JSON, and as lines for people (agreement.h).
 * Writes into a buffer; a value that is not defined is null, or a dash.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "domain/agreement.h"
#include "query/text.h"

#define NAME_LEAST 5		/* columns: "judge" */
#define NAME_COLUMNS 40

static void
put_number(const char *name, double d, struct rdl_buf *out)
{
	rdl_buf_addf(out, ",\"%s\":", name);
	if (isfinite(d))
		rdl_vote_number(d, out);
	else
		rdl_buf_adds(out, "null");
}

static void
put_count(const char *name, uint64_t n, struct rdl_buf *out)
{
	rdl_buf_addf(out, ",\"%s\":%" PRIu64, name, n);
}

/* A name from a stranger's record need not be UTF-8. */
static void
put_name(const char *key, const struct rdl_voter *j, struct rdl_buf *out)
{
	rdl_buf_addf(out, "\"%s\":", key);
	rdl_text_string(out, j->name, j->len);
}

static uint64_t
missing(const struct rdl_agreement *a, size_t judge)
{
	return a->records - a->judges[judge].scores -
	    a->judges[judge].abstained;
}

static void
json_judges(const struct rdl_agreement *a, const struct rdl_judges *j,
    struct rdl_buf *out)
{
	size_t i;

	rdl_buf_adds(out, ",\"judges\":[");
	for (i = 0; i < j->n; i++) {
		rdl_buf_adds(out, i > 0 ? ",{" : "{");
		put_name("judge", &j->v[i], out);
		put_count("scores", a->judges[i].scores, out);
		put_count("abstained", a->judges[i].abstained, out);
		put_count("missing", missing(a, i), out);
		put_count("accepted", a->judges[i].yes, out);
		put_number("acceptance", rdl_agreement_acceptance(a, i), out);
		put_number("mean", rdl_agreement_mean(a, i), out);
		put_number("bias", rdl_agreement_bias(a, i), out);
		rdl_buf_addc(out, '}');
	}
	rdl_buf_addc(out, ']');
}

static void
json_pairs(const struct rdl_agreement *a, const struct rdl_judges *j,
    struct rdl_buf *out)
{
	struct rdl_agreement_pair p;
	size_t i, k;

	rdl_buf_adds(out, ",\"pairs\":[");
	for (i = 0; i < j->n; i++)
		for (k = i + 1; k < j->n; k++) {
			rdl_agreement_pair(a, i, k, &p);
			rdl_buf_adds(out, i + k > 1 ? ",{" : "{");
			put_name("a", &j->v[i], out);
			rdl_buf_addc(out, ',');
			put_name("b", &j->v[k], out);
			put_count("records", p.records, out);
			put_number("agreement", p.agreement, out);
			put_number("cohen", p.cohen, out);
			put_number("weighted", p.weighted, out);
			rdl_buf_addc(out, '}');
		}
	rdl_buf_addc(out, ']');
}

void
rdl_agreement_json(const struct rdl_agreement *a, const struct rdl_judges *j,
    struct rdl_buf *out)
{
	uint64_t n;
	double d;

	rdl_buf_addf(out, "{\"records\":%" PRIu64, a->records);
	put_count("unscored", a->unscored, out);
	if (a->too_many)
		rdl_buf_adds(out, ",\"distinct\":null");
	else
		put_count("distinct", a->nvalues, out);
	json_judges(a, j, out);
	json_pairs(a, j, out);
	d = rdl_agreement_fleiss(a, &n);
	rdl_buf_addf(out, ",\"fleiss\":{\"records\":%" PRIu64, n);
	put_number("kappa", d, out);
	d = rdl_agreement_alpha(a, RDL_ALPHA_NOMINAL, &n);
	rdl_buf_addf(out, "},\"krippendorff\":{\"records\":%" PRIu64, n);
	put_number("nominal", d, out);
	put_number("ordinal", rdl_agreement_alpha(a, RDL_ALPHA_ORDINAL, &n),
	    out);
	put_number("interval", rdl_agreement_alpha(a, RDL_ALPHA_INTERVAL,
	    &n), out);
	rdl_buf_adds(out, "}}");
}

/* A number with four decimals, right in ten columns. */
static void
cell(double d, struct rdl_buf *out)
{
	if (isfinite(d))
		rdl_buf_addf(out, " %10.4f", d);
	else
		rdl_buf_addf(out, " %10s", "-");
}

static void
name_cell(const struct rdl_voter *j, size_t width, struct rdl_buf *out)
{
	size_t n = rdl_text_cut(j->shown, strlen(j->shown), width);
	size_t w = rdl_text_width(j->shown, n);

	rdl_buf_add(out, j->shown, n);
	rdl_buf_addf(out, "%*s", w < width ? (int)(width - w) : 0, "");
}

static size_t
name_width(const struct rdl_judges *j)
{
	size_t i, w, width = NAME_LEAST;

	for (i = 0; i < j->n; i++) {
		w = rdl_text_width(j->v[i].shown, strlen(j->v[i].shown));
		if (w > width)
			width = w;
	}
	return width < NAME_COLUMNS ? width : NAME_COLUMNS;
}

static void
table_judges(const struct rdl_agreement *a, const struct rdl_judges *j,
    size_t width, struct rdl_buf *out)
{
	size_t i;

	rdl_buf_addf(out, "%-*s %10s %10s %10s %10s %10s %10s\n", (int)width,
	    "judge", "scores", "abstained", "missing", "acceptance", "mean",
	    "bias");
	for (i = 0; i < j->n; i++) {
		name_cell(&j->v[i], width, out);
		rdl_buf_addf(out, " %10" PRIu64 " %10" PRIu64 " %10" PRIu64,
		    a->judges[i].scores, a->judges[i].abstained,
		    missing(a, i));
		cell(rdl_agreement_acceptance(a, i), out);
		cell(rdl_agreement_mean(a, i), out);
		cell(rdl_agreement_bias(a, i), out);
		rdl_buf_addc(out, '\n');
	}
}

static void
table_pairs(const struct rdl_agreement *a, const struct rdl_judges *j,
    size_t width, struct rdl_buf *out)
{
	struct rdl_agreement_pair p;
	size_t i, k;

	if (j->n < 2)
		return;
	rdl_buf_addf(out, "%-*s %10s %10s %10s %10s\n", (int)(2 * width + 3),
	    "pair", "records", "agreement", "Cohen", "weighted");
	for (i = 0; i < j->n; i++)
		for (k = i + 1; k < j->n; k++) {
			rdl_agreement_pair(a, i, k, &p);
			name_cell(&j->v[i], width, out);
			rdl_buf_adds(out, " - ");
			name_cell(&j->v[k], width, out);
			rdl_buf_addf(out, " %10" PRIu64, p.records);
			cell(p.agreement, out);
			cell(p.cohen, out);
			cell(p.weighted, out);
			rdl_buf_addc(out, '\n');
		}
}

static void
summary(const char *name, double d, uint64_t n, const char *of,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "%-30s", name);
	cell(d, out);
	rdl_buf_addf(out, ", records %s: %" PRIu64 "\n", of, n);
}

void
rdl_agreement_table(const struct rdl_agreement *a, const struct rdl_judges *j,
    struct rdl_buf *out)
{
	static const char several[] = "that two or more scored";
	size_t width = name_width(j);
	uint64_t n;
	double d;

	table_judges(a, j, width, out);
	table_pairs(a, j, width, out);
	d = rdl_agreement_fleiss(a, &n);
	summary("Fleiss' kappa", d, n, "that all judges scored", out);
	d = rdl_agreement_alpha(a, RDL_ALPHA_NOMINAL, &n);
	summary("Krippendorff's alpha, nominal", d, n, several, out);
	d = rdl_agreement_alpha(a, RDL_ALPHA_ORDINAL, &n);
	summary("Krippendorff's alpha, ordinal", d, n, several, out);
	d = rdl_agreement_alpha(a, RDL_ALPHA_INTERVAL, &n);
	summary("Krippendorff's alpha, interval", d, n, several, out);
	if (a->too_many)
		rdl_buf_adds(out, "agreement, kappa and alpha are not known: "
		    "there are too many different scores\n");
}
