/*
 * Checking a value against a compiled schema.
 * Reads schema and value; writes the reason why one does not fit the other.
 * Does not allocate unless it fails, compares texts or looks for twins.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/schema_impl.h"

static bool
fits(const struct node *n, yyjson_val *v, const struct place *at,
    struct walk *c);

static unsigned
types_of(yyjson_val *v)
{
	if (rdl_schema_is_number(v))
		return rdl_schema_is_integer(v) ? TYPE_INTEGER | TYPE_NUMBER :
		    TYPE_NUMBER;
	return yyjson_is_str(v) ? TYPE_STRING : yyjson_is_arr(v) ? TYPE_ARRAY :
	    yyjson_is_obj(v) ? TYPE_OBJECT : yyjson_is_null(v) ? TYPE_NULL :
	    TYPE_BOOLEAN;
}

static bool
fits_choices(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	struct rdl_buf list = RDL_BUF_INIT(300);
	yyjson_val *choice;
	size_t i, max;

	yyjson_arr_foreach(n->choices, i, max, choice)
		if (rdl_schema_equal(v, choice))
			return true;
	if (c->quiet > 0)
		return false;
	yyjson_arr_foreach(n->choices, i, max, choice) {
		if (list.len > 200) {
			rdl_buf_adds(&list, ", ...");
			break;
		}
		rdl_buf_adds(&list, i > 0 ? ", " : "");
		rdl_schema_show(&list, choice);
	}
	(void)rdl_schema_unfit(c, at, "%v is not one of %s", v, list.p);
	rdl_buf_release(&list);
	return false;
}

static bool
fits_number(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	if (n->minimum != NULL && rdl_schema_compare(v, n->minimum) < 0)
		return rdl_schema_unfit(c, at,
		    "%v is less than the minimum %v", v,
		    n->minimum);
	if (n->maximum != NULL && rdl_schema_compare(v, n->maximum) > 0)
		return rdl_schema_unfit(c, at,
		    "%v is greater than the maximum %v", v,
		    n->maximum);
	if (n->above != NULL && rdl_schema_compare(v, n->above) <= 0)
		return rdl_schema_unfit(c, at, "%v is not greater than %v", v,
		    n->above);
	if (n->below != NULL && rdl_schema_compare(v, n->below) >= 0)
		return rdl_schema_unfit(c, at, "%v is not less than %v", v,
		    n->below);
	if (n->multiple != NULL && !rdl_schema_is_multiple(v, n->multiple))
		return rdl_schema_unfit(c, at, "%v is not a multiple of %v", v,
		    n->multiple);
	return true;
}

static bool
fits_range(const struct range *r, size_t n, const char *what,
    const struct place *at, struct walk *c)
{
	if (n < r->lo)
		return rdl_schema_unfit(c, at, "%u %s, at least %u are wanted",
		    n, what,
		    (size_t)r->lo);
	if (n > r->hi)
		return rdl_schema_unfit(c, at, "%u %s, at most %u are allowed",
		    n, what,
		    (size_t)r->hi);
	return true;
}

/* 1 if the text matches, 0 if not; a search that was given up is a fault. */
static bool
matches(const struct regex *re, const char *p, size_t len,
    const struct place *at, struct walk *c)
{
	int rc = rdl_schema_regex_match(re, p, len);

	if (rc < 0)
		return rdl_schema_fault(c, at,
		    "the search for a pattern took too long");
	return rc > 0;
}

static bool
fits_string(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	const char *p = yyjson_get_str(v);
	size_t len = yyjson_get_len(v), chars = 0, i;

	if (n->chars.lo > 0 || n->chars.hi < UINT64_MAX) {
		for (i = 0; i < len; i++)
			chars += ((unsigned char)p[i] & 0xc0) != 0x80;
		if (!fits_range(&n->chars, chars, "characters", at, c))
			return false;
	}
	if (n->pattern.code != NULL && !matches(&n->pattern, p, len, at, c))
		return rdl_schema_unfit(c, at,
		    "%v does not match the pattern %s", v,
		    n->pattern.text);
	return true;
}

struct hashed {
	uint64_t hash;
	size_t index;
	yyjson_val *v;
};

