/*
 * Batch files: one verb on a folder of parts.
 * Opens the folder, submits what is to be submitted, finds replies.  The
 * engine knows the questions; this does not.
 */
#include "model/batch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "model/batch_impl.h"
#include "model/dialect.h"

/* A request that has no answer, to a new part. */
struct again {
	struct rdl_batch *b;
	int fd;
	struct rdl_buf line;
};

static int
put_again(void *ctx, size_t part, const char *key, uint64_t at, uint64_t len,
    struct rdl_err *err)
{
	struct again *a = ctx;
	struct rdl_batch *b = a->b;
	const struct rdl_map_entry *e = rdl_map_get(&b->keys, key,
	    RDL_BATCH_KEY);
	ssize_t n;
	char *p;

	if (e == NULL || e->value != part || rdl_batch_result(b, key) != NULL)
		return 0;
	rdl_buf_reset(&a->line);
	p = rdl_buf_reserve(&a->line, (size_t)len);
	n = p == NULL ? -1 : pread(a->fd, p, (size_t)len, (off_t)at);
	if (n < 0 || (uint64_t)n != len)
		return rdl_err_set(err, RDL_E_IO, "%s: cut",
		    rdl_batch_path(b, b->parts[part].number, "jsonl"));
	return rdl_batch_put(b, key, b->parts[part].url, p, (size_t)len, err);
}

/* Requests of ended parts without an answer make parts of their own. */
static int
write_again(struct rdl_batch *b, struct rdl_err *err)
{
	struct again a = { b, -1, RDL_BUF_INIT(RDL_BODY_MAX) };
	size_t i, n = b->nparts;
	const char *path;
	int rc = 0;

	if (rdl_batch_unanswered(b) == 0)
		return 0;
	for (i = 0; i < n && rc == 0; i++) {
		if (b->parts[i].state != RDL_BATCH_ENDED)
			continue;
		path = rdl_batch_path(b, b->parts[i].number, "jsonl");
		a.fd = open(path, O_RDONLY | O_CLOEXEC);
		if (a.fd < 0)
			rc = rdl_err_sys(err, RDL_E_IO, "%s", path);
		else
			rc = rdl_batch_each(b, i, put_again, &a, err);
		if (a.fd >= 0)
			(void)close(a.fd);
	}
	rdl_buf_release(&a.line);
	return rc < 0 ? -1 : rdl_batch_end_part(b, err);
}

static int
submit(struct rdl_batch *b, struct rdl_err *err)
{
	struct rdl_batch_part *p;
	size_t i;

	if (b->nparts == 0)
		return rdl_err_set(err, RDL_E_USAGE, "%s: no parts; --batch "
		    "write makes them", b->o->dir);
	if (rdl_batch_fetch(b, err) < 0 || write_again(b, err) < 0)
		return -1;
	for (i = 0; i < b->nparts; i++) {
		p = &b->parts[i];
		if (p->state == RDL_BATCH_UPLOADED &&
		    rdl_batch_adopt(b, p, err) < 0)
			return -1;
		if (p->state == RDL_BATCH_WRITTEN &&
		    rdl_batch_upload(b, p, err) < 0)
			return -1;
		if (p->state == RDL_BATCH_UPLOADED &&
		    rdl_batch_create(b, p, err) < 0)
			return -1;
	}
	return 0;
}

static int
collect(struct rdl_batch *b, struct rdl_err *err)
{
	uint64_t rest, done = 0, all = 0;
	size_t i, waiting = 0, unsent = 0;

	if (b->o->offline)
		return 0;
	if (rdl_batch_fetch(b, err) < 0)
		return -1;
	for (i = 0; i < b->nparts; i++) {
		waiting += b->parts[i].state == RDL_BATCH_SUBMITTED;
		unsent += b->parts[i].state < RDL_BATCH_SUBMITTED;
		all += b->parts[i].requests;
		done += b->parts[i].state == RDL_BATCH_ENDED ?
		    b->parts[i].requests : b->parts[i].done;
	}
	if (unsent > 0)
		return rdl_err_set(err, RDL_E_BUDGET, "%s: %zu of %zu parts "
		    "were not submitted; --batch submit does that",
		    b->o->dir, unsent, b->nparts);
	if (waiting > 0)
		return rdl_err_set(err, RDL_E_BUDGET, "%s: %zu of %zu parts "
		    "are under way, %llu of %llu requests are done; run the "
		    "same command again later", b->o->dir, waiting, b->nparts,
		    (unsigned long long)done, (unsigned long long)all);
	rest = rdl_batch_unanswered(b);
	if (rest > 0)
		return rdl_err_set(err, RDL_E_BUDGET, "%s: %llu requests have "
		    "no answer, since their parts were cancelled, expired or "
		    "refused; --batch submit sends them again, --offline "
		    "goes on without them", b->o->dir,
		    (unsigned long long)rest);
	return 0;
}

