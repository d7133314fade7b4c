/*
 * Ranks by hash, splits by share, caps by group: samples without an order.
 * Works on what the caller has in memory.  Reads and writes no files.
 */
#include "domain/sampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/num.h"

uint64_t
rdl_sampling_rank(int64_t seed, const char *what, const void *key, size_t len)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_LINE_MAX + 128);
	struct rdl_hash h;
	uint64_t rank = 0;
	size_t i;

	rdl_buf_addf(&text, "%s:%lld:", what, (long long)seed);
	rdl_buf_add(&text, key, len);
	h = rdl_hash_of(text.p, text.len);
	rdl_buf_release(&text);
	for (i = 0; i < 8; i++)
		rank = rank << 8 | h.b[i];
	return rank;
}

/* The upper 53 bits as a share of 1. */
static double
share_of(uint64_t rank)
{
	return (double)(rank >> 11) / 9007199254740992.0;
}

bool
rdl_sampling_within(uint64_t rank, double share)
{
	return share_of(rank) < share;
}

static int
read_split(struct rdl_sampling_splits *s, const char *text, size_t len,
    struct rdl_err *err)
{
	const char *eq = memchr(text, '=', len);
	double before = s->n > 0 ? s->upto[s->n - 1] : 0, share;
	size_t i, name = eq != NULL ? (size_t)(eq - text) : 0;
	char number[32];

	if (s->n == RDL_SAMPLING_SPLITS)
		return rdl_err_set(err, RDL_E_USAGE, "more than %d splits",
		    RDL_SAMPLING_SPLITS);
	if (name == 0 || name >= sizeof(s->names[0]) ||
	    len - name - 1 >= sizeof(number))
		return rdl_err_set(err, RDL_E_USAGE,
		    "splits are written NAME=SHARE,NAME=SHARE");
	for (i = 0; i < name; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789_",
		    text[i]) == NULL)
			return rdl_err_set(err, RDL_E_USAGE,
			    "names of splits are made of a-z, 0-9 and _");
	for (i = 0; i < s->n; i++)
		if (strlen(s->names[i]) == name &&
		    memcmp(s->names[i], text, name) == 0)
			return rdl_err_set(err, RDL_E_USAGE,
			    "the split %s stands twice", s->names[i]);
	memcpy(number, eq + 1, len - name - 1);
	number[len - name - 1] = '\0';
	if (rdl_num_real(number, 0, 1, &share, err) < 0)
		return rdl_err_prefix(err, "share of a split");
	if (share <= 0)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the share of a split is above 0");
	memcpy(s->names[s->n], text, name);
	s->names[s->n][name] = '\0';
	s->upto[s->n++] = before + share;
	return 0;
}

int
rdl_sampling_splits(struct rdl_sampling_splits *s, const char *text,
    struct rdl_err *err)
{
	const char *end;
	size_t len;

	memset(s, 0, sizeof(*s));
	for (;; text = end + 1) {
		end = strchr(text, ',');
		len = end != NULL ? (size_t)(end - text) : strlen(text);
		if (read_split(s, text, len, err) < 0)
			return -1;
		if (end == NULL)
			break;
	}
	if (fabs(s->upto[s->n - 1] - 1) > 1e-9)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the shares of the splits sum to %.9g, not to 1",
		    s->upto[s->n - 1]);
	s->upto[s->n - 1] = 1;
	return 0;
}

size_t
rdl_sampling_split(const struct rdl_sampling_splits *s, uint64_t rank)
{
	double share = share_of(rank);
	size_t i = 0;

	while (i + 1 < s->n && share >= s->upto[i])
		i++;
	return i;
}

static int
by_rank(const void *a, const void *b)
{
	const struct rdl_sampling_item *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Room in all groups of the item?  0, or 1 + the cap without. */
static int
full_cap(const struct rdl_sampling_item *it, uint32_t *const *used,
    const uint32_t *caps, size_t ncaps)
{
	size_t i;

	for (i = 0; i < ncaps; i++)
		if (used[i][it->keys[i]] >= caps[i])
			return (int)i + 1;
	return 0;
}

void
rdl_sampling_choose(struct rdl_sampling_item *items, size_t n, int64_t size,
    const uint32_t *caps, size_t ncaps)
{
	uint32_t *used[RDL_SAMPLING_CAPS] = { NULL }, top;
	int64_t kept = 0;
	size_t i, c;

	if (n == 0)
		return;
	for (c = 0; c < ncaps; c++) {
		top = 0;
		for (i = 0; i < n; i++)
			if (items[i].keys[c] > top)
				top = items[i].keys[c];
		used[c] = rdl_mem_calloc((size_t)top + 1, sizeof(*used[c]));
	}
	qsort(items, n, sizeof(*items), by_rank);
	for (i = 0; i < n; i++) {
		if (size >= 0 && kept >= size) {
			items[i].lost = -1;
			continue;
		}
		items[i].lost = full_cap(&items[i], used, caps, ncaps);
		if (items[i].lost != 0)
			continue;
		for (c = 0; c < ncaps; c++)
			used[c][items[i].keys[c]]++;
		kept++;
	}
	for (c = 0; c < ncaps; c++)
		free(used[c]);
}
