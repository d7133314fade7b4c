/*
 * What a model that names tasks would answer: new children of a parent,
 * fewer the more are known, and in the end none.
 */
#ifndef RDL_STUB_GROWTH_H
#define RDL_STUB_GROWTH_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/*
 * Append {"tasks": [...]} for a message that has a line "Parent: NAME" and
 * the known children on lines "- NAME".  Half of what is missing to children
 * is named, rounded up; nothing once that many are known.  The names follow
 * from seed and parent alone and are none of the known ones.
 * Returns 1, or 0 with nothing appended if there is no such line.
 */
int rdl_growth_answer(struct rdl_buf *out, const char *msg, size_t len,
    uint64_t seed, size_t children);

#endif
