/*
 * One tool's run as a stage of a pipe: its inputs, its output, its ledger.
 * Reads records from operands or stdin, writes records to stdout, notes each
 * in the ledger, keeps what was dropped or failed, counts, and ends with the
 * right exit status.  Every tool that reads or writes records stands on this.
 */
#ifndef RDL_LEDGER_STAGE_H
#define RDL_LEDGER_STAGE_H

#include <xxhash.h>

#include "core/cli.h"
#include "core/out.h"
#include "ledger/ledger.h"
#include "record/jsonl.h"

enum rdl_progress {
	RDL_PROGRESS_AUTO, RDL_PROGRESS_ALWAYS, RDL_PROGRESS_NEVER,
	RDL_PROGRESS_JSON
};

/* The options that every such tool has; put the struct into yours, and
 * RDL_STAGE_OPTIONS(struct opts, member) into your table. */
struct rdl_stage_opts {
	const char *ledger;	/* FILE or "none"; NULL: $RIDDLE_LEDGER, else
				 * riddle.db */
	const char *failed;	/* FILE for what was lost, or NULL */
	struct rdl_share max_failed;
	int64_t limit;		/* stop after so many records; -1: none */
	int progress;		/* enum rdl_progress */
};

#define RDL_STAGE_OPTS_DEFAULT { NULL, NULL, { 0, 0 }, -1, RDL_PROGRESS_AUTO }

extern const struct rdl_opt rdl_stage_options[];

#define RDL_STAGE_OPTIONS(options_struct, member) { .type = RDL_OPT_GROUP, \
	.off = offsetof(options_struct, member), .help = "every tool", \
	.group = rdl_stage_options }

struct rdl_stage {
	struct rdl_ledger *ledger;	/* NULL with --ledger none */
	struct rdl_run_totals totals;
	struct rdl_jsonl in;		/* the operand being read */
	struct rdl_out out;
	/* The rest belongs to stage.c, stage_io.c and stage_progress.c. */
	const struct rdl_stage_opts *opts;
	const struct rdl_strs *operands;
	const char *ledger_path;	/* NULL: none */
	char tool[32];
	char *first_failure;		/* its rule and reason, or NULL */
	size_t next_operand;
	struct rdl_out failed;
	XXH3_state_t *input_hash;
	uint64_t input_records, input_bytes;
	bool running, terminal, line_shown;
	int64_t began_us, updated_us, shown_us, ticked_us;
	uint32_t ticks, tick_every;	/* calls between looks at the clock */
	struct rdl_rec aside;		/* parsed for ids of another make */
	struct rdl_buf scratch;
};

#define RDL_STAGE_INIT { .in = RDL_JSONL_INIT, .out = RDL_OUT_INIT, \
	.failed = RDL_OUT_INIT, .aside = RDL_REC_INIT, \
	.scratch = RDL_BUF_INIT(2 * RDL_FILE_MAX) }

/* Open ledger, output and failed file, and begin the run.  opts and operands
 * are borrowed.  spec->tool etc. as in rdl_run_begin().  Whatever it returns,
 * rdl_stage_end() comes last. */
int rdl_stage_begin(struct rdl_stage *s, const struct rdl_stage_opts *opts,
    const struct rdl_strs *operands, const struct rdl_run_spec *spec,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The next record of the inputs, counted as read: 1, 0 at the end or at
 * --limit, -1 on error.  rec is valid until the next call. */
int rdl_stage_next(struct rdl_stage *s, struct rdl_rec *rec,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Count an input that is no record (a file, an address), as rdl_stage_next()
 * counts records: 1; 0 at --limit, then it is not to be used; -1 on error. */
int rdl_stage_count(struct rdl_stage *s, struct rdl_err *err) RDL_MUST_CHECK;

/* True if rdl_stage_next() would not wait; and the descriptor to wait for
 * (-1 if there is none). */
bool rdl_stage_ready(struct rdl_stage *s);
int rdl_stage_fd(const struct rdl_stage *s);

/* Put "file:line: " before err's message, for the record last read. */
int rdl_stage_where(const struct rdl_stage *s, struct rdl_err *err);

/*
 * Write one line (newline included) as a record of the run.  id, from and call
 * as in rdl_ledger_add().  The texts of ids of another make are taken from the
 * line's "id" and "from".
 */
int rdl_stage_emit(struct rdl_stage *s, const char *line, size_t len,
    const struct rdl_id *id, const struct rdl_id *from,
    const struct rdl_hash *call, struct rdl_err *err) RDL_MUST_CHECK;

/* Count the input record as passed; call once for each that led on. */
void rdl_stage_passed(struct rdl_stage *s);

/* Drop or fail the input record: ledger, --failed file, counts.  A failure
 * does not end the run; --max-failed is judged at the end. */
int rdl_stage_lose(struct rdl_stage *s, const struct rdl_loss *loss,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Flush stdout.  What the ledger has to know goes there once a second. */
int rdl_stage_flush(struct rdl_stage *s, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * End: flush and close output, end the run in the ledger, print the summary
 * line when something was lost or progress is on, free everything.  rc is what
 * the work returned (< 0: err says why).  Returns the exit status.
 */
int rdl_stage_end(struct rdl_stage *s, int rc, struct rdl_err *err);

#endif
