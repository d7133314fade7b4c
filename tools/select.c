/*
 * riddle-select: samples, caps, shards and splits that do not depend on order.
 * Reads records, writes those that are chosen, with their split.  What it
 * chooses by stands in domain/sampling.h and domain/leak.h.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/spool.h"
#include "core/tool.h"
#include "core/utf8.h"
#include "domain/leak.h"
#include "domain/sampling.h"
#include "ledger/stage.h"

enum { LEAK_REPORT, LEAK_DROP, LEAK_FAIL, LEAK_IGNORE };

static const char *const leaks[] = { "report", "drop", "fail", "ignore",
	NULL };

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_share sample;	/* value < 0: all */
	int64_t seed, per_task, near;
	struct rdl_strs caps;		/* LEVEL=N */
	const char *shard, *split, *group;
	struct rdl_strs against;
	int leak;
	bool questions;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_SHARE, .name = "sample", .arg = "N[%]",
	    .off = offsetof(struct opts, sample),
	    .help = "choose this many records, or this share of them" },
	{ .type = RDL_OPT_INT, .name = "seed", .arg = "N",
	    .off = offsetof(struct opts, seed),
	    .lo = 0, .hi = 4294967295.0,
	    .help = "another seed chooses others" },
	{ .type = RDL_OPT_INT, .name = "per-task", .arg = "N",
	    .off = offsetof(struct opts, per_task),
	    .lo = -1, .hi = 1000000000,
	    .help = "at most so many of each task; -1: no bound" },
	{ .type = RDL_OPT_LIST, .name = "cap", .arg = "LEVEL=N",
	    .off = offsetof(struct opts, caps),
	    .help = "at most N of each task of this level, 1 being the first; "
	    "may be repeated" },
	{ .type = RDL_OPT_STR, .name = "shard", .arg = "I/N",
	    .off = offsetof(struct opts, shard),
	    .help = "the I-th of N parts, from 1" },
	{ .type = RDL_OPT_STR, .name = "split", .arg = "NAME=SHARE,...",
	    .off = offsetof(struct opts, split),
	    .help = "write into each record the split that it belongs to" },
	{ .type = RDL_OPT_STR, .name = "group", .arg = "FIELD",
	    .off = offsetof(struct opts, group),
	    .help = "keep together what has the same image, task, leaf, or "
	    "field of this path" },
	{ .type = RDL_OPT_ENUM, .name = "leaks", .off = offsetof(struct opts,
	    leak), .choices = leaks,
	    .help = "what to do about pictures and questions that splits "
	    "share" },
	{ .type = RDL_OPT_FLAG, .name = "questions",
	    .off = offsetof(struct opts, questions),
	    .help = "the same question, folded, is a leak, too" },
	{ .type = RDL_OPT_INT, .name = "near", .arg = "N",
	    .off = offsetof(struct opts, near), .lo = -1, .hi = 16,
	    .help = "pictures whose perceptual hashes differ in up to N bits "
	    "are the same; -1: exact ones only" },
	{ .type = RDL_OPT_LIST, .name = "against", .arg = "FILE",
	    .off = offsetof(struct opts, against),
	    .help = "drop what shares a picture or a question with these "
	    "records; may be repeated" },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-select", "[options] [file ...]",
	"choose records: samples, caps, shards and splits",
	options, SIZE_MAX
};

/* A record put aside until all are known. */
struct kept {
	struct rdl_id id;
	uint64_t at;
	uint32_t len, split;
	const char *rule;	/* it is lost by, or NULL */
	uint32_t other;		/* the record it shares something with */
};

struct work {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_sampling_splits splits;
	int64_t shard, shards;
	uint32_t caps[RDL_SAMPLING_CAPS];	/* the last is --per-task */
	int64_t levels[RDL_SAMPLING_CAPS];	/* 0: the whole path */
	size_t ncaps;
	struct rdl_map tasks[RDL_SAMPLING_CAPS];
	struct rdl_leak against;
	struct rdl_map against_names;
	bool aside;		/* records wait until all are known */
	struct rdl_spool spool;
	struct kept *kept;
	struct rdl_sampling_item *items;
	size_t n, cap;
	struct rdl_buf key, line;
	uint64_t leaks;
};

