/*
 * Requests into the parts of a batch folder.
 * Writes part-N.jsonl and part-N.index under temporary names, and part-N.json
 * when a part is whole.  Asks nobody.
 */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "model/batch_impl.h"

/* Bytes of a line around the body. */
#define LINE_EXTRA 512

static int
begin_part(struct rdl_batch *b, const char *url, struct rdl_err *err)
{
	struct rdl_batch_part *p = &b->open;

	rdl_batch_part_release(p);
	p->number = b->nparts == 0 ? 1 : b->parts[b->nparts - 1].number + 1;
	p->state = RDL_BATCH_WRITTEN;
	rdl_batch_set(&p->url, url);
	rdl_batch_set(&p->endpoint, b->model->endpoint);
	rdl_batch_set(&p->model, b->model->remote);
	if (rdl_batch_file_open(b, &b->requests, p->number, "jsonl",
	    err) < 0 ||
	    rdl_batch_file_open(b, &b->index, p->number, "index", err) < 0)
		return -1;
	b->writing = true;
	return 0;
}

int
rdl_batch_end_part(struct rdl_batch *b, struct rdl_err *err)
{
	if (!b->writing)
		return 0;
	b->writing = false;
	if (rdl_batch_file_end(b, &b->requests, err) < 0 ||
	    rdl_batch_file_end(b, &b->index, err) < 0 ||
	    rdl_batch_save(b, &b->open, err) < 0)
		return -1;
	b->parts = rdl_mem_realloc(b->parts, b->nparts + 1,
	    sizeof(*b->parts));
	b->parts[b->nparts++] = b->open;
	memset(&b->open, 0, sizeof(b->open));
	return 0;
}

/* Append one line, which has its newline, under a key. */
int
rdl_batch_put(struct rdl_batch *b, const char *key, const char *url,
    const char *line, size_t len, struct rdl_err *err)
{
	char entry[RDL_BATCH_KEY + 64];
	int n;

	if (len > RDL_BATCH_BYTES)
		return rdl_err_set(err, RDL_E_INPUT, "the request is larger "
		    "than the %zu bytes that a batch may have",
		    RDL_BATCH_BYTES);
	if (b->writing && (strcmp(b->open.url, url) != 0 ||
	    b->open.requests >= (uint64_t)b->o->requests ||
	    b->open.bytes + len > RDL_BATCH_BYTES) &&
	    rdl_batch_end_part(b, err) < 0)
		return -1;
	if (!b->writing && begin_part(b, url, err) < 0)
		return -1;
	n = snprintf(entry, sizeof(entry), "%s %llu %llu\n", key,
	    (unsigned long long)b->open.bytes, (unsigned long long)len);
	if (rdl_out_write(&b->requests.out, line, len, err) < 0 ||
	    rdl_out_write(&b->index.out, entry, (size_t)n, err) < 0)
		return -1;
	b->open.requests++;
	b->open.bytes += len;
	rdl_map_put(&b->keys, key, RDL_BATCH_KEY, NULL)->value = b->nparts;
	b->added++;
	return 0;
}

/* The path of an address that a batch names: "/v1/..." where there is one. */
static const char *
path_of(const char *url)
{
	const char *p = strstr(url, "://"), *v;

	p = p != NULL ? strchr(p + 3, '/') : url;
	if (p == NULL)
		return "/";
	v = strstr(p, "/v1/");
	return v != NULL ? v : p;
}

int
rdl_batch_add(struct rdl_batch *b, const struct rdl_sha256 *key,
    const char *url, const struct rdl_buf *body, struct rdl_err *err)
{
	struct rdl_buf line = RDL_BUF_INIT(RDL_BODY_MAX + LINE_EXTRA);
	char hex[RDL_BATCH_KEY + 1];
	const char *path = path_of(url);
	int rc;

	rdl_hash_hex(hex, key->b, RDL_HASH_LEN);
	if (rdl_map_get(&b->keys, hex, RDL_BATCH_KEY) != NULL &&
	    (!b->o->again || rdl_batch_result(b, hex) == NULL)) {
		b->skipped++;
		return 0;
	}
	rdl_buf_addf(&line, "{\"custom_id\":\"%s\",\"method\":\"POST\","
	    "\"url\":", hex);
	rdl_buf_addjson(&line, path, strlen(path));
	rdl_buf_adds(&line, ",\"body\":");
	rdl_buf_add(&line, body->p, body->len);
	rdl_buf_adds(&line, "}\n");
	if (rdl_buf_full(&line))
		rc = rdl_err_set(err, RDL_E_INPUT, "the request is too large");
	else
		rc = rdl_batch_put(b, hex, path, line.p, line.len, err);
	rdl_buf_release(&line);
	return rc;
}

int
rdl_batch_flush(struct rdl_batch *b, struct rdl_err *err)
{
	return b->o->verb == RDL_BATCH_WRITE ? rdl_batch_end_part(b, err) : 0;
}
