/*
 * Fuzzes the opening of damaged ledgers, ledger/ledger.h, and riddle ledger
 * verify.  A sound ledger is made once.  The first byte chooses the damage:
 * 0: bytes of the file are overwritten, 1: those of its log, each by four bytes
 * of the input (place and value), and the file is cut if bit 2 is set; 2:
 * columns get other values; 3: the file is the input.  Bits 3 to 5 say what is
 * done besides looking up: it is indexed, verified, appended to (which are
 * slow).  An error says something.
 */
#include "core/buf.h"
#include "core/compiler.h"
#include "core/file.h"
#include "ledger/calls.h"
#include "query/query.h"
#include "query/verb.h"
#include "scratch.h"

#define ROWS 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sound one: closed, and open with all in its log. */
static struct rdl_buf whole = RDL_BUF_INIT(RDL_FILE_MAX);
static struct rdl_buf begun = RDL_BUF_INIT(RDL_FILE_MAX);
static struct rdl_buf log_file = RDL_BUF_INIT(RDL_FILE_MAX);
static char path[128];

static struct rdl_id
id_of(const char *kind, unsigned n)
{
	struct rdl_id id;

	memset(&id, 0, sizeof(id));
	memcpy(id.kind, kind, strlen(kind) + 1);
	id.hash.b[0] = (uint8_t)n;
	id.hash.b[1] = (uint8_t)(n >> 8);
	return id;
}

static int
begin_run(struct rdl_ledger *l, struct rdl_err *err)
{
	char name[] = "riddle-x";
	char *const argv[] = { name };
	const struct rdl_run_spec spec = { .tool = "x", .version = "1",
		.argc = 1, .argv = argv, .params = "{\"t\":0}" };

	return rdl_run_begin(l, &spec, err);
}

static int
lose(struct rdl_ledger *l, unsigned n, struct rdl_err *err)
{
	const struct rdl_loss loss = { .failed = true, .id = id_of("row", n),
		.rule = "schema", .reason = "no", .record = "{}",
		.record_len = 2 };

	return rdl_ledger_lose(l, &loss, err);
}

static void
add_all(struct rdl_ledger *l)
{
	struct rdl_call call = { .request = "{\"q\":1}", .request_len = 7,
		.reply = "{}", .reply_len = 2, .endpoint = "http://h/v1",
		.model = "m", .http_status = 200, .attempts = 1 };
	const struct rdl_run_totals t = { .in = ROWS + 1, .passed = ROWS,
		.failed = 1, .out = ROWS, .calls = 1 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_hash h = { { 9 } };
	struct rdl_id id, from;
	unsigned i;

	must(begin_run(l, &err) == 0);
	for (i = 0; i < ROWS; i++) {
		id = id_of("row", i);
		from = id_of(i % 2 == 0 ? "task" : "", i / 3);
		must(rdl_ledger_add(l, &id, i % 5 == 0 ? NULL : &from,
		    i % 7 == 0 ? &h : NULL, &err) == 0);
	}
	from = id_of("", 1);
	must(rdl_ledger_alias(l, &from, "mine", 4, &err) == 0);
	must(lose(l, ROWS, &err) == 0);
	call.key = rdl_hash_sha256(call.request, call.request_len);
	must(rdl_calls_add(l, &call, &err) == 0);
	must(rdl_calls_commit(l, &err) == 0);
	must(rdl_run_note(l, "n", "{}", 2, &err) == 0);
	must(rdl_run_end(l, "done", NULL, &t, &err) == 0);
	must(rdl_ledger_flush(l, &err) == 0);
	must(rdl_ledger_index(l, &err) == 0);
}

static void
keep_file(const char *name, struct rdl_buf *out)
{
	struct rdl_err err = RDL_ERR_INIT;
	char at[128];

	scratch_path(at, name);
	must(rdl_file_read(at, out, &err) == 0);
}

static void
make_sound(void)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;

	scratch_begin();
	scratch_path(path, "l.db");
	must(rdl_ledger_open(&l, path, true, &err) == 0);
	add_all(l);
	keep_file("l.db", &begun);
	keep_file("l.db-wal", &log_file);
	must(rdl_ledger_close(l, &err) == 0);
	keep_file("l.db", &whole);
	(void)setenv("RIDDLE_LEDGER", path, 1);
}

