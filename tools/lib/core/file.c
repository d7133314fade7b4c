/*
 * Whole files.
 * Writes PATH.tmp.RANDOM beside PATH, and removes it when anything fails.
 */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/rng.h"

int
rdl_file_read(const char *path, struct rdl_buf *out, struct rdl_err *err)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO :
	    open(path, O_RDONLY | O_CLOEXEC);
	int rc = -1;
	ssize_t n;
	char *to;

	if (fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	for (;;) {
		if (out->len >= out->max) {
			(void)rdl_err_set(err, RDL_E_INPUT,
			    "%s: larger than %zu bytes", path, out->max);
			break;
		}
		to = rdl_buf_reserve(out, out->max - out->len < 64 * RDL_KIB ?
		    out->max - out->len : 64 * RDL_KIB);
		n = to == NULL ? -1 : read(fd, to, out->cap - out->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
			break;
		}
		out->len += (size_t)n;
		out->p[out->len] = '\0';
		if (n == 0) {
			rc = 0;
			break;
		}
	}
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return rc;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
rdl_file_write(const char *path, const void *p, size_t len,
    struct rdl_err *err)
{
	struct rdl_buf tmp = RDL_BUF_INIT(64 * RDL_KIB);
	int fd, rc = -1;

	rdl_buf_addf(&tmp, "%s.tmp.%016llx", path,
	    (unsigned long long)rdl_rng_entropy());
	fd = open(tmp.p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", tmp.p);
		goto out;
	}
	if (write_all(fd, p, len) < 0 || fsync(fd) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
		(void)close(fd);
		(void)unlink(tmp.p);
		goto out;
	}
	if (close(fd) < 0 || rename(tmp.p, path) < 0) {
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
		(void)unlink(tmp.p);
		goto out;
	}
	rc = 0;
out:
	rdl_buf_release(&tmp);
	return rc;
}
