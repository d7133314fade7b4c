/*
 * What every executable does first and last: name, signals, exit status.
 * With mem.c the only part of the library that prints, and only to stderr.
 */
#ifndef RDL_CORE_TOOL_H
#define RDL_CORE_TOOL_H

#include <stdbool.h>

#include "core/err.h"

#ifndef RDL_VERSION
#define RDL_VERSION "unknown"
#endif

enum rdl_exit {
	RDL_EXIT_OK = 0,
	RDL_EXIT_FAIL = 1,	/* input, I/O, ledger, model server */
	RDL_EXIT_USAGE = 2,
	RDL_EXIT_REJECTED = 3,	/* done, but more failed than --max-failed */
	RDL_EXIT_BUDGET = 4,	/* stopped at the budget, resumable */
	RDL_EXIT_STOPPED = 130,	/* stopped by SIGINT or SIGTERM, resumable */
	RDL_EXIT_PIPE = 141	/* the reader of stdout left */
};

/*
 * Begin: set the name for messages, make sure that descriptors 0 to 2 are
 * open, ignore SIGPIPE (a write then reports RDL_E_PIPE and the ledger is
 * closed in order), and note SIGINT and SIGTERM for rdl_tool_stopped().
 */
void rdl_tool_init(const char *name);

/* The name given to rdl_tool_init(). */
const char *rdl_tool_name(void);

/* True once SIGINT or SIGTERM came; a second one kills. */
bool rdl_tool_stopped(void);

/* Print "name: message" and a newline to stderr. */
void rdl_warn(const char *fmt, ...) RDL_PRINTF(1, 2);

/* The exit status for an error's class; prints its message unless the reader
 * left. */
int rdl_tool_fail(const struct rdl_err *err);

/* Flush and close stdio's stdout (for --help and tables): an exit status. */
int rdl_tool_stdio_close(void);

/* Turn RDL_EXIT_PIPE into death by SIGPIPE, as cat and jq die; other
 * statuses are returned.  The last thing main() does. */
int rdl_tool_exit(int status);

#endif
