/*
 * Judges in a report: a matrix of how far each two of them agree.
 * Reads what `riddle vote --stats-json` wrote, or the note it left in the
 * ledger.
 */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "record/json.h"
#include "publish/html.h"
#include "publish/report_private.h"

#define JUDGES 16		/* drawn */
#define NUMBERS 6		/* of so many judges the cells have numbers */
#define WIDTH 380.0
#define NAMES 96.0		/* room for names at the left */
#define HEAD 20.0

int
rdl_report_judges_load(const char *path, struct rdl_ledger *ledger,
    const char *runs, struct rdl_buf *text, struct rdl_err *err)
{
	if (path != NULL)
		return rdl_file_read(path, text, err);
	return ledger != NULL ? rdl_report_ledger_note(ledger, runs,
	    "agreement", text, err) : 0;
}

static const char *
name_of(yyjson_val *judge)
{
	const char *s = yyjson_get_str(yyjson_obj_get(judge, "judge"));

	return s != NULL ? s : "";
}

/* The pair of two judges, or NULL. */
static yyjson_val *
pair_of(yyjson_val *pairs, yyjson_val *j, yyjson_val *k)
{
	const char *a = name_of(j), *b = name_of(k);
	yyjson_val *p;
	size_t i, max;

	if (!yyjson_is_arr(pairs))
		return NULL;
	yyjson_arr_foreach(pairs, i, max, p) {
		const char *x = yyjson_get_str(yyjson_obj_get(p, "a"));
		const char *y = yyjson_get_str(yyjson_obj_get(p, "b"));

		if (x != NULL && y != NULL && ((strcmp(x, a) == 0 &&
		    strcmp(y, b) == 0) || (strcmp(x, b) == 0 &&
		    strcmp(y, a) == 0)))
			return p;
	}
	return NULL;
}

/* The side of a cell. */
static double
side_of(size_t n)
{
	return (WIDTH - NAMES) / (double)(n > NUMBERS ? n : NUMBERS);
}

/* A cell: above the diagonal the share that agrees, below it Cohen's kappa,
 * which is shaded from 0. */
static void
add_cell(yyjson_val *pair, size_t row, size_t col, size_t n,
    struct rdl_buf *out)
{
	bool above = col > row;
	yyjson_val *v = yyjson_obj_get(pair, above ? "agreement" : "cohen");
	double side = side_of(n), d = yyjson_get_num(v);
	double x = NAMES + side * (double)col, y = HEAD + side * (double)row;

	if (!yyjson_is_num(v) || !(d >= -1 && d <= 1))
		return;
	rdl_buf_addf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" "
	    "width=\"%.1f\" height=\"%.1f\" fill-opacity=\"%.2f\"><title>%s "
	    "%.4f</title></rect>", above ? "ok" : "two", x + 1, y + 1,
	    side - 2, side - 2, 0.08 + 0.5 * (d > 0 ? d : 0),
	    above ? "agreement" : "Cohen&#39;s kappa", d);
	if (n <= NUMBERS)
		rdl_buf_addf(out, "<text x=\"%.1f\" y=\"%.1f\" "
		    "text-anchor=\"middle\">%s%.2f</text>", x + side / 2,
		    y + side / 2 + 4, d < 0 ? "&#8722;" : "", fabs(d));
}

static void
add_name(const char *name, double x, double y, const char *anchor,
    struct rdl_buf *out)
{
	rdl_buf_addf(out, "<text class=\"d\" x=\"%.1f\" y=\"%.1f\" "
	    "text-anchor=\"%s\">", x, y, anchor);
	rdl_html_short(out, name, strlen(name), 14);
	rdl_buf_adds(out, "</text>");
}

