/*
 * replay LOG: how many changes record.c wrote down.
 * replay LOG CUT SEED DIR: the files as a loss of power after CUT changes could
 * leave them, made in DIR.  What was synced is there; of what was not, in any
 * order, all, nothing, or some sectors of 512 bytes.  The seed decides.
 */
#include "record.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 8
#define SECTOR 512

/* One file: what is on the disk, and what may be. */
struct file {
	char name[256];
	bool there;
	unsigned char *p;
	uint64_t len, cap;
	const struct change **waiting;
	size_t n;
};

static struct file files[FILES_MAX];
static uint64_t state;

static _Noreturn void
die(const char *why)
{
	fprintf(stderr, "replay: %s\n", why);
	exit(1);
}

/* splitmix64 */
static uint64_t
chance(uint64_t n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31)) % n;
}

static void *
grown(void *p, uint64_t size)
{
	void *q = realloc(p, (size_t)size);

	if (q == NULL)
		die("out of memory");
	return q;
}

static struct file *
file_of(const struct change *c)
{
	const char *name = (const char *)(c + 1);
	struct file *f;

	for (f = files; f < files + FILES_MAX; f++) {
		if (f->name[0] == '\0') {
			if (c->name_len >= sizeof(f->name))
				die("a name is too long");
			memcpy(f->name, name, c->name_len);
		}
		if (strlen(f->name) == c->name_len &&
		    memcmp(f->name, name, c->name_len) == 0)
			return f;
	}
	die("too many files");
}

static void
resize(struct file *f, uint64_t len)
{
	if (len > f->cap) {
		f->cap = len + len / 2;
		f->p = grown(f->p, f->cap);
	}
	if (len > f->len)
		memset(f->p + f->len, 0, (size_t)(len - f->len));
	f->len = len;
}

/* Make one change, or some sectors of it. */
static void
apply(struct file *f, const struct change *c, bool torn)
{
	const unsigned char *data = (const unsigned char *)(c + 1) +
	    c->name_len;
	uint64_t i, n;

	if (c->op == OP_TRUNCATE)
		resize(f, c->at);
	if (c->op == OP_UNLINK)
		f->len = 0;
	f->there = c->op != OP_UNLINK;
	if (c->op != OP_WRITE)
		return;
	for (i = 0; i < c->len; i += n) {
		n = SECTOR - (c->at + i) % SECTOR;
		if (n > c->len - i)
			n = c->len - i;
		if (torn && chance(2) == 0)
			continue;
		if (c->at + i + n > f->len)
			resize(f, c->at + i + n);
		memcpy(f->p + c->at + i, data + i, (size_t)n);
	}
}

/* A folder was synced: what was removed is gone. */
static void
sync_names(void)
{
	struct file *f;
	size_t i, from;

	for (f = files; f < files + FILES_MAX; f++) {
		for (from = i = 0; i < f->n; i++)
			if (f->waiting[i]->op == OP_UNLINK)
				from = i + 1;
		if (from == 0)
			continue;
		apply(f, f->waiting[from - 1], false);
		f->n -= from;
		memmove(f->waiting, f->waiting + from,
		    f->n * sizeof(f->waiting[0]));
	}
}

static void
take(const struct change *c)
{
	struct file *f;
	size_t i;

	if (c->name_len == 1 && *(const char *)(c + 1) == '.') {
		sync_names();
		return;
	}
	f = file_of(c);
	if (c->op != OP_SYNC) {
		f->waiting = grown(f->waiting, (f->n + 1) * sizeof(c));
		f->waiting[f->n++] = c;
		return;
	}
	for (i = 0; i < f->n; i++)
		apply(f, f->waiting[i], false);
	f->n = 0;
}

/* The power goes.  One file in four loses all that waits, one none of it.  A
 * file that was made anew under its name is the old one, or the new one. */
static void
lose(struct file *f)
{
	uint64_t how = chance(4), one;
	size_t i, from = 0, to = f->n;

	for (i = 0; i < f->n; i++)
		if (f->waiting[i]->op == OP_UNLINK && how > 0 &&
		    (how == 1 || chance(2) == 0))
			from = i;
		else if (f->waiting[i]->op == OP_UNLINK) {
			to = i;
			break;
		}
	for (i = from; i < to; i++) {
		one = f->waiting[i]->op == OP_UNLINK || how == 1 ? 1 :
		    how == 0 ? 0 : chance(3);
		if (one > 0)
			apply(f, f->waiting[i], one == 2);
	}
}

static void
save(const struct file *f, const char *dir)
{
	char path[4096];
	FILE *out;

	if (!f->there)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, f->name);
	out = fopen(path, "w");
	if (out == NULL || fwrite(f->p, 1, (size_t)f->len, out) != f->len ||
	    fclose(out) != 0)
		die("cannot write");
}

/* The log, each change of which stays where it is. */
static unsigned char *
load(const char *path, size_t *len)
{
	FILE *in = fopen(path, "r");
	unsigned char *p;
	long size = 0;

	if (in == NULL || fseek(in, 0, SEEK_END) != 0 ||
	    (size = ftell(in)) < 0 || fseek(in, 0, SEEK_SET) != 0)
		die("cannot read the log");
	p = grown(NULL, (uint64_t)size + 1);
	*len = fread(p, 1, (size_t)size, in);
	(void)fclose(in);
	return p;
}

int
main(int argc, char *argv[])
{
	struct change *c = NULL;
	uint64_t cut = UINT64_MAX, n = 0;
	unsigned char *log;
	size_t at, len, size;
	struct file *f;

	if (argc != 2 && argc != 5)
		die("usage: replay LOG [CUT SEED DIR]");
	log = load(argv[1], &len);
	if (argc == 5) {
		cut = strtoull(argv[2], NULL, 10);
		state = strtoull(argv[3], NULL, 10);
	}
	for (at = 0; at + sizeof(*c) <= len && n < cut; n++, at += size) {
		struct change head;

		memcpy(&head, log + at, sizeof(head));
		size = sizeof(head) + head.name_len +
		    (head.op == OP_WRITE ? (size_t)head.len : 0);
		if (size > len - at)
			break;
		c = grown(NULL, size);	/* kept, and aligned */
		memcpy(c, log + at, size);
		take(c);
	}
	if (argc == 2)
		printf("%llu\n", (unsigned long long)n);
	for (f = files; argc == 5 && f < files + FILES_MAX; f++) {
		lose(f);
		save(f, argv[4]);
	}
	return 0;
}
