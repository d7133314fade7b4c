/*
 * One self-contained HTML page about a dataset and how it was made.
 */
#ifndef RDL_PUBLISH_REPORT_H
#define RDL_PUBLISH_REPORT_H

#include <stdint.h>

#include "core/buf.h"
#include "core/cli.h"
#include "core/err.h"
#include "core/map.h"
#include "ledger/ledger.h"
#include "record/rec.h"

struct rdl_report_opts {
	const char *title;
	const char *funnel;	/* lines of `ledger --json funnel`, or NULL */
	const char *matches;	/* match records, for their cosines, or NULL */
	const char *agreement;	/* vote's --stats-json, or NULL */
	int64_t cards;		/* samples shown */
	int64_t lost;		/* lost records shown of each rule */
	int64_t seed;
	bool no_images;
};

/* A row that may become a card. */
struct rdl_report_card {
	uint64_t rank;
	char *line;
	size_t len;
};

struct rdl_report {
	const struct rdl_report_opts *o;
	uint64_t rows;
	struct rdl_map tasks;		/* first level, counted */
	struct rdl_report_card *cards;	/* the lowest ranks */
	size_t ncards;
	uint64_t votes[2];		/* scores by judges: no, yes */
};

void rdl_report_init(struct rdl_report *r, const struct rdl_report_opts *o);
void rdl_report_release(struct rdl_report *r);

/* Count a row of the dataset. */
int rdl_report_row(struct rdl_report *r, const struct rdl_rec *rec,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the page.  ledger may be NULL: no losses, no costs then.  Pictures
 * are decoded in a sandbox, cut to squares of 160 pixels and put inline. */
int rdl_report_page(struct rdl_report *r, struct rdl_ledger *ledger,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* report_cards.c: the cards of the chosen rows and of lost ones. */
int rdl_report_cards(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_report_lost(struct rdl_report *r, struct rdl_ledger *ledger,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
