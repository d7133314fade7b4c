/*
 * A Hugging Face folder: data/SPLIT/metadata.jsonl and the pictures beside it.
 * Each picture is written once, named by its digest.  ImageFolder of the
 * datasets library reads it as it is.  Does not write the card.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "publish/sink_private.h"

static int
open_rows(struct rdl_sink *k, struct rdl_split *p, struct rdl_err *err)
{
	char rel[64];

	(void)snprintf(rel, sizeof(rel), "data/%s/metadata.jsonl", p->name);
	if (rdl_sink_path(k, rel, err) < 0)
		return -1;
	(void)rdl_map_put(&k->files, rel, strlen(rel), NULL);
	p->rows.path = rdl_mem_strdup(k->name.p);
	return rdl_out_open(&p->rows.out, p->rows.path, err);
}

/* Write the picture that k->picture holds, unless the split has it. */
static int
put_picture(struct rdl_sink *k, const struct rdl_split *p, const char *name,
    struct rdl_err *err)
{
	char rel[160];
	int made;

	(void)snprintf(rel, sizeof(rel), "data/%s/%s", p->name, name);
	(void)rdl_map_put(&k->files, rel, strlen(rel), &made);
	if (!made)
		return 0;
	if (rdl_sink_path(k, rel, err) < 0)
		return -1;
	return rdl_place_write(k->name.p, k->picture.p, k->picture.len, err);
}

int
rdl_folder_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err)
{
	char names[RDL_SAMPLE_IMAGES][96], sha[2 * RDL_SHA256_LEN + 1];
	const char *paths[RDL_SAMPLE_IMAGES], *ext;
	struct rdl_split *p = rdl_sink_split(k, s, err);
	size_t i;

	if (p == NULL || (p->rows.path == NULL && open_rows(k, p, err) < 0))
		return -1;
	for (i = 0; i < s->nimages; i++) {
		if (rdl_sink_picture(k, &s->images[i], &ext, sha, err) < 0)
			return -1;
		(void)snprintf(names[i], sizeof(names[i]), "images/%.2s/%s.%s",
		    sha, sha, ext);
		paths[i] = names[i];
		if (put_picture(k, p, names[i], err) < 0)
			return -1;
	}
	rdl_buf_reset(&k->item);
	k->o->format->item(s, paths, &k->item);
	rdl_buf_addc(&k->item, '\n');
	if (rdl_buf_full(&k->item))
		return rdl_err_set(err, RDL_E_INPUT, "the row is too long");
	p->samples++;
	return rdl_out_write(&p->rows.out, k->item.p, k->item.len, err);
}

int
rdl_folder_close(struct rdl_sink *k, struct rdl_split *p,
    struct rdl_err *err)
{
	(void)k;
	if (p->rows.path == NULL)
		return 0;
	if (rdl_out_flush(&p->rows.out, err) < 0)
		return -1;
	if (fsync(p->rows.out.fd) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", p->rows.path);
	return rdl_out_close(&p->rows.out, err);
}
