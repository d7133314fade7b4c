/*
 * The state of a rate limit, shared by all processes on one ledger.
 * The ledger keeps a text for each limited key and gives it to one process at a
 * time; what the text means is the limiter's affair (model/limiter.h).
 */
#ifndef RDL_LEDGER_QUOTA_H
#define RDL_LEDGER_QUOTA_H

#include "core/buf.h"
#include "core/hash.h"
#include "ledger/ledger.h"

/* Replace the text in state (empty if there was none). ctx is the caller's. */
typedef void (*rdl_quota_fn)(struct rdl_buf *state, void *ctx);

/*
 * Read the state called name, let fn change it, write it back, all under the
 * write lock of the ledger.  label is for people who read the table
 * ("https://api.openai.com/v1 gpt-4o"); no key stands in it.
 */
int rdl_quota_update(struct rdl_ledger *l, const struct rdl_hash *name,
    const char *label, rdl_quota_fn fn, void *ctx, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A random text of the ledger, made once: salts the names, so that a name
 * tells nothing about a key.  Borrowed. */
const char *rdl_quota_salt(struct rdl_ledger *l);

#endif
