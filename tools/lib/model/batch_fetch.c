/*
 * How submitted parts are, and what came back of them.
 * Asks the server; writes part-N.replies, part-N.results and part-N.json of
 * parts that ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/batch_impl.h"
#include "model/dialect.h"
#include "record/rec.h"

/* A part whose results are being written. */
struct fetch {
	struct rdl_batch *b;
	struct rdl_batch_part *part;
	struct rdl_batch_file replies, results;
	uint64_t at;		/* in the replies */
	struct rdl_rec line, response;
	struct rdl_buf copy;
};

/* The reply to one request: its status, and body[0..len). */
static int
keep(struct fetch *f, const char *key, int status, const char *id,
    const char *body, size_t len, struct rdl_err *err)
{
	char entry[RDL_BATCH_KEY + 100], said[320];
	size_t id_len = id != NULL ? strcspn(id, " \n") : 0;
	int64_t ignored = -1;
	bool final = status == 200 || (status > 0 &&
	    rdl_dialect_fault(status, body, len, said, &ignored) ==
	    RDL_FAULT_RECORD);
	int n;

	if (id_len == 0 || id_len > 127) {
		id = "-";
		id_len = 1;
	}
	n = snprintf(entry, sizeof(entry), "%s %d %d %llu %llu\n", key,
	    status, final ? 1 : 0, (unsigned long long)f->at,
	    (unsigned long long)(id_len + 1 + len));
	f->at += id_len + 1 + len + 1;
	if (rdl_out_write(&f->replies.out, id, id_len, err) < 0 ||
	    rdl_out_write(&f->replies.out, " ", 1, err) < 0 ||
	    rdl_out_write(&f->replies.out, body, len, err) < 0 ||
	    rdl_out_write(&f->replies.out, "\n", 1, err) < 0)
		return -1;
	return rdl_out_write(&f->results.out, entry, (size_t)n, err);
}

/* One line of an output file or an error file. */
static int
take_line(struct fetch *f, const char *line, size_t len, struct rdl_err *err)
{
	const char *key, *body = "null", *json, *id = NULL;
	size_t key_len = 0, body_len = 4, n;
	int status = 0;
	yyjson_val *v;

	if (rdl_rec_parse(&f->line, line, len, err) < 0)
		return rdl_err_prefix(err, "%s of batch %s", f->part->file,
		    f->part->batch);
	key = rdl_rec_str(&f->line, "custom_id", &key_len);
	if (key == NULL || key_len != RDL_BATCH_KEY ||
	    rdl_map_get(&f->b->keys, key, key_len) == NULL)
		return 0;	/* no question of ours */
	rdl_buf_reset(&f->copy);
	if (rdl_rec_span(&f->line, "response", &json, &n) > 0 &&
	    json[0] == '{') {
		rdl_buf_add(&f->copy, json, n);
		if (rdl_rec_parse(&f->response, f->copy.p, f->copy.len,
		    err) < 0)
			return -1;
		v = rdl_rec_get(&f->response, "status_code");
		status = yyjson_is_int(v) ? yyjson_get_int(v) : 0;
		id = rdl_rec_str(&f->response, "request_id", NULL);
		(void)!rdl_rec_span(&f->response, "body", &body, &body_len);
	} else
		(void)!rdl_rec_span(&f->line, "error", &body, &body_len);
	if (status < 0 || status > 999)
		status = 0;
	return keep(f, key, status, id, body, body_len, err);
}

/* All lines of a file at the server; name NULL is no file. */
static int
take_file(struct fetch *f, const char *name, struct rdl_err *err)
{
	struct rdl_http_call c;
	const char *p, *end, *stop;
	char path[320];
	int rc = 0;

	if (name == NULL)
		return 0;
	(void)snprintf(path, sizeof(path), "/files/%.200s/content", name);
	if (rdl_batch_exchange(f->b, path, NULL, NULL, true, &c, err) < 0)
		return -1;
	stop = c.reply.p + c.reply.len;
	for (p = c.reply.p; rc == 0 && p < stop; p = end + 1) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if (end - p > 1)
			rc = take_line(f, p, (size_t)(end - p), err);
	}
	rdl_buf_release(&c.reply);
	return rc;
}

static const char *
text(yyjson_val *v, const char *name)
{
	return yyjson_get_str(yyjson_obj_get(v, name));
}

/* The results of a batch that ended, into the folder. */
static int
take_results(struct rdl_batch *b, size_t i, yyjson_val *batch,
    struct rdl_err *err)
{
	struct fetch f = { .b = b, .part = &b->parts[i],
		.line = RDL_REC_INIT, .response = RDL_REC_INIT,
		.copy = RDL_BUF_INIT(RDL_BODY_MAX) };
	int rc = -1;

	if (rdl_batch_file_open(b, &f.replies, f.part->number, "replies",
	    err) < 0 ||
	    rdl_batch_file_open(b, &f.results, f.part->number, "results",
	    err) < 0 ||
	    take_file(&f, text(batch, "output_file_id"), err) < 0 ||
	    take_file(&f, text(batch, "error_file_id"), err) < 0 ||
	    rdl_batch_file_end(b, &f.replies, err) < 0 ||
	    rdl_batch_file_end(b, &f.results, err) < 0)
		goto out;
	f.part->state = RDL_BATCH_ENDED;
	b->ended++;
	rc = rdl_batch_save(b, f.part, err);
	if (rc == 0)
		rc = rdl_batch_load_results(b, i, err);
out:
	rdl_batch_file_release(&f.replies);
	rdl_batch_file_release(&f.results);
	rdl_rec_release(&f.line);
	rdl_rec_release(&f.response);
	rdl_buf_release(&f.copy);
	return rc;
}

/* The server's word for how a batch is, with what it says is wrong. */
static void
note_status(struct rdl_batch_part *p, yyjson_val *batch)
{
	struct rdl_buf t = RDL_BUF_INIT(RDL_KIB);
	const char *word = text(batch, "status"), *why;

	rdl_buf_addf(&t, "%.60s", word != NULL ? word : "unknown");
	why = text(rdl_rec_at(batch, "errors/data/0"), "message");
	if (why != NULL)
		rdl_buf_addf(&t, ": %.300s", why);
	rdl_batch_set(&p->status, t.p);
	p->done = yyjson_get_uint(rdl_rec_at(batch,
	    "request_counts/completed"));
	rdl_buf_release(&t);
}

static bool
is_over(const char *status)
{
	static const char *const over[] = { "completed", "failed", "expired",
		"cancelled" };
	size_t i;

	for (i = 0; i < sizeof(over) / sizeof(over[0]); i++)
		if (status != NULL && strcmp(status, over[i]) == 0)
			return true;
	return false;
}

int
rdl_batch_fetch(struct rdl_batch *b, struct rdl_err *err)
{
	struct rdl_batch_part *p;
	yyjson_val *batch;
	yyjson_doc *doc;
	char path[320];
	size_t i;
	int rc;

	for (i = 0; i < b->nparts; i++) {
		p = &b->parts[i];
		if (p->state != RDL_BATCH_SUBMITTED)
			continue;
		(void)snprintf(path, sizeof(path), "/batches/%.200s",
		    p->batch);
		doc = rdl_batch_ask(b, path, NULL, true, err);
		if (doc == NULL)
			return -1;
		batch = yyjson_doc_get_root(doc);
		note_status(p, batch);
		if (is_over(text(batch, "status")))
			rc = take_results(b, i, batch, err);
		else
			rc = rdl_batch_save(b, p, err);
		yyjson_doc_free(doc);
		if (rc < 0)
			return -1;
	}
	return 0;
}
