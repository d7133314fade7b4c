/*
 * The reply cache: every model call that was answered, found by the SHA-256 of
 * its canonical request and compared with the whole request.
 * A reply is here before anything parses it.
 */
#ifndef RDL_LEDGER_CALLS_H
#define RDL_LEDGER_CALLS_H

#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"
#include "ledger/ledger.h"

/* One call.  Counts and amounts of -1 are unknown. */
struct rdl_call {
	struct rdl_sha256 key;		/* SHA-256 of request; the ledger keeps
					 * and gives its first 128 bits */
	const char *request;		/* canonical request; images by hash */
	size_t request_len;
	const char *reply;		/* raw body as the server sent it */
	size_t reply_len;
	const char *endpoint;		/* base URL, no key in it */
	const char *model;		/* asked for */
	const char *resolved;		/* the server says it used, or NULL */
	const char *finish;		/* stop, length, content_filter, ... */
	const char *server_id;		/* x-request-id or body id, or NULL */
	int http_status;
	int attempts;			/* tries that this answer took, >= 1 */
	int64_t latency_ms;		/* of the try that was answered */
	int64_t tokens_in;		/* all prompt tokens, cached ones too */
	int64_t tokens_cached;
	int64_t tokens_out;		/* all completion tokens */
	int64_t tokens_reasoning;
	int64_t cost_pusd;		/* 1e-12 dollars, -1 unknown */
};

/* Find the answer to a request.  Returns 1 with *out filled (pointers valid
 * until the next find or get), 0 if it was never asked, -1 on error: also when
 * another request has this key. */
int rdl_calls_find(struct rdl_ledger *l, const struct rdl_sha256 *key,
    const char *request, size_t len, struct rdl_call *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/*
 * The reply alone, for a caller that has many to look up: found, it costs half
 * of rdl_calls_find(), which it is like otherwise (*reply is valid until the
 * next find, get or reply).  After a hit the next look-ups share its view of
 * the ledger until one misses, something is written, or rdl_calls_rest():
 * call that before anything that may wait.  A miss is never that of an old
 * view.
 */
int rdl_calls_reply(struct rdl_ledger *l, const struct rdl_sha256 *key,
    const char *request, size_t len, const char **reply, size_t *reply_len,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_calls_rest(struct rdl_ledger *l);

/* The call of this name (the first 128 bits of its key), as rdl_calls_find()
 * otherwise. */
int rdl_calls_get(struct rdl_ledger *l, const struct rdl_hash *name,
    struct rdl_call *out, struct rdl_err *err) RDL_MUST_CHECK;

/*
 * Add an answer.  It is on disk, and seen by other processes, after
 * rdl_calls_commit(): add all replies that came together, commit, then parse.
 * If another process was answered first, its reply stays and ours is counted
 * in the call's "paid" column.  From the first add to the commit no other
 * process can write: commit soon.
 */
int rdl_calls_add(struct rdl_ledger *l, const struct rdl_call *call,
    struct rdl_err *err) RDL_MUST_CHECK;

int rdl_calls_commit(struct rdl_ledger *l, struct rdl_err *err)
    RDL_MUST_CHECK;

/* An image that a request names by hash: where it was found. */
int rdl_calls_image(struct rdl_ledger *l, const struct rdl_sha256 *hash,
    const char *uri, const char *media_type, uint64_t bytes,
    struct rdl_err *err) RDL_MUST_CHECK;

/* What a model costs from a day on ("2026-11-23", UTC), in 1e-12 dollars a
 * token (-1: unknown), and who says so.  Replaces what that day had. */
int rdl_calls_price(struct rdl_ledger *l, const char *model,
    const char *since, int64_t in_pusd, int64_t cached_pusd,
    int64_t out_pusd, const char *source, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
