/*
 * The reply cache: every model call that was answered.
 * Reads and writes tables call, image and price.
 * Does not parse requests or replies.
 */
#include "ledger/calls.h"

#include <string.h>

#include "core/clock.h"
#include "ledger/ledger_private.h"

#define COLUMNS "hash, CAST(request AS BLOB), CAST(reply AS BLOB), endpoint, " \
	"model, resolved, finish, server_id, http_status, attempts, " \
	"latency_ms, tokens_in, tokens_cached, tokens_out, " \
	"tokens_reasoning, cost_pusd"

/* A copy of text column i that lives as long as the answer. */
static const char *
copy(struct rdl_ledger *l, struct rdl_stmt *s, int i, size_t *len)
{
	size_t n;
	const char *p = rdl_stmt_get_blob(s, i, &n);

	if (len != NULL)
		*len = n;
	if (rdl_stmt_is_null(s, i))
		return NULL;
	return rdl_arena_dup(&l->call, p, n);
}

static int64_t
number(struct rdl_stmt *s, int i)
{
	return rdl_stmt_is_null(s, i) ? -1 : rdl_stmt_get_int(s, i);
}

static void
read_call(struct rdl_ledger *l, struct rdl_stmt *s, struct rdl_call *out)
{
	const void *hash;
	size_t len;

	memset(out, 0, sizeof(*out));
	hash = rdl_stmt_get_blob(s, 0, &len);
	if (len == RDL_HASH_LEN)
		memcpy(out->key.b, hash, len);
	out->request = copy(l, s, 1, &out->request_len);
	out->reply = copy(l, s, 2, &out->reply_len);
	out->endpoint = copy(l, s, 3, NULL);
	out->model = copy(l, s, 4, NULL);
	out->resolved = copy(l, s, 5, NULL);
	out->finish = copy(l, s, 6, NULL);
	out->server_id = copy(l, s, 7, NULL);
	out->http_status = (int)number(s, 8);
	out->attempts = (int)number(s, 9);
	out->latency_ms = number(s, 10);
	out->tokens_in = number(s, 11);
	out->tokens_cached = number(s, 12);
	out->tokens_out = number(s, 13);
	out->tokens_reasoning = number(s, 14);
	out->cost_pusd = number(s, 15);
}

/* The statement is reset before we return: an open one would hold a read
 * snapshot, and the next write could fail for it. */
static int
get(struct rdl_ledger *l, const unsigned char *name, struct rdl_call *out,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "SELECT " COLUMNS
	    " FROM call WHERE hash = :hash", err);
	int rc;

	if (s == NULL)
		return -1;
	rdl_db_cache(l->db, RDL_DB_LOOKUPS);
	rdl_arena_reset(&l->call);
	rdl_stmt_blob(s, ":hash", name, RDL_HASH_LEN);
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		read_call(l, s, out);
	rdl_stmt_reset(s);
	return rc;
}

static int
collision(struct rdl_ledger *l, const struct rdl_sha256 *key,
    struct rdl_err *err)
{
	char hex[2 * RDL_HASH_LEN + 1];

	rdl_hash_hex(hex, key->b, RDL_HASH_LEN);
	return rdl_err_set(err, RDL_E_DB, "%s: call %s was made for another "
	    "request with the same hash: a collision, or a damaged ledger",
	    rdl_db_path(l->db), hex);
}

int
rdl_calls_find(struct rdl_ledger *l, const struct rdl_sha256 *key,
    const char *request, size_t len, struct rdl_call *out,
    struct rdl_err *err)
{
	int rc = get(l, key->b, out, err);

	if (rc <= 0)
		return rc;
	if (out->request_len != len || (len > 0 &&
	    memcmp(out->request, request, len) != 0))
		return collision(l, key, err);
	out->key = *key;
	return 1;
}

/* One look-up in the view there is. */
static int
reply_here(struct rdl_ledger *l, const struct rdl_sha256 *key,
    const char *request, size_t len, const char **reply, size_t *reply_len,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db,
	    "SELECT request, reply FROM call WHERE hash = :hash", err);
	const char *p;
	size_t n;
	int rc;

	if (s == NULL)
		return -1;
	rdl_db_cache(l->db, RDL_DB_LOOKUPS);
	rdl_arena_reset(&l->call);
	rdl_stmt_blob(s, ":hash", key->b, RDL_HASH_LEN);
	rc = rdl_stmt_step(s, err);
	if (rc > 0) {
		p = rdl_stmt_get_blob(s, 0, &n);
		if (n != len || (len > 0 && memcmp(p, request, len) != 0))
			rc = collision(l, key, err);
		else
			*reply = copy(l, s, 1, reply_len);
	}
	rdl_stmt_reset(s);
	return rc;
}

int
rdl_calls_reply(struct rdl_ledger *l, const struct rdl_sha256 *key,
    const char *request, size_t len, const char **reply, size_t *reply_len,
    struct rdl_err *err)
{
	bool old = rdl_db_held(l->db);
	int rc = rdl_db_hold(l->db, err);

	if (rc >= 0)
		rc = reply_here(l, key, request, len, reply, reply_len, err);
	if (rc == 0 && old) {
		/* Another process may have been answered since. */
		rdl_db_unhold(l->db);
		rc = reply_here(l, key, request, len, reply, reply_len, err);
	}
	if (rc <= 0)
		rdl_db_unhold(l->db);
	return rc;
}

void
rdl_calls_rest(struct rdl_ledger *l)
{
	rdl_db_unhold(l->db);
}

