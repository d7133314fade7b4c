/*
 * Bytes put aside on disk: appended, and read back by where they begin.
 * Reads and writes one file without a name below $TMPDIR; bytes go there
 * RDL_SPOOL_WAIT at a time.  Does not know what the bytes are.
 */
#include "core/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int
make_file(struct rdl_spool *s, struct rdl_err *err)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_SIZE];
	int n;

	if (dir == NULL || dir[0] == '\0')
		dir = "/tmp";
	n = snprintf(path, sizeof(path), "%s/riddle.XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return rdl_err_set(err, RDL_E_IO, "TMPDIR is too long");
	s->fd = mkstemp(path);
	if (s->fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "a file in %s", dir);
	(void)unlink(path);
	return 0;
}

/* Where in the file the bytes of the tail go. */
static uint64_t
tail_start(const struct rdl_spool *s)
{
	return s->len - s->tail.len;
}

static int
put(struct rdl_spool *s, const char *p, size_t len, uint64_t at,
    struct rdl_err *err)
{
	ssize_t n;

	while (len > 0) {
		n = pwrite(s->fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rdl_err_sys(err, RDL_E_IO, "a temporary file");
		p += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

int
rdl_spool_add(struct rdl_spool *s, const void *p, size_t len,
    struct rdl_err *err)
{
	if (s->fd < 0 && make_file(s, err) < 0)
		return -1;
	if (len > s->tail.max - s->tail.len) {
		if (put(s, s->tail.p, s->tail.len, tail_start(s), err) < 0)
			return -1;
		rdl_buf_reset(&s->tail);
	}
	if (len > s->tail.max) {
		if (put(s, p, len, s->len, err) < 0)
			return -1;
	} else
		rdl_buf_add(&s->tail, p, len);
	s->len += len;
	return 0;
}

int
rdl_spool_get(struct rdl_spool *s, uint64_t at, void *p, size_t len,
    struct rdl_err *err)
{
	uint64_t start = tail_start(s);
	size_t filed = 0;
	char *to = p;
	ssize_t n;

	if (at < start)
		filed = start - at < len ? (size_t)(start - at) : len;
	while (filed > 0) {
		n = pread(s->fd, to, filed, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rdl_err_sys(err, RDL_E_IO, "a temporary file");
		if (n == 0)
			return rdl_err_set(err, RDL_E_IO,
			    "a temporary file was cut");
		to += n;
		at += (uint64_t)n;
		filed -= (size_t)n;
		len -= (size_t)n;
	}
	if (len > 0)
		memcpy(to, s->tail.p + (at - start), len);
	return 0;
}

void
rdl_spool_release(struct rdl_spool *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	rdl_buf_release(&s->tail);
	*s = (struct rdl_spool)RDL_SPOOL_INIT;
}
