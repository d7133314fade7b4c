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
	{ .type = RDL_OPT_INT, .name = "cards", .arg = "N",
	    .off = offsetof(struct opts, report.cards), .lo = 0, .hi = 1000,
	    .help = "show so many samples" },
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
read_rows(struct rdl_report *r, const char *path, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	int rc = rdl_jsonl_open(&in, path, err);

	while (rc >= 0 && (rc = rdl_jsonl_next(&in, &rec, err)) > 0)
		rc = rdl_report_row(r, &rec, err);
	rdl_rec_release(&rec);
	rdl_jsonl_close(&in);
	return rc;
}

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
	struct rdl_report r;
	size_t i;
	int rc;

	rdl_report_init(&r, &o->report);
	rc = open_ledger(o, &ledger, err);
	for (i = 0; rc == 0 && i < operands->n; i++)
		rc = read_rows(&r, operands->v[i], err);
	if (rc == 0 && operands->n == 0)
		rc = read_rows(&r, "-", err);
	if (rc == 0)
		rc = rdl_report_page(&r, ledger, &page, err);
	if (rc == 0)
		rc = write_page(o, &page, err);
	if (rdl_ledger_close(ledger, rc == 0 ? err : &(struct rdl_err)
	    RDL_ERR_INIT) < 0)
		rc = -1;
	rdl_report_release(&r);
	rdl_buf_release(&page);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .report = { .title = "A dataset", .cards = 24,
		.lost = 3 } };
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
	return rdl_tool_exit(status);
}
