/*
 * Filling a template with a row.
 * Reads the compiled template and the row; writes messages into an arena.
 * What a row holds is only ever text: it is not looked at for tags or roles.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/json.h"
#include "record/prompt_impl.h"

/* Where names are looked up: the row, or one element of an array. */
struct scope {
	const struct scope *up;	/* NULL for the row */
	yyjson_val *value;
	const struct path *array;	/* of #each */
	size_t index, count;	/* of the element */
};

struct render {
	const struct rdl_prompt *p;
	struct rdl_arena *arena;
	struct rdl_err *err;
	struct rdl_buf text;	/* of the part being written */
	/* text[data_first..data_last) is left as it is: it begins and ends
	 * with what came from the row.  Nothing did if data_last is 0. */
	size_t data_first, data_last;
	struct rdl_part *parts;	/* of the message being written */
	size_t nparts;
	struct rdl_messages messages;
	enum rdl_role role;
};

static int
run(struct render *r, const struct node *n, const struct scope *s);

static int
wrong(struct render *r, const struct node *n, const struct path *path,
    const char *fmt)
{
	char what[256];
	size_t len = path->text.len < 128 ? path->text.len : 128;
	const char *at = strchr(fmt, '@');

	/* '@' in fmt is the field as the prompt names it. */
	(void)snprintf(what, sizeof(what), "%.*s'%.*s'%s", (int)(at - fmt),
	    fmt, (int)len, path->text.p, at + 1);
	return rdl_err_set(r->err, RDL_E_INPUT, "%s:%zu: %s", r->p->name,
	    n->line, what);
}

/* The member of v, or the element if v is an array. */
static yyjson_val *
step(yyjson_val *v, struct segment s)
{
	size_t i, n = 0;

	if (!yyjson_is_arr(v))
		return yyjson_obj_getn(v, s.p, s.len);
	for (i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || n > yyjson_arr_size(v))
			return NULL;
		n = n * 10 + (size_t)(s.p[i] - '0');
	}
	return yyjson_arr_get(v, n);
}

/* The value at a path, or NULL if there is none. */
static yyjson_val *
look_up(const struct render *r, const struct path *path, const struct scope *s)
{
	yyjson_val *v;
	size_t i;

	for (i = 0; i < path->up; i++)
		if ((s = s->up) == NULL)
			return NULL;
	v = s->value;
	for (i = 0; i < path->n && v != NULL; i++) {
		v = step(v, path->v[i]);
		if (v == NULL && i == 0 && s->up == NULL)
			v = step(r->p->defaults, path->v[i]);
	}
	return v;
}

static int
missing(struct render *r, const struct node *n, const struct path *path,
    const struct scope *s)
{
	size_t i;

	for (i = 0; i < path->up && s != NULL; i++)
		s = s->up;
	if (s == NULL)
		return wrong(r, n, path, "@ leads out of the row");
	if (s->up == NULL)
		return wrong(r, n, path, "the row has no field @");
	return rdl_err_set(r->err, RDL_E_INPUT, "%s:%zu: element %zu of "
	    "'%.*s' has no field '%.*s'", r->p->name, n->line, s->index,
	    (int)(s->array->text.len < 128 ? s->array->text.len : 128),
	    s->array->text.p,
	    (int)(path->text.len < 128 ? path->text.len : 128),
	    path->text.p);
}

/* Add text of the row. */
static void
add_data(struct render *r, const char *p, size_t len)
{
	if (len == 0)
		return;
	if (r->data_last == 0)
		r->data_first = r->text.len;
	rdl_buf_add(&r->text, p, len);
	r->data_last = r->text.len;
}

static int
add_json(struct render *r, yyjson_val *v)
{
	size_t len;
	char *text = rdl_json_val_write(v, YYJSON_WRITE_NOFLAG, &len);

	if (text == NULL)
		return rdl_err_set(r->err, RDL_E_INPUT,
		    "%s: a value cannot be printed as JSON", r->p->name);
	add_data(r, text, len);
	free(text);
	return 0;
}

/* @index, @first and @last of the innermost #each. */
static int
special(struct render *r, const struct node *n, const struct path *path,
    const struct scope *s, size_t *value)
{
	if (s->up == NULL)
		return wrong(r, n, path, "@ stands outside of #each");
	*value = path->root == PATH_INDEX ? s->index :
	    path->root == PATH_FIRST ? s->index == 0 :
	    s->index + 1 == s->count;
	return 0;
}

