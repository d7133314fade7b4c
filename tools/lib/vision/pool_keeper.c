/*
 * The keeper of the pool: a small process that forks workers and tells of
 * their deaths, and the caller's hand on it.  Reads and writes one socket.
 * It never sees a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/mem.h"
#include "vision/pool_private.h"

/* To the keeper; SPAWN brings the worker's end of its socket. */
enum { SPAWN, KILL };

struct order {
	uint32_t what, worker;
};

/* From the keeper. */
struct death {
	uint32_t worker;
	int32_t status;
};

struct keeper {
	const struct rdl_pool_plan *plan;
	int ctl, signals;
	pid_t *pids;		/* one a worker, 0: none */
};

/* Room for one descriptor in a message, aligned as it must be. */
union ancillary {
	struct cmsghdr align;
	unsigned char room[CMSG_SPACE(sizeof(int))];
};

/* -- The keeper itself ------------------------------------------------------*/

/* Take an order; *fd is the descriptor that came with it, or -1.  0 when the
 * caller is gone. */
static int
take_order(int ctl, struct order *o, int *fd)
{
	union ancillary a;
	struct iovec v = { o, sizeof(*o) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = a.room, .msg_controllen = sizeof(a.room) };
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	do
		n = recvmsg(ctl, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*o))
		return 0;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return 1;
}

static int
tell(const struct keeper *k, uint32_t worker, int status)
{
	struct death d = { worker, status };

	return send(k->ctl, &d, sizeof(d), MSG_NOSIGNAL) ==
	    (ssize_t)sizeof(d) ? 0 : -1;
}

/* Fork a worker.  One that cannot be forked is reported as dead. */
static int
spawn(struct keeper *k, uint32_t worker, int fd)
{
	pid_t self = getpid(), pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != self)
			_exit(RDL_POOL_EXIT_BAD);
		rdl_pool_worker(k->plan, worker, fd);
	}
	(void)close(fd);
	if (pid < 0)
		return tell(k, worker, RDL_POOL_EXIT_BAD << 8);
	k->pids[worker] = pid;
	return 0;
}

static int
obey(struct keeper *k)
{
	struct order o;
	int fd;

	if (take_order(k->ctl, &o, &fd) == 0 || o.worker >= k->plan->workers)
		return -1;
	if (o.what == SPAWN)
		return spawn(k, o.worker, fd);
	/* A worker that was waited for has no number any more. */
	if (k->pids[o.worker] > 0)
		(void)kill(k->pids[o.worker], SIGKILL);
	return 0;
}

static int
bury(struct keeper *k)
{
	struct signalfd_siginfo ignored;
	uint32_t i;
	pid_t pid;
	int status;

	if (read(k->signals, &ignored, sizeof(ignored)) < 0 && errno != EAGAIN)
		return -1;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (i = 0; i < k->plan->workers; i++)
			if (k->pids[i] == pid) {
				k->pids[i] = 0;
				if (tell(k, i, status) < 0)
					return -1;
			}
	return 0;
}

/* Only the caller decides what an interrupt means; its handlers are not for
 * here.  Returns a descriptor that tells of deaths. */
static int
keep_signals_out(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGPIPE };
	struct sigaction sa;
	sigset_t child;
	size_t i;
	int sig;

	memset(&sa, 0, sizeof(sa));
	(void)sigemptyset(&sa.sa_mask);
	sa.sa_handler = SIG_DFL;
	for (sig = 1; sig <= SIGRTMAX; sig++)
		(void)sigaction(sig, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	for (i = 0; i < RDL_NELEM(ignored); i++)
		(void)sigaction(ignored[i], &sa, NULL);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_SETMASK, &child, NULL);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Hold none of the caller's files open.  A sanitizer needs stderr. */
static int
let_go(int ctl)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), fd;

	for (fd = 0; fd <= (RDL_POOL_ASAN ? 1 : 2); fd++)
		if (null < 0 || dup2(null, fd) < 0)
			return -1;
	rdl_pool_worker_close_others(ctl, -1);
	return 0;
}

RDL_NORETURN static void
keep(const struct rdl_pool_plan *plan, int ctl)
{
	struct keeper k = { .plan = plan, .ctl = ctl };
	struct pollfd p[2] = { { .fd = ctl, .events = POLLIN },
		{ .events = POLLIN } };

	if (let_go(ctl) < 0 || (k.signals = keep_signals_out()) < 0)
		_exit(RDL_POOL_EXIT_BAD);
	k.pids = rdl_mem_calloc(plan->workers, sizeof(*k.pids));
	p[1].fd = k.signals;
	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		if (p[1].revents != 0 && bury(&k) < 0)
			break;
		if (p[0].revents != 0 && obey(&k) < 0)
			break;
	}
	/* The workers die with this process: PR_SET_PDEATHSIG. */
	_exit(0);
}

/* -- The caller's side ------------------------------------------------------*/

int
rdl_pool_keeper_start(struct rdl_pool_keeper *k,
    const struct rdl_pool_plan *plan, struct rdl_err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return rdl_err_sys(err, RDL_E_IO, "socket to the decoders");
	k->pid = fork();
	if (k->pid == 0)
		keep(plan, pair[1]);
	(void)close(pair[1]);
	k->ctl = pair[0];
	if (k->pid > 0)
		return 0;
	(void)rdl_err_sys(err, RDL_E_IO, "process for the decoders");
	(void)close(k->ctl);
	k->pid = 0;
	return -1;
}

void
rdl_pool_keeper_stop(struct rdl_pool_keeper *k)
{
	int status;

	if (k->pid <= 0)
		return;
	(void)close(k->ctl);
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	k->pid = 0;
}

static int
gone(struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_IO, "the process that keeps the "
	    "decoders is gone");
}

/* Send an order, and fd with it unless it is -1. */
static int
order(const struct rdl_pool_keeper *k, uint32_t what, uint32_t worker, int fd,
    struct rdl_err *err)
{
	struct order o = { what, worker };
	union ancillary a;
	struct iovec v = { &o, sizeof(o) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	memset(&a, 0, sizeof(a));
	if (fd >= 0) {
		m.msg_control = a.room;
		m.msg_controllen = sizeof(a.room);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(k->ctl, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(o) ? 0 : gone(err);
}

int
rdl_pool_keeper_spawn(struct rdl_pool_keeper *k, unsigned worker, int *fd,
    struct rdl_err *err)
{
	int pair[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return rdl_err_sys(err, RDL_E_IO, "socket to a decoder");
	rc = order(k, SPAWN, worker, pair[1], err);
	(void)close(pair[1]);
	if (rc == 0)
		*fd = pair[0];
	else
		(void)close(pair[0]);
	return rc;
}

int
rdl_pool_keeper_kill(struct rdl_pool_keeper *k, unsigned worker,
    struct rdl_err *err)
{
	return order(k, KILL, worker, -1, err);
}

int
rdl_pool_keeper_death(struct rdl_pool_keeper *k, unsigned *worker,
    int *status, struct rdl_err *err)
{
	struct death d;
	ssize_t n;

	do
		n = recv(k->ctl, &d, sizeof(d), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(d))
		return gone(err);
	*worker = d.worker;
	*status = d.status;
	return 0;
}