/* -- Damage ---------------------------------------------------------------- */

static void
write_damaged(const char *name, const struct rdl_buf *from, bool cut,
    const uint8_t *p, size_t n)
{
	unsigned char *copy = malloc(from->len + 1);
	size_t len = from->len, at;

	must(copy != NULL);
	memcpy(copy, from->p, len);
	if (cut && n >= 4) {
		len = (p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16) % len;
		p += 4;
		n -= 4;
	}
	for (; n >= 4 && len > 0; p += 4, n -= 4) {
		at = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16;
		copy[at % len] = p[3];
	}
	scratch_write(name, copy, len);
	free(copy);
}

static const char *const updates[] = {
	"UPDATE segment SET ids = :v", "UPDATE segment SET froms = :v",
	"UPDATE segment SET calls = :v", "UPDATE segment SET n = :v",
	"UPDATE segment SET kind = :v", "UPDATE segment SET from_kind = :v",
	"UPDATE segment SET run = :v", "UPDATE segment SET segment = :v",
	"UPDATE lookup SET pairs = :v", "UPDATE lookup SET first = :v",
	"UPDATE lookup SET batch = :v", "UPDATE lookup SET what = :v",
	"UPDATE loss SET hash = :v", "UPDATE loss SET kind = :v",
	"UPDATE loss SET rule = :v", "UPDATE loss SET call = :v",
	"UPDATE loss SET record = :v", "UPDATE loss SET loss = :v",
	"UPDATE loss SET failed = :v",
	"UPDATE meta SET value = :v WHERE name = 'salt'",
	"UPDATE meta SET value = :v WHERE name = 'indexed_segment'",
	"UPDATE meta SET value = :v WHERE name = 'indexed_loss'",
	"UPDATE alias SET text = :v", "UPDATE alias SET hash = :v",
	"UPDATE call SET request = :v", "UPDATE call SET reply = :v",
	"UPDATE call SET hash = :v", "UPDATE call SET model = :v",
	"UPDATE call SET tokens_in = :v", "UPDATE call SET run = :v",
	"UPDATE run SET argv = :v", "UPDATE run SET uid = :v",
	"UPDATE run SET records_in = :v", "UPDATE run SET run = :v",
	"UPDATE run SET params = :v", "UPDATE note SET json = :v",
	"DELETE FROM lookup", "DELETE FROM meta WHERE value = :v",
	"DELETE FROM nat WHERE n = :v", "DELETE FROM run WHERE run = :v",
};

/* One value: its type, its length, its bytes. */
static void
update(struct rdl_db *db, const uint8_t **p, size_t *n)
{
	const char *sql = updates[(*p)[0] % RDL_NELEM(updates)];
	struct rdl_err err = RDL_ERR_INIT;
	unsigned type = (*p)[1] % 4;
	size_t len = (*p)[2], i;
	struct rdl_stmt *s;
	uint64_t v = 0;

	*p += 3;
	*n -= 3;
	if (len > *n)
		len = *n;
	s = rdl_db_prepare(db, sql, &err);
	must(s != NULL);
	for (i = 0; i < len && i < 8; i++)
		v = v << 8 | (*p)[i];
	if (strchr(sql, ':') == NULL)
		;
	else if (type == 0)
		rdl_stmt_int(s, ":v", (int64_t)v);
	else if (type == 1)
		rdl_stmt_text(s, ":v", (const char *)*p, len);
	else if (type == 2)
		rdl_stmt_blob(s, ":v", *p, len);
	else
		rdl_stmt_null(s, ":v");
	if (rdl_stmt_run(s, &err) < 0)	/* a constraint */
		must(err.msg[0] != '\0');
	*p += len;
	*n -= len;
}

static void
update_all(const uint8_t *p, size_t n)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_db *db;

	scratch_write("l.db", whole.p, whole.len);
	must(rdl_db_open(&db, path, true, &err) == 0);
	must(rdl_db_begin(db, &err) == 0);
	while (n >= 3)
		update(db, &p, &n);
	must(rdl_db_commit(db, &err) == 0);
	rdl_db_close(db);
}