static int
run_special(struct render *r, const struct node *n, const struct scope *s)
{
	struct rdl_buf text = RDL_BUF_INIT(32);
	size_t value = 0;

	if (special(r, n, &n->path, s, &value) < 0)
		return -1;
	if (n->path.root == PATH_INDEX)
		rdl_buf_addu(&text, value);
	else
		rdl_buf_adds(&text, value ? "true" : "false");
	add_data(r, text.p, text.len);
	rdl_buf_release(&text);
	return 0;
}

static int
run_value(struct render *r, const struct node *n, const struct scope *s)
{
	yyjson_val *v;

	if (n->path.root != PATH_HERE)
		return run_special(r, n, s);
	if ((v = look_up(r, &n->path, s)) == NULL)
		return missing(r, n, &n->path, s);
	if (n->op == OP_JSON)
		return add_json(r, v);
	if (yyjson_is_str(v)) {
		add_data(r, yyjson_get_str(v), yyjson_get_len(v));
		return 0;
	}
	if (yyjson_is_null(v))
		return wrong(r, n, &n->path, "the field @ is null");
	if (yyjson_is_ctn(v))
		return wrong(r, n, &n->path, yyjson_is_arr(v) ?
		    "the field @ is an array; write json before its name, or "
		    "#each" : "the field @ is an object; write json before "
		    "its name");
	return add_json(r, v);
}

/* End the part of text that is being written.  Blank lines at its ends go,
 * unless they came from the row. */
static void
end_text(struct render *r)
{
	size_t from = 0, to = r->text.len, i, last = r->data_last;
	size_t first = last > 0 ? r->data_first : to;
	struct rdl_part *part;

	for (i = 0; i < first && strchr(" \t\r\n", r->text.p[i]) != NULL; i++)
		if (r->text.p[i] == '\n')
			from = i + 1;
	if (i == to)
		from = to;	/* nothing but blanks */
	for (i = to; i > last && i > from &&
	    strchr(" \t\r\n", r->text.p[i - 1]) != NULL; i--)
		if (r->text.p[i - 1] == '\n')
			to = i - 1;
	if (to > from && r->text.p[to - 1] == '\r' && to > last)
		to--;
	if (to > from) {
		r->parts = rdl_mem_realloc(r->parts, r->nparts + 1,
		    sizeof(*r->parts));
		part = &r->parts[r->nparts++];
		memset(part, 0, sizeof(*part));
		part->text = rdl_arena_dup(r->arena, r->text.p + from,
		    to - from);
		part->len = to - from;
	}
	rdl_buf_reset(&r->text);
	r->data_first = r->data_last = 0;
}

static void
end_message(struct render *r)
{
	struct rdl_message *m;

	end_text(r);
	if (r->nparts == 0)
		return;
	r->messages.v = rdl_mem_realloc(r->messages.v, r->messages.n + 1,
	    sizeof(*r->messages.v));
	m = &r->messages.v[r->messages.n++];
	m->role = r->role;
	m->nparts = r->nparts;
	m->parts = rdl_arena_alloc(r->arena, r->nparts * sizeof(*r->parts));
	memcpy(m->parts, r->parts, r->nparts * sizeof(*r->parts));
	r->nparts = 0;
}

/* A field that must be a string. */
static yyjson_val *
string_at(struct render *r, const struct node *n, const struct path *path,
    const struct scope *s)
{
	yyjson_val *v = look_up(r, path, s);

	if (path->root != PATH_HERE || (v != NULL && !yyjson_is_str(v))) {
		(void)wrong(r, n, path, "the field @ is not a string");
		return NULL;
	}
	if (v == NULL)
		(void)missing(r, n, path, s);
	return v;
}

static int
run_media(struct render *r, const struct node *n, const struct scope *s)
{
	struct rdl_part part = { .is_media = true };
	yyjson_val *v;

	if ((v = string_at(r, n, &n->path, s)) == NULL)
		return -1;
	if (yyjson_get_len(v) == 0)
		return wrong(r, n, &n->path, "the field @ is empty, an image "
		    "is wanted");
	part.text = yyjson_get_str(v);
	part.len = yyjson_get_len(v);
	if (n->captioned) {
		if ((v = string_at(r, n, &n->caption, s)) == NULL)
			return -1;
		part.caption = yyjson_get_str(v);
		part.caption_len = yyjson_get_len(v);
	}
	end_text(r);
	r->parts = rdl_mem_realloc(r->parts, r->nparts + 1,
	    sizeof(*r->parts));
	r->parts[r->nparts++] = part;
	return 0;
}

