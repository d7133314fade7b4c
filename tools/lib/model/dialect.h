/*
 * The dialects that model servers speak: how a request is written for one and
 * how its reply is read.  Pure functions over buffers: no I/O.
 * Sources: facts of the OpenAI, Anthropic and Gemini APIs in riddle-models(7).
 */
#ifndef RDL_MODEL_DIALECT_H
#define RDL_MODEL_DIALECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "model/request.h"

enum rdl_finish {
	RDL_FINISH_STOP,	/* a whole answer */
	RDL_FINISH_LENGTH,	/* cut: never an answer */
	RDL_FINISH_FILTER,	/* withheld by a content filter */
	RDL_FINISH_REFUSAL,	/* the model declined */
	RDL_FINISH_OTHER	/* tool calls, or a word we do not know */
};

/* A reply, read.  Strings are in the arena given to read(); -1 is unknown. */
struct rdl_reply {
	enum rdl_finish finish;
	const char *finish_text;	/* in the server's words, or NULL */
	const char *text;		/* CHAT: the answer, NUL-terminated */
	size_t len;
	const char *refusal;		/* what it said instead, or NULL */
	const float *vectors;		/* EMBED: (nvectors, dim) */
	size_t nvectors, dim;
	const unsigned char *const *images;	/* IMAGE: encoded files */
	const size_t *image_lens;
	size_t nimages;
	int64_t seed;			/* IMAGE: used, if the server says */
	const char *resolved;		/* model the server says it used */
	const char *id;			/* the body's id */
	int64_t tokens_in;		/* all prompt tokens, cached included */
	int64_t tokens_cached, tokens_out, tokens_reasoning;
};

/* What a refusal of the server means for the run. */
enum rdl_fault {
	RDL_FAULT_RETRY,	/* transient: 408, 409, 5xx, 52x, transport */
	RDL_FAULT_LIMIT,	/* 429: retry, and slow everybody down */
	RDL_FAULT_RECORD,	/* this request is wrong: 400, 404?, 413, 422 */
	RDL_FAULT_RUN		/* nothing can be asked: 401, 402, 403, 404,
				 * insufficient_quota */
};

struct rdl_dialect {
	const char *name;	/* "openai", "anthropic", "gemini", "a1111" */

	/* Append the URL of the request. */
	int (*url)(const struct rdl_request *r, struct rdl_buf *out,
	    struct rdl_err *err);

	/* Append the header that carries the key, "Name: value", or nothing
	 * when the model has none; then the content type and each further
	 * header, those of the model too, separated by one '\n'. */
	void (*headers)(const struct rdl_model *m, struct rdl_buf *out);

	/* Append the body, images inlined as base64. */
	int (*body)(const struct rdl_request *r, struct rdl_buf *out,
	    struct rdl_err *err);

	/* Read the body of a 200 reply to r.  -1 with RDL_E_REMOTE if it is
	 * not what the dialect says: cut JSON, HTML, wrong shape. */
	int (*read)(const struct rdl_request *r, const char *body, size_t len,
	    struct rdl_arena *arena, struct rdl_reply *out,
	    struct rdl_err *err);
};

extern const struct rdl_dialect rdl_dialect_openai;
extern const struct rdl_dialect rdl_dialect_anthropic;
extern const struct rdl_dialect rdl_dialect_gemini;
extern const struct rdl_dialect rdl_dialect_a1111;

/* Can the model draw images; and does what is sent to it hold their seed and
 * their steps? */
bool rdl_dialect_draws(const struct rdl_model *m);
bool rdl_dialect_draws_by_seed(const struct rdl_model *m);

/* The dialect of that name, or NULL. */
const struct rdl_dialect *rdl_dialect_find(const char *name);

/*
 * Judge a reply that is not 200 (or an error inside a 200): status and body in
 * any of the error shapes that servers use (nested, flat, text, FastAPI,
 * Anthropic, Gemini, HTML, none).
 * The message, without control characters and at most 300 bytes, goes into
 * msg; *wait_ms is set when the body names a delay (Gemini's retryDelay,
 * OpenAI's "try again in 20s"), else left alone.
 */
enum rdl_fault rdl_dialect_fault(int status, const char *body, size_t len,
    char msg[320], int64_t *wait_ms);

#endif
