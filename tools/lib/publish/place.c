/*
 * The last step of a dataset: its list of files, and the rename to its place.
 * Reads what was written, writes manifest.json.  Replaces only what an earlier
 * export made, and removes only files that its manifest names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/tool.h"
#include "record/json.h"
#include "publish/sink_private.h"

#define MANIFEST "manifest.json"

int
rdl_place_write(const char *path, const void *p, size_t len,
    struct rdl_err *err)
{
	struct rdl_out out = RDL_OUT_INIT;

	if (rdl_out_open(&out, path, err) < 0)
		return -1;
	if (rdl_out_write(&out, p, len, err) < 0) {
		rdl_out_abandon(&out);
		return -1;
	}
	return rdl_out_close(&out, err);
}

/* A name of a manifest that stays inside the folder. */
static bool
inside(const char *name, size_t len)
{
	return len > 0 && name[0] != '/' && strlen(name) == len &&
	    strstr(name, "..") == NULL;
}

/* The files that the manifest of dir names.  RDL_E_INPUT if an export did not
 * make it. */
static int
read_manifest(const char *dir, struct rdl_map *files, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	yyjson_doc *doc = NULL;
	yyjson_val *list, *f;
	const char *name;
	size_t i, max;
	int rc = -1;

	rdl_buf_addf(&path, "%s/" MANIFEST, dir);
	if (rdl_file_read(path.p, &text, err) == 0)
		doc = rdl_json_read(text.p != NULL ? text.p : "", text.len, 0);
	list = yyjson_obj_get(yyjson_doc_get_root(doc), "files");
	name = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(doc),
	    "made_by"));
	if (list == NULL || name == NULL ||
	    strcmp(name, "riddle-export") != 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "%s: not made by riddle-export, so it is not replaced",
		    dir);
		goto out;
	}
	rc = 0;
	yyjson_arr_foreach(list, i, max, f) {
		name = yyjson_get_str(yyjson_obj_get(f, "name"));
		if (name != NULL && inside(name,
		    yyjson_get_len(yyjson_obj_get(f, "name"))))
			(void)rdl_map_put(files, name, strlen(name), NULL);
	}
	(void)rdl_map_put(files, MANIFEST, strlen(MANIFEST), NULL);
out:
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	rdl_buf_release(&path);
	return rc;
}

int
rdl_place_check(const char *path, bool folder, bool replace,
    struct rdl_err *err)
{
	struct rdl_map files = RDL_MAP_INIT;
	struct stat st;
	int rc = 0;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 :
		    rdl_err_sys(err, RDL_E_IO, "%s", path);
	if (!replace)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%s is there already; --replace replaces it", path);
	if (folder != S_ISDIR(st.st_mode))
		return rdl_err_set(err, RDL_E_USAGE, "%s: %s", path,
		    folder ? "not a folder" : "not a file");
	if (folder)
		rc = read_manifest(path, &files, err);
	rdl_map_release(&files);
	return rc;
}

void
rdl_place_remove(const char *dir, const struct rdl_map *files)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	const char *name;
	char *slash;
	size_t i;
	int pass;

	/* Files first, then the folders above them, as far as they are empty;
	 * each pass takes one level. */
	for (pass = 0; pass < 8; pass++)
		for (i = 0; i < files->count; i++) {
			int up = pass;

			name = files->entries[i].key;
			rdl_buf_reset(&path);
			rdl_buf_addf(&path, "%s/%s", dir, name);
			if (rdl_buf_full(&path))
				continue;
			while (up-- > 0 && (slash = strrchr(path.p +
			    strlen(dir) + 1, '/')) != NULL)
				*slash = '\0';
			if (pass == 0)
				(void)unlink(path.p);
			else
				(void)rmdir(path.p);
		}
	(void)rmdir(dir);
	rdl_buf_release(&path);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
