/*
 * A tree of task types.
 * Keeps nodes and names in one arena; reads and writes nothing else.
 */
#include "domain/taxonomy.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/mem.h"
#include "core/utf8.h"

struct rdl_taxonomy {
	struct rdl_arena arena;
	struct rdl_map nodes;	/* folded path, names joined by 0x1f */
	struct rdl_taxon **all;	/* by the value in nodes */
	size_t room;
	struct rdl_taxon root;
	struct rdl_buf name, key;	/* scratch */
};

struct rdl_taxonomy *
rdl_taxonomy_new(void)
{
	struct rdl_taxonomy *t = rdl_mem_calloc(1, sizeof(*t));

	t->root.name = t->root.key = "";
	rdl_buf_init(&t->name, RDL_LINE_MAX);
	rdl_buf_init(&t->key, RDL_LINE_MAX);
	return t;
}

void
rdl_taxonomy_free(struct rdl_taxonomy *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->nodes.count; i++)
		free(t->all[i]->children);
	free(t->root.children);
	free(t->all);
	rdl_map_release(&t->nodes);
	rdl_arena_release(&t->arena);
	rdl_buf_release(&t->name);
	rdl_buf_release(&t->key);
	free(t);
}

struct rdl_taxon *
rdl_taxonomy_root(struct rdl_taxonomy *t)
{
	return &t->root;
}

size_t
rdl_taxonomy_count(const struct rdl_taxonomy *t)
{
	return t->nodes.count;
}

/* Bytes of the tilde at p: U+007E or U+223C; 0 if there is none. */
static size_t
tilde(const char *p, size_t len)
{
	if (len > 0 && *p == '~')
		return 1;
	return len >= 3 && memcmp(p, "\xe2\x88\xbc", 3) == 0 ? 3 : 0;
}

static bool
has_tilde(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (tilde(p + i, len - i) > 0)
			return true;
	return false;
}

/* The normalised name into t->name, its folded form into t->key. */
static int
normalise(struct rdl_taxonomy *t, const char *name, size_t len,
    struct rdl_err *err)
{
	if (len > RDL_LINE_MAX / 8)
		return rdl_err_set(err, RDL_E_INPUT,
		    "a name of %zu bytes is too long", len);
	if (has_tilde(name, len))
		return rdl_err_set(err, RDL_E_INPUT,
		    "a name cannot hold a tilde, which joins names");
	rdl_buf_reset(&t->name);
	rdl_buf_reset(&t->key);
	if (rdl_utf8_squeeze(&t->name, name, len) < 0 ||
	    rdl_utf8_fold(&t->key, name, len) < 0)
		return rdl_err_set(err, RDL_E_INPUT, "not valid UTF-8");
	if (t->key.len == 0)
		return rdl_err_set(err, RDL_E_INPUT, "the name is empty");
	if (t->name.len > RDL_TAXONOMY_NAME || t->key.len > RDL_TAXONOMY_NAME)
		return rdl_err_set(err, RDL_E_INPUT,
		    "a name of %zu bytes is too long, at most %d", t->name.len,
		    RDL_TAXONOMY_NAME);
	return 0;
}

/* The folded path of parent and t->key, as one map key in t->key. */
static void
full_key(struct rdl_taxonomy *t, const struct rdl_taxon *parent)
{
	const struct rdl_taxon *up[RDL_TAXONOMY_DEPTH + 1];
	struct rdl_buf path = RDL_BUF_INIT(RDL_LINE_MAX);
	size_t n = 0;

	for (; parent->parent != NULL; parent = parent->parent)
		up[n++] = parent;
	while (n > 0) {
		rdl_buf_adds(&path, up[--n]->key);
		rdl_buf_addc(&path, '\x1f');
	}
	rdl_buf_add(&path, t->key.p, t->key.len);
	rdl_buf_release(&t->key);
	t->key = path;
}

static struct rdl_taxon *
add_node(struct rdl_taxonomy *t, struct rdl_taxon *parent, const char *key)
{
	struct rdl_taxon *n = rdl_arena_alloc(&t->arena, sizeof(*n));

	n->name = rdl_arena_dup(&t->arena, t->name.p, t->name.len);
	n->key = key;
	n->parent = parent;
	n->level = parent->level + 1;
	if (parent->nchildren == parent->room) {
		parent->room = parent->room > 0 ? 2 * parent->room : 8;
		parent->children = rdl_mem_realloc(parent->children,
		    parent->room, sizeof(struct rdl_taxon *));
	}
	n->index = parent->nchildren;
	parent->children[parent->nchildren++] = n;
	if (t->nodes.count > t->room) {
		t->room = t->room > 0 ? 2 * t->room : 64;
		t->all = rdl_mem_realloc(t->all, t->room,
		    sizeof(struct rdl_taxon *));
	}
	t->all[t->nodes.count - 1] = n;
	return n;
}

