/*
 * One tool's run as a stage of a pipe: beginning and end.
 * Opens and closes ledger, stdout and the --failed file; ends the run with the
 * status that fits.  Records pass through stage_io.c.
 */
#include "ledger/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/tool.h"
#include "ledger/stage_private.h"

static const char *const progress_choices[] = { "auto", "always", "never",
	"json", NULL };

const struct rdl_opt rdl_stage_options[] = {
	{ .type = RDL_OPT_STR, .name = "ledger", .arg = "FILE|none",
	    .off = offsetof(struct rdl_stage_opts, ledger),
	    .help = "keep the ledger in FILE (default $RIDDLE_LEDGER, else "
	    "riddle.db)" },
	{ .type = RDL_OPT_STR, .name = "failed", .arg = "FILE",
	    .off = offsetof(struct rdl_stage_opts, failed),
	    .help = "write failed and dropped records with their reasons to "
	    "FILE as well" },
	{ .type = RDL_OPT_SHARE, .name = "max-failed", .arg = "N|P%",
	    .off = offsetof(struct rdl_stage_opts, max_failed),
	    .help = "end with status 3 if more records failed" },
	{ .type = RDL_OPT_INT, .name = "limit", .arg = "N",
	    .off = offsetof(struct rdl_stage_opts, limit),
	    .lo = 0, .hi = 1e15, .help = "stop after N records" },
	{ .type = RDL_OPT_ENUM, .name = "progress", .arg = "WHEN",
	    .off = offsetof(struct rdl_stage_opts, progress),
	    .choices = progress_choices,
	    .help = "show progress on stderr: auto (on a terminal), always, "
	    "never or json" },
	{ .type = RDL_OPT_END }
};

static const char *
ledger_path(const struct rdl_stage_opts *opts)
{
	const char *env = getenv("RIDDLE_LEDGER");
	const char *path = opts->ledger;

	if (path == NULL)
		path = env != NULL && env[0] != '\0' ? env : "riddle.db";
	return strcmp(path, "none") == 0 ? NULL : path;
}

int
rdl_stage_begin(struct rdl_stage *s, const struct rdl_stage_opts *opts,
    const struct rdl_strs *operands, const struct rdl_run_spec *spec,
    struct rdl_err *err)
{
	s->opts = opts;
	s->operands = operands;
	(void)snprintf(s->tool, sizeof(s->tool), "%s",
	    spec->tool != NULL ? spec->tool : "");
	s->terminal = isatty(STDERR_FILENO) == 1;
	s->began_us = s->updated_us = s->shown_us = rdl_clock_us();
	s->tick_every = 1;
	s->input_hash = XXH3_createState();
	if (s->input_hash == NULL)
		rdl_mem_exhausted(0);
	rdl_out_stdout(&s->out);
	s->ledger_path = ledger_path(opts);
	if (s->ledger_path != NULL &&
	    rdl_ledger_open(&s->ledger, s->ledger_path, true, err) < 0)
		return -1;
	if (opts->failed != NULL &&
	    rdl_out_open(&s->failed, opts->failed, err) < 0)
		return -1;
	if (s->ledger != NULL && rdl_run_begin(s->ledger, spec, err) < 0)
		return -1;
	/* Records are appended; who looks up calls asks for more. */
	if (s->ledger != NULL)
		rdl_db_cache(rdl_ledger_db(s->ledger), RDL_DB_APPENDS);
	s->running = true;
	return 0;
}

/* Where the reasons of failures are to be read. */
static void
add_where_to_look(const struct rdl_stage *s, struct rdl_buf *out)
{
	if (s->ledger != NULL) {
		rdl_buf_addf(out, "; see: riddle ledger drops --run %" PRId64,
		    rdl_run_number(s->ledger));
		if (s->opts->ledger != NULL)
			rdl_buf_addf(out, " --ledger %s", s->opts->ledger);
	} else if (s->opts->failed != NULL)
		rdl_buf_addf(out, "; see %s", s->opts->failed);
	else
		rdl_buf_adds(out, "; --failed FILE would keep them");
}

