/*
 * riddle-cross-pair: contrasts with images to preference triples.
 * Reads contrast records, writes preference records: every image is chosen for
 * its own instruction and rejected for those of its siblings, and of its
 * neighbours.  It does not ask whether an image shows what it should: that is
 * preference-pair's.
 */
#include <math.h>
#include <string.h>

#include "core/tool.h"
#include "core/utf8.h"
#include "domain/pairing_whole.h"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_embed_opts embed;
	struct rdl_pairing_opts pairing;
	bool texts, semantic, join;
	double min_cos, max_cos;
	int64_t neighbours, group_size;
	const char *ask;
};

/* Those of every tool that embeds, as far as texts have a use for them. */
static struct rdl_opt embed_options[8];

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_FLAG, .name = "text-preference",
	    .off = offsetof(struct opts, texts),
	    .help = "also prefer each image's own instruction to those of "
	    "its siblings" },
	{ .type = RDL_OPT_STR, .name = "text-prompt", .arg = "TEXT",
	    .off = offsetof(struct opts, ask),
	    .help = "the prompt of those" },
	{ .type = RDL_OPT_STR, .name = "group", .arg = "FIELD",
	    .off = offsetof(struct opts, pairing.group),
	    .help = "name the group by this member of the contrast, such as "
	    "base or task/id, instead of its id" },
	{ .type = RDL_OPT_INT, .name = "folds", .arg = "N",
	    .off = offsetof(struct opts, pairing.folds),
	    .lo = 0, .hi = 1000000,
	    .help = "write the fold of the group, 0 to N - 1, by its hash; no "
	    "image stands in two; 0: none" },
	{ .type = RDL_OPT_INT, .name = "seed", .arg = "N",
	    .off = offsetof(struct opts, pairing.seed),
	    .lo = 0, .hi = 4294967295.0,
	    .help = "another seed gives other folds" },
	{ .type = RDL_OPT_FLAG, .name = "join-images",
	    .off = offsetof(struct opts, join),
	    .help = "one name for groups that have an image in common, as "
	    "with --folds" },
	{ .type = RDL_OPT_FLAG, .name = "semantic",
	    .off = offsetof(struct opts, semantic),
	    .help = "also group sides of different bases whose instructions "
	    "are near each other" },
	{ .type = RDL_OPT_REAL, .name = "min-cos", .arg = "D",
	    .lo = -1, .hi = 1, .off = offsetof(struct opts, min_cos),
	    .help = "the least cosine of two instructions of such a group" },
	{ .type = RDL_OPT_REAL, .name = "max-cos", .arg = "D",
	    .lo = -1, .hi = 1, .off = offsetof(struct opts, max_cos),
	    .help = "and the most: instructions that are nearer say the same" },
	{ .type = RDL_OPT_INT, .name = "neighbours", .arg = "N",
	    .lo = 1, .hi = 1000, .off = offsetof(struct opts, neighbours),
	    .help = "look at so many neighbours of each" },
	{ .type = RDL_OPT_INT, .name = "group-size", .arg = "N",
	    .lo = 2, .hi = RDL_CONTRAST_SIDES,
	    .off = offsetof(struct opts, group_size),
	    .help = "sides of such a group, at most" },
	{ .type = RDL_OPT_GROUP, .off = offsetof(struct opts, embed),
	    .help = "with --semantic", .group = embed_options },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-cross-pair", "[options] [file ...]",
	"make preference triples of contrasting instructions and their images",
	options, SIZE_MAX
};

struct work {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_contrast contrast;
	struct rdl_pairing pairing;
	struct rdl_pairing_emit emit;
	struct rdl_pairing_whole whole;
	struct rdl_embed *embed;
	struct rdl_rec rec;
	struct rdl_buf ask;
};

/* Must all contrasts be there before the first triple is written? */
static bool
holds(const struct opts *o)
{
	return o->semantic || o->join || o->pairing.folds > 0;
}

static int
pair_group(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_reason why;
	struct rdl_id id;

	if (rdl_id_of(rec, &id, err) < 0)
		return rdl_stage_where(&w->stage, err);
	if (rdl_contrast_read(&w->contrast, rec, true, &why) == 0 ||
	    rdl_pairing_begin(&w->pairing, &w->contrast, &id, NULL,
	    w->o->texts, &why) == 0)
		return rdl_pairing_emit_lose(&w->emit, rec, &id, &why, err);
	if (rdl_pairing_emit_all(&w->emit, &w->contrast, err) < 0)
		return -1;
	rdl_stage_passed(&w->stage);
	return 0;
}

