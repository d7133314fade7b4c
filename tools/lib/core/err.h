/*
 * Errors as values: a class that decides the exit status, and a message.
 * The library fills one and returns -1; only a tool prints it.
 * Does not allocate, does not print.
 */
#ifndef RDL_CORE_ERR_H
#define RDL_CORE_ERR_H

#include "core/compiler.h"
#include "core/limits.h"

enum rdl_err_class {
	RDL_E_NONE = 0,
	RDL_E_INPUT,	/* the data are wrong */
	RDL_E_USAGE,	/* the command line or a configuration file is wrong */
	RDL_E_IO,	/* the operating system refused */
	RDL_E_PIPE,	/* the reader of our output left */
	RDL_E_DB,	/* the ledger */
	RDL_E_REMOTE,	/* a model server: nothing further can be asked of it */
	RDL_E_BUDGET,	/* stopped at the budget, resumable */
	RDL_E_STOPPED	/* stopped by a signal, resumable */
};

struct rdl_err {
	enum rdl_err_class cls;
	char msg[RDL_ERR_MAX];	/* lower case, no full stop, no newline */
};

#define RDL_ERR_INIT { RDL_E_NONE, "" }

/* Fill err.  Returns -1, so that a function can end with it. */
int rdl_err_set(struct rdl_err *err, enum rdl_err_class cls,
    const char *fmt, ...) RDL_PRINTF(3, 4);

/* As rdl_err_set(), with ": " and the text of errno behind it. */
int rdl_err_sys(struct rdl_err *err, enum rdl_err_class cls,
    const char *fmt, ...) RDL_PRINTF(3, 4);

/* Put context and ": " before the message of err.  Returns -1. */
int rdl_err_prefix(struct rdl_err *err, const char *fmt, ...)
    RDL_PRINTF(2, 3);

/* Forget the error. */
void rdl_err_clear(struct rdl_err *err);

#endif
