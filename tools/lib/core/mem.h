/*
 * Allocation that does not return failure: out of memory ends the process
 * with a message and status 1.  Sizes are products checked for overflow.
 * This is the one place where the library may print and exit.
 */
#ifndef RDL_CORE_MEM_H
#define RDL_CORE_MEM_H

#include <stddef.h>

#include "core/compiler.h"

/* n * size bytes, zeroed.  Never NULL, also for zero.  Release with free(). */
void *rdl_mem_calloc(size_t n, size_t size);

/* Grow or shrink p to n * size bytes; p may be NULL. */
void *rdl_mem_realloc(void *p, size_t n, size_t size);

/* A NUL-terminated copy of len bytes. */
char *rdl_mem_dup(const char *p, size_t len);

/* A copy of the C string s; NULL for NULL. */
char *rdl_mem_strdup(const char *s);

/* Say that memory ran out and exit with status 1. */
RDL_NORETURN void rdl_mem_exhausted(size_t wanted);

#endif
