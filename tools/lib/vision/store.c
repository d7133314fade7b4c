/*
 * A folder of files named by their content.
 * Reads and writes files below DIR.  Does not hash: the caller knows the name.
 */
#include "vision/store.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "core/hash.h"

#define EXT_MAX 8

/* A name made of these two cannot lead out of the folder. */
static int
check_name(const char *sha256, const char *ext, struct rdl_err *err)
{
	unsigned char bytes[RDL_SHA256_LEN];
	size_t n = strlen(ext);

	if (strlen(sha256) != 2 * sizeof(bytes) ||
	    rdl_hash_unhex(bytes, sha256, sizeof(bytes)) < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not the SHA-256 of a file, which names it in the store");
	if (n == 0 || n > EXT_MAX ||
	    strspn(ext, "abcdefghijklmnopqrstuvwxyz0123456789") != n)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not an ending for a file in the store");
	return 0;
}

static int
make_folder(const char *path, struct rdl_err *err)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	return 0;
}

/* Is a file of that length there?  Its name says that it is the same. */
static bool
is_there(const char *path, size_t len)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uintmax_t)st.st_size == len;
}

static int
put(const char *dir, const char *sha256, const char *ext, const void *file,
    size_t len, struct rdl_buf *name, struct rdl_err *err)
{
	size_t n = strlen(dir);

	rdl_buf_adds(name, dir);
	while (n > 1 && dir[n - 1] == '/')
		name->len = --n;
	rdl_buf_addf(name, "%s%.2s/%s.%s", n == 1 && dir[0] == '/' ? "" : "/",
	    sha256, sha256 + 2, ext);
	if (rdl_buf_full(name))
		return rdl_err_set(err, RDL_E_IO, "%s: too long a name", dir);
	if (is_there(name->p, len))
		return 0;
	/* The folder of the file is made from its path, cut for a moment. */
	n = (size_t)(strrchr(name->p, '/') - name->p);
	name->p[n] = '\0';
	if (make_folder(dir, err) < 0 || make_folder(name->p, err) < 0)
		return -1;
	name->p[n] = '/';
	return rdl_file_write(name->p, file, len, err);
}

int
rdl_store_put(const char *dir, const char *sha256, const char *ext,
    const void *file, size_t len, struct rdl_buf *path, struct rdl_err *err)
{
	struct rdl_buf name = RDL_BUF_INIT(64 * RDL_KIB);
	int rc = -1;

	if (dir[0] == '\0')
		(void)rdl_err_set(err, RDL_E_USAGE, "a store without a name");
	else if (check_name(sha256, ext, err) == 0)
		rc = put(dir, sha256, ext, file, len, &name, err);
	if (rc == 0)
		rdl_buf_add(path, name.p, name.len);
	if (rc == 0 && rdl_buf_full(path))
		rc = rdl_err_set(err, RDL_E_IO, "%s: too long a name", dir);
	rdl_buf_release(&name);
	return rc;
}
