/*
 * Histograms, ridges and curves as SVG.
 * Appends to a buffer; takes numbers.  Chooses no data.
 */
#include "publish/report_plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "publish/html.h"

#define WIDTH 380.0
#define LEFT 46.0		/* of the plot itself */
#define RIGHT 366.0
#define TOP 8.0
#define FOOT 22.0		/* below the axis */
#define HEIGHT 190.0
#define RIDGE 34.0		/* height of one */

void
rdl_report_plot_count(struct rdl_report_bins *b, double x)
{
	double at = floor((x + 1) / 2 * RDL_REPORT_BINS);
	size_t i = !(at > 0) ? 0 : at >= RDL_REPORT_BINS ?
	    RDL_REPORT_BINS - 1 : (size_t)at;

	if (b->n[i] < UINT32_MAX)
		b->n[i]++;
	b->count++;
}

static double
value_of(size_t bin)
{
	return -1 + 2.0 * (double)bin / RDL_REPORT_BINS;
}

/* Bins that a range of tenths covers. */
static size_t
bin_of(double x)
{
	return (size_t)lround((x + 1) / 2 * RDL_REPORT_BINS);
}

void
rdl_report_plot_range(const struct rdl_report_bins *b, size_t n, double *lo,
    double *hi)
{
	size_t i, j, first = RDL_REPORT_BINS, last = 0;

	for (i = 0; i < n; i++)
		for (j = 0; j < RDL_REPORT_BINS; j++)
			if (b[i].n[j] > 0) {
				first = j < first ? j : first;
				last = j + 1 > last ? j + 1 : last;
			}
	if (first >= last)
		first = RDL_REPORT_BINS / 2, last = RDL_REPORT_BINS;
	*lo = floor(value_of(first) * 10 + 1e-9) / 10;
	*hi = ceil(value_of(last) * 10 - 1e-9) / 10;
}

double
rdl_report_plot_median(const struct rdl_report_bins *b)
{
	uint64_t seen = 0;
	size_t i;

	for (i = 0; i < RDL_REPORT_BINS; i++) {
		seen += b->n[i];
		if (2 * seen >= b->count && seen > 0)
			break;
	}
	return value_of(i) + 1.0 / RDL_REPORT_BINS;
}

static double
x_of(double x, double lo, double hi)
{
	return LEFT + (RIGHT - LEFT) * (x - lo) / (hi - lo);
}

/* The axis of tenths below a plot. */
static void
add_tenths(struct rdl_buf *out, double lo, double hi, double y)
{
	double step = hi - lo > 1.25 ? 0.4 : hi - lo > 0.65 ? 0.2 : 0.1, x;
	int i, n = (int)lround((hi - lo) / step);

	for (i = 0; i <= n; i++) {
		x = lo + step * i;
		if (x > hi + 1e-9)
			break;
		rdl_buf_addf(out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\""
		    "/><text class=\"d\" x=\"%.1f\" y=\"%.1f\" "
		    "text-anchor=\"middle\">%.1f</text>", x_of(x, lo, hi), TOP,
		    y, x_of(x, lo, hi), y + 16, fabs(x) < 1e-9 ? 0 : x);
	}
}

/* The bars of b between lo and hi, that stand on y and are high at most. */
static void
add_bars(struct rdl_buf *out, const struct rdl_report_bins *b, double lo,
    double hi, double y, double high)
{
	size_t first = bin_of(lo), last = bin_of(hi), i, j, each;
	uint64_t n, top = 1;
	double w, h;

	each = last - first > 160 ? 8 : last - first > 80 ? 4 : 2;
	for (i = first; i < last; i += each) {
		for (n = 0, j = i; j < i + each && j < last; j++)
			n += b->n[j];
		top = n > top ? n : top;
	}
	w = x_of(value_of(first + each), lo, hi) - LEFT;
	for (i = first; i < last; i += each) {
		for (n = 0, j = i; j < i + each && j < last; j++)
			n += b->n[j];
		if (n == 0)
			continue;
		h = high * (double)n / (double)top;
		if (h < 0.75)
			h = 0.75;
		rdl_buf_addf(out, "<rect class=\"ok\" x=\"%.1f\" y=\"%.1f\" "
		    "width=\"%.1f\" height=\"%.1f\"><title>%.2f to %.2f: %llu"
		    "</title></rect>", x_of(value_of(i), lo, hi) + 0.4, y - h,
		    w - 0.8, h, value_of(i), value_of(i + each),
		    (unsigned long long)n);
	}
}

