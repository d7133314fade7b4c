/*
 * The tokenizer's tables from what its files say.
 * Takes vocabulary, merges and marks as JSON values or text; refuses what
 * contradicts itself or is not CLIP's.  Reads no files.
 */
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "core/mem.h"
#include "vision/bpe_build.h"

#define START "<|startoftext|>"
#define END "<|endoftext|>"

/* Note id as used by one more token. */
static int
take_id(struct rdl_bpe_build *l, yyjson_val *v, const char *token, int32_t *id,
    struct rdl_err *err)
{
	uint64_t n = yyjson_get_uint(v);

	if (!yyjson_is_uint(v) || n >= RDL_BPE_IDS_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\": its id is no number below %d", token,
		    RDL_BPE_IDS_MAX);
	if ((l->taken[n / 8] & 1 << n % 8) != 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\": another one has its id, too", token);
	l->taken[n / 8] |= (unsigned char)(1 << n % 8);
	if (n >= l->b->vocab)
		l->b->vocab = (size_t)n + 1;
	*id = (int32_t)n;
	return 0;
}

static int
add_token(struct rdl_bpe_build *l, yyjson_val *key, yyjson_val *v,
    struct rdl_err *err)
{
	const char *text = yyjson_get_str(key);
	struct rdl_map_entry *e;
	int32_t id = -1;
	int made;

	if (take_id(l, v, text, &id, err) < 0)
		return -1;
	e = rdl_map_put(&l->tokens, text, yyjson_get_len(key), &made);
	if (!made)
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\" is there twice", text);
	e->value = (uint64_t)id;
	return 0;
}

int
rdl_bpe_build_vocab(struct rdl_bpe_build *l, yyjson_val *vocab,
    struct rdl_err *err)
{
	size_t i, max;
	yyjson_val *key, *v;

	if (!yyjson_is_obj(vocab))
		return rdl_err_set(err, RDL_E_INPUT,
		    "its vocabulary is not an object");
	yyjson_obj_foreach(vocab, i, max, key, v)
		if (add_token(l, key, v, err) < 0)
			return -1;
	return 0;
}

/* The id of a token, or -1. */
static int32_t
id_of(const struct rdl_bpe_build *l, const char *text, size_t len)
{
	const struct rdl_map_entry *e = rdl_map_get(&l->tokens, text, len);

	return e == NULL ? -1 : (int32_t)e->value;
}

/* As much of a token as a message shows. */
static int
shown(size_t len)
{
	return len > 40 ? 40 : (int)len;
}

static int
add_merge(struct rdl_bpe_build *l, const char *left, size_t llen,
    const char *right, size_t rlen, struct rdl_err *err)
{
	int32_t a = id_of(l, left, llen), b = id_of(l, right, rlen), id;

	rdl_buf_reset(&l->joined);
	rdl_buf_add(&l->joined, left, llen);
	rdl_buf_add(&l->joined, right, rlen);
	id = l->joined.len == 0 || rdl_buf_full(&l->joined) ? -1 :
	    id_of(l, l->joined.p, l->joined.len);
	if (a < 0 || b < 0 || id < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "merge %u, \"%.*s %.*s\": not in the vocabulary",
		    l->rank + 1, shown(llen), left, shown(rlen), right);
	rdl_bpe_word_add_pair(l->b, a, b, l->rank++, id);
	return 0;
}

/* "left right", one blank between them. */
static int
add_merge_line(struct rdl_bpe_build *l, const char *p, size_t len,
    struct rdl_err *err)
{
	const char *gap = memchr(p, ' ', len);
	size_t left = gap == NULL ? 0 : (size_t)(gap - p);

	if (gap == NULL || memchr(gap + 1, ' ', len - left - 1) != NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "merge %u is not two tokens", l->rank + 1);
	return add_merge(l, p, left, gap + 1, len - left - 1, err);
}

int
rdl_bpe_build_merges_text(struct rdl_bpe_build *l, const char *p, size_t len,
    struct rdl_err *err)
{
	const char *end = p + len, *nl, *next;
	size_t n;

	for (; p < end; p = next) {
		nl = memchr(p, '\n', (size_t)(end - p));
		next = nl == NULL ? end : nl + 1;
		n = (size_t)((nl == NULL ? end : nl) - p);
		if (n > 0 && p[n - 1] == '\r')
			n--;
		if (n == 0 || (n >= 8 && memcmp(p, "#version", 8) == 0))
			continue;
		if (add_merge_line(l, p, n, err) < 0)
			return -1;
	}
	return 0;
}

int
rdl_bpe_build_merges_json(struct rdl_bpe_build *l, yyjson_val *merges,
    struct rdl_err *err)
{
	size_t i, max;
	yyjson_val *v, *a, *b;
	int rc;

