/*
 * Named tensors of a model folder, mapped.
 * Reads model.safetensors, or the shards that an index names; digests them by
 * pread.  Checks names and shards; what a header says, tensors_header.c.
 */
#include "vision/tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h>	/* the same sums with this CPU's SIMD */
#endif
#include <yyjson.h>

#include "core/file.h"
#include "core/mem.h"
#include "record/json.h"
#include "vision/tensors_impl.h"

#define INDEX "model.safetensors.index.json"

/* Far more than any model has: a shard is some gigabytes. */
#define FILES_MAX 1000

#define PATH_ROOM (64 * RDL_KIB)

/* "dir/name" into path. */
static int
join(struct rdl_buf *path, const char *dir, const char *name,
    struct rdl_err *err)
{
	rdl_buf_addf(path, "%s/%s", dir, name);
	if (rdl_buf_full(path))
		return rdl_err_set(err, RDL_E_INPUT, "%.80s: path too long",
		    dir);
	return 0;
}

/* Open and map the file called name in dir, and put it into f. */
static int
map_file(struct rdl_tensors_file *f, const char *dir, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(PATH_ROOM);
	struct stat st;
	void *p;
	int rc = -1;

	if (join(&path, dir, f->name, err) < 0)
		goto out;
	/* A FIFO must not keep us waiting for its writer. */
	f->fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path.p);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: not a regular file",
		    path.p);
		goto out;
	}
	f->size = (size_t)st.st_size;
	if (f->size == 0) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: empty", path.p);
		goto out;
	}
	p = mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, f->fd, 0);
	if (p == MAP_FAILED) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s: mmap", path.p);
		goto out;
	}
	f->map = p;
	rc = 0;
out:
	rdl_buf_release(&path);
	return rc;
}

/* Append a file by name; names must come sorted. */
static void
add_file(struct rdl_tensors *t, const char *name, size_t len)
{
	struct rdl_tensors_file *f;

	t->files = rdl_mem_realloc(t->files, t->nfiles + 1, sizeof(*f));
	f = &t->files[t->nfiles++];
	f->name = rdl_mem_dup(name, len);
	f->fd = -1;
	f->map = NULL;
	f->size = 0;
}

/* Map all files and read their headers. */
static int
load_files(struct rdl_tensors *t, const char *dir, struct rdl_err *err)
{
	size_t i;

	for (i = 0; i < t->nfiles; i++) {
		if (map_file(&t->files[i], dir, err) < 0)
			return -1;
		if (rdl_tensors_header_read(t, i, err) < 0)
			return rdl_err_prefix(err, "%s/%s", dir,
			    t->files[i].name);
	}
	return 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A shard is a plain name in the folder of the index. */
static bool
shard_name_ok(yyjson_val *v)
{
	const char *s = yyjson_get_str(v);

	return s != NULL && s[0] != '\0' && s[0] != '.' &&
	    strlen(s) == yyjson_get_len(v) && strchr(s, '/') == NULL;
}

/* The shards that weight_map names, each once, sorted. */
static int
add_shards(struct rdl_tensors *t, yyjson_val *weight_map, struct rdl_err *err)
{
	size_t i, max, n = 0;
	const char **names;
	yyjson_val *name, *v;
	int rc = -1;

	names = rdl_mem_calloc(yyjson_obj_size(weight_map), sizeof(*names));
	yyjson_obj_foreach(weight_map, i, max, name, v) {
		if (!shard_name_ok(v)) {
			(void)rdl_err_set(err, RDL_E_INPUT,
			    "tensor \"%.80s\" is in no plain file name",
			    yyjson_get_str(name));
			goto out;
		}
		names[n++] = yyjson_get_str(v);
	}
	qsort(names, n, sizeof(*names), compare_names);
	for (i = 0; i < n; i++) {
		if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
			continue;
		if (t->nfiles == FILES_MAX) {
			(void)rdl_err_set(err, RDL_E_INPUT,
			    "more than %d files", FILES_MAX);
			goto out;
		}
		add_file(t, names[i], strlen(names[i]));
	}
	if (n == 0)
		(void)rdl_err_set(err, RDL_E_INPUT, "weight_map is empty");
	else
		rc = 0;
out:
	free(names);
	return rc;
}

/* Every tensor that the index names must be in the file it names. */
static int
check_weight_map(const struct rdl_tensors *t, yyjson_val *weight_map,
    struct rdl_err *err)
{
	const struct rdl_map_entry *e;
	size_t i, max;
	yyjson_val *name, *v;

	yyjson_obj_foreach(weight_map, i, max, name, v) {
		e = rdl_map_get(&t->names, yyjson_get_str(name),
		    yyjson_get_len(name));
		if (e == NULL || strcmp(yyjson_get_str(v),
		    t->files[t->items[e->value].file].name) != 0)
			return rdl_err_set(err, RDL_E_INPUT,
			    "tensor \"%.80s\" is not in %.80s",
			    yyjson_get_str(name), yyjson_get_str(v));
	}
	return 0;
}

static int
open_sharded(struct rdl_tensors *t, const char *dir, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(PATH_ROOM);
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err why = RDL_ERR_INIT;
	yyjson_doc *doc = NULL;
	yyjson_read_err at;
	yyjson_val *weight_map;
	int rc = -1;

	if (join(&path, dir, INDEX, err) < 0 ||
	    rdl_file_read(path.p, &text, err) < 0)
		goto out;
	doc = yyjson_read_opts(text.p, text.len, 0, &rdl_json_alc, &at);
	if (doc == NULL) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: byte %zu: %s", path.p,
		    at.pos, at.msg);
		goto out;
	}
	weight_map = yyjson_obj_get(yyjson_doc_get_root(doc), "weight_map");
	if (!yyjson_is_obj(weight_map)) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: has no weight_map",
		    path.p);
		goto out;
	}
	if (add_shards(t, weight_map, &why) < 0)
		(void)rdl_err_set(err, why.cls, "%s: %s", path.p, why.msg);
	else if (load_files(t, dir, err) < 0)
		;
	else if (check_weight_map(t, weight_map, &why) < 0)
		(void)rdl_err_set(err, why.cls, "%s: %s", path.p, why.msg);
	else
		rc = 0;
