/*
 * From what a user names to image files: files, folders, tar shards, lists of
 * all these, addresses.  Everything that was named, and everything in a folder
 * or shard that is an image by its name or its first bytes, comes out as one
 * item, in an order that depends on the names alone; what could not be read is
 * an item too.
 *
 * A folder is walked depth first, names in order of their bytes.  A link to a
 * file is followed, one to a folder in a folder is not.  What is no regular
 * file is not opened, so that a FIFO never waits.  The names in a shard are
 * words, never paths.
 */
#ifndef RDL_VISION_WALK_H
#define RDL_VISION_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cli.h"
#include "core/err.h"

enum rdl_walk_kind {
	RDL_WALK_FILE,		/* here are its bytes */
	RDL_WALK_URL,		/* an http or https address; ask it yourself */
	RDL_WALK_LOST		/* not to be had: rule and why */
};

struct rdl_walk_item {
	int kind;		/* enum rdl_walk_kind */
	const char *path;	/* as it was named or found, "SHARD:MEMBER" for
				 * a member; the bytes of a file's name, not
				 * always UTF-8 */
	bool member;		/* of a shard: no path leads to it */
	const char *file;	/* FILE: its bytes, at most RDL_IMAGE_MAX */
	size_t len;
	const char *caption;	/* NULL: none; not checked */
	size_t caption_len;
	bool failed;		/* LOST: else dropped by a rule */
	const char *rule;	/* LOST: "read", "not-a-file", "bytes",
				 * "shard", "address", "store",
				 * "caption" */
	const char *why;	/* LOST, one line */
};

struct rdl_walk_opts {
	/* The text beside an image is its caption: NAME.txt for NAME.jpg in a
	 * folder, KEY.txt of the same key in a shard (WebDataset: the name up
	 * to its first dot). */
	bool captions;
	/* False: a shard or an address is lost by the rule "store". */
	bool members;
};

struct rdl_walk;

/* paths: files, folders, shards, addresses, "-" for a list on stdin; then
 * lists: files with one of these a line.  Both are borrowed. */
struct rdl_walk *rdl_walk_new(const struct rdl_strs *paths,
    const struct rdl_strs *lists, const struct rdl_walk_opts *opts);
void rdl_walk_free(struct rdl_walk *w);

/* The next item: 1, 0 at the end, -1 on error (a list that cannot be read).
 * It is valid until the next call. */
int rdl_walk_next(struct rdl_walk *w, struct rdl_walk_item *item,
    struct rdl_err *err) RDL_MUST_CHECK;

/* True if rdl_walk_next() would not wait for the writer of a list. */
bool rdl_walk_ready(struct rdl_walk *w);

/* Files in folders and shards that are no images, by name and by content: their
 * number, and the first of them, or NULL. */
uint64_t rdl_walk_passed_over(const struct rdl_walk *w, const char **first);

/* True for "http://..." and "https://..."; for a name that ends as those of
 * tar files do. */
bool rdl_walk_is_url(const char *path);
bool rdl_walk_is_shard(const char *path);

#endif