	if (!yyjson_is_arr(merges))
		return rdl_err_set(err, RDL_E_INPUT, "has no merges");
	yyjson_arr_foreach(merges, i, max, v) {
		a = yyjson_arr_get(v, 0);
		b = yyjson_arr_get(v, 1);
		if (yyjson_is_str(v))
			rc = add_merge_line(l, yyjson_get_str(v),
			    yyjson_get_len(v), err);
		else if (yyjson_arr_size(v) == 2 && yyjson_is_str(a) &&
		    yyjson_is_str(b))
			rc = add_merge(l, yyjson_get_str(a), yyjson_get_len(a),
			    yyjson_get_str(b), yyjson_get_len(b), err);
		else
			rc = rdl_err_set(err, RDL_E_INPUT,
			    "merge %zu is not two tokens", i + 1);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/*
 * The ids of the 256 bytes, within a word and at its end.  A byte is written
 * as the code point of its number if that prints, else as one from U+0100 on.
 */
static int
find_bytes(struct rdl_bpe_build *l, struct rdl_err *err)
{
	unsigned byte, cp, others = 0;
	size_t n;
	char text[8];

	for (byte = 0; byte < 256; byte++) {
		cp = (byte >= 33 && byte <= 126) ||
		    (byte >= 161 && byte <= 172) || byte >= 174 ? byte :
		    0x100 + others++;
		n = 0;
		if (cp >= 0x80)
			text[n++] = (char)(0xc0 | cp >> 6);
		text[n++] = (char)(cp >= 0x80 ? 0x80 | (cp & 0x3f) : cp);
		memcpy(text + n, "</w>", 4);
		l->b->byte[byte] = id_of(l, text, n);
		l->b->last[byte] = id_of(l, text, n + 4);
		if (l->b->byte[byte] < 0 || l->b->last[byte] < 0)
			return rdl_err_set(err, RDL_E_INPUT,
			    "not CLIP's tokenizer: no token \"%.*s\"",
			    (int)(l->b->byte[byte] < 0 ? n : n + 4), text);
	}
	return 0;
}

static bool
is_true(yyjson_val *obj, const char *key)
{
	return yyjson_is_true(yyjson_obj_get(obj, key));
}

int
rdl_bpe_build_mark(struct rdl_bpe_build *l, yyjson_val *v, struct rdl_err *err)
{
	yyjson_val *content = yyjson_obj_get(v, "content");
	yyjson_val *number = yyjson_obj_get(v, "id");
	const char *text = yyjson_get_str(content);
	size_t len = yyjson_get_len(content);
	struct rdl_buf *low = &l->joined;
	int32_t id;

	if (!yyjson_is_str(content) || len == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "an added token has no content");
	if (is_true(v, "single_word"))
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\": single_word is not supported", text);
	id = id_of(l, text, len);
	if (id < 0 && add_token(l, content, number, err) < 0)
		return -1;
	if (id < 0)
		id = id_of(l, text, len);
	if (!yyjson_is_uint(number) ||
	    yyjson_get_uint(number) != (uint64_t)id)
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\" has two ids", text);
	if (!is_true(v, "normalized")) {
		rdl_bpe_marks_add(&l->b->raw, text, len, id);
		return 0;
	}
	rdl_buf_reset(low);
	rdl_bpe_normal_add(l->b, text, len, low);
	if (rdl_buf_full(low) || low->len == 0 ||
	    memchr(low->p, ' ', low->len) != NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "token \"%.80s\": too long, or holds a blank", text);
	rdl_bpe_marks_add(&l->b->normal, low->p, low->len, id);
	return 0;
}

static bool
has_mark(const struct rdl_bpe *b, int32_t id)
{
	size_t i;

	for (i = 0; i < b->raw.n; i++)
		if (b->raw.v[i].id == id)
			return true;
	for (i = 0; i < b->normal.n; i++)
		if (b->normal.v[i].id == id)
			return true;
	return false;
}

int
rdl_bpe_build_finish(struct rdl_bpe_build *l, bool start_normal,
    struct rdl_err *err)
{
	struct rdl_bpe *b = l->b;
	size_t i;

	b->start = id_of(l, START, sizeof(START) - 1);
	b->end = id_of(l, END, sizeof(END) - 1);
	if (b->start < 0 || b->end < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not CLIP's tokenizer: no token \"%s\"",
		    b->end < 0 ? END : START);
	for (i = 0; b->npairs > 0 && i <= b->pairs_mask; i++)
		if (b->pairs[i].id >= 0 && (b->pairs[i].id == b->start ||
		    b->pairs[i].id == b->end))
			return rdl_err_set(err, RDL_E_INPUT,
			    "a merge makes a special token");
	if (!has_mark(b, b->start))
		rdl_bpe_marks_add(start_normal ? &b->normal : &b->raw, START,
		    sizeof(START) - 1, b->start);
	if (!has_mark(b, b->end))
		rdl_bpe_marks_add(&b->raw, END, sizeof(END) - 1, b->end);
	rdl_bpe_marks_sort(&b->raw);
	rdl_bpe_marks_sort(&b->normal);
	return find_bytes(l, err);
}

void
rdl_bpe_build_init(struct rdl_bpe_build *l, struct rdl_bpe *b)
{
	*l = (struct rdl_bpe_build){ b, RDL_MAP_INIT, NULL,
		RDL_BUF_INIT(64 * RDL_KIB), 0 };
	l->taken = rdl_mem_calloc(RDL_BPE_IDS_MAX / 8, 1);
}

void
rdl_bpe_build_release(struct rdl_bpe_build *l)
{
	rdl_map_release(&l->tokens);
	rdl_buf_release(&l->joined);
	free(l->taken);
}
