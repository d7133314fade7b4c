/*
 * riddle-clip-embed: unit vectors of images and texts, by CLIP.
 * Reads records, writes them as they came; vectors go to an embedding file, to
 * a .npy file, or into the records.  It compares nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/tool.h"
#include "ledger/stage.h"
#include "vision/embed_record.h"
#include "vision/npy.h"

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_embed_opts embed;
	const char *field, *template, *npy, *add;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "field", .letter = 'f', .arg = "NAME",
	    .off = offsetof(struct opts, field),
	    .help = "embed the text of this member of each record" },
	{ .type = RDL_OPT_STR, .name = "template", .arg = "TEXT",
	    .off = offsetof(struct opts, template),
	    .help = "embed TEXT with the record's text in place of {}" },
	{ .type = RDL_OPT_STR, .name = "npy", .arg = "FILE",
	    .off = offsetof(struct opts, npy),
	    .help = "write the vectors to FILE for NumPy, a row for each "
	    "record written" },
	{ .type = RDL_OPT_STR, .name = "add", .arg = "NAME",
	    .off = offsetof(struct opts, add),
	    .help = "add the vector to each record, as the member NAME" },
	RDL_EMBED_OPTIONS(struct opts, embed),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-clip-embed", "[options] --model DIR [file ...]",
	"compute the CLIP vectors of images and texts",
	options, SIZE_MAX
};

struct tool {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_embed *embed;
	struct rdl_npy npy;
	struct rdl_rec in, rec;
	struct rdl_buf line, text;
};

/* Append a string, or names joined by " ~ ".  False if v is neither. */
static bool
add_value(yyjson_val *v, struct rdl_buf *out)
{
	yyjson_val *name;
	size_t i, n;

	if (yyjson_is_str(v)) {
		rdl_buf_add(out, yyjson_get_str(v), yyjson_get_len(v));
		return true;
	}
	if (!yyjson_is_arr(v) || yyjson_arr_size(v) == 0)
		return false;
	yyjson_arr_foreach(v, i, n, name) {
		if (!yyjson_is_str(name))
			return false;
		rdl_buf_adds(out, i > 0 ? " ~ " : "");
		rdl_buf_add(out, yyjson_get_str(name), yyjson_get_len(name));
	}
	return true;
}

/* A job of the record's text, in the template if there is one. */
static void
text_job(struct tool *t, struct rdl_embed_job *job, const char *field)
{
	const char *p = t->o->template, *hole;
	char why[RDL_ERR_MAX];

	if (job->rule != NULL)
		return;
	rdl_buf_reset(&t->text);
	rdl_buf_reset(&t->line);
	if (!add_value(rdl_rec_at(t->in.root, field), &t->text)) {
		(void)snprintf(why, sizeof(why),
		    "no text in the member \"%.900s\"", field);
		job->rule = "record";
		job->why = rdl_arena_dup(&job->arena, why, strlen(why));
		return;
	}
	for (; p != NULL && (hole = strstr(p, "{}")) != NULL; p = hole + 2) {
		rdl_buf_add(&t->line, p, (size_t)(hole - p));
		rdl_buf_add(&t->line, t->text.p, t->text.len);
	}
	if (p != NULL)
		rdl_buf_adds(&t->line, p);
	else
		rdl_buf_add(&t->line, t->text.p, t->text.len);
	job->text = rdl_arena_dup(&job->arena, t->line.p != NULL ?
	    t->line.p : "", t->line.len);
	job->text_len = t->line.len;
}

static int
source(void *ctx, struct rdl_embed_job *job, bool wait, struct rdl_err *err)
{
	struct tool *t = ctx;
	const char *kind;
	int rc;

	if (!wait && !rdl_stage_ready(&t->stage))
		return 2;
	rc = rdl_stage_next(&t->stage, &t->in, err);
	if (rc <= 0)
		return rc;
	(void)rdl_embed_row(job, &t->in);
	kind = rdl_rec_str(&t->in, "kind", NULL);
	if (t->o->field != NULL)
		text_job(t, job, t->o->field);
	else if (kind != NULL && strcmp(kind, "task") == 0)
		text_job(t, job, "path");
	else
		rdl_embed_image(job, &t->in);
	return 1;
}

/* A JSON array of the shortest numbers that give the same floats back. */
static void
add_vector(const float *v, size_t dim, struct rdl_buf *out)
{
	size_t d;

	for (d = 0; d < dim; d++)
		rdl_buf_addf(out, "%c%.9g", d > 0 ? ',' : '[', (double)v[d]);
	rdl_buf_addc(out, ']');
}

/* The record as it is written; a text that was cut is marked. */
static int
make_line(struct tool *t, const struct rdl_embed_job *job,
    struct rdl_err *err)
{
	const struct rdl_embed_row *row = job->user;
	struct rdl_edit edits[2];
	size_t n = 0;

	rdl_buf_reset(&t->line);
	rdl_buf_reset(&t->text);
	if (rdl_rec_parse(&t->rec, row->line, row->len, err) < 0)
		return -1;
	if (t->o->add != NULL) {
		add_vector(job->vector, rdl_embed_info(t->embed)->dim,
		    &t->text);
		edits[n++] = (struct rdl_edit){ t->o->add, t->text.p,
			t->text.len };
	}
	if (job->truncated)
		edits[n++] = (struct rdl_edit){ "truncated", "true", 4 };
	rdl_rec_edit(&t->rec, edits, n, &t->line);
	return 0;
}

