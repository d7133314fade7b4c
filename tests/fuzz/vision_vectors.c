/*
 * Fuzzes the embedding file, vision/vectors.h.  Behind the first byte stands
 * the file; so that checksums need not be guessed, the byte says what is set
 * right before: bit 0: a good header is put before it; bit 1: checksums of
 * block headers; bit 2: of keys; bit 3: of vectors.
 * A file that is taken can be read, added to, and has what was added.
 */
#include <xxhash.h>

#include "core/compiler.h"
#include "vision/vectors.h"
#include "scratch.h"

#define HEAD 64
#define DIM 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rdl_hash model = { { 1, 2, 3 } };
static unsigned char good[HEAD];
static char path[128];
static volatile float sink;

/* The header of a file of ours. */
static void
learn_header(void)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_vectors *v;
	int fd;

	scratch_begin();
	scratch_path(path, "v");
	v = rdl_vectors_open(path, &model, DIM, false, &err);
	must(v != NULL && rdl_vectors_close(v, &err) == 0);
	fd = open(path, O_RDONLY);
	must(fd >= 0 && read(fd, good, HEAD) == HEAD);
	(void)close(fd);
}

static void
put64(unsigned char *p, uint64_t n)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = (unsigned char)(n >> 8 * i);
}

/* Set checksums of what looks like blocks right. */
static void
mend(unsigned char *p, size_t len, unsigned how)
{
	size_t at, n, keys, vecs;

	for (at = HEAD; at + HEAD <= len; at += HEAD) {
		if (memcmp(p + at, "RDLBLOCK", 8) != 0)
			continue;
		n = p[at + 8] | (size_t)p[at + 9] << 8;
		keys = at + HEAD;
		vecs = keys + (n * 16 + HEAD - 1) / HEAD * HEAD;
		if ((how & 4) != 0 && keys + n * 16 <= len)
			put64(p + at + 16, XXH3_64bits(p + keys, n * 16));
		if ((how & 8) != 0 && vecs + n * DIM * 4 <= len)
			put64(p + at + 24, XXH3_64bits(p + vecs,
			    n * DIM * 4));
		if ((how & 2) != 0)
			put64(p + at + HEAD - 8, XXH3_64bits(p + at,
			    HEAD - 8));
	}
}

/* Look for all that may be a key. */
static void
look(struct rdl_vectors *v, const unsigned char *p, size_t len)
{
	struct rdl_hash key;
	const float *vec;
	size_t at, i;

	for (at = 0; at + sizeof(key.b) <= len; at += sizeof(key.b)) {
		memcpy(key.b, p + at, sizeof(key.b));
		vec = rdl_vectors_find(v, &key);
		for (i = 0; vec != NULL && i < DIM; i++)
			sink = vec[i];
	}
	must(rdl_vectors_count(v) <= len / 16);
}

static void
add(const unsigned char *p, size_t len)
{
	static const struct rdl_hash key = { { 0xfe, 7 } };
	static const float vec[DIM] = { 1, 0, 0, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_vectors *v = rdl_vectors_open(path, &model, DIM, false,
	    &err);

	if (v == NULL) {
		must(err.msg[0] != '\0');
		return;
	}
	look(v, p, len);
	must(rdl_vectors_add(v, &key, vec, &err) == 0);
	must(rdl_vectors_close(v, &err) == 0);
	v = rdl_vectors_open(path, &model, DIM, true, &err);
	must(v != NULL && rdl_vectors_find(v, &key) != NULL);
	must(rdl_vectors_close(v, &err) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_vectors *v;
	unsigned char *p;
	size_t head;

	if (path[0] == '\0')
		learn_header();
	if (size == 0)
		return 0;
	head = (data[0] & 1) != 0 ? HEAD : 0;
	p = malloc(head + size);
	must(p != NULL);
	memcpy(p, good, head);
	memcpy(p + head, data + 1, size - 1);
	mend(p, head + size - 1, data[0]);
	scratch_write("v", p, head + size - 1);
	v = rdl_vectors_open(path, &model, DIM, true, &err);
	if (v != NULL) {
		look(v, p, head + size - 1);
		must(rdl_vectors_close(v, &err) == 0);
	} else
		must(err.msg[0] != '\0');
	add(p, head + size - 1);
	free(p);
	return 0;
}
