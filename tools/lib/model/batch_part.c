/*
 * The parts of a batch folder on disk: their state, keys and results.
 * Reads and writes part-N.json; reads part-N.index and part-N.results.  Does
 * not talk to the server.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/num.h"
#include "record/json.h"
#include "model/batch_impl.h"

static const char *const states[] = { "written", "uploaded", "submitted",
	"ended" };

void
rdl_batch_set(char **member, const char *text)
{
	char *copy = rdl_mem_strdup(text);

	free(*member);
	*member = copy;
}

void
rdl_batch_part_release(struct rdl_batch_part *p)
{
	free(p->url);
	free(p->endpoint);
	free(p->model);
	free(p->file);
	free(p->batch);
	free(p->status);
	memset(p, 0, sizeof(*p));
}

const char *
rdl_batch_path(struct rdl_batch *b, unsigned number, const char *suffix)
{
	rdl_buf_reset(&b->path);
	rdl_buf_addf(&b->path, "%s/part-%05u.%s", b->o->dir, number, suffix);
	return b->path.p;
}

int
rdl_batch_file_open(struct rdl_batch *b, struct rdl_batch_file *f,
    unsigned number, const char *suffix, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	size_t len;

	rdl_batch_file_release(f);
	rdl_buf_addf(&path, "%s.new", rdl_batch_path(b, number, suffix));
	f->path = rdl_buf_detach(&path, &len);
	f->number = number;
	f->suffix = suffix;
	return rdl_out_open(&f->out, f->path, err);
}

int
rdl_batch_file_end(struct rdl_batch *b, struct rdl_batch_file *f,
    struct rdl_err *err)
{
	const char *name;

	if (rdl_out_flush(&f->out, err) < 0)
		return -1;
	if (fsync(f->out.fd) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", f->path);
	if (rdl_out_close(&f->out, err) < 0)
		return -1;
	name = rdl_batch_path(b, f->number, f->suffix);
	if (rename(f->path, name) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", name);
	return 0;
}

void
rdl_batch_file_release(struct rdl_batch_file *f)
{
	if (f->path != NULL)
		rdl_out_abandon(&f->out);
	free(f->path);
	f->path = NULL;
}

static void
add_member(struct rdl_buf *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	rdl_buf_addf(out, ",\n\"%s\":", name);
	rdl_buf_addjson(out, text, strlen(text));
}

int
rdl_batch_save(struct rdl_batch *b, const struct rdl_batch_part *p,
    struct rdl_err *err)
{
	struct rdl_buf t = RDL_BUF_INIT(64 * RDL_KIB);
	int rc;

	rdl_buf_addf(&t, "{\"state\":\"%s\",\n\"requests\":%llu,\n"
	    "\"bytes\":%llu,\n\"done\":%llu", states[p->state],
	    (unsigned long long)p->requests, (unsigned long long)p->bytes,
	    (unsigned long long)p->done);
	add_member(&t, "url", p->url);
	add_member(&t, "endpoint", p->endpoint);
	add_member(&t, "model", p->model);
	add_member(&t, "file", p->file);
	add_member(&t, "batch", p->batch);
	add_member(&t, "status", p->status);
	rdl_buf_adds(&t, "}\n");
	rc = rdl_file_write(rdl_batch_path(b, p->number, "json"), t.p, t.len,
	    err);
	rdl_buf_release(&t);
	return rc;
}

static void
read_member(yyjson_val *root, const char *name, char **out)
{
	rdl_batch_set(out, yyjson_get_str(yyjson_obj_get(root, name)));
}

/* part-N.json into p. */
static int
read_state(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err)
{
	struct rdl_buf t = RDL_BUF_INIT(64 * RDL_KIB);
	const char *path = rdl_batch_path(b, p->number, "json"), *word;
	yyjson_doc *doc = NULL;
	yyjson_val *root;
	int rc = -1;

	if (rdl_file_read(path, &t, err) < 0)
		goto out;
	doc = rdl_json_read(t.p != NULL ? t.p : "", t.len, 0);
	root = yyjson_doc_get_root(doc);
	word = yyjson_get_str(yyjson_obj_get(root, "state"));
	for (p->state = RDL_BATCH_WRITTEN; word != NULL &&
	    p->state < RDL_BATCH_ENDED && strcmp(word, states[p->state]) != 0;)
		p->state++;
	p->requests = yyjson_get_uint(yyjson_obj_get(root, "requests"));
	p->bytes = yyjson_get_uint(yyjson_obj_get(root, "bytes"));
	p->done = yyjson_get_uint(yyjson_obj_get(root, "done"));
	read_member(root, "url", &p->url);
	read_member(root, "endpoint", &p->endpoint);
	read_member(root, "model", &p->model);
	read_member(root, "file", &p->file);
	read_member(root, "batch", &p->batch);
	read_member(root, "status", &p->status);
	if (word == NULL || strcmp(word, states[p->state]) != 0 ||
	    p->url == NULL || p->endpoint == NULL || p->model == NULL ||
	    (p->state >= RDL_BATCH_UPLOADED && p->file == NULL) ||
	    (p->state >= RDL_BATCH_SUBMITTED && p->batch == NULL))
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: not the state of a "
		    "part of a batch", path);
	else if (strcmp(p->endpoint, b->model->endpoint) != 0 ||
	    strcmp(p->model, b->model->remote) != 0)
		(void)rdl_err_set(err, RDL_E_USAGE, "%s: this folder is of "
		    "%s at %s; give --batch-dir another one", path, p->model,
		    p->endpoint);
	else
		rc = 0;