/* The value that --group names, into w->key; 1, or 0 if there is none. */
static int
group_key(struct work *w, const struct rdl_rec *rec)
{
	const char *field = w->o->group;
	yyjson_val *v;

	rdl_buf_reset(&w->key);
	if (strcmp(field, "image") == 0) {
		v = rdl_rec_at(rec->root, "image/sha256");
		if (v == NULL)
			v = rdl_rec_at(rec->root, "image/id");
	} else if (strcmp(field, "task") == 0) {
		v = rdl_rec_at(rec->root, "task/id");
	} else if (strcmp(field, "leaf") == 0) {
		v = yyjson_arr_get_last(rdl_rec_at(rec->root, "task/path"));
	} else {
		v = rdl_rec_at(rec->root, field);
	}
	if (!yyjson_is_str(v))
		return 0;
	return rdl_utf8_fold(&w->key, yyjson_get_str(v),
	    yyjson_get_len(v)) == 0;
}

/* The group of a cap: the names of the path down to its level, folded.  A path
 * that ends above it counts as it is. */
static uint32_t
cap_key(struct work *w, size_t cap, const struct rdl_rec *rec)
{
	yyjson_val *path = rdl_rec_at(rec->root, "task/path"), *name;
	struct rdl_map_entry *e;
	size_t i, max;
	int made;

	rdl_buf_reset(&w->key);
	yyjson_arr_foreach(path, i, max, name) {
		if (w->levels[cap] > 0 && i >= (size_t)w->levels[cap])
			break;
		if (!yyjson_is_str(name) || rdl_utf8_fold(&w->key,
		    yyjson_get_str(name), yyjson_get_len(name)) < 0)
			continue;
		rdl_buf_addc(&w->key, '~');
	}
	e = rdl_map_put(&w->tasks[cap], w->key.p != NULL ? w->key.p : "",
	    w->key.len, &made);
	if (made)
		e->value = w->tasks[cap].count - 1;
	return (uint32_t)e->value;
}

static int
lose(struct work *w, const struct rdl_id *id, const char *rule,
    const char *value, bool failed, struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = failed, .id = *id, .rule = rule,
		.value = value };
	char reason[256];

	/* The record stands in the input; the ledger does not keep it twice. */
	(void)snprintf(reason, sizeof(reason), value != NULL ? "%s: %s" : "%s",
	    rule, value);
	loss.reason = reason;
	return rdl_stage_lose(&w->stage, &loss, err);
}

static int
write_out(struct work *w, const struct rdl_rec *rec, const struct rdl_id *id,
    uint32_t split, struct rdl_err *err)
{
	char name[40];
	struct rdl_edit edit = { "split", name, 0 };

	if (w->splits.n > 0)
		edit.len = (size_t)snprintf(name, sizeof(name), "\"%s\"",
		    w->splits.names[split]);
	rdl_buf_reset(&w->line);
	rdl_rec_edit(rec, &edit, w->splits.n > 0, &w->line);
	rdl_stage_passed(&w->stage);
	return rdl_stage_emit(&w->stage, w->line.p, w->line.len, id, NULL,
	    NULL, err);
}

static int
put_aside(struct work *w, const struct rdl_rec *rec, const struct rdl_id *id,
    uint64_t rank, uint32_t split, struct rdl_err *err)
{
	struct kept *k;
	size_t i;

	if (w->n == w->cap) {
		w->cap = w->cap > 0 ? 2 * w->cap : 1024;
		w->kept = rdl_mem_realloc(w->kept, w->cap, sizeof(*w->kept));
		w->items = rdl_mem_realloc(w->items, w->cap,
		    sizeof(*w->items));
	}
	k = &w->kept[w->n];
	*k = (struct kept){ .id = *id, .at = w->spool.len,
		.len = (uint32_t)rec->len, .split = split };
	w->items[w->n] = (struct rdl_sampling_item){ .rank = rank,
		.number = (uint32_t)w->n };
	for (i = 0; i < w->ncaps; i++)
		w->items[w->n].keys[i] = cap_key(w, i, rec);
	w->n++;
	return rdl_spool_add(&w->spool, rec->line, rec->len, err);
}

