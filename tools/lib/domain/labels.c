/*
 * The tasks of a match as labels.
 * Reads match records and replies of models; writes record text.  Does no I/O
 * and asks nobody.
 */
#include "domain/labels.h"

#include <string.h>

#include "core/compiler.h"
#include "core/utf8.h"

/* Between the folded names of a key; cannot come from folding. */
#define JOINT '\x1f'

#define SHOWN 200	/* bytes of a name in a message */
#define MARKS 8		/* quotes and the like taken off each end of a name */

/* Bytes of the tilde at p, 0 if there is none. */
static size_t
tilde(const char *p, size_t len)
{
	static const char *const wide[] = { "\xe2\x88\xbc", "\xef\xbd\x9e",
		"\xe3\x80\x9c", "\xcb\x9c" };
	size_t i, n;

	if (len > 0 && *p == '~')
		return 1;
	for (i = 0; i < RDL_NELEM(wide); i++) {
		n = strlen(wide[i]);
		if (len >= n && memcmp(p, wide[i], n) == 0)
			return n;
	}
	return 0;
}

/* Append the key of a text: its names folded, joints between them. */
static int
add_key(struct rdl_buf *out, const char *p, size_t len)
{
	size_t from = 0, at = 0, n;

	while (at < len) {
		n = tilde(p + at, len - at);
		if (n == 0) {
			at++;
			continue;
		}
		if (rdl_utf8_fold(out, p + from, at - from) < 0)
			return -1;
		rdl_buf_addc(out, JOINT);
		from = at += n;
	}
	return rdl_utf8_fold(out, p + from, len - from);
}

int
rdl_labels_join(yyjson_val *path, struct rdl_buf *out)
{
	yyjson_val *name;
	size_t i, n;

	if (!yyjson_is_arr(path) || yyjson_arr_size(path) == 0)
		return -1;
	yyjson_arr_foreach(path, i, n, name) {
		if (!yyjson_is_str(name))
			return -1;
		if (i > 0)
			rdl_buf_adds(out, " ~ ");
		rdl_buf_add(out, yyjson_get_str(name), yyjson_get_len(name));
	}
	return 0;
}

/*
 * The next element of the array whose text is p[*at..len), which has been
 * parsed before; *at stands behind its bracket or a comma, and is moved behind
 * the element's comma.
 */
static void
next_element(const char *p, size_t len, size_t *at, struct rdl_label *l)
{
	size_t i = *at, depth = 0, start, end;

	while (strchr(" \t\r\n", p[i]) != NULL)
		i++;
	for (start = i; i < len; i++) {
		if (p[i] == '"') {
			for (i++; p[i] != '"'; i++)
				if (p[i] == '\\')
					i++;
		} else if (p[i] == '[' || p[i] == '{')
			depth++;
		else if (depth == 0 && (p[i] == ',' || p[i] == ']'))
			break;
		else if (p[i] == ']' || p[i] == '}')
			depth--;
	}
	*at = i + 1;
	for (end = i; strchr(" \t\r\n", p[end - 1]) != NULL; end--)
		;
	l->json = p + start;
	l->json_len = end - start;
}

static bool
is_text(yyjson_val *v)
{
	return yyjson_is_str(v) && yyjson_get_len(v) > 0;
}

/* The texts by which l is shown and compared. */
static int
name_label(struct rdl_labels *all, struct rdl_label *l, size_t i,
    struct rdl_err *err)
{
	yyjson_val *path = yyjson_obj_get(l->task, "path"), *last;
	struct rdl_buf text = RDL_BUF_INIT(RDL_LINE_MAX);
	int rc = -1;

	if (!is_text(yyjson_obj_get(l->task, "id")) ||
	    rdl_labels_join(path, &text) < 0) {
		(void)rdl_err_set(err, RDL_E_INPUT, "task %zu of the match has "
		    "no \"id\", or no \"path\" that is a list of names", i);
		goto out;
	}
	l->text = rdl_arena_dup(&all->arena, text.p, text.len);
	l->len = text.len;
	rdl_buf_reset(&text);
	last = yyjson_arr_get_last(path);
	if (add_key(&text, yyjson_get_str(last), yyjson_get_len(last)) < 0)
		goto out;
	l->leaf = rdl_arena_dup(&all->arena, text.p, text.len);
	l->leaf_len = text.len;
	rdl_buf_reset(&text);
	if (add_key(&text, l->text, l->len) < 0)
		goto out;
	l->key = rdl_arena_dup(&all->arena, text.p, text.len);
	l->key_len = text.len;
	rc = 0;
out:
	rdl_buf_release(&text);
	return rc;
}

static bool
same(const char *a, size_t alen, const char *b, size_t blen)
{
	return alen == blen && memcmp(a, b, alen) == 0;
}