static void
add_matrix(yyjson_val *root, size_t n, struct rdl_buf *out)
{
	yyjson_val *judges = yyjson_obj_get(root, "judges");
	yyjson_val *pairs = yyjson_obj_get(root, "pairs");
	double side = side_of(n);
	size_t i, k;

	rdl_buf_addf(out, "<figure><figcaption>two by two: share of records "
	    "on which they agree, and below the diagonal Cohen&#39;s kappa"
	    "</figcaption><svg class=\"s\" viewBox=\"0 0 %.0f %.0f\" "
	    "role=\"img\" aria-label=\"agreement of judges\">",
	    WIDTH, HEAD + side * (double)n + 2);
	for (i = 0; i < n; i++) {
		yyjson_val *j = yyjson_arr_get(judges, i);

		rdl_buf_adds(out, "<g>");
		add_name(name_of(j), NAMES - 8, HEAD + side * (double)i +
		    side / 2 + 4, "end", out);
		rdl_buf_addf(out, "<text class=\"d\" x=\"%.1f\" y=\"14\" "
		    "text-anchor=\"middle\">%zu</text>", NAMES + side *
		    ((double)i + 0.5), i + 1);
		for (k = 0; k < n; k++)
			if (k != i)
				add_cell(pair_of(pairs, j, yyjson_arr_get(
				    judges, k)), i, k, n, out);
		rdl_buf_adds(out, "</g>");
	}
	rdl_buf_adds(out, "</svg></figure>\n");
}

/* How often each says yes. */
static void
add_acceptance(yyjson_val *root, struct rdl_buf *out)
{
	yyjson_val *judges = yyjson_obj_get(root, "judges"), *j, *v;
	struct rdl_html_part part = { "ok", 0 };
	size_t i, max;

	rdl_buf_adds(out, "<div class=\"wide\"><table><tr><th>judge<th>"
	    "<th>said yes<th>scores\n");
	yyjson_arr_foreach(judges, i, max, j) {
		if (i == JUDGES)
			break;
		rdl_buf_addf(out, "<tr><td>%zu. ", i + 1);
		rdl_html_short(out, name_of(j), strlen(name_of(j)), 80);
		v = yyjson_obj_get(j, "acceptance");
		part.value = yyjson_get_num(v);
		if (!(part.value >= 0 && part.value <= 1))
			part.value = 0;
		rdl_buf_adds(out, "<td class=\"bar\">");
		rdl_html_bar(out, &part, 1, 1);
		rdl_buf_adds(out, "<td data-l=\"said yes\">");
		if (yyjson_is_num(v))
			rdl_buf_addf(out, "%.1f&nbsp;%%", 100 * part.value);
		rdl_buf_adds(out, "<td data-l=\"scores\">");
		rdl_html_count(out, rdl_report_rows_int(yyjson_get_num(
		    yyjson_obj_get(j, "scores"))));
		rdl_buf_adds(out, "\n");
	}
	rdl_buf_adds(out, "</table></div>\n");
}

static void
coefficient(struct rdl_buf *out, const char *name, yyjson_val *v)
{
	if (yyjson_is_num(v) && fabs(yyjson_get_num(v)) < 1000)
		rdl_buf_addf(out, "%s %.3f. ", name, yyjson_get_num(v));
	else
		rdl_buf_addf(out, "%s is undefined. ", name);
}

int
rdl_report_judges(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_doc *doc = NULL;
	yyjson_val *root, *judges;
	size_t n;
	int rc;

	rc = rdl_report_judges_load(r->o->agreement, r->ledger, r->o->runs,
	    &text, err);
	if (rc == 0 && text.len > 0)
		doc = rdl_json_read(text.p, text.len, 0);
	root = yyjson_doc_get_root(doc);
	judges = yyjson_obj_get(root, "judges");
	n = yyjson_is_arr(judges) ? yyjson_arr_size(judges) : 0;
	if (n > 0) {
		rdl_report_section(r, "judges", "Judges", out);
		rdl_buf_adds(out, "<div class=\"plots\">\n");
		add_acceptance(root, out);
		if (n > 1)
			add_matrix(root, n < JUDGES ? n : JUDGES, out);
		rdl_buf_adds(out, "</div>\n<p>");
		coefficient(out, "Fleiss&#39; kappa", rdl_rec_at(root,
		    "fleiss/kappa"));
		coefficient(out, "Krippendorff&#39;s alpha, nominal:",
		    rdl_rec_at(root, "krippendorff/nominal"));
		rdl_buf_adds(out, "</p>\n");
	}
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	return rc;
}
