/*
 * A model request before it has a dialect, and its canonical form, which is
 * its identity: two requests are the same if and only if these bytes are.
 */
#ifndef RDL_MODEL_REQUEST_H
#define RDL_MODEL_REQUEST_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/hash.h"
#include "model/config.h"
#include "record/prompt.h"

enum rdl_op { RDL_OP_CHAT, RDL_OP_EMBED, RDL_OP_IMAGE };

/* How an image reaches the model. */
enum rdl_image_mode { RDL_IMAGE_PIXELS, RDL_IMAGE_CAPTION, RDL_IMAGE_BOTH };

/* Sampling settings; NAN and -1 mean: not sent, the server decides. */
struct rdl_sampling {
	double temperature, top_p;
	int64_t top_k, max_tokens, seed;
	const char *const *stop;	/* nstop strings, borrowed */
	size_t nstop;
};

#define RDL_SAMPLING_INIT { NAN, NAN, -1, -1, -1, NULL, 0 }

/* A piece of a message: text, or an image by hash. */
struct rdl_piece {
	const char *text;	/* NULL for an image */
	size_t len;
	struct rdl_sha256 image;	/* of the file's bytes */
	const char *uri;	/* path of the file, or data: URI */
	const char *media_type;	/* "image/jpeg", by its first bytes */
	uint64_t bytes;		/* size of the file */
};

struct rdl_turn {
	enum rdl_role role;
	struct rdl_piece *pieces;
	size_t npieces;
};

struct rdl_request {
	enum rdl_op op;
	const struct rdl_model *model;
	struct rdl_sampling sampling;
	struct rdl_turn *turns;		/* CHAT */
	size_t nturns;
	bool json;			/* CHAT: the reply must be JSON */
	const char *schema;		/* its schema as JSON text, or NULL */
	size_t schema_len;
	const char *const *inputs;	/* EMBED: texts, NUL-terminated */
	size_t ninputs;
	const char *prompt;		/* IMAGE */
	const char *size;		/* IMAGE: "1024x1024", or NULL */
	int64_t steps;			/* IMAGE: of the sampler; 0: not sent */
	struct rdl_sha256 prompt_digest;	/* of the prompt file, or 0 */
	int64_t rollout;		/* 0 for the first */
	int64_t attempt;		/* 0; 1 for the re-ask */
	size_t reasked;			/* engine's: turns the re-ask added */
};

/*
 * Turn rendered messages into turns of r.  All text is copied into arena, and
 * neighbouring texts become one piece.  Image files are read to hash them and
 * to learn their media type (JPEG, PNG, GIF, WebP, BMP); an image that cannot
 * be read, is none of these or is larger than RDL_IMAGE_MAX fails the record.
 * mode caption puts the caption in place of the image (a missing caption fails
 * the record), both puts the text behind it.  Only paths of regular files and
 * data: URIs are accepted; http(s) is not fetched here.
 */
int rdl_request_fill(struct rdl_request *r, const struct rdl_messages *m,
    enum rdl_image_mode mode, struct rdl_arena *arena, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Append one more turn of plain text (the re-ask). */
void rdl_request_add_text(struct rdl_request *r, enum rdl_role role,
    const char *text, size_t len, struct rdl_arena *arena);

/* Append the canonical form: RFC 8785 JSON of endpoint, dialect-independent
 * content, sampling, schema, prompt digest, rollout and attempt.  No key, no
 * header, no image bytes.  */
int rdl_request_canon(const struct rdl_request *r, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Read the bytes of an image piece (for the wire); at most RDL_IMAGE_MAX.
 * Fails if they no longer have its hash. */
int rdl_request_image(const struct rdl_piece *p, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Prompt tokens, estimated without a tokenizer: text bytes / 4, plus 765 an
 * image (OpenAI's 1024x1024 at high detail), plus 4 a turn. */
int64_t rdl_request_tokens(const struct rdl_request *r);

#endif
