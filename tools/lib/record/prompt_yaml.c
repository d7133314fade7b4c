/*
 * YAML by libyaml, read into a JSON document: the core schema of YAML 1.2.
 * Reads text in memory.  Anchors, aliases and tags are refused: nobody needs
 * them in front matter, and they let a small file become a huge one.
 */
#include <float.h>
#include <string.h>
#include <yaml.h>

#include "core/mem.h"
#include "core/num.h"
#include "record/json.h"
#include "record/prompt_impl.h"

struct reader {
	struct front *f;
	yaml_parser_t parser;
	yaml_event_t event;	/* the one being looked at */
	size_t line;		/* of the file, where the text begins */
	struct rdl_err *err;
};

static size_t
line_of(const struct reader *r)
{
	return r->line + r->event.start_mark.line;
}

/* Report what is wrong at the current event.  Returns NULL. */
static yyjson_mut_val *
wrong(const struct reader *r, const char *what)
{
	(void)rdl_err_set(r->err, RDL_E_USAGE, "%s:%zu: %s", r->f->name,
	    line_of(r), what);
	return NULL;
}

/* Go on to the next event. */
static int
advance(struct reader *r)
{
	yaml_event_delete(&r->event);
	if (yaml_parser_parse(&r->parser, &r->event))
		return 0;
	memset(&r->event, 0, sizeof(r->event));
	return rdl_err_set(r->err, RDL_E_USAGE, "%s:%zu: not YAML: %s",
	    r->f->name, r->line + r->parser.problem_mark.line,
	    r->parser.problem != NULL ? r->parser.problem : "cannot be read");
}

/* Remember on what line v stands. */
static yyjson_mut_val *
note(struct reader *r, yyjson_mut_val *v, size_t line)
{
	if (v != NULL)
		rdl_map_put(&r->f->lines, (const char *)&v, sizeof(v),
		    NULL)->value = line;
	return v;
}

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* True if s is all decimal digits, with a sign or not. */
static bool
is_integer(const char *s)
{
	s += *s == '-' || *s == '+';
	return *s != '\0' && strspn(s, "0123456789") == strlen(s);
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool
is_real(const char *s)
{
	size_t whole, part = 0;

	s += *s == '-' || *s == '+';
	whole = strspn(s, "0123456789");
	s += whole;
	if (*s == '.') {
		part = strspn(++s, "0123456789");
		s += part;
	}
	if (whole + part == 0)
		return false;
	if (*s != 'e' && *s != 'E')
		return *s == '\0';
	s++;
	return is_integer(s);
}

/* What a plain scalar means in the core schema (YAML 1.2.2, 10.3.2). */
static yyjson_mut_val *
plain(struct reader *r, const char *s, size_t len)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL",
		NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE",
		NULL };
	static const char *const others[] = { ".inf", ".Inf", ".INF", "+.inf",
		"+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN",
		".NAN", NULL };
	yyjson_mut_doc *doc = r->f->doc;
	struct rdl_err ignored = RDL_ERR_INIT;
	int64_t i;
	double d;

	if (is_one_of(s, nulls))
		return yyjson_mut_null(doc);
	if (is_one_of(s, trues) || is_one_of(s, falses))
		return yyjson_mut_bool(doc, is_one_of(s, trues));
	if (is_integer(s) &&
	    rdl_num_int(s, INT64_MIN, INT64_MAX, &i, &ignored) == 0)
		return yyjson_mut_int(doc, i);
	if (is_real(s)) {
		if (rdl_num_real(s, -DBL_MAX, DBL_MAX, &d, &ignored) < 0)
			return wrong(r, "a number out of range");
		return yyjson_mut_real(doc, d);
	}
	if (is_one_of(s, others))
		return wrong(r, "JSON has no such number");
	if (strncmp(s, "0x", 2) == 0 || strncmp(s, "0o", 2) == 0)
		return wrong(r, "write the number in decimal, or in quotes if "
		    "it is text");
	return yyjson_mut_strncpy(doc, s, len);
}

