/*
 * Batch files of OpenAI's API: the questions of a run go into files, the
 * files to the server, and what comes back answers the same questions.
 *
 * A folder keeps all of it.  Part N of it is
 *	part-N.jsonl	requests as they are uploaded, custom_id the call's key
 *	part-N.index	key, offset and length of each request
 *	part-N.json	how far it is: written, uploaded, submitted, ended
 *	part-N.replies	what the server sent for each request, one a line
 *	part-N.results	key, status, offset and length of each reply
 * and it is there once part-N.json is.  A key that comes in several parts
 * belongs to the last.
 * Source: platform.openai.com/docs/guides/batch and its API reference.
 */
#ifndef RDL_MODEL_BATCH_H
#define RDL_MODEL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/hash.h"
#include "model/config.h"

/* In the order of --batch. */
enum rdl_batch_verb {
	RDL_BATCH_OFF,		/* live calls */
	RDL_BATCH_WRITE,	/* requests into parts */
	RDL_BATCH_SUBMIT,	/* parts to the server */
	RDL_BATCH_COLLECT	/* replies from there */
};

/* The limits of a part, as OpenAI has them. */
#define RDL_BATCH_REQUESTS	50000
#define RDL_BATCH_BYTES		((size_t)200 * 1000 * 1000)

struct rdl_batch_opts {
	enum rdl_batch_verb verb;
	const char *dir;
	int64_t requests;	/* of a part, at most */
	bool offline;		/* COLLECT: what is there already */
	bool again;		/* WRITE: also what the server refused */
};

struct rdl_batch;

/*
 * Open the folder for one verb.  WRITE makes it.  SUBMIT asks how submitted
 * parts are, puts requests of ended parts that have no answer (the part was
 * cancelled, expired or refused; the server failed) into new ones, uploads
 * what is not yet there and makes batches of it.  COLLECT asks, downloads what
 * ended, and is RDL_E_BUDGET while something is under way or without an
 * answer.  opts and model are borrowed.
 */
int rdl_batch_open(struct rdl_batch **out, const struct rdl_batch_opts *o,
    const struct rdl_model *model, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_batch_close(struct rdl_batch *b);

/* WRITE: add a request, unless a part has it.  url is the whole address.
 * RDL_E_INPUT if it is larger than a part may be. */
int rdl_batch_add(struct rdl_batch *b, const struct rdl_sha256 *key,
    const char *url, const struct rdl_buf *body, struct rdl_err *err)
    RDL_MUST_CHECK;

/* WRITE: the part that is open becomes one of the folder. */
int rdl_batch_flush(struct rdl_batch *b, struct rdl_err *err) RDL_MUST_CHECK;

/* COLLECT: the reply to a request: 1 with its status, 0 if there is none.
 * body is replaced; server_id has room for 128 bytes. */
int rdl_batch_find(struct rdl_batch *b, const struct rdl_sha256 *key,
    int *status, struct rdl_buf *body, char *server_id, struct rdl_err *err)
    RDL_MUST_CHECK;

/* What was done, one line for people. */
void rdl_batch_summary(const struct rdl_batch *b, struct rdl_buf *out);

#endif
