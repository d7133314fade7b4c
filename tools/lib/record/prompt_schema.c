/*
 * Picoschema, dotprompt's short form, to JSON Schema.
 * Reads and extends the document of the front matter.
 * https://google.github.io/dotprompt/reference/picoschema; named schemas
 * are not here, since there is nothing that could name one.
 */
#include <string.h>

#include "record/prompt_impl.h"

static yyjson_mut_val *
convert(struct front *f, yyjson_mut_val *v, struct rdl_err *err);

/* A name as Picoschema writes it: name?(type, description). */
struct field {
	struct segment name, type, text;
	bool optional;
};

static struct segment
trimmed(const char *p, size_t len)
{
	struct segment s = { p, len };

	while (s.len > 0 && strchr(" \t\r\n", s.p[0]) != NULL) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && strchr(" \t\r\n", s.p[s.len - 1]) != NULL)
		s.len--;
	return s;
}

/* Split "type, description". */
static void
split(const char *p, size_t len, struct segment *type, struct segment *text)
{
	const char *comma = len > 0 ? memchr(p, ',', len) : NULL;
	size_t n = comma != NULL ? (size_t)(comma - p) : len;

	*type = trimmed(p, n);
	*text = comma != NULL ? trimmed(comma + 1, len - n - 1) :
	    (struct segment){ p, 0 };
}

static bool
is(struct segment s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.p, word, s.len) == 0;
}

static void
add_text(struct front *f, yyjson_mut_val *obj, const char *name,
    struct segment s)
{
	(void)yyjson_mut_obj_add_strncpy(f->doc, obj, name, s.p, s.len);
}

/* "string, what it is for" */
static yyjson_mut_val *
convert_scalar(struct front *f, yyjson_mut_val *v, struct rdl_err *err)
{
	static const char *const types[] = { "string", "number", "integer",
		"boolean", "null", "any" };
	yyjson_mut_val *obj = yyjson_mut_obj(f->doc);
	struct segment type, text;
	size_t i;

	split(yyjson_mut_get_str(v), yyjson_mut_get_len(v), &type, &text);
	for (i = 0; i < RDL_NELEM(types); i++)
		if (is(type, types[i]))
			break;
	if (i == RDL_NELEM(types)) {
		(void)rdl_prompt_wrong(f, v, err, "'%.*s' is not a type: "
		    "string, number, integer, boolean, null or any",
		    (int)(type.len < 64 ? type.len : 64), type.p);
		return NULL;
	}
	if (!is(type, "any"))
		add_text(f, obj, "type", type);
	if (text.len > 0)
		add_text(f, obj, "description", text);
	return obj;
}

static int
read_field(struct front *f, yyjson_mut_val *key, struct field *out,
    struct rdl_err *err)
{
	const char *p = yyjson_mut_get_str(key), *open;
	size_t len = yyjson_mut_get_len(key);
	struct segment s;

	memset(out, 0, sizeof(*out));
	open = memchr(p, '(', len);
	s = trimmed(p, open != NULL ? (size_t)(open - p) : len);
	if (open != NULL) {
		if (p[len - 1] != ')')
			return rdl_prompt_wrong(f, key, err, "'%s' must end "
			    "with the parenthesis, as in name?(array)", p);
		split(open + 1, len - (size_t)(open - p) - 2, &out->type,
		    &out->text);
		if (out->type.len == 0)
			return rdl_prompt_wrong(f, key, err, "'%s' lacks a "
			    "type: array, object or enum", p);
	}
	if (s.len > 0 && s.p[s.len - 1] == '?') {
		out->optional = true;
		s.len--;
	}
	out->name = s;
	return s.len > 0 ? 0 : rdl_prompt_wrong(f, key, err,
	    "'%s' lacks a name", p);
}

/* An optional value may also be null, as dotprompt has it: some servers
 * insist on every member. */
static void
allow_null(struct front *f, yyjson_mut_val *schema)
{
	yyjson_mut_val *type = yyjson_mut_obj_get(schema, "type"), *both;

	if (!yyjson_mut_is_str(type) || yyjson_mut_equals_str(type, "null"))
		return;
	both = yyjson_mut_arr(f->doc);
	(void)yyjson_mut_arr_add_strcpy(f->doc, both,
	    yyjson_mut_get_str(type));
	(void)yyjson_mut_arr_add_str(f->doc, both, "null");
	(void)yyjson_mut_obj_replace(schema, yyjson_mut_str(f->doc, "type"),
	    both);
}

/* name(enum): [a, b].  The type is said too when all are strings: some
 * servers ask for it. */
static yyjson_mut_val *
convert_enum(struct front *f, yyjson_mut_val *v, bool optional,
    struct rdl_err *err)
{
	yyjson_mut_val *obj = yyjson_mut_obj(f->doc), *values, *x;
	bool strings = true, null = false;
	size_t i, max;

