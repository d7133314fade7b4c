/*
 * What a stage costs: the plainest filter there is, which passes all.
 * usage: stage LEDGER|none FILE...    (JSON lines with an "id")
 * Writes the records to stdout, CPU and wall time to stderr.
 */
#include <stdio.h>
#include <time.h>

#include "core/clock.h"
#include "core/tool.h"
#include "ledger/stage.h"

static int
pass(struct rdl_stage *s, struct rdl_rec *rec, struct rdl_buf *line,
    struct rdl_err *err)
{
	struct rdl_id id;

	if (rdl_id_of(rec, &id, err) < 0)
		return rdl_stage_where(s, err);
	rdl_buf_reset(line);
	rdl_rec_edit(rec, NULL, 0, line);
	rdl_stage_passed(s);
	return rdl_stage_emit(s, line->p, line->len, &id, NULL, NULL, err);
}

int
main(int argc, char *argv[])
{
	struct rdl_stage s = RDL_STAGE_INIT;
	struct rdl_stage_opts o = RDL_STAGE_OPTS_DEFAULT;
	struct rdl_run_spec spec = { .tool = "bench" };
	struct rdl_strs files = { NULL, 0 };
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	int64_t began = rdl_clock_us();
	double cpu, wall, n;
	int rc, status;

	rdl_tool_init("bench-stage");
	if (argc < 3)
		return RDL_EXIT_USAGE;
	o.ledger = argv[1];
	for (rc = 2; rc < argc; rc++)
		rdl_strs_add(&files, argv[rc]);
	rc = rdl_stage_begin(&s, &o, &files, &spec, &err);
	while (rc == 0 && (rc = rdl_stage_next(&s, &rec, &err)) > 0)
		rc = pass(&s, &rec, &line, &err);
	n = (double)s.totals.in;
	status = rdl_stage_end(&s, rc, &err);
	cpu = (double)clock() / CLOCKS_PER_SEC;
	wall = (double)(rdl_clock_us() - began) / 1e6;
	fprintf(stderr, "%.3f M records/s of cpu, %.3f wall; %.0f ns a record "
	    "of cpu, %.0f wall\n", n / cpu / 1e6, n / wall / 1e6,
	    cpu * 1e9 / n, wall * 1e9 / n);
	rdl_strs_release(&files);
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	return status;
}