/* What can be said of one record without the others. */
static int
take(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	const struct opts *o = w->o;
	struct rdl_id id;
	const char *what;
	uint32_t split = 0, other;
	uint64_t rank;

	if (rdl_id_of(rec, &id, err) < 0)
		return rdl_stage_where(&w->stage, err);
	rank = rdl_sampling_rank(o->seed, "sample", id.hash.b, RDL_HASH_LEN);
	if ((w->shards > 0 || w->splits.n > 0) && !group_key(w, rec))
		return lose(w, &id, "group", o->group, true, err);
	/* Shards do not depend on the seed: every task of an array agrees. */
	if (w->shards > 0 && rdl_sampling_rank(0, "shard", w->key.p,
	    w->key.len) % (uint64_t)w->shards != (uint64_t)w->shard - 1)
		return lose(w, &id, "shard", o->shard, false, err);
	if (w->splits.n > 0)
		split = (uint32_t)rdl_sampling_split(&w->splits,
		    rdl_sampling_rank(o->seed, "split", w->key.p,
		    w->key.len));
	if (o->sample.percent && !rdl_sampling_within(rank,
	    o->sample.value / 100))
		return lose(w, &id, "sample", NULL, false, err);
	if (o->against.n > 0 && rdl_leak_find(&w->against, rec, &other, &what))
		return lose(w, &id, "contamination",
		    w->against_names.entries[other].key, false, err);
	if (w->aside)
		return put_aside(w, rec, &id, rank, split, err);
	return write_out(w, rec, &id, split, err);
}

/* Read the i-th record that was put aside. */
static int
again(struct work *w, size_t i, struct rdl_rec *rec, struct rdl_err *err)
{
	const struct kept *k = &w->kept[i];
	char *p;

	rdl_buf_reset(&w->key);
	p = rdl_buf_reserve(&w->key, (size_t)k->len + 1);
	if (p == NULL || rdl_spool_get(&w->spool, k->at, p, k->len, err) < 0)
		return -1;
	p[k->len] = '\0';
	return rdl_rec_parse(rec, p, k->len, err);
}

/* Splits from the last to the first, each against those behind it: what is to
 * be tested stays, what would be trained on goes. */
static int
find_leaks(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_leak k;
	const char *what;
	size_t s, i, pass;
	int rc = 0;

	rdl_leak_init(&k, true, w->o->questions, (int)w->o->near);
	for (s = w->splits.n; s-- > 0 && rc == 0;)
		for (pass = 0; pass < 2; pass++)
			for (i = 0; i < w->n && rc == 0; i++) {
				struct kept *r = &w->kept[i];

				if (r->split != s || r->rule != NULL)
					continue;
				rc = again(w, i, &rec, err);
				if (rc == 0 && pass == 1)
					rdl_leak_add(&k, &rec, (uint32_t)i);
				else if (rc == 0 && rdl_leak_find(&k, &rec,
				    &r->other, &what)) {
					w->leaks++;
					if (w->o->leak == LEAK_DROP)
						r->rule = what;
				}
			}
	rdl_leak_release(&k);
	rdl_rec_release(&rec);
	return rc;
}

static int
report_leaks(struct work *w, struct rdl_err *err)
{
	static const char what[] = "records share a picture or a question "
	    "with a later split; --leaks drop drops them";
	char json[32];
	int len = snprintf(json, sizeof(json), "%llu",
	    (unsigned long long)w->leaks);

	if (w->stage.ledger != NULL && rdl_run_note(w->stage.ledger, "leaks",
	    json, (size_t)len, err) < 0)
		return -1;
	if (w->leaks == 0 || w->o->leak == LEAK_DROP)
		return 0;
	if (w->o->leak == LEAK_FAIL)
		return rdl_err_set(err, RDL_E_INPUT, "%s %s", json, what);
	rdl_warn("%s %s", json, what);
	return 0;
}

static int
write_kept(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	char other[RDL_ID_TEXT];
	size_t i;
	int rc = 0;

	for (i = 0; i < w->n && rc == 0; i++) {
		const struct kept *k = &w->kept[i];

		if (k->rule != NULL) {
			bool leak = k->other != UINT32_MAX;

			if (leak)
				rdl_id_format(&w->kept[k->other].id, other);
			rc = lose(w, &k->id, leak ? "leak" : k->rule,
			    leak ? other : NULL, false, err);
			continue;
		}
		rc = again(w, i, &rec, err);
		if (rc == 0)
			rc = write_out(w, &rec, &k->id, k->split, err);
	}
	rdl_rec_release(&rec);
	return rc;
}

