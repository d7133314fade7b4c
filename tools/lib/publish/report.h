/*
 * One self-contained HTML page about a dataset and how it was made, and what
 * is different in another.
 */
#ifndef RDL_PUBLISH_REPORT_H
#define RDL_PUBLISH_REPORT_H

#include <stdint.h>

#include "core/buf.h"
#include "core/cli.h"
#include "core/err.h"
#include "ledger/ledger.h"

struct rdl_report_opts {
	const char *title;
	const char *funnel;	/* lines of `ledger --json funnel`, or NULL */
	const char *matches;	/* match records, for their cosines, or NULL */
	const char *agreement;	/* vote's --stats-json, or NULL */
	const char *contrasts;	/* contrast records with scores, or NULL */
	int64_t cards;		/* samples shown */
	int64_t sheet;		/* pictures on the contact sheet */
	int64_t pairs;		/* preference pairs shown */
	int64_t lost;		/* lost records shown of each rule */
	int64_t seed;
	const char *runs;	/* "6-14,20": of the ledger these; or NULL */
	const char *other_runs;	/* of the other ledger, or of this one */
	struct rdl_strs others;	/* compare with these: ledgers, files of
				 * records, folders with both */
	bool no_images;
};

struct rdl_report;

/* o is borrowed.  Without a ledger (NULL, borrowed) no losses, no costs. */
struct rdl_report *rdl_report_new(const struct rdl_report_opts *o,
    struct rdl_ledger *ledger);
void rdl_report_free(struct rdl_report *r);

/* Count the records of a file, "-" is stdin. */
int rdl_report_read(struct rdl_report *r, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Append the page.  Pictures are decoded in a sandbox, cut to squares and put
 * inline, up to 12 MiB of them; texts are cut to some hundred characters.
 */
int rdl_report_page(struct rdl_report *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
