/*
 * Rules of faults as people write them.
 */
#ifndef RDL_STUB_SCRIPT_H
#define RDL_STUB_SCRIPT_H

#include "core/err.h"
#include "stub/fault.h"

/*
 * Append the rules of the file at path, one JSON object a line, blank lines
 * passed over.  RDL_E_USAGE with file and line for an unknown key, an unknown
 * fault or a value out of range.
 */
int rdl_script_read(struct rdl_faults *f, const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append the rule KIND[=ARG][@RATE][,once|,times=N] of a command line. */
int rdl_script_short(struct rdl_faults *f, const char *text,
    struct rdl_err *err) RDL_MUST_CHECK;

/* "50" or "200-800" as milliseconds. */
int rdl_script_range(const char *text, int64_t *lo, int64_t *hi,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
