/*
 * Decoding of strangers' files in children: a pool of processes that can read
 * nothing, write nothing, connect nowhere (seccomp), with limits on memory and
 * time.  A crash, bomb or hang there is one failed result; the child is
 * replaced.  Files go in and pixels come out by shared memory.
 *
 * Children are forked by a process that is itself forked by rdl_pool_new():
 * call it before threads are started and before much memory is taken.  Under
 * valgrind there is no filter and no limit of memory, in a build with address
 * sanitizer no limit of memory.
 */
#ifndef RDL_VISION_POOL_H
#define RDL_VISION_POOL_H

#include "vision/crop.h"

struct rdl_pool_opts {
	unsigned workers;	/* children, at most 64; 0: one a processor */
	bool unsafe;		/* decode in this process, for debugging */
	size_t memory_max;	/* bytes of a child; 0: 2 GiB */
	int timeout_ms;		/* for one file; 0: 30,000 */
	struct rdl_image_opts image;
	struct rdl_crop crop;	/* size 0: no pixels wanted */
	bool phash;		/* wanted */
};

struct rdl_pool_result {
	uint64_t tag;		/* of rdl_pool_submit() */
	bool ok;
	char rule[24];		/* !ok: "decode", "crash", "memory", "timeout",
				 * "pixels" (more than max_pixels), "bytes"
				 * (more than RDL_IMAGE_MAX) */
	char why[200];		/* !ok */
	struct rdl_image_info info;
	uint64_t phash;
	const uint8_t *crop;	/* [R][R][3], until the next call; or NULL */
};

struct rdl_pool;

/* Children that cannot be confined are an error: nothing is decoded outside
 * unless unsafe says so. */
struct rdl_pool *rdl_pool_new(const struct rdl_pool_opts *opts,
    struct rdl_err *err) RDL_MUST_CHECK;
void rdl_pool_free(struct rdl_pool *p);

/* True if a submission would not wait. */
bool rdl_pool_room(const struct rdl_pool *p);

/* Files handed in and not yet taken. */
size_t rdl_pool_pending(const struct rdl_pool *p);

/* Hand in a file; its bytes are copied.  There must be room.  A result's crop
 * is gone. */
int rdl_pool_submit(struct rdl_pool *p, uint64_t tag, const void *file,
    size_t len, struct rdl_err *err) RDL_MUST_CHECK;

/* The next result, in the order of submissions; waits for it.  1, 0 if
 * nothing is pending, -1 on error (the pool itself broke, or a signal that
 * rdl_tool_stopped() knows of came: RDL_E_STOPPED). */
int rdl_pool_take(struct rdl_pool *p, struct rdl_pool_result *r,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
