/*
 * A dataset as Parquet: samples to rows of one file, or of a folder's files
 * by split.
 * Reads the pictures that samples name, and puts their bytes into the rows.
 * The first sample says which columns there are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/json.h"
#include "publish/pair.h"
#include "publish/sink_private.h"

/* A file of a folder is closed when it has more bytes than this, as the hub
 * wants it. */
#define FILE_BYTES (500 * RDL_MIB)

#define END { NULL, 0, NULL }

static const struct rdl_parquet_node image[] = {
	{ "element", RDL_PARQUET_IMAGE, NULL }, END
};
static const struct rdl_parquet_node part_members[] = {
	{ "type", RDL_PARQUET_TEXT, NULL },
	{ "text", RDL_PARQUET_TEXT, NULL }, END
};
static const struct rdl_parquet_node part[] = {
	{ "element", RDL_PARQUET_STRUCT, part_members }, END
};
static const struct rdl_parquet_node message_members[] = {
	{ "role", RDL_PARQUET_TEXT, NULL },
	{ "content", RDL_PARQUET_LIST, part }, END
};
static const struct rdl_parquet_node message[] = {
	{ "element", RDL_PARQUET_STRUCT, message_members }, END
};

/* Columns of the samples' kinds: the members of the row's JSON. */
static const struct rdl_parquet_node sft[] = {
	{ "id", RDL_PARQUET_TEXT, NULL },
	{ "task_type", RDL_PARQUET_TEXT, NULL },
	{ "images", RDL_PARQUET_LIST, image },
	{ "messages", RDL_PARQUET_LIST, message }, END
};
static const struct rdl_parquet_node dpo[] = {
	{ "id", RDL_PARQUET_TEXT, NULL },
	{ "task_type", RDL_PARQUET_TEXT, NULL },
	{ "images", RDL_PARQUET_LIST, image },
	{ "prompt", RDL_PARQUET_LIST, message },
	{ "chosen", RDL_PARQUET_LIST, message },
	{ "rejected", RDL_PARQUET_LIST, message }, END
};
static const struct rdl_parquet_node diffusion_dpo[] = {
	{ "id", RDL_PARQUET_TEXT, NULL },
	{ "task_type", RDL_PARQUET_TEXT, NULL },
	{ "caption", RDL_PARQUET_TEXT, NULL },
	{ "jpg_0", RDL_PARQUET_BLOB, NULL },
	{ "jpg_1", RDL_PARQUET_BLOB, NULL },
	{ "label_0", RDL_PARQUET_REAL, NULL },
	{ "label_1", RDL_PARQUET_REAL, NULL },
	{ "are_different", RDL_PARQUET_FLAG, NULL },
	{ "has_label", RDL_PARQUET_FLAG, NULL },
	{ "image_0_uid", RDL_PARQUET_TEXT, NULL },
	{ "image_1_uid", RDL_PARQUET_TEXT, NULL },
	{ "best_image_uid", RDL_PARQUET_TEXT, NULL }, END
};

static const struct rdl_parquet_node *
columns_of(const struct rdl_sample *s)
{
	return !s->preference ? sft : s->of_images ? diffusion_dpo : dpo;
}

/* The file at rel of a folder, or the only one. */
static struct rdl_parquet *
open_table(struct rdl_sink *k, struct rdl_split *p, struct rdl_err *err)
{
	char rel[80];

	if (p == NULL)
		return rdl_parquet_open(k->tmp, k->columns, 0, err);
	(void)snprintf(rel, sizeof(rel), "data/%s-%05llu.parquet", p->name,
	    (unsigned long long)p->shard++);
	p->shard_rows = 0;
	if (rdl_sink_path(k, rel, err) < 0)
		return NULL;
	(void)rdl_map_put(&k->files, rel, strlen(rel), NULL);
	return rdl_parquet_open(k->name.p, k->columns, 0, err);
}

