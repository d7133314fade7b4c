/*
 * Records as jobs of the embedder: which file, which digest, whose record.
 * Reads records; does no I/O.
 */
#include <string.h>

#include "vision/embed_record.h"

static void
fail(struct rdl_embed_job *job, const char *rule, const char *why)
{
	job->rule = rule;
	job->why = rdl_arena_dup(&job->arena, why, strlen(why));
}

struct rdl_embed_row *
rdl_embed_row(struct rdl_embed_job *job, const struct rdl_rec *rec)
{
	struct rdl_embed_row *row = rdl_arena_alloc(&job->arena, sizeof(*row));
	struct rdl_err why = RDL_ERR_INIT;
	int rc = rdl_id_of(rec, &row->id, &why);

	row->line = rdl_arena_dup(&job->arena, rec->line, rec->len);
	row->len = rec->len;
	row->has_id = rc == 1;
	job->user = row;
	if (rc < 0) {
		memset(&row->id, 0, sizeof(row->id));
		row->id.hash = rdl_hash_of(row->line, row->len);
		fail(job, "id", why.msg);
	}
	return row;
}

static bool
is_digest(const char *s, size_t len)
{
	unsigned char b[RDL_SHA256_LEN];

	return len == 2 * RDL_SHA256_LEN &&
	    rdl_hash_unhex(b, s, RDL_SHA256_LEN) == 0;
}

void
rdl_embed_image(struct rdl_embed_job *job, const struct rdl_rec *rec)
{
	yyjson_val *bytes = rdl_rec_get(rec, "bytes");
	const char *uri, *digest;
	size_t len = 0, dlen = 0;

	if (job->rule != NULL)
		return;
	uri = rdl_rec_str(rec, "uri", &len);
	digest = rdl_rec_str(rec, "sha256", &dlen);
	if (uri == NULL || len == 0 || strlen(uri) != len)
		fail(job, "record",
		    "an image needs \"uri\", the path of its file");
	else if (strstr(uri, "://") != NULL || strncmp(uri, "data:", 5) == 0)
		fail(job, "record", "\"uri\" is not the path of a file; "
		    "riddle image-ingest fetches");
	else if (rdl_rec_get(rec, "sha256") != NULL &&
	    (digest == NULL || !is_digest(digest, dlen)))
		fail(job, "record", "\"sha256\" is not 64 hexadecimal digits");
	if (job->rule != NULL)
		return;
	job->path = rdl_arena_dup(&job->arena, uri, len);
	if (digest != NULL)
		job->sha256 = rdl_arena_dup(&job->arena, digest, dlen);
	job->bytes = yyjson_get_uint(bytes);
}

void
rdl_embed_loss(const struct rdl_embed_job *job, struct rdl_loss *loss)
{
	const struct rdl_embed_row *row = job->user;

	memset(loss, 0, sizeof(*loss));
	loss->failed = true;
	loss->id = row->id;
	loss->rule = job->rule;
	loss->reason = job->why;
	loss->record = row->line;
	loss->record_len = row->len;
}
