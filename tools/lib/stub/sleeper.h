/*
 * One thread that wakes things at their times.
 */
#ifndef RDL_STUB_SLEEPER_H
#define RDL_STUB_SLEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct rdl_sleeper;

/* Start the thread.  wake is called on it, once for each thing added. */
int rdl_sleeper_open(struct rdl_sleeper **out, void (*wake)(void *item),
    struct rdl_err *err) RDL_MUST_CHECK;

/* Wake item when rdl_clock_us() reaches due_us.  False once it is stopping:
 * the item was not taken. */
bool rdl_sleeper_add(struct rdl_sleeper *s, int64_t due_us, void *item)
    RDL_MUST_CHECK;

/* Wake everything now, take nothing more, end the thread.  May be called
 * again; things may still be added, in vain, until _free(). */
void rdl_sleeper_stop(struct rdl_sleeper *s);

/* s may be NULL; it must be stopped. */
void rdl_sleeper_free(struct rdl_sleeper *s);

#endif
