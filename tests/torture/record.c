/*
 * A preloaded library that writes down what a process does to some files, in
 * order and with the bytes, so that replay.c can make what a loss of power
 * might have left of them.
 *
 *	RECORD_LOG=FILE		appended to, by all processes
 *	RECORD_PREFIX=PATH	absolute; files whose path begins so, but no
 *				-shm: that one does not outlive a boot
 *
 * Does not see what is written through a map.
 */
#define _GNU_SOURCE
#include "record.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) \
	(*(__typeof__(&name) *)real(#name, (void *[1]){ NULL }))

static void *
real(const char *name, void *slot[1])
{
	slot[0] = dlsym(RTLD_NEXT, name);
	if (slot[0] == NULL)
		abort();
	return slot;
}

/* The name behind the prefix, "." for the folder itself, or NULL if the file
 * is none of them. */
static const char *
wanted(const char *path)
{
	const char *prefix = getenv("RECORD_PREFIX");
	size_t n = prefix == NULL ? 0 : strlen(prefix), len = strlen(path);

	if (n > len && path[0] == '/' && prefix[len] == '/' &&
	    strncmp(path, prefix, len) == 0 && strrchr(prefix, '/') ==
	    prefix + len)
		return ".";
	if (n == 0 || strncmp(path, prefix, n) != 0 ||
	    (len > 4 && strcmp(path + len - 4, "-shm") == 0))
		return NULL;
	return strrchr(path, '/') + 1;
}

static void
note(const char *name, enum op op, uint64_t at, const void *p, size_t len)
{
	static long fd = -1;
	struct change c = { op, (uint32_t)strlen(name), at, len };
	const struct iovec v[3] = { { &c, sizeof(c) },
		{ (void *)(uintptr_t)name, c.name_len },
		{ (void *)(uintptr_t)p, p == NULL ? 0 : len } };

	if (fd < 0)
		fd = syscall(SYS_openat, AT_FDCWD, getenv("RECORD_LOG"),
		    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || syscall(SYS_writev, fd, v, 3) !=
	    (long)(sizeof(c) + c.name_len + v[2].iov_len))
		abort();
}

/* Before the change is made: who waits for a lock cannot be noted between. */
static void
note_fd(int fd, enum op op, uint64_t at, const void *p, size_t len)
{
	char link[64], path[4096];
	const char *name;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return;
	path[n] = '\0';
	name = wanted(path);
	if (name != NULL)
		note(name, op, at, p, len);
}

ssize_t
pwrite(int fd, const void *p, size_t len, off_t at)
{
	note_fd(fd, OP_WRITE, (uint64_t)at, p, len);
	return REAL(pwrite)(fd, p, len, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t len, off64_t at)
{
	note_fd(fd, OP_WRITE, (uint64_t)at, p, len);
	return REAL(pwrite64)(fd, p, len, at);
}

ssize_t
write(int fd, const void *p, size_t len)
{
	if (fd > STDERR_FILENO)
		note_fd(fd, OP_WRITE, (uint64_t)lseek(fd, 0, SEEK_CUR), p,
		    len);
	return REAL(write)(fd, p, len);
}

int
ftruncate(int fd, off_t size)
{
	note_fd(fd, OP_TRUNCATE, (uint64_t)size, NULL, 0);
	return REAL(ftruncate)(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
	note_fd(fd, OP_TRUNCATE, (uint64_t)size, NULL, 0);
	return REAL(ftruncate64)(fd, size);
}

int
fsync(int fd)
{
	note_fd(fd, OP_SYNC, 0, NULL, 0);
	return REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	note_fd(fd, OP_SYNC, 0, NULL, 0);
	return REAL(fdatasync)(fd);
}

int
unlink(const char *path)
{
	const char *name = path[0] == '/' ? wanted(path) : NULL;

	if (name != NULL)
		note(name, OP_UNLINK, 0, NULL, 0);
	return REAL(unlink)(path);
}
