/*
 * The embedding file itself: header and blocks, their checksums, the lock.
 * Appends blocks, maps the file for reading; a tail that a dead writer left is
 * cut off by the next one.  Layout: riddle-vectors(7).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include "vision/vectors_impl.h"

#define HEAD RDL_VECTORS_ALIGN	/* bytes of a header, of file and block */
#define SUM_AT (HEAD - 8)	/* where its own checksum stands */
#define VERSION 1

static const unsigned char file_magic[8] = "\x89RDLVEC\n";
static const unsigned char block_magic[8] = "RDLBLOCK";

static void
put32(unsigned char *p, uint32_t n)
{
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> 8 * i);
}

static void
put64(unsigned char *p, uint64_t n)
{
	put32(p, (uint32_t)n);
	put32(p + 4, (uint32_t)(n >> 32));
}

static uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint64_t
get64(const unsigned char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static uint64_t
round_up(uint64_t n)
{
	return (n + RDL_VECTORS_ALIGN - 1) / RDL_VECTORS_ALIGN *
	    RDL_VECTORS_ALIGN;
}

/* Offset of the vectors in a block of n, and the size of it all. */
static uint64_t
vecs_at(uint32_t n)
{
	return HEAD + round_up((uint64_t)n * sizeof(struct rdl_hash));
}

static uint64_t
block_size(const struct rdl_vectors *v, uint32_t n)
{
	return vecs_at(n) + round_up((uint64_t)n * v->dim * sizeof(float));
}

const struct rdl_hash *
rdl_vectors_file_keys(const struct rdl_vectors *v,
    const struct rdl_vectors_block *b)
{
	return b->keys != NULL ? b->keys :
	    (const struct rdl_hash *)(v->map + b->at + HEAD);
}

const float *
rdl_vectors_file_vecs(const struct rdl_vectors *v,
    const struct rdl_vectors_block *b)
{
	/* Aligned: the map is, and so is every offset. */
	return b->vecs != NULL ? b->vecs :
	    (const float *)(const void *)(v->map + b->at + vecs_at(b->n));
}

static void
file_head(const struct rdl_vectors *v, unsigned char head[HEAD])
{
	memset(head, 0, HEAD);
	memcpy(head, file_magic, sizeof(file_magic));
	put32(head + 8, VERSION);
	put32(head + 12, (uint32_t)v->dim);
	memcpy(head + 16, v->model.b, RDL_HASH_LEN);
	put64(head + SUM_AT, XXH3_64bits(head, SUM_AT));
}

static void
block_head(const struct rdl_vectors *v, const struct rdl_vectors_block *b,
    unsigned char head[HEAD])
{
	memset(head, 0, HEAD);
	memcpy(head, block_magic, sizeof(block_magic));
	put32(head + 8, b->n);
	put32(head + 12, (uint32_t)v->dim);
	put64(head + 16, XXH3_64bits(b->keys, b->n * sizeof(*b->keys)));
	put64(head + 24, b->digest);
	put64(head + SUM_AT, XXH3_64bits(head, SUM_AT));
}

static int
lock(const struct rdl_vectors *v, int how, struct rdl_err *err)
{
	while (flock(v->fd, how) < 0)
		if (errno != EINTR)
			return rdl_err_sys(err, RDL_E_IO, "%s: cannot lock",
			    v->path);
	return 0;
}

static int
unlock(const struct rdl_vectors *v, int rc)
{
	(void)flock(v->fd, LOCK_UN);
	return rc;
}

static int
file_size(const struct rdl_vectors *v, uint64_t *size, struct rdl_err *err)
{
	struct stat st;

	if (fstat(v->fd, &st) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", v->path);
	if (!S_ISREG(st.st_mode))
		return rdl_err_set(err, RDL_E_INPUT, "%s: not a regular file",
		    v->path);
	*size = (uint64_t)st.st_size;
	return 0;
}

static int
map_again(struct rdl_vectors *v, uint64_t size, struct rdl_err *err)
{
	void *p;

	if (v->map != NULL)
		(void)munmap((void *)(uintptr_t)v->map, v->mapped);
	v->map = NULL;
	v->mapped = 0;
	if (size == 0)
		return 0;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, v->fd, 0);
	if (p == MAP_FAILED)
		return rdl_err_sys(err, RDL_E_IO, "%s: cannot map", v->path);
	v->map = p;
	v->mapped = (size_t)size;
	return 0;
}

/* Is there a block at an offset whose header and keys are sound?  Of one that
 * ends the file the vectors, too: they may be what a dead writer left. */
static bool
read_block(const struct rdl_vectors *v, uint64_t at,
    struct rdl_vectors_block *b)
{
	const unsigned char *head = v->map + at;

	if (v->mapped - at < HEAD ||
	    memcmp(head, block_magic, sizeof(block_magic)) != 0 ||
	    XXH3_64bits(head, SUM_AT) != get64(head + SUM_AT))
		return false;
	memset(b, 0, sizeof(*b));
	b->at = at;
	b->n = get32(head + 8);
	b->digest = get64(head + 24);
	if (get32(head + 12) != v->dim || b->n == 0 ||
	    b->n > RDL_VECTORS_N_MAX ||
	    block_size(v, b->n) > v->mapped - at ||
	    XXH3_64bits(head + HEAD, b->n * sizeof(struct rdl_hash)) !=
	    get64(head + 16))
		return false;
	if (at + block_size(v, b->n) < v->mapped)
		return true;
	b->state = RDL_VECTORS_GOOD;
	return XXH3_64bits(rdl_vectors_file_vecs(v, b),
	    b->n * v->dim * sizeof(float)) == b->digest;
}

/* Learn the blocks from v->end on.  What is no block is passed over if one
 * stands behind it (the file was damaged), else it is the tail. */
static int
scan(struct rdl_vectors *v, struct rdl_err *err)
{
	struct rdl_vectors_block b;
	uint64_t size, at;

	if (file_size(v, &size, err) < 0)
		return -1;
	if (size < v->end)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: became shorter while in use", v->path);
	if (map_again(v, size, err) < 0)
		return -1;
	for (at = v->end; at < size; ) {
		if (!read_block(v, at, &b)) {
			at += RDL_VECTORS_ALIGN;
			continue;
		}
		if (at > v->end)
			v->damaged++;
		rdl_vectors_learn(v, &b);
		at += block_size(v, b.n);
		v->end = at;
	}
	return 0;
}

static int
cut_tail(const struct rdl_vectors *v, struct rdl_err *err)
{
	if (v->mapped > v->end && ftruncate(v->fd, (off_t)v->end) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s: cannot cut", v->path);
	return 0;
}

/* Write all of iov (which it changes) at an offset. */
static int
write_at(const struct rdl_vectors *v, struct iovec *iov, int n, uint64_t at,
    struct rdl_err *err)
{
	ssize_t done;

	while (n > 0) {
		done = pwritev(v->fd, iov, n, (off_t)at);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return rdl_err_sys(err, RDL_E_IO, "%s: cannot write",
			    v->path);
		at += (uint64_t)done;
		for (; n > 0 && (size_t)done >= iov->iov_len; iov++, n--)
			done -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	if (fdatasync(v->fd) < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s: cannot sync", v->path);
	return 0;
}

/* Check the header; a file that is empty, or whose maker died in it, gets
 * one. */
static int
begin_file(struct rdl_vectors *v, uint64_t size, struct rdl_err *err)
{
	unsigned char want[HEAD], has[HEAD] = { 0 };
	struct iovec iov = { want, HEAD };
	ssize_t n = pread(v->fd, has, HEAD, 0);

	file_head(v, want);
	if (n < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", v->path);
	if (memcmp(has, want, HEAD) == 0)
		return 0;
	if (memcmp(has, file_magic, n < 8 ? (size_t)n : 8) != 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: not an embedding file", v->path);
	if (size < HEAD && v->read_only)
		return rdl_err_set(err, RDL_E_INPUT, "%s: cut", v->path);
	if (size < HEAD)
		return write_at(v, &iov, 1, 0, err);
	if (XXH3_64bits(has, SUM_AT) != get64(has + SUM_AT))
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: its header is damaged", v->path);
	if (get32(has + 8) != VERSION)
		return rdl_err_set(err, RDL_E_INPUT,
		    "%s: of version %u, this riddle reads %d", v->path,
		    (unsigned)get32(has + 8), VERSION);
	return rdl_err_set(err, RDL_E_INPUT, "%s: has vectors of another "
	    "model or precision; give this one a file of its own", v->path);
}

/* With the lock held. */
static int
open_locked(struct rdl_vectors *v, struct rdl_err *err)
{
	uint64_t size;

	if (file_size(v, &size, err) < 0 || begin_file(v, size, err) < 0)
		return -1;
	v->end = HEAD;
	if (scan(v, err) < 0)
		return -1;
	return v->read_only ? 0 : cut_tail(v, err);
}

int
rdl_vectors_file_open(struct rdl_vectors *v, struct rdl_err *err)
{
	const uint16_t one = 1;
	unsigned char first;

	memcpy(&first, &one, 1);
	if (first != 1)
		return rdl_err_set(err, RDL_E_IO,
		    "embedding files need a little-endian machine");
	v->fd = open(v->path, (v->read_only ? O_RDONLY : O_RDWR | O_CREAT) |
	    O_CLOEXEC | O_NONBLOCK, 0666);
	if (v->fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", v->path);
	if (lock(v, v->read_only ? LOCK_SH : LOCK_EX, err) < 0)
		return -1;
	return unlock(v, open_locked(v, err));
}

/* Write the pending block behind the last one, with the lock held. */
static int
append_locked(struct rdl_vectors *v, struct rdl_err *err)
{
	static const unsigned char zeros[RDL_VECTORS_ALIGN];
	struct rdl_vectors_block *b = &v->pending;
	size_t keys = b->n * sizeof(*b->keys);
	size_t vecs = b->n * v->dim * sizeof(float);
	unsigned char head[HEAD];
	struct iovec iov[5] = { { head, HEAD }, { b->keys, keys },
		{ (void *)(uintptr_t)zeros, (size_t)round_up(keys) - keys },
		{ b->vecs, vecs },
		{ (void *)(uintptr_t)zeros, (size_t)round_up(vecs) - vecs } };

	if (scan(v, err) < 0 || cut_tail(v, err) < 0)
		return -1;
	b->digest = XXH3_64bits(b->vecs, vecs);
	block_head(v, b, head);
	if (write_at(v, iov, 5, v->end, err) < 0) {
		(void)!ftruncate(v->fd, (off_t)v->end);
		return -1;
	}
	return scan(v, err);
}

int
rdl_vectors_file_append(struct rdl_vectors *v, struct rdl_err *err)
{
	if (lock(v, LOCK_EX, err) < 0)
		return -1;
	return unlock(v, append_locked(v, err));
}

void
rdl_vectors_file_close(struct rdl_vectors *v)
{
	if (v->map != NULL)
		(void)munmap((void *)(uintptr_t)v->map, v->mapped);
	if (v->fd >= 0)
		(void)close(v->fd);
	v->map = NULL;
	v->fd = -1;
}