	values = yyjson_mut_arr(f->doc);
	yyjson_mut_arr_foreach(v, i, max, x) {
		if (yyjson_mut_is_ctn(x)) {
			(void)rdl_prompt_wrong(f, x, err,
			    "a value of an enum must be a scalar");
			return NULL;
		}
		null = null || yyjson_mut_is_null(x);
		strings = strings && yyjson_mut_is_str(x);
		(void)yyjson_mut_arr_append(values,
		    yyjson_mut_val_mut_copy(f->doc, x));
	}
	if (yyjson_mut_arr_size(values) == 0) {
		(void)rdl_prompt_wrong(f, v, err,
		    "an enum wants a list of values");
		return NULL;
	}
	if (strings)
		(void)yyjson_mut_obj_add_str(f->doc, obj, "type", "string");
	if (optional && !null)
		(void)yyjson_mut_arr_add_null(f->doc, values);
	(void)yyjson_mut_obj_add_val(f->doc, obj, "enum", values);
	return obj;
}

/* The schema of one member, before its description. */
static yyjson_mut_val *
convert_field(struct front *f, const struct field *field, yyjson_mut_val *key,
    yyjson_mut_val *v, struct rdl_err *err)
{
	yyjson_mut_val *obj = NULL, *items;

	if (field->type.len == 0)
		obj = convert(f, v, err);
	else if (is(field->type, "enum"))
		obj = convert_enum(f, v, field->optional, err);
	else if (is(field->type, "object")) {
		if (yyjson_mut_is_obj(v))
			obj = convert(f, v, err);
		else
			(void)rdl_prompt_wrong(f, v, err,
			    "an object wants names and types");
	} else if (is(field->type, "array")) {
		if ((items = convert(f, v, err)) == NULL)
			return NULL;
		obj = yyjson_mut_obj(f->doc);
		(void)yyjson_mut_obj_add_str(f->doc, obj, "type", "array");
		(void)yyjson_mut_obj_add_val(f->doc, obj, "items", items);
	} else
		(void)rdl_prompt_wrong(f, key, err, "'%.*s' is not array, "
		    "object or enum", (int)(field->type.len < 64 ?
		    field->type.len : 64), field->type.p);
	if (obj != NULL && field->optional)
		allow_null(f, obj);
	return obj;
}

static int
add_field(struct front *f, yyjson_mut_val *properties,
    yyjson_mut_val *required, yyjson_mut_val *key, yyjson_mut_val *v,
    struct rdl_err *err)
{
	yyjson_mut_val *sub, *name;
	struct field field;

	if (read_field(f, key, &field, err) < 0 ||
	    (sub = convert_field(f, &field, key, v, err)) == NULL)
		return -1;
	if (field.text.len > 0) {
		(void)yyjson_mut_obj_remove_key(sub, "description");
		add_text(f, sub, "description", field.text);
	}
	if (yyjson_mut_obj_getn(properties, field.name.p, field.name.len) !=
	    NULL)
		return rdl_prompt_wrong(f, key, err, "the name stands twice");
	name = yyjson_mut_strncpy(f->doc, field.name.p, field.name.len);
	(void)yyjson_mut_obj_add(properties, name, sub);
	if (!field.optional)
		(void)yyjson_mut_arr_add_strncpy(f->doc, required,
		    field.name.p, field.name.len);
	return 0;
}

static yyjson_mut_val *
convert_object(struct front *f, yyjson_mut_val *v, struct rdl_err *err)
{
	yyjson_mut_val *obj = yyjson_mut_obj(f->doc), *key, *val;
	yyjson_mut_val *properties = yyjson_mut_obj(f->doc);
	yyjson_mut_val *required = yyjson_mut_arr(f->doc);
	yyjson_mut_val *rest = yyjson_mut_false(f->doc);
	size_t i, max;

	yyjson_mut_obj_foreach(v, i, max, key, val) {
		if (yyjson_mut_equals_str(key, "(*)")) {
			if ((rest = convert(f, val, err)) == NULL)
				return NULL;
		} else if (add_field(f, properties, required, key, val,
		    err) < 0)
			return NULL;
	}
	(void)yyjson_mut_obj_add_str(f->doc, obj, "type", "object");
	(void)yyjson_mut_obj_add_val(f->doc, obj, "properties", properties);
	if (yyjson_mut_arr_size(required) > 0)
		(void)yyjson_mut_obj_add_val(f->doc, obj, "required",
		    required);
	(void)yyjson_mut_obj_add_val(f->doc, obj, "additionalProperties",
	    rest);
	return obj;
}

static yyjson_mut_val *
convert(struct front *f, yyjson_mut_val *v, struct rdl_err *err)
{
	if (yyjson_mut_is_str(v))
		return convert_scalar(f, v, err);
	if (yyjson_mut_is_obj(v))
		return convert_object(f, v, err);
	(void)rdl_prompt_wrong(f, v, err, "a schema is a type such as "
	    "'string, what it is', or names and types");
	return NULL;
}

/* JSON Schema says "type" together with what the type consists of; a field
 * called "type" in Picoschema does not. */
static bool
is_json_schema(yyjson_mut_val *v)
{
	return yyjson_mut_obj_get(v, "$schema") != NULL ||
	    (yyjson_mut_obj_get(v, "type") != NULL &&
	    (yyjson_mut_is_obj(yyjson_mut_obj_get(v, "properties")) ||
	    yyjson_mut_is_obj(yyjson_mut_obj_get(v, "items"))));
}

yyjson_mut_val *
rdl_prompt_to_schema(struct front *f, yyjson_mut_val *v, bool *pico,
    struct rdl_err *err)
{
	*pico = !is_json_schema(v);
	return *pico ? convert(f, v, err) : yyjson_mut_val_mut_copy(f->doc, v);
}
