/*
 * A hash map from byte strings to 64-bit values, insertion order kept.
 * Keys are compared whole, never by hash alone.  Memory: the keys, and about
 * 40 bytes an entry.
 */
#ifndef RDL_CORE_MAP_H
#define RDL_CORE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct rdl_map_entry {
	const char *key;	/* NUL behind it, not counted in len */
	size_t len;
	uint64_t hash;
	uint64_t value;		/* free to change */
};

struct rdl_map {
	struct rdl_map_entry *entries;	/* in insertion order */
	size_t count;
	uint32_t *slots;		/* index + 1, 0 for empty */
	size_t nslots;
	struct rdl_arena keys;
};

#define RDL_MAP_INIT { NULL, 0, NULL, 0, RDL_ARENA_INIT }

/* The entry of a key, or NULL. Valid until the next rdl_map_put(). */
struct rdl_map_entry *rdl_map_get(const struct rdl_map *m, const char *key,
    size_t len);

/* The entry of a key, made with value 0 when missing; *made says which.
 * made may be NULL.  Copies the key. */
struct rdl_map_entry *rdl_map_put(struct rdl_map *m, const char *key,
    size_t len, int *made);

void rdl_map_release(struct rdl_map *m);

#endif
