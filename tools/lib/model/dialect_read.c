/*
 * Reading replies: what the dialects have in common.
 * Reads a body; writes a reply into an arena.
 */
#include <string.h>

#include "record/json.h"
#include "model/base64.h"
#include "model/dialect_impl.h"

/* More tokens than any model's context: such a count is a server's mistake,
 * and a price times it must not overflow. */
#define TOKENS_MAX 1000000000

void
rdl_dialect_read_start(struct rdl_reply *out)
{
	memset(out, 0, sizeof(*out));
	out->finish = RDL_FINISH_OTHER;
	out->text = "";
	out->tokens_in = out->tokens_cached = -1;
	out->tokens_out = out->tokens_reasoning = -1;
	out->seed = -1;
}

int
rdl_dialect_read_wrong(struct rdl_err *err, const char *what)
{
	return rdl_err_set(err, RDL_E_REMOTE, "the server's reply %s", what);
}

yyjson_doc *
rdl_dialect_read_parse(const char *body, size_t len, struct rdl_err *err)
{
	char text[RDL_DIALECT_TEXT];
	struct rdl_dialect_error e;
	yyjson_read_err why = { 0, NULL, 0 };
	yyjson_doc *doc = NULL;
	yyjson_val *root;

	/* A number that no double holds, say a log probability, must not cost
	 * an answer that was paid: it is read as text.  yyjson only reads the
	 * body, whatever the type of its parameter. */
	if (len > 0)
		doc = yyjson_read_opts((char *)body, len,
		    YYJSON_READ_BIGNUM_AS_RAW, &rdl_json_alc, &why);
	root = yyjson_doc_get_root(doc);
	if (doc == NULL) {
		rdl_dialect_text_excerpt(text, body, len);
		(void)rdl_err_set(err, RDL_E_REMOTE, "the server's reply is "
		    "not JSON (%s at byte %zu): %.100s",
		    len == 0 ? "empty" : why.msg, why.pos, text);
	} else if (rdl_dialect_error_find(root, &e)) {
		rdl_dialect_text_clean(text, e.message, e.len);
		(void)rdl_err_set(err, RDL_E_REMOTE,
		    "the server replied with an error: %s", text[0] != '\0' ?
		    text : "no message");
	} else if (!yyjson_is_obj(root)) {
		rdl_dialect_text_excerpt(text, body, len);
		(void)rdl_err_set(err, RDL_E_REMOTE,
		    "the server's reply is not an object: %.100s", text);
	} else
		return doc;
	yyjson_doc_free(doc);
	return NULL;
}

const char *
rdl_dialect_read_str(yyjson_val *v, struct rdl_arena *arena)
{
	if (!yyjson_is_str(v) || yyjson_get_len(v) == 0)
		return NULL;
	return rdl_arena_dup(arena, yyjson_get_str(v), yyjson_get_len(v));
}

int
rdl_dialect_read_image(yyjson_val *v, struct rdl_arena *arena,
    const unsigned char **image, size_t *image_len, struct rdl_err *err)
{
	const char *p = yyjson_get_str(v), *comma;
	size_t len = yyjson_get_len(v);
	unsigned char *to;

	if (p == NULL)
		return rdl_dialect_read_wrong(err, "has no image");
	if (len > 5 && memcmp(p, "data:", 5) == 0 &&
	    (comma = memchr(p, ',', len)) != NULL) {
		len -= (size_t)(comma + 1 - p);
		p = comma + 1;
	}
	to = rdl_arena_alloc(arena, RDL_BASE64_BOUND(len));
	if (rdl_base64_decode(to, image_len, p, len) < 0 || *image_len == 0)
		return rdl_dialect_read_wrong(err,
		    "has an image whose base64 is damaged");
	*image = to;
	return 0;
}

int64_t
rdl_dialect_read_count(yyjson_val *v)
{
	double d;

	if (!yyjson_is_num(v))
		return -1;
	d = yyjson_get_num(v);
	return d >= 0 && d <= TOKENS_MAX ? (int64_t)d : -1;
}

/* The text of one part, or NULL. */
static yyjson_val *
part_text(yyjson_val *part)
{
	yyjson_val *type, *text;

	if (yyjson_is_str(part))
		return part;
	type = yyjson_obj_get(part, "type");
	text = yyjson_obj_get(part, "text");
	if (!yyjson_is_str(text) || yyjson_is_true(yyjson_obj_get(part,
	    "thought")))
		return NULL;
	return type == NULL || yyjson_equals_str(type, "text") ||
	    yyjson_equals_str(type, "output_text") ? text : NULL;
}

void
rdl_dialect_read_parts(yyjson_val *parts, struct rdl_arena *arena,
    struct rdl_reply *out)
{
	yyjson_val *part, *text;
	size_t i, n, len = 0;
	char *to;

	yyjson_arr_foreach(parts, i, n, part)
		len += yyjson_get_len(part_text(part));
	out->text = to = rdl_arena_alloc(arena, len + 1);
	out->len = len;
	yyjson_arr_foreach(parts, i, n, part) {
		if ((text = part_text(part)) == NULL)
			continue;
		memcpy(to, yyjson_get_str(text), yyjson_get_len(text));
		to += yyjson_get_len(text);
	}
}
