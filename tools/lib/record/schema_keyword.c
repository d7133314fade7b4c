/*
 * The keywords of JSON Schema that riddle has, each with its own check.
 * Reads the schema's document; writes fields of struct node.
 */
#include <string.h>

#include "record/schema_impl.h"

static int
skip(struct compiler *c, struct node *n, yyjson_val *v, void *field)
{
	(void)c;
	(void)n;
	(void)v;
	(void)field;
	return 0;
}

static int
compile_text(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	(void)n;
	(void)field;
	return yyjson_is_str(v) ? 0 : rdl_schema_wrong(c, "a string is wanted");
}

static int
compile_dialect(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	static const char want[] =
	    "https://json-schema.org/draft/2020-12/schema";

	(void)n;
	(void)field;
	if (!yyjson_equals_str(v, want) && !(yyjson_is_str(v) &&
	    yyjson_get_len(v) == sizeof(want) &&
	    memcmp(yyjson_get_str(v), want, sizeof(want) - 1) == 0 &&
	    yyjson_get_str(v)[sizeof(want) - 1] == '#'))
		return rdl_schema_wrong(c,
		    "another dialect than draft 2020-12 is not "
		    "supported");
	return 0;
}

static int
compile_id(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	if (n != c->s->root)
		return rdl_schema_wrong(c,
		    "keyword '$id' is not supported below the "
		    "root");
	return compile_text(c, n, v, field);
}

static int
compile_flag(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	(void)n;
	if (!yyjson_is_bool(v))
		return rdl_schema_wrong(c, "true or false is wanted");
	*(bool *)field = yyjson_get_bool(v);
	return 0;
}

static int
compile_annotation_flag(struct compiler *c, struct node *n,
    yyjson_val *v, void *field)
{
	bool ignored;

	(void)field;
	return compile_flag(c, n, v, &ignored);
}

static unsigned
type_bit(yyjson_val *v)
{
	static const char *const names[] = { "null", "boolean", "integer",
		"number", "string", "array", "object" };
	unsigned i;

	for (i = 0; i < RDL_NELEM(names); i++)
		if (yyjson_equals_str(v, names[i]))
			return 1U << i;
	return 0;
}

static int
compile_type(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	yyjson_val *t;
	size_t i, max;
	unsigned bit;

	(void)field;
	n->types = type_bit(v);
	if (yyjson_is_str(v) && n->types != 0)
		return 0;
	yyjson_arr_foreach(v, i, max, t) {
		bit = type_bit(t);
		if (bit == 0 || (n->types & bit) != 0)
			return rdl_schema_wrong(c,
			    "an unknown type, or one named twice");
		n->types |= bit;
	}
	return n->types != 0 ? 0 : rdl_schema_wrong(c,
	    "a type is wanted: null, boolean, "
	    "integer, number, string, array or object");
}

static int
compile_value(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	(void)c;
	(void)n;
	*(yyjson_val **)field = v;
	return 0;
}

static int
compile_enum(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	if (yyjson_arr_size(v) == 0)
		return rdl_schema_wrong(c,
		    "an array of at least one value is wanted");
	return compile_value(c, n, v, field);
}

static int
compile_number(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	if (!rdl_schema_is_number(v))
		return rdl_schema_wrong(c, "a number is wanted");
	return compile_value(c, n, v, field);
}

static int
compile_divisor(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	if (!rdl_schema_is_number(v) || !rdl_schema_is_divisor(v))
		return rdl_schema_wrong(c,
		    "a positive number of at most 17 digits is "
		    "wanted");
	return compile_value(c, n, v, field);
}

static int
compile_count(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	uint64_t *count = field;

	(void)n;
	if (!rdl_schema_is_number(v) || !rdl_schema_is_integer(v) ||
	    (yyjson_is_raw(v) ? yyjson_get_raw(v)[0] == '-' :
	    yyjson_get_num(v) < 0))
		return rdl_schema_wrong(c, "a whole number from 0 is wanted");
	if (yyjson_is_raw(v) || yyjson_get_num(v) >= 9e18)
		*count = UINT64_MAX;
	else
		*count = yyjson_is_real(v) ? (uint64_t)yyjson_get_real(v) :
		    yyjson_get_uint(v);
	return 0;
}

static int
compile_pattern(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	struct rdl_err why = RDL_ERR_INIT;

	(void)n;
	if (!yyjson_is_str(v))
		return rdl_schema_wrong(c, "a string is wanted");
	if (rdl_schema_regex_compile(field, v, &why) < 0)
		return rdl_schema_wrong(c, why.msg);
	return 0;
}

