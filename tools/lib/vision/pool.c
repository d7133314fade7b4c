/*
 * The pool: files go to workers in children, results come back in order.
 * Reads and writes the memory it shares with them.  Does not decode
 * (pool_job.c), fork (pool_keeper.c) or watch the workers (pool_hand.c).
 */
#include "vision/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/mem.h"
#include "vision/pool_private.h"

#define MEMORY_MAX (2048 * RDL_MIB)
#define TIMEOUT_MS 30000
#define WORKERS_MAX 64
#define KEEP_BYTES (4 * RDL_MIB)	/* a slot's memory that stays */

struct rdl_pool_slot *
rdl_pool_slot(const struct rdl_pool_plan *plan, unsigned worker, unsigned slot)
{
	return (void *)(plan->regions[worker] + slot * plan->slot_size);
}

uint8_t *
rdl_pool_slot_crop(struct rdl_pool_slot *s)
{
	return (uint8_t *)(s + 1);
}

unsigned char *
rdl_pool_slot_file(const struct rdl_pool_plan *plan, struct rdl_pool_slot *s)
{
	return (unsigned char *)s + plan->file_at;
}

static size_t
whole_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

/* -- Beginning and end ------------------------------------------------------*/

static void
fill_plan(struct rdl_pool_plan *plan, const struct rdl_pool_opts *opts,
    rdl_pool_job job)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t side = opts->crop.size;

	plan->opts = *opts;
	plan->job = job;
	plan->workers = opts->unsafe ? 1 : opts->workers > 0 ? opts->workers :
	    cpus > 0 ? (unsigned)cpus : 1;
	if (plan->workers > WORKERS_MAX)
		plan->workers = WORKERS_MAX;
	if (plan->opts.memory_max == 0)
		plan->opts.memory_max = MEMORY_MAX;
	if (plan->opts.timeout_ms <= 0)
		plan->opts.timeout_ms = TIMEOUT_MS;
	plan->file_at = whole_pages(sizeof(struct rdl_pool_slot) +
	    side * side * 3);
	plan->slot_size = plan->file_at + whole_pages(RDL_IMAGE_MAX);
	plan->regions = rdl_mem_calloc(plan->workers, sizeof(*plan->regions));
}

/* Address space for a file of the largest size in each slot; memory is taken
 * as files come. */
static int
map_regions(struct rdl_pool_plan *plan, struct rdl_err *err)
{
	unsigned i;
	void *p;

	for (i = 0; i < plan->workers; i++) {
		p = mmap(NULL, plan->slot_size * RDL_POOL_SLOTS,
		    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS |
		    MAP_NORESERVE, -1, 0);
		if (p == MAP_FAILED)
			return rdl_err_sys(err, RDL_E_IO, "shared memory");
		plan->regions[i] = p;
	}
	return 0;
}

struct rdl_pool *
rdl_pool_new_job(const struct rdl_pool_opts *opts, rdl_pool_job job,
    struct rdl_err *err)
{
	struct rdl_pool *p = rdl_mem_calloc(1, sizeof(*p));
	unsigned i;

	fill_plan(&p->plan, opts, job);
	p->size = (size_t)p->plan.workers * RDL_POOL_SLOTS;
	p->ring = rdl_mem_calloc(p->size, sizeof(*p->ring));
	p->workers = rdl_mem_calloc(p->plan.workers, sizeof(*p->workers));
	p->polls = rdl_mem_calloc(p->plan.workers, sizeof(*p->polls));
	for (i = 0; i < p->plan.workers; i++)
		p->workers[i].fd = -1;
	if (map_regions(&p->plan, err) < 0 ||
	    (!opts->unsafe && rdl_pool_hand_start(p, err) < 0)) {
		rdl_pool_free(p);
		return NULL;
	}
	return p;
}

struct rdl_pool *
rdl_pool_new(const struct rdl_pool_opts *opts, struct rdl_err *err)
{
	return rdl_pool_new_job(opts, rdl_pool_job_decode, err);
}

