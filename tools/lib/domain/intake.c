/*
 * Files of the walk and of servers, in one order.
 * Reads files and asks servers.  While the oldest download is waited for,
 * those of the next addresses are under way.
 */
#include "domain/intake.h"

#include <stdlib.h>

#include "core/mem.h"
#include "domain/fetch.h"

#define TIMEOUT_MS 60000	/* one try of one download */

struct rdl_intake {
	struct rdl_walk *walk;
	struct rdl_fetch *fetch;
	/* Read and not yet given out, the oldest at first.  All but the last
	 * are addresses. */
	struct rdl_intake_item *ahead[RDL_FETCH_MAX + 1];
	size_t first, n;
	bool ended;
	struct rdl_err err;	/* why, if it is not the end of all lists */
};

#define AHEAD_MAX RDL_NELEM(((struct rdl_intake *)NULL)->ahead)

struct rdl_intake *
rdl_intake_new(const struct rdl_strs *paths, const struct rdl_strs *lists,
    const struct rdl_walk_opts *opts)
{
	struct rdl_intake *in = rdl_mem_calloc(1, sizeof(*in));

	in->walk = rdl_walk_new(paths, lists, opts);
	in->fetch = rdl_fetch_new(TIMEOUT_MS);
	return in;
}

void
rdl_intake_free(struct rdl_intake *in)
{
	size_t i;

	if (in == NULL)
		return;
	for (i = 0; i < in->n; i++)
		rdl_intake_item_free(in->ahead[(in->first + i) % AHEAD_MAX]);
	rdl_walk_free(in->walk);
	rdl_fetch_free(in->fetch);
	free(in);
}

void
rdl_intake_item_forget(struct rdl_intake_item *item)
{
	free(item->file);
	item->file = NULL;
}

void
rdl_intake_item_free(struct rdl_intake_item *item)
{
	if (item == NULL)
		return;
	free(item->path);
	free(item->file);
	free(item->caption);
	free(item->why);
	free(item);
}

bool
rdl_intake_ready(struct rdl_intake *in)
{
	return in->ended || in->n > 0 || rdl_walk_ready(in->walk);
}

uint64_t
rdl_intake_passed_over(const struct rdl_intake *in, const char **first)
{
	return rdl_walk_passed_over(in->walk, first);
}

/* A copy of what the walk found. */
static struct rdl_intake_item *
copy(const struct rdl_walk_item *from)
{
	struct rdl_intake_item *item = rdl_mem_calloc(1, sizeof(*item));

	item->path = rdl_mem_strdup(from->path);
	item->here = !from->member && from->kind != RDL_WALK_URL;
	item->coming = from->kind == RDL_WALK_URL;
	if (from->kind == RDL_WALK_LOST) {
		item->failed = from->failed;
		item->rule = from->rule;
		item->why = rdl_mem_strdup(from->why);
	} else if (from->kind == RDL_WALK_FILE) {
		item->len = from->len;
		item->file = rdl_mem_dup(from->file, from->len);
	}
	if (from->caption != NULL) {
		item->caption_len = from->caption_len;
		item->caption = rdl_mem_dup(from->caption, from->caption_len);
	}
	return item;
}

/* Read on: one item, or several addresses and what comes behind them. */
static int
look_ahead(struct rdl_intake *in, struct rdl_err *err)
{
	struct rdl_walk_item found;
	struct rdl_intake_item *item;
	int rc;

	while (!in->ended && in->n < AHEAD_MAX && rdl_fetch_room(in->fetch)) {
		if (in->n > 0 && (!rdl_walk_ready(in->walk) ||
		    !in->ahead[(in->first + in->n - 1) % AHEAD_MAX]->coming))
			break;
		rc = rdl_walk_next(in->walk, &found, &in->err);
		in->ended = rc <= 0;
		if (in->ended)
			break;
		item = copy(&found);
		in->ahead[(in->first + in->n++) % AHEAD_MAX] = item;
		if (item->coming &&
		    rdl_fetch_add(in->fetch, item->path, err) < 0)
			return -1;
	}
	return 0;
}

/* Wait for the file of an address. */
static int
arrive(struct rdl_intake *in, struct rdl_intake_item *item,
    struct rdl_err *err)
{
	struct rdl_fetch_result r;

	if (rdl_fetch_take(in->fetch, &r, err) < 0)
		return -1;
	item->coming = false;
	if (r.file != NULL) {
		item->len = r.len;
		item->file = rdl_mem_dup(r.file, r.len);
		return 0;
	}
	item->failed = true;
	item->rule = "http";
	item->why = rdl_mem_strdup(r.why);
	return 0;
}

int
rdl_intake_next(struct rdl_intake *in, struct rdl_intake_item **item,
    struct rdl_err *err)
{
	*item = NULL;
	if (look_ahead(in, err) < 0)
		return -1;
	if (in->n == 0) {
		*err = in->err;
		return in->err.cls == RDL_E_NONE ? 0 : -1;
	}
	if (in->ahead[in->first]->coming &&
	    arrive(in, in->ahead[in->first], err) < 0)
		return -1;
	*item = in->ahead[in->first];
	in->first = (in->first + 1) % AHEAD_MAX;
	in->n--;
	return 1;
}
