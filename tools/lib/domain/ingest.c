/*
 * From files to image records: files in, through the intake to the decoders.
 * Reads what was named; the records are written by ingest_write.c.
 *
 * Memory: about 130 bytes a distinct content, 110 more with near.
 */
#include "domain/ingest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/mem.h"
#include "core/tool.h"
#include "core/utf8.h"
#include "domain/ingest_impl.h"
#include "domain/picture.h"

/* -- Files ------------------------------------------------------------------*/

/* A name that no record can hold, or a caption: lost, whatever the image. */
static void
check_words(const struct rdl_ingest_opts *o, struct rdl_intake_item *item)
{
	const char *why = NULL;

	if (item->caption != NULL && rdl_utf8_valid(item->caption,
	    item->caption_len) != item->caption_len) {
		item->rule = "caption";
		why = "its caption is not UTF-8";
	} else if (o->store == NULL && rdl_utf8_valid(item->path,
	    strlen(item->path)) != strlen(item->path)) {
		item->rule = "name";
		why = "its name is not UTF-8, so that no record can hold it; "
		    "--store DIR gives it another";
	}
	if (why == NULL)
		return;
	rdl_intake_item_forget(item);
	item->failed = true;
	item->why = rdl_mem_strdup(why);
}

static int
add_fate(struct rdl_ingest *g, const char *sha256, struct rdl_err *err)
{
	struct rdl_id id;

	if (g->nfates == UINT32_MAX)
		return rdl_err_set(err, RDL_E_INPUT, "more than %zu images",
		    g->nfates);
	if (rdl_picture_id(sha256, &id, err) < 0)
		return -1;
	if (g->nfates == g->fates_room) {
		g->fates_room = g->fates_room < 64 ? 64 : g->fates_room * 2;
		g->fates = rdl_mem_realloc(g->fates, g->fates_room,
		    sizeof(*g->fates));
	}
	g->fates[g->nfates++] = (struct rdl_ingest_fate){ id.hash, NULL };
	return 0;
}

/* Find out whether the content was there before. */
static int
know(struct rdl_ingest *g, struct rdl_ingest_job *j, struct rdl_err *err)
{
	struct rdl_sha256 sha = rdl_hash_sha256(j->item->file, j->item->len);
	struct rdl_map_entry *e;
	int made;

	rdl_hash_hex(j->sha256, sha.b, sizeof(sha.b));
	e = rdl_map_put(&g->contents, (const char *)sha.b, sizeof(sha.b),
	    &made);
	j->first = made != 0;
	if (j->first)
		e->value = g->nfates;
	j->fate = (size_t)e->value;
	return j->first ? add_fate(g, j->sha256, err) : 0;
}

/* Take one file in: 1, 0 when there are no more. */
static int
feed(struct rdl_ingest *g, struct rdl_err *err)
{
	struct rdl_intake_item *item;
	struct rdl_verdict v;
	struct rdl_ingest_job *j;
	int rc = rdl_intake_next(g->intake, &item, err);

	if (rc > 0)
		rc = rdl_stage_count(g->stage, err);
	if (rc <= 0) {
		rdl_intake_item_free(item);
		return rc;
	}
	j = &g->queue[(g->head + g->n++) % RDL_INGEST_QUEUE];
	memset(j, 0, sizeof(*j));
	j->item = item;
	if (item->file != NULL)
		check_words(&g->o, item);
	if (item->file == NULL)
		return 1;
	if (know(g, j, err) < 0)
		return -1;
	j->decoding = j->first &&
	    rdl_verdict_of_bytes(&g->o.rules, item->len, &v);
	if (j->decoding && rdl_pool_submit(g->pool, 0, item->file, item->len,
	    err) < 0)
		return -1;
	if (!j->decoding || g->o.store == NULL)
		rdl_intake_item_forget(item);
	return 1;
}

/* Take in what fits.  Waits for a list only when nothing else is to be done:
 * then the reader of stdout gets what is there. */
static int
feed_all(struct rdl_ingest *g, struct rdl_err *err)
{
	int more = 1;

	while (more > 0 && g->n < RDL_INGEST_QUEUE && rdl_pool_room(g->pool)) {
		if (!rdl_intake_ready(g->intake)) {
			if (g->n > 0)
				break;
			if (rdl_stage_flush(g->stage, err) < 0)
				return -1;
		}
		more = feed(g, err);
	}
	return more;
}

