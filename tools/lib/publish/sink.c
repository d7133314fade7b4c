/*
 * A dataset being written: rows into a file, or pictures and rows into a
 * folder, under a temporary name until all is there.
 * Reads the pictures that samples name.  Does not decide which rows are good.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/rng.h"
#include "publish/sink_private.h"
#include "vision/image.h"

/* Does the dataset become a folder?  A table does, but for NAME.parquet. */
static bool
in_folder(const struct rdl_sink_opts *o)
{
	const char *dot = strrchr(o->path, '.');

	if (o->format->container == RDL_CONTAINER_PARQUET)
		return dot == NULL || strcmp(dot, ".parquet") != 0;
	return o->format->container == RDL_CONTAINER_TAR ||
	    o->format->container == RDL_CONTAINER_FOLDER;
}

struct rdl_sink *
rdl_sink_open(const struct rdl_sink_opts *opts, struct rdl_err *err)
{
	struct rdl_buf tmp = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_sink *k;
	size_t len;

	if (rdl_place_check(opts->path, in_folder(opts),
	    opts->replace, err) < 0)
		return NULL;
	k = rdl_mem_calloc(1, sizeof(*k));
	k->o = opts;
	k->folder = in_folder(opts);
	k->rows.out = (struct rdl_out)RDL_OUT_INIT;
	rdl_buf_init(&k->item, RDL_LINE_MAX);
	rdl_buf_init(&k->picture, RDL_IMAGE_MAX);
	rdl_buf_init(&k->name, RDL_URL_MAX);
	rdl_buf_addf(&tmp, "%s.tmp.%016llx", opts->path,
	    (unsigned long long)rdl_rng_entropy());
	k->tmp = rdl_buf_detach(&tmp, &len);
	if (k->folder && mkdir(k->tmp, 0777) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", k->tmp);
		goto fail;
	}
	if (!k->folder && opts->format->container != RDL_CONTAINER_PARQUET &&
	    rdl_out_open(&k->rows.out, k->tmp, err) < 0)
		goto fail;
	return k;
fail:
	rdl_sink_abandon(k);
	return NULL;
}

int
rdl_sink_path(struct rdl_sink *k, const char *rel, struct rdl_err *err)
{
	char *slash;

	rdl_buf_reset(&k->name);
	rdl_buf_addf(&k->name, "%s/%s", k->tmp, rel);
	if (rdl_buf_full(&k->name))
		return rdl_err_set(err, RDL_E_INPUT, "the path is too long");
	for (slash = strchr(k->name.p + strlen(k->tmp) + 1, '/');
	    slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(k->name.p, 0777) < 0 && errno != EEXIST)
			return rdl_err_sys(err, RDL_E_IO, "%s", k->name.p);
		*slash = '/';
	}
	return 0;
}

/* A name that is safe as a file name and as a key. */
static bool
plain_name(struct rdl_sample_text t, size_t max)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!((t.p[i] >= 'a' && t.p[i] <= 'z') || t.p[i] == '_' ||
		    (t.p[i] >= '0' && t.p[i] <= '9')))
			return false;
	return t.len > 0 && t.len < max;
}

struct rdl_split *
rdl_sink_split(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err)
{
	struct rdl_sample_text name = s->split;
	struct rdl_split *p;
	size_t i;

	if (name.p == NULL)
		name = (struct rdl_sample_text){ "train", 5 };
	if (!plain_name(name, sizeof(p->name))) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "/split: not a name of a-z, 0-9 and _");
		return NULL;
	}
	for (i = 0; i < k->nsplits; i++)
		if (strlen(k->splits[i].name) == name.len &&
		    memcmp(k->splits[i].name, name.p, name.len) == 0)
			return &k->splits[i];
	if (k->nsplits == RDL_SINK_SPLITS) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "/split: more than %d splits", RDL_SINK_SPLITS);
		return NULL;
	}
	p = &k->splits[k->nsplits++];
	memset(p, 0, sizeof(*p));
	memcpy(p->name, name.p, name.len);
	p->rows.out = (struct rdl_out)RDL_OUT_INIT;
	return p;
}

static const char *
extension(const char *format)
{
	static const char *const known[][2] = {
		{ "jpeg", "jpg" }, { "png", "png" }, { "gif", "gif" },
		{ "bmp", "bmp" }, { "webp", "webp" }
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i][0], format) == 0)
			return known[i][1];
	return NULL;
}

