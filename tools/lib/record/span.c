/*
 * Spans of JSON values: brackets are counted, strings passed over.
 * Reads text that a parser took, and goes by where it put strings: a record is
 * parsed in place (rec.c).  Checks nothing.
 */
#include "record/span.h"

#include <string.h>

/* Behind the string whose quote stands at p. */
static const char *
behind_string(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *
behind_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
		p++;
	return p;
}

static const char *
behind_brackets(const char *p)
{
	size_t depth = 0;

	do {
		switch (*p) {
		case '"':
			p = behind_string(p);
			continue;
		case '{':
		case '[':
			depth++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		default:
			break;
		}
		p++;
	} while (depth > 0);
	return p;
}

/* Behind the number or word that begins at p. */
static const char *
behind_word(const char *p)
{
	while (*p >= '+' && *p != ',' && *p != ']' && *p != '}')
		p++;
	return p;
}

/*
 * Behind the string v whose quote stands at p.  One without escapes is as long
 * in the text as decoded.  One with escapes is longer there, and then the only
 * quotes inside it have a backslash before them.
 */
static const char *
behind_known(yyjson_val *v, const char *p)
{
	const char *end = p + 1 + yyjson_get_len(v);

	return *end == '"' && end[-1] != '\\' ? end + 1 : behind_string(p);
}

static const char *
quote_of(const struct rdl_rec *rec, yyjson_val *v)
{
	return rec->line + (yyjson_get_str(v) - rec->copy) - 1;
}

/* Where the value of a name begins. */
static const char *
value_of(const struct rdl_rec *rec, yyjson_val *key)
{
	const char *p = behind_known(key, quote_of(rec, key));

	return behind_blanks(behind_blanks(p) + 1);
}

struct rdl_quote
rdl_span_quote(const struct rdl_rec *rec, yyjson_val *v)
{
	const char *p = quote_of(rec, v);

	return (struct rdl_quote){ yyjson_get_str(v), yyjson_get_len(v),
		{ p, (size_t)(behind_known(v, p) - p) } };
}

/* The last name of an object that is not empty. */
static yyjson_val *
last_name(yyjson_val *obj)
{
	yyjson_val *key = unsafe_yyjson_get_first(obj);
	size_t n;

	for (n = yyjson_obj_size(obj); n > 1; n--)
		key = unsafe_yyjson_get_next(key + 1);
	return key;
}

struct rdl_span
rdl_span_member(const struct rdl_rec *rec, yyjson_val *key)
{
	const char *p = value_of(rec, key), *end = p;
	yyjson_val *v = key + 1;
	size_t depth = 0;

	/* Into the object by its last name, as far as that goes. */
	while (yyjson_is_obj(v) && yyjson_obj_size(v) > 0) {
		key = last_name(v);
		v = key + 1;
		end = value_of(rec, key);
		depth++;
	}
	if (yyjson_is_str(v))
		end = behind_known(v, end);
	else if (yyjson_is_ctn(v))
		end = behind_brackets(end);
	else
		end = behind_word(end);
	for (; depth > 0; depth--)
		end = behind_blanks(end) + 1;
	return (struct rdl_span){ p, (size_t)(end - p) };
}
