/*
 * Faults: which rule meets which request.
 * Reads rules and the request's number, path and body; writes the counts of
 * the rules.  Does not carry a fault out: plan.c and serve.c do.
 */
#include "stub/fault.h"

#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "core/mem.h"
#include "stub/find.h"
#include "stub/word.h"

static const char *const names[] = {
	[RDL_FAULT_NONE] = "none",
	[RDL_FAULT_HTTP] = "http",
	[RDL_FAULT_QUOTA] = "quota",
	[RDL_FAULT_HTML] = "html",
	[RDL_FAULT_REDIRECT] = "redirect",
	[RDL_FAULT_HANG] = "hang",
	[RDL_FAULT_RESET] = "reset",
	[RDL_FAULT_CUT] = "cut",
	[RDL_FAULT_SLOW] = "slow",
	[RDL_FAULT_BAD_BODY] = "bad-body",
	[RDL_FAULT_INVALID_JSON] = "invalid-json",
	[RDL_FAULT_WRONG_SCHEMA] = "wrong-schema",
	[RDL_FAULT_LENGTH] = "length",
	[RDL_FAULT_REFUSAL] = "refusal",
	[RDL_FAULT_FILTER] = "filter",
	[RDL_FAULT_EMPTY] = "empty",
	[RDL_FAULT_HUGE] = "huge",
	[RDL_FAULT_SAME_IMAGE] = "same-image",
	[RDL_FAULT_BAD_IMAGE] = "bad-image",
	[RDL_FAULT_LATENCY] = "latency",
};

const char *
rdl_fault_name(enum rdl_fault_kind kind)
{
	return names[kind];
}

enum rdl_fault_kind
rdl_fault_find(const char *name, size_t len)
{
	size_t i;

	for (i = 1; i < RDL_NELEM(names); i++)
		if (strlen(names[i]) == len &&
		    memcmp(names[i], name, len) == 0)
			return (enum rdl_fault_kind)i;
	return RDL_FAULT_NONE;
}

struct rdl_fault *
rdl_fault_add(struct rdl_faults *f, enum rdl_fault_kind kind)
{
	struct rdl_fault *r;

	f->v = rdl_mem_realloc(f->v, f->n + 1, sizeof(*f->v));
	r = &f->v[f->n++];
	*r = (struct rdl_fault){ .kind = kind, .rate = -1,
		.retry_after_s = -1, .retry_after_ms = -1, .bytes = -1,
		.bytes_per_s = 100, .seen = RDL_MAP_INIT };
	return r;
}

static bool
numbered(const struct rdl_fault *r, int64_t n)
{
	size_t i;

	if ((r->from > 0 && n < r->from) || (r->to > 0 && n > r->to) ||
	    (r->every > 0 && n % r->every != 0))
		return false;
	if (r->nat == 0)
		return true;
	for (i = 0; i < r->nat; i++)
		if (r->at[i] == n)
			return true;
	return false;
}

/* Uniform in [0, 1), by seed, rule and body alone. */
static double
die(const struct rdl_faults *f, size_t rule, const struct rdl_fault_of *of)
{
	uint64_t h = rdl_word_mix(f->seed + rule, of->hash[0], of->hash[1]);

	return (double)(h >> 11) * 0x1p-53;
}

static bool
meets(struct rdl_faults *f, size_t rule, const struct rdl_fault_of *of)
{
	struct rdl_fault *r = &f->v[rule];
	struct rdl_map_entry *e;

	if (!numbered(r, of->n) ||
	    (r->path != NULL && strcmp(r->path, of->path) != 0) ||
	    (r->rate >= 0 && die(f, rule, of) >= r->rate) ||
	    (r->match != NULL && !rdl_find_bytes(of->body,
		    of->len, r->match, strlen(r->match))))
		return false;
	if (r->times == 0)
		return true;
	e = rdl_map_put(&r->seen, (const char *)of->hash, sizeof(of->hash),
	    NULL);
	if (e->value >= (uint64_t)r->times)
		return false;
	e->value++;
	return true;
}

const struct rdl_fault *
rdl_fault_pick(struct rdl_faults *f, const struct rdl_fault_of *of,
    int64_t *wait_us)
{
	const struct rdl_fault *r;
	double share;
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (!meets(f, i, of))
			continue;
		r = &f->v[i];
		if (r->kind != RDL_FAULT_LATENCY)
			return r;
		*wait_us += r->ms * 1000;
		if (r->to_ms > r->ms) {
			share = die(f, i + f->n, of);
			*wait_us += (int64_t)(share *
			    (double)((r->to_ms - r->ms) * 1000));
		}
	}
	return NULL;
}

void
rdl_fault_release(struct rdl_faults *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		free(f->v[i].at);
		free(f->v[i].match);
		free(f->v[i].path);
		free(f->v[i].location);
		free(f->v[i].message);
		rdl_map_release(&f->v[i].seen);
	}
	free(f->v);
	*f = (struct rdl_faults)RDL_FAULTS_INIT;
}
