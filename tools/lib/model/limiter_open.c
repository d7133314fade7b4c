/*
 * The limiter of a model on the quota table of the ledger.
 * Names the state by server, model and key, salted, so that the name tells
 * nothing about the key.  Does not limit.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "ledger/quota.h"
#include "model/limiter_impl.h"

struct where {
	struct rdl_ledger *ledger;
	struct rdl_hash name;
	char *label;
};

static int
update(void *arg, rdl_limiter_text_fn fn, void *ctx, struct rdl_err *err)
{
	struct where *w = arg;

	return rdl_quota_update(w->ledger, &w->name, w->label, fn, ctx, err);
}

static void
release(void *arg)
{
	struct where *w = arg;

	free(w->label);
	free(w);
}

static void
name_it(struct where *w, const struct rdl_model *m)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_FILE_MAX);

	rdl_buf_adds(&b, rdl_quota_salt(w->ledger));
	rdl_buf_addc(&b, '\n');
	rdl_buf_adds(&b, m->base_url);
	rdl_buf_addc(&b, '\n');
	rdl_buf_adds(&b, m->remote);
	rdl_buf_addc(&b, '\n');
	rdl_buf_adds(&b, m->key != NULL ? m->key : "");
	w->name = rdl_hash_of(b.p, b.len);
	rdl_buf_reset(&b);
	rdl_buf_addf(&b, "%s %s", m->base_url, m->remote);
	w->label = rdl_buf_detach(&b, NULL);
	rdl_buf_release(&b);
}

int
rdl_limiter_open(struct rdl_limiter **out, const struct rdl_model *m,
    struct rdl_ledger *l, struct rdl_err *err)
{
	struct rdl_limiter_store store = { update, release, NULL };
	struct where *w;

	(void)err;
	if (l != NULL) {
		w = rdl_mem_calloc(1, sizeof(*w));
		w->ledger = l;
		name_it(w, m);
		store.where = w;
	}
	*out = rdl_limiter_new(&m->limits, l != NULL ? &store : NULL,
	    rdl_rng_entropy());
	return 0;
}
