/*
 * What a refusal means: try again, slow down, fail the record, stop the run.
 * Reads a status and a body of any shape.  Does not act on it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "record/json.h"
#include "model/dialect_impl.h"

/* Words of a code, type or status that stop the run: no other request would
 * fare better. */
static const char *const run_words[] = {
	"insufficient_quota", "billing_hard_limit_reached",
	"billing_not_active", "billing_error", "account_deactivated",
	"invalid_api_key", "authentication_error", "permission_error",
	"permission_denied", "UNAUTHENTICATED", "PERMISSION_DENIED",
	"model_not_found", "unsupported_parameter", "unsupported_value",
};

/* The same told only in the message.  "You exceeded your current quota" is
 * not among them: Gemini says it of a minute's limit. */
static const char *const run_phrases[] = {
	"credit balance is too low", "Insufficient credits",
	"Insufficient Balance", "API key not valid", "API_KEY_INVALID",
	"User location is not supported", "is not a valid model",
	"image input is not supported",	/* llama-server without mmproj, 500 */
};

/* memmem() without its feature macro. */
static const char *
find(const char *p, size_t len, const char *words)
{
	size_t n = strlen(words), i;

	for (i = 0; i + n <= len; i++)
		if (memcmp(p + i, words, n) == 0)
			return p + i;
	return NULL;
}

static bool
is_run_word(const char *word)
{
	size_t i;

	for (i = 0; i < RDL_NELEM(run_words); i++)
		if (strcmp(word, run_words[i]) == 0)
			return true;
	return false;
}

/* Gemini: error.details[] with the reason of a refused key, and quotas by
 * name; one of a day is not worth waiting for. */
static bool
details_stop(yyjson_val *body)
{
	yyjson_val *d, *v;
	size_t i, n, j, m;
	const char *quota;

	yyjson_arr_foreach(yyjson_obj_get(body, "details"), i, n, d) {
		if (yyjson_equals_str(yyjson_obj_get(d, "reason"),
		    "API_KEY_INVALID"))
			return true;
		yyjson_arr_foreach(yyjson_obj_get(d, "violations"), j, m, v) {
			quota = yyjson_get_str(yyjson_obj_get(v, "quotaId"));
			if (quota != NULL && strstr(quota, "PerDay") != NULL)
				return true;
		}
	}
	return false;
}

/* Does the body say that nothing further can be asked? */
static bool
says_run(const struct rdl_dialect_error *e)
{
	size_t i;

	if (is_run_word(e->code) || is_run_word(e->type) ||
	    is_run_word(e->status) || details_stop(e->body))
		return true;
	for (i = 0; i < RDL_NELEM(run_phrases); i++)
		if (find(e->message, e->len, run_phrases[i]) != NULL)
			return true;
	return false;
}

/* OpenRouter refuses one flagged input with 403 and the reasons. */
static bool
is_moderation(const struct rdl_dialect_error *e)
{
	return yyjson_is_arr(yyjson_obj_get(yyjson_obj_get(e->body,
	    "metadata"), "reasons"));
}

static enum rdl_fault
by_status(int status)
{
	switch (status) {
	case 401: case 402: case 403: case 404:
	case 405: case 407: case 410: case 426:
	case 501: case 505:	/* the server lacks it for every request */
		return RDL_FAULT_RUN;
	case 408: case 409: case 421: case 425:
		return RDL_FAULT_RETRY;
	case 429:
		return RDL_FAULT_LIMIT;
	default:
		if (status >= 300 && status < 400)
			return RDL_FAULT_RUN;
		return status >= 400 && status < 500 ? RDL_FAULT_RECORD :
		    RDL_FAULT_RETRY;
	}
}

static void
take_delay(const char *p, size_t len, int64_t *wait_ms)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char text[32];
	int64_t ms;

	if (len == 0 || len >= sizeof(text))
		return;
	memcpy(text, p, len);
	text[len] = '\0';
	if (rdl_num_duration(text, &ms, &ignored) == 0)
		*wait_ms = ms;
}

/* Gemini's details[].retryDelay "19s", or OpenAI's and Groq's "try again in
 * 6m0s" in the message. */
static void
find_delay(const struct rdl_dialect_error *e, int64_t *wait_ms)
{
	static const char phrase[] = "try again in ";
	const char *p = find(e->message, e->len, phrase), *end;
	yyjson_val *d, *delay;
	size_t i, n;

	if (p != NULL) {
		p += sizeof(phrase) - 1;
		end = p;
		while (end < e->message + e->len && *end != '\0' &&
		    strchr("0123456789.hmsun", *end) != NULL)
			end++;
		if (end > p && end[-1] == '.')
			end--;
		take_delay(p, (size_t)(end - p), wait_ms);
	}
	yyjson_arr_foreach(yyjson_obj_get(e->body, "details"), i, n, d) {
		delay = yyjson_obj_get(d, "retryDelay");
		if (yyjson_is_str(delay))
			take_delay(yyjson_get_str(delay),
			    yyjson_get_len(delay), wait_ms);
	}
}

static enum rdl_fault
judge(int status, const struct rdl_dialect_error *e, int64_t *wait_ms)
{
	/* A proxy may wrap an error in a 200 and put its status inside. */
	if (status == 200)
		status = e->number >= 400 && e->number < 600 ?
		    (int)e->number : 400;
	find_delay(e, wait_ms);
	if (status == 403 && is_moderation(e))
		return RDL_FAULT_RECORD;
	return says_run(e) ? RDL_FAULT_RUN : by_status(status);
}

/* {"message": "text"}: gateways, and nothing else marks it as an error. */
static bool
bare_message(yyjson_val *root, struct rdl_dialect_error *e)
{
	yyjson_val *v = yyjson_obj_get(root, "message");

	if (!yyjson_is_str(v))
		return false;
	e->message = yyjson_get_str(v);
	e->len = yyjson_get_len(v);
	return true;
}

enum rdl_fault
rdl_dialect_fault(int status, const char *body, size_t len, char msg[320],
    int64_t *wait_ms)
{
	struct rdl_dialect_error e;
	yyjson_doc *doc = NULL;
	enum rdl_fault fault;

	if (len > 0)
		doc = yyjson_read_opts((char *)body, len,
		    YYJSON_READ_BIGNUM_AS_RAW, &rdl_json_alc, NULL);
	msg[0] = '\0';
	if (rdl_dialect_error_find(yyjson_doc_get_root(doc), &e) ||
	    bare_message(yyjson_doc_get_root(doc), &e)) {
		fault = judge(status, &e, wait_ms);
		rdl_dialect_text_clean(msg, e.message, e.len);
	} else
		fault = by_status(status);
	if (status >= 300 && status < 400)
		memcpy(msg, "redirects are not followed",
		    sizeof("redirects are not followed"));
	else if (msg[0] == '\0')
		rdl_dialect_text_excerpt(msg, body, len);
	yyjson_doc_free(doc);
	return fault;
}
