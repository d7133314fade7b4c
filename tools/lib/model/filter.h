/*
 * A filter that calls a model: rows in, one question each, records out.
 * A tool on top of this is a prompt file, a reply schema and a function from
 * (row, answer) to records.
 */
#ifndef RDL_MODEL_FILTER_H
#define RDL_MODEL_FILTER_H

#include "ledger/stage.h"
#include "model/question.h"

struct rdl_filter {
	struct rdl_stage stage;
	struct rdl_question question;
	struct rdl_engine *engine;
	/* The rest belongs to filter.c. */
	const struct rdl_filter_spec *spec;
	struct rdl_rec rec;		/* the row read last */
	int64_t rollout;		/* the next one of that row */
	const char *unwanted;		/* the rule that drops it, or NULL */
	struct rdl_err why;		/* likewise */
	struct rdl_rec answered;	/* the row of the answer */
	struct rdl_rec seen;		/* the row as the prompt sees it */
	struct rdl_buf view;		/* its text */
};

/* A row and its answer, for the tool. */
struct rdl_filter_row {
	const struct rdl_rec *rec;
	const struct rdl_id *id;
	bool has_id;		/* the row carries it; else it is to be added */
	int64_t rollout;
	const struct rdl_answer *answer;	/* ok */
};

struct rdl_filter_spec {
	const char *tool;		/* "ask" */
	int argc;
	char **argv;
	const struct rdl_stage_opts *stage;
	const struct rdl_engine_opts *engine;
	const struct rdl_strs *operands;
	const char *prompt;		/* path of the prompt file */
	bool json;			/* its answer must be JSON */
	bool once;			/* --rollouts makes no sense here */
	void *ctx;
	/* The question is open: look at it, constrain its replies.  NULL:
	 * nothing to do.  -1 ends the run before it begins. */
	int (*opened)(void *ctx, struct rdl_question *q, struct rdl_err *err);
	/* Is the row wanted?  NULL: it is.  Asked once for each, in their
	 * order, before it is asked about.  False drops it, by *rule (a
	 * literal), for the reason in why. */
	bool (*want)(void *ctx, const struct rdl_rec *rec, const char **rule,
	    struct rdl_err *why);
	/* Append to out the row as the prompt is to see it, a JSON object.
	 * NULL: as it is.  -1 with RDL_E_INPUT fails the row ("input"); with
	 * another class it ends the run. */
	int (*view)(void *ctx, const struct rdl_rec *rec, struct rdl_buf *out,
	    struct rdl_err *err);
	/* Is a reply that fits the schema an answer for this row?  NULL: it
	 * is.  False: it is asked for once more, and is then a failed record,
	 * by *rule (a literal), for the reason in why. */
	bool (*check)(void *ctx, const struct rdl_rec *rec, yyjson_val *json,
	    const char **rule, struct rdl_err *why);
	/* Make records of a good answer: rdl_stage_emit() each, then
	 * rdl_stage_passed(), or rdl_stage_lose().  -1 ends the run. */
	int (*answer)(void *ctx, struct rdl_filter *f,
	    const struct rdl_filter_row *row, struct rdl_err *err);
	/* All rows are done, without an error: note what is to be said of
	 * them.  NULL: nothing. */
	int (*ended)(void *ctx, struct rdl_filter *f, struct rdl_err *err);
};

/* Run the filter to its end; the exit status of the tool.  Each question
 * counts as one input: with --rollouts N, N for each row. */
int rdl_filter_main(const struct rdl_filter_spec *spec);

/*
 * The edits that give a row its identity, when it came without: "kind" and
 * "id" into edits[0..1], their text into buf (RDL_ID_TEXT + 2 bytes).  Returns
 * how many.
 */
size_t rdl_filter_identify(const struct rdl_filter_row *row,
    struct rdl_edit edits[2], char *buf);

/* Append the row's id as a "from" of what is made of it: ["id"]. */
void rdl_filter_from(const struct rdl_filter_row *row, struct rdl_buf *out);

/* Drop or fail a row that was answered, or a part of it: record is what the
 * ledger keeps, NULL for the row as it came.  value is what the rule saw, NULL
 * for the reply. */
int rdl_filter_lose(struct rdl_filter *f, const struct rdl_filter_row *row,
    bool failed, const char *rule, const char *reason, const char *value,
    const struct rdl_buf *record, struct rdl_err *err) RDL_MUST_CHECK;

#endif
