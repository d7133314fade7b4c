/*
 * Answers to messages that offer a list, one JSON string a line.
 * Reads the message and the schema of the reply; writes JSON text.
 * Does not judge: what it takes follows from the hash alone.
 */
#include "stub/offer.h"

#include <string.h>

#include "core/rng.h"
#include "stub/fit.h"
#include "stub/word.h"

#define OFFERS_MAX 1000

struct offer {
	const char *p;		/* with its quotes */
	size_t len;
};

/* True if the n bytes at p are one JSON string. */
static bool
is_string(const char *p, size_t n)
{
	yyjson_doc *doc;
	bool yes;

	if (n < 2 || p[0] != '"')
		return false;
	doc = yyjson_read(p, n, 0);
	yes = doc != NULL && yyjson_is_str(yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
	return yes;
}

static size_t
find(struct offer *offers, const char *msg, size_t len)
{
	const char *p = msg, *end = msg + len, *nl;
	size_t n = 0;

	for (; p < end && n < OFFERS_MAX; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		if (is_string(p, (size_t)(nl - p))) {
			offers[n].p = p;
			offers[n++].len = (size_t)(nl - p);
		}
	}
	return n;
}

/* {"name": offer, ...}, the rest of the properties made to fit. */
static void
object(struct rdl_buf *out, yyjson_val *props, const struct offer *o,
    uint64_t h)
{
	yyjson_val *key, *v;
	size_t i, n;

	rdl_buf_addc(out, '{');
	yyjson_obj_foreach(props, i, n, key, v) {
		rdl_buf_adds(out, i > 0 ? ", " : "");
		rdl_buf_addjson(out, yyjson_get_str(key),
		    yyjson_get_len(key));
		rdl_buf_adds(out, ": ");
		if (i == 0)
			rdl_buf_add(out, o->p, o->len);
		else
			rdl_fit_value(out, v, h + i);
	}
	rdl_buf_addc(out, '}');
}

/* The N of a line "Number of ...: N", at most OFFERS_MAX; 0 if there is no such
 * line. */
static size_t
wanted(const char *msg, size_t len)
{
	static const char begin[] = "Number of ";
	const char *p = msg, *end = msg + len, *nl, *at;
	size_t n = 0;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		if ((size_t)(nl - p) < sizeof(begin) || memcmp(p, begin,
		    sizeof(begin) - 1) != 0)
			continue;
		for (at = nl; at > p && at[-1] >= '0' && at[-1] <= '9'; at--)
			;
		for (; at < nl && n <= OFFERS_MAX; at++)
			n = 10 * n + (size_t)(*at - '0');
	}
	return n > OFFERS_MAX ? OFFERS_MAX : n;
}

/* {NAME: [sentence, ...]}, as many as are wanted. */
static bool
sentences(struct rdl_buf *out, yyjson_val *name, const char *msg, size_t len,
    uint64_t h)
{
	size_t i, n = wanted(msg, len);

	if (n == 0)
		return false;
	rdl_buf_addc(out, '{');
	rdl_buf_addjson(out, yyjson_get_str(name), yyjson_get_len(name));
	for (i = 0; i < n; i++) {
		rdl_buf_adds(out, i == 0 ? ": [\"" : "\", \"");
		rdl_word_sentence(out, rdl_word_mix(h, i, n));
	}
	rdl_buf_adds(out, "\"]}");
	return true;
}

/* {"text": offer with another word, "delta": the word}. */
static void
side(struct rdl_buf *out, const struct offer *o, uint64_t h)
{
	struct rdl_buf word = RDL_BUF_INIT(4096);

	rdl_word_text(&word, h, 2);
	rdl_buf_adds(out, "{\"text\": ");
	rdl_buf_add(out, o->p, o->len - 1);
	rdl_buf_addf(out, ", with %s\", \"delta\": \"%s\"}", word.p, word.p);
	rdl_buf_release(&word);
}

bool
rdl_offer_answer(struct rdl_buf *out, const char *msg, size_t len,
    yyjson_val *schema, uint64_t h)
{
	yyjson_val *first = NULL, *key = NULL, *items, *props;
	struct offer offers[OFFERS_MAX];
	struct rdl_rng rng = { h };
	yyjson_obj_iter it;
	size_t i, n, done = 0;

	it = yyjson_obj_iter_with(yyjson_obj_get(schema, "properties"));
	if ((key = yyjson_obj_iter_next(&it)) != NULL)
		first = yyjson_obj_iter_get_val(key);
	items = yyjson_obj_get(first, "items");
	props = yyjson_obj_get(items, "properties");
	if (items == NULL)
		return false;
	if ((n = find(offers, msg, len)) == 0)
		return props == NULL && sentences(out, key, msg, len, h);
	rdl_buf_addc(out, '{');
	rdl_buf_addjson(out, yyjson_get_str(key), yyjson_get_len(key));
	rdl_buf_adds(out, ": [");
	if (yyjson_obj_get(props, "delta") != NULL) {
		side(out, &offers[0], h);
		rdl_buf_adds(out, ", ");
		side(out, &offers[0], h + 1);
		n = 0;
	}
	for (i = 0; i < n; i++) {
		if (props == NULL && rdl_rng_below(&rng, 2) == 0 &&
		    done + n - i > 1)
			continue;
		rdl_buf_adds(out, done++ > 0 ? ", " : "");
		if (props == NULL)
			rdl_buf_add(out, offers[i].p, offers[i].len);
		else
			object(out, props, &offers[i], rdl_rng_next(&rng));
	}
	rdl_buf_adds(out, "]}");
	return true;
}
