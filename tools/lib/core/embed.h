/*
 * Files of the source tree that are built into the library: SQL, schemas and
 * prompts, by their path in the tree.  The table is made by the Makefile.
 */
#ifndef RDL_CORE_EMBED_H
#define RDL_CORE_EMBED_H

#include <stddef.h>

struct rdl_embed {
	const char *path;	/* "sql/0001_ledger.sql" */
	const char *text;	/* NUL-terminated, static */
	size_t len;
};

/* All of them, sorted by path; the last has path NULL. */
extern const struct rdl_embed rdl_embed_table[];

/* The file of that path, or NULL. */
const struct rdl_embed *rdl_embed_find(const char *path);

#endif
