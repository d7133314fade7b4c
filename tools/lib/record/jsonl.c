/*
 * A stream of records: JSON lines from a file or a pipe.
 * Reads one descriptor into a buffer that grows to the longest line; each
 * byte is searched for the newline once.  Does not read ahead of need.
 */
#define _GNU_SOURCE	/* F_SETPIPE_SZ */
#include "record/jsonl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/tool.h"

#define BUF_SIZE RDL_MIB
#define BUF_MAX (RDL_LINE_MAX + 2)	/* the longest line, "\r\n" behind it */
#define TELL_SIZE (64 * RDL_KIB)	/* still in the cache */
#define READ_SIZE (256 * RDL_KIB)	/* less than a second-level cache */

/* Fewer, larger reads; a system that refuses costs only speed. */
static void
widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		(void)fcntl(fd, F_SETPIPE_SZ, (int)RDL_MIB);
#else
	(void)fd;
#endif
}

int
rdl_jsonl_open(struct rdl_jsonl *r, const char *path, struct rdl_err *err)
{
	struct stat st;
	int fd = STDIN_FILENO;

	*r = (struct rdl_jsonl)RDL_JSONL_INIT;
	r->name = "stdin";
	if (strcmp(path, "-") != 0) {
		r->name = path;
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", r->name);
	r->fd = fd;
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		rdl_jsonl_close(r);
		return rdl_err_set(err, RDL_E_IO, "%s: is a directory",
		    r->name);
	}
	widen_pipe(fd);
	r->buf = rdl_mem_realloc(NULL, BUF_SIZE, 1);
	r->cap = BUF_SIZE;
	return 0;
}

void
rdl_jsonl_close(struct rdl_jsonl *r)
{
	if (r == NULL)
		return;
	if (r->fd > STDIN_FILENO)
		(void)close(r->fd);
	free(r->buf);
	r->fd = -1;
	r->buf = NULL;
	r->start = r->end = r->scanned = r->told = r->cap = 0;
}

/* Tell of what lies before end and was not told of, and leave out what lies
 * between end and next. */
static void
tell(struct rdl_jsonl *r, size_t end, size_t next)
{
	if (r->taken != NULL && r->told < end)
		r->taken(r->taken_ctx, r->buf + r->told, end - r->told);
	r->told = next;
}

void
rdl_jsonl_tell(struct rdl_jsonl *r, rdl_jsonl_fn fn, void *ctx)
{
	r->taken = fn;
	r->taken_ctx = ctx;
	r->told = r->start;
}

void
rdl_jsonl_settle(struct rdl_jsonl *r)
{
	tell(r, r->start, r->start);
}

/* Take the line of len bytes, newline included, out of the buffer. */
static void
consume(struct rdl_jsonl *r, size_t len)
{
	r->start += len;
	r->scanned = r->start;
	r->lineno++;
}

/* The line of len bytes that was taken last is not to be told of. */
static void
leave_out(struct rdl_jsonl *r, size_t len)
{
	tell(r, r->start - len, r->start);
}

static bool
is_blank(const char *p, size_t len)
{
	while (len > 0 && (p[len - 1] == ' ' || p[len - 1] == '\t' ||
	    p[len - 1] == '\r'))
		len--;
	return len == 0;
}

/* Length, with its newline, of the whole line that is not blank at the start
 * of the buffer; 0 if there is none yet.  Takes blank lines out. */
static size_t
whole_line(struct rdl_jsonl *r)
{
	const char *nl;
	size_t len;

	while (r->scanned < r->end) {
		nl = memchr(r->buf + r->scanned, '\n', r->end - r->scanned);
		if (nl == NULL) {
			r->scanned = r->end;
			break;
		}
		r->scanned = (size_t)(nl - r->buf);
		len = r->scanned + 1 - r->start;
		if (!is_blank(r->buf + r->start, len - 1))
			return len;
		consume(r, len);
		leave_out(r, len);
	}
	return 0;
}

/* Make room behind the last byte.  False if the line there is as long as a
 * line may be. */
static bool
make_room(struct rdl_jsonl *r)
{
	/* Moving no more bytes than were taken costs little, and keeps the
	 * part of the buffer in use small. */
	if (r->start > 0 &&
	    (r->end - r->start <= r->start || r->end == r->cap)) {
		rdl_jsonl_settle(r);
		memmove(r->buf, r->buf + r->start, r->end - r->start);
		r->end -= r->start;
		r->scanned -= r->start;
		r->start = r->told = 0;
	}
	if (r->end < r->cap)
		return true;
	if (r->cap >= BUF_MAX)
		return false;
	r->cap = r->cap * 2 > BUF_MAX ? BUF_MAX : r->cap * 2;
	r->buf = rdl_mem_realloc(r->buf, r->cap, 1);
	return true;
}

