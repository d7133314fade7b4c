/*
 * An index of texts by the sets of their shingles, for near-duplicates.
 * Holds the sets of all texts that were added.  Reads and writes no files.
 */
#include "domain/minhash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/utf8.h"

#define HASHES (RDL_MINHASH_BANDS * RDL_MINHASH_ROWS)

/* Chains of texts by the key of a band: heads by the low bits of the key. */
struct band {
	uint32_t *heads;	/* number + 1 of the last text, 0 for none */
	uint32_t *next;		/* [cap], likewise */
	uint32_t *keys;		/* [cap] */
};

struct rdl_minhash {
	double threshold;
	uint32_t mul[HASHES], add[HASHES];
	struct band bands[RDL_MINHASH_BANDS];
	size_t n, cap, nheads;		/* nheads is a power of two */
	/* The set of text i: grams[at[i]..at[i + 1]), ascending. */
	uint64_t *at;
	uint32_t *grams;
	size_t grams_cap;
	uint32_t *seen;			/* [cap]: 1 + the text that met it */
	uint32_t turn;
	struct rdl_buf folded;
};

struct rdl_minhash *
rdl_minhash_new(double threshold)
{
	struct rdl_minhash *m = rdl_mem_calloc(1, sizeof(*m));
	struct rdl_rng rng = { 1 };
	size_t i;

	m->threshold = threshold;
	for (i = 0; i < HASHES; i++) {
		m->mul[i] = (uint32_t)rdl_rng_next(&rng) | 1;
		m->add[i] = (uint32_t)rdl_rng_next(&rng);
	}
	m->at = rdl_mem_calloc(1, sizeof(*m->at));
	rdl_buf_init(&m->folded, 4 * RDL_LINE_MAX);
	return m;
}

void
rdl_minhash_free(struct rdl_minhash *m)
{
	size_t i;

	if (m == NULL)
		return;
	for (i = 0; i < RDL_MINHASH_BANDS; i++) {
		free(m->bands[i].heads);
		free(m->bands[i].next);
		free(m->bands[i].keys);
	}
	free(m->at);
	free(m->grams);
	free(m->seen);
	rdl_buf_release(&m->folded);
	free(m);
}

double
rdl_minhash_recall(double j)
{
	return 1 - pow(1 - pow(j, RDL_MINHASH_ROWS), RDL_MINHASH_BANDS);
}

