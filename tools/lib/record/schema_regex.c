/*
 * Patterns of a schema: regular expressions of ECMA-262 by PCRE2.
 * \d, \w, \s and \b are ASCII, a dollar matches at the very end only, and a dot
 * is a code point.  The work of one search is bounded.
 */
#include <stdlib.h>

#include "core/mem.h"
#include "record/schema_impl.h"

/* Backtracking steps and memory of one search: enough for a text of a
 * megabyte and a sane pattern, over in a second for a pattern that is not. */
#define MATCH_STEPS_MAX 10000000
#define MATCH_KIB_MAX 65536

int
rdl_schema_regex_compile(struct regex *re, yyjson_val *v,
    struct rdl_err *err)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR why[128];
	PCRE2_SIZE at;
	int code;

	if (ctx == NULL)
		rdl_mem_exhausted(0);
	/* ECMA-262's line terminators, nearly: a dot matches none of them. */
	(void)pcre2_set_newline(ctx, PCRE2_NEWLINE_ANYCRLF);
	re->text = yyjson_get_str(v);
	re->code = pcre2_compile((PCRE2_SPTR)re->text, yyjson_get_len(v),
	    PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
	    PCRE2_NEVER_BACKSLASH_C, &code, &at, ctx);
	pcre2_compile_context_free(ctx);
	if (re->code != NULL)
		return 0;
	if (code == PCRE2_ERROR_HEAP_FAILED)
		rdl_mem_exhausted(0);
	(void)pcre2_get_error_message(code, why, sizeof(why));
	return rdl_err_set(err, RDL_E_USAGE,
	    "not a regular expression: %s at byte %zu", (char *)why,
	    (size_t)at);
}

void
rdl_schema_regex_release(struct regex *re)
{
	pcre2_code_free(re->code);
	re->code = NULL;
}

int
rdl_schema_regex_match(const struct regex *re, const char *p,
    size_t len)
{
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_match_context *ctx = pcre2_match_context_create(NULL);
	int rc = PCRE2_ERROR_NOMEMORY;

	if (data != NULL && ctx != NULL) {
		(void)pcre2_set_match_limit(ctx, MATCH_STEPS_MAX);
		(void)pcre2_set_heap_limit(ctx, MATCH_KIB_MAX);
		rc = pcre2_match(re->code, (PCRE2_SPTR)p, len, 0, 0, data,
		    ctx);
	}
	pcre2_match_context_free(ctx);
	pcre2_match_data_free(data);
	/* A text that was not looked at is no text that does not fit. */
	if (rc == PCRE2_ERROR_NOMEMORY)
		rdl_mem_exhausted(0);
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}
