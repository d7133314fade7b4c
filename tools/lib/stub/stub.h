/*
 * The server as a whole: from options to a listening socket and back.
 */
#ifndef RDL_STUB_STUB_H
#define RDL_STUB_STUB_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/cli.h"
#include "core/err.h"

/* As the command line fills them; strings are borrowed. */
struct rdl_stub_opts {
	int64_t port;		/* 0 to choose one */
	const char *ready_file;
	int64_t seed;
	const char *reply, *reply_file;
	bool taxonomy, offered;
	int64_t children, dim, image_side;
	const char *latency;
	const char *script;
	struct rdl_strs faults;
	int64_t rpm, burst, tpm;	/* 0 for no limit; burst < 0: rpm/60 */
	double retry_after_s;
	bool limit_headers;
	const char *key_env;
	const char *log;
	int64_t quit_after;
	int64_t batch_polls, batch_expire, batch_faults;	/* batches.h */
};

#define RDL_STUB_OPTS_DEFAULT { .children = 5, .dim = 256, \
	.image_side = 64, .burst = -1, .retry_after_s = 1 }

struct rdl_stub;

/* Listen on 127.0.0.1 and serve, on threads of its own.  Blocks SIGINT and
 * SIGTERM but in rdl_stub_wait(). */
int rdl_stub_open(struct rdl_stub **out, const struct rdl_stub_opts *o,
    struct rdl_err *err) RDL_MUST_CHECK;

uint16_t rdl_stub_port(const struct rdl_stub *s);

/* Return when rdl_tool_stopped() or when quit_after answers were sent. */
int rdl_stub_wait(struct rdl_stub *s, struct rdl_err *err) RDL_MUST_CHECK;

/* Stop, append the statistics to stats, free.  s may be NULL.  -1 if the log
 * was not written whole. */
int rdl_stub_close(struct rdl_stub *s, struct rdl_buf *stats,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
