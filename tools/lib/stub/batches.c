/*
 * Files and batches of OpenAI's API.
 * Reads requests; keeps files in memory; answers the requests in a file by
 * plan.c.  Waits for nothing and sends nothing.
 */
#include "stub/batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "core/map.h"
#include "core/mem.h"
#include "stub/wire.h"

#define FILES "/v1/files"
#define BATCHES "/v1/batches"
#define BODY_MAX (600 * RDL_MIB)

struct rdl_batches_file {
	char *p;
	size_t len;
};

struct rdl_batches_batch {
	size_t input;			/* numbers of files; 0 is none */
	size_t output, errors;
	char *endpoint;
	const char *status;		/* static */
	const char *wrong;		/* static: why it failed, or NULL */
	int64_t polls;
	bool expires;
	size_t total, completed, failed;
};

bool
rdl_batches_takes(const char *path)
{
	return strncmp(path, FILES, strlen(FILES)) == 0 ||
	    strncmp(path, BATCHES, strlen(BATCHES)) == 0;
}

static void
refuse(struct rdl_plan *p, int status, const char *what)
{
	p->status = status;
	rdl_buf_reset(&p->body);
	rdl_wire_error(&p->body, RDL_ASK_OPENAI, status, NULL, what, -1);
}

static size_t
add_file(struct rdl_batches *b, const char *p, size_t len)
{
	b->files = rdl_mem_realloc(b->files, b->nfiles + 1,
	    sizeof(*b->files));
	b->files[b->nfiles].p = rdl_mem_dup(p, len);
	b->files[b->nfiles].len = len;
	return ++b->nfiles;
}

/* The number behind prefix in a name like "file-12", if it is one of n. */
static size_t
number(const char *name, const char *prefix, size_t n)
{
	char want[64];
	size_t i, len = strcspn(name, "/");

	for (i = n; i > 0; i--) {
		(void)snprintf(want, sizeof(want), "%s%zu", prefix, i);
		if (strlen(want) == len && strncmp(name, want, len) == 0)
			return i;
	}
	return 0;
}

/* -- files ---------------------------------------------------------------- */

/* Where needle begins in p[0..len), or NULL; p may hold NUL. */
static const char *
find(const char *p, size_t len, const char *needle, size_t n)
{
	const char *end = p + len, *q;

	for (; (size_t)(end - p) >= n && (q = memchr(p, needle[0],
	    (size_t)(end - p) - n + 1)) != NULL; p = q + 1)
		if (memcmp(q, needle, n) == 0)
			return q;
	return NULL;
}

/* The content of the part of a multipart body that has this name. */
static const char *
part(const struct rdl_plan_in *in, const char *mark, const char *name,
    size_t *len)
{
	const char *p = in->body, *end = p + in->len, *head, *stop;
	char field[64];

	(void)snprintf(field, sizeof(field), "name=\"%s\"", name);
	while (p != NULL && (p = find(p, (size_t)(end - p), mark,
	    strlen(mark))) != NULL) {
		p += strlen(mark);
		head = p;
		p = find(p, (size_t)(end - p), "\r\n\r\n", 4);
		if (p == NULL || find(head, (size_t)(p - head), field,
		    strlen(field)) == NULL)
			continue;
		p += 4;
		stop = find(p, (size_t)(end - p), mark, strlen(mark));
		if (stop == NULL || stop - p < 2)
			return NULL;
		*len = (size_t)(stop - p) - 2;	/* CR LF before the mark */
		return p;
	}
	return NULL;
}

static void
file_object(struct rdl_plan *p, size_t number_of, size_t bytes)
{
	p->status = 200;
	rdl_buf_addf(&p->body, "{\"id\":\"file-%zu\",\"object\":\"file\","
	    "\"bytes\":%zu,\"created_at\":1700000000,\"filename\":"
	    "\"part.jsonl\",\"purpose\":\"batch\"}", number_of, bytes);
}

static void
upload(struct rdl_batches *b, const struct rdl_plan_in *in,
    struct rdl_plan *p)
{
	const char *type = in->header(in->arg, "content-type"), *at, *purpose;
	const char *content;
	char mark[120];
	size_t len, purpose_len;