/* Say which files were not looked at, once. */
static int
tell_passed_over(struct rdl_ingest *g, struct rdl_err *err)
{
	const char *first;
	uint64_t n = rdl_intake_passed_over(g->intake, &first);

	if (n == 0)
		return 0;
	if (g->stage->opts->progress != RDL_PROGRESS_NEVER)
		rdl_warn("passed over %" PRIu64 " files that are no images, "
		    "by name and by content; the first: %s", n, first);
	if (g->stage->ledger == NULL)
		return 0;
	rdl_buf_reset(&g->line);
	rdl_buf_addf(&g->line, "{\"files\":%" PRIu64 ",\"first\":", n);
	rdl_picture_words(&g->line, first);
	rdl_buf_addc(&g->line, '}');
	return rdl_run_note(g->stage->ledger, "passed-over", g->line.p,
	    g->line.len, err);
}

int
rdl_ingest_run(struct rdl_ingest *g, struct rdl_stage *stage,
    struct rdl_err *err)
{
	struct rdl_err later = RDL_ERR_INIT;
	int more = 1;

	g->stage = stage;
	while (more > 0 || g->n > 0) {
		if (more > 0)
			more = feed_all(g, &later);
		if (later.cls == RDL_E_STOPPED || later.cls == RDL_E_PIPE)
			break;
		if (g->n > 0 && rdl_ingest_write(g, err) < 0)
			return -1;
	}
	if (more < 0) {
		*err = later;
		return -1;
	}
	return tell_passed_over(g, err);
}

/* -- Beginning and end ------------------------------------------------------*/

static int
check_path(const struct rdl_ingest_opts *o, const char *path,
    struct rdl_err *err)
{
	struct stat st;

	if (o->store == NULL &&
	    (rdl_walk_is_url(path) || rdl_walk_is_shard(path)))
		return rdl_err_set(err, RDL_E_USAGE, "%s: --store DIR is "
		    "needed, so that later tools find what comes from there",
		    path);
	if (strcmp(path, "-") != 0 && strstr(path, "://") == NULL &&
	    stat(path, &st) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	return 0;
}

static struct rdl_pool *
open_pool(const struct rdl_ingest_opts *o, struct rdl_err *err)
{
	struct rdl_pool_opts pool = { .workers = o->threads,
		.unsafe = o->unsafe, .image = RDL_IMAGE_OPTS_DEFAULT,
		.phash = true };

	pool.image.ignore_orientation = o->ignore_orientation;
	if (o->rules.max_pixels > 0)
		pool.image.max_pixels = (uint64_t)o->rules.max_pixels;
	return rdl_pool_new(&pool, err);
}

struct rdl_ingest *
rdl_ingest_open(const struct rdl_ingest_opts *opts,
    const struct rdl_strs *paths, const struct rdl_strs *lists,
    struct rdl_err *err)
{
	const struct rdl_walk_opts walk = { opts->captions,
		opts->store != NULL };
	struct rdl_ingest *g;
	struct rdl_pool *pool;
	size_t i;

	for (i = 0; i < paths->n; i++)
		if (check_path(opts, paths->v[i], err) < 0)
			return NULL;
	pool = open_pool(opts, err);
	if (pool == NULL)
		return NULL;
	g = rdl_mem_calloc(1, sizeof(*g));
	g->o = *opts;
	g->pool = pool;
	g->intake = rdl_intake_new(paths, lists, &walk);
	g->queue = rdl_mem_calloc(RDL_INGEST_QUEUE, sizeof(*g->queue));
	g->contents = (struct rdl_map)RDL_MAP_INIT;
	rdl_buf_init(&g->line, RDL_LINE_MAX);
	rdl_buf_init(&g->uri, RDL_MIB);
	if (opts->near >= 0)
		g->looks = rdl_phash_index_new((unsigned)opts->near);
	return g;
}

void
rdl_ingest_close(struct rdl_ingest *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (; g->n > 0; g->n--, g->head = (g->head + 1) % RDL_INGEST_QUEUE)
		rdl_intake_item_free(g->queue[g->head].item);
	for (i = 0; i < g->nfates; i++)
		free(g->fates[i].lost);
	free(g->fates);
	free(g->queue);
	rdl_pool_free(g->pool);
	rdl_intake_free(g->intake);
	rdl_map_release(&g->contents);
	rdl_phash_index_free(g->looks);
	rdl_buf_release(&g->line);
	rdl_buf_release(&g->uri);
	free(g);
}