static void
open_figure(struct rdl_buf *out, const char *caption, double height)
{
	rdl_buf_adds(out, "<figure><figcaption>");
	rdl_html_str(out, caption);
	rdl_buf_addf(out, "</figcaption><svg class=\"s\" viewBox=\"0 0 %.0f "
	    "%.0f\" role=\"img\" aria-label=\"", WIDTH, height);
	rdl_html_str(out, caption);
	rdl_buf_adds(out, "\">");
}

static void
add_median(struct rdl_buf *out, double median, double lo, double hi,
    double from, double to)
{
	double x = x_of(median, lo, hi);

	rdl_buf_addf(out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"currentColor\""
	    " stroke-dasharray=\"2 2\"><title>median %.3f</title></path>", x,
	    from, to, median);
}

void
rdl_report_plot_histogram(const struct rdl_report_bins *b,
    const char *caption, struct rdl_buf *out)
{
	double lo, hi, median = rdl_report_plot_median(b), y = HEIGHT - FOOT;

	rdl_report_plot_range(b, 1, &lo, &hi);
	open_figure(out, caption, HEIGHT);
	add_tenths(out, lo, hi, y);
	add_bars(out, b, lo, hi, y, y - TOP - 14);
	add_median(out, median, lo, hi, TOP + 12, y);
	rdl_buf_addf(out, "<text class=\"d\" x=\"%.1f\" y=\"%.1f\" "
	    "text-anchor=\"%s\">median %.2f</text>", x_of(median, lo, hi),
	    TOP + 8, median > (lo + hi) / 2 ? "end" : "start", median);
	rdl_buf_adds(out, "</svg></figure>\n");
}

void
rdl_report_plot_ridges(const struct rdl_report_bins *b,
    const char *const *labels, size_t n, const char *caption,
    struct rdl_buf *out)
{
	double lo, hi, y;
	size_t i;

	rdl_report_plot_range(b, n, &lo, &hi);
	open_figure(out, caption, TOP + RIDGE * (double)n + FOOT);
	add_tenths(out, lo, hi, TOP + RIDGE * (double)n);
	for (i = 0; i < n; i++) {
		y = TOP + RIDGE * (double)(i + 1);
		add_bars(out, &b[i], lo, hi, y, RIDGE - 6);
		if (b[i].count > 0)
			add_median(out, rdl_report_plot_median(&b[i]), lo, hi,
			    y - RIDGE + 6, y);
		rdl_buf_addf(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\""
		    "/><text class=\"d\" x=\"0\" y=\"%.1f\">", LEFT, y, RIGHT,
		    y - 4);
		rdl_html_str(out, labels[i]);
		rdl_buf_adds(out, "</text>");
	}
	rdl_buf_adds(out, "</svg></figure>\n");
}

/* A step of 1, 2 or 5 times a power of ten, so that three to six of them
 * reach v. */
static double
nice_step(double v)
{
	double ten = pow(10, floor(log10(v / 3))), f = v / 3 / ten;

	return ten * (f >= 5 ? 5 : f >= 2 ? 2 : 1);
}

static void
add_value(struct rdl_buf *out, double v, double step,
    enum rdl_report_unit unit)
{
	int decimals;

	if (unit == RDL_REPORT_USD) {
		decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
		rdl_buf_addf(out, "$%.*f", decimals > 9 ? 9 : decimals, v);
	} else if (unit == RDL_REPORT_PERCENT) {
		rdl_buf_addf(out, "%.0f %%", v);
	} else if (v >= 1e9) {
		rdl_buf_addf(out, "%.4gG", v / 1e9);
	} else if (v >= 1e6) {
		rdl_buf_addf(out, "%.4gM", v / 1e6);
	} else if (v >= 1e4) {
		rdl_buf_addf(out, "%.4gk", v / 1e3);
	} else {
		rdl_buf_addf(out, "%.4g", v);
	}
}

/* The height of a point, whatever a file said. */
static double
height_of(const struct rdl_report_curve *c, size_t i)
{
	double y = c->v[i].y;

	return y > 0 ? y < 1e15 ? y : 1e15 : 0;
}