static int
read_tasks(struct rdl_labels *l, const struct rdl_rec *rec,
    yyjson_val *tasks, struct rdl_err *err)
{
	const char *json;
	size_t i, j, n, len, at = 1;
	yyjson_val *v;

	if (rdl_rec_span(rec, "tasks", &json, &len) != 1)
		return -1;
	l->v = rdl_arena_alloc(&l->arena, yyjson_arr_size(tasks) *
	    sizeof(*l->v));
	yyjson_arr_foreach(tasks, i, n, v) {
		next_element(json, len, &at, &l->v[i]);
		l->v[i].task = v;
		if (name_label(l, &l->v[i], i, err) < 0)
			return -1;
		for (j = 0; j < i; j++)
			if (same(l->v[i].key, l->v[i].key_len, l->v[j].key,
			    l->v[j].key_len))
				return rdl_err_set(err, RDL_E_INPUT,
				    "two tasks of the match have one path, "
				    "\"%.*s\"", SHOWN, l->v[i].text);
		l->n++;
	}
	return 0;
}

int
rdl_labels_read(struct rdl_labels *l, const struct rdl_rec *rec,
    struct rdl_err *err)
{
	yyjson_val *image = rdl_rec_get(rec, "image");
	yyjson_val *tasks = rdl_rec_get(rec, "tasks");

	rdl_arena_reset(&l->arena);
	l->v = NULL;
	l->n = 0;
	if (!yyjson_equals_str(rdl_rec_get(rec, "kind"), "match"))
		return rdl_err_set(err, RDL_E_INPUT,
		    "not a match: its \"kind\" is not \"match\"");
	if (!is_text(yyjson_obj_get(image, "id")) ||
	    !is_text(yyjson_obj_get(image, "uri")))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the match has no \"image\" with \"id\" and \"uri\"");
	if (!yyjson_is_arr(tasks) || yyjson_arr_size(tasks) == 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the match has no \"tasks\"");
	return read_tasks(l, rec, tasks, err);
}

void
rdl_labels_release(struct rdl_labels *l)
{
	rdl_arena_release(&l->arena);
	l->v = NULL;
	l->n = 0;
}

void
rdl_labels_json(const struct rdl_labels *l, struct rdl_buf *out)
{
	size_t i;

	rdl_buf_addc(out, '[');
	for (i = 0; i < l->n; i++) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		rdl_buf_addjson(out, l->v[i].text, l->v[i].len);
	}
	rdl_buf_addc(out, ']');
}

int
rdl_labels_view(const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_labels l = RDL_LABELS_INIT;
	struct rdl_buf json = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_edit edit;
	int rc;

	rc = rdl_labels_read(&l, rec, err);
	if (rc == 0) {
		rdl_labels_json(&l, &json);
		edit = (struct rdl_edit){ "labels", json.p, json.len };
		rdl_rec_edit(rec, &edit, 1, out);
	}
	rdl_buf_release(&json);
	rdl_labels_release(&l);
	return rc;
}

static enum rdl_labels_found
find_key(const struct rdl_labels *l, const char *key, size_t len, size_t *at)
{
	size_t i, found = 0;

	for (i = 0; i < l->n; i++)
		if (same(l->v[i].key, l->v[i].key_len, key, len)) {
			*at = i;
			return RDL_LABELS_FOUND;
		}
	for (i = 0; i < l->n; i++)
		if (same(l->v[i].leaf, l->v[i].leaf_len, key, len)) {
			*at = i;
			found++;
		}
	return found == 1 ? RDL_LABELS_FOUND : found == 0 ?
	    RDL_LABELS_UNKNOWN : RDL_LABELS_AMBIGUOUS;
}

static enum rdl_labels_found
find_text(const struct rdl_labels *l, const char *text, size_t len,
    size_t *at)
{
	struct rdl_buf key = RDL_BUF_INIT(RDL_LINE_MAX);
	enum rdl_labels_found found = RDL_LABELS_UNKNOWN;

	if (add_key(&key, text, len) == 0 && key.len > 0)
		found = find_key(l, key.p, key.len, at);
	rdl_buf_release(&key);
	return found;
}

/* Bytes of a quote, or what else is put around a name, at the start of p or,
 * with at_end, at its end. */
static size_t
around(const char *p, size_t len, bool at_end)
{
	static const char *const marks[] = { "\"", "'", "`", "*",
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98",
		"\xe2\x80\x99", "\xc2\xab", "\xc2\xbb", " ", "\t", "\r",
		"\n" };
	size_t i, n;

	if (len > 0 && strchr(at_end ? ".,;" : "-", at_end ? p[len - 1] :
	    p[0]) != NULL)
		return 1;
	for (i = 0; i < RDL_NELEM(marks); i++) {
		n = strlen(marks[i]);
		if (len >= n && memcmp(at_end ? p + len - n : p, marks[i],
		    n) == 0)
			return n;
	}
	return 0;
}

enum rdl_labels_found
rdl_labels_find(const struct rdl_labels *l, const char *text, size_t len,
    size_t *at)
{
	enum rdl_labels_found found = find_text(l, text, len, at);
	const char *p = text;
	bool at_end = true;
	size_t n, i;

	/* One mark after the other, since a name may end in a quote itself. */
	for (i = 0; i < 2 * MARKS && found == RDL_LABELS_UNKNOWN; i++) {
		if ((n = around(p, len, at_end)) > 0) {
			p += at_end ? 0 : n;
			len -= n;
			found = find_text(l, p, len, at);
		}
		at_end = !at_end;
	}
	return found;
}

