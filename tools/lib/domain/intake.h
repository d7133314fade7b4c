/*
 * The files that a user names, wherever they are: those of the walk
 * (vision/walk.h) and those that a server has, in one order.
 */
#ifndef RDL_DOMAIN_INTAKE_H
#define RDL_DOMAIN_INTAKE_H

#include "vision/walk.h"

struct rdl_intake_item {
	char *path;		/* as it was named or found; "SHARD:MEMBER"; an
				 * address */
	bool here;		/* the path leads to the file */
	char *file;		/* its bytes; NULL: lost */
	size_t len;
	char *caption;		/* or NULL */
	size_t caption_len;
	bool failed;		/* lost: else dropped */
	const char *rule;	/* lost: as in the walk, or "http" */
	char *why;		/* lost */
	bool coming;		/* belongs to intake.c */
};

struct rdl_intake;

/* As rdl_walk_new(). */
struct rdl_intake *rdl_intake_new(const struct rdl_strs *paths,
    const struct rdl_strs *lists, const struct rdl_walk_opts *opts);
void rdl_intake_free(struct rdl_intake *in);

/* The next file: 1, 0 at the end, -1 on error.  The item is the caller's, for
 * rdl_intake_item_free(). */
int rdl_intake_next(struct rdl_intake *in, struct rdl_intake_item **item,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_intake_item_free(struct rdl_intake_item *item);

/* Forget the bytes. */
void rdl_intake_item_forget(struct rdl_intake_item *item);

/* True if rdl_intake_next() would not wait for the writer of a list. */
bool rdl_intake_ready(struct rdl_intake *in);

/* As rdl_walk_passed_over(). */
uint64_t rdl_intake_passed_over(const struct rdl_intake *in,
    const char **first);

#endif
