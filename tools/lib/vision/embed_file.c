/*
 * The file of an image record: is it there, and is it the one meant?
 * Reads regular files only, at most RDL_IMAGE_MAX bytes.  Does not decode.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vision/embed_impl.h"

void
rdl_embed_file_fail(struct rdl_embed_job *job, const char *rule,
    const char *why)
{
	char text[RDL_ERR_MAX];

	(void)snprintf(text, sizeof(text), "%s%s%s",
	    job->path != NULL ? job->path : "",
	    job->path != NULL ? ": " : "", why);
	job->rule = rdl_arena_dup(&job->arena, rule, strlen(rule));
	job->why = rdl_arena_dup(&job->arena, text, strlen(text));
}

static int
fail_errno(struct rdl_embed_job *job)
{
	rdl_embed_file_fail(job, errno == ENOENT || errno == ENOTDIR ?
	    "missing" : "unreadable", strerror(errno));
	return -1;
}

/* A regular file of the size that was said? */
static int
check(struct rdl_embed_job *job, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		rdl_embed_file_fail(job, "unreadable", "not a regular file");
	else if ((uint64_t)st->st_size > RDL_IMAGE_MAX)
		rdl_embed_file_fail(job, "bytes", "larger than 50 MiB");
	else if (job->bytes != 0 && (uint64_t)st->st_size != job->bytes)
		rdl_embed_file_fail(job, "changed",
		    "has another size than the record says");
	else
		return 0;
	return -1;
}

static int
read_all(struct rdl_embed *e, struct rdl_embed_job *job, int fd)
{
	char *p;
	ssize_t n;

	rdl_buf_reset(&e->file);
	for (;;) {
		p = rdl_buf_reserve(&e->file, 256 * RDL_KIB);
		if (p == NULL) {
			rdl_embed_file_fail(job, "bytes",
			    "larger than 50 MiB");
			return -1;
		}
		n = read(fd, p, 256 * RDL_KIB);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return fail_errno(job);
		if (n > 0)
			e->file.len += (size_t)n;
	}
}

int
rdl_embed_file_read(struct rdl_embed *e, struct rdl_embed_job *job)
{
	struct rdl_sha256 is;
	char hex[2 * RDL_SHA256_LEN + 1];
	struct stat st;
	int rc = -1, fd;

	/* A FIFO must not make us wait. */
	fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		rc = fail_errno(job);
	else if ((rc = check(job, &st)) == 0)
		rc = read_all(e, job, fd);
	if (fd >= 0)
		(void)close(fd);
	if (rc < 0)
		return -1;
	is = rdl_hash_sha256(e->file.p != NULL ? e->file.p : "", e->file.len);
	rdl_hash_hex(hex, is.b, sizeof(is.b));
	if (job->sha256 == NULL)
		job->sha256 = rdl_arena_dup(&job->arena, hex, strlen(hex));
	if (strcmp(hex, job->sha256) == 0)
		return 0;
	rdl_embed_file_fail(job, "changed",
	    "is not the file of the record: its SHA-256 is another");
	return -1;
}
