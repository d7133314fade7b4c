/*
 * riddle-report: one HTML page about a dataset and how it was made.
 * Reads finished records, the files that stages left, and the ledger; writes
 * the page.  It draws no conclusion.
 */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/tool.h"
#include "ledger/stage.h"
#include "publish/report.h"

struct opts {
	struct rdl_report_opts report;
	const char *ledger, *out;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "out", .letter = 'o', .arg = "FILE",
	    .off = offsetof(struct opts, out),
	    .help = "the page; without it, stdout" },
	{ .type = RDL_OPT_STR, .name = "title", .arg = "TEXT",
	    .off = offsetof(struct opts, report.title),
	    .help = "its title" },
	{ .type = RDL_OPT_STR, .name = "funnel", .arg = "FILE",
	    .off = offsetof(struct opts, report.funnel),
	    .help = "draw this output of riddle ledger funnel --json" },
	{ .type = RDL_OPT_STR, .name = "matches", .arg = "FILE",
	    .off = offsetof(struct opts, report.matches),
	    .help = "draw the cosines of these match records" },
	{ .type = RDL_OPT_STR, .name = "agreement", .arg = "FILE",
	    .off = offsetof(struct opts, report.agreement),
	    .help = "draw this output of riddle vote --stats-json" },
	{ .type = RDL_OPT_STR, .name = "contrasts", .arg = "FILE",
	    .off = offsetof(struct opts, report.contrasts),
	    .help = "take the scores of preference pairs from these contrast "
	    "records" },
	{ .type = RDL_OPT_LIST, .name = "compare", .arg = "OTHER",
	    .off = offsetof(struct opts, report.others),
	    .help = "show what is different in this other ledger, file of "
	    "records, or folder with riddle.db and rows.jsonl" },
	{ .type = RDL_OPT_STR, .name = "runs", .arg = "LIST",
	    .off = offsetof(struct opts, report.runs),
	    .help = "of the ledger only these runs, such as 6-14,20" },
	{ .type = RDL_OPT_STR, .name = "compare-runs", .arg = "LIST",
	    .off = offsetof(struct opts, report.other_runs),
	    .help = "compare with these runs, of the other ledger or of this "
	    "one" },
	{ .type = RDL_OPT_INT, .name = "cards", .arg = "N",
	    .off = offsetof(struct opts, report.cards), .lo = 0, .hi = 1000,
	    .help = "show so many samples" },
	{ .type = RDL_OPT_INT, .name = "pairs", .arg = "N",
	    .off = offsetof(struct opts, report.pairs), .lo = 0, .hi = 1000,
	    .help = "show so many preference pairs" },
	{ .type = RDL_OPT_INT, .name = "sheet", .arg = "N",
	    .off = offsetof(struct opts, report.sheet), .lo = 0, .hi = 1000,
	    .help = "show so many pictures on the contact sheet" },
	{ .type = RDL_OPT_INT, .name = "lost", .arg = "N",
	    .off = offsetof(struct opts, report.lost), .lo = 0, .hi = 100,
	    .help = "show so many lost records of each rule" },
	{ .type = RDL_OPT_INT, .name = "seed", .arg = "N",
	    .off = offsetof(struct opts, report.seed),
	    .lo = 0, .hi = 4294967295.0,
	    .help = "another seed shows other samples" },
	{ .type = RDL_OPT_FLAG, .name = "no-images",
	    .off = offsetof(struct opts, report.no_images),
	    .help = "leave pictures out" },
	{ .type = RDL_OPT_STR, .name = "ledger", .arg = "FILE|none",
	    .off = offsetof(struct opts, ledger),
	    .help = "what was lost and paid stands there (default "
	    "$RIDDLE_LEDGER, else riddle.db)" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-report", "[options] [file ...]",
	"write one HTML page about a dataset and how it was made",
	options, SIZE_MAX
};

static int
open_ledger(const struct opts *o, struct rdl_ledger **l, struct rdl_err *err)
{
	const char *path = o->ledger;

	if (path == NULL)
		path = getenv("RIDDLE_LEDGER");
	if (path == NULL || path[0] == '\0')
		path = "riddle.db";
	if (strcmp(path, "none") == 0)
		return 0;
	return rdl_ledger_open(l, path, false, err);
}

static int
write_page(const struct opts *o, const struct rdl_buf *page,
    struct rdl_err *err)
{
	struct rdl_out out = RDL_OUT_INIT;

	if (o->out != NULL)
		return rdl_file_write(o->out, page->p, page->len, err);
	rdl_out_stdout(&out);
	if (rdl_out_write(&out, page->p, page->len, err) < 0) {
		rdl_out_abandon(&out);
		return -1;
	}
	return rdl_out_close(&out, err);
}

static int
report(const struct opts *o, const struct rdl_strs *operands,
    struct rdl_err *err)
{
	struct rdl_buf page = RDL_BUF_INIT(256 * RDL_MIB);
	struct rdl_ledger *ledger = NULL;
	struct rdl_report *r = NULL;
	size_t i;
	int rc;

	rc = open_ledger(o, &ledger, err);
	if (rc == 0)
		r = rdl_report_new(&o->report, ledger);
	for (i = 0; rc == 0 && i < operands->n; i++)
		rc = rdl_report_read(r, operands->v[i], err);
	if (rc == 0 && operands->n == 0)
		rc = rdl_report_read(r, "-", err);
	if (rc == 0)
		rc = rdl_report_page(r, &page, err);
	if (rc == 0)
		rc = write_page(o, &page, err);
	rdl_report_free(r);
	if (rdl_ledger_close(ledger, rc == 0 ? err : &(struct rdl_err)
	    RDL_ERR_INIT) < 0)
		rc = -1;
	rdl_buf_release(&page);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .report = { .title = "A dataset", .cards = 24,
		.pairs = 12, .sheet = 96, .lost = 3 } };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	status = report(&o, &operands, &err) < 0 ? rdl_tool_fail(&err) :
	    RDL_EXIT_OK;
out:
	rdl_strs_release(&operands);
	rdl_strs_release(&o.report.others);
	return rdl_tool_exit(status);
}