static yyjson_mut_val *
scalar(struct reader *r)
{
	const char *s = (const char *)r->event.data.scalar.value;
	size_t len = r->event.data.scalar.length;

	if (r->event.data.scalar.tag != NULL)
		return wrong(r, "YAML tags are not supported");
	if (strlen(s) != len)
		return wrong(r, "a NUL in a string");
	if (r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
		return plain(r, s, len);
	return yyjson_mut_strncpy(r->f->doc, s, len);
}

static yyjson_mut_val *
value(struct reader *r, size_t depth);

static yyjson_mut_val *
sequence(struct reader *r, size_t depth)
{
	yyjson_mut_val *arr = yyjson_mut_arr(r->f->doc), *v;

	for (;;) {
		if (advance(r) < 0)
			return NULL;
		if (r->event.type == YAML_SEQUENCE_END_EVENT)
			return arr;
		if ((v = value(r, depth)) == NULL)
			return NULL;
		(void)yyjson_mut_arr_append(arr, v);
	}
}

/* The name of a member: a scalar, always a string, new to the object. */
static yyjson_mut_val *
key_of(struct reader *r, struct rdl_map *seen)
{
	const yaml_event_t *e = &r->event;
	int made;

	if (e->type != YAML_SCALAR_EVENT || e->data.scalar.anchor != NULL ||
	    e->data.scalar.tag != NULL)
		return wrong(r, "a name must be a plain or quoted string");
	rdl_map_put(seen, (const char *)e->data.scalar.value,
	    e->data.scalar.length, &made);
	if (!made)
		return wrong(r, "the name stands twice");
	return note(r, yyjson_mut_strncpy(r->f->doc,
	    (const char *)e->data.scalar.value, e->data.scalar.length),
	    line_of(r));
}

static yyjson_mut_val *
mapping(struct reader *r, size_t depth)
{
	yyjson_mut_val *obj = yyjson_mut_obj(r->f->doc), *key, *v;
	struct rdl_map seen = RDL_MAP_INIT;

	for (;;) {
		if (advance(r) < 0)
			break;
		if (r->event.type == YAML_MAPPING_END_EVENT) {
			rdl_map_release(&seen);
			return obj;
		}
		if ((key = key_of(r, &seen)) == NULL || advance(r) < 0 ||
		    (v = value(r, depth)) == NULL)
			break;
		(void)yyjson_mut_obj_add(obj, key, v);
	}
	rdl_map_release(&seen);
	return NULL;
}

/* The value that begins with the current event. */
static yyjson_mut_val *
value(struct reader *r, size_t depth)
{
	const yaml_event_t *e = &r->event;
	size_t line = line_of(r);

	if (depth >= RDL_DEPTH_MAX)
		return wrong(r, "nested too deeply");
	if (e->type == YAML_ALIAS_EVENT ||
	    (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor != NULL) ||
	    (e->type == YAML_SEQUENCE_START_EVENT &&
	    e->data.sequence_start.anchor != NULL) ||
	    (e->type == YAML_MAPPING_START_EVENT &&
	    e->data.mapping_start.anchor != NULL))
		return wrong(r, "YAML anchors and aliases are not supported");
	if (e->type == YAML_SCALAR_EVENT)
		return note(r, scalar(r), line);
	if ((e->type == YAML_SEQUENCE_START_EVENT &&
	    e->data.sequence_start.tag != NULL) ||
	    (e->type == YAML_MAPPING_START_EVENT &&
	    e->data.mapping_start.tag != NULL))
		return wrong(r, "YAML tags are not supported");
	if (e->type == YAML_SEQUENCE_START_EVENT)
		return note(r, sequence(r, depth + 1), line);
	return note(r, mapping(r, depth + 1), line);
}

/* From the start of the stream to its end: one object, or nothing. */
static yyjson_mut_val *
document(struct reader *r)
{
	yyjson_mut_val *root;

	if (advance(r) < 0 || advance(r) < 0)
		return NULL;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return note(r, yyjson_mut_obj(r->f->doc), r->line);
	if (advance(r) < 0)
		return NULL;
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return wrong(r, "the front matter must be a list of names and "
		    "values");
	if ((root = value(r, 0)) == NULL || advance(r) < 0 || advance(r) < 0)
		return NULL;
	if (r->event.type != YAML_STREAM_END_EVENT)
		return wrong(r, "the front matter ends here, but text follows");
	return root;
}

int
rdl_prompt_yaml(struct front *f, const char *text, size_t len, size_t line,
    struct rdl_err *err)
{
	struct reader r = { .f = f, .line = line, .err = err };
	yyjson_mut_val *root;

	f->doc = yyjson_mut_doc_new(&rdl_json_alc);
	if (f->doc == NULL || !yaml_parser_initialize(&r.parser))
		rdl_mem_exhausted(sizeof(r.parser));
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text,
	    len);
	root = document(&r);
	yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	if (root == NULL)
		return -1;
	yyjson_mut_doc_set_root(f->doc, root);
	return 0;
}
