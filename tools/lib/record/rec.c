/*
 * One record: a line of JSON text, its parsed form, and edits by splicing.
 * Parses a private copy of the line in place, so that where a name stands in
 * the copy is where it stands in the line; reads and writes memory only.
 */
#include "record/rec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/num.h"
#include "core/utf8.h"

#define READ_FLAGS (YYJSON_READ_INSITU | YYJSON_READ_BIGNUM_AS_RAW)
#define FEW_NAMES 32		/* up to here comparing all pairs is cheapest */
#define KEEP_MAX (4 * RDL_MIB)	/* memory beyond this is kept only if used */
#define NAME_SHOWN 64		/* bytes of a name shown in a message */

/* Room of at least need bytes at *p; memory that one huge record left behind
 * is given back by the next small one. */
static void
make_room(void **p, size_t *cap, size_t need)
{
	if (*cap >= need && (*cap <= KEEP_MAX || need > *cap / 4))
		return;
	free(*p);
	*cap = need < 4 * RDL_KIB ? 4 * RDL_KIB : need + need / 4;
	*p = rdl_mem_realloc(NULL, *cap, 1);
}

/* A name as it may go to a terminal: cut, control characters hidden. */
static const char *
printable(char out[NAME_SHOWN + 1], const char *p, size_t len)
{
	unsigned char c;
	size_t i;

	if (len > NAME_SHOWN)
		len = rdl_utf8_valid(p, NAME_SHOWN);
	memcpy(out, p, len);
	out[len] = '\0';
	for (i = 0; i < len; i++) {
		c = (unsigned char)out[i];
		if (c < 0x20 || c == 0x7f)
			out[i] = '?';
		/* U+0080 to U+009F, which terminals obey as well. */
		else if (c == 0xc2 && i + 1 < len &&
		    (unsigned char)out[i + 1] < 0xa0)
			out[i] = out[i + 1] = '?';
	}
	return out;
}

static int
repeated(const char *name, size_t len, struct rdl_err *err)
{
	char shown[NAME_SHOWN + 1];

	return rdl_err_set(err, RDL_E_INPUT, "the name \"%s\" comes twice",
	    printable(shown, name, len));
}

static int
by_name(const void *a, const void *b)
{
	yyjson_val *ka = *(yyjson_val *const *)a;
	yyjson_val *kb = *(yyjson_val *const *)b;
	size_t la = yyjson_get_len(ka), lb = yyjson_get_len(kb);

	if (la != lb)
		return la < lb ? -1 : 1;
	return memcmp(yyjson_get_str(ka), yyjson_get_str(kb), la);
}

/* Sorting takes n log n whatever a hostile record is made of. */
static int
check_many_names(yyjson_val *root, struct rdl_err *err)
{
	size_t i, max, n = yyjson_obj_size(root);
	yyjson_val **keys = rdl_mem_calloc(n, sizeof(*keys));
	yyjson_val *key, *val;
	int rc = 0;

	yyjson_obj_foreach(root, i, max, key, val)
		keys[i] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	for (i = 1; i < n && rc == 0; i++)
		if (by_name(&keys[i - 1], &keys[i]) == 0)
			rc = repeated(yyjson_get_str(keys[i]),
			    yyjson_get_len(keys[i]), err);
	free(keys);
	return rc;
}

static int
check_names(yyjson_val *root, struct rdl_err *err)
{
	const char *names[FEW_NAMES];
	size_t lens[FEW_NAMES];
	size_t i, j, max;
	yyjson_val *key, *val;

	if (yyjson_obj_size(root) > FEW_NAMES)
		return check_many_names(root, err);
	yyjson_obj_foreach(root, i, max, key, val) {
		names[i] = yyjson_get_str(key);
		lens[i] = yyjson_get_len(key);
		for (j = 0; j < i; j++)
			if (lens[j] == lens[i] &&
			    memcmp(names[j], names[i], lens[i]) == 0)
				return repeated(names[i], lens[i], err);
	}
	return 0;
}

/*
 * Others recurse into values, so depth is bounded here.  yyjson keeps the
 * values in one array, in the order of the text; each container knows where
 * the value behind it stands.
 */
static int
check_depth(yyjson_doc *doc, struct rdl_err *err)
{
	yyjson_val *ends[RDL_DEPTH_MAX];
	yyjson_val *v = yyjson_doc_get_root(doc);
	yyjson_val *end = v + yyjson_doc_get_val_count(doc);
	size_t depth = 0;

	if (yyjson_doc_get_val_count(doc) <= RDL_DEPTH_MAX)
		return 0;
	for (; v < end; v++) {
		while (depth > 0 && ends[depth - 1] <= v)
			depth--;
		if (!yyjson_is_ctn(v))
			continue;
		if (depth == RDL_DEPTH_MAX)
			return rdl_err_set(err, RDL_E_INPUT,
			    "nested deeper than %d levels", RDL_DEPTH_MAX);
		ends[depth++] = unsafe_yyjson_get_next(v);
	}
	return 0;
}

