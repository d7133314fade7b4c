/*
 * riddle-image-ingest: image files to image records.
 * Reads files, folders, tar shards, lists and addresses; each image is decoded
 * once, in a child that can do nothing else.  Writes a record for each that is
 * sound, is wanted and was not there before.  It changes no image.
 */
#include "core/tool.h"
#include "domain/ingest.h"

enum orientation { APPLY, IGNORE };

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_ingest_opts ingest;
	struct rdl_strs lists;
	int64_t threads;
	int orientation;
};

static const char *const orientations[] = { "apply", "ignore", NULL };

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_LIST, .name = "list", .letter = 'l',
	    .arg = "FILE",
	    .off = offsetof(struct opts, lists),
	    .help = "read files, folders, shards and addresses from FILE, one "
	    "a line; may be repeated" },
	{ .type = RDL_OPT_STR, .name = "store", .letter = 's',
	    .arg = "DIR",
	    .off = offsetof(struct opts, ingest.store),
	    .help = "copy each image to DIR, named by its content" },
	{ .type = RDL_OPT_FLAG, .name = "captions",
	    .off = offsetof(struct opts, ingest.captions),
	    .help = "take NAME.txt beside an image as its caption" },
	{ .type = RDL_OPT_STR, .name = "source",
	    .arg = "TEXT",
	    .off = offsetof(struct opts, ingest.source),
	    .help = "put this source into each record" },
	{ .type = RDL_OPT_STR, .name = "licence",
	    .arg = "TEXT",
	    .off = offsetof(struct opts, ingest.licence),
	    .help = "put this licence into each record" },
	{ .type = RDL_OPT_INT, .name = "min-side",
	    .arg = "N", .lo = 1, .hi = 1e9,
	    .off = offsetof(struct opts, ingest.rules.min_side),
	    .help = "drop images with a side of fewer pixels" },
	{ .type = RDL_OPT_REAL, .name = "max-aspect",
	    .arg = "R", .lo = 1, .hi = 1e9,
	    .off = offsetof(struct opts, ingest.rules.max_aspect),
	    .help = "drop images whose long side is more than R times the "
	    "short" },
	{ .type = RDL_OPT_INT, .name = "min-bytes",
	    .arg = "N", .lo = 1, .hi = 1e15,
	    .off = offsetof(struct opts, ingest.rules.min_bytes),
	    .help = "drop files of fewer bytes" },
	{ .type = RDL_OPT_INT, .name = "max-pixels",
	    .arg = "N", .lo = 1, .hi = 4e9,
	    .off = offsetof(struct opts, ingest.rules.max_pixels),
	    .help = "drop images of more pixels; without it more than "
	    "178956970 fail" },
	{ .type = RDL_OPT_INT, .name = "near",
	    .arg = "N", .lo = 0, .hi = 16,
	    .off = offsetof(struct opts, ingest.near),
	    .help = "drop images whose perceptual hash differs in at most N "
	    "bits from one that was kept" },
	{ .type = RDL_OPT_ENUM, .name = "orientation",
	    .arg = "HOW",
	    .off = offsetof(struct opts, orientation),
	    .choices = orientations,
	    .help = "turn images as their EXIF orientation says: apply or "
	    "ignore" },
	{ .type = RDL_OPT_INT, .name = "threads", .letter = 't',
	    .arg = "N", .lo = 0, .hi = 64,
	    .off = offsetof(struct opts, threads),
	    .help = "decode in N children at once; 0 is one a processor" },
	{ .type = RDL_OPT_FLAG, .name = "unsafe-decode",
	    .off = offsetof(struct opts, ingest.unsafe),
	    .help = "decode in this process: a hostile file can then do what "
	    "you can" },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-image-ingest", "[options] [path ...]",
	"image files, folders, tar shards and addresses to image records",
	options, SIZE_MAX
};

static int
ingest(const struct opts *o, const struct rdl_strs *paths, int argc,
    char *argv[])
{
	const struct rdl_run_spec run = { .tool = "image-ingest",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_stage stage = RDL_STAGE_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	/* Children are forked while this process has nothing open. */
	struct rdl_ingest *g = rdl_ingest_open(&o->ingest, paths, &o->lists,
	    &err);
	int rc = g == NULL ? -1 : 0, status;

	if (rc == 0)
		rc = rdl_stage_begin(&stage, &o->stage, paths, &run, &err);
	if (rc == 0)
		rc = rdl_ingest_run(g, &stage, &err);
	status = rdl_stage_end(&stage, rc, &err);
	rdl_ingest_close(g);
	return status;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.ingest = { .near = -1, .rules = { -1, -1, -1, -1 } } };
	struct rdl_strs paths = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &paths, argc, argv, &status) == 0) {
		if (paths.n == 0 && o.lists.n == 0)
			rdl_strs_add(&paths, "-");
		o.ingest.threads = (unsigned)o.threads;
		o.ingest.ignore_orientation = o.orientation == IGNORE;
		status = ingest(&o, &paths, argc, argv);
	}
	rdl_strs_release(&paths);
	rdl_strs_release(&o.lists);
	return rdl_tool_exit(status);
}