/* False: missing, null, false, 0, "" and []. */
static bool
is_true(yyjson_val *v)
{
	if (yyjson_is_str(v))
		return yyjson_get_len(v) > 0;
	if (yyjson_is_arr(v))
		return yyjson_arr_size(v) > 0;
	if (yyjson_is_num(v))
		return yyjson_get_num(v) < 0 || yyjson_get_num(v) > 0;
	return yyjson_is_obj(v) || yyjson_is_raw(v) || yyjson_is_true(v);
}

static int
run_if(struct render *r, const struct node *n, const struct scope *s)
{
	size_t value = 0;
	bool yes;

	if (n->path.root == PATH_HERE)
		yes = is_true(look_up(r, &n->path, s));
	else if (special(r, n, &n->path, s, &value) < 0)
		return -1;
	else
		yes = value > 0;
	return run(r, yes == (n->op == OP_IF) ? n->body : n->otherwise, s);
}

static int
run_each(struct render *r, const struct node *n, const struct scope *s)
{
	struct scope inner = { .up = s, .array = &n->path };
	yyjson_val *v;
	size_t max;

	v = n->path.root == PATH_HERE ? look_up(r, &n->path, s) : NULL;
	if (v == NULL && n->path.root == PATH_HERE)
		return missing(r, n, &n->path, s);
	if (!yyjson_is_arr(v))
		return wrong(r, n, &n->path, "the field @ is not an array");
	inner.count = yyjson_arr_size(v);
	if (inner.count == 0)
		return run(r, n->otherwise, s);
	yyjson_arr_foreach(v, inner.index, max, inner.value)
		if (run(r, n->body, &inner) < 0)
			return -1;
	return 0;
}

/* Run a list of nodes.  Blocks nest at most as deep as the parser let them. */
static int
run(struct render *r, const struct node *n, const struct scope *s)
{
	int rc = 0;

	for (; n != NULL && rc == 0; n = n->next) {
		switch (n->op) {
		case OP_TEXT:
			rdl_buf_add(&r->text, n->text.p, n->text.len);
			break;
		case OP_VALUE:
		case OP_JSON:
			rc = run_value(r, n, s);
			break;
		case OP_MEDIA:
			rc = run_media(r, n, s);
			break;
		case OP_ROLE:
			end_message(r);
			r->role = n->role;
			break;
		case OP_IF:
		case OP_UNLESS:
			rc = run_if(r, n, s);
			break;
		case OP_EACH:
			rc = run_each(r, n, s);
			break;
		}
		if (rc == 0 && rdl_buf_full(&r->text))
			rc = rdl_err_set(r->err, RDL_E_INPUT,
			    "%s:%zu: the prompt grows beyond %zu bytes",
			    r->p->name, n->line, r->text.max);
	}
	return rc;
}

int
rdl_prompt_render(const struct rdl_prompt *p, yyjson_val *row,
    struct rdl_arena *arena, struct rdl_messages *out, struct rdl_err *err)
{
	struct render r = { .p = p, .arena = arena, .err = err,
	    .text = RDL_BUF_INIT(RDL_BODY_MAX), .role = RDL_ROLE_USER };
	const struct scope scope = { .value = row };
	int rc = -1;

	*out = (struct rdl_messages){ NULL, 0 };
	if (p->input != NULL && rdl_schema_check(p->input, row, err) == 0)
		return rdl_err_prefix(err, "%s: the row does not fit "
		    "input.schema", p->name);
	if (run(&r, p->template, &scope) < 0)
		goto out;
	end_message(&r);
	if (r.messages.n == 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "%s: the prompt is empty for this row", p->name);
		goto out;
	}
	out->n = r.messages.n;
	out->v = rdl_arena_alloc(arena, out->n * sizeof(*out->v));
	memcpy(out->v, r.messages.v, out->n * sizeof(*out->v));
	rc = 0;
out:
	free(r.messages.v);
	free(r.parts);
	rdl_buf_release(&r.text);
	return rc;
}
