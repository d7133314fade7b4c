/*
 * Spans of JSON values: brackets are counted, strings passed over.
 * Reads text that a parser took.  Checks nothing.
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

size_t
rdl_span_value(const char *p)
{
	if (*p == '"')
		return (size_t)(behind_string(p) - p);
	if (*p == '{' || *p == '[')
		return (size_t)(behind_brackets(p) - p);
	return strcspn(p, ",]} \t\r\n");
}

const char *
rdl_span_first(const char *p)
{
	return behind_blanks(p + 1);
}

const char *
rdl_span_next(const char *p)
{
	p = behind_blanks(p);
	return *p == ',' ? behind_blanks(p + 1) : p;
}

const char *
rdl_span_behind(const char *p)
{
	p = behind_blanks(behind_string(p));
	return behind_blanks(p + 1);
}

struct rdl_quote
rdl_span_quote(yyjson_val *v, const char *json)
{
	return (struct rdl_quote){ yyjson_get_str(v), yyjson_get_len(v),
		{ json, rdl_span_value(json) } };
}
