/*
 * The embedding file: unit vectors by content, of one model.
 * Append-only, mapped for reading, safe against a crash (a torn tail is cut
 * off at the next opening for writing), safe for several writers at once.
 * Layout: riddle-vectors(7).
 */
#ifndef RDL_VISION_VECTORS_H
#define RDL_VISION_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"

struct rdl_vectors;

/* Open path, made if it does not exist (unless read_only); NULL path: in
 * memory alone.  A file of another model (key) or dim is RDL_E_INPUT. */
struct rdl_vectors *rdl_vectors_open(const char *path,
    const struct rdl_hash *model, size_t dim, bool read_only,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Flush, sync and close; NULL is fine. */
int rdl_vectors_close(struct rdl_vectors *v, struct rdl_err *err)
    RDL_MUST_CHECK;

size_t rdl_vectors_count(const struct rdl_vectors *v);

/* Vectors so far found damaged (their checksum is wrong): they are as if they
 * were not there, and can be added again. */
size_t rdl_vectors_damaged(const struct rdl_vectors *v);

/* The vector [dim] of a content, or NULL.  Valid until the next add or sync.
 * A block's checksum is tested when a vector of it is first asked for. */
const float *rdl_vectors_find(struct rdl_vectors *v,
    const struct rdl_hash *content);

/* Add one; a content that is there already is left as it is. */
int rdl_vectors_add(struct rdl_vectors *v, const struct rdl_hash *content,
    const float *vec, struct rdl_err *err) RDL_MUST_CHECK;

/* Make what was added last: written and synced. */
int rdl_vectors_sync(struct rdl_vectors *v, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