/* One read: 1 if it brought bytes or the end, 0 if it would have waited or a
 * signal came, -1 on error, which is kept for the next call on r. */
static int
read_once(struct rdl_jsonl *r)
{
	size_t room = r->cap - r->end;
	ssize_t n;

	n = read(r->fd, r->buf + r->end, room < READ_SIZE ? room : READ_SIZE);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0) {
		r->failed = errno;
		return -1;
	}
	r->end += (size_t)n;
	r->eof = n == 0;
	return 1;
}

static bool
readable(const struct rdl_jsonl *r, int timeout_ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	return poll(&p, 1, timeout_ms) > 0;
}

static int
too_long(const struct rdl_jsonl *r, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT,
	    "%s:%llu: the line is longer than %zu bytes", r->name,
	    (unsigned long long)r->lineno + 1, RDL_LINE_MAX);
}

/* Bring more bytes, waiting for them: 0, or -1 on error. */
static int
fill(struct rdl_jsonl *r, struct rdl_err *err)
{
	int rc = -1;

	if (r->failed == 0) {
		if (!make_room(r))
			return too_long(r, err);
		while ((rc = read_once(r)) == 0) {
			/* The descriptor may be in non-blocking mode, which
			 * it shares with our parent. */
			if (!rdl_tool_stopped())
				(void)readable(r, -1);
			if (rdl_tool_stopped())
				return rdl_err_set(err, RDL_E_STOPPED,
				    "%s: stopped by a signal", r->name);
		}
	}
	if (rc < 0) {
		errno = r->failed;
		return rdl_err_sys(err, RDL_E_IO, "%s", r->name);
	}
	return 0;
}

/* Take a line out of the buffer.  *taken is its length with the line end. */
static int
take_line(struct rdl_jsonl *r, const char **line, size_t *len, size_t *taken,
    struct rdl_err *err)
{
	size_t n;

	while ((n = whole_line(r)) == 0) {
		if (r->eof && r->start < r->end)
			return rdl_err_set(err, RDL_E_INPUT,
			    "%s:%llu: the last line has no newline: its "
			    "writer died, or the file was cut", r->name,
			    (unsigned long long)r->lineno + 1);
		if (r->eof)
			return 0;
		if (fill(r, err) < 0)
			return -1;
	}
	*line = r->buf + r->start;
	*len = n - 1;
	if ((*line)[*len - 1] == '\r')
		--*len;
	if (*len > RDL_LINE_MAX)
		return too_long(r, err);
	consume(r, n);
	*taken = n;
	return 1;
}

/* The line that was taken counts: a carriage return in it does not. */
static void
count(struct rdl_jsonl *r, size_t len, size_t taken)
{
	if (taken > len + 1)
		tell(r, r->start - 2, r->start - 1);
	else if (r->start - r->told >= TELL_SIZE)
		rdl_jsonl_settle(r);
}

int
rdl_jsonl_line(struct rdl_jsonl *r, const char **line, size_t *len,
    struct rdl_err *err)
{
	size_t taken = 0;
	int rc = take_line(r, line, len, &taken, err);

	if (rc > 0)
		count(r, *len, taken);
	return rc;
}

int
rdl_jsonl_next(struct rdl_jsonl *r, struct rdl_rec *rec, struct rdl_err *err)
{
	const char *line;
	size_t len, taken = 0;
	int rc = take_line(r, &line, &len, &taken, err);

	if (rc <= 0)
		return rc;
	if (rdl_rec_parse(rec, line, len, err) < 0) {
		leave_out(r, taken);
		return rdl_err_prefix(err, "%s:%llu", r->name,
		    (unsigned long long)r->lineno);
	}
	count(r, len, taken);
	return 1;
}

bool
rdl_jsonl_ready(struct rdl_jsonl *r)
{
	while (whole_line(r) == 0 && !r->eof && r->failed == 0) {
		if (!readable(r, 0))
			return false;
		/* Without room the line is too long, which is an answer. */
		if (!make_room(r))
			return true;
		if (read_once(r) == 0)
			return false;
	}
	return true;
}