out:
	yyjson_doc_free(doc);
	rdl_buf_release(&t);
	return rc;
}

/* Fields of a line "KEY N N ...", of which want are numbers. */
static int
read_fields(char *line, size_t want, int64_t *n)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char *p = line, *space;
	size_t i;

	if (strlen(line) < RDL_BATCH_KEY + 1 || line[RDL_BATCH_KEY] != ' ')
		return -1;
	line[RDL_BATCH_KEY] = '\0';
	p += RDL_BATCH_KEY + 1;
	for (i = 0; i < want; i++) {
		space = strchr(p, ' ');
		if ((space == NULL) != (i + 1 == want))
			return -1;
		if (space != NULL)
			*space = '\0';
		if (rdl_num_int(p, 0, INT64_MAX, &n[i], &ignored) < 0)
			return -1;
		p = space + 1;
	}
	return 0;
}

/* Call fn for each line of a file of keys and numbers. */
static int
each_line(const char *path, size_t fields,
    int (*fn)(void *ctx, const char *key, const int64_t *n,
    struct rdl_err *err), void *ctx, struct rdl_err *err)
{
	struct rdl_buf t = RDL_BUF_INIT(RDL_FILE_MAX);
	int64_t n[4] = { 0, 0, 0, 0 };
	char *line, *end;
	int rc = rdl_file_read(path, &t, err);

	for (line = t.p; rc == 0 && line != NULL && *line != '\0';
	    line = end + 1) {
		end = strchr(line, '\n');
		if (end == NULL) {
			rc = rdl_err_set(err, RDL_E_INPUT, "%s: cut", path);
			break;
		}
		*end = '\0';
		if (read_fields(line, fields, n) < 0)
			rc = rdl_err_set(err, RDL_E_INPUT,
			    "%s: not a list of keys", path);
		else
			rc = fn(ctx, line, n, err);
	}
	rdl_buf_release(&t);
	return rc;
}

struct each {
	size_t part;
	int (*fn)(void *ctx, size_t part, const char *key, uint64_t at,
	    uint64_t len, struct rdl_err *err);
	void *ctx;
};

static int
each_key(void *ctx, const char *key, const int64_t *n, struct rdl_err *err)
{
	const struct each *e = ctx;

	return e->fn(e->ctx, e->part, key, (uint64_t)n[0], (uint64_t)n[1],
	    err);
}

int
rdl_batch_each(struct rdl_batch *b, size_t part,
    int (*fn)(void *ctx, size_t part, const char *key, uint64_t at,
    uint64_t len, struct rdl_err *err), void *ctx, struct rdl_err *err)
{
	struct each e = { part, fn, ctx };
	char *path = rdl_mem_strdup(rdl_batch_path(b, b->parts[part].number,
	    "index"));
	int rc = each_line(path, 2, each_key, &e, err);

	free(path);
	return rc;
}

