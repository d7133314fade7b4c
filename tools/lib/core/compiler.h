/*
 * Compiler attributes, in one place.
 * Reads and writes nothing.  No other header may use __attribute__.
 */
#ifndef RDL_CORE_COMPILER_H
#define RDL_CORE_COMPILER_H

/* The caller must look at the result: everything that can fail has this. */
#define RDL_MUST_CHECK __attribute__((warn_unused_result))

/* Argument fmt is a printf format whose arguments begin at args. */
#define RDL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#define RDL_NORETURN __attribute__((noreturn))

/* Number of elements of an array (not of a pointer). */
#define RDL_NELEM(a) (sizeof(a) / sizeof((a)[0]))

#endif