/* True if more records failed than --max-failed allows; out then says so. */
static bool
too_many_failed(const struct rdl_stage *s, struct rdl_buf *out)
{
	const struct rdl_share *max = &s->opts->max_failed;
	double limit = max->value;

	if (max->percent)
		limit = limit / 100 * (double)s->totals.in;
	if ((double)s->totals.failed <= limit)
		return false;
	rdl_buf_addf(out, "%" PRIu64 " of %" PRIu64 " records failed, more "
	    "than --max-failed %.15g%s allows", s->totals.failed, s->totals.in,
	    max->value, max->percent ? "%" : "");
	if (s->first_failure != NULL)
		rdl_buf_addf(out, "; the first: %s", s->first_failure);
	add_where_to_look(s, out);
	return true;
}

static const char *
status_of(const struct rdl_err *err)
{
	switch (err->cls) {
	case RDL_E_PIPE:
		return "pipe";
	case RDL_E_BUDGET:
		return "budget";
	case RDL_E_STOPPED:
		return "stopped";
	default:
		return "failed";
	}
}

/* Keep the first error: what comes later is often its consequence. */
static int
also(int rc, int rc2, struct rdl_err *err, const struct rdl_err *err2)
{
	if (rc >= 0 && rc2 < 0)
		*err = *err2;
	return rc < 0 || rc2 < 0 ? -1 : rc;
}

/* Close inputs and outputs.  What was written so far is worth keeping, also
 * after an error. */
static int
close_streams(struct rdl_stage *s, int rc, struct rdl_err *err)
{
	struct rdl_err e = RDL_ERR_INIT;

	rc = also(rc, rdl_stage_close_input(s, &e), err, &e);
	rc = also(rc, rdl_out_close(&s->out, &e), err, &e);
	return also(rc, rdl_out_close(&s->failed, &e), err, &e);
}

/* End the run in the ledger, and close that. */
static int
close_ledger(struct rdl_stage *s, int rc, const char *status,
    const char *message, struct rdl_err *err)
{
	struct rdl_err e = RDL_ERR_INIT;

	if (s->ledger == NULL)
		return rc;
	if (s->running)
		rc = also(rc, rdl_run_end(s->ledger, status, message,
		    &s->totals, &e), err, &e);
	rc = also(rc, rdl_ledger_close(s->ledger, &e), err, &e);
	s->ledger = NULL;
	return rc;
}

static void
release(struct rdl_stage *s)
{
	rdl_jsonl_close(&s->in);
	rdl_out_abandon(&s->out);
	rdl_out_abandon(&s->failed);
	rdl_rec_release(&s->aside);
	rdl_buf_release(&s->scratch);
	XXH3_freeState(s->input_hash);
	s->input_hash = NULL;
	free(s->first_failure);
	s->first_failure = NULL;
}

int
rdl_stage_end(struct rdl_stage *s, int rc, struct rdl_err *err)
{
	struct rdl_buf message = RDL_BUF_INIT(RDL_MIB);
	const char *status = "done";
	int exit_status = RDL_EXIT_OK;

	rc = close_streams(s, rc, err);
	if (rc < 0)
		status = status_of(err);
	else if (s->running && too_many_failed(s, &message))
		status = "rejected";
	rc = close_ledger(s, rc, status, rc < 0 ? err->msg : message.p, err);
	rdl_stage_hide(s);
	if (rc < 0) {
		exit_status = rdl_tool_fail(err);
		status = status_of(err);
	} else if (message.len > 0) {
		rdl_warn("%s", message.p);
		exit_status = RDL_EXIT_REJECTED;
	}
	if (s->running && exit_status != RDL_EXIT_PIPE)
		rdl_stage_summary(s, status);
	s->running = false;
	rdl_buf_release(&message);
	release(s);
	return exit_status;
}