rdl_place_digest(const char *path, struct rdl_sha256 *digest,
    uint64_t *bytes, struct rdl_err *err)
{
	struct rdl_hasher *h = rdl_hasher_new();
	char *block = rdl_mem_calloc(1, 64 * RDL_KIB);
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	*bytes = 0;
	while (fd >= 0 && (n = read(fd, block, 64 * RDL_KIB)) > 0) {
		rdl_hasher_add(h, block, (size_t)n);
		*bytes += (uint64_t)n;
	}
	if (n < 0)
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
	else
		*digest = rdl_hasher_end(h);
	if (fd >= 0)
		(void)close(fd);
	free(block);
	rdl_hasher_free(h);
	return n < 0 ? -1 : 0;
}

/* {"name":...,"bytes":N,"sha256":...} of one file. */
static int
add_file(struct rdl_sink *k, const char *name, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_sha256 digest;
	uint64_t bytes;

	if (rdl_sink_path(k, name, err) < 0 ||
	    rdl_place_digest(k->name.p, &digest, &bytes, err) < 0)
		return -1;
	rdl_buf_adds(out, "{\"name\":");
	rdl_buf_addjson(out, name, strlen(name));
	rdl_buf_addf(out, ",\"bytes\":%llu,\"sha256\":\"",
	    (unsigned long long)bytes);
	rdl_buf_addhex(out, digest.b, sizeof(digest.b));
	rdl_buf_adds(out, "\"}");
	return 0;
}

static int
write_manifest(struct rdl_sink *k, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(1024 * RDL_MIB);
	const char **names;
	size_t i, n = k->files.count;
	int rc = -1;

	names = rdl_mem_calloc(n + 1, sizeof(*names));
	for (i = 0; i < n; i++)
		names[i] = k->files.entries[i].key;
	qsort(names, n, sizeof(*names), by_name);
	rdl_buf_addf(&text, "{\n\"made_by\": \"riddle-export\",\n"
	    "\"version\": \"%s\",\n\"format\": \"%s\",\n\"rows\": %llu,\n"
	    "\"files\": [\n", RDL_VERSION, k->o->format->name,
	    (unsigned long long)k->samples);
	for (i = 0; i < n; i++) {
		if (add_file(k, names[i], &text, err) < 0)
			goto out;
		rdl_buf_adds(&text, i + 1 < n ? ",\n" : "\n");
	}
	rdl_buf_adds(&text, "]\n}\n");
	rc = rdl_sink_path(k, MANIFEST, err);
	if (rc == 0)
		rc = rdl_place_write(k->name.p, text.p, text.len, err);
	(void)rdl_map_put(&k->files, MANIFEST, strlen(MANIFEST), NULL);
out:
	free(names);
	rdl_buf_release(&text);
	return rc;
}

/* Put the new folder where an old one is: the old one steps aside first. */
static int
swap(struct rdl_sink *k, struct rdl_err *err)
{
	struct rdl_buf old = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_map files = RDL_MAP_INIT;
	int rc = -1;

	rdl_buf_addf(&old, "%s.old.%ld", k->o->path, (long)getpid());
	if (read_manifest(k->o->path, &files, err) < 0)
		goto out;
	if (rename(k->o->path, old.p) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", k->o->path);
		goto out;
	}
	if (rename(k->tmp, k->o->path) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", k->o->path);
		(void)rename(old.p, k->o->path);
		goto out;
	}
	rdl_place_remove(old.p, &files);
	rc = 0;
out:
	rdl_map_release(&files);
	rdl_buf_release(&old);
	return rc;
}

int
rdl_place_commit(struct rdl_sink *k, struct rdl_err *err)
{
	struct stat st;

	if (k->folder) {
		if (write_manifest(k, err) < 0)
			return -1;
		if (stat(k->o->path, &st) == 0)
			return swap(k, err);
	}
	if (rename(k->tmp, k->o->path) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", k->o->path);
	return 0;
}