int
rdl_parquet_sink_close(struct rdl_sink *k, struct rdl_split *p,
    struct rdl_err *err)
{
	struct rdl_parquet **t = p == NULL ? &k->table : &p->table;
	struct rdl_parquet *done;

	if (p == NULL && *t == NULL) {	/* no rows: a file without any */
		k->columns = sft;
		*t = open_table(k, NULL, err);
		if (*t == NULL)
			return -1;
	}
	done = *t;
	*t = NULL;
	return done == NULL ? 0 : rdl_parquet_close(done, err);
}

/* The file that the next row goes to. */
static struct rdl_parquet *
table_for(struct rdl_sink *k, struct rdl_split *p, struct rdl_err *err)
{
	struct rdl_parquet **t = p == NULL ? &k->table : &p->table;

	if (p != NULL && *t != NULL &&
	    (p->shard_rows >= (uint64_t)k->o->shard_rows ||
	    rdl_parquet_bytes(*t) >= FILE_BYTES) &&
	    rdl_parquet_sink_close(k, p, err) < 0)
		return NULL;
	if (*t == NULL)
		*t = open_table(k, p, err);
	return *t;
}

static int
add_row(struct rdl_parquet *t, const struct rdl_buf *json,
    const struct rdl_buf *pictures, size_t n, struct rdl_err *err)
{
	yyjson_doc *doc = rdl_json_read(json->p, json->len, 0);
	int rc;

	if (doc == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "the row is no JSON");
	rc = rdl_parquet_row(t, yyjson_doc_get_root(doc), pictures, n, err);
	yyjson_doc_free(doc);
	return rc;
}

/* The pictures, their names, and the row's JSON in k->item. */
static int
read_row(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_buf *pictures, size_t *n, struct rdl_err *err)
{
	char sha[RDL_SAMPLE_IMAGES][2 * RDL_SHA256_LEN + 1];
	const char *paths[RDL_SAMPLE_IMAGES], *ext;
	struct rdl_sample copy = *s;

	for (*n = 0; *n < s->nimages; ++*n) {
		if (rdl_sink_relative(k, &s->images[*n], &paths[*n],
		    err) < 0 || rdl_sink_picture(k, &s->images[*n], &ext,
		    sha[*n], err) < 0)
			return -1;
		copy.images[*n].sha256 = (struct rdl_sample_text){ sha[*n],
			strlen(sha[*n]) };
		pictures[*n] = k->picture;
		rdl_buf_init(&k->picture, RDL_IMAGE_MAX);
	}
	if (s->of_images && rdl_pair_at(s, 0) == 1) {
		struct rdl_buf first = pictures[0];

		pictures[0] = pictures[1];
		pictures[1] = first;
	}
	rdl_buf_reset(&k->item);
	k->o->format->item(&copy, paths, &k->item);
	if (rdl_buf_full(&k->item))
		return rdl_err_set(err, RDL_E_INPUT, "the row is too long");
	return 0;
}

int
rdl_parquet_sink_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err)
{
	struct rdl_buf pictures[RDL_SAMPLE_IMAGES];
	struct rdl_split *p = NULL;
	struct rdl_parquet *t;
	size_t n = 0;
	int rc = -1;

	if (k->columns != NULL && k->columns != columns_of(s))
		return rdl_err_set(err, RDL_E_INPUT, "a table has rows of one "
		    "kind: the first one was another than this");
	/* The split comes last: one without a row would be on the card. */
	if (read_row(k, s, pictures, &n, err) < 0 ||
	    (k->folder && (p = rdl_sink_split(k, s, err)) == NULL))
		goto out;
	k->columns = columns_of(s);
	t = table_for(k, p, err);
	if (t == NULL || add_row(t, &k->item, pictures, n, err) < 0)
		goto out;
	if (p != NULL) {
		p->samples++;
		p->shard_rows++;
	}
	rc = 0;
out:
	while (n > 0)
		rdl_buf_release(&pictures[--n]);
	return rc;
}
