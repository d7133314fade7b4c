/*
 * riddle-dedupe: the first of each group of the same, or nearly the same.
 * Reads records, writes those that have no twin before them; each drop names
 * its twin.  It does not choose the better of two: sort first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/mem.h"
#include "core/tool.h"
#include "core/utf8.h"
#include "record/json.h"
#include "domain/minhash.h"
#include "domain/twins.h"
#include "ledger/stage.h"
#include "vision/phash.h"

#define BATCH 256u	/* vectors that are looked up at once */

enum { BY_EXACT, BY_MINHASH, BY_PHASH, BY_EMBEDDING };

static const char *const ways[] = { "exact", "minhash", "phash", "embedding",
	NULL };

struct opts {
	struct rdl_stage_opts stage;
	int by;
	struct rdl_strs fields;
	double threshold, min_cos;
	int64_t near, threads;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_ENUM, .name = "by", .off = offsetof(struct opts, by),
	    .choices = ways,
	    .help = "what makes two records the same" },
	{ .type = RDL_OPT_LIST, .name = "field", .letter = 'f',
	    .arg = "PATH", .off = offsetof(struct opts, fields),
	    .help = "compare this member, such as question or image/sha256; "
	    "may be repeated" },
	{ .type = RDL_OPT_REAL, .name = "threshold", .arg = "S",
	    .off = offsetof(struct opts, threshold), .lo = 0.1, .hi = 1,
	    .help = "minhash: least Jaccard similarity of two texts that are "
	    "one" },
	{ .type = RDL_OPT_INT, .name = "near", .arg = "N",
	    .off = offsetof(struct opts, near), .lo = 0, .hi = 16,
	    .help = "phash: bits in which two pictures that are one may "
	    "differ" },
	{ .type = RDL_OPT_REAL, .name = "min-cos", .arg = "C",
	    .off = offsetof(struct opts, min_cos), .lo = 0, .hi = 1,
	    .help = "embedding: least cosine of two vectors that are one" },
	{ .type = RDL_OPT_INT, .name = "threads", .arg = "N",
	    .off = offsetof(struct opts, threads), .lo = 0, .hi = 256,
	    .help = "embedding: threads; 0 for one a processor" },
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-dedupe", "[options] [file ...]",
	"drop records that are the same, or nearly, as an earlier one",
	options, SIZE_MAX
};

/* A record that waits for its batch. */
struct waiting {
	char *line;		/* in the arena */
	size_t len;
	struct rdl_id id;
};

struct batch {
	struct rdl_twins *twins;	/* NULL before the first vector */
	size_t dim;
	float *v;			/* [BATCH][dim] */
	struct waiting rows[BATCH];
	size_t n;
	struct rdl_arena arena;
};

struct work {
	const struct opts *o;
	struct rdl_stage stage;
	struct rdl_map exact;		/* folded text to number */
	struct rdl_minhash *minhash;
	struct rdl_phash_index *phash;
	struct batch batch;
	struct rdl_id *ids;		/* of the records that were kept */
	size_t n, cap;
	struct rdl_buf text, line;
};

/* The value of every --field, joined, into w->text; -1 if one is missing. */
static int
gather(struct work *w, const struct rdl_rec *rec, const char **missing)
{
	yyjson_val *v;
	size_t i;
	char *json;
	size_t len;

	rdl_buf_reset(&w->text);
	for (i = 0; i < w->o->fields.n; i++) {
		*missing = w->o->fields.v[i];
		v = rdl_rec_at(rec->root, *missing);
		if (v == NULL || yyjson_is_null(v))
			return -1;
		if (i > 0)
			rdl_buf_addc(&w->text, '\n');
		if (yyjson_is_str(v)) {
			rdl_buf_add(&w->text, yyjson_get_str(v),
			    yyjson_get_len(v));
			continue;
		}
		json = rdl_json_val_write(v, 0, &len);
		if (json == NULL)
			return -1;
		rdl_buf_add(&w->text, json, len);
		free(json);
	}
	rdl_buf_adds(&w->text, "");
	return 0;
}

static int
find_exact(struct work *w, uint32_t *number, struct rdl_err *err)
{
	struct rdl_map_entry *e;
	int made;

	rdl_buf_reset(&w->line);
	if (rdl_utf8_fold(&w->line, w->text.p, w->text.len) < 0)
		return rdl_err_set(err, RDL_E_INPUT, "not UTF-8");
	rdl_buf_adds(&w->line, "");
	e = rdl_map_put(&w->exact, w->line.p, w->line.len, &made);
	if (made)
		e->value = w->n;
	*number = (uint32_t)e->value;
	return !made;
}

static int
find_phash(struct work *w, uint32_t *number, char *value, size_t size,
    struct rdl_err *err)
{
	unsigned char b[8];
	uint64_t hash = 0;
	size_t i;
	int bits;