/* An array of strings, none twice. */
static int
check_names(struct compiler *c, yyjson_val *v)
{
	yyjson_val *name, *other;
	size_t i, max, j, jmax;

	if (!yyjson_is_arr(v))
		return rdl_schema_wrong(c, "an array of names is wanted");
	yyjson_arr_foreach(v, i, max, name) {
		if (!yyjson_is_str(name))
			return rdl_schema_wrong(c,
			    "an array of names is wanted");
		yyjson_arr_foreach(v, j, jmax, other)
			if (j < i && rdl_schema_equal(name, other))
				return rdl_schema_wrong(c,
				    "a name stands twice");
	}
	return 0;
}

static int
compile_names(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	if (check_names(c, v) < 0)
		return -1;
	return compile_value(c, n, v, field);
}

static int
compile_dependent(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	size_t i, max, before;
	yyjson_val *key, *names;

	if (!yyjson_is_obj(v))
		return rdl_schema_wrong(c, "an object is wanted");
	yyjson_obj_foreach(v, i, max, key, names) {
		before = rdl_schema_enter(c, yyjson_get_str(key),
		    yyjson_get_len(key));
		if (check_names(c, names) < 0)
			return -1;
		rdl_schema_leave(c, before);
	}
	return compile_value(c, n, v, field);
}

static int
compile_one(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	struct node **to = field;

	(void)n;
	*to = rdl_schema_compile_node(c, v);
	return *to == NULL ? -1 : 0;
}

static int
compile_list(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	struct list *list = field;
	size_t i, max, before;
	yyjson_val *sub;

	(void)n;
	if (yyjson_arr_size(v) == 0)
		return rdl_schema_wrong(c,
		    "an array of at least one schema is wanted");
	list->v = rdl_arena_alloc(&c->s->arena,
	    yyjson_arr_size(v) * sizeof(*list->v));
	yyjson_arr_foreach(v, i, max, sub) {
		before = rdl_schema_enter_index(c, i);
		if ((list->v[i] = rdl_schema_compile_node(c, sub)) == NULL)
			return -1;
		rdl_schema_leave(c, before);
		list->n++;
	}
	return 0;
}

/* Members of an object as schemas by name; field is NULL for $defs, whose
 * schemas are compiled for their errors only. */
static int
compile_map(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	struct rdl_map *map = field;
	struct node *sub;
	size_t i, max, before;
	yyjson_val *key, *val;
	int made = 1;

	if (!yyjson_is_obj(v))
		return rdl_schema_wrong(c, "an object of schemas is wanted");
	yyjson_obj_foreach(v, i, max, key, val) {
		before = rdl_schema_enter(c, yyjson_get_str(key),
		    yyjson_get_len(key));
		if ((sub = rdl_schema_compile_node(c, val)) == NULL)
			return -1;
		if (field != n)
			rdl_map_put(map, yyjson_get_str(key),
			    yyjson_get_len(key), &made)->value =
			    (uintptr_t)sub;
		if (!made)
			return rdl_schema_wrong(c, "the name stands twice");
		rdl_schema_leave(c, before);
	}
	return 0;
}

static int
compile_by_pattern(struct compiler *c, struct node *n,
    yyjson_val *v, void *field)
{
	struct list *list = field;
	struct rdl_err why = RDL_ERR_INIT;
	size_t i, max, before;
	yyjson_val *key, *val;

	if (!yyjson_is_obj(v))
		return rdl_schema_wrong(c, "an object of schemas is wanted");
	n->name_patterns = rdl_arena_alloc(&c->s->arena,
	    yyjson_obj_size(v) * sizeof(*n->name_patterns));
	list->v = rdl_arena_alloc(&c->s->arena,
	    yyjson_obj_size(v) * sizeof(*list->v));
	yyjson_obj_foreach(v, i, max, key, val) {
		before = rdl_schema_enter(c, yyjson_get_str(key),
		    yyjson_get_len(key));
		if (rdl_schema_regex_compile(&n->name_patterns[i], key,
		    &why) < 0)
			return rdl_schema_wrong(c, why.msg);
		list->n++;
		if ((list->v[i] = rdl_schema_compile_node(c, val)) == NULL)
			return -1;
		rdl_schema_leave(c, before);
	}
	return 0;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undo the percent-encoding of a URI fragment. */
static void
decode_fragment(const char *p, size_t len, struct rdl_buf *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == '%' && i + 2 < len && hex_digit(p[i + 1]) >= 0 &&
		    hex_digit(p[i + 2]) >= 0) {
			rdl_buf_addc(out, (char)(hex_digit(p[i + 1]) * 16 +
			    hex_digit(p[i + 2])));
			i += 2;
		} else
			rdl_buf_addc(out, p[i]);
	}
}