struct rdl_taxon *
rdl_taxonomy_child(struct rdl_taxonomy *t, struct rdl_taxon *parent,
    const char *name, size_t len, bool *made, struct rdl_err *err)
{
	struct rdl_map_entry *e;
	size_t own;
	int fresh;

	if (parent->level >= RDL_TAXONOMY_DEPTH) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "deeper than %d levels", RDL_TAXONOMY_DEPTH);
		return NULL;
	}
	if (normalise(t, name, len, err) < 0)
		return NULL;
	own = t->key.len;
	full_key(t, parent);
	e = rdl_map_put(&t->nodes, t->key.p, t->key.len, &fresh);
	if (made != NULL)
		*made = fresh;
	if (!fresh)
		return t->all[e->value];
	e->value = t->nodes.count - 1;
	/* The last name of the map's key is the node's own. */
	return add_node(t, parent, e->key + e->len - own);
}

/* Bytes of a list mark at the start of a line: "- ", "* ", "12. ", "(3) ". */
static size_t
list_mark(const char *p, size_t len)
{
	size_t i = 0, digits;

	if (len > 1 && strchr("-*+", p[0]) != NULL && p[1] == ' ')
		return 2;
	if (len > 3 && memcmp(p, "\xe2\x80\xa2", 3) == 0)
		return 3;	/* U+2022 bullet */
	if (len > 0 && p[0] == '(')
		i = 1;
	for (digits = 0; i < len && p[i] >= '0' && p[i] <= '9'; i++)
		digits++;
	if (digits == 0 || digits > 4 || i >= len ||
	    strchr(".):", p[i]) == NULL || (i + 1 < len && p[i + 1] != ' '))
		return 0;
	return i + 1;
}

/* Bytes of a quotation mark or emphasis at the start (or, with at_end, at
 * the end) of a name. */
static size_t
wrapper(const char *p, size_t len, bool at_end)
{
	static const char *const marks[] = { "\"", "'", "`", "**", "*", "_",
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x98",
		"\xe2\x80\x99", "\xc2\xab", "\xc2\xbb" };
	size_t i, n;

	for (i = 0; i < RDL_NELEM(marks); i++) {
		n = strlen(marks[i]);
		if (len >= n && memcmp(at_end ? p + len - n : p, marks[i],
		    n) == 0)
			return n;
	}
	return 0;
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", **p) != NULL) {
		++*p;
		--*len;
	}
	while (*len > 0 && strchr(" \t\r\n", (*p)[*len - 1]) != NULL)
		--*len;
}

/* Take off what a list puts around a name. */
static void
strip(const char **p, size_t *len)
{
	size_t n;

	trim(p, len);
	if ((n = list_mark(*p, *len)) > 0) {
		*p += n;
		*len -= n;
		trim(p, len);
	}
	while (*len > 0 && strchr(".,;", (*p)[*len - 1]) != NULL)
		--*len;
	while (*len > 1 && wrapper(*p, *len, false) > 0 &&
	    wrapper(*p, *len, true) > 0 && wrapper(*p, *len, false) +
	    wrapper(*p, *len, true) <= *len) {
		*len -= wrapper(*p, *len, true);
		n = wrapper(*p, *len, false);
		*p += n;
		*len -= n;
	}
	trim(p, len);
}

/* Take the first name off a path: its end in *name_len; what remains behind
 * the tilde in *p.  False if there is no tilde. */
static bool
first_name(const char **p, size_t *len, const char **name, size_t *name_len)
{
	size_t i, n;

	for (i = 0; i < *len; i++)
		if ((n = tilde(*p + i, *len - i)) > 0) {
			*name = *p;
			*name_len = i;
			*p += i + n;
			*len -= i + n;
			return true;
		}
	return false;
}

/* True if name folds to the key of n. */
static bool
is_name_of(struct rdl_taxonomy *t, const struct rdl_taxon *n,
    const char *name, size_t len)
{
	rdl_buf_reset(&t->key);
	return rdl_utf8_fold(&t->key, name, len) == 0 &&
	    t->key.len == strlen(n->key) &&
	    memcmp(t->key.p, n->key, t->key.len) == 0;
}

