/*
 * What every executable does first and last.
 * Writes messages to stderr; changes the dispositions of SIGPIPE, SIGINT and
 * SIGTERM.
 */
#include "core/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *tool_name = "riddle";
static volatile sig_atomic_t stop_signal;

static void
note_signal(int sig)
{
	stop_signal = sig;
}

/* A closed descriptor 0..2 would let a ledger or a socket take its place. */
static void
open_standard_descriptors(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			_Exit(RDL_EXIT_FAIL);
}

void
rdl_tool_init(const char *name)
{
	struct sigaction sa;

	tool_name = name;
	open_standard_descriptors();
	memset(&sa, 0, sizeof(sa));
	(void)sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = note_signal;
	sa.sa_flags = (int)SA_RESETHAND;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
}

const char *
rdl_tool_name(void)
{
	return tool_name;
}

bool
rdl_tool_stopped(void)
{
	return stop_signal != 0;
}

/* Messages quote data, and data may hold what steers a terminal: C0 and C1
 * control characters become '?'. */
static void
make_printable(char *s)
{
	unsigned char *p;

	for (p = (unsigned char *)s; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
}

void
rdl_warn(const char *fmt, ...)
{
	char msg[2 * RDL_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	make_printable(msg);
	(void)fflush(stdout);
	fprintf(stderr, "%s: %s\n", tool_name, msg);
}

int
rdl_tool_fail(const struct rdl_err *err)
{
	switch (err->cls) {
	case RDL_E_PIPE:
		return RDL_EXIT_PIPE;
	case RDL_E_USAGE:
		rdl_warn("%s", err->msg);
		return RDL_EXIT_USAGE;
	case RDL_E_BUDGET:
		rdl_warn("%s", err->msg);
		return RDL_EXIT_BUDGET;
	case RDL_E_STOPPED:
		rdl_warn("%s", err->msg);
		return RDL_EXIT_STOPPED;
	default:
		rdl_warn("%s", err->msg);
		return RDL_EXIT_FAIL;
	}
}

/* True if stdout is a pipe that nobody reads: an earlier write may have met
 * EPIPE, which stdio does not remember. */
static bool
reader_left(void)
{
	struct pollfd p = { STDOUT_FILENO, POLLOUT, 0 };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

int
rdl_tool_stdio_close(void)
{
	bool failed = ferror(stdout) != 0, left = reader_left();

	errno = 0;
	if (fclose(stdout) == 0 && !failed)
		return RDL_EXIT_OK;
	if (errno == EPIPE || left)
		return RDL_EXIT_PIPE;
	fprintf(stderr, "%s: stdout: %s\n", tool_name,
	    errno != 0 ? strerror(errno) : "write error");
	return RDL_EXIT_FAIL;
}

int
rdl_tool_exit(int status)
{
	struct sigaction sa;
	sigset_t set;

	if (status != RDL_EXIT_PIPE)
		return status;
	memset(&sa, 0, sizeof(sa));
	(void)sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	(void)sigaction(SIGPIPE, &sa, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(SIGPIPE);
	return status;
}
