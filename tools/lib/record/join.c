/*
 * Files of the same records, joined by id to a stream of them.
 * Reads each file once, no further than it must; puts what is not asked for
 * yet into a temporary file.  Does not look at anything but the ids.
 */
#include "record/join.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/tool.h"

#define KEY_MAX (RDL_KIND_LEN + RDL_HASH_LEN)
#define ROOM_MIN 1024
#define STREAM_BIT UINT64_C(1)

/*
 * An element of aside: where its line is in the spool, and, in the low bits,
 * how long it is with the line number before it; 0 for none.
 */
#define LEN_BITS 25
#define LEN_MASK ((UINT64_C(1) << LEN_BITS) - 1)
_Static_assert(RDL_LINE_MAX + sizeof(uint64_t) <= LEN_MASK, "a line fits");

/* A record that only files have. */
struct rdl_join_left {
	uint64_t where;		/* in the spool of its first file */
	size_t seen;		/* its entry */
};

/* Kind and hash as one key; the hash has a fixed length, so no two ids have
 * the same. */
static size_t
make_key(const struct rdl_id *id, char key[KEY_MAX])
{
	size_t n = strlen(id->kind);

	memcpy(key, id->kind, n);
	memcpy(key + n, id->hash.b, RDL_HASH_LEN);
	return n + RDL_HASH_LEN;
}

static void
read_key(const char *key, size_t len, struct rdl_id *id)
{
	memset(id, 0, sizeof(*id));
	memcpy(id->kind, key, len - RDL_HASH_LEN);
	memcpy(id->hash.b, key + len - RDL_HASH_LEN, RDL_HASH_LEN);
}

static void
hash_lines(void *ctx, const char *p, size_t len)
{
	(void)XXH3_128bits_update(ctx, p, len);
}

int
rdl_join_open(struct rdl_join *j, const char *const *paths, size_t n,
    struct rdl_err *err)
{
	struct rdl_join_file *f;
	size_t i;

	if (n > RDL_JOIN_MAX)
		return rdl_err_set(err, RDL_E_USAGE,
		    "at most %d files can be joined", RDL_JOIN_MAX);
	j->files = rdl_mem_calloc(n, sizeof(*j->files));
	j->n = n;
	for (i = 0; i < n; i++) {
		f = &j->files[i];
		f->rec = (struct rdl_rec)RDL_REC_INIT;
		f->in = (struct rdl_jsonl)RDL_JSONL_INIT;
		f->spool = (struct rdl_spool)RDL_SPOOL_INIT;
		rdl_buf_init(&f->line, LEN_MASK);
		f->digest = XXH3_createState();
		if (f->digest == NULL)
			rdl_mem_exhausted(0);
		(void)XXH3_128bits_reset(f->digest);
	}
	for (f = j->files; f < j->files + n; f++) {
		if (rdl_jsonl_open(&f->in, paths[f - j->files], err) < 0)
			return -1;
		f->name = f->in.name;
		if (j->digests)
			rdl_jsonl_tell(&f->in, hash_lines, f->digest);
	}
	return 0;
}

/* Read the next record of f: 1, 0 at its end, -1. */
static int
next_record(struct rdl_join_file *f, struct rdl_err *err)
{
	int rc;

	if (rdl_tool_stopped())
		return rdl_err_set(err, RDL_E_STOPPED, "stopped by a signal");
	rc = rdl_jsonl_next(&f->in, &f->rec, err);
	if (rc <= 0)
		return rc;
	f->lineno = f->in.lineno;
	f->records++;
	f->bytes += f->rec.len + 1;
	return 1;
}

/* Note in an entry of seen that f has its id: not twice. */
static int
note(const struct rdl_join *j, const struct rdl_join_file *f,
    struct rdl_map_entry *e, struct rdl_err *err)
{
	uint64_t bit = STREAM_BIT << 1 << (f - j->files);

	if ((e->value & bit) != 0)
		return rdl_err_set(err, RDL_E_INPUT, "%s:%llu: an earlier "
		    "line has the same id", f->name,
		    (unsigned long long)f->lineno);
	e->value |= bit;
	return 0;
}

/* The entry of the id of the record that f read last, noted. */
static int
identify(struct rdl_join *j, const struct rdl_join_file *f, size_t *seen,
    struct rdl_err *err)
{
	struct rdl_map_entry *e;
	char key[KEY_MAX];
	struct rdl_id id;

	if (rdl_id_of(&f->rec, &id, err) < 0)
		return rdl_err_prefix(err, "%s:%llu", f->name,
		    (unsigned long long)f->lineno);
	e = rdl_map_put(&j->seen, key, make_key(&id, key), NULL);
	*seen = (size_t)(e - j->seen.entries);
	return note(j, f, e, err);
}

/* Put the record that f read last aside. */
static int
put_aside(struct rdl_join_file *f, size_t seen, struct rdl_err *err)
{
	uint64_t lineno = f->lineno;
	size_t room = f->room;

	if (seen >= room) {
		f->room = 2 * seen + ROOM_MIN;
		f->aside = rdl_mem_realloc(f->aside, f->room,
		    sizeof(*f->aside));
		memset(f->aside + room, 0,
		    (f->room - room) * sizeof(*f->aside));
	}
	f->aside[seen] = f->spool.len << LEN_BITS |
	    (sizeof(lineno) + f->rec.len);
	if (rdl_spool_add(&f->spool, &lineno, sizeof(lineno), err) < 0)
		return -1;
	return rdl_spool_add(&f->spool, f->rec.line, f->rec.len, err);
}

