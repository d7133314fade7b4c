/*
 * riddle-export: finished records to a dataset that a trainer loads.
 * Reads qa and preference records, writes one file or one folder, whole or not
 * at all.  It does not choose rows: riddle-vote and riddle-select do.
 */
#include <string.h>

#include "core/tool.h"
#include "ledger/stage.h"
#include "publish/check.h"
#include "publish/sink.h"

/* In the order of rdl_item_formats. */
static const char *const formats[] = { "llava", "sharegpt", "messages",
	"trl-sft", "trl-dpo", "webdataset", "hf", "parquet",
	"diffusion-dpo", "diffusion-dpo-tar", NULL };

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_sink_opts sink;
	int format;		/* index into formats, or -1 */
	bool check;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_ENUM, .name = "format", .letter = 'f',
	    .arg = "FORMAT",
	    .off = offsetof(struct opts, format), .choices = formats,
	    .help = "how the dataset is written" },
	{ .type = RDL_OPT_STR, .name = "out", .letter = 'o', .arg = "PATH",
	    .off = offsetof(struct opts, sink.path),
	    .help = "the file or folder to make" },
	{ .type = RDL_OPT_STR, .name = "image-root", .arg = "DIR",
	    .off = offsetof(struct opts, sink.image_root),
	    .help = "write image paths relative to this folder" },
	{ .type = RDL_OPT_STR, .name = "name", .arg = "TEXT",
	    .off = offsetof(struct opts, sink.name),
	    .help = "name of the dataset, for its card" },
	{ .type = RDL_OPT_STR, .name = "licence", .arg = "SPDX",
	    .off = offsetof(struct opts, sink.licence),
	    .help = "licence of the dataset, for its card" },
	{ .type = RDL_OPT_STR, .name = "funnel", .arg = "FILE",
	    .off = offsetof(struct opts, sink.funnel),
	    .help = "put this output of riddle ledger funnel --json on the "
	    "card" },
	{ .type = RDL_OPT_INT, .name = "shard-rows", .arg = "N",
	    .off = offsetof(struct opts, sink.shard_rows),
	    .lo = 1, .hi = 10000000,
	    .help = "rows of a shard, at most" },
	{ .type = RDL_OPT_FLAG, .name = "replace",
	    .off = offsetof(struct opts, sink.replace),
	    .help = "replace what an earlier export made" },
	{ .type = RDL_OPT_FLAG, .name = "check",
	    .off = offsetof(struct opts, check),
	    .help = "write nothing: check the datasets named as operands" },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-export", "[options] --format FORMAT --out PATH [file ...]",
	"write finished records as a dataset that a trainer loads",
	options, SIZE_MAX
};

/* One record into the dataset, or into the losses. */
static int
export_one(struct rdl_stage *s, struct rdl_sink *sink,
    const struct rdl_rec *rec, struct rdl_sample *sample,
    struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_loss loss = { .failed = true, .rule = "sample",
		.record = rec->line, .record_len = rec->len };
	int rc = rdl_sample_read(sample, rec, &why);

	if (rc == 0) {
		loss.rule = "export";
		rc = rdl_sink_add(sink, sample, &why);
	}
	if (rc == 0) {
		rdl_stage_passed(s);
		s->totals.out++;
		return s->ledger == NULL ? 0 : rdl_ledger_add(s->ledger,
		    &sample->id, NULL, NULL, err);
	}
	if (why.cls != RDL_E_INPUT) {
		*err = why;
		return -1;
	}
	if (rdl_id_of(rec, &loss.id, err) < 0)
		(void)rdl_id_parse(rec->line, rec->len, &loss.id);
	(void)rdl_stage_where(s, &why);
	loss.reason = why.msg;
	return rdl_stage_lose(s, &loss, err);
}

static int
export_all(struct rdl_stage *s, const struct rdl_sink_opts *o,
    struct rdl_err *err)
{
	struct rdl_sample sample = RDL_SAMPLE_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_sink *sink = rdl_sink_open(o, err);
	int rc = -1;

	if (sink == NULL)
		goto out;
	while ((rc = rdl_stage_next(s, &rec, err)) > 0)
		if (export_one(s, sink, &rec, &sample, err) < 0) {
			rc = -1;
			break;
		}
	if (rc == 0)
		rc = rdl_sink_commit(sink, err);
	else
		rdl_sink_abandon(sink);
out:
	rdl_sample_release(&sample);
	rdl_rec_release(&rec);
	return rc;
}

static int
usage(const struct opts *o, const struct rdl_strs *operands)
{
	if (o->format < 0)
		rdl_warn("--format FORMAT is missing; see --help");
	else if (o->check && operands->n == 0)
		rdl_warn("--check wants the datasets to check as operands");
	else if (!o->check && o->sink.path == NULL)
		rdl_warn("--out PATH is missing; see --help");
	else
		return 0;
	return -1;
}

static int
check_all(const struct rdl_format *f, const struct opts *o,
    const struct rdl_strs *operands)
{
	struct rdl_err err = RDL_ERR_INIT;
	int status = RDL_EXIT_OK;
	size_t i;

	for (i = 0; i < operands->n; i++)
		if (rdl_check_dataset(f, operands->v[i], o->sink.image_root,
		    rdl_warn, &err) < 0)
			status = rdl_tool_fail(&err);
	return status;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, { .name = "riddle dataset",
		.shard_rows = 10000 }, -1, false };
	const struct rdl_run_spec spec = { .tool = "export",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_stage stage = RDL_STAGE_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (usage(&o, &operands) < 0) {
		status = RDL_EXIT_USAGE;
		goto out;
	}
	o.sink.format = &rdl_item_formats[o.format];
	if (o.check) {
		status = check_all(o.sink.format, &o, &operands);
		goto out;
	}
	rc = rdl_stage_begin(&stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = export_all(&stage, &o.sink, &err);
	status = rdl_stage_end(&stage, rc, &err);
out:
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