static int
sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	const struct rdl_embed_row *row = job->user;
	struct tool *t = ctx;
	struct rdl_loss loss;

	if (job->vector != NULL && make_line(t, job, err) < 0)
		return -1;
	if (job->vector != NULL && t->line.len > RDL_LINE_MAX + 1) {
		job->vector = NULL;
		job->rule = "record";
		job->why = "would be longer than a record may be";
	}
	if (job->vector == NULL) {
		rdl_embed_loss(job, &loss);
		return rdl_stage_lose(&t->stage, &loss, err);
	}
	if (t->o->npy != NULL && rdl_npy_row(&t->npy, job->vector, err) < 0)
		return -1;
	rdl_stage_passed(&t->stage);
	return rdl_stage_emit(&t->stage, t->line.p, t->line.len, &row->id,
	    NULL, NULL, err);
}

static int
flush(void *ctx, struct rdl_err *err)
{
	return rdl_stage_flush(&((struct tool *)ctx)->stage, err);
}

/* What became of the vectors, for people and the ledger. */
static int
note(struct tool *t, struct rdl_err *err)
{
	const struct rdl_embed_totals *n = rdl_embed_totals(t->embed);
	char json[160];
	int len;

	if (n->truncated > 0)
		rdl_warn("texts that were cut, since they are longer than the "
		    "model's %zu tokens: %llu",
		    rdl_embed_info(t->embed)->context,
		    (unsigned long long)n->truncated);
	if (rdl_embed_damaged(t->embed) > 0)
		rdl_warn("%s: %zu vectors were damaged, and made anew",
		    t->o->embed.vectors, rdl_embed_damaged(t->embed));
	if (t->stage.ledger == NULL)
		return 0;
	len = snprintf(json, sizeof(json), "{\"computed\":%llu,"
	    "\"reused\":%llu,\"truncated\":%llu}",
	    (unsigned long long)n->computed, (unsigned long long)n->reused,
	    (unsigned long long)n->truncated);
	return rdl_run_note(t->stage.ledger, "embeddings", json, (size_t)len,
	    err);
}

static int
run(struct tool *t, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { source, sink, flush };

	if (t->o->npy != NULL && rdl_npy_open(&t->npy, t->o->npy,
	    rdl_embed_info(t->embed)->dim, err) < 0)
		return -1;
	if (rdl_embed_run(t->embed, &ops, t, err) < 0 || note(t, err) < 0)
		return -1;
	return rdl_npy_close(&t->npy, err);
}

/* The run as a stage, the model being there. */
static int
run_stage(struct tool *t, const struct rdl_strs *operands, int argc,
    char *argv[])
{
	struct rdl_run_spec spec = { .tool = "clip-embed",
		.version = RDL_VERSION, .argc = argc, .argv = argv,
		.model = t->o->embed.model };
	const struct rdl_clip_info *info = rdl_embed_info(t->embed);
	struct rdl_err err = RDL_ERR_INIT, late = RDL_ERR_INIT;
	char params[80] = "{\"model_key\":\"";
	int rc;

	rdl_hash_hex(params + strlen(params), info->key.b,
	    sizeof(info->key.b));
	memcpy(params + strlen(params), "\"}", 3);
	spec.params = params;
	rc = rdl_stage_begin(&t->stage, &t->o->stage, operands, &spec, &err);
	if (rc == 0)
		rc = run(t, &err);
	if (rdl_embed_close(t->embed, &late) < 0 && rc == 0) {
		err = late;
		rc = -1;
	}
	t->embed = NULL;
	return rdl_stage_end(&t->stage, rc, &err);
}

/* What the table of options cannot say.  -1 with a message. */
static int
check_options(const struct opts *o)
{
	if (o->embed.model == NULL)
		rdl_warn("--model DIR is missing; see --help");
	else if (o->embed.vectors == NULL && o->npy == NULL && o->add == NULL)
		rdl_warn("where to put the vectors?  Give --vectors FILE, "
		    "--npy FILE or --add NAME; see --help");
	else if (o->template != NULL && strstr(o->template, "{}") == NULL)
		rdl_warn("--template %s: has no {} for the text", o->template);
	else if (o->add != NULL && (strcmp(o->add, "id") == 0 ||
	    strcmp(o->add, "kind") == 0 || strcmp(o->add, "from") == 0))
		rdl_warn("--add %s: that member has another use", o->add);
	else
		return 0;
	return -1;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.embed = RDL_EMBED_OPTS_DEFAULT };
	struct tool t = { .o = &o, .stage = RDL_STAGE_INIT,
		.npy = RDL_NPY_INIT, .in = RDL_REC_INIT, .rec = RDL_REC_INIT,
		.line = RDL_BUF_INIT(3 * RDL_LINE_MAX),
		.text = RDL_BUF_INIT(RDL_LINE_MAX) };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	status = RDL_EXIT_USAGE;
	if (check_options(&o) < 0)
		goto out;
	t.embed = rdl_embed_open(&o.embed, &err);
	status = t.embed == NULL ? rdl_tool_fail(&err) :
	    run_stage(&t, &operands, argc, argv);
out:
	rdl_npy_abandon(&t.npy);
	rdl_rec_release(&t.in);
	rdl_rec_release(&t.rec);
	rdl_buf_release(&t.line);
	rdl_buf_release(&t.text);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
