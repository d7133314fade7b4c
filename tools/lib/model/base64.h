/*
 * Base64 read strictly (RFC 4648 section 4): padded, no white space, no bits
 * left over.  Writing it is rdl_buf_addbase64().
 */
#ifndef RDL_MODEL_BASE64_H
#define RDL_MODEL_BASE64_H

#include <stddef.h>

#include "core/compiler.h"

/* The most bytes that len digits can hold. */
#define RDL_BASE64_BOUND(len) ((len) / 4 * 3)

/*
 * Decode len digits into out, which has RDL_BASE64_BOUND(len) bytes; their
 * number goes into *n.  Returns 0, or -1 if p is not base64; out is then
 * undefined.
 */
int rdl_base64_decode(unsigned char *out, size_t *n, const char *p,
    size_t len) RDL_MUST_CHECK;

#endif