	at = type != NULL ? strstr(type, "boundary=") : NULL;
	if (at == NULL || strncmp(type, "multipart/form-data", 19) != 0 ||
	    strlen(at) > 90 || in->len == 0) {
		refuse(p, 400, "the body is not multipart/form-data");
		return;
	}
	(void)snprintf(mark, sizeof(mark), "--%s", at + strlen("boundary="));
	purpose = part(in, mark, "purpose", &purpose_len);
	content = part(in, mark, "file", &len);
	if (purpose == NULL || purpose_len != 5 ||
	    memcmp(purpose, "batch", 5) != 0 || content == NULL)
		refuse(p, 400, "purpose is not batch, or there is no file");
	else
		file_object(p, add_file(b, content, len), len);
}

static void
files(struct rdl_batches *b, const struct rdl_plan_in *in,
    struct rdl_plan *p)
{
	const char *name = in->path + strlen(FILES), *rest;
	size_t n;

	if (name[0] == '\0' && strcmp(in->method, "POST") == 0) {
		upload(b, in, p);
		return;
	}
	n = name[0] == '/' ? number(name + 1, "file-", b->nfiles) : 0;
	rest = n > 0 ? strchr(name + 1, '/') : NULL;
	if (n == 0 || strcmp(in->method, "GET") != 0 ||
	    (rest != NULL && strcmp(rest, "/content") != 0))
		refuse(p, 404, "no such file");
	else if (rest == NULL)
		file_object(p, n, b->files[n - 1].len);
	else {
		p->status = 200;
		p->type = "application/jsonl";
		rdl_buf_add(&p->body, b->files[n - 1].p, b->files[n - 1].len);
	}
}

/* -- the requests of a batch ---------------------------------------------- */

/* A line of an input file. */
struct line {
	yyjson_doc *doc;
	const char *id, *url;
	yyjson_val *body;
};

static bool
read_line(struct line *l, const char *p, size_t len)
{
	yyjson_val *root;

	l->doc = yyjson_read(p, len, 0);
	root = yyjson_doc_get_root(l->doc);
	l->id = yyjson_get_str(yyjson_obj_get(root, "custom_id"));
	l->url = yyjson_get_str(yyjson_obj_get(root, "url"));
	l->body = yyjson_obj_get(root, "body");
	return l->id != NULL && l->url != NULL && yyjson_is_obj(l->body) &&
	    yyjson_equals_str(yyjson_obj_get(root, "method"), "POST");
}

/* Count the lines; false if one is wrong, or a custom_id comes twice. */
static bool
validate(const struct rdl_batches *b, struct rdl_batches_batch *t)
{
	const struct rdl_batches_file *f = &b->files[t->input - 1];
	struct rdl_map ids = RDL_MAP_INIT;
	const char *p = f->p, *end;
	bool good = true;
	struct line l;
	int made;

	for (; good && p < f->p + f->len; p = end + 1) {
		end = memchr(p, '\n', (size_t)(f->p + f->len - p));
		if (end == NULL)
			end = f->p + f->len;
		good = read_line(&l, p, (size_t)(end - p)) &&
		    strcmp(l.url, t->endpoint) == 0;
		if (good) {
			(void)rdl_map_put(&ids, l.id, strlen(l.id), &made);
			good = made != 0;
		}
		t->total++;
		yyjson_doc_free(l.doc);
	}
	rdl_map_release(&ids);
	return good && t->total > 0;
}

/* A line of the output: body is JSON, or becomes a text. */
static void
put_line(struct rdl_buf *out, const struct line *l,
    const struct rdl_plan *sub)
{
	yyjson_doc *doc = yyjson_read(sub->body.p != NULL ? sub->body.p : "",
	    sub->send, 0);

	rdl_buf_addf(out, "{\"id\":\"batch_req_%lld\",\"custom_id\":",
	    (long long)sub->n);
	rdl_buf_addjson(out, l->id, strlen(l->id));
	rdl_buf_addf(out, ",\"response\":{\"status_code\":%d,"
	    "\"request_id\":\"req_%lld\",\"body\":", sub->status,
	    (long long)sub->n);
	if (doc != NULL)
		rdl_buf_add(out, sub->body.p, sub->send);
	else
		rdl_buf_addjson(out, sub->body.p != NULL ? sub->body.p : "",
		    sub->send);
	rdl_buf_adds(out, "},\"error\":null}\n");
	yyjson_doc_free(doc);
}

static void
put_expired(struct rdl_buf *out, const struct line *l)
{
	rdl_buf_adds(out, "{\"id\":\"batch_req_0\",\"custom_id\":");
	rdl_buf_addjson(out, l->id, strlen(l->id));
	rdl_buf_adds(out, ",\"response\":null,\"error\":{\"code\":"
	    "\"batch_expired\",\"message\":\"This request could not be "
	    "executed before the completion window expired.\"}}\n");
}

