/*
 * The error inside a JSON body, in any of the shapes that servers use.
 * Reads a parsed document.  Does not judge: that is dialect_fault.c.
 */
#include <string.h>

#include "model/dialect_impl.h"

static const char *
word(yyjson_val *v)
{
	return yyjson_is_str(v) ? yyjson_get_str(v) : "";
}

static bool
take_message(struct rdl_dialect_error *e, yyjson_val *v)
{
	if (!yyjson_is_str(v) || yyjson_get_len(v) == 0)
		return false;
	e->message = yyjson_get_str(v);
	e->len = yyjson_get_len(v);
	return true;
}

/* {"message", "type", "code", "status"}: OpenAI, Anthropic, Gemini, vLLM. */
static void
take_object(struct rdl_dialect_error *e, yyjson_val *o)
{
	yyjson_val *code = yyjson_obj_get(o, "code");

	e->body = o;
	e->code = word(code);
	e->type = word(yyjson_obj_get(o, "type"));
	e->status = word(yyjson_obj_get(o, "status"));
	if (yyjson_is_int(code))
		e->number = yyjson_get_sint(code);
	(void)take_message(e, yyjson_obj_get(o, "message"));
}

/* FastAPI's {"detail": "text"} or {"detail": [{"msg": "text"}]}. */
static bool
take_detail(struct rdl_dialect_error *e, yyjson_val *detail)
{
	yyjson_val *first = yyjson_arr_get_first(detail);

	return take_message(e, detail) ||
	    take_message(e, yyjson_obj_get(first, "msg"));
}

/* "error": null, false, "" and {} mean that all is well. */
static bool
is_nothing(yyjson_val *v)
{
	return v == NULL || yyjson_is_null(v) || yyjson_is_false(v) ||
	    (yyjson_is_str(v) && yyjson_get_len(v) == 0) ||
	    (yyjson_is_ctn(v) && yyjson_get_len(v) == 0);
}

bool
rdl_dialect_error_find(yyjson_val *root, struct rdl_dialect_error *e)
{
	yyjson_val *error;

	*e = (struct rdl_dialect_error){ "", 0, "", "", "", 0, NULL };
	if (yyjson_is_arr(root))	/* Gemini wraps it once more */
		root = yyjson_arr_get_first(root);
	error = yyjson_obj_get(root, "error");
	if (yyjson_is_obj(error) && !is_nothing(error)) {
		take_object(e, error);
		return true;
	}
	if (!is_nothing(error)) {	/* TEI, sd-server, Ollama */
		e->body = root;
		e->type = word(yyjson_obj_get(root, "error_type"));
		(void)take_message(e, error);
		return true;
	}
	if (strcmp(word(yyjson_obj_get(root, "object")), "error") == 0 ||
	    strcmp(word(yyjson_obj_get(root, "type")), "error") == 0) {
		take_object(e, root);
		return true;
	}
	return take_detail(e, yyjson_obj_get(root, "detail"));
}
