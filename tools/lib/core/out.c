/*
 * Buffered output that reports every error.
 * Writes to the descriptor it was given, 128 KiB at a time.
 */
#include "core/out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"

#define OUT_SIZE (128 * RDL_KIB)

static void
begin(struct rdl_out *o, int fd, const char *name)
{
	o->fd = fd;
	o->name = name;
	o->buf = rdl_mem_realloc(NULL, OUT_SIZE, 1);
	o->len = 0;
	o->failed = 0;
}

void
rdl_out_stdout(struct rdl_out *o)
{
	begin(o, STDOUT_FILENO, "stdout");
}

int
rdl_out_open(struct rdl_out *o, const char *path, struct rdl_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	begin(o, fd, path);
	return 0;
}

static int
put(struct rdl_out *o, const char *p, size_t len, struct rdl_err *err)
{
	ssize_t n;

	if (o->failed)
		return rdl_err_set(err, RDL_E_IO, "%s: an earlier write failed",
		    o->name);
	while (len > 0) {
		n = write(o->fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->failed = 1;
			return rdl_err_sys(err,
			    errno == EPIPE ? RDL_E_PIPE : RDL_E_IO, "%s",
			    o->name);
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
rdl_out_flush(struct rdl_out *o, struct rdl_err *err)
{
	size_t len = o->len;

	o->len = 0;
	return put(o, o->buf, len, err);
}

int
rdl_out_write(struct rdl_out *o, const void *p, size_t len,
    struct rdl_err *err)
{
	if (len > OUT_SIZE - o->len && rdl_out_flush(o, err) < 0)
		return -1;
	if (len >= OUT_SIZE)
		return put(o, p, len, err);
	if (len > 0)
		memcpy(o->buf + o->len, p, len);
	o->len += len;
	return 0;
}

int
rdl_out_close(struct rdl_out *o, struct rdl_err *err)
{
	int rc = 0;

	if (o->fd < 0)
		return 0;
	if (!o->failed)
		rc = rdl_out_flush(o, err);
	if (close(o->fd) < 0 && rc == 0 && !o->failed)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", o->name);
	o->fd = -1;
	free(o->buf);
	o->buf = NULL;
	return rc;
}

void
rdl_out_abandon(struct rdl_out *o)
{
	if (o->fd >= 0)
		(void)close(o->fd);
	free(o->buf);
	*o = (struct rdl_out)RDL_OUT_INIT;
}