static void
damage(uint8_t how, const uint8_t *p, size_t n)
{
	bool cut = (how & 4) != 0;

	scratch_empty();
	switch (how % 4) {
	case 0:
		write_damaged("l.db", &whole, cut, p, n);
		break;
	case 1:
		scratch_write("l.db", begun.p, begun.len);
		write_damaged("l.db-wal", &log_file, cut, p, n);
		break;
	case 2:
		update_all(p, n);
		break;
	default:
		scratch_write("l.db", p, n);
	}
}

/* -- Use -------------------------------------------------------------------*/

static int
on_entry(const struct rdl_entry *e, void *ctx, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_MIB);
	int rc;

	must(memchr(e->id.kind, 0, sizeof(e->id.kind)) != NULL);
	must(memchr(e->from.kind, 0, sizeof(e->from.kind)) != NULL);
	rc = rdl_ledger_show(ctx, &e->id, &text, err);
	rdl_buf_release(&text);
	return rc < 0 ? -1 : 0;
}

static int
on_loss(int64_t run, const struct rdl_loss *loss, void *ctx,
    struct rdl_err *err)
{
	(void)run;
	(void)ctx;
	(void)err;
	must(loss->rule == NULL || strlen(loss->rule) < SIZE_MAX);
	must(loss->record == NULL || loss->record_len < SIZE_MAX);
	return 0;
}

static void
well(int rc, struct rdl_err *err)
{
	must(rc >= 0 || err->msg[0] != '\0');
	rdl_err_clear(err);
}

static void
look(struct rdl_ledger *l)
{
	struct rdl_sha256 key = rdl_hash_sha256("{\"q\":1}", 7);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_call call;
	struct rdl_hash name;
	struct rdl_id id;
	unsigned i;

	for (i = 0; i <= ROWS; i += 60) {
		id = id_of("row", i);
		well(rdl_ledger_find(l, &id, on_entry, l, &err), &err);
		well(rdl_ledger_losses(l, &id, on_loss, l, &err), &err);
		id = id_of(i % 40 == 0 ? "task" : "", i / 3);
		well(rdl_ledger_children(l, &id, on_entry, l, &err), &err);
	}
	well(rdl_calls_find(l, &key, "{\"q\":1}", 7, &call, &err), &err);
	memcpy(name.b, key.b, sizeof(name.b));
	well(rdl_calls_get(l, &name, &call, &err), &err);
	rdl_calls_rest(l);
}

static void
add(struct rdl_ledger *l, bool index)
{
	const struct rdl_run_totals t = { .in = 1, .passed = 1, .out = 1 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id = id_of("row", 7);

	if (index)
		well(rdl_ledger_index(l, &err), &err);
	if (begin_run(l, &err) < 0) {
		well(-1, &err);
		return;
	}
	well(rdl_ledger_add(l, &id, NULL, NULL, &err), &err);
	well(rdl_run_end(l, "done", NULL, &t, &err), &err);
	look(l);
}

/* The verb closes stdout: each time a new one, that goes nowhere. */
static void
verify(void)
{
	static const struct rdl_query_opts o = RDL_QUERY_OPTS_DEFAULT;
	int null = open("/dev/null", O_WRONLY), rc;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_query q;

	must(null >= 0 && dup2(null, STDOUT_FILENO) >= 0);
	if (null != STDOUT_FILENO)
		(void)close(null);
	rc = rdl_query_open(&q, &o, RDL_QUERY_READ, NULL, 0, &err);
	if (rc == 0)
		rc = rdl_verify(&q, &err);
	well(rdl_query_close(&q, rc, &err), &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_ledger *l;
	bool index, writable;

	if (path[0] == '\0')
		make_sound();
	if (size == 0)
		return 0;
	index = (data[0] & 8) != 0;
	writable = index || (data[0] & 32) != 0;
	damage(data[0], data + 1, size - 1);
	if (rdl_ledger_open(&l, path, writable, &err) == 0) {
		look(l);
		if (writable)
			add(l, index);
		well(rdl_ledger_close(l, &err), &err);
	} else
		well(-1, &err);
	if ((data[0] & 16) != 0)
		verify();
	return 0;
}
