/*
 * The server as a whole.
 * Reads options, files and one environment variable; opens a socket on
 * 127.0.0.1 and no other; writes the ready file.
 */
#include "stub/stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/tool.h"
#include "core/utf8.h"
#include "stub/script.h"
#include "stub/serve.h"

#define CONNECTIONS_MAX 20000
#define BACKLOG 4096

struct rdl_stub {
	struct rdl_serve serve;
	struct MHD_Daemon *daemon;
	int quit[2];		/* a pipe: read here, written by serve.c */
	uint16_t port;
	sigset_t before;	/* the signal mask to wait with */
};

static int
set_rules(struct rdl_plan_rules *r, const struct rdl_stub_opts *o,
    struct rdl_err *err)
{
	struct rdl_fault *f;

	r->seed = r->faults.seed = r->answers.seed = (uint64_t)o->seed;
	r->answers.fixed = o->reply;
	r->answers.taxonomy = o->taxonomy;
	r->answers.offered = o->offered;
	r->answers.children = (size_t)o->children;
	r->dim = (size_t)o->dim;
	r->side = (uint32_t)o->image_side;
	r->retry_after_s = o->retry_after_s;
	r->limit_headers = o->limit_headers;
	rdl_bucket_init(&r->requests, o->rpm, o->burst, rdl_clock_us());
	rdl_bucket_init(&r->tokens, o->tpm, -1, rdl_clock_us());
	if (o->reply != NULL &&
	    rdl_utf8_valid(o->reply, strlen(o->reply)) != strlen(o->reply))
		return rdl_err_set(err, RDL_E_USAGE,
		    "option --reply: not UTF-8");
	if (o->latency != NULL) {
		f = rdl_fault_add(&r->faults, RDL_FAULT_LATENCY);
		if (rdl_script_range(o->latency, &f->ms, &f->to_ms, err) < 0)
			return rdl_err_prefix(err, "option --latency");
	}
	if (o->key_env == NULL)
		return 0;
	r->key = getenv(o->key_env);
	if (r->key == NULL || *r->key == '\0')
		return rdl_err_set(err, RDL_E_USAGE, "option "
		    "--require-key-env: %s is not in the environment",
		    o->key_env);
	return 0;
}

static int
read_files(struct rdl_plan_rules *r, const struct rdl_stub_opts *o,
    struct rdl_err *err)
{
	size_t i;

	if (o->reply_file != NULL &&
	    rdl_answer_load(&r->answers, o->reply_file, err) < 0)
		return -1;
	for (i = 0; i < o->faults.n; i++)
		if (rdl_script_short(&r->faults, o->faults.v[i], err) < 0)
			return rdl_err_prefix(err, "option --fault");
	if (o->script == NULL)
		return 0;
	return rdl_script_read(&r->faults, o->script, err);
}

/* As many connections as the system lets us have. */
static unsigned
raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 512;
	if (l.rlim_cur < CONNECTIONS_MAX + 64) {
		l.rlim_cur = l.rlim_max < CONNECTIONS_MAX + 64 ? l.rlim_max :
		    CONNECTIONS_MAX + 64;
		(void)setrlimit(RLIMIT_NOFILE, &l);
		(void)getrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur >= CONNECTIONS_MAX + 64)
		return CONNECTIONS_MAX;
	return l.rlim_cur > 128 ? (unsigned)l.rlim_cur - 64 : 64;
}

