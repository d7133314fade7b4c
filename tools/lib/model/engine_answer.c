/*
 * Is this reply an answer?  Finish reason first, then JSON, then schema.
 * Reads a stored reply body; writes the task's answer; asks nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "model/engine_impl.h"

#include "record/json.h"

void
rdl_answer_fail(struct rdl_task *t, const char *rule, const char *fmt, ...)
{
	char msg[RDL_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	t->answer.ok = false;
	t->answer.rule = rule;
	t->answer.reason = rdl_arena_dup(&t->job.arena, msg, strlen(msg));
}

/* The text inside a Markdown code fence, if the reply is one. */
static void
unfence(const char **p, size_t *len)
{
	const char *s = *p, *end = s + *len, *nl;

	if (*len < 6 || memcmp(s, "```", 3) != 0 ||
	    memcmp(end - 3, "```", 3) != 0)
		return;
	nl = memchr(s, '\n', *len);
	if (nl == NULL || nl + 1 > end - 3)
		return;
	*p = nl + 1;
	*len = (size_t)(end - 3 - (nl + 1));
}

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && strchr(" \t\r\n", **p) != NULL) {
		++*p;
		--*len;
	}
	while (*len > 0 && strchr(" \t\r\n", (*p)[*len - 1]) != NULL)
		--*len;
}

/*
 * Parse the JSON value in a reply.  Models wrap it in code fences or in a
 * sentence: the whole text is tried, then the inside of a fence, then what
 * begins at the first brace or bracket.  The schema decides afterwards.
 */
static yyjson_doc *
parse_json(const char *p, size_t len)
{
	const yyjson_read_flag flags = YYJSON_READ_BIGNUM_AS_RAW;
	yyjson_doc *doc;
	size_t skip;

	trim(&p, &len);
	unfence(&p, &len);
	trim(&p, &len);
	doc = rdl_json_read(p, len, flags);
	if (doc != NULL)
		return doc;
	for (skip = 0; skip < len; skip++)
		if (p[skip] == '{' || p[skip] == '[')
			return rdl_json_read(p + skip, len - skip,
			    flags | YYJSON_READ_STOP_WHEN_DONE);
	return NULL;
}

static void
judge_json(struct rdl_task *t)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *rule = "reply";

	t->json = parse_json(t->reply.text, t->reply.len);
	if (t->json == NULL) {
		rdl_answer_fail(t, "schema", "the reply is not JSON");
		return;
	}
	if (t->job.schema == NULL || rdl_schema_check(t->job.schema,
	    yyjson_doc_get_root(t->json), &err) == 1) {
		t->answer.json = yyjson_doc_get_root(t->json);
		if (t->job.check != NULL && !t->job.check(t->job.check_ctx,
		    &t->job, &t->answer, &rule, &err))
			rdl_answer_fail(t, rule, "%s", err.msg);
		return;
	}
	rdl_answer_fail(t, "schema", "the reply does not fit: %s", err.msg);
}

static void
judge_chat(struct rdl_task *t)
{
	const struct rdl_reply *r = &t->reply;
	int64_t max = t->job.request.sampling.max_tokens;
	const char *p = r->text;
	size_t len = r->len;

	if (r->finish == RDL_FINISH_LENGTH && max >= 0)
		rdl_answer_fail(t, "cut", "the reply was cut at the limit of "
		    "%lld tokens (max-tokens)", (long long)max);
	else if (r->finish == RDL_FINISH_LENGTH)
		rdl_answer_fail(t, "cut", "the reply was cut at the server's "
		    "own limit of tokens; give --max-tokens");
	else if (r->finish == RDL_FINISH_FILTER)
		rdl_answer_fail(t, "filter", "withheld by a content filter "
		    "(%s)", r->finish_text != NULL ? r->finish_text : "?");
	else if (r->finish == RDL_FINISH_REFUSAL || r->refusal != NULL)
		rdl_answer_fail(t, "refusal", "the model refused: %.300s",
		    r->refusal != NULL ? r->refusal : "no reason given");
	else if (r->finish == RDL_FINISH_OTHER)
		rdl_answer_fail(t, "reply", "finish reason '%s' is not one of "
		    "an answer", r->finish_text != NULL ? r->finish_text :
		    "?");
	else {
		if (p != NULL)
			trim(&p, &len);
		if (p == NULL || len == 0)
			rdl_answer_fail(t, "empty", "the reply is empty");
		else if (t->job.request.json)
			judge_json(t);
	}
}

/* A file that its server calls an image. */
static void
judge_image(struct rdl_task *t)
{
	struct rdl_err err = RDL_ERR_INIT;
	const char *rule = "reply";

	if (t->job.check != NULL && !t->job.check(t->job.check_ctx, &t->job,
	    &t->answer, &rule, &err))
		rdl_answer_fail(t, rule, "%s", err.msg);
}

void
rdl_answer_read(struct rdl_task *t, const char *body, size_t len)
{
	const struct rdl_request *r = &t->job.request;
	struct rdl_err err = RDL_ERR_INIT;

	t->unread = NULL;
	if (r->model->dialect->read(r, body, len, &t->job.arena, &t->reply,
	    &err) == 0)
		return;
	t->unread = rdl_arena_dup(&t->job.arena, err.msg, strlen(err.msg));
	t->reply.finish_text = NULL;
}

void
rdl_answer_judge(struct rdl_task *t)
{
	t->answer.ok = true;
	t->answer.rule = t->answer.reason = NULL;
	t->answer.text = NULL;
	t->answer.text_len = 0;
	t->answer.json = NULL;
	yyjson_doc_free(t->json);
	t->json = NULL;
	if (t->unread != NULL) {
		rdl_answer_fail(t, "reply", "%s", t->unread);
		return;
	}
	t->answer.reply = &t->reply;
	t->answer.text = t->reply.text;
	t->answer.text_len = t->reply.len;
	if (t->job.request.op == RDL_OP_CHAT)
		judge_chat(t);
	else if (t->job.request.op == RDL_OP_IMAGE)
		judge_image(t);
}

const char *
rdl_answer_complaint(struct rdl_task *t)
{
	char msg[RDL_ERR_MAX];

	if (t->answer.rule == NULL)
		return "";
	if (strcmp(t->answer.rule, "cut") == 0)
		(void)snprintf(msg, sizeof(msg), "Your answer was not used: %s."
		    " Answer again, whole, and within that limit.",
		    t->answer.reason);
	else
		(void)snprintf(msg, sizeof(msg), "Your answer was not used: %s."
		    " Answer the same question again; give only what was "
		    "asked for.", t->answer.reason);
	return rdl_arena_dup(&t->job.arena, msg, strlen(msg));
}
