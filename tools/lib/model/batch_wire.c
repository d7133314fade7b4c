/*
 * A batch folder's talk with the server: files and batches of OpenAI's API.
 * Sends one request at a time and waits for it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/file.h"
#include "core/rng.h"
#include "core/tool.h"
#include "record/json.h"
#include "model/batch_impl.h"
#include "model/dialect.h"

#define TRIES 5
#define PAUSE_MS 1000		/* before the second try; doubles */
#define PAUSE_MAX_MS 60000

/* The largest file of replies that is fetched. */
#define REPLIES_MAX (1024 * RDL_MIB)

/* Wait, but not for a user who wants us to stop. */
static int
pause_ms(int64_t ms, struct rdl_err *err)
{
	for (; ms > 0 && !rdl_tool_stopped(); ms -= 200)
		(void)poll(NULL, 0, ms < 200 ? (int)ms : 200);
	return rdl_tool_stopped() ? rdl_err_set(err, RDL_E_STOPPED,
	    "stopped by a signal; run the same command again to go on") : 0;
}

/* The headers of the dialect, with another content type or none. */
static void
headers(const struct rdl_model *m, const char *type, struct rdl_buf *out)
{
	struct rdl_buf all = RDL_BUF_INIT(RDL_HEADER_MAX);
	const char *p, *end;

	m->dialect->headers(m, &all);
	for (p = all.p; p != NULL && *p != '\0'; p = end) {
		end = strchr(p, '\n');
		end = end != NULL ? end + 1 : p + strlen(p);
		if (strncasecmp(p, "content-type:", 13) != 0)
			rdl_buf_add(out, p, (size_t)(end - p));
	}
	while (out->len > 0 && out->p[out->len - 1] == '\n')
		out->p[--out->len] = '\0';
	if (type != NULL)
		rdl_buf_addf(out, "%sContent-Type: %s",
		    out->len > 0 ? "\n" : "", type);
	rdl_buf_release(&all);
}

/* One exchange, whatever comes of it. */
static int
exchange_once(struct rdl_batch *b, struct rdl_http_call *c,
    struct rdl_err *err)
{
	struct rdl_http_call *done = NULL;
	bool readable;
	int n = 0;

	if (b->http == NULL && rdl_http_open(&b->http, 1, err) < 0)
		return -1;
	if (rdl_http_send(b->http, c, err) < 0)
		return -1;
	while (n == 0) {
		if (rdl_tool_stopped())
			return rdl_err_set(err, RDL_E_STOPPED, "stopped by a "
			    "signal; run the same command again to go on");
		n = rdl_http_wait(b->http, -1, &readable, 500, &done, 1, err);
	}
	return n < 0 ? -1 : 0;
}

/* Was the call answered?  1; 0 if another try may help, with the pause that
 * was asked for; -1. */
static int
judge(const struct rdl_http_call *c, const char *url, int64_t *wait_ms,
    struct rdl_err *err)
{
	enum rdl_fault fault = c->transient ? RDL_FAULT_RETRY :
	    RDL_FAULT_RECORD;
	char said[320];

	if (c->status == 200)
		return 1;
	if (c->status == 0)
		(void)rdl_err_set(err, RDL_E_REMOTE, "%s: %s", url, c->error);
	else {
		fault = rdl_dialect_fault(c->status, c->reply.p != NULL ?
		    c->reply.p : "", c->reply.len, said, wait_ms);
		(void)rdl_err_set(err, RDL_E_REMOTE, "%s: HTTP %d: %s", url,
		    c->status, said);
	}
	if (c->retry_after_ms >= 0)
		*wait_ms = c->retry_after_ms;
	return fault == RDL_FAULT_RETRY || fault == RDL_FAULT_LIMIT ? 0 : -1;
}

int
rdl_batch_exchange(struct rdl_batch *b, const char *path, const char *type,
    const struct rdl_buf *body, bool again, struct rdl_http_call *c,
    struct rdl_err *err)
{
	struct rdl_buf url = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_buf head = RDL_BUF_INIT(RDL_HEADER_MAX);
	int64_t step = PAUSE_MS, wait_ms;
	int tries, rc = -1;

	memset(c, 0, sizeof(*c));
	rdl_buf_init(&c->reply, REPLIES_MAX);
	rdl_buf_addf(&url, "%s%s", b->model->base_url, path);
	headers(b->model, type, &head);
	c->url = url.p;
	c->headers = head.p != NULL ? head.p : "";
	c->body = body != NULL ? body->p : NULL;
	c->body_len = body != NULL ? body->len : 0;
	c->timeout_ms = b->model->timeout_ms;
	for (tries = 1; tries <= TRIES; tries++) {
		if (exchange_once(b, c, err) < 0)
			goto out;
		wait_ms = -1;
		rc = judge(c, url.p, &wait_ms, err);
		if (rc != 0 || !again || tries == TRIES)
			break;
		if (wait_ms < 0)
			wait_ms = step;
		if (wait_ms > PAUSE_MAX_MS)
			wait_ms = PAUSE_MAX_MS;
		step *= 2;
		if (pause_ms(wait_ms, err) < 0)
			goto out;
	}
	rc = rc == 1 ? 0 : -1;
out:
	if (rc < 0)
		rdl_buf_release(&c->reply);
	rdl_buf_release(&url);
	rdl_buf_release(&head);
	return rc;
}

