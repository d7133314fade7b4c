/*
 * riddle-image-generate: a text-to-image server draws the sides of contrasts
 * (InstructEngine).  Reads contrast or instruction records, asks for a picture
 * a text, writes the records with them.  It judges no picture.
 */
#include "core/tool.h"
#include "domain/draw.h"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_engine_opts engine;
	struct rdl_draw_opts draw;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "store", .letter = 's',
	    .arg = "DIR",
	    .off = offsetof(struct opts, draw.store),
	    .help = "keep the pictures in DIR, named by their content" },
	{ .type = RDL_OPT_STR, .name = "size", .arg = "WxH",
	    .off = offsetof(struct opts, draw.size),
	    .help = "ask for pictures of W by H pixels, and take no others" },
	{ .type = RDL_OPT_INT, .name = "steps", .arg = "N",
	    .lo = 1, .hi = 10000,
	    .off = offsetof(struct opts, draw.steps),
	    .help = "steps of the sampler, where the server is told" },
	{ .type = RDL_OPT_FLAG, .name = "same-seed",
	    .off = offsetof(struct opts, draw.same_seed),
	    .help = "one seed for all sides of a record" },
	{ .type = RDL_OPT_FLAG, .name = "strip",
	    .off = offsetof(struct opts, draw.strip),
	    .help = "keep the pictures without texts, Exif and credentials" },
	{ .type = RDL_OPT_FLAG, .name = "unsafe-decode",
	    .off = offsetof(struct opts, draw.unsafe),
	    .help = "decode in this process: a hostile file can then do what "
	    "you can" },
	RDL_ENGINE_OPTIONS(struct opts, engine),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-image-generate",
	"[options] --model NAME --store DIR [file ...]",
	"draw the sides of contrasts with a text-to-image server",
	options, SIZE_MAX
};

/* What is to be said of the pictures as a whole. */
static void
tell(const struct rdl_draw *d)
{
	struct rdl_buf text = RDL_BUF_INIT(4096);
	unsigned long long n = rdl_draw_repeats(d);

	rdl_draw_estimate(d, &text);
	if (text.len > 0)
		rdl_warn("dry run: %s", text.p);
	if (n > 0)
		rdl_warn("the server sent the same picture for different "
		    "texts: %llu record%s lost to it", n, n == 1 ? "" : "s");
	rdl_buf_release(&text);
}

static int
draw(const struct opts *o, const struct rdl_strs *operands, int argc,
    char *argv[])
{
	struct rdl_run_spec run = { .tool = "image-generate",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_stage stage = RDL_STAGE_INIT;
	struct rdl_buf params = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	/* Children are forked while this process has nothing open. */
	struct rdl_draw *d = rdl_draw_open(&o->draw, &o->engine, &err);
	int rc = d == NULL ? -1 : 0, status;

	if (rc == 0) {
		rdl_draw_spec(d, &run, &params);
		rc = rdl_stage_begin(&stage, &o->stage, operands, &run, &err);
	}
	if (rc == 0)
		rc = rdl_draw_run(d, &stage, &err);
	if (rc == 0)
		tell(d);
	status = rdl_stage_end(&stage, rc, &err);
	rdl_draw_close(d);
	rdl_buf_release(&params);
	return status;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.engine = RDL_ENGINE_OPTS_DEFAULT };
	struct rdl_strs operands = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	o.engine.seed = 0;
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status) == 0)
		status = draw(&o, &operands, argc, argv);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
