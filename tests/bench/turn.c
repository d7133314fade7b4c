/*
 * bench: turn FILE COMMAND [ARG...]
 * Runs the command and appends a line to FILE: milliseconds from exec to exit,
 * milliseconds of CPU, KiB at its largest.  Stdin, stdout, stderr and exit
 * status are the command's.  Subtracts nothing; true(1) shows its own part.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/tool.h"

static double
ms_of(const struct timeval *t)
{
	return (double)t->tv_sec * 1e3 + (double)t->tv_usec / 1e3;
}

/* vfork, so that the child does not begin with the size of this process. */
static int
run(char *argv[], struct rusage *used, double *wall_ms)
{
	int64_t began = rdl_clock_us();
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0)
		return -1;
	while (wait4(pid, &status, 0, used) < 0)
		if (errno != EINTR)
			return -1;
	*wall_ms = (double)(rdl_clock_us() - began) / 1e3;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

int
main(int argc, char *argv[])
{
	struct rusage used;
	double wall_ms = 0;
	int status;
	FILE *to;

	rdl_tool_init("turn");
	if (argc < 3) {
		rdl_warn("usage: turn FILE COMMAND [ARG...]");
		return RDL_EXIT_USAGE;
	}
	status = run(argv + 2, &used, &wall_ms);
	to = fopen(argv[1], "a");
	if (status < 0 || to == NULL) {
		rdl_warn("%s: %s", status < 0 ? argv[2] : argv[1],
		    strerror(errno));
		return RDL_EXIT_FAIL;
	}
	(void)fprintf(to, "%.3f %.3f %ld\n", wall_ms,
	    ms_of(&used.ru_utime) + ms_of(&used.ru_stime), used.ru_maxrss);
	return fclose(to) == 0 ? status : RDL_EXIT_FAIL;
}
