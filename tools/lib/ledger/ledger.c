/*
 * The ledger: records, edges and losses, appended in batches.
 * Reads and writes the ledger file; applies sql/NNNN_*.sql to older ones.
 * Runs are in run.c, look-ups in ledger_find.c.
 */
#include "ledger/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embed.h"
#include "core/mem.h"
#include "core/num.h"
#include "core/utf8.h"
#include "ledger/ledger_private.h"

#define LOSSES_MAX 4096			/* that wait */
#define ALIASES_MAX 16384
#define TEXT_MAX (4 * RDL_MIB)		/* of both */

/* The number of a migration: "sql/0001_ledger.sql" is 1; 0 for another file. */
static int64_t
migration_number(const char *path)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char digits[5] = "";
	int64_t n;

	if (strncmp(path, "sql/", 4) != 0 || strlen(path) < 9 ||
	    path[8] != '_')
		return 0;
	memcpy(digits, path + 4, 4);
	if (rdl_num_int(digits, 1, 9999, &n, &ignored) < 0)
		return 0;
	return n;
}

static int64_t
newest_version(void)
{
	const struct rdl_embed *e;
	int64_t n, newest = 0;

	for (e = rdl_embed_table; e->path != NULL; e++) {
		n = migration_number(e->path);
		if (n > newest)
			newest = n;
	}
	return newest;
}

static int
get_int(struct rdl_db *db, const char *sql, int64_t *out, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(db, sql, err);
	int rc;

	if (s == NULL)
		return -1;
	rc = rdl_stmt_step(s, err);
	if (rc > 0)
		*out = rdl_stmt_get_int(s, 0);
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

/* Apply one migration, unless another process was first. */
static int
migrate(struct rdl_db *db, const struct rdl_embed *e, struct rdl_err *err)
{
	char set[64];
	int64_t version = 0, n = migration_number(e->path);

	(void)snprintf(set, sizeof(set), "PRAGMA user_version = %" PRId64, n);
	if (rdl_db_begin(db, err) < 0)
		return -1;
	if (get_int(db, "PRAGMA user_version", &version, err) < 0)
		goto fail;
	if (version < n && (rdl_db_exec(db, e->text, err) < 0 ||
	    rdl_db_exec(db, set, err) < 0))
		goto fail;
	if (rdl_db_commit(db, err) == 0)
		return 0;
fail:
	rdl_db_rollback(db);
	return -1;
}

/* Bring the ledger to our version, or say why not. */
static int
check_version(struct rdl_db *db, bool writable, struct rdl_err *err)
{
	const struct rdl_embed *e;
	int64_t version = 0, ours = newest_version();

	if (get_int(db, "PRAGMA user_version", &version, err) < 0)
		return -1;
	if (version > ours)
		return rdl_err_set(err, RDL_E_DB, "%s: was made by a newer "
		    "riddle (ledger version %" PRId64 ", this one knows %"
		    PRId64 "): use that one, or another --ledger",
		    rdl_db_path(db), version, ours);
	if (version < ours && !writable)
		return rdl_err_set(err, RDL_E_DB, version == 0 ?
		    "%s: is empty, and no ledger yet" :
		    "%s: is of an older riddle; bring it forward with: "
		    "riddle ledger index", rdl_db_path(db));
	if (version == ours)
		return 0;
	for (e = rdl_embed_table; e->path != NULL; e++)
		if (migration_number(e->path) > version &&
		    migrate(db, e, err) < 0)
			return -1;
	return 0;
}

static int
read_salt(struct rdl_ledger *l, struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db,
	    "SELECT value FROM meta WHERE name = 'salt'", err);
	const char *text;
	int rc;

	if (s == NULL)
		return -1;
	rc = rdl_stmt_step(s, err);
	if (rc > 0 && (text = rdl_stmt_get_text(s, 0, NULL)) != NULL)
		(void)snprintf(l->salt, sizeof(l->salt), "%s", text);
	rdl_stmt_reset(s);
	return rc < 0 ? -1 : 0;
}

int
rdl_ledger_open(struct rdl_ledger **out, const char *path, bool writable,
    struct rdl_err *err)
{
	struct rdl_ledger *l = rdl_mem_calloc(1, sizeof(*l));

