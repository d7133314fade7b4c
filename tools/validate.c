/*
 * riddle-validate: records that fit their schema pass, the others fail.
 * Reads records, writes those that fit byte for byte.  It repairs nothing.
 */
#include <string.h>

#include "core/file.h"
#include "core/tool.h"
#include "ledger/stage.h"
#include "record/schema.h"

struct opts {
	struct rdl_stage_opts stage;
	const char *schema;
	bool ids;
	bool strict;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_STR, .name = "schema", .letter = 's',
	    .arg = "FILE",
	    .off = offsetof(struct opts, schema),
	    .help = "check all records against this JSON Schema, whatever "
	    "their kind" },
	{ .type = RDL_OPT_FLAG, .name = "ids",
	    .off = offsetof(struct opts, ids),
	    .help = "check that each id is the one its content gives" },
	{ .type = RDL_OPT_FLAG, .name = "strict",
	    .off = offsetof(struct opts, strict),
	    .help = "fail records of a kind that has no schema" },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-validate", "[options] [file ...]",
	"pass records that fit their schema, fail the others",
	options, SIZE_MAX
};

/* The work, and what it needs for each record. */
struct work {
	const struct opts *opts;
	struct rdl_schema *schema;	/* of --schema, or NULL */
	struct rdl_stage stage;
	struct rdl_buf line;
};

static struct rdl_schema *
load_schema(const char *path, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_schema *s = NULL;

	if (rdl_file_read(path, &text, err) == 0)
		s = rdl_schema_compile(text.p != NULL ? text.p : "", text.len,
		    path, err);
	rdl_buf_release(&text);
	return s;
}

/* Does the record fit its schema?  1 or 0; why says what is wrong. */
static int
fits_schema(const struct work *w, const struct rdl_rec *rec,
    struct rdl_err *why)
{
	const struct rdl_schema *s = w->schema;
	const char *kind = "row";
	size_t len = strlen(kind);

	if (s == NULL && rdl_rec_get(rec, "kind") != NULL) {
		kind = rdl_rec_str(rec, "kind", &len);
		if (kind == NULL || strlen(kind) != len) {
			(void)rdl_err_set(why, RDL_E_INPUT,
			    "/kind: not the name of a kind");
			return 0;
		}
	}
	if (s == NULL)
		s = rdl_schema_of_kind(kind);
	if (s != NULL)
		return rdl_schema_check(s, rec->root, why);
	if (!w->opts->strict)
		return 1;
	(void)rdl_err_set(why, RDL_E_INPUT, "/kind: there is no schema for it");
	return 0;
}

/* Is the record's id the one that its content gives?  1 or 0. */
static int
fits_id(const struct rdl_rec *rec, struct rdl_err *why)
{
	char want[RDL_ID_TEXT];
	struct rdl_id id;
	const char *has;
	size_t len;

	has = rdl_rec_str(rec, "id", &len);
	if (rdl_id_compute(rec, &id, why) < 0)
		return 0;
	rdl_id_format(&id, want);
	if (has == NULL)
		(void)rdl_err_set(why, RDL_E_INPUT,
		    "the member \"id\" is missing, it would be %s", want);
	else if (len != strlen(want) || memcmp(has, want, len) != 0)
		(void)rdl_err_set(why, RDL_E_INPUT,
		    "/id: the content gives %s", want);
	else
		return 1;
	return 0;
}

static int
validate(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT, ignored = RDL_ERR_INIT;
	struct rdl_loss loss = { .failed = true, .record = rec->line,
		.record_len = rec->len };

	if (!fits_schema(w, rec, &why))
		loss.rule = "schema";
	else if (w->opts->ids && !fits_id(rec, &why))
		loss.rule = "id";
	/* What has no id of any make goes by the hash of its line. */
	if (rdl_id_of(rec, &loss.id, &ignored) < 0)
		(void)rdl_id_parse(rec->line, rec->len, &loss.id);
	if (loss.rule != NULL) {
		(void)rdl_stage_where(&w->stage, &why);
		loss.reason = why.msg;
		return rdl_stage_lose(&w->stage, &loss, err);
	}
	rdl_buf_reset(&w->line);
	rdl_rec_edit(rec, NULL, 0, &w->line);
	rdl_stage_passed(&w->stage);
	return rdl_stage_emit(&w->stage, w->line.p, w->line.len, &loss.id,
	    NULL, NULL, err);
}

static int
validate_all(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	while ((rc = rdl_stage_next(&w->stage, &rec, err)) > 0)
		if ((rc = validate(w, &rec, err)) < 0)
			break;
	rdl_rec_release(&rec);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { RDL_STAGE_OPTS_DEFAULT, NULL, false, false };
	struct work w = { .opts = &o, .stage = RDL_STAGE_INIT,
		.line = RDL_BUF_INIT(RDL_LINE_MAX + 1) };
	const struct rdl_run_spec spec = { .tool = "validate",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (o.schema != NULL &&
	    (w.schema = load_schema(o.schema, &err)) == NULL) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	rc = rdl_stage_begin(&w.stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = validate_all(&w, &err);
	status = rdl_stage_end(&w.stage, rc, &err);
out:
	rdl_schema_free(w.schema);
	rdl_buf_release(&w.line);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
