/*
 * For fuzz targets of code that reads files: a folder that is gone at the end
 * of the program, and files in it.
 */
#ifndef RDL_TESTS_FUZZ_SCRATCH_H
#define RDL_TESTS_FUZZ_SCRATCH_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char scratch_dir[64];

static inline void
must(int ok)
{
	if (!ok)
		abort();
}

static inline void
scratch_path(char out[128], const char *name)
{
	(void)snprintf(out, 128, "%s/%s", scratch_dir, name);
}

static inline void
scratch_empty(void)
{
	DIR *d = opendir(scratch_dir);
	struct dirent *e;
	char path[384];

	while (d != NULL && (e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", scratch_dir,
		    e->d_name);
		(void)unlink(path);
	}
	if (d != NULL)
		(void)closedir(d);
}

static inline void
scratch_end(void)
{
	scratch_empty();
	(void)rmdir(scratch_dir);
}

/* Make the folder, once, in memory if there is such a place. */
static inline void
scratch_begin(void)
{
	if (scratch_dir[0] != '\0')
		return;
	memcpy(scratch_dir, "/dev/shm/riddle-fuzz-XXXXXX", 28);
	if (mkdtemp(scratch_dir) == NULL) {
		memcpy(scratch_dir, "/tmp/riddle-fuzz-XXXXXX", 24);
		must(mkdtemp(scratch_dir) != NULL);
	}
	(void)atexit(scratch_end);
}

static inline void
scratch_write(const char *name, const void *p, size_t len)
{
	char path[128];
	int fd;

	scratch_begin();
	scratch_path(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0 && write(fd, p, len) == (ssize_t)len);
	(void)close(fd);
}

/* Cut the next part, up to the byte 0xff, off (*p, *len). */
static inline size_t
scratch_part(const uint8_t **p, size_t *len, const uint8_t **part)
{
	const uint8_t *end = *len > 0 ? memchr(*p, 0xff, *len) : NULL;
	size_t n = end == NULL ? *len : (size_t)(end - *p);

	*part = *p;
	*p += end == NULL ? n : n + 1;
	*len -= end == NULL ? n : n + 1;
	return n;
}

#endif