static int
start(struct rdl_stub *s, const struct rdl_stub_opts *o, struct rdl_err *err)
{
	/* Not epoll: libmicrohttpd 0.9.75 waits for edges there, and with some
	 * hundred busy connections it misses one and serves nobody again. */
	const unsigned flags = MHD_USE_POLL_INTERNAL_THREAD |
	    MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ITC;
	const union MHD_DaemonInfo *info;
	struct sockaddr_in addr;

	memset(&addr, 0, sizeof(addr));
	addr.sin_family = AF_INET;
	addr.sin_port = htons((uint16_t)o->port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	errno = 0;
	s->daemon = MHD_start_daemon(flags, (uint16_t)o->port, NULL, NULL,
	    rdl_serve_request, &s->serve,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&addr,
	    MHD_OPTION_CONNECTION_LIMIT, raise_limit(),
	    MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
	    MHD_OPTION_NOTIFY_COMPLETED, rdl_serve_over, &s->serve,
	    MHD_OPTION_NOTIFY_CONNECTION, rdl_serve_connection, &s->serve,
	    MHD_OPTION_END);
	if (s->daemon == NULL && errno != 0)
		return rdl_err_sys(err, RDL_E_IO, "127.0.0.1:%d",
		    (int)o->port);
	if (s->daemon == NULL)
		return rdl_err_set(err, RDL_E_IO, "the server did not start");
	info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
	s->port = info != NULL ? info->port : (uint16_t)o->port;
	return 0;
}

static int
open_quit(struct rdl_stub *s, const struct rdl_stub_opts *o,
    struct rdl_err *err)
{
	if (pipe(s->quit) < 0)
		return rdl_err_sys(err, RDL_E_IO, "pipe");
	(void)fcntl(s->quit[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(s->quit[1], F_SETFD, FD_CLOEXEC);
	s->serve.quit_after = (uint64_t)o->quit_after;
	s->serve.quit_fd = s->quit[1];
	return 0;
}

int
rdl_stub_open(struct rdl_stub **out, const struct rdl_stub_opts *o,
    struct rdl_err *err)
{
	struct rdl_stub *s = rdl_mem_calloc(1, sizeof(*s));
	struct rdl_err ignored = RDL_ERR_INIT;
	sigset_t stop;
	char line[16];

	s->quit[0] = s->quit[1] = -1;
	s->serve.journal.fd = -1;
	s->serve.batches.polls = o->batch_polls;
	s->serve.batches.expire = o->batch_expire;
	s->serve.batches.faults = o->batch_faults;
	/* Threads inherit the mask: only rdl_stub_wait() is interrupted. */
	(void)sigemptyset(&stop);
	(void)sigaddset(&stop, SIGINT);
	(void)sigaddset(&stop, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &stop, &s->before);
	if (set_rules(&s->serve.rules, o, err) < 0 ||
	    read_files(&s->serve.rules, o, err) < 0 ||
	    rdl_journal_open(&s->serve.journal, o->log, rdl_clock_us(),
	    err) < 0 || open_quit(s, o, err) < 0 ||
	    rdl_sleeper_open(&s->serve.sleeper, rdl_serve_wake, err) < 0 ||
	    start(s, o, err) < 0)
		goto fail;
	(void)snprintf(line, sizeof(line), "%u\n", (unsigned)s->port);
	if (o->ready_file != NULL &&
	    rdl_file_write(o->ready_file, line, strlen(line), err) < 0)
		goto fail;
	*out = s;
	return 0;
fail:
	if (rdl_stub_close(s, NULL, &ignored) < 0)
		rdl_err_clear(&ignored);
	return -1;
}

uint16_t
rdl_stub_port(const struct rdl_stub *s)
{
	return s->port;
}

int
rdl_stub_wait(struct rdl_stub *s, struct rdl_err *err)
{
	fd_set set;

	while (!rdl_tool_stopped()) {
		FD_ZERO(&set);
		FD_SET(s->quit[0], &set);
		if (pselect(s->quit[0] + 1, &set, NULL, NULL, NULL,
		    &s->before) > 0)
			return 0;
		if (errno != EINTR)
			return rdl_err_sys(err, RDL_E_IO, "waiting");
	}
	return 0;
}

int
rdl_stub_close(struct rdl_stub *s, struct rdl_buf *stats, struct rdl_err *err)
{
	int rc;

	if (s == NULL)
		return 0;
	/* libmicrohttpd must not be stopped while a request is suspended. */
	rdl_sleeper_stop(s->serve.sleeper);
	if (s->daemon != NULL)
		MHD_stop_daemon(s->daemon);
	rdl_sleeper_free(s->serve.sleeper);
	if (stats != NULL)
		rdl_journal_stats(&s->serve.journal, stats);
	rc = rdl_journal_close(&s->serve.journal, err);
	rdl_plan_rules_release(&s->serve.rules);
	rdl_batches_release(&s->serve.batches);
	if (s->quit[0] >= 0)
		(void)close(s->quit[0]);
	if (s->quit[1] >= 0)
		(void)close(s->quit[1]);
	(void)pthread_sigmask(SIG_SETMASK, &s->before, NULL);
	free(s);
	return rc;
}