/* The check of the whole output, and what the ledger is told of it. */
static int
balance(struct work *w, struct rdl_err *err)
{
	const struct rdl_books *images = &w->pairing.images;
	const struct rdl_books *texts = &w->pairing.texts;
	char json[256];
	int len;

	if (rdl_pairing_balance(images, "images", err) < 0 ||
	    rdl_pairing_balance(texts, "texts", err) < 0)
		return -1;
	if (w->stage.ledger == NULL)
		return 0;
	len = snprintf(json, sizeof(json), "{\"of_images\":%llu,"
	    "\"of_texts\":%llu,\"balanced\":true,\"near_pairs\":%llu,"
	    "\"groups_across\":%zu,\"sides_across\":%zu}",
	    (unsigned long long)images->triples,
	    (unsigned long long)texts->triples,
	    (unsigned long long)w->whole.near.pairs, w->whole.near.groups,
	    w->whole.near.grouped);
	return rdl_run_note(w->stage.ledger, "triples", json, (size_t)len,
	    err);
}

static int
pair_all(struct work *w, struct rdl_err *err)
{
	const struct opts *o = w->o;
	const struct rdl_pairing_near_opts near = { o->min_cos,
		o->max_cos, (size_t)o->neighbours, (size_t)o->group_size,
		(unsigned)o->embed.threads };
	int rc = 0;

	rdl_pairing_emit_init(&w->emit, &w->stage, &w->pairing, o->texts);
	rdl_pairing_whole_init(&w->whole, &w->emit, w->embed, &near);
	if (holds(o))
		rc = rdl_pairing_whole_run(&w->whole, err);
	else
		while ((rc = rdl_stage_next(&w->stage, &w->rec, err)) > 0)
			if ((rc = pair_group(w, &w->rec, err)) < 0)
				break;
	return rc == 0 ? balance(w, err) : rc;
}

static void
make_table(void)
{
	static const char *const used[] = { "model", "vectors", "precision",
		"threads" };
	const struct rdl_opt *o = rdl_embed_options;
	size_t i, n = 0;

	for (; o->type != RDL_OPT_END; o++)
		for (i = 0; i < RDL_NELEM(used); i++)
			if (strcmp(o->name, used[i]) == 0)
				embed_options[n++] = *o;
}

/* --text-prompt as the text of a record, and what the table of options cannot
 * say.  -1 with a message. */
static int
prepare(struct work *w, struct opts *o)
{
	size_t len = strlen(o->ask);

	if (o->semantic && (o->embed.model == NULL || isnan(o->min_cos))) {
		rdl_warn("--semantic wants --model DIR and --min-cos D");
		return -1;
	}
	if (!o->semantic && (o->embed.model != NULL || !isnan(o->min_cos))) {
		rdl_warn("--model and --min-cos are of use with --semantic");
		return -1;
	}
	if (strspn(o->ask, " \t\r\n") == len || len > RDL_MIB ||
	    rdl_utf8_valid(o->ask, len) < len) {
		rdl_warn("--text-prompt: empty, too long or not UTF-8");
		return -1;
	}
	rdl_buf_addjson(&w->ask, o->ask, len);
	o->pairing.ask = (struct rdl_quote){ o->ask, len,
		{ w->ask.p, w->ask.len } };
	rdl_pairing_init(&w->pairing, &o->pairing);
	return 0;
}

static void
release(struct work *w)
{
	rdl_pairing_release(&w->pairing);
	rdl_pairing_emit_release(&w->emit);
	rdl_pairing_whole_release(&w->whole);
	rdl_rec_release(&w->rec);
	rdl_buf_release(&w->ask);
}

static int
run(struct work *w, const struct rdl_strs *operands, int argc, char *argv[])
{
	struct rdl_run_spec spec = { .tool = "cross-pair",
		.version = RDL_VERSION, .argc = argc, .argv = argv,
		.model = w->o->embed.model };
	struct rdl_err err = RDL_ERR_INIT, late = RDL_ERR_INIT;
	int rc = 0;

	if (w->o->semantic) {
		w->embed = rdl_embed_open(&w->o->embed, &err);
		rc = w->embed == NULL ? -1 : 0;
	}
	if (rc == 0)
		rc = rdl_stage_begin(&w->stage, &w->o->stage, operands, &spec,
		    &err);
	if (rc == 0)
		rc = pair_all(w, &err);
	if (rdl_embed_close(w->embed, &late) < 0 && rc == 0) {
		err = late;
		rc = -1;
	}
	return rdl_stage_end(&w->stage, rc, &err);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.embed = RDL_EMBED_OPTS_DEFAULT, .min_cos = NAN, .max_cos = 1,
		.neighbours = 10, .group_size = 2,
		.ask = "Write the instruction that this image was made for." };
	static struct work w = { .stage = RDL_STAGE_INIT,
		.ask = RDL_BUF_INIT(RDL_LINE_MAX), .rec = RDL_REC_INIT };
	struct rdl_strs operands = { NULL, 0 };
	int status;

	rdl_tool_init(cli.name);
	make_table();
	w.o = &o;
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	status = prepare(&w, &o) < 0 ? RDL_EXIT_USAGE :
	    run(&w, &operands, argc, argv);
out:
	release(&w);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