int
rdl_batch_open(struct rdl_batch **out, const struct rdl_batch_opts *o,
    const struct rdl_model *model, struct rdl_err *err)
{
	struct rdl_batch *b;
	int rc;

	if (model->dialect != &rdl_dialect_openai)
		return rdl_err_set(err, RDL_E_USAGE, "--batch: %s does not "
		    "speak as OpenAI does", model->name);
	if (o->verb == RDL_BATCH_WRITE && mkdir(o->dir, 0777) < 0 &&
	    errno != EEXIST)
		return rdl_err_sys(err, RDL_E_IO, "%s", o->dir);
	b = rdl_mem_calloc(1, sizeof(*b));
	b->o = o;
	b->model = model;
	b->fd = -1;
	rdl_buf_init(&b->path, RDL_URL_MAX);
	rdl_buf_init(&b->text, RDL_BODY_MAX);
	rc = rdl_batch_load(b, err);
	if (rc == 0 && o->verb == RDL_BATCH_SUBMIT)
		rc = submit(b, err);
	else if (rc == 0 && o->verb == RDL_BATCH_COLLECT)
		rc = collect(b, err);
	if (rc < 0) {
		rdl_batch_close(b);
		return -1;
	}
	*out = b;
	return 0;
}

void
rdl_batch_close(struct rdl_batch *b)
{
	size_t i;

	if (b == NULL)
		return;
	for (i = 0; i < b->nparts; i++)
		rdl_batch_part_release(&b->parts[i]);
	rdl_batch_part_release(&b->open);
	rdl_batch_file_release(&b->requests);
	rdl_batch_file_release(&b->index);
	rdl_http_close(b->http);
	rdl_map_release(&b->keys);
	rdl_map_release(&b->found);
	if (b->fd >= 0)
		(void)close(b->fd);
	rdl_buf_release(&b->path);
	rdl_buf_release(&b->text);
	free(b->results);
	free(b->parts);
	free(b);
}

/* Open the replies of the part that r is in. */
static int
open_replies(struct rdl_batch *b, const struct rdl_batch_result *r,
    struct rdl_err *err)
{
	const char *path;

	if (b->fd >= 0 && b->fd_part == r->part)
		return 0;
	if (b->fd >= 0)
		(void)close(b->fd);
	path = rdl_batch_path(b, b->parts[r->part].number, "replies");
	b->fd = open(path, O_RDONLY | O_CLOEXEC);
	b->fd_part = r->part;
	return b->fd < 0 ? rdl_err_sys(err, RDL_E_IO, "%s", path) : 0;
}

int
rdl_batch_find(struct rdl_batch *b, const struct rdl_sha256 *key,
    int *status, struct rdl_buf *body, char *server_id, struct rdl_err *err)
{
	const struct rdl_batch_result *r;
	char hex[RDL_BATCH_KEY + 1], *p, *space;
	size_t skip;

	rdl_hash_hex(hex, key->b, RDL_HASH_LEN);
	r = rdl_batch_result(b, hex);
	if (r == NULL)
		return 0;
	if (open_replies(b, r, err) < 0)
		return -1;
	rdl_buf_reset(&b->text);
	p = rdl_buf_reserve(&b->text, (size_t)r->len);
	if (p == NULL || pread(b->fd, p, (size_t)r->len, (off_t)r->at) !=
	    (ssize_t)r->len || (space = memchr(p, ' ', (size_t)r->len)) ==
	    NULL || space - p > 127)
		return rdl_err_set(err, RDL_E_INPUT, "%s: cut",
		    rdl_batch_path(b, b->parts[r->part].number, "replies"));
	skip = (size_t)(space - p);
	if (skip == 1 && p[0] == '-')
		skip = 0;	/* the server gave it no name */
	memcpy(server_id, p, skip);
	server_id[skip] = '\0';
	rdl_buf_reset(body);
	rdl_buf_add(body, space + 1, (size_t)(p + r->len - space) - 1);
	*status = r->status;
	b->collected++;
	return 1;
}

void
rdl_batch_summary(const struct rdl_batch *b, struct rdl_buf *out)
{
	size_t i;

	switch (b->o->verb) {
	case RDL_BATCH_WRITE:
		rdl_buf_addf(out, "%llu requests written, %llu were there "
		    "already; %zu parts in %s",
		    (unsigned long long)b->added,
		    (unsigned long long)b->skipped, b->nparts, b->o->dir);
		break;
	case RDL_BATCH_SUBMIT:
		rdl_buf_addf(out, "%llu parts submitted, of %zu in %s; %llu "
		    "requests once more",
		    (unsigned long long)b->submitted, b->nparts, b->o->dir,
		    (unsigned long long)b->added);
		break;
	case RDL_BATCH_COLLECT:
		rdl_buf_addf(out, "%llu replies taken from %zu parts in %s",
		    (unsigned long long)b->collected, b->nparts, b->o->dir);
		break;
	case RDL_BATCH_OFF:
		break;
	}
	for (i = 0; b->o->verb == RDL_BATCH_SUBMIT && i < b->nparts; i++)
		if (b->parts[i].status != NULL && b->parts[i].state ==
		    RDL_BATCH_ENDED && strcmp(b->parts[i].status,
		    "completed") != 0)
			rdl_buf_addf(out, "; part %u: %s",
			    b->parts[i].number, b->parts[i].status);
}