/* All records are known: choose. */
static int
finish(struct work *w, struct rdl_err *err)
{
	int64_t size = w->o->sample.percent || w->o->sample.value < 0 ? -1 :
	    (int64_t)w->o->sample.value;
	size_t i;

	rdl_sampling_choose(w->items, w->n, size, w->caps, w->ncaps);
	for (i = 0; i < w->n; i++) {
		struct kept *k = &w->kept[w->items[i].number];

		k->other = UINT32_MAX;
		if (w->items[i].lost != 0)
			k->rule = w->items[i].lost < 0 ? "sample" :
			    w->levels[w->items[i].lost - 1] == 0 ?
			    "per-task" : "cap";
	}
	if (w->splits.n > 1 && w->o->leak != LEAK_IGNORE &&
	    (find_leaks(w, err) < 0 || report_leaks(w, err) < 0))
		return -1;
	return write_kept(w, err);
}

static int
load_against(struct work *w, struct rdl_err *err)
{
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	char name[512];
	size_t i;
	int rc = 0, len;

	rdl_leak_init(&w->against, true, true, (int)w->o->near);
	for (i = 0; i < w->o->against.n && rc == 0; i++) {
		rc = rdl_jsonl_open(&in, w->o->against.v[i], err);
		if (rc < 0)
			break;
		while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
			len = snprintf(name, sizeof(name), "%.400s:%llu",
			    w->o->against.v[i],
			    (unsigned long long)in.lineno);
			rdl_leak_add(&w->against, &rec,
			    (uint32_t)w->against_names.count);
			(void)rdl_map_put(&w->against_names, name,
			    (size_t)len, NULL);
		}
		rdl_jsonl_close(&in);
	}
	rdl_rec_release(&rec);
	return rc;
}

static int
prepare(struct work *w, struct rdl_err *err)
{
	const struct opts *o = w->o;
	int64_t cap;
	size_t i;

	if (o->shard != NULL && rdl_num_pair(o->shard, '/', 1, &w->shard,
	    &w->shards, err) < 0)
		return rdl_err_prefix(err, "--shard");
	if (w->shard > w->shards)
		return rdl_err_set(err, RDL_E_USAGE,
		    "--shard: there is no part %s", o->shard);
	if (o->split != NULL && rdl_sampling_splits(&w->splits, o->split,
	    err) < 0)
		return rdl_err_prefix(err, "--split");
	for (i = 0; i < o->caps.n; i++) {
		if (w->ncaps + 1 == RDL_SAMPLING_CAPS)
			return rdl_err_set(err, RDL_E_USAGE, "too many --cap");
		if (rdl_num_pair(o->caps.v[i], '=', 0, &w->levels[w->ncaps],
		    &cap, err) < 0)
			return rdl_err_prefix(err, "--cap");
		w->caps[w->ncaps++] = cap < UINT32_MAX ? (uint32_t)cap :
		    UINT32_MAX;
	}
	if (o->per_task >= 0)
		w->caps[w->ncaps++] = (uint32_t)o->per_task;
	w->aside = w->ncaps > 0 || (w->splits.n > 1 &&
	    o->leak != LEAK_IGNORE) ||
	    (!o->sample.percent && o->sample.value >= 0);
	return o->against.n > 0 ? load_against(w, err) : 0;
}

static int
select_all(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	while ((rc = rdl_stage_next(&w->stage, &rec, err)) > 0 &&
	    (rc = take(w, &rec, err)) == 0)
		;
	if (rc == 0 && w->aside)
		rc = finish(w, err);
	rdl_rec_release(&rec);
	return rc;
}

static void
release(struct work *w)
{
	size_t i;

	for (i = 0; i < RDL_SAMPLING_CAPS; i++)
		rdl_map_release(&w->tasks[i]);
	rdl_leak_release(&w->against);
	rdl_map_release(&w->against_names);
	rdl_spool_release(&w->spool);
	free(w->kept);
	free(w->items);
	rdl_buf_release(&w->key);
	rdl_buf_release(&w->line);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.sample = { -1, 0 }, .per_task = -1, .near = 6,
		.group = "image" };
	struct work w = { .o = &o, .stage = RDL_STAGE_INIT,
		.spool = RDL_SPOOL_INIT, .key = RDL_BUF_INIT(RDL_LINE_MAX + 64),
		.line = RDL_BUF_INIT(RDL_LINE_MAX + 64) };
	const struct rdl_run_spec spec = { .tool = "select",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (prepare(&w, &err) < 0) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	rc = rdl_stage_begin(&w.stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = select_all(&w, &err);
	status = rdl_stage_end(&w.stage, rc, &err);
out:
	release(&w);
	rdl_strs_release(&o.caps);
	rdl_strs_release(&o.against);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
