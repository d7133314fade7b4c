/*
 * What a model would answer that is given a list to choose from.
 */
#ifndef RDL_STUB_OFFER_H
#define RDL_STUB_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yyjson.h>

#include "core/buf.h"

/*
 * Append {NAME: [...]} for a message some of whose lines are nothing but a
 * JSON string, its offers, and a schema whose first property is an array.  Of
 * an array of strings: about half of the offers, at least one.  Of an array
 * of objects: one for each offer, whose first property it is, the others by
 * rdl_fit_value(); of objects with a "delta": two, the first offer with a few
 * words behind it, which are the delta.  Without offers, an array of strings
 * gets N sentences if a line says "Number of ...: N".  h decides what is left
 * open.  False, with nothing appended, if message or schema is not like that.
 */
bool rdl_offer_answer(struct rdl_buf *out, const char *msg, size_t len,
    yyjson_val *schema, uint64_t h);

#endif
