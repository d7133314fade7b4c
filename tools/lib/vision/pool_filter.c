/*
 * The system calls that a worker of the pool may make: its socket, memory,
 * time, and its end.  By libseccomp; everything else kills the process.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <seccomp.h>

#include "vision/pool_private.h"

/* Harmless with any arguments.  Those above the line a decoder needs, those
 * below abort() and a signal's return. */
static const int always[] = {
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(sched_yield), SCMP_SYS(getrandom), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),

	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
#if RDL_POOL_ASAN
	SCMP_SYS(sigaltstack),
#endif
};

static int
allow_always(scmp_filter_ctx ctx)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < RDL_NELEM(always) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, always[i], 0);
	return rc;
}

/* mmap, but not of files; no memory that can be run. */
static int
allow_memory(scmp_filter_ctx ctx)
{
	static const int maps[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2) };
	size_t i;
	int rc = 0;

	for (i = 0; i < RDL_NELEM(maps) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, maps[i], 2,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS,
		    MAP_ANONYMOUS));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
		    1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return rc;
}

/* Words on stderr go to /dev/null, or with a sanitizer where they belong. */
static int
allow_descriptors(scmp_filter_ctx ctx, int fd)
{
	const int writable[] = { fd, STDERR_FILENO };
	size_t i;
	int rc;

	rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
	    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd, 0));
	for (i = 0; i < RDL_NELEM(writable) && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)writable[i],
		    0));
	/* abort() sends a signal, to itself. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	return rc;
}

/* Valgrind runs in the process that it watches. */
bool
rdl_pool_filter_off(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "/vgpreload_") != NULL;
}

int
rdl_pool_filter(int fd, struct rdl_err *err)
{
	scmp_filter_ctx ctx;
	int rc;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return rdl_err_sys(err, RDL_E_IO, "no new privileges");
	if (rdl_pool_filter_off())
		return 0;
	ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (ctx == NULL)
		return rdl_err_set(err, RDL_E_IO, "no filter of system calls");
	rc = allow_always(ctx);
	if (rc == 0)
		rc = allow_memory(ctx);
	if (rc == 0)
		rc = allow_descriptors(ctx, fd);
	if (rc == 0)
		rc = seccomp_load(ctx);
	seccomp_release(ctx);
	if (rc < 0)
		return rdl_err_set(err, RDL_E_IO, "the filter of system calls "
		    "is refused: %s", strerror(-rc));
	return 0;
}
