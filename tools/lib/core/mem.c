/*
 * Allocation that does not return failure.
 * Writes one line to stderr when memory is exhausted, then exits.
 */
#include "core/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
rdl_mem_exhausted(size_t wanted)
{
	fprintf(stderr, "riddle: out of memory (%zu bytes wanted)\n", wanted);
	exit(1);
}

void *
rdl_mem_calloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		rdl_mem_exhausted(n * size);
	return p;
}

void *
rdl_mem_realloc(void *p, size_t n, size_t size)
{
	void *q;

	if (size > 0 && n > SIZE_MAX / size)
		rdl_mem_exhausted(SIZE_MAX);
	q = realloc(p, n * size > 0 ? n * size : 1);
	if (q == NULL)
		rdl_mem_exhausted(n * size);
	return q;
}

char *
rdl_mem_dup(const char *p, size_t len)
{
	char *q = rdl_mem_realloc(NULL, len + 1, 1);

	if (len > 0)
		memcpy(q, p, len);
	q[len] = '\0';
	return q;
}

char *
rdl_mem_strdup(const char *s)
{
	return s == NULL ? NULL : rdl_mem_dup(s, strlen(s));
}
