/*
 * Plots as SVG, 380 units wide, so that their text is of the same size on a
 * desk and on a phone.  Knows nothing of records.
 */
#ifndef RDL_PUBLISH_REPORT_PLOT_H
#define RDL_PUBLISH_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* Fine bins of numbers in [-1, 1]; what is outside goes to the ends. */
#define RDL_REPORT_BINS 400
struct rdl_report_bins {
	uint32_t n[RDL_REPORT_BINS];
	uint64_t count;
};

void rdl_report_plot_count(struct rdl_report_bins *b, double x);

/* The range that holds all of several, rounded outwards to a tenth. */
void rdl_report_plot_range(const struct rdl_report_bins *b, size_t n,
    double *lo, double *hi);

/* The middle one of the numbers, to the width of a bin. */
double rdl_report_plot_median(const struct rdl_report_bins *b);

/* A histogram in 24 to 40 bars, with the median marked. */
void rdl_report_plot_histogram(const struct rdl_report_bins *b,
    const char *caption, struct rdl_buf *out);

/* Histograms below one another over one axis; labels[i] stands before the
 * i-th.  Each has a height of its own. */
void rdl_report_plot_ridges(const struct rdl_report_bins *b,
    const char *const *labels, size_t n, const char *caption,
    struct rdl_buf *out);

/* A value over an axis.  x is in [0, 1], ascending; y is not negative. */
struct rdl_report_point {
	double x, y;
};

enum rdl_report_unit { RDL_REPORT_COUNT, RDL_REPORT_USD, RDL_REPORT_PERCENT };

struct rdl_report_curve {
	const char *caption;
	const struct rdl_report_point *v;
	size_t n;
	enum rdl_report_unit unit;	/* of y */
	bool bars;		/* instead of a line */
	const char *left, *middle, *right;	/* below the axis; or NULL */
	const struct rdl_report_point *marks;	/* "level Y" from x on */
	size_t nmarks;
};

void rdl_report_plot_curve(const struct rdl_report_curve *c,
    struct rdl_buf *out);

#endif
