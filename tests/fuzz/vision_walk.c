/*
 * Fuzzes the tar shards of vision/walk.h.  The first byte: with captions or
 * without, plain or by the whole walk; the rest is the file.  Every item can
 * be read to its end.
 */
#include "core/cli.h"
#include "core/limits.h"
#include "scratch.h"
#include "vision/walk_private.h"

#define ITEMS 4096		/* a bomb of members is no finding */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

static void
check(const struct rdl_walk_item *item)
{
	size_t i;

	must(item->path != NULL && item->path[0] != '\0');
	if (item->kind == RDL_WALK_LOST) {
		must(item->rule != NULL && item->why != NULL);
		return;
	}
	must(item->kind == RDL_WALK_FILE && item->len <= RDL_IMAGE_MAX);
	for (i = 0; i < item->len; i++)
		sink += (unsigned char)item->file[i];
	for (i = 0; item->caption != NULL && i < item->caption_len; i++)
		sink += (unsigned char)item->caption[i];
}

static void
skipped(void *ctx, const char *path)
{
	(void)ctx;
	sink += (unsigned)strlen(path);
}

static void
read_shard(const char *path, bool captions)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_walk_item item;
	struct rdl_walk_shard *s;
	int n;

	memset(&item, 0, sizeof(item));
	s = rdl_walk_shard_open(path, captions, &item, &why);
	if (s == NULL) {
		must(item.kind == RDL_WALK_LOST && item.rule != NULL);
		return;
	}
	for (n = 0; n < ITEMS; n++) {
		memset(&item, 0, sizeof(item));
		if (rdl_walk_shard_next(s, &item, skipped, NULL) == 0)
			break;
		check(&item);
	}
	rdl_walk_shard_close(s);
}

static void
read_walk(const char *path, bool captions)
{
	struct rdl_strs paths, none = { NULL, 0 };
	const struct rdl_walk_opts o = { captions, true };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_walk_item item;
	struct rdl_walk *w;
	const char *one[1];
	int n, rc = 1;

	one[0] = path;
	paths.v = one;
	paths.n = 1;
	w = rdl_walk_new(&paths, &none, &o);
	for (n = 0; n < ITEMS && rc > 0; n++) {
		rc = rdl_walk_next(w, &item, &err);
		must(rc >= 0);
		if (rc > 0)
			check(&item);
	}
	rdl_walk_free(w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[128];

	if (size == 0)
		return 0;
	scratch_write("a.tar", data + 1, size - 1);
	scratch_path(path, "a.tar");
	if ((data[0] & 2) != 0)
		read_walk(path, (data[0] & 1) != 0);
	else
		read_shard(path, (data[0] & 1) != 0);
	return 0;
}
