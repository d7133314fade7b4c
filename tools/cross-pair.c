/*
 * riddle-cross-pair: contrasts with images to preference triples.
 * Reads contrast records, writes preference records: every image is chosen for
 * its own instruction and rejected for those of its siblings.  It does not ask
 * whether an image shows what it should: that is preference-pair's.
 */
#include <string.h>

#include "core/tool.h"
#include "core/utf8.h"
#include "domain/pairing.h"
#include "ledger/stage.h"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_pairing_opts pairing;
	bool texts;
	const char *ask;
};

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
	    .help = "write the fold of the group, 0 to N - 1, by its hash; "
	    "0: none" },
	{ .type = RDL_OPT_INT, .name = "seed", .arg = "N",
	    .off = offsetof(struct opts, pairing.seed),
	    .lo = 0, .hi = 4294967295.0,
	    .help = "another seed gives other folds" },
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
	struct rdl_id images[RDL_CONTRAST_SIDES];
	struct rdl_buf ask, line;
};

static int
lose(struct work *w, const struct rdl_rec *rec, const struct rdl_id *id,
    const struct rdl_reason *why, struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = why->failed, .id = *id,
		.rule = why->rule, .record = rec->line,
		.record_len = rec->len };
	struct rdl_err text = RDL_ERR_INIT;

	(void)rdl_err_set(&text, RDL_E_INPUT, "%s", why->text);
	(void)rdl_stage_where(&w->stage, &text);
	loss.value = why->value[0] != '\0' ? why->value : NULL;
	loss.threshold = why->threshold[0] != '\0' ? why->threshold : NULL;
	loss.reason = text.msg;
	return rdl_stage_lose(&w->stage, &loss, err);
}

/* The ids of the images, which the ledger shall be able to show. */
static int
note_images(struct work *w, struct rdl_err *err)
{
	const struct rdl_quote *q;
	size_t i;

	for (i = 0; i < w->contrast.n && w->stage.ledger != NULL; i++) {
		q = &w->contrast.v[i].image_id;
		if (rdl_id_parse(q->p, q->len, &w->images[i]) == 0 &&
		    rdl_ledger_alias(w->stage.ledger, &w->images[i], q->p,
		    q->len, err) < 0)
			return -1;
	}
	return 0;
}

/* One triple, with an edge to the contrast and one to each image in it. */
static int
put(struct work *w, size_t own, size_t other, bool texts, struct rdl_err *err)
{
	struct rdl_id id;

	rdl_buf_reset(&w->line);
	rdl_pairing_write(&w->pairing, own, other, texts, &id, &w->line);
	if (rdl_buf_full(&w->line) || rdl_buf_full(&w->pairing.scratch))
		return rdl_err_set(err, RDL_E_INPUT, "a triple is too long");
	if (rdl_stage_emit(&w->stage, w->line.p, w->line.len, &id,
	    &w->pairing.id, NULL, err) < 0)
		return -1;
	if (w->stage.ledger == NULL)
		return 0;
	if (rdl_ledger_add(w->stage.ledger, &id, &w->images[own], NULL,
	    err) < 0)
		return -1;
	return texts ? 0 : rdl_ledger_add(w->stage.ledger, &id,
	    &w->images[other], NULL, err);
}

static int
pair_group(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_reason why;
	struct rdl_id id;
	size_t i, j;
	int texts;

	if (rdl_id_of(rec, &id, err) < 0)
		return rdl_stage_where(&w->stage, err);
	if (rdl_contrast_read(&w->contrast, rec, true, &why) == 0 ||
	    rdl_pairing_begin(&w->pairing, &w->contrast, &id, w->o->texts,
	    &why) == 0)
		return lose(w, rec, &id, &why, err);
	if (note_images(w, err) < 0)
		return -1;
	rdl_stage_passed(&w->stage);
	for (texts = 0; texts <= (w->o->texts ? 1 : 0); texts++)
		for (i = 0; i < w->contrast.n; i++)
			for (j = 0; j < w->contrast.n; j++)
				if (j != i && put(w, i, j, texts == 1, err) < 0)
					return -1;
	return 0;
}

/* The check of the whole output, and what the ledger is told of it. */
static int
balance(struct work *w, struct rdl_err *err)
{
	const struct rdl_books *images = &w->pairing.images;
	const struct rdl_books *texts = &w->pairing.texts;
	char json[96];
	int len;

	if (rdl_pairing_balance(images, "images", err) < 0 ||
	    rdl_pairing_balance(texts, "texts", err) < 0)
		return -1;
	if (w->stage.ledger == NULL)
		return 0;
	len = snprintf(json, sizeof(json), "{\"of_images\":%llu,"
	    "\"of_texts\":%llu,\"balanced\":true}",
	    (unsigned long long)images->triples,
	    (unsigned long long)texts->triples);
	return rdl_run_note(w->stage.ledger, "triples", json, (size_t)len,
	    err);
}

static int
pair_all(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	while ((rc = rdl_stage_next(&w->stage, &rec, err)) > 0)
		if ((rc = pair_group(w, &rec, err)) < 0)
			break;
	if (rc == 0)
		rc = balance(w, err);
	rdl_rec_release(&rec);
	return rc;
}

/* --text-prompt as the text of a record.  -1 with a message. */
static int
prepare(struct work *w, struct opts *o)
{
	size_t len = strlen(o->ask);

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

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.ask = "Write the instruction that this image was made for." };
	static struct work w = { .stage = RDL_STAGE_INIT,
		.ask = RDL_BUF_INIT(RDL_LINE_MAX),
		.line = RDL_BUF_INIT(RDL_LINE_MAX + 1) };
	const struct rdl_run_spec spec = { .tool = "cross-pair",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	w.o = &o;
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (prepare(&w, &o) < 0) {
		status = RDL_EXIT_USAGE;
		goto out;
	}
	rc = rdl_stage_begin(&w.stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = pair_all(&w, &err);
	status = rdl_stage_end(&w.stage, rc, &err);
out:
	rdl_pairing_release(&w.pairing);
	rdl_buf_release(&w.ask);
	rdl_buf_release(&w.line);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
