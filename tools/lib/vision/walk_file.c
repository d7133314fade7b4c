/*
 * One file of the walk: opened with care, read whole.
 * Reads regular files only.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vision/walk_private.h"

void
rdl_walk_file_lose(struct rdl_walk_item *item, bool failed, const char *rule,
    const struct rdl_err *why)
{
	item->kind = RDL_WALK_LOST;
	item->failed = failed;
	item->rule = rule;
	item->why = why->msg;
}

static int
cannot_read(struct rdl_walk_item *item, struct rdl_err *why)
{
	(void)rdl_err_sys(why, RDL_E_IO, "cannot be read");
	rdl_walk_file_lose(item, true, "read", why);
	return -1;
}

static int
no_file(struct rdl_walk_item *item, struct rdl_err *why)
{
	(void)rdl_err_set(why, RDL_E_INPUT, "not a regular file");
	rdl_walk_file_lose(item, true, "not-a-file", why);
	return -1;
}

int
rdl_walk_file_open(const char *path, struct rdl_walk_item *item,
    struct rdl_err *why)
{
	struct stat st;
	int fd;

	/* Asked before opening, since that alone can start a tape; and once
	 * more, since something else may stand there by then. */
	if (stat(path, &st) < 0)
		return cannot_read(item, why);
	if (!S_ISREG(st.st_mode))
		return no_file(item, why);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		(void)cannot_read(item, why);
	else if (!S_ISREG(st.st_mode))
		(void)no_file(item, why);
	else
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static int
too_large(struct rdl_walk_item *item, struct rdl_err *why)
{
	(void)rdl_err_set(why, RDL_E_INPUT, "more than %zu bytes",
	    RDL_IMAGE_MAX);
	rdl_walk_file_lose(item, true, "bytes", why);
	return 0;
}

int
rdl_walk_file_read(int fd, struct rdl_buf *out, struct rdl_walk_item *item,
    struct rdl_err *why)
{
	struct stat st;
	size_t room;
	ssize_t n;
	char *to;

	if (fstat(fd, &st) < 0)
		return cannot_read(item, why) + 1;
	if ((uintmax_t)st.st_size > RDL_IMAGE_MAX)
		return too_large(item, why);
	/* One byte more than there should be, to see the end at once. */
	room = (size_t)st.st_size + 1;
	for (;;) {
		if (out->len > RDL_IMAGE_MAX)
			return too_large(item, why);
		to = rdl_buf_reserve(out, room);
		n = to == NULL ? 0 : read(fd, to, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot_read(item, why) + 1;
		if (n == 0)
			return 1;
		out->len += (size_t)n;
		room = room > (size_t)n ? room - (size_t)n : 64 * RDL_KIB;
	}
}
