/*
 * Memory that lives as long as one record: parse, work, emit, reset.
 * Allocation is a pointer bump; nothing is freed singly.
 */
#ifndef RDL_CORE_ARENA_H
#define RDL_CORE_ARENA_H

#include <stddef.h>

struct rdl_arena_chunk;

struct rdl_arena {
	struct rdl_arena_chunk *chunk;	/* newest first */
	size_t used;			/* bytes used of the newest */
};

#define RDL_ARENA_INIT { NULL, 0 }

/* size bytes, aligned for any type, zeroed.  Valid until reset or release. */
void *rdl_arena_alloc(struct rdl_arena *a, size_t size);

/* A NUL-terminated copy of len bytes. */
char *rdl_arena_dup(struct rdl_arena *a, const char *p, size_t len);

/* Give up all allocations; keep one chunk for the next record. */
void rdl_arena_reset(struct rdl_arena *a);

/* Free everything; the arena can be used again. */
void rdl_arena_release(struct rdl_arena *a);

#endif