static int
by_value(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Mix of murmur3 (public domain): every bit of the shingle reaches every bit
 * of its hash. */
static uint32_t
gram_hash(const unsigned char *p, size_t n)
{
	uint64_t h = n;
	size_t i;

	for (i = 0; i < n; i++)
		h = h << 8 | p[i];
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(h >> 32);
}

/* The set of the folded text behind the sets that are there; its size. */
static size_t
make_set(struct rdl_minhash *m)
{
	const unsigned char *p = (const unsigned char *)m->folded.p;
	size_t len = m->folded.len, n, i, kept = 0;
	uint64_t at = m->at[m->n];
	uint32_t *g;

	n = len > RDL_MINHASH_GRAM ? len - RDL_MINHASH_GRAM + 1 : 1;
	if (at + n > m->grams_cap) {
		m->grams_cap = 2 * m->grams_cap + n;
		m->grams = rdl_mem_realloc(m->grams, m->grams_cap,
		    sizeof(*m->grams));
	}
	g = m->grams + at;
	for (i = 0; i < n; i++)
		g[i] = gram_hash(p + i, len < RDL_MINHASH_GRAM ? len :
		    RDL_MINHASH_GRAM);
	qsort(g, n, sizeof(*g), by_value);
	for (i = 0; i < n; i++)
		if (i == 0 || g[i] != g[i - 1])
			g[kept++] = g[i];
	return kept;
}

__attribute__((target_clones("avx512f", "avx2", "default")))
static void
minima(const struct rdl_minhash *m, const uint32_t *g, size_t n,
    uint32_t min[HASHES])
{
	size_t i, j;

	for (j = 0; j < HASHES; j++)
		min[j] = UINT32_MAX;
	for (i = 0; i < n; i++)
		for (j = 0; j < HASHES; j++) {
			uint32_t h = g[i] * m->mul[j] + m->add[j];

			h ^= h >> 15;
			min[j] = h < min[j] ? h : min[j];
		}
}

static uint32_t
band_key(const uint32_t *rows)
{
	uint64_t h = 0;
	size_t i;

	for (i = 0; i < RDL_MINHASH_ROWS; i++)
		h = (h ^ rows[i]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
	return (uint32_t)(h >> 32);
}

/* |A and B| / |A or B| of two ascending sets. */
static double
similarity(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	size_t i = 0, j = 0, both = 0;

	while (i < na && j < nb) {
		uint32_t x = a[i], y = b[j];

		both += x == y;
		i += x <= y;
		j += y <= x;
	}
	return (double)both / (double)(na + nb - both);
}

static void
grow(struct rdl_minhash *m)
{
	size_t b, i, slot, cap = m->cap > 0 ? 2 * m->cap : 1024;

	m->at = rdl_mem_realloc(m->at, cap + 1, sizeof(*m->at));
	m->seen = rdl_mem_realloc(m->seen, cap, sizeof(*m->seen));
	memset(m->seen + m->cap, 0, (cap - m->cap) * sizeof(*m->seen));
	m->cap = cap;
	m->nheads = cap;
	for (b = 0; b < RDL_MINHASH_BANDS; b++) {
		struct band *d = &m->bands[b];

		d->next = rdl_mem_realloc(d->next, cap, sizeof(*d->next));
		d->keys = rdl_mem_realloc(d->keys, cap, sizeof(*d->keys));
		free(d->heads);
		d->heads = rdl_mem_calloc(m->nheads, sizeof(*d->heads));
		for (i = 0; i < m->n; i++) {
			slot = d->keys[i] & (m->nheads - 1);
			d->next[i] = d->heads[slot];
			d->heads[slot] = (uint32_t)i + 1;
		}
	}
}

/* The earliest text near the set of n, among those that share a band. */
static int
look(struct rdl_minhash *m, const uint32_t *keys, size_t n,
    uint32_t *number, double *jaccard)
{
	const uint32_t *g = m->grams + m->at[m->n], *other;
	size_t b, size;
	uint32_t i;
	double s;
	int found = 0;

	if (++m->turn == 0) {
		memset(m->seen, 0, m->cap * sizeof(*m->seen));
		m->turn = 1;
	}
	for (b = 0; b < RDL_MINHASH_BANDS; b++)
		for (i = m->bands[b].heads[keys[b] & (m->nheads - 1)]; i > 0;
		    i = m->bands[b].next[i - 1]) {
			if (m->bands[b].keys[i - 1] != keys[b] ||
			    m->seen[i - 1] == m->turn ||
			    (found && i - 1 > *number))
				continue;
			m->seen[i - 1] = m->turn;
			other = m->grams + m->at[i - 1];
			size = (size_t)(m->at[i] - m->at[i - 1]);
			s = similarity(g, n, other, size);
			if (s < m->threshold)
				continue;
			*number = i - 1;
			*jaccard = s;
			found = 1;
		}
	return found;
}

int
rdl_minhash_add(struct rdl_minhash *m, const char *text, size_t len,
    uint32_t *number, double *jaccard, struct rdl_err *err)
{
	uint32_t min[HASHES], keys[RDL_MINHASH_BANDS];
	size_t n, b, slot;

	if (m->n + 1 >= UINT32_MAX)
		return rdl_err_set(err, RDL_E_INPUT, "too many texts");
	rdl_buf_reset(&m->folded);
	if (rdl_utf8_fold(&m->folded, text, len) < 0 ||
	    rdl_buf_full(&m->folded))
		return rdl_err_set(err, RDL_E_INPUT, "not UTF-8");
	rdl_buf_adds(&m->folded, "");
	if (m->n == m->cap)
		grow(m);
	n = make_set(m);
	minima(m, m->grams + m->at[m->n], n, min);
	for (b = 0; b < RDL_MINHASH_BANDS; b++)
		keys[b] = band_key(min + b * RDL_MINHASH_ROWS);
	if (look(m, keys, n, number, jaccard))
		return 1;
	for (b = 0; b < RDL_MINHASH_BANDS; b++) {
		slot = keys[b] & (m->nheads - 1);
		m->bands[b].keys[m->n] = keys[b];
		m->bands[b].next[m->n] = m->bands[b].heads[slot];
		m->bands[b].heads[slot] = (uint32_t)m->n + 1;
	}
	*number = (uint32_t)m->n;
	*jaccard = 1;
	m->at[m->n + 1] = m->at[m->n] + n;
	m->n++;
	return 0;
}
