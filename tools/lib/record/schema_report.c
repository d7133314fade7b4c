/*
 * Why a value does not fit a schema, in one short line.
 * Reads schema and value; writes the caller's struct rdl_err.  Judges nothing.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "record/schema_impl.h"

#include "record/json.h"

static size_t
cut(const char *p, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static void
add_place(struct rdl_buf *out, const struct place *at)
{
	size_t i, len;

	if (at->up == NULL)
		return;
	add_place(out, at->up);
	rdl_buf_addc(out, '/');
	if (at->name == NULL) {
		rdl_buf_addu(out, at->index);
		return;
	}
	len = cut(at->name, at->len, 64);
	for (i = 0; i < len; i++) {
		if (at->name[i] == '~' || at->name[i] == '/')
			rdl_buf_adds(out, at->name[i] == '~' ? "~0" : "~1");
		else
			rdl_buf_addc(out, (unsigned char)at->name[i] < ' ' ?
			    '?' : at->name[i]);
	}
	if (len < at->len)
		rdl_buf_adds(out, "...");
}

static const char *
type_name(yyjson_val *v)
{
	if (rdl_schema_is_number(v))
		return rdl_schema_is_integer(v) ? "an integer" : "a number";
	return yyjson_is_str(v) ? "a string" : yyjson_is_arr(v) ? "an array" :
	    yyjson_is_obj(v) ? "an object" : yyjson_is_null(v) ? "null" :
	    "a boolean";
}

static void
show_text(struct rdl_buf *out, const char *p, size_t len)
{
	size_t n = cut(p, len, 60);

	rdl_buf_addjson(out, p, n);
	if (n < len)
		rdl_buf_adds(out, "...");
}

/* The value in a few words: itself if it is short, else its type. */
void
rdl_schema_show(struct rdl_buf *out, yyjson_val *v)
{
	char *text = NULL;
	size_t len;

	if (yyjson_is_str(v)) {
		show_text(out, yyjson_get_str(v), yyjson_get_len(v));
		return;
	}
	if (!yyjson_is_ctn(v) || yyjson_get_len(v) <= 8)
		text = rdl_json_val_write(v, YYJSON_WRITE_NOFLAG, &len);
	if (text != NULL && len <= 60)
		rdl_buf_add(out, text, len);
	else
		rdl_buf_adds(out, type_name(v));
	free(text);
}

/*
 * Say why the value at that place does not fit.  In fmt, %v stands for
 * the next argument, a value; %s for a string; %u for a size_t.
 */
bool
rdl_schema_unfit(struct walk *c, const struct place *at, const char *fmt, ...)
{
	struct rdl_buf msg = RDL_BUF_INIT(RDL_ERR_MAX - 1);
	const char *p;
	va_list ap;

	if (c->quiet > 0 || c->fault)
		return false;
	c->depth = at->depth;
	msg.max = RDL_ERR_MAX / 2;
	add_place(&msg, at);
	msg.max = RDL_ERR_MAX - 1;
	if (rdl_buf_full(&msg)) {
		msg.full = false;
		rdl_buf_adds(&msg, "/...");
	}
	if (at->up != NULL)
		rdl_buf_adds(&msg, ": ");
	va_start(ap, fmt);
	for (p = fmt; *p != '\0'; p++) {
		if (*p != '%') {
			rdl_buf_addc(&msg, *p);
			continue;
		}
		if (*++p == 'v')
			rdl_schema_show(&msg, va_arg(ap, yyjson_val *));
		else if (*p == 's')
			rdl_buf_adds(&msg, va_arg(ap, const char *));
		else
			rdl_buf_addu(&msg, va_arg(ap, size_t));
	}
	va_end(ap);
	(void)rdl_err_set(c->err, RDL_E_INPUT, "%s", msg.p);
	rdl_buf_release(&msg);
	return false;
}

/* The value cannot be judged, so it is not valid, whatever "not" says. */
bool
rdl_schema_fault(struct walk *c, const struct place *at, const char *why)
{
	unsigned quiet = c->quiet;

	c->quiet = 0;
	(void)rdl_schema_unfit(c, at, "%s", why);
	c->quiet = quiet;
	c->fault = true;
	return false;
}

bool
rdl_schema_wrong_type(const struct node *n, yyjson_val *v,
    const struct place *at, struct walk *c)
{
	static const char *const names[] = { "null", "a boolean",
		"an integer", "a number", "a string", "an array", "an object" };
	struct rdl_buf want = RDL_BUF_INIT(256);
	unsigned i, left = n->types;

	for (i = 0; i < RDL_NELEM(names); i++) {
		if ((left & 1U << i) == 0)
			continue;
		left &= ~(1U << i);
		rdl_buf_addf(&want, "%s%s", want.len == 0 ? "" : left == 0 ?
		    " or " : ", ", names[i]);
	}
	(void)rdl_schema_unfit(c, at, "%s where %s is wanted", type_name(v),
	    want.p);
	rdl_buf_release(&want);
	return false;
}