/* Lines of the grid with their values; returns the value at the top. */
static double
add_scale(const struct rdl_report_curve *c, struct rdl_buf *out)
{
	double top = 0, step, v, y, base = HEIGHT - FOOT;
	size_t i;

	for (i = 0; i < c->n; i++)
		top = height_of(c, i) > top ? height_of(c, i) : top;
	if (!(top > 0))
		top = 1;
	if (c->unit == RDL_REPORT_COUNT && top < 3)
		top = 3;
	step = c->unit == RDL_REPORT_PERCENT ? 25 : nice_step(top);
	top = c->unit == RDL_REPORT_PERCENT ? 100 : step * ceil(top / step);
	for (v = 0; v <= top * (1 + 1e-9); v += step) {
		y = base - (base - TOP) * v / top;
		rdl_buf_addf(out, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\""
		    "/><text class=\"d\" x=\"%.1f\" y=\"%.1f\" "
		    "text-anchor=\"end\">", LEFT, y, RIGHT, LEFT - 5, y + 4);
		add_value(out, v, step, c->unit);
		rdl_buf_adds(out, "</text>");
	}
	return top;
}

static void
add_under(struct rdl_buf *out, const char *text, double x,
    const char *anchor)
{
	if (text == NULL)
		return;
	rdl_buf_addf(out, "<text class=\"d\" x=\"%.1f\" y=\"%.1f\" "
	    "text-anchor=\"%s\">", x, HEIGHT - 5, anchor);
	rdl_html_str(out, text);
	rdl_buf_adds(out, "</text>");
}

static void
add_points(const struct rdl_report_curve *c, double top, struct rdl_buf *out)
{
	double base = HEIGHT - FOOT, x, y, v;
	double w = (RIGHT - LEFT) / (double)(c->n + 1);
	size_t i;

	for (i = 0; i < c->n; i++) {
		x = LEFT + (RIGHT - LEFT) * c->v[i].x;
		v = height_of(c, i);
		y = base - (base - TOP) * (v < top ? v : top) / top;
		if (c->bars)
			rdl_buf_addf(out, "<rect class=\"ok\" x=\"%.1f\" "
			    "y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
			    x - w * 0.4, y, w * 0.8, base - y);
		else
			rdl_buf_addf(out, "<circle class=\"ok\" cx=\"%.1f\" "
			    "cy=\"%.1f\" r=\"%.1f\"><title>", x, y,
			    c->n > 40 ? 1.5 : 2.5);
		add_value(out, v, v > 0 ? v / 100 : 1, c->unit);
		rdl_buf_adds(out, c->bars ? "</title></rect>" :
		    "</title></circle>");
	}
}

static void
add_path(const struct rdl_report_curve *c, double top, bool area,
    struct rdl_buf *out)
{
	double base = HEIGHT - FOOT, y;
	size_t i;

	rdl_buf_addf(out, "<path class=\"%s\" d=\"", area ? "area" : "line");
	for (i = 0; i < c->n; i++) {
		y = height_of(c, i) < top ? height_of(c, i) : top;
		rdl_buf_addf(out, "%s%.1f %.1f", i == 0 ? "M" : "L", LEFT +
		    (RIGHT - LEFT) * c->v[i].x, base - (base - TOP) * y / top);
	}
	if (area)
		rdl_buf_addf(out, "V%.1fH%.1fZ", base, LEFT + (RIGHT - LEFT) *
		    c->v[0].x);
	rdl_buf_adds(out, "\"/>");
}

static void
add_marks(const struct rdl_report_curve *c, struct rdl_buf *out)
{
	double x;
	size_t i;

	for (i = 0; i < c->nmarks; i++) {
		x = LEFT + (RIGHT - LEFT) * c->marks[i].x;
		if (i > 0)
			rdl_buf_addf(out, "<path d=\"M%.1f %.1fV%.1f\" "
			    "stroke=\"currentColor\" stroke-opacity=\".45\" "
			    "stroke-dasharray=\"2 3\"/>", x, TOP,
			    HEIGHT - FOOT);
		rdl_buf_addf(out, "<text class=\"d\" x=\"%.1f\" y=\"%.1f\">"
		    "level %.0f</text>", x + 4, TOP + 10, c->marks[i].y);
	}
}

void
rdl_report_plot_curve(const struct rdl_report_curve *c, struct rdl_buf *out)
{
	double top;

	if (c->n == 0)
		return;
	open_figure(out, c->caption, HEIGHT);
	top = add_scale(c, out);
	if (!c->bars) {
		add_path(c, top, true, out);
		add_path(c, top, false, out);
	}
	add_points(c, top, out);
	add_marks(c, out);
	add_under(out, c->left, LEFT, "start");
	add_under(out, c->middle, (LEFT + RIGHT) / 2, "middle");
	add_under(out, c->right, RIGHT, "end");
	rdl_buf_adds(out, "</svg></figure>\n");
}