static bool
says_none(yyjson_val *v)
{
	struct rdl_buf key = RDL_BUF_INIT(RDL_LINE_MAX);
	bool none;

	none = rdl_utf8_fold(&key, yyjson_get_str(v), yyjson_get_len(v)) ==
	    0 && (same(key.p, key.len, "none", 4) ||
	    same(key.p, key.len, "none.", 5));
	rdl_buf_release(&key);
	return none;
}

/* Keep what v names.  Else why says what is wrong with it. */
static enum rdl_labels_choice
choose(struct rdl_labels *l, yyjson_val *v, struct rdl_buf *why)
{
	enum rdl_labels_found found;
	size_t at = 0, len;

	if (!yyjson_is_str(v)) {
		rdl_buf_adds(why, "the list holds something that is no name");
		return RDL_LABELS_UNREADABLE;
	}
	found = rdl_labels_find(l, yyjson_get_str(v), yyjson_get_len(v), &at);
	if (found == RDL_LABELS_FOUND) {
		l->v[at].kept = true;
		return RDL_LABELS_SOME;
	}
	len = yyjson_get_len(v);
	if (len > SHOWN)
		len = rdl_utf8_valid(yyjson_get_str(v), SHOWN);
	if (why->len > 0)
		rdl_buf_adds(why, "; ");
	rdl_buf_addjson(why, yyjson_get_str(v), len);
	rdl_buf_adds(why, found == RDL_LABELS_UNKNOWN ? " was not offered" :
	    " is the last name of several tasks that were offered");
	return RDL_LABELS_UNOFFERED;
}

enum rdl_labels_choice
rdl_labels_choose(struct rdl_labels *l, yyjson_val *reply, bool lenient,
    struct rdl_buf *why)
{
	yyjson_val *list = yyjson_is_obj(reply) ? yyjson_obj_get(reply,
	    "tasks") : reply, *v;
	enum rdl_labels_choice one;
	size_t i, n, at, kept = 0, unoffered = 0;

	if (!yyjson_is_arr(list)) {
		rdl_buf_adds(why, "the reply has no list \"tasks\"");
		return RDL_LABELS_UNREADABLE;
	}
	v = yyjson_arr_get_first(list);
	if (v == NULL || (yyjson_arr_size(list) == 1 && yyjson_is_str(v) &&
	    says_none(v) && rdl_labels_find(l, yyjson_get_str(v),
	    yyjson_get_len(v), &at) == RDL_LABELS_UNKNOWN)) {
		rdl_buf_adds(why, "none of the offered tasks fits");
		return RDL_LABELS_NONE;
	}
	yyjson_arr_foreach(list, i, n, v) {
		one = choose(l, v, why);
		if (one == RDL_LABELS_UNREADABLE)
			return one;
		kept += one == RDL_LABELS_SOME;
		unoffered += one == RDL_LABELS_UNOFFERED;
	}
	return unoffered > 0 && (!lenient || kept == 0) ?
	    RDL_LABELS_UNOFFERED : RDL_LABELS_SOME;
}

bool
rdl_labels_all(const struct rdl_labels *l)
{
	size_t i;

	for (i = 0; i < l->n && l->v[i].kept; i++)
		;
	return i == l->n;
}

int
rdl_labels_narrow(const struct rdl_labels *l, const struct rdl_rec *rec,
    const char *from, size_t from_len, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf tasks = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_rec narrow = RDL_REC_INIT;
	char text[RDL_ID_TEXT + 2];
	struct rdl_edit edits[3];
	size_t i;
	int rc = -1;

	if (rdl_labels_all(l)) {
		rdl_rec_edit(rec, NULL, 0, out);
		return rdl_id_of(rec, id, err) < 0 ? -1 : 0;
	}
	for (i = 0; i < l->n; i++)
		if (l->v[i].kept) {
			rdl_buf_addc(&tasks, tasks.len == 0 ? '[' : ',');
			rdl_buf_add(&tasks, l->v[i].json, l->v[i].json_len);
		}
	rdl_buf_addc(&tasks, ']');
	edits[0] = (struct rdl_edit){ "tasks", tasks.p, tasks.len };
	rdl_rec_edit(rec, edits, 1, &line);
	if (rdl_rec_parse(&narrow, line.p, line.len - 1, err) < 0 ||
	    rdl_id_compute(&narrow, id, err) < 0)
		goto out;
	text[0] = '"';
	rdl_id_format(id, text + 1);
	i = strlen(text);
	text[i++] = '"';
	edits[1] = (struct rdl_edit){ "id", text, i };
	edits[2] = (struct rdl_edit){ "from", from, from_len };
	rdl_rec_edit(rec, edits, 3, out);
	rc = rdl_buf_full(out) ? rdl_err_set(err, RDL_E_INPUT,
	    "the record is longer than %zu bytes", out->max) : 0;
out:
	rdl_rec_release(&narrow);
	rdl_buf_release(&line);
	rdl_buf_release(&tasks);
	return rc;
}
