/*
 * A preloaded library that makes calls fail as a machine in trouble would.
 * Counts allocations or system calls, fails the one it is told to, and writes
 * what it did to a file of shared memory, so that forked children are counted
 * too.  Does not touch what is written to stderr, nor sockets' bytes.
 *
 *	FAULT_LOG=FILE	counts and trace; without it nothing is done
 *	FAULT_KIND=	alloc, or io: all that is listed in kinds[] below
 *	FAULT_AT=N	fail the Nth call of the kind, from 1; 0 none
 *	FAULT_ONWARD=1	and all later ones (io: of the same name)
 *	FAULT_HOW=	a or b, the first or second error of kinds[]; short:
 *			half of a read or write; eintr: it is interrupted
 *	FAULT_BYTES=N	the disk is full after N bytes in regular files
 *	FAULT_TRACE=1	a line for each call: number, name, its callers' hash
 *
 * FILE begins with two numbers of 8 bytes, calls counted and calls failed;
 * two more of no use here, and text from byte 32 on.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOG_SIZE (64 << 20)	/* sparse */
#define DEPTH 24

struct shared {
	_Atomic uint64_t calls, failed, used, bytes;
	char text[];
};

/* What fails how. */
static const struct kind {
	const char *name;
	int a, b;
} kinds[] = {
	{ "open", EMFILE, EACCES }, { "read", EIO, EIO },
	{ "write", ENOSPC, EIO }, { "fsync", EIO, ENOSPC },
	{ "rename", ENOSPC, EIO }, { "mkdir", ENOSPC, EACCES },
	{ "link", EIO, EMLINK }, { "unlink", EIO, EACCES },
	{ "ftruncate", EIO, ENOSPC }, { "mmap", ENOMEM, ENODEV },
	{ "close", EIO, ENOSPC }, { "stat", EIO, EACCES },
	{ "lock", EIO, ENOLCK }, { "pipe", EMFILE, ENFILE },
	{ "socket", EMFILE, ENOBUFS }, { "connect", ECONNREFUSED, ETIMEDOUT },
	{ "send", ECONNRESET, EPIPE }, { "recv", ECONNRESET, ECONNRESET },
	{ "fork", EAGAIN, ENOMEM }, { "thread", EAGAIN, EAGAIN },
};

enum how { HOW_A, HOW_B, HOW_SHORT, HOW_EINTR };

static struct shared *sh;
static bool do_alloc, do_io, onward, tracing;
static enum how how;
static uint64_t fail_at, disk_bytes;
static pid_t self;	/* its children may not even ask what a file is */
static const char *onward_name;
static _Thread_local bool inside;