yyjson_doc *
rdl_batch_ask(struct rdl_batch *b, const char *path,
    const struct rdl_buf *body, bool again, struct rdl_err *err)
{
	struct rdl_http_call c;
	yyjson_doc *doc;

	if (rdl_batch_exchange(b, path, body != NULL ? "application/json" :
	    NULL, body, again, &c, err) < 0)
		return NULL;
	doc = rdl_json_read(c.reply.p != NULL ? c.reply.p : "", c.reply.len, 0);
	if (!yyjson_is_obj(yyjson_doc_get_root(doc))) {
		yyjson_doc_free(doc);
		doc = NULL;
		(void)rdl_err_set(err, RDL_E_REMOTE, "%s%s: the server's "
		    "reply is not a JSON object; does it have batches?",
		    b->model->base_url, path);
	}
	rdl_buf_release(&c.reply);
	return doc;
}

/* The "id" of an object, which may go into a path. */
static int
take_id(struct rdl_batch *b, yyjson_val *object, const char *what, char **out,
    struct rdl_err *err)
{
	const char *id = yyjson_get_str(yyjson_obj_get(object, "id"));

	if (id == NULL || id[0] == '\0' || strlen(id) > 200 ||
	    id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.")] != '\0')
		return rdl_err_set(err, RDL_E_REMOTE, "%s: the server gave "
		    "the %s no name", b->model->base_url, what);
	rdl_batch_set(out, id);
	return 0;
}

int
rdl_batch_upload(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err)
{
	struct rdl_buf body = RDL_BUF_INIT(RDL_BODY_MAX);
	struct rdl_http_call c = { .url = NULL };
	yyjson_doc *doc = NULL;
	char mark[40], type[80];
	int rc = -1;

	(void)snprintf(mark, sizeof(mark), "riddle%016llx%016llx",
	    (unsigned long long)rdl_rng_entropy(),
	    (unsigned long long)rdl_rng_entropy());
	(void)snprintf(type, sizeof(type), "multipart/form-data; boundary=%s",
	    mark);
	rdl_buf_addf(&body, "--%s\r\nContent-Disposition: form-data; "
	    "name=\"purpose\"\r\n\r\nbatch\r\n--%s\r\nContent-Disposition: "
	    "form-data; name=\"file\"; filename=\"part-%05u.jsonl\"\r\n"
	    "Content-Type: application/jsonl\r\n\r\n", mark, mark, p->number);
	if (rdl_file_read(rdl_batch_path(b, p->number, "jsonl"), &body,
	    err) < 0)
		goto out;
	rdl_buf_addf(&body, "\r\n--%s--\r\n", mark);
	/* A file that came twice costs nothing: ask again when in doubt. */
	if (rdl_batch_exchange(b, "/files", type, &body, true, &c, err) < 0)
		goto out;
	doc = rdl_json_read(c.reply.p != NULL ? c.reply.p : "", c.reply.len, 0);
	rdl_buf_release(&c.reply);
	if (take_id(b, yyjson_doc_get_root(doc), "file", &p->file, err) < 0)
		goto out;
	p->state = RDL_BATCH_UPLOADED;
	rc = rdl_batch_save(b, p, err);
out:
	yyjson_doc_free(doc);
	rdl_buf_release(&body);
	return rc;
}

int
rdl_batch_create(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err)
{
	struct rdl_buf body = RDL_BUF_INIT(RDL_URL_MAX);
	yyjson_doc *doc;
	int rc = -1;

	rdl_buf_adds(&body, "{\"input_file_id\":");
	rdl_buf_addjson(&body, p->file, strlen(p->file));
	rdl_buf_adds(&body, ",\"endpoint\":");
	rdl_buf_addjson(&body, p->url, strlen(p->url));
	rdl_buf_addf(&body, ",\"completion_window\":\"24h\","
	    "\"metadata\":{\"riddle\":\"part-%05u\"}}", p->number);
	/* Never twice: a batch costs.  When in doubt, the next run looks. */
	doc = rdl_batch_ask(b, "/batches", &body, false, err);
	if (doc != NULL && take_id(b, yyjson_doc_get_root(doc), "batch",
	    &p->batch, err) == 0) {
		p->state = RDL_BATCH_SUBMITTED;
		b->submitted++;
		rc = rdl_batch_save(b, p, err);
	}
	yyjson_doc_free(doc);
	rdl_buf_release(&body);
	return rc;
}

/* The batch among a page of them that was made of p's file. */
static int
find_batch(struct rdl_batch *b, struct rdl_batch_part *p, yyjson_val *data,
    struct rdl_err *err)
{
	yyjson_val *v;
	size_t i, max;

	yyjson_arr_foreach(data, i, max, v) {
		if (!yyjson_equals_str(yyjson_obj_get(v, "input_file_id"),
		    p->file))
			continue;
		if (take_id(b, v, "batch", &p->batch, err) < 0)
			return -1;
		p->state = RDL_BATCH_SUBMITTED;
		return rdl_batch_save(b, p, err);
	}
	return 0;
}

int
rdl_batch_adopt(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err)
{
	char path[320] = "/batches?limit=100";
	const char *last;
	yyjson_val *root;
	yyjson_doc *doc;
	bool more = true;
	int rc = 0;

	while (rc == 0 && more && p->state == RDL_BATCH_UPLOADED) {
		doc = rdl_batch_ask(b, path, NULL, true, err);
		if (doc == NULL)
			return -1;
		root = yyjson_doc_get_root(doc);
		rc = find_batch(b, p, yyjson_obj_get(root, "data"), err);
		last = yyjson_get_str(yyjson_obj_get(root, "last_id"));
		more = yyjson_get_bool(yyjson_obj_get(root, "has_more")) &&
		    last != NULL && strlen(last) < 200;
		if (more)
			(void)snprintf(path, sizeof(path),
			    "/batches?limit=100&after=%s", last);
		yyjson_doc_free(doc);
	}
	return rc;
}
