/*
 * WebDataset: tar shards, the members of a sample side by side.
 * Writes SPLIT-000000.tar and so on; keys have no dots, times and owners are
 * zero, so that the same rows give the same bytes.  webdataset's rules:
 * tariterators.py.  Does not compress.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "publish/pair.h"
#include "publish/sink_private.h"

/* A shard is closed when it has more bytes than this. */
#define SHARD_BYTES (UINT64_C(1) << 30)

static int
tar_error(const struct rdl_split *p, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_IO, "%s: %s", p->tar_path,
	    archive_error_string(p->tar));
}

static int
open_shard(struct rdl_sink *k, struct rdl_split *p, struct rdl_err *err)
{
	char rel[64];

	(void)snprintf(rel, sizeof(rel), "%s-%06llu.tar", p->name,
	    (unsigned long long)p->shard++);
	if (rdl_sink_path(k, rel, err) < 0)
		return -1;
	(void)rdl_map_put(&k->files, rel, strlen(rel), NULL);
	p->shard_rows = 0;
	free(p->tar_path);
	p->tar_path = rdl_mem_strdup(k->name.p);
	p->tar = archive_write_new();
	if (p->tar == NULL ||
	    archive_write_set_format_ustar(p->tar) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p->tar, 1) != ARCHIVE_OK ||
	    archive_write_open_filename(p->tar, p->tar_path) != ARCHIVE_OK)
		return tar_error(p, err);
	return 0;
}

static int
add_member(struct rdl_split *p, const char *name, const void *data,
    size_t len, struct rdl_err *err)
{
	struct archive_entry *e = archive_entry_new();
	int rc = 0;

	if (e == NULL)
		rdl_mem_exhausted(0);
	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, (int64_t)len);
	archive_entry_set_mtime(e, 0, 0);
	if (archive_write_header(p->tar, e) != ARCHIVE_OK ||
	    archive_write_data(p->tar, data, len) != (ssize_t)len)
		rc = tar_error(p, err);
	archive_entry_free(e);
	return rc;
}

int
rdl_shard_close(struct rdl_sink *k, struct rdl_split *p, struct rdl_err *err)
{
	int rc = 0;

	(void)k;
	if (p->tar == NULL)
		return 0;
	if (archive_write_close(p->tar) != ARCHIVE_OK)
		rc = tar_error(p, err);
	(void)archive_write_free(p->tar);
	p->tar = NULL;
	return rc;
}

/* KEY.jpg of one picture; KEY.chosen.jpg and KEY.rejected.jpg of a pair. */
static void
member_name(const struct rdl_sample *s, size_t i, const char *ext, char *out,
    size_t size)
{
	const char *side = "";

	if (s->of_images)
		side = i == 0 ? ".chosen" : ".rejected";
	if (s->of_images || s->nimages == 1)
		(void)snprintf(out, size, "%s%s.%s", s->key, side, ext);
	else
		(void)snprintf(out, size, "%s.%zu.%s", s->key, i, ext);
}

/* All pictures are read before the first is written: a sample that cannot be
 * leaves nothing behind. */
int
rdl_shard_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err)
{
	struct rdl_split *p = rdl_sink_split(k, s, err);
	const bool pick = k->o->format->item == rdl_pair_tar;
	char names[RDL_SAMPLE_IMAGES][80], sha[2 * RDL_SHA256_LEN + 1];
	const char *paths[RDL_SAMPLE_IMAGES], *ext;
	struct rdl_buf bytes[RDL_SAMPLE_IMAGES];
	char json[80];
	size_t i, n = 0;
	int rc = -1;

	if (p == NULL)
		return -1;
	for (; n < s->nimages; n++) {
		if (rdl_sink_picture(k, &s->images[pick ? rdl_pair_at(s, n) :
		    n], &ext, sha, err) < 0)
			goto out;
		if (pick)
			(void)snprintf(names[n], sizeof(names[n]),
			    "%s.jpg_%zu", s->key, n);
		else
			member_name(s, n, ext, names[n], sizeof(names[n]));
		paths[n] = names[n];
		bytes[n] = k->picture;
		rdl_buf_init(&k->picture, RDL_IMAGE_MAX);
	}
	if (p->tar != NULL && (p->shard_rows >= (uint64_t)k->o->shard_rows ||
	    (uint64_t)archive_filter_bytes(p->tar, 0) >= SHARD_BYTES) &&
	    rdl_shard_close(k, p, err) < 0)
		goto out;
	if (p->tar == NULL && open_shard(k, p, err) < 0)
		goto out;
	for (i = 0; i < n; i++)
		if (add_member(p, names[i], bytes[i].p, bytes[i].len, err) < 0)
			goto out;
	rdl_buf_reset(&k->item);
	k->o->format->item(s, paths, &k->item);
	(void)snprintf(json, sizeof(json), "%s.json", s->key);
	rc = add_member(p, json, k->item.p, k->item.len, err);
	p->samples++;
	p->shard_rows++;
out:
	while (n > 0)
		rdl_buf_release(&bytes[--n]);
	return rc;
}
