/*
 * A hash map from byte strings to 64-bit values.
 * Open addressing, linear probing, at most 5/8 full; FNV-1a with a per-process
 * seed, so that hostile keys cannot be chosen to collide.
 */
#include "core/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"

static uint64_t
hash_key(const char *key, size_t len)
{
	static uint64_t seed;
	uint64_t h;
	size_t i;

	if (seed == 0)
		seed = rdl_rng_entropy() | 1;
	h = seed;
	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

/* The slot of a key: the one that holds it or the empty one it belongs in. */
static size_t
find_slot(const struct rdl_map *m, const char *key, size_t len, uint64_t hash)
{
	size_t i = hash & (m->nslots - 1);
	const struct rdl_map_entry *e;

	for (; m->slots[i] != 0; i = (i + 1) & (m->nslots - 1)) {
		e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && e->len == len &&
		    memcmp(e->key, key, len) == 0)
			break;
	}
	return i;
}

static void
grow(struct rdl_map *m)
{
	size_t i, n = m->nslots > 0 ? 2 * m->nslots : 16;
	const struct rdl_map_entry *e;

	free(m->slots);
	m->slots = rdl_mem_calloc(n, sizeof(*m->slots));
	m->nslots = n;
	m->entries = rdl_mem_realloc(m->entries, n * 5 / 8 + 1,
	    sizeof(*m->entries));
	for (i = 0; i < m->count; i++) {
		e = &m->entries[i];
		m->slots[find_slot(m, e->key, e->len, e->hash)] =
		    (uint32_t)(i + 1);
	}
}

struct rdl_map_entry *
rdl_map_get(const struct rdl_map *m, const char *key, size_t len)
{
	uint32_t at;

	if (m->count == 0)
		return NULL;
	at = m->slots[find_slot(m, key, len, hash_key(key, len))];
	return at == 0 ? NULL : &m->entries[at - 1];
}

struct rdl_map_entry *
rdl_map_put(struct rdl_map *m, const char *key, size_t len, int *made)
{
	struct rdl_map_entry *e = rdl_map_get(m, key, len);

	if (made != NULL)
		*made = e == NULL;
	if (e != NULL)
		return e;
	if (m->count + 1 > m->nslots * 5 / 8) {
		if (m->count >= UINT32_MAX / 2)
			rdl_mem_exhausted(SIZE_MAX);
		grow(m);
	}
	e = &m->entries[m->count];
	e->key = rdl_arena_dup(&m->keys, key, len);
	e->len = len;
	e->hash = hash_key(key, len);
	e->value = 0;
	m->slots[find_slot(m, key, len, e->hash)] = (uint32_t)++m->count;
	return e;
}

void
rdl_map_release(struct rdl_map *m)
{
	free(m->entries);
	free(m->slots);
	rdl_arena_release(&m->keys);
	*m = (struct rdl_map)RDL_MAP_INIT;
}