struct work {
	struct rdl_plan_rules *rules;
	struct rdl_journal *journal;
	const struct rdl_plan_in *in;
	struct rdl_buf output, errors;
};

static void
answer_line(struct work *w, struct rdl_batches_batch *t,
    const struct line *l)
{
	struct rdl_plan_in in = *w->in;
	struct rdl_plan sub;
	size_t len = 0;
	char *body = yyjson_val_write(l->body, 0, &len);

	in.method = "POST";
	in.path = l->url;
	in.body = body;
	in.len = len;
	in.too_large = false;
	rdl_plan_make(&sub, w->rules, &in);
	rdl_journal_planned(w->journal, &sub, &in, in.now_us);
	if (sub.status == 200) {
		t->completed++;
		put_line(&w->output, l, &sub);
	} else {
		t->failed++;
		if (sub.status == 0)
			put_expired(&w->errors, l);
		else
			put_line(&w->errors, l, &sub);
	}
	rdl_plan_release(&sub);
	free(body);
}

/* Answer the first n requests; the others expired if told so. */
static void
work_off(struct rdl_batches *b, struct rdl_batches_batch *t, size_t n,
    bool expired, struct work *w)
{
	const char *p = b->files[t->input - 1].p, *end;
	const char *stop = p + b->files[t->input - 1].len;
	struct line l;
	size_t i;

	rdl_buf_init(&w->output, BODY_MAX);
	rdl_buf_init(&w->errors, BODY_MAX);
	for (i = 0; p < stop; p = end + 1, i++) {
		end = memchr(p, '\n', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if (read_line(&l, p, (size_t)(end - p))) {
			if (i < n)
				answer_line(w, t, &l);
			else if (expired)
				put_expired(&w->errors, &l);
		}
		yyjson_doc_free(l.doc);
	}
	if (w->output.len > 0)
		t->output = add_file(b, w->output.p, w->output.len);
	if (w->errors.len > 0)
		t->errors = add_file(b, w->errors.p, w->errors.len);
	rdl_buf_release(&w->output);
	rdl_buf_release(&w->errors);
}

/* -- batches -------------------------------------------------------------- */

static void
file_member(struct rdl_buf *out, const char *name, size_t file)
{
	if (file == 0)
		rdl_buf_addf(out, ",\"%s\":null", name);
	else
		rdl_buf_addf(out, ",\"%s\":\"file-%zu\"", name, file);
}

static void
batch_object(const struct rdl_batches *b, size_t n, struct rdl_buf *out)
{
	const struct rdl_batches_batch *t = &b->batches[n - 1];

	rdl_buf_addf(out, "{\"id\":\"batch_%zu\",\"object\":\"batch\","
	    "\"endpoint\":", n);
	rdl_buf_addjson(out, t->endpoint, strlen(t->endpoint));
	if (t->wrong != NULL)
		rdl_buf_addf(out, ",\"errors\":{\"object\":\"list\",\"data\":"
		    "[{\"code\":\"invalid\",\"message\":\"%s\"}]}", t->wrong);
	else
		rdl_buf_adds(out, ",\"errors\":null");
	rdl_buf_addf(out, ",\"completion_window\":\"24h\",\"status\":\"%s\","
	    "\"created_at\":1700000000", t->status);
	file_member(out, "input_file_id", t->input);
	file_member(out, "output_file_id", t->output);
	file_member(out, "error_file_id", t->errors);
	rdl_buf_addf(out, ",\"request_counts\":{\"total\":%zu,\"completed\":"
	    "%zu,\"failed\":%zu}}", t->total, t->completed, t->failed);
}

static void
create(struct rdl_batches *b, const struct rdl_plan_in *in,
    struct rdl_plan *p)
{
	yyjson_doc *doc = yyjson_read(in->len > 0 ? in->body : "", in->len,
	    0);
	yyjson_val *root = yyjson_doc_get_root(doc);
	const char *file = yyjson_get_str(yyjson_obj_get(root,
	    "input_file_id"));
	const char *endpoint = yyjson_get_str(yyjson_obj_get(root,
	    "endpoint"));
	struct rdl_batches_batch *t;
	size_t n = file != NULL ? number(file, "file-", b->nfiles) : 0;

	if (n == 0 || endpoint == NULL || !yyjson_equals_str(
	    yyjson_obj_get(root, "completion_window"), "24h")) {
		refuse(p, 400, "input_file_id, endpoint or completion_window "
		    "is wrong");
		yyjson_doc_free(doc);
		return;
	}
	b->batches = rdl_mem_realloc(b->batches, b->nbatches + 1,
	    sizeof(*b->batches));
	t = &b->batches[b->nbatches++];
	memset(t, 0, sizeof(*t));
	t->input = n;
	t->endpoint = rdl_mem_strdup(endpoint);
	t->status = "in_progress";
	t->expires = b->expire-- > 0;
	if (!validate(b, t)) {
		t->status = "failed";
		t->wrong = "a line of the file is wrong";
	}
	p->status = 200;
	batch_object(b, b->nbatches, &p->body);
	yyjson_doc_free(doc);
}

/* Somebody asks: time goes on for this batch. */
static void
poll_batch(struct rdl_batches *b, size_t n, struct work *w)
{
	struct rdl_batches_batch *t = &b->batches[n - 1];

	if (strcmp(t->status, "cancelling") == 0) {
		work_off(b, t, t->total / 2, false, w);
		t->status = "cancelled";
	} else if (strcmp(t->status, "in_progress") == 0 &&
	    t->polls++ >= b->polls) {
		work_off(b, t, t->expires ? t->total / 2 : t->total, true, w);
		t->status = t->expires ? "expired" : "completed";
	}
}

static void
list(const struct rdl_batches *b, struct rdl_plan *p)
{
	size_t n;

	p->status = 200;
	rdl_buf_adds(&p->body, "{\"object\":\"list\",\"data\":[");
	for (n = b->nbatches; n > 0; n--) {
		batch_object(b, n, &p->body);
		rdl_buf_adds(&p->body, n > 1 ? "," : "");
	}
	rdl_buf_adds(&p->body, "],\"has_more\":false}");
}

static void
batches(struct rdl_batches *b, const struct rdl_plan_in *in, struct work *w,
    struct rdl_plan *p)
{
	const char *name = in->path + strlen(BATCHES), *rest;
	bool post = strcmp(in->method, "POST") == 0;
	size_t n;

	if (name[0] == '\0' && post) {
		create(b, in, p);
		return;
	}
	if (name[0] == '\0') {
		list(b, p);
		return;
	}
	n = name[0] == '/' ? number(name + 1, "batch_", b->nbatches) : 0;
	rest = n > 0 ? strchr(name + 1, '/') : NULL;
	if (n == 0 || (post && (rest == NULL ||
	    strcmp(rest, "/cancel") != 0)) || (!post && rest != NULL)) {
		refuse(p, 404, "no such batch");
		return;
	}
	if (post && strcmp(b->batches[n - 1].status, "in_progress") == 0)
		b->batches[n - 1].status = "cancelling";
	else if (!post)
		poll_batch(b, n, w);
	p->status = 200;
	batch_object(b, n, &p->body);
}

void
rdl_batches_plan(struct rdl_batches *b, struct rdl_plan_rules *r,
    struct rdl_journal *j, const struct rdl_plan_in *in, struct rdl_plan *p)
{
	const char *key = in->header(in->arg, "authorization");
	struct work w = { .rules = r, .journal = j, .in = in };

	*p = (struct rdl_plan){ .type = "application/json" };
	rdl_buf_init(&p->headers, RDL_HEADER_MAX);
	rdl_buf_init(&p->body, BODY_MAX);
	rdl_buf_init(&p->custom, RDL_KIB);
	if (r->key != NULL && (key == NULL || strncmp(key, "Bearer ", 7) !=
	    0 || strcmp(key + 7, r->key) != 0))
		refuse(p, 401, "Incorrect API key provided.");
	else if (b->faults > 0 && b->faults-- > 0)
		refuse(p, 500, "this error was asked for");
	else if (in->too_large)
		refuse(p, 413, "the body is too large");
	else if (strncmp(in->path, FILES, strlen(FILES)) == 0)
		files(b, in, p);
	else
		batches(b, in, &w, p);
	p->send = p->body.len;
}

void
rdl_batches_release(struct rdl_batches *b)
{
	size_t i;

	for (i = 0; i < b->nfiles; i++)
		free(b->files[i].p);
	for (i = 0; i < b->nbatches; i++)
		free(b->batches[i].endpoint);
	free(b->files);
	free(b->batches);
}