int
rdl_calls_get(struct rdl_ledger *l, const struct rdl_hash *name,
    struct rdl_call *out, struct rdl_err *err)
{
	return get(l, name->b, out, err);
}

/* -1 is unknown: NULL. */
static void
bind_number(struct rdl_stmt *s, const char *name, int64_t v)
{
	if (v < 0)
		rdl_stmt_null(s, name);
	else
		rdl_stmt_int(s, name, v);
}

static void
bind_str(struct rdl_stmt *s, const char *name, const char *str)
{
	rdl_ledger_bind_text(s, name, str, str == NULL ? 0 : strlen(str));
}

static void
bind_call(struct rdl_ledger *l, struct rdl_stmt *s,
    const struct rdl_call *call)
{
	rdl_stmt_blob(s, ":hash", call->key.b, RDL_HASH_LEN);
	bind_number(s, ":run", l->run > 0 ? l->run : -1);
	rdl_stmt_int(s, ":now", rdl_clock_wall_ms());
	bind_str(s, ":endpoint", call->endpoint);
	bind_str(s, ":model", call->model);
	bind_str(s, ":resolved", call->resolved);
	bind_str(s, ":finish", call->finish);
	bind_str(s, ":server_id", call->server_id);
	bind_number(s, ":http_status", call->http_status);
	bind_number(s, ":attempts", call->attempts);
	bind_number(s, ":latency_ms", call->latency_ms);
	bind_number(s, ":tokens_in", call->tokens_in);
	bind_number(s, ":tokens_cached", call->tokens_cached);
	bind_number(s, ":tokens_out", call->tokens_out);
	bind_number(s, ":tokens_reasoning", call->tokens_reasoning);
	bind_number(s, ":cost_pusd", call->cost_pusd);
	rdl_ledger_bind_text(s, ":request", call->request, call->request_len);
	rdl_ledger_bind_text(s, ":reply", call->reply != NULL ?
	    call->reply : "", call->reply_len);
}

/* Open the batch, if this is its first statement. */
static int
batch(struct rdl_ledger *l, struct rdl_err *err)
{
	return rdl_ledger_begin_write(l, err);
}

/* A failed statement may have ended the transaction: drop the batch, so that
 * nothing later is taken for part of it. */
static int
end_statement(struct rdl_ledger *l, int rc)
{
	if (rc < 0)
		rdl_db_rollback(l->db);
	return rc;
}

int
rdl_calls_add(struct rdl_ledger *l, const struct rdl_call *call,
    struct rdl_err *err)
{
	struct rdl_stmt *s;

	if (batch(l, err) < 0)
		return -1;
	s = rdl_db_prepare(l->db, "INSERT INTO call (hash, run, answered_ms, "
	    "endpoint, model, resolved, finish, server_id, http_status, "
	    "attempts, latency_ms, tokens_in, tokens_cached, tokens_out, "
	    "tokens_reasoning, cost_pusd, request, reply) VALUES (:hash, "
	    ":run, :now, :endpoint, :model, :resolved, :finish, :server_id, "
	    ":http_status, :attempts, :latency_ms, :tokens_in, "
	    ":tokens_cached, :tokens_out, :tokens_reasoning, :cost_pusd, "
	    ":request, :reply) ON CONFLICT (hash) DO UPDATE "
	    "SET paid = paid + 1 WHERE request = excluded.request", err);
	if (s == NULL)
		return end_statement(l, -1);
	bind_call(l, s, call);
	if (rdl_stmt_run(s, err) < 0)
		return end_statement(l, -1);
	if (rdl_db_changes(l->db) == 0)
		return end_statement(l, collision(l, &call->key, err));
	return 0;
}

int
rdl_calls_commit(struct rdl_ledger *l, struct rdl_err *err)
{
	if (!rdl_db_in_transaction(l->db))
		return 0;
	return rdl_ledger_end_write(l, 0, err);
}

int
rdl_calls_image(struct rdl_ledger *l, const struct rdl_sha256 *hash,
    const char *uri, const char *media_type, uint64_t bytes,
    struct rdl_err *err)
{
	struct rdl_stmt *s;

	if (batch(l, err) < 0)
		return -1;
	s = rdl_db_prepare(l->db, "INSERT OR IGNORE INTO image "
	    "(sha256, uri, media_type, bytes) "
	    "VALUES (:sha256, :uri, :media_type, :bytes)", err);
	if (s == NULL)
		return end_statement(l, -1);
	rdl_stmt_blob(s, ":sha256", hash->b, RDL_SHA256_LEN);
	bind_str(s, ":uri", uri);
	bind_str(s, ":media_type", media_type);
	rdl_stmt_int(s, ":bytes", (int64_t)bytes);
	return end_statement(l, rdl_stmt_run(s, err));
}

int
rdl_calls_price(struct rdl_ledger *l, const char *model, const char *since,
    int64_t in_pusd, int64_t cached_pusd, int64_t out_pusd,
    const char *source, struct rdl_err *err)
{
	struct rdl_stmt *s;

	if (batch(l, err) < 0)
		return -1;
	s = rdl_db_prepare(l->db, "INSERT OR REPLACE INTO price "
	    "(model, since, in_pusd, cached_pusd, out_pusd, source) "
	    "VALUES (:model, :since, :in, :cached, :out, :source)", err);
	if (s == NULL)
		return end_statement(l, -1);
	bind_str(s, ":model", model);
	bind_str(s, ":since", since);
	bind_number(s, ":in", in_pusd);
	bind_number(s, ":cached", cached_pusd);
	bind_number(s, ":out", out_pusd);
	bind_str(s, ":source", source);
	return end_statement(l, rdl_stmt_run(s, err));
}