int
rdl_sink_picture(struct rdl_sink *k, const struct rdl_sample_image *im,
    const char **ext, char sha[2 * RDL_SHA256_LEN + 1], struct rdl_err *err)
{
	struct rdl_image_info info;
	struct rdl_sha256 digest;

	rdl_buf_reset(&k->picture);
	if (rdl_file_read(im->uri.p, &k->picture, err) < 0) {
		err->cls = RDL_E_INPUT;
		return -1;
	}
	digest = rdl_hash_sha256(k->picture.p != NULL ? k->picture.p : "",
	    k->picture.len);
	rdl_hash_hex(sha, digest.b, sizeof(digest.b));
	if (im->sha256.p != NULL && strcmp(im->sha256.p, sha) != 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: another file than the record means (sha256 %.12s...)",
		    im->uri.p, sha);
	if (rdl_image_probe(k->picture.p, k->picture.len, &info, err) < 0)
		return rdl_err_prefix(err, "%s", im->uri.p);
	*ext = extension(info.format);
	if (*ext == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: trainers do not read %s", im->uri.p, info.format);
	return 0;
}

/* The name that a file format gives to a picture. */
int
rdl_sink_relative(const struct rdl_sink *k, const struct rdl_sample_image *im,
    const char **out, struct rdl_err *err)
{
	const char *root = k->o->image_root;
	size_t n = root != NULL ? strlen(root) : 0;
	struct stat st;

	*out = im->uri.p;
	while (n > 0 && root[n - 1] == '/')
		n--;
	if (root != NULL && (strncmp(im->uri.p, root, n) != 0 ||
	    im->uri.p[n] != '/'))
		return rdl_err_set(err, RDL_E_INPUT, "%s: not below %s",
		    im->uri.p, root);
	if (root != NULL)
		*out = im->uri.p + n + 1;
	if (stat(im->uri.p, &st) < 0)
		return rdl_err_sys(err, RDL_E_INPUT, "%s", im->uri.p);
	if (!S_ISREG(st.st_mode) || st.st_size == 0)
		return rdl_err_set(err, RDL_E_INPUT, "%s: no picture",
		    im->uri.p);
	return 0;
}

static int
add_row(struct rdl_sink *k, const struct rdl_sample *s, struct rdl_err *err)
{
	const char *paths[RDL_SAMPLE_IMAGES], *before = "";
	size_t i;

	for (i = 0; i < s->nimages; i++)
		if (rdl_sink_relative(k, &s->images[i], &paths[i], err) < 0)
			return -1;
	if (k->o->format->container == RDL_CONTAINER_ARRAY)
		before = k->rows.rows == 0 ? "[\n" : ",\n";
	rdl_buf_reset(&k->item);
	rdl_buf_adds(&k->item, before);
	k->o->format->item(s, paths, &k->item);
	if (k->o->format->container == RDL_CONTAINER_LINES)
		rdl_buf_addc(&k->item, '\n');
	if (rdl_buf_full(&k->item))
		return rdl_err_set(err, RDL_E_INPUT, "the row is too long");
	k->rows.rows++;
	return rdl_out_write(&k->rows.out, k->item.p, k->item.len, err);
}

static void
count(struct rdl_map *m, struct rdl_sample_text t)
{
	if (t.p == NULL)
		t = (struct rdl_sample_text){ "unknown", 7 };
	rdl_map_put(m, t.p, t.len, NULL)->value++;
}

int
rdl_sink_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err)
{
	struct rdl_sample_text none = { NULL, 0 };
	int rc;

	if (rdl_item_fits(k->o->format, s, err) < 0)
		return -1;
	if (k->o->format->container == RDL_CONTAINER_TAR)
		rc = rdl_shard_add(k, s, err);
	else if (k->o->format->container == RDL_CONTAINER_FOLDER)
		rc = rdl_folder_add(k, s, err);
	else if (k->o->format->container == RDL_CONTAINER_PARQUET)
		rc = rdl_parquet_sink_add(k, s, err);
	else
		rc = add_row(k, s, err);
	if (rc < 0)
		return -1;
	k->samples++;
	k->pairs = s->preference;
	count(&k->tasks, s->level1);
	count(&k->licences, s->nimages > 0 ? s->images[0].licence : none);
	count(&k->sources, s->nimages > 0 ? s->images[0].source : none);
	return 0;
}

static int
close_parts(struct rdl_sink *k, struct rdl_err *err)
{
	const char *end = k->rows.rows == 0 ? "[]\n" : "\n]\n";
	size_t i;
	int rc = 0;

	for (i = 0; i < k->nsplits && rc == 0; i++) {
		rc = rdl_shard_close(k, &k->splits[i], err);
		if (rc == 0)
			rc = rdl_folder_close(k, &k->splits[i], err);
		if (rc == 0)
			rc = rdl_parquet_sink_close(k, &k->splits[i], err);
	}
	if (k->folder)
		return rc;
	if (k->o->format->container == RDL_CONTAINER_PARQUET)
		return rdl_parquet_sink_close(k, NULL, err);
	if (k->o->format->container == RDL_CONTAINER_ARRAY)
		rc = rdl_out_write(&k->rows.out, end, strlen(end), err);
	if (rc == 0)
		rc = rdl_out_flush(&k->rows.out, err);
	if (rc == 0 && fsync(k->rows.out.fd) < 0)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", k->tmp);
	if (rc == 0)
		rc = rdl_out_close(&k->rows.out, err);
	return rc;
}

static void
free_sink(struct rdl_sink *k)
{
	size_t i;

	for (i = 0; i < k->nsplits; i++) {
		rdl_out_abandon(&k->splits[i].rows.out);
		rdl_parquet_abandon(k->splits[i].table);
		free(k->splits[i].rows.path);
		free(k->splits[i].tar_path);
	}
	rdl_parquet_abandon(k->table);
	rdl_map_release(&k->files);
	rdl_map_release(&k->tasks);
	rdl_map_release(&k->licences);
	rdl_map_release(&k->sources);
	rdl_map_release(&k->pictures);
	rdl_buf_release(&k->item);
	rdl_buf_release(&k->picture);
	rdl_buf_release(&k->name);
	free(k->tmp);
	free(k);
}

int
rdl_sink_commit(struct rdl_sink *k, struct rdl_err *err)
{
	int rc = close_parts(k, err);

	if (rc == 0 && k->folder)
		rc = rdl_card_write(k, err);
	if (rc == 0)
		rc = rdl_place_commit(k, err);
	if (rc < 0) {
		rdl_sink_abandon(k);
		return -1;
	}
	free_sink(k);
	return 0;
}

void
rdl_sink_abandon(struct rdl_sink *k)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	size_t i;

	if (k == NULL)
		return;
	rdl_out_abandon(&k->rows.out);
	for (i = 0; i < k->nsplits; i++)
		if (rdl_shard_close(k, &k->splits[i], &ignored) < 0)
			continue;	/* it goes all the same */
	if (k->folder)
		rdl_place_remove(k->tmp, &k->files);
	else
		(void)unlink(k->tmp);
	free_sink(k);
}