struct rdl_taxon *
rdl_taxonomy_propose(struct rdl_taxonomy *t, struct rdl_taxon *parent,
    const char *line, size_t len, bool *made, struct rdl_err *err)
{
	const struct rdl_taxon *up[RDL_TAXONOMY_DEPTH + 1], *n;
	const char *name;
	size_t name_len, depth = 0;

	strip(&line, &len);
	for (n = parent; n->parent != NULL; n = n->parent)
		up[depth++] = n;
	if (has_tilde(line, len))
		while (depth > 0) {
			if (!first_name(&line, &len, &name, &name_len) ||
			    !is_name_of(t, up[--depth], name, name_len)) {
				(void)rdl_err_set(err, RDL_E_INPUT,
				    "a path that is not below its parent");
				return NULL;
			}
		}
	if (has_tilde(line, len)) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "a path of more levels than were asked for");
		return NULL;
	}
	strip(&line, &len);
	return rdl_taxonomy_child(t, parent, line, len, made, err);
}

static void
each_name(const struct rdl_taxon *n, struct rdl_buf *out, bool json)
{
	if (n->parent == NULL)
		return;
	each_name(n->parent, out, json);
	if (n->parent->parent != NULL)
		rdl_buf_adds(out, json ? "," : " ~ ");
	if (json)
		rdl_buf_addjson(out, n->name, strlen(n->name));
	else
		rdl_buf_adds(out, n->name);
}

void
rdl_taxonomy_path(const struct rdl_taxon *n, struct rdl_buf *out)
{
	each_name(n, out, false);
}

void
rdl_taxonomy_path_json(const struct rdl_taxon *n, struct rdl_buf *out)
{
	rdl_buf_addc(out, '[');
	each_name(n, out, true);
	rdl_buf_addc(out, ']');
}

static int
by_key(const void *a, const void *b)
{
	const struct rdl_taxon *const *x = a, *const *y = b;

	return strcmp((*x)->key, (*y)->key);
}

static void
sort_children(struct rdl_taxon *n)
{
	size_t i;

	if (n->nchildren > 0)
		qsort(n->children, n->nchildren, sizeof(struct rdl_taxon *),
		    by_key);
	for (i = 0; i < n->nchildren; i++)
		n->children[i]->index = i;
}

void
rdl_taxonomy_sort(struct rdl_taxonomy *t)
{
	size_t i;

	sort_children(&t->root);
	for (i = 0; i < t->nodes.count; i++)
		sort_children(t->all[i]);
}

struct rdl_taxon *
rdl_taxonomy_next(const struct rdl_taxon *n)
{
	if (n->nchildren > 0)
		return n->children[0];
	for (; n->parent != NULL; n = n->parent)
		if (n->index + 1 < n->parent->nchildren)
			return n->parent->children[n->index + 1];
	return NULL;
}

/* Copy key without blanks and without a final s, for comparison. */
static size_t
essence(const char *key, char out[RDL_TAXONOMY_NAME])
{
	size_t n = 0;

	for (; *key != '\0' && n < RDL_TAXONOMY_NAME; key++)
		if (*key != ' ' && *key != '-')
			out[n++] = *key;
	return n > 1 && out[n - 1] == 's' ? n - 1 : n;
}

static int
by_value(const void *a, const void *b)
{
	return memcmp(a, b, 2);
}

/* The sorted bigrams of p, two bytes each, into out; their number. */
static size_t
bigrams(const char *p, size_t len, char out[2 * RDL_TAXONOMY_NAME])
{
	size_t i;

	if (len < 2)
		return 0;
	for (i = 0; i + 1 < len; i++)
		memcpy(out + 2 * i, p + i, 2);
	qsort(out, len - 1, 2, by_value);
	return len - 1;
}

double
rdl_taxonomy_likeness(const struct rdl_taxon *a, const struct rdl_taxon *b)
{
	char x[RDL_TAXONOMY_NAME], y[RDL_TAXONOMY_NAME];
	char gx[2 * RDL_TAXONOMY_NAME], gy[2 * RDL_TAXONOMY_NAME];
	size_t nx = essence(a->key, x), ny = essence(b->key, y);
	size_t i = 0, j = 0, both = 0;
	int order;

	if (nx == ny && memcmp(x, y, nx) == 0)
		return 1;
	nx = bigrams(x, nx, gx);
	ny = bigrams(y, ny, gy);
	if (nx == 0 || ny == 0)
		return 0;
	while (i < nx && j < ny) {
		order = memcmp(gx + 2 * i, gy + 2 * j, 2);
		both += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	return 2.0 * (double)both / (double)(nx + ny);
}
