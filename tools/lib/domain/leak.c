/*
 * Which records share a picture or a question with an earlier one.
 * Works on parsed records; keys of both kinds stand in one map.  Reads and
 * writes no files.
 */
#include "domain/leak.h"

#include <string.h>

#include "core/hash.h"
#include "core/utf8.h"

void
rdl_leak_init(struct rdl_leak *k, bool images, bool questions, int near)
{
	memset(k, 0, sizeof(*k));
	k->images = images;
	k->questions = questions;
	rdl_buf_init(&k->key, RDL_LINE_MAX);
	if (images && near >= 0)
		k->near = rdl_phash_index_new((unsigned)near);
}

void
rdl_leak_release(struct rdl_leak *k)
{
	rdl_map_release(&k->seen);
	rdl_phash_index_free(k->near);
	rdl_buf_release(&k->key);
}

/* The first of paths that is a text, as a key with a letter before it. */
static bool
image_key(struct rdl_leak *k, const struct rdl_rec *rec)
{
	static const char *const paths[] = { "image/sha256", "sha256",
		"image/id" };
	yyjson_val *v = NULL;
	size_t i;

	for (i = 0; i < 3 && !yyjson_is_str(v); i++)
		v = rdl_rec_at(rec->root, paths[i]);
	if (!k->images || !yyjson_is_str(v))
		return false;
	rdl_buf_reset(&k->key);
	rdl_buf_addc(&k->key, 'i');
	rdl_buf_add(&k->key, yyjson_get_str(v), yyjson_get_len(v));
	return true;
}

static bool
question_key(struct rdl_leak *k, const struct rdl_rec *rec)
{
	yyjson_val *v = rdl_rec_at(rec->root, "question");

	if (!k->questions || !yyjson_is_str(v))
		return false;
	rdl_buf_reset(&k->key);
	rdl_buf_addc(&k->key, 'q');
	return rdl_utf8_fold(&k->key, yyjson_get_str(v),
	    yyjson_get_len(v)) == 0;
}

static bool
phash_of(const struct rdl_leak *k, const struct rdl_rec *rec, uint64_t *hash)
{
	yyjson_val *v = rdl_rec_at(rec->root, "image/phash");
	unsigned char b[8];
	size_t i;

	if (v == NULL)
		v = rdl_rec_at(rec->root, "phash");
	if (k->near == NULL || yyjson_get_len(v) != 16 ||
	    rdl_hash_unhex(b, yyjson_get_str(v), sizeof(b)) < 0)
		return false;
	*hash = 0;
	for (i = 0; i < sizeof(b); i++)
		*hash = *hash << 8 | b[i];
	return true;
}

static void
put(struct rdl_leak *k, uint32_t number)
{
	int made;
	struct rdl_map_entry *e = rdl_map_put(&k->seen, k->key.p, k->key.len,
	    &made);

	if (made)
		e->value = number;
}

void
rdl_leak_add(struct rdl_leak *k, const struct rdl_rec *rec, uint32_t number)
{
	uint64_t hash;

	if (image_key(k, rec))
		put(k, number);
	if (question_key(k, rec))
		put(k, number);
	if (phash_of(k, rec, &hash))
		rdl_phash_index_add(k->near, hash, number);
}

int
rdl_leak_find(struct rdl_leak *k, const struct rdl_rec *rec,
    uint32_t *number, const char **what)
{
	struct rdl_map_entry *e = NULL;
	uint64_t hash;

	*what = "image";
	if (image_key(k, rec))
		e = rdl_map_get(&k->seen, k->key.p, k->key.len);
	if (e == NULL && question_key(k, rec)) {
		*what = "question";
		e = rdl_map_get(&k->seen, k->key.p, k->key.len);
	}
	if (e != NULL) {
		*number = (uint32_t)e->value;
		return 1;
	}
	*what = "near-image";
	return phash_of(k, rec, &hash) &&
	    rdl_phash_index_find(k->near, hash, number) >= 0;
}
