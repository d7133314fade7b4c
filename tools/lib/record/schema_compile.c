/*
 * From the text of a schema to the tree that is checked.
 * Reads the schema's document.  What a keyword means stands in
 * schema_keyword.c; one that is not there is an error, never silently true.
 */
#include <stdio.h>
#include <string.h>

#include "record/schema_impl.h"

/* Report what is wrong at the current path.  Returns -1. */
int
rdl_schema_wrong(struct compiler *c, const char *what)
{
	return rdl_err_set(c->err, RDL_E_USAGE, "%s: %s%s%s", c->s->name,
	    c->path.len > 0 ? c->path.p : "", c->path.len > 0 ? ": " : "",
	    what);
}

/* Add one name to the path, escaped as RFC 6901 says.  Returns the length to
 * go back to. */
size_t
rdl_schema_enter(struct compiler *c, const char *name, size_t len)
{
	size_t before = c->path.len, i;

	rdl_buf_addc(&c->path, '/');
	for (i = 0; i < len; i++) {
		if (name[i] == '~' || name[i] == '/')
			rdl_buf_adds(&c->path, name[i] == '~' ? "~0" : "~1");
		else
			rdl_buf_addc(&c->path, (unsigned char)name[i] < ' ' ?
			    '?' : name[i]);
	}
	return before;
}

size_t
rdl_schema_enter_index(struct compiler *c, size_t index)
{
	size_t before = c->path.len;

	rdl_buf_addc(&c->path, '/');
	rdl_buf_addu(&c->path, index);
	return before;
}

void
rdl_schema_leave(struct compiler *c, size_t before)
{
	c->path.len = before;
	c->path.p[before] = '\0';
}

/* Compile one member of a schema; *seen has a bit for each keyword that the
 * schema had so far. */
static int
compile_keyword(struct compiler *c, struct node *n, yyjson_val *key,
    yyjson_val *v, uint64_t *seen)
{
	const struct keyword *k;
	char what[128];
	size_t i, before;

	if (strncmp(yyjson_get_str(key), "x-", 2) == 0)
		return 0;
	for (i = 0; rdl_schema_keywords[i].name != NULL; i++)
		if (yyjson_equals_str(key, rdl_schema_keywords[i].name))
			break;
	k = &rdl_schema_keywords[i];
	if (k->name == NULL) {
		(void)snprintf(what, sizeof(what),
		    "keyword '%.64s' is not supported", yyjson_get_str(key));
		return rdl_schema_wrong(c, what);
	}
	if ((*seen & UINT64_C(1) << i) != 0) {
		(void)snprintf(what, sizeof(what),
		    "keyword '%s' stands twice", k->name);
		return rdl_schema_wrong(c, what);
	}
	*seen |= UINT64_C(1) << i;
	before = rdl_schema_enter(c, k->name, strlen(k->name));
	if (k->compile(c, n, v, (char *)n + k->off) < 0)
		return -1;
	rdl_schema_leave(c, before);
	return 0;
}

static struct node *
new_node(struct compiler *c)
{
	static const struct range any = { 0, UINT64_MAX };
	struct node *n;

	n = rdl_arena_alloc(&c->s->arena, sizeof(*n));
	n->chars = n->elements = n->members = n->matches = any;
	n->matches.lo = 1;
	n->where = rdl_arena_dup(&c->s->arena, c->path.len > 0 ?
	    c->path.p : "", c->path.len);
	n->next = c->s->all;
	c->s->all = n;
	if (c->s->root == NULL)
		c->s->root = n;
	return n;
}

/* The node of the schema v: made when first asked for, so that references,
 * and those that form a circle, share it.  NULL on error. */
struct node *
rdl_schema_compile_node(struct compiler *c, yyjson_val *v)
{
	struct node *n;
	struct rdl_map_entry *e;
	yyjson_val *key, *val;
	uint64_t seen = 0;
	size_t i, max;
	int made, rc = 0;

	e = rdl_map_put(&c->s->nodes, (const char *)&v, sizeof(v), &made);
	if (!made)
		return (struct node *)(uintptr_t)e->value;
	n = new_node(c);
	e->value = (uintptr_t)n;
	if (!yyjson_is_obj(v) && !yyjson_is_bool(v))
		rc = rdl_schema_wrong(c,
		    "a schema is wanted: an object, true or false");
	if (++c->depth > RDL_DEPTH_MAX)
		rc = rdl_schema_wrong(c, "schemas are nested too deeply");
	n->never = yyjson_is_false(v);
	yyjson_obj_foreach(v, i, max, key, val) {
		if (rc < 0)
			break;
		rc = compile_keyword(c, n, key, val, &seen);
	}
	c->depth--;
	return rc < 0 ? NULL : n;
}

static int
measure(struct compiler *c, struct node *n, size_t depth);

static int
measure_list(struct compiler *c, const struct list *list,
    size_t depth, size_t *height)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (measure(c, list->v[i], depth) < 0)
			return -1;
		if (list->v[i]->height >= *height)
			*height = list->v[i]->height + 1;
	}
	return 0;
}

/*
 * Measure the chains of schemas that apply to one and the same value.  A chain
 * that comes back to its start would never end: an error.
 */
static int
measure(struct compiler *c, struct node *n, size_t depth)
{
	struct node *ones[5];
	struct list list = { ones, 0 };
	size_t height = 1;

	if (n->height == SIZE_MAX || depth > RDL_DEPTH_MAX)
		return rdl_err_set(c->err, RDL_E_USAGE, "%s: %s%s%s",
		    c->s->name, n->where, n->where[0] != '\0' ? ": " : "",
		    n->height == SIZE_MAX ?
		    "the schema refers to itself without end" :
		    "references are nested too deeply");
	if (n->height > 0)
		return 0;
	n->height = SIZE_MAX;
	if (n->ref != NULL)
		ones[list.n++] = n->ref;
	if (n->negated != NULL)
		ones[list.n++] = n->negated;
	if (n->condition != NULL) {
		ones[list.n++] = n->condition;
		if (n->if_true != NULL)
			ones[list.n++] = n->if_true;
		if (n->if_false != NULL)
			ones[list.n++] = n->if_false;
	}
	if (measure_list(c, &list, depth + 1, &height) < 0 ||
	    measure_list(c, &n->all_of, depth + 1, &height) < 0 ||
	    measure_list(c, &n->any_of, depth + 1, &height) < 0 ||
	    measure_list(c, &n->one_of, depth + 1, &height) < 0)
		return -1;
	n->height = height;
	return 0;
}

int
rdl_schema_compile_doc(struct rdl_schema *s, struct rdl_err *err)
{
	struct compiler c = { s, RDL_BUF_INIT(RDL_FILE_MAX), 0, err };
	yyjson_val *root = yyjson_doc_get_root(s->doc);
	struct node *n;
	int rc = -1;

	rdl_buf_adds(&c.path, "");
	if (rdl_schema_too_deep(root))
		(void)rdl_schema_wrong(&c, "the schema is nested too deeply");
	else if (rdl_schema_compile_node(&c, root) != NULL)
		rc = 0;
	for (n = s->all; n != NULL && rc == 0; n = n->next)
		rc = measure(&c, n, 0);
	rdl_buf_release(&c.path);
	return rc;
}
