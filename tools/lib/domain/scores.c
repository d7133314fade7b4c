/*
 * One "scores" out of several.
 * Reads the text and the values of records; writes the text of an array.
 * Does not look into an element.
 */
#include "domain/scores.h"

#include "core/map.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The text between the brackets of the scores of rec; false if there is
 * none. */
static bool
inside(const struct rdl_rec *rec, const char **p, const char **end)
{
	size_t len;

	if (yyjson_arr_size(rdl_rec_get(rec, "scores")) == 0 ||
	    rdl_rec_span(rec, "scores", p, &len) == 0)
		return false;
	*end = *p + len - 1;
	for (++*p; is_blank(**p); ++*p)
		;
	while (is_blank((*end)[-1]))
		--*end;
	return true;
}

/* Where the string ends whose first quote is at p. */
static const char *
string_end(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

/* Where the value at p ends: at a comma or at end. */
static const char *
value_end(const char *p, const char *end)
{
	size_t depth = 0;

	while (p < end) {
		if (*p == '"') {
			p = string_end(p);
			continue;
		}
		if (*p == ',' && depth == 0)
			break;
		if (*p == '[' || *p == '{')
			depth++;
		else if (*p == ']' || *p == '}')
			depth--;
		p++;
	}
	while (is_blank(p[-1]))
		p--;
	return p;
}

/* The value behind the one that ends at p. */
static const char *
next_value(const char *p, const char *end)
{
	while (p < end && (is_blank(*p) || *p == ','))
		p++;
	return p;
}

static void
add(struct rdl_buf *out, const char *p, const char *end)
{
	if (out->p[out->len - 1] != '[')
		rdl_buf_addc(out, ',');
	rdl_buf_add(out, p, (size_t)(end - p));
}

/* Add the elements between p and end that seen does not have, unless all is
 * set; seen has them then. */
static void
add_new(struct rdl_buf *out, struct rdl_map *seen, const char *p,
    const char *end, bool all)
{
	const char *stop;
	int made;

	for (; p < end; p = next_value(stop, end)) {
		stop = value_end(p, end);
		(void)rdl_map_put(seen, p, (size_t)(stop - p), &made);
		if (made || all)
			add(out, p, stop);
	}
}

void
rdl_scores_merge(const struct rdl_rec *const *recs, size_t n,
    bool with_copies, struct rdl_buf *out)
{
	struct rdl_map seen = RDL_MAP_INIT;
	const char *p, *end;
	size_t i;

	rdl_buf_addc(out, '[');
	for (i = 0; i < n && !rdl_buf_full(out); i++) {
		if (!inside(recs[i], &p, &end))
			continue;
		if (with_copies)
			add_new(out, &seen, p, end, i == 0);
		else
			add(out, p, end);
	}
	rdl_buf_addc(out, ']');
	rdl_map_release(&seen);
}