	*out = NULL;
	if (rdl_db_open(&l->db, path, writable, err) < 0 ||
	    check_version(l->db, writable, err) < 0 ||
	    read_salt(l, err) < 0) {
		rdl_db_close(l->db);
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

int
rdl_ledger_close(struct rdl_ledger *l, struct rdl_err *err)
{
	int rc;

	if (l == NULL)
		return 0;
	rc = rdl_ledger_flush(l, err);
	rdl_segment_release(&l->segments);
	rdl_arena_release(&l->texts);
	rdl_arena_release(&l->call);
	free(l->losses);
	free(l->aliases);
	rdl_db_close(l->db);
	free(l);
	return rc;
}

struct rdl_db *
rdl_ledger_db(struct rdl_ledger *l)
{
	return l->db;
}

int
rdl_ledger_begin_write(struct rdl_ledger *l, struct rdl_err *err)
{
	return rdl_db_in_transaction(l->db) ? 0 : rdl_db_begin(l->db, err);
}

int
rdl_ledger_end_write(struct rdl_ledger *l, int rc, struct rdl_err *err)
{
	if (rc >= 0 && rdl_db_commit(l->db, err) < 0)
		rc = -1;
	if (rc < 0)
		rdl_db_rollback(l->db);
	return rc;
}

void
rdl_ledger_clean(char *words)
{
	size_t len = strlen(words), ok = rdl_utf8_valid(words, len);

	for (; ok < len; ok = rdl_utf8_valid(words, len)) {
		words[ok++] = '?';
		words += ok;
		len -= ok;
	}
}

void
rdl_ledger_bind_text(struct rdl_stmt *s, const char *name, const char *p,
    size_t len)
{
	if (p == NULL)
		rdl_stmt_null(s, name);
	else if (memchr(p, '\0', len) == NULL &&
	    rdl_utf8_valid(p, len) == len)
		rdl_stmt_text(s, name, p, len);
	else
		rdl_stmt_blob(s, name, p, len);
}

static int
put_loss(struct rdl_ledger *l, const struct rdl_loss *loss,
    struct rdl_err *err)
{
	struct rdl_stmt *s = rdl_db_prepare(l->db, "INSERT INTO loss "
	    "(run, failed, kind, hash, rule, value, threshold, reason, call, "
	    "record) VALUES (:run, :failed, :kind, :hash, :rule, :value, "
	    ":threshold, :reason, :call, :record)", err);

	if (s == NULL)
		return -1;
	rdl_stmt_int(s, ":run", l->run);
	rdl_stmt_int(s, ":failed", loss->failed);
	rdl_stmt_str(s, ":kind", loss->id.kind);
	rdl_stmt_blob(s, ":hash", loss->id.hash.b, RDL_HASH_LEN);
	rdl_stmt_str(s, ":rule", loss->rule);
	rdl_stmt_str(s, ":value", loss->value);
	rdl_stmt_str(s, ":threshold", loss->threshold);
	rdl_stmt_str(s, ":reason", loss->reason);
	rdl_stmt_blob(s, ":call", loss->call == NULL ? NULL : loss->call->b,
	    loss->call == NULL ? 0 : RDL_HASH_LEN);
	rdl_ledger_bind_text(s, ":record", loss->record, loss->record_len);
	return rdl_stmt_run(s, err);
}

static int
alias_order(const void *a, const void *b)
{
	const struct rdl_waiting_alias *x = a, *y = b;

	return memcmp(x->hash.b, y->hash.b, RDL_HASH_LEN);
}

/* In the order of the table, so that a batch touches few pages. */
static int
put_aliases(struct rdl_ledger *l, struct rdl_err *err)
{
	struct rdl_stmt *s;
	size_t i;

	if (l->naliases == 0)
		return 0;
	qsort(l->aliases, l->naliases, sizeof(*l->aliases), alias_order);
	for (i = 0; i < l->naliases; i++) {
		s = rdl_db_prepare(l->db, "INSERT OR IGNORE INTO alias "
		    "(hash, text) VALUES (:hash, :text)", err);
		if (s == NULL)
			return -1;
		rdl_stmt_blob(s, ":hash", l->aliases[i].hash.b, RDL_HASH_LEN);
		rdl_stmt_text(s, ":text", l->aliases[i].text,
		    l->aliases[i].len);
		if (rdl_stmt_run(s, err) < 0)
			return -1;
	}
	return 0;
}

int
rdl_ledger_put(struct rdl_ledger *l, bool all, struct rdl_err *err)
{
	size_t i;

	if (rdl_segment_write(&l->segments, l->db, l->run, all, err) < 0 ||
	    put_aliases(l, err) < 0)
		return -1;
	for (i = 0; i < l->nlosses; i++)
		if (put_loss(l, &l->losses[i].loss, err) < 0)
			return -1;
	return 0;
}

void
rdl_ledger_forget(struct rdl_ledger *l)
{
	rdl_segment_forget(&l->segments);
	l->nlosses = l->naliases = 0;
	l->text_bytes = 0;
	rdl_arena_reset(&l->texts);
}

static int
write_waiting(struct rdl_ledger *l, bool all, struct rdl_err *err)
{
	int rc;

	if (rdl_ledger_begin_write(l, err) < 0)
		return -1;
	rc = rdl_ledger_put(l, all, err);
	if (rdl_ledger_end_write(l, rc, err) < 0)
		return -1;
	rdl_ledger_forget(l);
	return 0;
}

int
rdl_ledger_flush(struct rdl_ledger *l, struct rdl_err *err)
{
	if (l->segments.n == 0 && l->nlosses == 0 && l->naliases == 0 &&
	    !rdl_db_in_transaction(l->db))
		return 0;
	return write_waiting(l, true, err);
}

int
rdl_ledger_add(struct rdl_ledger *l, const struct rdl_id *id,
    const struct rdl_id *from, const struct rdl_hash *call,
    struct rdl_err *err)
{
	if (rdl_segment_add(&l->segments, id, from, call))
		return 0;
	if (write_waiting(l, false, err) < 0)
		return -1;
	if (!rdl_segment_add(&l->segments, id, from, call))
		abort();	/* a slot was freed */
	return 0;
}

/* A copy that lives until what waits is written; NULL for NULL. */
static char *
keep(struct rdl_ledger *l, const char *p, size_t len)
{
	if (p == NULL)
		return NULL;
	l->text_bytes += len + 1;
	return rdl_arena_dup(&l->texts, p, len);
}

static const char *
keep_words(struct rdl_ledger *l, const char *s)
{
	char *words = keep(l, s, s == NULL ? 0 : strlen(s));

	if (words != NULL)
		rdl_ledger_clean(words);
	return words;
}

int
rdl_ledger_alias(struct rdl_ledger *l, const struct rdl_id *id,
    const char *text, size_t len, struct rdl_err *err)
{
	struct rdl_waiting_alias *a;

	if (l->aliases == NULL)
		l->aliases = rdl_mem_calloc(ALIASES_MAX, sizeof(*a));
	rdl_db_cache(l->db, RDL_DB_LOOKUPS);	/* they are sorted in */
	a = &l->aliases[l->naliases++];
	a->hash = id->hash;
	a->text = keep(l, text, len);
	a->len = len;
	if (l->naliases < ALIASES_MAX && l->text_bytes < TEXT_MAX)
		return 0;
	return write_waiting(l, false, err);
}

int
rdl_ledger_lose(struct rdl_ledger *l, const struct rdl_loss *loss,
    struct rdl_err *err)
{
	struct rdl_waiting_loss *w;

	if (l->losses == NULL)
		l->losses = rdl_mem_calloc(LOSSES_MAX, sizeof(*w));
	w = &l->losses[l->nlosses++];
	w->loss = *loss;
	w->loss.rule = keep_words(l, loss->rule != NULL ? loss->rule : "");
	w->loss.value = keep_words(l, loss->value);
	w->loss.threshold = keep_words(l, loss->threshold);
	w->loss.reason = keep_words(l, loss->reason);
	w->loss.record = keep(l, loss->record, loss->record_len);
	if (loss->call != NULL) {
		w->call = *loss->call;
		w->loss.call = &w->call;
	}
	if (l->nlosses < LOSSES_MAX && l->text_bytes < TEXT_MAX)
		return 0;
	return write_waiting(l, false, err);
}