out:
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	rdl_buf_release(&path);
	return rc;
}

/* Whether dir has an entry of that name. */
static bool
has(const char *dir, const char *name)
{
	struct rdl_buf path = RDL_BUF_INIT(PATH_ROOM);
	struct stat st;
	struct rdl_err ignored = RDL_ERR_INIT;
	bool found;

	found = join(&path, dir, name, &ignored) == 0 &&
	    stat(path.p, &st) == 0;
	rdl_buf_release(&path);
	return found;
}

/* Say what is missing in dir. */
static int
no_model(const char *dir, struct rdl_err *err)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", dir);
	if (!S_ISDIR(st.st_mode))
		return rdl_err_set(err, RDL_E_INPUT, "%s: not a folder", dir);
	return rdl_err_set(err, RDL_E_INPUT, "%s: has no model.safetensors%s",
	    dir, has(dir, "pytorch_model.bin") ||
	    has(dir, "open_clip_pytorch_model.bin") ?
	    ", and pickled weights (.bin) are not read" : "");
}

struct rdl_tensors *
rdl_tensors_open(const char *dir, struct rdl_err *err)
{
	static const char *const single[] = { "model.safetensors",
		"open_clip_model.safetensors" };
	struct rdl_tensors *t = rdl_mem_calloc(1, sizeof(*t));
	size_t i;
	int rc;

	t->names = (struct rdl_map)RDL_MAP_INIT;
	for (i = 0; i < RDL_NELEM(single) && t->nfiles == 0; i++)
		if (has(dir, single[i]))
			add_file(t, single[i], strlen(single[i]));
	if (t->nfiles > 0)
		rc = load_files(t, dir, err);
	else if (has(dir, INDEX))
		rc = open_sharded(t, dir, err);
	else
		rc = no_model(dir, err);
	if (rc == 0)
		return t;
	rdl_tensors_close(t);
	return NULL;
}

void
rdl_tensors_close(struct rdl_tensors *t)
{
	struct rdl_tensors_file *f;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nfiles; i++) {
		f = &t->files[i];
		if (f->map != NULL)
			(void)munmap((void *)(uintptr_t)f->map, f->size);
		if (f->fd >= 0)
			(void)close(f->fd);
		free(f->name);
	}
	free(t->files);
	free(t->items);
	rdl_map_release(&t->names);
	free(t);
}

const struct rdl_tensor *
rdl_tensors_find(const struct rdl_tensors *t, const char *name)
{
	const struct rdl_map_entry *e;

	e = rdl_map_get(&t->names, name, strlen(name));
	return e == NULL ? NULL : &t->items[e->value].tensor;
}

/* Feed all bytes of f to the hash; its pages stay out of our memory. */
static int
digest_file(const struct rdl_tensors_file *f, XXH3_state_t *hash, char *piece,
    size_t room, struct rdl_err *err)
{
	size_t at = 0;
	ssize_t n;

	while (at < f->size) {
		n = pread(f->fd, piece, f->size - at < room ? f->size - at :
		    room, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rdl_err_sys(err, RDL_E_IO, "%s", f->name);
		if (n == 0)
			return rdl_err_set(err, RDL_E_IO,
			    "%s: became shorter while it was read", f->name);
		(void)XXH3_128bits_update(hash, piece, (size_t)n);
		at += (size_t)n;
	}
	return 0;
}

int
rdl_tensors_digest(struct rdl_tensors *t, struct rdl_hash *digest,
    struct rdl_err *err)
{
	const size_t room = 256 * RDL_KIB;
	XXH3_state_t *hash = XXH3_createState();
	char *piece = rdl_mem_calloc(room, 1);
	XXH128_canonical_t out;
	size_t i;
	int rc = -1;

	if (hash == NULL)
		rdl_mem_exhausted(sizeof(out));
	(void)XXH3_128bits_reset(hash);
	for (i = 0; i < t->nfiles; i++)
		if (digest_file(&t->files[i], hash, piece, room, err) < 0)
			goto out;
	XXH128_canonicalFromHash(&out, XXH3_128bits_digest(hash));
	_Static_assert(sizeof(out.digest) == sizeof(digest->b), "128 bits");
	memcpy(digest->b, out.digest, sizeof(digest->b));
	rc = 0;
out:
	(void)XXH3_freeState(hash);
	free(piece);
	return rc;
}