/* Take the record of an entry of seen out of the spool, if it is there. */
static int
look_aside(struct rdl_join_file *f, size_t seen, struct rdl_err *err)
{
	uint64_t where = seen < f->room ? f->aside[seen] : 0;
	size_t len = (size_t)(where & LEN_MASK);
	char *to;

	f->found = where != 0;
	if (!f->found)
		return 0;
	f->aside[seen] = 0;
	rdl_buf_reset(&f->line);
	to = rdl_buf_reserve(&f->line, len);
	if (to == NULL)
		return rdl_err_set(err, RDL_E_IO, "%s: a line is too long",
		    f->name);
	if (rdl_spool_get(&f->spool, where >> LEN_BITS, to, len, err) < 0)
		return -1;
	memcpy(&f->lineno, to, sizeof(f->lineno));
	return rdl_rec_parse(&f->rec, to + sizeof(f->lineno),
	    len - sizeof(f->lineno), err);
}

/* What is asked for. */
struct wanted {
	const char *text;	/* its id, or NULL */
	size_t len;
	size_t seen;		/* its entry */
};

/* Find it in f: put aside, or in what is still to be read.  In files of one
 * order it is the next record, which a look at its text tells. */
static int
find(struct rdl_join *j, struct rdl_join_file *f, const struct wanted *w,
    struct rdl_err *err)
{
	const char *text;
	size_t len, seen;
	int rc;

	if (look_aside(f, w->seen, err) < 0)
		return -1;
	if (f->found)
		return 0;
	while ((rc = next_record(f, err)) > 0) {
		text = rdl_rec_str(&f->rec, "id", &len);
		f->found = text != NULL && w->text != NULL && len == w->len &&
		    memcmp(text, w->text, len) == 0;
		if (f->found)
			return note(j, f, &j->seen.entries[w->seen], err);
		if (identify(j, f, &seen, err) < 0)
			return -1;
		f->found = seen == w->seen;
		if (f->found)
			return 0;
		if (put_aside(f, seen, err) < 0)
			return -1;
	}
	return rc;
}

int
rdl_join_find(struct rdl_join *j, const struct rdl_rec *rec,
    const struct rdl_id *id, struct rdl_err *err)
{
	struct rdl_map_entry *e;
	char key[KEY_MAX];
	struct wanted w;
	size_t i;

	w.text = rdl_rec_str(rec, "id", &w.len);
	e = rdl_map_put(&j->seen, key, make_key(id, key), NULL);
	if ((e->value & STREAM_BIT) != 0)
		return 0;
	e->value |= STREAM_BIT;
	w.seen = (size_t)(e - j->seen.entries);
	for (i = 0; i < j->n; i++)
		if (find(j, &j->files[i], &w, err) < 0)
			return -1;
	return 1;
}

/* Put the rest of every file aside. */
static int
drain(struct rdl_join *j, struct rdl_err *err)
{
	size_t i, seen;
	int rc;

	for (i = 0; i < j->n; i++) {
		while ((rc = next_record(&j->files[i], err)) > 0)
			if (identify(j, &j->files[i], &seen, err) < 0 ||
			    put_aside(&j->files[i], seen, err) < 0)
				return -1;
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int
by_line(const void *a, const void *b)
{
	uint64_t wa = ((const struct rdl_join_left *)a)->where;
	uint64_t wb = ((const struct rdl_join_left *)b)->where;

	return wa < wb ? -1 : wa > wb;
}

/* List what the file has that nobody asked for, by its lines. */
static void
list_left(struct rdl_join *j, const struct rdl_join_file *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->room; i++)
		n += f->aside[i] != 0;
	j->left = rdl_mem_realloc(j->left, n + 1, sizeof(*j->left));
	j->nleft = j->next_left = 0;
	for (i = 0; i < f->room; i++)
		if (f->aside[i] != 0)
			j->left[j->nleft++] = (struct rdl_join_left){
			    f->aside[i], i };
	qsort(j->left, j->nleft, sizeof(*j->left), by_line);
}

int
rdl_join_left(struct rdl_join *j, struct rdl_id *id, struct rdl_err *err)
{
	const struct rdl_map_entry *e;
	size_t i, seen;

	if (!j->drained && drain(j, err) < 0)
		return -1;
	j->drained = true;
	while (j->next_left == j->nleft) {
		if (j->next_file == j->n)
			return 0;
		list_left(j, &j->files[j->next_file++]);
	}
	seen = j->left[j->next_left++].seen;
	e = &j->seen.entries[seen];
	read_key(e->key, e->len, id);
	/* Files before have nothing left. */
	for (i = 0; i < j->n; i++)
		if (look_aside(&j->files[i], seen, err) < 0)
			return -1;
	return 1;
}

struct rdl_hash
rdl_join_digest(struct rdl_join *j, size_t i)
{
	XXH128_canonical_t digest;
	struct rdl_hash hash;

	rdl_jsonl_settle(&j->files[i].in);
	XXH128_canonicalFromHash(&digest,
	    XXH3_128bits_digest(j->files[i].digest));
	memcpy(hash.b, digest.digest, RDL_HASH_LEN);
	return hash;
}

void
rdl_join_close(struct rdl_join *j)
{
	struct rdl_join_file *f;
	size_t i;

	for (i = 0; i < j->n; i++) {
		f = &j->files[i];
		rdl_jsonl_close(&f->in);
		rdl_rec_release(&f->rec);
		free(f->aside);
		rdl_spool_release(&f->spool);
		rdl_buf_release(&f->line);
		XXH3_freeState(f->digest);
	}
	free(j->files);
	free(j->left);
	rdl_map_release(&j->seen);
	*j = (struct rdl_join)RDL_JOIN_INIT;
}
