/*
 * What a reply schema allows, so that a dialect knows how it can be enforced.
 * Reads the schema's JSON text.  Does not check replies: record/schema does.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/json.h"
#include "model/dialect_impl.h"

/* A schema nested deeper than this is not enforced by the server. */
#define DEPTH_MAX 100

/* Members whose members or elements are schemas. */
static const char *const many[] = { "properties", "$defs", "definitions",
	"anyOf", "allOf", "oneOf", "prefixItems" };

/* Keywords that neither OpenAI's strict mode nor Anthropic takes. */
static const char *const refused[] = { "allOf", "oneOf", "not", "if", "then",
	"else", "patternProperties", "dependentRequired", "dependentSchemas",
	"propertyNames", "unevaluatedProperties", "unevaluatedItems",
	"prefixItems", "contains", "minContains", "maxContains",
	"minProperties", "maxProperties", "$dynamicRef" };

/* Bounds that one of them, or an older model, does not take. */
static const char *const bounds[] = { "minimum", "maximum",
	"exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
	"maxLength", "minItems", "maxItems", "uniqueItems" };

/* Of those, what OpenAI's strict mode does not take. */
static const char *const not_strict[] = { "minLength", "maxLength",
	"uniqueItems" };

static void walk(yyjson_val *s, int depth, struct rdl_dialect_traits *t);
static void strip(yyjson_mut_val *s, int depth);

static bool
has_any(yyjson_val *s, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (yyjson_obj_get(s, names[i]) != NULL)
			return true;
	return false;
}

static bool
is_object_schema(yyjson_val *s)
{
	yyjson_val *type = yyjson_obj_get(s, "type"), *v;
	size_t i, n;

	if (yyjson_obj_get(s, "properties") != NULL ||
	    yyjson_equals_str(type, "object"))
		return true;
	yyjson_arr_foreach(type, i, n, v)
		if (yyjson_equals_str(v, "object"))
			return true;
	return false;
}

static bool
is_required(yyjson_val *required, yyjson_val *name)
{
	yyjson_val *v;
	size_t i, n;

	yyjson_arr_foreach(required, i, n, v)
		if (yyjson_is_str(v) && yyjson_equals_strn(name,
		    yyjson_get_str(v), yyjson_get_len(v)))
			return true;
	return false;
}

static void
walk_object(yyjson_val *s, struct rdl_dialect_traits *t)
{
	yyjson_val *required = yyjson_obj_get(s, "required"), *name, *v;
	yyjson_val *properties = yyjson_obj_get(s, "properties");
	size_t i, n;

	if (!yyjson_is_false(yyjson_obj_get(s, "additionalProperties")))
		t->closed = t->strict = false;
	if (!yyjson_is_obj(properties))
		return;
	yyjson_obj_foreach(properties, i, n, name, v)
		if (!is_required(required, name))
			t->strict = false;
}

/* The schemas that are the members of an object, or elements of an array. */
static void
walk_all(yyjson_val *c, int depth, struct rdl_dialect_traits *t)
{
	yyjson_val *name, *v;
	size_t i, n;

	if (yyjson_is_obj(c)) {
		yyjson_obj_foreach(c, i, n, name, v)
			walk(v, depth, t);
	}
	yyjson_arr_foreach(c, i, n, v)
		walk(v, depth, t);
}

static void
walk(yyjson_val *s, int depth, struct rdl_dialect_traits *t)
{
	size_t i;

	/* "true" allows anything, open objects too. */
	if (!yyjson_is_obj(s) || depth > DEPTH_MAX ||
	    has_any(s, refused, RDL_NELEM(refused))) {
		t->closed = t->strict = false;
		return;
	}
	if (has_any(s, not_strict, RDL_NELEM(not_strict)))
		t->strict = false;
	if (is_object_schema(s))
		walk_object(s, t);
	for (i = 0; i < RDL_NELEM(many); i++)
		walk_all(yyjson_obj_get(s, many[i]), depth + 1, t);
	if (yyjson_obj_get(s, "items") != NULL)
		walk(yyjson_obj_get(s, "items"), depth + 1, t);
}

static void
strip_all(yyjson_mut_val *c, int depth)
{
	yyjson_mut_val *name, *v;
	size_t i, n;

	if (yyjson_mut_is_obj(c)) {
		yyjson_mut_obj_foreach(c, i, n, name, v)
			strip(v, depth);
	} else if (yyjson_mut_is_arr(c)) {
		yyjson_mut_arr_foreach(c, i, n, v)
			strip(v, depth);
	}
}

/* Take the bounds out of a schema, and of all within; a property may be
 * called "minimum" and stays. */
static void
strip(yyjson_mut_val *s, int depth)
{
	size_t i;

	if (!yyjson_mut_is_obj(s) || depth > DEPTH_MAX)
		return;
	for (i = 0; i < RDL_NELEM(bounds); i++)
		(void)yyjson_mut_obj_remove_key(s, bounds[i]);
	for (i = 0; i < RDL_NELEM(many); i++)
		strip_all(yyjson_mut_obj_get(s, many[i]), depth + 1);
	strip(yyjson_mut_obj_get(s, "items"), depth + 1);
}

/* The schema without bounds as text; free() it. */
static char *
without_bounds(yyjson_doc *doc, size_t *len)
{
	yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, &rdl_json_alc);
	char *text;

	if (copy == NULL)
		rdl_mem_exhausted(0);
	strip(yyjson_mut_doc_get_root(copy), 0);
	text = rdl_json_mut_write(copy, YYJSON_WRITE_NOFLAG, len);
	if (text == NULL)
		rdl_mem_exhausted(0);
	yyjson_mut_doc_free(copy);
	return text;
}

static void
look(yyjson_doc *doc, struct rdl_dialect_traits *t)
{
	yyjson_val *root = yyjson_doc_get_root(doc);

	*t = (struct rdl_dialect_traits){ true, true, NULL, 0 };
	walk(root, 0, t);
	if (!yyjson_equals_str(yyjson_obj_get(root, "type"), "object") ||
	    yyjson_obj_get(root, "anyOf") != NULL)
		t->strict = false;
	t->plain = without_bounds(doc, &t->plain_len);
}

int
rdl_dialect_schema_traits(const struct rdl_request *r,
    struct rdl_dialect_traits *out, struct rdl_err *err)
{
	static char *known;
	static size_t known_len;
	static struct rdl_dialect_traits traits;
	yyjson_doc *doc;

	if (known == NULL || known_len != r->schema_len ||
	    memcmp(known, r->schema, known_len) != 0) {
		doc = rdl_json_read(r->schema, r->schema_len,
		    YYJSON_READ_NOFLAG);
		if (doc == NULL)
			return rdl_err_set(err, RDL_E_USAGE,
			    "the schema of the reply is not JSON");
		free(known);
		free((char *)traits.plain);
		look(doc, &traits);
		known = rdl_mem_dup(r->schema, r->schema_len);
		known_len = r->schema_len;
		yyjson_doc_free(doc);
	}
	*out = traits;
	return 0;
}
