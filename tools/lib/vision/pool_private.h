/*
 * What the files of the pool share, and what its tests put in.
 *
 * Three kinds of processes.  The caller holds the files and takes the results.
 * The keeper is forked from it before anything else, single-threaded and
 * small: it forks the workers, also when one has to be replaced later, and
 * tells of their deaths.  A worker decodes; it sees the socket to the caller,
 * the memory that both share, and nothing else.
 */
#ifndef RDL_VISION_POOL_PRIVATE_H
#define RDL_VISION_POOL_PRIVATE_H

#include <poll.h>
#include <sys/types.h>

#include "core/compiler.h"
#include "vision/pool.h"

#define RDL_POOL_SLOTS 4	/* files that wait at a worker or are with it */
#define RDL_POOL_READY 0xff	/* a worker's first byte; others are slots */

/* How a worker ends by itself: rdl_mem_exhausted() exits with 1. */
enum { RDL_POOL_EXIT_MEMORY = 1, RDL_POOL_EXIT_BAD = 3,
	RDL_POOL_EXIT_CONFINE = 4 };

#if defined(__SANITIZE_ADDRESS__)
#define RDL_POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RDL_POOL_ASAN 1
#endif
#endif
#ifndef RDL_POOL_ASAN
#define RDL_POOL_ASAN 0
#endif

/*
 * What a worker says of a file, in memory that a worker taken over can write
 * at any time: the caller copies it and believes nothing of it.  No bool, so
 * that every bit pattern can be read.
 */
struct rdl_pool_reply {
	uint32_t ok, alpha, has_crop;
	uint32_t width, height;
	int32_t orientation;
	uint64_t phash;
	char format[8];
	char rule[24];
	char why[200];
};

/* The work on one file.  crop has room for what opts asks for. */
typedef void (*rdl_pool_job)(const struct rdl_pool_opts *opts,
    const void *file, size_t len, struct rdl_pool_reply *reply,
    uint8_t *crop);

/* The memory of one slot begins with this; the crop stands behind it, the
 * file on a page of its own. */
struct rdl_pool_slot {
	uint64_t len;		/* of the file */
	struct rdl_pool_reply reply;
};

/* What is the same for all workers; they know it from before they were
 * forked. */
struct rdl_pool_plan {
	struct rdl_pool_opts opts;
	rdl_pool_job job;
	unsigned workers;
	unsigned char **regions;	/* one a worker, slots * slot_size */
	size_t slot_size, file_at;	/* of a slot; offset of its file */
};

/* The caller's hand on the keeper: pool_keeper.c. */
struct rdl_pool_keeper {
	pid_t pid;		/* 0: none */
	int ctl;
};

/* A file that was handed in. */
struct rdl_pool_work {
	uint64_t tag;
	unsigned worker, slot;
	uint64_t seq;		/* from 1; no other has it */
	bool done;
	struct rdl_pool_result result;
};

struct rdl_pool_hand {
	int fd;			/* -1: none */
	bool ready;		/* it is confined and waits */
	unsigned taken;		/* slots in use, a bit each */
	/* What it was told to do and has not done, in order. */
	struct rdl_pool_work *queue[RDL_POOL_SLOTS];
	size_t n;
	int64_t since_us;	/* it may work on queue[0] since then */
	uint64_t killed_for;	/* seq of what took too long, or 0 */
	bool died;		/* the keeper said so already */
	int status;
};

struct rdl_pool {
	struct rdl_pool_plan plan;
	struct rdl_pool_keeper keeper;
	struct rdl_pool_hand *workers;
	struct pollfd *polls;
	struct rdl_pool_work *ring;	/* all jobs, oldest at first */
	size_t size, first, count;
	uint64_t seq;
	bool held;		/* ring[first] was given out and is not free */
	unsigned deaths;
};

struct rdl_pool_slot *rdl_pool_slot(const struct rdl_pool_plan *plan,
    unsigned worker, unsigned slot);
uint8_t *rdl_pool_slot_crop(struct rdl_pool_slot *s);
unsigned char *rdl_pool_slot_file(const struct rdl_pool_plan *plan,
    struct rdl_pool_slot *s);

/* A pool that does another job, for tests. */
struct rdl_pool *rdl_pool_new_job(const struct rdl_pool_opts *opts,
    rdl_pool_job job, struct rdl_err *err) RDL_MUST_CHECK;

/* Start keeper and workers; hand a worker a file; wait for a word of any of
 * them, or until one has taken too long, which loses it its file: pool_hand.c.
 */
int rdl_pool_hand_start(struct rdl_pool *p, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_pool_hand_over(struct rdl_pool_hand *w, struct rdl_pool_work *j);
int rdl_pool_hand_wait(struct rdl_pool *p, struct rdl_err *err)
    RDL_MUST_CHECK;

/* A file is done: as its worker says in shared memory, or failed. */
void rdl_pool_hand_done(struct rdl_pool *p, struct rdl_pool_work *j);
void rdl_pool_hand_fail(struct rdl_pool_work *j, const char *rule,
    const struct rdl_err *why);

/* The job of rdl_pool_new(): pool_job.c.  None of its libraries opens a file
 * when it is used first; one that did would have to be tried before the
 * filter is on. */
void rdl_pool_job_decode(const struct rdl_pool_opts *opts, const void *file,
    size_t len, struct rdl_pool_reply *reply, uint8_t *crop);

/* A failed reply. */
void rdl_pool_reply_fail(struct rdl_pool_reply *reply, const char *rule,
    const char *why);

/* Copy what a worker wrote into r, unless it cannot be true: then r is a
 * failure of the rule "crash". */
void rdl_pool_reply_read(const struct rdl_pool_slot *slot,
    const struct rdl_pool_opts *opts, struct rdl_pool_result *r);

/* pool_keeper.c */
int rdl_pool_keeper_start(struct rdl_pool_keeper *k,
    const struct rdl_pool_plan *plan, struct rdl_err *err) RDL_MUST_CHECK;

/* End the keeper and with it all workers. */
void rdl_pool_keeper_stop(struct rdl_pool_keeper *k);

/* Have a worker forked; *fd is the socket to it. */
int rdl_pool_keeper_spawn(struct rdl_pool_keeper *k, unsigned worker, int *fd,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Have a worker killed, if it still lives. */
int rdl_pool_keeper_kill(struct rdl_pool_keeper *k, unsigned worker,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Wait for word of a death: which worker, and its status as of waitpid(2). */
int rdl_pool_keeper_death(struct rdl_pool_keeper *k, unsigned *worker,
    int *status, struct rdl_err *err) RDL_MUST_CHECK;

/* Be a worker: pool_worker.c. */
RDL_NORETURN void rdl_pool_worker(const struct rdl_pool_plan *plan,
    unsigned worker, int fd);

/* Close all descriptors but these two (-1: none) and the standard three. */
void rdl_pool_worker_close_others(int keep, int keep2);

/* From now on, allow nothing but work in memory and fd: pool_filter.c. */
int rdl_pool_filter(int fd, struct rdl_err *err) RDL_MUST_CHECK;

/* True under valgrind, whose own system calls a filter would forbid. */
bool rdl_pool_filter_off(void);

#endif