void
rdl_pool_free(struct rdl_pool *p)
{
	unsigned i;

	if (p == NULL)
		return;
	rdl_pool_keeper_stop(&p->keeper);
	for (i = 0; i < p->plan.workers; i++) {
		if (p->workers[i].fd >= 0)
			(void)close(p->workers[i].fd);
		if (p->plan.regions[i] != NULL)
			(void)munmap(p->plan.regions[i],
			    p->plan.slot_size * RDL_POOL_SLOTS);
	}
	free(p->plan.regions);
	free(p->workers);
	free(p->polls);
	free(p->ring);
	free(p);
}

/* -- Files in, results out --------------------------------------------------*/

/* Free the place of the result that was given out last. */
static void
let_go(struct rdl_pool *p)
{
	struct rdl_pool_work *j = &p->ring[p->first];
	struct rdl_pool_slot *s;

	if (!p->held)
		return;
	p->held = false;
	p->first = (p->first + 1) % p->size;
	p->count--;
	p->workers[j->worker].taken &= ~(1U << j->slot);
	s = rdl_pool_slot(&p->plan, j->worker, j->slot);
	/* A few large files would otherwise stay in memory for good. */
	if (!p->plan.opts.unsafe && s->len > KEEP_BYTES)
		(void)madvise(rdl_pool_slot_file(&p->plan, s) + KEEP_BYTES,
		    RDL_IMAGE_MAX - KEEP_BYTES, MADV_REMOVE);
}

bool
rdl_pool_room(const struct rdl_pool *p)
{
	return p->held || p->count < p->size;
}

size_t
rdl_pool_pending(const struct rdl_pool *p)
{
	return p->count - (p->held ? 1 : 0);
}

/* The worker with the least to do that has a free slot. */
static struct rdl_pool_hand *
pick(struct rdl_pool *p)
{
	struct rdl_pool_hand *w, *best = NULL;

	for (w = p->workers; w < p->workers + p->plan.workers; w++)
		if (w->taken != (1U << RDL_POOL_SLOTS) - 1 &&
		    (best == NULL || w->n < best->n))
			best = w;
	return best;
}

static void
enqueue(struct rdl_pool *p, struct rdl_pool_hand *w, struct rdl_pool_work *j,
    const void *file, size_t len)
{
	struct rdl_pool_slot *s = rdl_pool_slot(&p->plan, j->worker, j->slot);

	s->len = len;
	if (p->plan.opts.unsafe) {
		memset(&s->reply, 0, sizeof(s->reply));
		p->plan.job(&p->plan.opts, file, len, &s->reply,
		    rdl_pool_slot_crop(s));
		rdl_pool_hand_done(p, j);
		return;
	}
	if (len > 0)
		memcpy(rdl_pool_slot_file(&p->plan, s), file, len);
	rdl_pool_hand_over(w, j);
}

int
rdl_pool_submit(struct rdl_pool *p, uint64_t tag, const void *file,
    size_t len, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_pool_hand *w;
	struct rdl_pool_work *j;

	let_go(p);
	w = pick(p);
	if (w == NULL)
		return rdl_err_set(err, RDL_E_IO,
		    "more than %zu files with the decoders", p->size);
	j = &p->ring[(p->first + p->count++) % p->size];
	memset(j, 0, sizeof(*j));
	j->tag = tag;
	j->seq = ++p->seq;
	j->worker = (unsigned)(w - p->workers);
	while ((w->taken & (1U << j->slot)) != 0)
		j->slot++;
	w->taken |= 1U << j->slot;
	if (len <= RDL_IMAGE_MAX) {
		enqueue(p, w, j, file, len);
		return 0;
	}
	(void)rdl_err_set(&why, RDL_E_INPUT, "%zu bytes, more than %zu", len,
	    RDL_IMAGE_MAX);
	rdl_pool_hand_fail(j, "bytes", &why);
	return 0;
}

int
rdl_pool_take(struct rdl_pool *p, struct rdl_pool_result *r,
    struct rdl_err *err)
{
	struct rdl_pool_work *j;

	let_go(p);
	if (p->count == 0)
		return 0;
	j = &p->ring[p->first];
	while (!j->done)
		if (rdl_pool_hand_wait(p, err) < 0)
			return -1;
	*r = j->result;
	r->tag = j->tag;
	p->held = true;
	return 1;
}
