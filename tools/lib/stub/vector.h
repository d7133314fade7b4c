/*
 * Unit vectors out of a hash, as an embedding server would give them.
 */
#ifndef RDL_STUB_VECTOR_H
#define RDL_STUB_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/*
 * Append the vector of dim floats and length 1 that follows from h: as a JSON
 * array, or as the base64 text (quoted) of little-endian floats.
 */
void rdl_vector_add(struct rdl_buf *out, uint64_t h, size_t dim, bool base64);

#endif
