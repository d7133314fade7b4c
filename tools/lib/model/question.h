/*
 * A question: a prompt file and a model, asked of one row after another.
 * What all tools that call a model have in common before the engine.
 */
#ifndef RDL_MODEL_QUESTION_H
#define RDL_MODEL_QUESTION_H

#include "core/buf.h"
#include "model/engine.h"
#include "record/prompt.h"

struct rdl_question {
	struct rdl_prompt *prompt;
	struct rdl_model *model;
	struct rdl_sampling sampling;
	const char **stop;		/* of sampling; owned */
	int images;			/* enum rdl_image_mode */
	struct rdl_schema *schema;	/* checks replies instead of the prompt
					 * file's; or NULL */
	char *schema_text;		/* sent instead of it, or NULL */
	size_t schema_len;
};

#define RDL_QUESTION_INIT { NULL, NULL, RDL_SAMPLING_INIT, NULL, 0, NULL, \
	NULL, 0 }

/*
 * Load the prompt file (path, or "embedded:PATH") and resolve the model:
 * --model, else the file's own.  Sampling is the file's "config" with the
 * options over it; a setting that riddle does not know is an error.
 */
int rdl_question_open(struct rdl_question *q, const struct rdl_engine_opts *o,
    const char *path, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_question_release(struct rdl_question *q);

/*
 * Check replies against another schema than the prompt file's, one that says
 * more; text is copied.  With send, servers are given it as well: leave that
 * out for keywords that would keep a server from enforcing the rest.
 */
int rdl_question_constrain(struct rdl_question *q, const char *text,
    size_t len, bool send, struct rdl_err *err) RDL_MUST_CHECK;

/* Fill job with the question for a row.  The row need not outlive the call.
 * A row that lacks a field, or an image that cannot be read, sets the job's
 * failed_rule and is no error. */
int rdl_question_fill(const struct rdl_question *q, yyjson_val *row,
    int64_t rollout, struct rdl_job *job, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * What the ledger's row of the run should say of the question: model,
 * endpoint, prompt file and its digest, settings.  The rest of run is zeroed;
 * params backs run->params.
 */
void rdl_question_spec(const struct rdl_question *q,
    const struct rdl_engine_opts *o, struct rdl_run_spec *run,
    struct rdl_buf *params);

#endif
