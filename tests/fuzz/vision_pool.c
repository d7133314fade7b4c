/*
 * Fuzzes the pool's protocol, vision/pool_private.h, as its caller sees it: a
 * worker that was taken over, and a keeper.  No process is forked; the input
 * is what they do, an operation a byte.  The pool gives out every file that it
 * took, once and in order, or an error.
 */
#include <poll.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "scratch.h"
#include "vision/pool_private.h"

#define PIXELS 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The other side: the worker's socket, the keeper's, and what it may say. */
struct other {
	struct rdl_pool *pool;
	int worker, ctl;
	const uint8_t *data;
	size_t size;
	uint64_t in, out;
};

static void
no_job(const struct rdl_pool_opts *opts, const void *file, size_t len,
    struct rdl_pool_reply *reply, uint8_t *crop)
{
	(void)opts;
	(void)file;
	(void)len;
	(void)reply;
	(void)crop;
	abort();
}

static unsigned
next(struct other *o)
{
	if (o->size == 0)
		return 0;
	o->size--;
	return *o->data++;
}

/* As a pool of one worker is that rdl_pool_hand_start() began, but for the
 * processes. */
static void
begin(struct other *o)
{
	struct rdl_pool_opts opts = { .workers = 1, .unsafe = true,
		.image = RDL_IMAGE_OPTS_DEFAULT, .crop = { .size = 8 } };
	struct rdl_err err = RDL_ERR_INIT;
	int pair[2];

	opts.image.max_pixels = PIXELS;
	o->pool = rdl_pool_new_job(&opts, no_job, &err);
	must(o->pool != NULL);
	o->pool->plan.opts.unsafe = false;
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	o->pool->workers[0].fd = pair[0];
	o->pool->workers[0].since_us = rdl_clock_us();
	o->worker = pair[1];
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
	o->pool->keeper.ctl = pair[0];
	o->ctl = pair[1];
}

static void
end(struct other *o)
{
	(void)close(o->pool->keeper.ctl);
	(void)close(o->ctl);
	if (o->worker >= 0)
		(void)close(o->worker);
	rdl_pool_free(o->pool);
}

/* The keeper takes what it was told; a new worker has a new socket. */
static void
obey(struct other *o)
{
	union { struct cmsghdr align; unsigned char room[64]; } a;
	uint32_t order[2];
	struct iovec v = { order, sizeof(order) };
	struct msghdr m;
	struct cmsghdr *c;

	for (;;) {
		memset(&m, 0, sizeof(m));
		m.msg_iov = &v;
		m.msg_iovlen = 1;
		m.msg_control = a.room;
		m.msg_controllen = sizeof(a.room);
		if (recvmsg(o->ctl, &m, MSG_DONTWAIT) <= 0)
			return;
		c = CMSG_FIRSTHDR(&m);
		if (c == NULL)
			continue;
		if (o->worker >= 0)
			(void)close(o->worker);
		memcpy(&o->worker, CMSG_DATA(c), sizeof(o->worker));
	}
}

/* Let the pool hear what there is to hear; -1 if it gave up. */
static int
listen_now(struct other *o)
{
	struct pollfd p = { .fd = o->pool->workers[0].fd, .events = POLLIN };
	struct rdl_err err = RDL_ERR_INIT;
	int rc = 0;

	if (poll(&p, 1, 0) > 0)
		rc = rdl_pool_hand_wait(o->pool, &err);
	must(rc == 0 || err.msg[0] != '\0');
	obey(o);
	return rc;
}

/* The worker is dead.  The keeper says so, and may say other things before,
 * or nothing and be gone. */
static void
die(struct other *o)
{
	uint32_t death[2];
	unsigned lies = next(o) % 4, i;

	for (i = 0; i <= lies; i++) {
		death[0] = i < lies ? next(o) % 2 : 0;
		death[1] = next(o) | next(o) << 8;
		(void)send(o->ctl, death, sizeof(death), MSG_DONTWAIT |
		    MSG_NOSIGNAL);
	}
	if (next(o) % 16 == 1)
		(void)shutdown(o->ctl, SHUT_RDWR);
	(void)close(o->worker);
	o->worker = -1;
}

/* What a worker may have written in shared memory. */
static void
write_reply(struct other *o)
{
	struct rdl_pool_slot *s = rdl_pool_slot(&o->pool->plan, 0,
	    next(o) % RDL_POOL_SLOTS);
	unsigned char *p = (unsigned char *)s;
	unsigned at = next(o), n = next(o), i;

	s->reply.ok = next(o) & 1;
	memcpy(s->reply.format, "png", 4);
	memcpy(s->reply.rule, "decode", 7);
	s->reply.width = s->reply.height = s->reply.has_crop = 1;
	s->reply.orientation = 1;
	for (i = 0; i < n && at + i < sizeof(*s); i++)
		p[at + i] = (unsigned char)next(o);
}

static void
check(const struct other *o, const struct rdl_pool_result *r)
{
	const struct rdl_image_info *i = &r->info;
	unsigned sum = 0, n;

	must(r->tag == o->out);
	if (!r->ok) {
		must(r->rule[0] != '\0' && r->crop == NULL);
		must(memchr(r->rule, 0, sizeof(r->rule)) != NULL);
		must(memchr(r->why, 0, sizeof(r->why)) != NULL);
		return;
	}
	must(memchr(i->format, 0, sizeof(i->format)) != NULL);
	must(i->width > 0 && i->height > 0 && i->orientation >= 1 &&
	    i->orientation <= 8);
	must((uint64_t)i->width * i->height <= PIXELS && r->crop != NULL);
	for (n = 0; n < 8 * 8 * 3; n++)
		sum += r->crop[n];
	must(sum <= 8 * 8 * 3 * 255);
}

/* Take what is done; never wait. */
static void
take(struct other *o)
{
	struct rdl_pool_result r;
	struct rdl_err err = RDL_ERR_INIT;
	const struct rdl_pool *p = o->pool;
	size_t first = p->first + (p->held ? 1 : 0);

	if (rdl_pool_pending(p) == 0 || !p->ring[first % p->size].done)
		return;
	must(rdl_pool_take(o->pool, &r, &err) == 1);
	check(o, &r);
	o->out++;
}

static int
step(struct other *o)
{
	struct rdl_err err = RDL_ERR_INIT;
	unsigned char byte;
	unsigned op = next(o);

	switch (op % 8) {
	case 0:
	case 1:
		if (rdl_pool_room(o->pool))
			must(rdl_pool_submit(o->pool, o->in++, "abc", 3,
			    &err) == 0);
		break;
	case 2:
		take(o);
		break;
	case 3:
		write_reply(o);
		break;
	case 4:
		if (o->worker >= 0)
			die(o);
		break;
	case 5:
		byte = RDL_POOL_READY;
		(void)send(o->worker, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	default:	/* done with a slot; more than a byte counts as one */
		byte = (unsigned char)(op / 8);
		(void)send(o->worker, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return listen_now(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct other o = { .data = data, .size = size };

	begin(&o);
	while (o.size > 0 && step(&o) == 0)
		must(o.in - o.out == rdl_pool_pending(o.pool));
	end(&o);
	return 0;
}