/* ISO C has no cast from dlsym's pointer, so it goes through memory. */
#define REAL(name) \
	(*(__typeof__(&name) *)real(#name, (void *[1]){ NULL }))

/* The function that would be called without us; returns slot. */
static void *
real(const char *name, void *slot[1])
{
	bool was = inside;

	inside = true;
	slot[0] = dlsym(RTLD_NEXT, name);
	inside = was;
	if (slot[0] == NULL)
		abort();
	return slot;
}

static size_t
add_number(char *to, uint64_t n, unsigned base)
{
	char digits[20];
	size_t len = 0, i;

	do
		digits[len++] = "0123456789abcdef"[n % base];
	while ((n /= base) > 0);
	for (i = 0; i < len; i++)
		to[i] = digits[len - 1 - i];
	return len;
}

/* A line of the log: plain stores, which a sandboxed child may do too. */
static void
tell(const char *what, uint64_t n, const char *name, uint64_t hash)
{
	char line[160], *p = line;
	uint64_t at;

	for (; *what != '\0'; what++)
		*p++ = *what;
	*p++ = ' ';
	p += add_number(p, n, 10);
	*p++ = ' ';
	for (; *name != '\0'; name++)
		*p++ = *name;
	*p++ = ' ';
	p += add_number(p, hash, 16);
	*p++ = '\n';
	at = atomic_fetch_add(&sh->used, (uint64_t)(p - line));
	if (at + sizeof(line) < LOG_SIZE - sizeof(*sh))
		memcpy(sh->text + at, line, (size_t)(p - line));
}

/* A number for the place of a call: its callers' addresses. */
static uint64_t
callers(void)
{
	void *frames[DEPTH];
	uint64_t hash = 14695981039346656037u;
	int i, n = backtrace(frames, DEPTH);

	for (i = 2; i < n; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)frames[i]) *
		    1099511628211u;
	return hash;
}

/* Count a call; should it fail? */
static bool
hit(const char *name)
{
	uint64_t n;

	if (inside || sh == NULL)
		return false;
	inside = true;
	n = atomic_fetch_add(&sh->calls, 1) + 1;
	if (tracing)
		tell("call", n, name, callers());
	if (n == fail_at)
		onward_name = name;
	inside = false;
	if (fail_at == 0 || n < fail_at || (n > fail_at && (!onward ||
	    onward_name == NULL || strcmp(name, onward_name) != 0)))
		return false;
	atomic_fetch_add(&sh->failed, 1);
	tell("failed", n, name, 0);
	return true;
}

static uint64_t
number_of(const char *name)
{
	const char *s = getenv(name);

	return s == NULL ? 0 : strtoull(s, NULL, 10);
}

/* Who crashed, on stderr. */
static void
crashed(int sig)
{
	void *frames[DEPTH];

	backtrace_symbols_fd(frames, backtrace(frames, DEPTH), STDERR_FILENO);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

__attribute__((constructor)) static void
begin(void)
{
	const char *log = getenv("FAULT_LOG"), *kind = getenv("FAULT_KIND");
	const char *h = getenv("FAULT_HOW");
	void *frames[2], *p;
	long fd;

	if (log == NULL || kind == NULL)
		return;
	fd = syscall(SYS_openat, AT_FDCWD, log, O_RDWR | O_CREAT | O_CLOEXEC,
	    0666);
	if (fd < 0 || syscall(SYS_ftruncate, fd, (long)LOG_SIZE) < 0)
		abort();
	p = (void *)syscall(SYS_mmap, NULL, (long)LOG_SIZE,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		abort();
	(void)syscall(SYS_close, fd);
	self = getpid();
	fail_at = number_of("FAULT_AT");
	disk_bytes = number_of("FAULT_BYTES");
	onward = number_of("FAULT_ONWARD") != 0;
	tracing = number_of("FAULT_TRACE") != 0;
	do_alloc = strcmp(kind, "alloc") == 0;
	do_io = strcmp(kind, "io") == 0;
	how = h == NULL || h[0] == 'a' ? HOW_A : h[0] == 'b' ? HOW_B :
	    h[0] == 's' ? HOW_SHORT : HOW_EINTR;
	(void)backtrace(frames, 2);	/* loads what it needs */
	if (dlsym(RTLD_DEFAULT, "__asan_init") == NULL) {
		(void)signal(SIGSEGV, crashed);
		(void)signal(SIGABRT, crashed);
	}
	sh = p;
}

/* -- Memory ---------------------------------------------------------------- */

/* Looked up with dlsym, and not glibc's own names, so that a sanitizer's
 * allocator may stand behind. */
#define NO_MEMORY(name) do { \
	if (do_alloc && hit(name)) { \
		errno = ENOMEM; \
		return NULL; \
	} } while (0)

void *
malloc(size_t n)
{
	static __typeof__(&malloc) next;

	NO_MEMORY("malloc");
	if (next == NULL)
		next = REAL(malloc);
	return next(n);
}

void *
calloc(size_t n, size_t size)
{
	static __typeof__(&calloc) next;

	NO_MEMORY("calloc");
	if (next == NULL)
		next = REAL(calloc);
	return next(n, size);
}

void *
realloc(void *p, size_t n)
{
	static __typeof__(&realloc) next;

	NO_MEMORY("realloc");
	if (next == NULL)
		next = REAL(realloc);
	return next(p, n);
}

void *
aligned_alloc(size_t align, size_t n)
{
	NO_MEMORY("aligned_alloc");
	return REAL(aligned_alloc)(align, n);
}

int
posix_memalign(void **p, size_t align, size_t n)
{
	if (do_alloc && hit("posix_memalign"))
		return ENOMEM;
	return REAL(posix_memalign)(p, align, n);
}

/* -- Files ----------------------------------------------------------------- */

/* Should this call fail?  Then with which error. */
static bool
bad(const char *name)
{
	size_t i;

	if (!do_io || !hit(name))
		return false;
	for (i = 0; strcmp(kinds[i].name, name) != 0; i++)
		;
	errno = how == HOW_B ? kinds[i].b : how == HOW_EINTR ? EINTR :
	    kinds[i].a;
	return true;
}

/* Is there room for len more bytes in fd's file?  *len is cut to what is. */
static bool
room(int fd, size_t *len)
{
	struct stat st;
	uint64_t had;

	if (disk_bytes == 0 || sh == NULL || getpid() != self ||
	    syscall(SYS_fstat, fd, &st) < 0 || !S_ISREG(st.st_mode))
		return true;
	had = atomic_fetch_add(&sh->bytes, *len);
	if (had + *len <= disk_bytes)
		return true;
	if (atomic_fetch_add(&sh->failed, 1) == 0)
		tell("full", had, "write", 0);
	*len = had < disk_bytes ? (size_t)(disk_bytes - had) : 0;
	errno = ENOSPC;
	return *len > 0;
}

/* Both of reading and writing: 1 go on with *len, 0 fail. */
static bool
transfer(const char *name, int fd, size_t *len)
{
	bool out = name[0] == 'w';

	if (fd == STDERR_FILENO)
		return true;
	if (bad(name)) {
		if (how != HOW_SHORT)
			return false;
		*len = *len > 1 ? *len / 2 : *len;
	}
	return !out || room(fd, len);
}

#define TRANSFER(ret, fn, kind, type) ret \
	fn(int fd, type p, size_t len) \
	{ \
		return transfer(kind, fd, &len) ? REAL(fn)(fd, p, len) : -1; \
	}
#define TRANSFER_AT(ret, fn, kind, type, off) ret \
	fn(int fd, type p, size_t len, off at) \
	{ \
		return transfer(kind, fd, &len) ? REAL(fn)(fd, p, len, at) : \
		    -1; \
	}
TRANSFER(ssize_t, read, "read", void *)
TRANSFER(ssize_t, write, "write", const void *)
TRANSFER_AT(ssize_t, pread, "read", void *, off_t)
TRANSFER_AT(ssize_t, pread64, "read", void *, off64_t)
TRANSFER_AT(ssize_t, pwrite, "write", const void *, off_t)
TRANSFER_AT(ssize_t, pwrite64, "write", const void *, off64_t)

static size_t
sum(const struct iovec *v, int n)
{
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++)
		len += v[i].iov_len;
	return len;
}

/* A short one writes its first part only. */
ssize_t
writev(int fd, const struct iovec *v, int n)
{
	size_t all = sum(v, n), len = all;

	if (!transfer("write", fd, &len))
		return -1;
	if (len == all)
		return REAL(writev)(fd, v, n);
	return REAL(write)(fd, v[0].iov_base,
	    len < v[0].iov_len ? len : v[0].iov_len);
}

ssize_t
pwritev(int fd, const struct iovec *v, int n, off_t at)
{
	size_t all = sum(v, n), len = all;

	if (!transfer("write", fd, &len))
		return -1;
	if (len == all)
		return REAL(pwritev)(fd, v, n, at);
	return REAL(pwrite)(fd, v[0].iov_base,
	    len < v[0].iov_len ? len : v[0].iov_len, at);
}

/* Calls that fail or not: return type, name, kind, parameters, arguments. */
#define PLAIN(ret, failed, fn, kind, params, ...) ret \
	fn params \
	{ \
		return bad(kind) ? (failed) : REAL(fn)(__VA_ARGS__); \
	}
PLAIN(int, -1, fsync, "fsync", (int fd), fd)
PLAIN(int, -1, fdatasync, "fsync", (int fd), fd)
PLAIN(int, -1, rename, "rename", (const char *a, const char *b), a, b)
PLAIN(int, -1, mkdir, "mkdir", (const char *p, mode_t m), p, m)
PLAIN(int, -1, link, "link", (const char *a, const char *b), a, b)
PLAIN(int, -1, symlink, "link", (const char *a, const char *b), a, b)
PLAIN(int, -1, unlink, "unlink", (const char *p), p)
PLAIN(int, -1, rmdir, "unlink", (const char *p), p)
PLAIN(int, -1, ftruncate, "ftruncate", (int fd, off_t n), fd, n)
PLAIN(int, -1, ftruncate64, "ftruncate", (int fd, off64_t n), fd, n)
PLAIN(void *, MAP_FAILED, mmap, "mmap",
    (void *p, size_t n, int prot, int flags, int fd, off_t at),
    p, n, prot, flags, fd, at)
PLAIN(void *, MAP_FAILED, mmap64, "mmap",
    (void *p, size_t n, int prot, int flags, int fd, off64_t at),
    p, n, prot, flags, fd, at)
PLAIN(int, -1, stat, "stat", (const char *p, struct stat *st), p, st)
PLAIN(int, -1, stat64, "stat", (const char *p, struct stat64 *st), p, st)
PLAIN(int, -1, lstat, "stat", (const char *p, struct stat *st), p, st)
PLAIN(int, -1, lstat64, "stat", (const char *p, struct stat64 *st), p, st)
PLAIN(int, -1, fstat, "stat", (int fd, struct stat *st), fd, st)
PLAIN(int, -1, fstat64, "stat", (int fd, struct stat64 *st), fd, st)
PLAIN(int, -1, flock, "lock", (int fd, int op), fd, op)
PLAIN(int, -1, pipe, "pipe", (int fd[2]), fd)
PLAIN(int, -1, pipe2, "pipe", (int fd[2], int flags), fd, flags)
PLAIN(int, -1, socket, "socket", (int d, int t, int p), d, t, p)
PLAIN(int, -1, socketpair, "socket", (int d, int t, int p, int fd[2]),
    d, t, p, fd)
PLAIN(int, -1, connect, "connect",
    (int fd, __CONST_SOCKADDR_ARG a, socklen_t n), fd, a, n)
PLAIN(ssize_t, -1, send, "send",
    (int fd, const void *p, size_t n, int flags), fd, p, n, flags)
PLAIN(ssize_t, -1, sendmsg, "send",
    (int fd, const struct msghdr *m, int flags), fd, m, flags)
PLAIN(ssize_t, -1, recv, "recv", (int fd, void *p, size_t n, int flags),
    fd, p, n, flags)
PLAIN(ssize_t, -1, recvmsg, "recv", (int fd, struct msghdr *m, int flags),
    fd, m, flags)
PLAIN(pid_t, -1, fork, "fork", (void), )
PLAIN(DIR *, NULL, opendir, "open", (const char *p), p)
PLAIN(struct dirent *, NULL, readdir, "read", (DIR *d), d)
PLAIN(FILE *, NULL, fopen, "open", (const char *p, const char *m), p, m)
PLAIN(FILE *, NULL, fopen64, "open", (const char *p, const char *m), p, m)
PLAIN(int, -1, mkstemp, "open", (char *p), p)

int
pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *),
    void *arg)
{
	return bad("thread") ? EAGAIN : REAL(pthread_create)(t, a, fn, arg);
}