static int
compile_ref(struct compiler *c, struct node *n, yyjson_val *v,
    void *field)
{
	const char *uri = yyjson_get_str(v);
	struct rdl_buf fragment = RDL_BUF_INIT(RDL_FILE_MAX), here = c->path;
	yyjson_val *root = yyjson_doc_get_root(c->s->doc), *target;
	int rc = -1;

	if (uri == NULL)
		return rdl_schema_wrong(c, "a string is wanted");
	if (uri[0] != '#' || (uri[1] != '/' && uri[1] != '\0'))
		return rdl_schema_wrong(c,
		    "a $ref to anything but '#/...' in this "
		    "schema is not supported");
	decode_fragment(uri + 1, yyjson_get_len(v) - 1, &fragment);
	target = fragment.len == 0 ? root :
	    yyjson_ptr_getn(root, fragment.p, fragment.len);
	if (target == NULL) {
		rdl_buf_release(&fragment);
		return rdl_schema_wrong(c, "$ref names no part of this schema");
	}
	/* What is wrong there is reported as standing there. */
	rdl_buf_init(&c->path, RDL_FILE_MAX);
	rdl_buf_add(&c->path, fragment.p, fragment.len);
	rc = compile_one(c, n, target, field);
	if (rc == 0) {
		rdl_buf_release(&c->path);
		c->path = here;
	} else
		rdl_buf_release(&here);
	rdl_buf_release(&fragment);
	return rc;
}

#define FIELD(f) offsetof(struct node, f)

const struct keyword rdl_schema_keywords[] = {
	{ "$schema", compile_dialect, 0 },
	{ "$id", compile_id, 0 },
	{ "$comment", compile_text, 0 },
	{ "title", compile_text, 0 },
	{ "description", compile_text, 0 },
	{ "format", compile_text, 0 },
	{ "default", skip, 0 },
	{ "examples", skip, 0 },
	{ "deprecated", compile_annotation_flag, 0 },
	{ "readOnly", compile_annotation_flag, 0 },
	{ "writeOnly", compile_annotation_flag, 0 },
	{ "$defs", compile_map, 0 },
	{ "$ref", compile_ref, FIELD(ref) },
	{ "type", compile_type, 0 },
	{ "enum", compile_enum, FIELD(choices) },
	{ "const", compile_value, FIELD(constant) },
	{ "minimum", compile_number, FIELD(minimum) },
	{ "maximum", compile_number, FIELD(maximum) },
	{ "exclusiveMinimum", compile_number, FIELD(above) },
	{ "exclusiveMaximum", compile_number, FIELD(below) },
	{ "multipleOf", compile_divisor, FIELD(multiple) },
	{ "minLength", compile_count, FIELD(chars.lo) },
	{ "maxLength", compile_count, FIELD(chars.hi) },
	{ "pattern", compile_pattern, FIELD(pattern) },
	{ "minItems", compile_count, FIELD(elements.lo) },
	{ "maxItems", compile_count, FIELD(elements.hi) },
	{ "uniqueItems", compile_flag, FIELD(unique) },
	{ "prefixItems", compile_list, FIELD(prefix) },
	{ "items", compile_one, FIELD(items) },
	{ "contains", compile_one, FIELD(contains) },
	{ "minContains", compile_count, FIELD(matches.lo) },
	{ "maxContains", compile_count, FIELD(matches.hi) },
	{ "minProperties", compile_count, FIELD(members.lo) },
	{ "maxProperties", compile_count, FIELD(members.hi) },
	{ "properties", compile_map, FIELD(properties) },
	{ "patternProperties", compile_by_pattern, FIELD(by_pattern) },
	{ "additionalProperties", compile_one, FIELD(additional) },
	{ "propertyNames", compile_one, FIELD(names) },
	{ "required", compile_names, FIELD(required) },
	{ "dependentRequired", compile_dependent, FIELD(dependent) },
	{ "allOf", compile_list, FIELD(all_of) },
	{ "anyOf", compile_list, FIELD(any_of) },
	{ "oneOf", compile_list, FIELD(one_of) },
	{ "not", compile_one, FIELD(negated) },
	{ "if", compile_one, FIELD(condition) },
	{ "then", compile_one, FIELD(if_true) },
	{ "else", compile_one, FIELD(if_false) },
	{ NULL, NULL, 0 }
};
