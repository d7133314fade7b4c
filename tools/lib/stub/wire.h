/*
 * The bodies of replies, in the words of each dialect.
 */
#ifndef RDL_STUB_WIRE_H
#define RDL_STUB_WIRE_H

#include "core/buf.h"
#include "core/err.h"
#include "stub/ask.h"

enum rdl_wire_finish {
	RDL_WIRE_STOP,
	RDL_WIRE_LENGTH,
	RDL_WIRE_REFUSAL,	/* the text is what the model says instead */
	RDL_WIRE_FILTER
};

/* A chat reply: open, a choice for each answer, end. */
void rdl_wire_open(struct rdl_buf *out, const struct rdl_ask *a);
void rdl_wire_choice(struct rdl_buf *out, const struct rdl_ask *a,
    int64_t index, const char *text, size_t len, enum rdl_wire_finish finish);
void rdl_wire_end(struct rdl_buf *out, const struct rdl_ask *a,
    enum rdl_wire_finish finish, int64_t completion_tokens);

/* Vectors of the input of an embeddings request.  A dim that the request
 * names wins. */
void rdl_wire_embeddings(struct rdl_buf *out, const struct rdl_ask *a,
    uint64_t seed, size_t dim);

/* What is wrong with pictures. */
enum rdl_wire_spoil {
	RDL_WIRE_SOUND,
	RDL_WIRE_SAME,		/* they do not depend on the prompt */
	RDL_WIRE_HALF		/* half of each file */
};

/* Pictures no side of which is longer than side, in the aspect that was
 * asked for. */
int rdl_wire_images(struct rdl_buf *out, const struct rdl_ask *a,
    uint64_t seed, uint32_t side, enum rdl_wire_spoil spoil,
    struct rdl_err *err) RDL_MUST_CHECK;

/* An error.  code NULL takes the one that goes with the status.  retry_ms is
 * told to those who look into a Gemini body for it; < 0 for none. */
void rdl_wire_error(struct rdl_buf *out, enum rdl_ask_dialect dialect,
    int status, const char *code, const char *message, int64_t retry_ms);

#endif
