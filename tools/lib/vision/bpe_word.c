/*
 * Byte-pair encoding of one word (Sennrich et al. 2016; bytes as in GPT-2).
 * Reads the merges; the pair of lowest rank goes first, of equals the leftmost.
 * Keeps what short words gave, in a cache of fixed size.
 */
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "core/mem.h"
#include "vision/bpe_impl.h"

/* A power of two: 1 MiB of slots, of which each word has one. */
#define SLOTS 16384
#define SLOT_KEY 30
#define SLOT_IDS 8

struct rdl_bpe_slot {
	unsigned char len, n;	/* len 0: empty */
	char key[SLOT_KEY];
	int32_t ids[SLOT_IDS];
};

static size_t
hash_pair(uint64_t key)
{
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key ^ key >> 32);
}

/* The slot of a pair, or the empty one where it belongs. */
static struct rdl_bpe_pair *
pair_slot(const struct rdl_bpe *b, uint64_t key)
{
	size_t i = hash_pair(key) & b->pairs_mask;

	while (b->pairs[i].id >= 0 && b->pairs[i].key != key)
		i = (i + 1) & b->pairs_mask;
	return &b->pairs[i];
}

static uint64_t
pair_key(int32_t left, int32_t right)
{
	return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

/* The pair of two ids, or NULL. */
static const struct rdl_bpe_pair *
find_pair(const struct rdl_bpe *b, int32_t left, int32_t right)
{
	const struct rdl_bpe_pair *p;

	if (b->npairs == 0)
		return NULL;
	p = pair_slot(b, pair_key(left, right));
	return p->id < 0 ? NULL : p;
}

static void
grow_pairs(struct rdl_bpe *b)
{
	struct rdl_bpe_pair *old = b->pairs;
	size_t i, n = old == NULL ? 0 : b->pairs_mask + 1;

	b->pairs_mask = n == 0 ? 4095 : 2 * n - 1;
	b->pairs = rdl_mem_calloc(b->pairs_mask + 1, sizeof(*b->pairs));
	for (i = 0; i <= b->pairs_mask; i++)
		b->pairs[i].id = -1;
	for (i = 0; i < n; i++)
		if (old[i].id >= 0)
			*pair_slot(b, old[i].key) = old[i];
	free(old);
}

void
rdl_bpe_word_add_pair(struct rdl_bpe *b, int32_t left, int32_t right,
    uint32_t rank, int32_t id)
{
	struct rdl_bpe_pair *p;

	if (b->pairs == NULL || b->npairs >= b->pairs_mask / 2)
		grow_pairs(b);
	p = pair_slot(b, pair_key(left, right));
	if (p->id < 0)
		b->npairs++;
	*p = (struct rdl_bpe_pair){ pair_key(left, right), rank, id };
}

/* Put the pair that begins at symbol at, if it merges, into the heap. */
static void
push(struct rdl_bpe *b, uint32_t at)
{
	const struct rdl_bpe_symbol *s = &b->symbols[at];
	const struct rdl_bpe_pair *p;
	uint64_t item;
	size_t i, up;

	if (s->next == RDL_BPE_NONE)
		return;
	p = find_pair(b, s->id, b->symbols[s->next].id);
	if (p == NULL)
		return;
	item = (uint64_t)p->rank << 32 | at;
	for (i = b->heap_n++; i > 0; i = up) {
		up = (i - 1) / 2;
		if (b->heap[up] <= item)
			break;
		b->heap[i] = b->heap[up];
	}
	b->heap[i] = item;
}

/* Take the least item out of the heap, which is not empty. */
static uint64_t
pop(struct rdl_bpe *b)
{
	uint64_t top = b->heap[0], item = b->heap[--b->heap_n];
	size_t i = 0, down;

	while ((down = 2 * i + 1) < b->heap_n) {
		if (down + 1 < b->heap_n && b->heap[down + 1] < b->heap[down])
			down++;
		if (b->heap[down] >= item)
			break;
		b->heap[i] = b->heap[down];
		i = down;
	}
	b->heap[i] = item;
	return top;
}

/* Merge the pair at symbol at, unless it is another one by now. */
static void
merge(struct rdl_bpe *b, uint32_t at, uint32_t rank)
{
	struct rdl_bpe_symbol *s = &b->symbols[at], *gone;
	const struct rdl_bpe_pair *p;

	if (s->id < 0 || s->next == RDL_BPE_NONE)
		return;
	gone = &b->symbols[s->next];
	p = find_pair(b, s->id, gone->id);
	if (p == NULL || p->rank != rank)
		return;
	s->id = p->id;
	s->next = gone->next;
	gone->id = -1;
	if (s->next != RDL_BPE_NONE)
		b->symbols[s->next].prev = at;
	if (s->prev != RDL_BPE_NONE)
		push(b, s->prev);
	push(b, at);
}

/* Room for a word of len bytes.  A merge takes an item out of the heap and
 * puts two in, and there are at most len - 1 merges. */
static void
make_room(struct rdl_bpe *b, size_t len)
{
	if (len <= b->word_room)
		return;
	b->word_room = len < 256 ? 256 : len;
	b->symbols = rdl_mem_realloc(b->symbols, b->word_room,
	    sizeof(*b->symbols));
	b->ids = rdl_mem_realloc(b->ids, b->word_room, sizeof(*b->ids));
	b->heap = rdl_mem_realloc(b->heap, 2 * b->word_room,
	    sizeof(*b->heap));
}

/* The ids of a word into b->ids: how many. */
static size_t
merge_word(struct rdl_bpe *b, const char *p, size_t len)
{
	const unsigned char *byte = (const unsigned char *)p;
	uint64_t item;
	uint32_t i;
	size_t n = 0;

	make_room(b, len);
	b->heap_n = 0;
	for (i = 0; i < len; i++)
		b->symbols[i] = (struct rdl_bpe_symbol){ i + 1 < len ?
		    b->byte[byte[i]] : b->last[byte[i]],
		    i > 0 ? i - 1 : RDL_BPE_NONE,
		    i + 1 < len ? i + 1 : RDL_BPE_NONE };
	for (i = 0; i < len; i++)
		push(b, i);
	while (b->heap_n > 0) {
		item = pop(b);
		merge(b, (uint32_t)item, (uint32_t)(item >> 32));
	}
	for (i = 0; i != RDL_BPE_NONE; i = b->symbols[i].next)
		b->ids[n++] = b->symbols[i].id;
	return n;
}

const int32_t *
rdl_bpe_word_ids(struct rdl_bpe *b, const char *p, size_t len, size_t *n)
{
	struct rdl_bpe_slot *s;

	if (len > SLOT_KEY) {
		*n = merge_word(b, p, len);
		return b->ids;
	}
	if (b->cache == NULL)
		b->cache = rdl_mem_calloc(SLOTS, sizeof(*b->cache));
	s = &b->cache[XXH3_64bits(p, len) & (SLOTS - 1)];
	if (s->len == len && memcmp(s->key, p, len) == 0) {
		*n = s->n;
		return s->ids;
	}
	*n = merge_word(b, p, len);
	if (*n <= SLOT_IDS) {
		s->len = (unsigned char)len;
		s->n = (unsigned char)*n;
		memcpy(s->key, p, len);
		memcpy(s->ids, b->ids, *n * sizeof(*b->ids));
	}
	return b->ids;
}

void
rdl_bpe_word_release(struct rdl_bpe *b, bool only_large)
{
	if (!only_large) {
		free(b->cache);
		b->cache = NULL;
	}
	if (only_large && b->word_room < 64 * RDL_KIB)
		return;
	free(b->symbols);
	free(b->ids);
	free(b->heap);
	b->symbols = NULL;
	b->ids = NULL;
	b->heap = NULL;
	b->word_room = 0;
}