static int
not_json(const yyjson_read_err *e, struct rdl_err *err)
{
	/* The parser has all the memory that valid text of this length can
	 * need; only brackets that are never closed take more. */
	if (e->code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not JSON: too many open brackets");
	return rdl_err_set(err, RDL_E_INPUT, "not JSON: %s at byte %zu",
	    e->msg, e->pos + 1);
}

int
rdl_rec_parse(struct rdl_rec *rec, const char *line, size_t len,
    struct rdl_err *err)
{
	yyjson_alc alc;
	yyjson_read_err e;
	void *copy = rec->copy;

	rec->line = line;
	rec->len = len;
	rec->root = NULL;
	rec->doc = NULL;
	if (len == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "not JSON: the text is empty");
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return rdl_err_set(err, RDL_E_INPUT, "not JSON: begins with a "
		    "byte order mark, which JSON must not have");
	make_room(&copy, &rec->copy_cap, len + YYJSON_PADDING_SIZE);
	rec->copy = copy;
	make_room(&rec->pool, &rec->pool_cap,
	    yyjson_read_max_memory_usage(len, READ_FLAGS));
	memcpy(rec->copy, line, len);
	memset(rec->copy + len, 0, YYJSON_PADDING_SIZE);
	(void)yyjson_alc_pool_init(&alc, rec->pool, rec->pool_cap);
	rec->doc = yyjson_read_opts(rec->copy, len, READ_FLAGS, &alc, &e);
	if (rec->doc == NULL)
		return not_json(&e, err);
	if (!yyjson_is_obj(yyjson_doc_get_root(rec->doc)))
		return rdl_err_set(err, RDL_E_INPUT,
		    "a record is an object, and this is another value");
	if (check_depth(rec->doc, err) < 0 ||
	    check_names(yyjson_doc_get_root(rec->doc), err) < 0)
		return -1;
	rec->root = yyjson_doc_get_root(rec->doc);
	return 0;
}

void
rdl_rec_release(struct rdl_rec *rec)
{
	if (rec == NULL)
		return;
	free(rec->copy);
	free(rec->pool);
	*rec = (struct rdl_rec)RDL_REC_INIT;
}

yyjson_val *
rdl_rec_get(const struct rdl_rec *rec, const char *key)
{
	return yyjson_obj_get(rec->root, key);
}

const char *
rdl_rec_str(const struct rdl_rec *rec, const char *key, size_t *len)
{
	yyjson_val *v = rdl_rec_get(rec, key);

	if (len != NULL)
		*len = yyjson_is_str(v) ? yyjson_get_len(v) : 0;
	return yyjson_get_str(v);
}

/* The element of arr whose index is written in p[0..len), or NULL. */
static yyjson_val *
element(yyjson_val *arr, const char *p, size_t len)
{
	struct rdl_err err;
	char digits[16];
	int64_t at;

	if (len == 0 || len >= sizeof(digits) || p[0] < '0' || p[0] > '9' ||
	    (p[0] == '0' && len > 1))
		return NULL;
	memcpy(digits, p, len);
	digits[len] = '\0';
	if (rdl_num_int(digits, 0, (int64_t)RDL_LINE_MAX, &at, &err) < 0)
		return NULL;
	return yyjson_arr_get(arr, (size_t)at);
}

yyjson_val *
rdl_rec_at(yyjson_val *v, const char *path)
{
	size_t len;

	for (;;) {
		len = strcspn(path, "/");
		v = yyjson_is_arr(v) ? element(v, path, len) :
		    yyjson_obj_getn(v, path, len);
		if (v == NULL || path[len] == '\0')
			return v;
		path += len + 1;
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where the quote of a top-level name stands in the line. */
static size_t
name_start(const struct rdl_rec *rec, yyjson_val *key)
{
	return (size_t)(yyjson_get_str(key) - rec->copy) - 1;
}

/* Where the value of the name at byte at begins.  The name is read in the
 * line, since escapes make it longer there than in the copy. */
static size_t
value_start(const struct rdl_rec *rec, size_t at)
{
	const char *p = rec->line;

	for (at++; p[at] != '"'; at++)
		if (p[at] == '\\')
			at++;
	for (at++; is_blank(p[at]); at++)
		;
	for (at++; is_blank(p[at]); at++)	/* behind the colon */
		;
	return at;
}

/* Where what stands before byte at ends, blanks not counted. */
static size_t
trim_end(const struct rdl_rec *rec, size_t at)
{
	while (is_blank(rec->line[at - 1]))
		at--;
	return at;
}

/* Where the value before byte at ends: at is where the next name or the last
 * brace stands, that is behind a comma or a value. */
static size_t
value_end(const struct rdl_rec *rec, size_t at)
{
	at = trim_end(rec, at);
	return rec->line[at - 1] == ',' ? trim_end(rec, at - 1) : at;
}

/* Where the last brace stands. */
static size_t
last_brace(const struct rdl_rec *rec)
{
	return trim_end(rec, rec->len) - 1;
}

/* Where the name behind key stands, or the last brace. */
static size_t
next_start(const struct rdl_rec *rec, yyjson_val *key, bool last)
{
	return last ? last_brace(rec) :
	    name_start(rec, unsafe_yyjson_get_next(key + 1));
}

int
rdl_rec_span(const struct rdl_rec *rec, const char *key, const char **json,
    size_t *len)
{
	size_t i, n, start;
	yyjson_val *k, *v;

	yyjson_obj_foreach(rec->root, i, n, k, v) {
		if (!yyjson_equals_str(k, key))
			continue;
		start = value_start(rec, name_start(rec, k));
		*json = rec->line + start;
		*len = value_end(rec, next_start(rec, k, i + 1 == n)) - start;
		return 1;
	}
	return 0;
}

/* The last edit of a name, or NULL. */
static const struct rdl_edit *
find_edit(const struct rdl_edit *edits, size_t n, yyjson_val *key)
{
	const char *name = yyjson_get_str(key);

	while (n-- > 0)
		if (edits[n].key[0] == name[0] &&
		    yyjson_equals_str(key, edits[n].key))
			return &edits[n];
	return NULL;
}

/* True if edit i adds a member: rec has none of that name, and no later edit
 * is of the same. */
static bool
adds(const struct rdl_rec *rec, const struct rdl_edit *edits, size_t n,
    size_t i)
{
	size_t j;

	if (edits[i].json == NULL || rdl_rec_get(rec, edits[i].key) != NULL)
		return false;
	for (j = i + 1; j < n; j++)
		if (strcmp(edits[j].key, edits[i].key) == 0)
			return false;
	return true;
}

/* The line up to byte to that was not copied yet; *from is where it starts. */
static void
copy_up_to(const struct rdl_rec *rec, size_t *from, size_t to,
    struct rdl_buf *out)
{
	rdl_buf_add(out, rec->line + *from, to - *from);
	*from = to;
}

/*
 * Copy rec to out up to *from, with values replaced and members removed.
 * Returns the number of members that are left.  A removed member takes the
 * comma before it along, or, while none is left before it, the one behind.
 */
static size_t
edit_members(const struct rdl_rec *rec, const struct rdl_edit *edits,
    size_t n, size_t *from, struct rdl_buf *out)
{
	const struct rdl_edit *e;
	size_t i, max, start, next, kept = 0;
	yyjson_val *k, *v;

	yyjson_obj_foreach(rec->root, i, max, k, v) {
		e = find_edit(edits, n, k);
		if (e == NULL) {
			kept++;
			continue;
		}
		start = name_start(rec, k);
		next = next_start(rec, k, i + 1 == max);
		if (e->json != NULL) {
			kept++;
			copy_up_to(rec, from, value_start(rec, start), out);
			rdl_buf_add(out, e->json, e->len);
			*from = value_end(rec, next);
		} else if (kept > 0) {
			copy_up_to(rec, from, value_end(rec, start), out);
			*from = value_end(rec, next);
		} else {
			copy_up_to(rec, from, start, out);
			*from = i + 1 < max ? next : value_end(rec, next);
		}
	}
	return kept;
}

void
rdl_rec_edit(const struct rdl_rec *rec, const struct rdl_edit *edits,
    size_t n, struct rdl_buf *out)
{
	size_t i, from = 0, members;

	members = edit_members(rec, edits, n, &from, out);
	/* What is added stands directly behind the last value, or, in an
	 * empty object, the first brace. */
	if (from < value_end(rec, last_brace(rec)))
		copy_up_to(rec, &from, value_end(rec, last_brace(rec)), out);
	for (i = 0; i < n; i++) {
		if (!adds(rec, edits, n, i))
			continue;
		if (members++ > 0)
			rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, edits[i].key, strlen(edits[i].key));
		rdl_buf_addc(out, ':');
		rdl_buf_add(out, edits[i].json, edits[i].len);
	}
	copy_up_to(rec, &from, rec->len, out);
	rdl_buf_addc(out, '\n');
}