/* A close that fails has closed all the same, as on Linux. */
int
close(int fd)
{
	bool fail = fd != STDERR_FILENO && bad("close");
	int error = errno, rc = REAL(close)(fd);

	if (!fail)
		return rc;
	errno = error;
	return -1;
}

int
fclose(FILE *f)
{
	bool fail = f != stderr && bad("close");
	int error = errno, rc = REAL(fclose)(f);

	if (!fail)
		return rc;
	errno = error;
	return EOF;
}

static mode_t
mode_of(int flags, va_list ap)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

#define OPEN(fn) int \
	fn(const char *path, int flags, ...) \
	{ \
		va_list ap; \
		mode_t mode; \
		va_start(ap, flags); \
		mode = mode_of(flags, ap); \
		va_end(ap); \
		return bad("open") ? -1 : REAL(fn)(path, flags, mode); \
	}
OPEN(open)
OPEN(open64)

/* Taking a lock; giving one back does not fail.  The argument is a pointer or
 * an int of a register. */
#define FCNTL(fn) int \
	fn(int fd, int cmd, ...) \
	{ \
		va_list ap; \
		void *arg; \
		va_start(ap, cmd); \
		arg = va_arg(ap, void *); \
		va_end(ap); \
		if ((cmd == F_SETLK || cmd == F_SETLKW) && \
		    ((struct flock *)arg)->l_type != F_UNLCK && \
		    bad("lock")) \
			return -1; \
		return REAL(fn)(fd, cmd, arg); \
	}
FCNTL(fcntl)
FCNTL(fcntl64)