	if (w->text.len != 16 || rdl_hash_unhex(b, w->text.p, sizeof(b)) < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not a perceptual hash of 16 hexadecimal digits");
	for (i = 0; i < sizeof(b); i++)
		hash = hash << 8 | b[i];
	bits = rdl_phash_index_find(w->phash, hash, number);
	if (bits >= 0) {
		(void)snprintf(value, size, "%d", bits);
		return 1;
	}
	*number = (uint32_t)w->n;
	rdl_phash_index_add(w->phash, hash, *number);
	return 0;
}

/* 1 if there was one like it, with its *number and how like it is. */
static int
find(struct work *w, uint32_t *number, char *value, size_t size,
    struct rdl_err *err)
{
	double j;
	int rc;

	(void)snprintf(value, size, "1");
	switch (w->o->by) {
	case BY_EXACT:
		return find_exact(w, number, err);
	case BY_MINHASH:
		rc = rdl_minhash_add(w->minhash, w->text.p, w->text.len,
		    number, &j, err);
		if (rc > 0)
			(void)snprintf(value, size, "%.4f", j);
		return rc;
	default:
		return find_phash(w, number, value, size, err);
	}
}

static int
keep(struct work *w, const char *line, size_t len, const struct rdl_id *id,
    struct rdl_err *err)
{
	if (w->n == w->cap) {
		w->cap = w->cap > 0 ? 2 * w->cap : 1024;
		w->ids = rdl_mem_realloc(w->ids, w->cap, sizeof(*w->ids));
	}
	w->ids[w->n++] = *id;
	rdl_stage_passed(&w->stage);
	return rdl_stage_emit(&w->stage, line, len, id, NULL, NULL, err);
}

/* The record has a twin among those that were kept. */
static int
drop(struct work *w, struct rdl_loss *loss, uint32_t number,
    const char *value, struct rdl_err *err)
{
	const double thresholds[] = { 1, w->o->threshold, (double)w->o->near,
		w->o->min_cos };
	char threshold[32], twin[RDL_ID_TEXT], reason[256];

	rdl_id_format(&w->ids[number], twin);
	(void)snprintf(reason, sizeof(reason), "twin of %s", twin);
	(void)snprintf(threshold, sizeof(threshold), "%g",
	    thresholds[w->o->by]);
	loss->rule = ways[w->o->by];
	loss->value = value;
	loss->threshold = threshold;
	loss->reason = reason;
	return rdl_stage_lose(&w->stage, loss, err);
}

static int
refuse(struct work *w, struct rdl_loss *loss, struct rdl_err *why,
    struct rdl_err *err)
{
	loss->failed = true;
	loss->rule = "field";
	(void)rdl_stage_where(&w->stage, why);
	loss->reason = why->msg;
	return rdl_stage_lose(&w->stage, loss, err);
}

static int
dedupe(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_loss loss = { .record = rec->line, .record_len = rec->len };
	struct rdl_err why = RDL_ERR_INIT;
	const char *missing = NULL;
	char value[32];
	uint32_t number;
	int rc = -1;

	if (rdl_id_of(rec, &loss.id, err) < 0)
		return rdl_stage_where(&w->stage, err);
	if (gather(w, rec, &missing) < 0)
		(void)rdl_err_set(&why, RDL_E_INPUT, "/%s: no value to "
		    "compare", missing);
	else
		rc = find(w, &number, value, sizeof(value), &why);
	if (rc < 0)
		return refuse(w, &loss, &why, err);
	if (rc > 0)
		return drop(w, &loss, number, value, err);
	rdl_buf_reset(&w->line);
	rdl_rec_edit(rec, NULL, 0, &w->line);
	return keep(w, w->line.p, w->line.len, &loss.id, err);
}

/* The records that wait, looked up and written. */
static int
settle(struct work *w, struct rdl_err *err)
{
	struct rdl_twin twins[BATCH];
	struct batch *b = &w->batch;
	struct rdl_loss loss;
	char value[32];
	size_t i;

	if (b->n > 0 && rdl_twins_add(b->twins, b->v, b->n, twins, err) < 0)
		return -1;
	for (i = 0; i < b->n; i++) {
		const struct waiting *r = &b->rows[i];

		if (twins[i].number == RDL_TWINS_NONE) {
			if (keep(w, r->line, r->len, &r->id, err) < 0)
				return -1;
			continue;
		}
		loss = (struct rdl_loss){ .id = r->id, .record = r->line,
			.record_len = r->len - 1 };
		(void)snprintf(value, sizeof(value), "%.6f",
		    (double)twins[i].cos);
		if (drop(w, &loss, twins[i].number, value, err) < 0)
			return -1;
	}
	b->n = 0;
	rdl_arena_reset(&b->arena);
	return 0;
}

/* The unit vector of the record into out, or, if dim is 0, its length into
 * *dim.  -1 with why. */
static int
read_vector(yyjson_val *v, const char *field, size_t *dim, float *out,
    struct rdl_err *why)
{
	double sum = 0;
	yyjson_val *x;
	size_t i, n;

