/*
 * Files of the source tree that are built into the library.
 * Reads the table that the Makefile generates.
 */
#include "core/embed.h"

#include <string.h>

const struct rdl_embed *
rdl_embed_find(const char *path)
{
	const struct rdl_embed *e;

	for (e = rdl_embed_table; e->path != NULL; e++)
		if (strcmp(e->path, path) == 0)
			return e;
	return NULL;
}
