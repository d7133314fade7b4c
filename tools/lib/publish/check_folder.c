/*
 * Datasets that are folders: what their manifest promises, tar shards, and
 * the tables beside pictures.
 * Reads a folder as it stands.  Files that the manifest does not name are
 * somebody else's and are left alone.
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "record/json.h"
#include "publish/check_private.h"
#include "publish/sink_private.h"

/* The bytes of the member that e begins. */
static int
read_member(struct archive *a, struct archive_entry *e, struct rdl_buf *out,
    struct rdl_err *err)
{
	int64_t size = archive_entry_size(e);
	char *p;

	rdl_buf_reset(out);
	if (size < 0 || size > (int64_t)RDL_IMAGE_MAX ||
	    (p = rdl_buf_reserve(out, (size_t)size + 1)) == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "a member is too large");
	if (archive_read_data(a, p, (size_t)size) != (ssize_t)size)
		return rdl_err_set(err, RDL_E_INPUT, "a member is cut");
	out->len = (size_t)size;
	p[size] = '\0';
	return 0;
}

static void
check_json(struct rdl_check *c, const struct rdl_buf *text, const char *key)
{
	yyjson_doc *doc = rdl_json_read(text->p, text->len, 0);
	yyjson_val *id = yyjson_obj_get(yyjson_doc_get_root(doc), "id");

	if (!yyjson_equals_str(id, key))
		rdl_check_fault(c, key, "its JSON is of another sample");
	yyjson_doc_free(doc);
}

/* One member: KEY.EXT.  Members of a key stand side by side. */
static int
check_member(struct rdl_check *c, struct archive *a, struct archive_entry *e,
    struct rdl_buf *last, struct rdl_buf *bytes, struct rdl_err *err)
{
	const char *name = archive_entry_pathname(e), *dot;
	char *key;
	int made;

	if (name == NULL || archive_entry_filetype(e) != AE_IFREG ||
	    (dot = strchr(name, '.')) == NULL || dot == name) {
		rdl_check_fault(c, name != NULL ? name : "?",
		    "loaders skip such a member");
		return 0;
	}
	key = rdl_mem_dup(name, (size_t)(dot - name));
	if (last->len != strlen(key) || strcmp(last->p, key) != 0) {
		c->row++;
		(void)rdl_map_put(&c->ids, key, strlen(key), &made);
		if (!made)
			rdl_check_fault(c, key, "the key comes back: loaders "
			    "take it for another sample");
		rdl_buf_reset(last);
		rdl_buf_adds(last, key);
	}
	if (read_member(a, e, bytes, err) < 0) {
		free(key);
		return rdl_err_prefix(err, "%s: %s", c->where, name);
	}
	if (strcmp(dot, ".json") == 0)
		check_json(c, bytes, key);
	else
		rdl_check_bytes(c, name, bytes->p, bytes->len);
	free(key);
	return 0;
}

static int
check_shard(struct rdl_check *c, const char *path, struct rdl_err *err)
{
	struct rdl_buf last = RDL_BUF_INIT(RDL_URL_MAX);
	struct rdl_buf bytes = RDL_BUF_INIT(RDL_IMAGE_MAX + 1);
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int rc = 0, got = ARCHIVE_FATAL;

	c->where = path;
	c->row = 0;
	rdl_buf_adds(&last, "");
	(void)archive_read_support_format_tar(a);
	if (archive_read_open_filename(a, path, 1 << 16) == ARCHIVE_OK)
		while (rc == 0 && (got = archive_read_next_header(a, &e)) ==
		    ARCHIVE_OK)
			rc = check_member(c, a, e, &last, &bytes, err);
	if (rc == 0 && got != ARCHIVE_EOF)
		rc = rdl_err_set(err, RDL_E_INPUT, "%s: %s", path,
		    archive_error_string(a));
	(void)archive_read_free(a);
	rdl_buf_release(&last);
	rdl_buf_release(&bytes);
	return rc;
}

/* A file as the manifest describes it. */
static int
check_file(struct rdl_check *c, const char *dir, yyjson_val *f,
    struct rdl_err *err)
{
	const char *name = yyjson_get_str(yyjson_obj_get(f, "name"));
	struct rdl_buf path = RDL_BUF_INIT(RDL_URL_MAX);
	char hex[2 * RDL_SHA256_LEN + 1];
	struct rdl_sha256 digest;
	uint64_t bytes;
	size_t len;
	char *slash;
	int rc;

	if (name == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: manifest.json has a file without a name", dir);
	rdl_buf_addf(&path, "%s/%s", dir, name);
	rc = rdl_place_digest(path.p, &digest, &bytes, err);
	if (rc == 0) {
		rdl_hash_hex(hex, digest.b, sizeof(digest.b));
		if (bytes != yyjson_get_uint(yyjson_obj_get(f, "bytes")) ||
		    !yyjson_equals_str(yyjson_obj_get(f, "sha256"), hex))
			rdl_check_fault(c, name, "not as the manifest says");
		len = strlen(name);
		if (len > 4 && strcmp(name + len - 4, ".tar") == 0)
			rc = check_shard(c, path.p, err);
		else if (len > 8 && strcmp(name + len - 8, ".parquet") == 0)
			rc = rdl_check_parquet(c, path.p, err);
		else if (len > 6 && strcmp(name + len - 6, ".jsonl") == 0) {
			char *root = rdl_mem_strdup(path.p);

			slash = strrchr(root, '/');
			*slash = '\0';
			c->root = root;
			rc = rdl_check_lines(c, path.p, err);
			c->root = NULL;
			free(root);
		}
	}
	c->where = dir;
	rdl_buf_release(&path);
	return rc;
}

int
rdl_check_folder(struct rdl_check *c, const char *path, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(1024 * RDL_MIB);
	struct rdl_buf name = RDL_BUF_INIT(RDL_URL_MAX);
	yyjson_doc *doc = NULL;
	yyjson_val *files, *f;
	size_t i, max;
	int rc = -1;

	rdl_buf_addf(&name, "%s/manifest.json", path);
	if (rdl_file_read(name.p, &text, err) < 0)
		goto out;
	doc = rdl_json_read(text.p != NULL ? text.p : "", text.len, 0);
	files = yyjson_obj_get(yyjson_doc_get_root(doc), "files");
	if (!yyjson_is_arr(files)) {
		(void)rdl_err_set(err, RDL_E_INPUT, "%s: no list of files",
		    name.p);
		goto out;
	}
	rc = 0;
	yyjson_arr_foreach(files, i, max, f)
		if ((rc = check_file(c, path, f, err)) < 0)
			break;
out:
	yyjson_doc_free(doc);
	rdl_buf_release(&text);
	rdl_buf_release(&name);
	return rc;
}
