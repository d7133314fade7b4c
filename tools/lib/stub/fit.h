/*
 * A JSON value that fits a JSON Schema, out of a hash.
 */
#ifndef RDL_STUB_FIT_H
#define RDL_STUB_FIT_H

#include <stdint.h>
#include <yyjson.h>

#include "core/buf.h"

/*
 * Append a value that fits schema.  Obeyed: const, enum, type, properties,
 * items, prefixItems, minItems, maxItems, minLength, maxLength, minimum,
 * maximum and their exclusive forms, multipleOf, anyOf, oneOf and allOf (the
 * first that is not null), $ref within the schema, and Gemini's upper-case
 * types.  Everything else, such as pattern, is passed over.  Values that nest
 * too deep, and what follows 20,000 values, become null.
 */
void rdl_fit_value(struct rdl_buf *out, yyjson_val *schema, uint64_t h);

#endif
