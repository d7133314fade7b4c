/*
 * What joins the two halves of the OpenAI dialect.  Private to them.
 */
#ifndef RDL_MODEL_DIALECT_OPENAI_H
#define RDL_MODEL_DIALECT_OPENAI_H

#include "model/dialect.h"

/* The read() of struct rdl_dialect. */
int rdl_dialect_openai_read(const struct rdl_request *r, const char *body,
    size_t len, struct rdl_arena *arena, struct rdl_reply *out,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