	n = yyjson_arr_size(v);
	if (n == 0 || n > 65536)
		return rdl_err_set(why, RDL_E_INPUT, "/%s: no array of "
		    "numbers", field);
	if (out == NULL) {
		*dim = n;
		return 0;
	}
	if (n != *dim)
		return rdl_err_set(why, RDL_E_INPUT, "/%s: %zu numbers, the "
		    "first record has %zu", field, n, *dim);
	yyjson_arr_foreach(v, i, n, x) {
		if (!yyjson_is_num(x))
			return rdl_err_set(why, RDL_E_INPUT, "/%s/%zu: not a "
			    "number", field, i);
		sum += yyjson_get_num(x) * yyjson_get_num(x);
	}
	sum = sqrt(sum);
	if (!(sum > 1e-30 && sum < 1e30))
		return rdl_err_set(why, RDL_E_INPUT, "/%s: its length is %g",
		    field, sum);
	yyjson_arr_foreach(v, i, n, x)
		out[i] = (float)(yyjson_get_num(x) / sum);
	return 0;
}

/* Put the record into the batch. */
static int
wait_for_batch(struct work *w, const struct rdl_rec *rec,
    struct rdl_err *err)
{
	struct rdl_loss loss = { .record = rec->line, .record_len = rec->len };
	const char *field = w->o->fields.v[0];
	yyjson_val *v = rdl_rec_at(rec->root, field);
	struct rdl_err why = RDL_ERR_INIT;
	struct batch *b = &w->batch;
	struct waiting *r = &b->rows[b->n];

	if (rdl_id_of(rec, &loss.id, err) < 0)
		return rdl_stage_where(&w->stage, err);
	if (b->twins == NULL) {
		if (read_vector(v, field, &b->dim, NULL, &why) < 0)
			return refuse(w, &loss, &why, err);
		b->twins = rdl_twins_new(b->dim, w->o->min_cos,
		    (unsigned)w->o->threads);
		b->v = rdl_mem_realloc(NULL, BATCH * b->dim, sizeof(*b->v));
	}
	if (read_vector(v, field, &b->dim, b->v + b->n * b->dim, &why) < 0)
		return refuse(w, &loss, &why, err);
	rdl_buf_reset(&w->line);
	rdl_rec_edit(rec, NULL, 0, &w->line);
	r->line = rdl_arena_dup(&b->arena, w->line.p, w->line.len);
	r->len = w->line.len;
	r->id = loss.id;
	b->n++;
	if (b->n < BATCH && rdl_stage_ready(&w->stage))
		return 0;
	return settle(w, err);
}

static int
dedupe_all(struct work *w, struct rdl_err *err)
{
	struct rdl_rec rec = RDL_REC_INIT;
	int rc;

	while ((rc = rdl_stage_next(&w->stage, &rec, err)) > 0)
		if ((rc = w->o->by == BY_EMBEDDING ?
		    wait_for_batch(w, &rec, err) : dedupe(w, &rec, err)) < 0)
			break;
	if (rc == 0)
		rc = settle(w, err);
	rdl_rec_release(&rec);
	return rc;
}

static void
prepare(struct work *w, struct opts *o)
{
	static const char *const usual[] = { "question", "question",
		"phash", "vector" };

	if (o->fields.n == 0)
		rdl_strs_add(&o->fields, usual[o->by]);
	if (o->by == BY_MINHASH)
		w->minhash = rdl_minhash_new(o->threshold);
	if (o->by == BY_PHASH)
		w->phash = rdl_phash_index_new((unsigned)o->near);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT, .threshold = 0.8,
		.min_cos = 0.95, .near = 6 };
	struct work w = { .o = &o, .stage = RDL_STAGE_INIT,
		.exact = RDL_MAP_INIT, .text = RDL_BUF_INIT(RDL_LINE_MAX),
		.line = RDL_BUF_INIT(4 * RDL_LINE_MAX) };
	const struct rdl_run_spec spec = { .tool = "dedupe",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	prepare(&w, &o);
	rc = rdl_stage_begin(&w.stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = dedupe_all(&w, &err);
	status = rdl_stage_end(&w.stage, rc, &err);
out:
	rdl_map_release(&w.exact);
	rdl_minhash_free(w.minhash);
	rdl_phash_index_free(w.phash);
	rdl_twins_free(w.batch.twins);
	free(w.batch.v);
	rdl_arena_release(&w.batch.arena);
	free(w.ids);
	rdl_buf_release(&w.text);
	rdl_buf_release(&w.line);
	rdl_strs_release(&o.fields);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
