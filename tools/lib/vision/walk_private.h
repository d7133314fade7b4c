/*
 * What the files of the walk share.
 */
#ifndef RDL_VISION_WALK_PRIVATE_H
#define RDL_VISION_WALK_PRIVATE_H

#include "core/buf.h"
#include "vision/walk.h"

/* walk_name.c: is it an image by its name; by its first bytes? */
bool rdl_walk_name_is_image(const char *name);
#define RDL_WALK_HEAD 16	/* bytes that are enough to tell */
bool rdl_walk_name_is_magic(const void *head, size_t len);

/* True if name ends in ending, whatever the case. */
bool rdl_walk_name_ends(const char *name, const char *ending);

/* walk_file.c: read a regular file of at most RDL_IMAGE_MAX bytes that is
 * already open.  1, or 0 if it is lost: item says why. */
int rdl_walk_file_read(int fd, struct rdl_buf *out,
    struct rdl_walk_item *item, struct rdl_err *why);

/* Open a path if it is a regular file: a descriptor, or -1 and why it is lost.
 * A FIFO or a device is not opened. */
int rdl_walk_file_open(const char *path, struct rdl_walk_item *item,
    struct rdl_err *why);

/* Make item a loss. */
void rdl_walk_file_lose(struct rdl_walk_item *item, bool failed,
    const char *rule, const struct rdl_err *why);

/* walk_folder.c: the entries of a folder and those below it. */
struct rdl_walk_folder;
struct rdl_walk_folder *rdl_walk_folder_open(const char *path,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_walk_folder_close(struct rdl_walk_folder *f);

/* 1: path is a file to look at, or, with item->rule set, lost; 0: no more. */
int rdl_walk_folder_next(struct rdl_walk_folder *f, struct rdl_buf *path,
    struct rdl_walk_item *item, struct rdl_err *why);

/* walk_shard.c: the members of a tar file. */
struct rdl_walk_shard;
struct rdl_walk_shard *rdl_walk_shard_open(const char *path, bool captions,
    struct rdl_walk_item *item, struct rdl_err *why);
void rdl_walk_shard_close(struct rdl_walk_shard *s);

/* The next image or loss: 1, or 0 at the end.  skipped is told of members that
 * are no images. */
int rdl_walk_shard_next(struct rdl_walk_shard *s, struct rdl_walk_item *item,
    void (*skipped)(void *ctx, const char *path), void *ctx);

#endif