static int
note_key(void *ctx, size_t part, const char *key, uint64_t at, uint64_t len,
    struct rdl_err *err)
{
	struct rdl_batch *b = ctx;

	(void)at;
	(void)len;
	(void)err;
	rdl_map_put(&b->keys, key, RDL_BATCH_KEY, NULL)->value = part;
	return 0;
}

struct results {
	struct rdl_batch *b;
	size_t part;
};

static int
note_result(void *ctx, const char *key, const int64_t *n,
    struct rdl_err *err)
{
	const struct results *r = ctx;
	struct rdl_batch *b = r->b;

	(void)err;
	if (b->nresults == b->results_cap) {
		b->results_cap = b->results_cap == 0 ? 1024 :
		    2 * b->results_cap;
		b->results = rdl_mem_realloc(b->results, b->results_cap,
		    sizeof(*b->results));
	}
	b->results[b->nresults++] = (struct rdl_batch_result){ r->part,
		(int)n[0], n[1] != 0, (uint64_t)n[2], (uint64_t)n[3] };
	rdl_map_put(&b->found, key, RDL_BATCH_KEY, NULL)->value = b->nresults;
	return 0;
}

int
rdl_batch_load_results(struct rdl_batch *b, size_t i, struct rdl_err *err)
{
	struct results r = { b, i };
	char *path = rdl_mem_strdup(rdl_batch_path(b, b->parts[i].number,
	    "results"));
	int rc = each_line(path, 4, note_result, &r, err);

	free(path);
	return rc;
}

const struct rdl_batch_result *
rdl_batch_result(const struct rdl_batch *b, const char *key)
{
	const struct rdl_map_entry *e = rdl_map_get(&b->found, key,
	    RDL_BATCH_KEY);

	if (e == NULL || !b->results[e->value - 1].final)
		return NULL;
	return &b->results[e->value - 1];
}

uint64_t
rdl_batch_unanswered(const struct rdl_batch *b)
{
	const struct rdl_map_entry *e;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < b->keys.count; i++) {
		e = &b->keys.entries[i];
		n += b->parts[e->value].state == RDL_BATCH_ENDED &&
		    rdl_batch_result(b, e->key) == NULL;
	}
	return n;
}

/* The number in a name "part-00012.json", or 0. */
static unsigned
part_number(const char *name)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char digits[16];
	size_t len = strlen(name);
	int64_t n;

	if (len < 11 || len > 20 || strncmp(name, "part-", 5) != 0 ||
	    strcmp(name + len - 5, ".json") != 0)
		return 0;
	memcpy(digits, name + 5, len - 10);
	digits[len - 10] = '\0';
	return rdl_num_int(digits, 1, 99999, &n, &ignored) < 0 ? 0 :
	    (unsigned)n;
}

static int
by_number(const void *a, const void *b)
{
	const struct rdl_batch_part *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int
list(struct rdl_batch *b, struct rdl_err *err)
{
	DIR *d = opendir(b->o->dir);
	struct dirent *e;
	unsigned n;

	if (d == NULL)
		return rdl_err_sys(err, RDL_E_IO, "%s", b->o->dir);
	while ((e = readdir(d)) != NULL) {
		n = part_number(e->d_name);
		if (n == 0)
			continue;
		b->parts = rdl_mem_realloc(b->parts, b->nparts + 1,
		    sizeof(*b->parts));
		memset(&b->parts[b->nparts], 0, sizeof(*b->parts));
		b->parts[b->nparts++].number = n;
	}
	(void)closedir(d);
	if (b->nparts > 0)
		qsort(b->parts, b->nparts, sizeof(*b->parts), by_number);
	return 0;
}

int
rdl_batch_load(struct rdl_batch *b, struct rdl_err *err)
{
	size_t i;

	if (list(b, err) < 0)
		return -1;
	for (i = 0; i < b->nparts; i++)
		if (read_state(b, &b->parts[i], err) < 0 ||
		    rdl_batch_each(b, i, note_key, b, err) < 0 ||
		    (b->parts[i].state == RDL_BATCH_ENDED &&
		    rdl_batch_load_results(b, i, err) < 0))
			return -1;
	return 0;
}
