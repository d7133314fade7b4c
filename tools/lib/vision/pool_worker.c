/*
 * A worker of the pool: shuts itself in, then works on one file after the
 * other.  Reads slot numbers from its socket and files from shared memory,
 * writes replies there.  Never returns.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/num.h"
#include "vision/pool_private.h"

#define FILES_MAX 65536		/* descriptors looked at without /proc */

/* Close what /proc lists.  -1 if it could not be read to its end. */
static int
close_listed(int keep, int keep2)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int64_t fd;
	int rc;

	if (d == NULL)
		return -1;
	/* Taking an entry away does not disturb the listing of the others:
	 * it goes by descriptor number. */
	while (errno = 0, (e = readdir(d)) != NULL)
		if (rdl_num_int(e->d_name, 3, INT32_MAX, &fd, &ignored) == 0 &&
		    fd != keep && fd != keep2 && fd != dirfd(d))
			(void)close((int)fd);
	rc = errno == 0 ? 0 : -1;
	(void)closedir(d);
	return rc;
}

void
rdl_pool_worker_close_others(int keep, int keep2)
{
	int fd;

	if (close_listed(keep, keep2) == 0)
		return;
	for (fd = 3; fd < FILES_MAX; fd++)
		if (fd != keep && fd != keep2)
			(void)close(fd);
}

/* The bytes of address space that this process has now. */
static rlim_t
address_space(void)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char text[64] = "";
	int64_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL && fgets(text, sizeof(text), f) != NULL) {
		text[strcspn(text, " ")] = '\0';
		if (rdl_num_int(text, 0, INT64_MAX / 65536, &pages,
		    &ignored) < 0)
			pages = 0;
	}
	if (f != NULL)
		(void)fclose(f);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static int
set_limit(int what, rlim_t value, const char *name, struct rdl_err *err)
{
	const struct rlimit r = { value, value };

	if (setrlimit(what, &r) < 0)
		return rdl_err_sys(err, RDL_E_IO, "limit of %s", name);
	return 0;
}

/*
 * Memory is limited to what the decoder may add to what was inherited.  There
 * is no limit on the processor's time: it would count for the life of the
 * process; the caller watches the clock of each file.  Address sanitizer and
 * valgrind take address space by the terabyte.
 */
static int
set_limits(const struct rdl_pool_plan *plan, struct rdl_err *err)
{
	rlim_t now = address_space();

	if (!RDL_POOL_ASAN && !rdl_pool_filter_off() &&
	    set_limit(RLIMIT_AS, now + plan->opts.memory_max, "memory",
	    err) < 0)
		return -1;
	if (set_limit(RLIMIT_CORE, 0, "core dumps", err) < 0)
		return -1;
	/* Valgrind keeps its own above the limit. */
	return rdl_pool_filter_off() ? 0 :
	    set_limit(RLIMIT_NOFILE, 0, "open files", err);
}

/* Give up all that a worker needs not. */
static int
confine(const struct rdl_pool_plan *plan, unsigned worker, int fd,
    struct rdl_err *err)
{
	size_t size = plan->slot_size * RDL_POOL_SLOTS;
	unsigned i;

	rdl_pool_worker_close_others(fd, -1);
	for (i = 0; i < plan->workers; i++)
		if (i != worker && munmap(plan->regions[i], size) < 0)
			return rdl_err_sys(err, RDL_E_IO, "shared memory");
	if (set_limits(plan, err) < 0)
		return -1;
	return rdl_pool_filter(fd, err);
}

/* rdl_mem_exhausted() exits: leave out what else is done then, which the filter
 * might forbid. */
static void
leave(void)
{
	_exit(RDL_POOL_EXIT_MEMORY);
}

void
rdl_pool_worker(const struct rdl_pool_plan *plan, unsigned worker, int fd)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pool_slot *s = rdl_pool_slot(plan, worker, 0);
	unsigned char byte = RDL_POOL_READY;
	ssize_t n;

	if (atexit(leave) != 0 || confine(plan, worker, fd, &err) < 0) {
		rdl_pool_reply_fail(&s->reply, "crash", err.msg);
		_exit(RDL_POOL_EXIT_CONFINE);
	}
	for (;;) {
		if (write(fd, &byte, 1) != 1)
			_exit(0);
		do
			n = read(fd, &byte, 1);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			_exit(0);
		if (byte >= RDL_POOL_SLOTS)
			_exit(RDL_POOL_EXIT_BAD);
		s = rdl_pool_slot(plan, worker, byte);
		memset(&s->reply, 0, sizeof(s->reply));
		plan->job(&plan->opts, rdl_pool_slot_file(plan, s), s->len,
		    &s->reply, rdl_pool_slot_crop(s));
	}
}