static int
by_hash(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static bool
fits_unique(yyjson_val *v, const struct place *at, struct walk *c)
{
	size_t n = yyjson_arr_size(v), i, j, max;
	struct hashed *h = rdl_mem_calloc(n, sizeof(*h));
	bool ok = true;
	yyjson_val *x;

	yyjson_arr_foreach(v, i, max, x)
		h[i] = (struct hashed){ rdl_schema_hash(x), i, x };
	qsort(h, n, sizeof(*h), by_hash);
	for (i = 0; i < n && ok; i++)
		for (j = i + 1; j < n && ok && h[j].hash == h[i].hash; j++)
			if (rdl_schema_equal(h[i].v, h[j].v))
				ok = rdl_schema_unfit(c, at,
				    "elements %u and %u are equal",
				    h[i].index, h[j].index);
	free(h);
	return ok;
}

static bool
fits_contains(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	struct place below = { .up = at, .depth = at->depth + 1 };
	size_t count = 0, max;
	yyjson_val *x;

	c->quiet++;
	yyjson_arr_foreach(v, below.index, max, x)
		count += fits(n->contains, x, &below, c);
	c->quiet--;
	return fits_range(&n->matches, count, "elements fit 'contains'", at, c);
}

static bool
fits_array(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	struct place below = { .up = at, .depth = at->depth + 1 };
	const struct node *sub;
	yyjson_val *x;
	size_t max;

	if (!fits_range(&n->elements, yyjson_arr_size(v), "elements", at, c))
		return false;
	if (n->prefix.n > 0 || n->items != NULL)
		yyjson_arr_foreach(v, below.index, max, x) {
			sub = below.index < n->prefix.n ?
			    n->prefix.v[below.index] : n->items;
			if (sub != NULL && !fits(sub, x, &below, c))
				return false;
		}
	if (n->unique && !fits_unique(v, at, c))
		return false;
	return n->contains == NULL || fits_contains(n, v, at, c);
}

static bool
fits_required(yyjson_val *names, yyjson_val *v, const char *because,
    const struct place *at, struct walk *c)
{
	yyjson_val *name;
	size_t i, max;

	yyjson_arr_foreach(names, i, max, name) {
		if (yyjson_obj_getn(v, yyjson_get_str(name),
		    yyjson_get_len(name)) != NULL)
			continue;
		return because == NULL ?
		    rdl_schema_unfit(c, at, "the member %v is missing", name) :
		    rdl_schema_unfit(c, at,
		    "the member %v is missing, which '%s' asks "
		    "for", name, because);
	}
	return true;
}

static bool
fits_dependent(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	yyjson_val *key, *names;
	size_t i, max;

	if (n->dependent == NULL)
		return true;
	yyjson_obj_foreach(n->dependent, i, max, key, names)
		if (yyjson_obj_getn(v, yyjson_get_str(key),
		    yyjson_get_len(key)) != NULL &&
		    !fits_required(names, v, yyjson_get_str(key), at, c))
			return false;
	return true;
}

/* The schemas of one member: by its name, by patterns, or the one for the
 * rest. */
static bool
fits_member(const struct node *n, yyjson_val *key, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	const char *name = yyjson_get_str(key);
	size_t len = yyjson_get_len(key), i;
	const struct place below = { at, name, len, 0, at->depth + 1 };
	const struct rdl_map_entry *e = rdl_map_get(&n->properties, name, len);
	bool known = e != NULL;

	if (n->names != NULL && !fits(n->names, key, &below, c))
		return c->quiet > 0 || c->fault ? false :
		    (rdl_err_prefix(c->err, "a name does not fit"), false);
	if (e != NULL && !fits((const struct node *)
	    (uintptr_t)e->value, v, &below, c))
		return false;
	for (i = 0; i < n->by_pattern.n; i++) {
		if (!matches(&n->name_patterns[i], name, len, &below, c))
			continue;
		known = true;
		if (!fits(n->by_pattern.v[i], v, &below, c))
			return false;
	}
	if (known || n->additional == NULL)
		return !c->fault;
	if (n->additional->never)
		return rdl_schema_unfit(c, at, "the member %v is not allowed",
		    key);
	return fits(n->additional, v, &below, c);
}

static bool
fits_object(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	yyjson_val *key, *val;
	size_t i, max;

	if (!fits_range(&n->members, yyjson_obj_size(v), "members", at, c) ||
	    !fits_required(n->required, v, NULL, at, c) ||
	    !fits_dependent(n, v, at, c))
		return false;
	if (n->properties.count == 0 && n->by_pattern.n == 0 &&
	    n->additional == NULL && n->names == NULL)
		return true;
	yyjson_obj_foreach(v, i, max, key, val)
		if (!fits_member(n, key, val, at, c))
			return false;
	return true;
}

/* On failure, the reason is that of the alternative that came furthest. */
static bool
fits_any(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	struct rdl_err *best = NULL;
	size_t i, depth = 0;
	bool ok = false;

	for (i = 0; i < n->any_of.n && !ok && !c->fault; i++) {
		ok = fits(n->any_of.v[i], v, at, c);
		if (ok || c->quiet > 0 || c->fault)
			continue;
		if (best == NULL)
			best = rdl_mem_calloc(1, sizeof(*best));
		if (best->cls == RDL_E_NONE || c->depth > depth) {
			*best = *c->err;
			depth = c->depth;
		}
	}
	if (!ok && best != NULL && !c->fault) {
		(void)rdl_schema_unfit(c, at,
		    "fits none of the %u alternatives of anyOf; "
		    "the nearest: %s", n->any_of.n, best->msg);
		c->depth = depth;
	}
	free(best);
	return ok && !c->fault;
}

static bool
fits_one(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	size_t i, count = 0;

	c->quiet++;
	for (i = 0; i < n->one_of.n; i++)
		count += fits(n->one_of.v[i], v, at, c);
	c->quiet--;
	return count == 1 || rdl_schema_unfit(c, at,
	    "fits %u of the %u alternatives of "
	    "oneOf, one is wanted", count, n->one_of.n);
}

static bool
fits_combined(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	const struct node *branch;
	size_t i;
	bool yes;

	if (n->ref != NULL && !fits(n->ref, v, at, c))
		return false;
	for (i = 0; i < n->all_of.n; i++)
		if (!fits(n->all_of.v[i], v, at, c))
			return false;
	if (n->any_of.n > 0 && !fits_any(n, v, at, c))
		return false;
	if (n->one_of.n > 0 && !fits_one(n, v, at, c))
		return false;
	c->quiet++;
	yes = n->negated != NULL && fits(n->negated, v, at, c);
	c->quiet--;
	if (yes)
		return rdl_schema_unfit(c, at,
		    "%v fits the schema under 'not'", v);
	if (n->condition == NULL)
		return true;
	c->quiet++;
	branch = fits(n->condition, v, at, c) ? n->if_true : n->if_false;
	c->quiet--;
	return branch == NULL || fits(branch, v, at, c);
}

static bool
fits_kind(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	if (rdl_schema_is_number(v))
		return fits_number(n, v, at, c);
	if (yyjson_is_str(v))
		return fits_string(n, v, at, c);
	if (yyjson_is_arr(v))
		return fits_array(n, v, at, c);
	return !yyjson_is_obj(v) || fits_object(n, v, at, c);
}

/* True if v fits the schema n. */
static bool
fits(const struct node *n, yyjson_val *v, const struct place *at,
    struct walk *c)
{
	bool ok;

	if (n->never)
		return rdl_schema_unfit(c, at, "nothing is allowed here");
	if (c->steps >= RDL_SCHEMA_STEPS_MAX)
		return rdl_schema_fault(c, at, "the schema goes too deep here");
	if (n->types != 0 && (n->types & types_of(v)) == 0)
		return rdl_schema_wrong_type(n, v, at, c);
	if (n->constant != NULL && !rdl_schema_equal(v, n->constant))
		return rdl_schema_unfit(c, at, "%v is not %v", v, n->constant);
	if (n->choices != NULL && !fits_choices(n, v, at, c))
		return false;
	c->steps++;
	ok = fits_kind(n, v, at, c) && fits_combined(n, v, at, c);
	c->steps--;
	return ok && !c->fault;
}

int
rdl_schema_check(const struct rdl_schema *s, yyjson_val *v,
    struct rdl_err *err)
{
	const struct place record = { NULL, NULL, 0, 0, 0 };
	struct walk c = { .err = err };

	if (rdl_schema_too_deep(v)) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "nested deeper than %d levels", RDL_DEPTH_MAX);
		return 0;
	}
	if (!fits(s->root, v, &record, &c) || c.fault)
		return 0;
	rdl_err_clear(err);
	return 1;
}
