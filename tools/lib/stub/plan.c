/*
 * What happens to one request.
 * Reads the request and the rules; writes a plan, the levels of the buckets
 * and the counts of the faults.  Does not wait and does not send.
 */
#include "stub/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "stub/content.h"
#include "stub/wire.h"

#define BODY_MAX (600 * RDL_MIB)

void
rdl_plan_header(struct rdl_plan *p, const char *name, const char *fmt, ...)
{
	char value[RDL_URL_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	rdl_buf_add(&p->headers, name, strlen(name) + 1);
	rdl_buf_add(&p->headers, value, strlen(value) + 1);
}

static void
error(struct rdl_plan *p, const struct rdl_ask *a, int status,
    const char *code, const char *message, int64_t retry_ms)
{
	p->status = status;
	rdl_buf_reset(&p->body);
	rdl_wire_error(&p->body, a->dialect, status, code, message, retry_ms);
}

/* True if the request carries the key where its dialect wants it. */
static bool
authorised(const struct rdl_plan_rules *r, const struct rdl_plan_in *in,
    enum rdl_ask_dialect dialect)
{
	const char *v;

	if (r->key == NULL)
		return true;
	if (dialect == RDL_ASK_ANTHROPIC)
		v = in->header(in->arg, "x-api-key");
	else if (dialect == RDL_ASK_GEMINI)
		v = in->header(in->arg, "x-goog-api-key");
	else if ((v = in->header(in->arg, "authorization")) != NULL)
		v = strncmp(v, "Bearer ", 7) == 0 ? v + 7 : NULL;
	return v != NULL && strcmp(v, r->key) == 0;
}

/* A duration as OpenAI's servers print it: "12ms", "1.5s", "6m0s". */
static void
print_duration(char out[48], int64_t us)
{
	int64_t ms = (us + 999) / 1000;

	if (ms < 1000)
		(void)snprintf(out, 48, "%lldms", (long long)ms);
	else if (ms < 60000)
		(void)snprintf(out, 48, "%.15gs", (double)ms / 1000);
	else
		(void)snprintf(out, 48, "%lldm%.15gs",
		    (long long)(ms / 60000), (double)(ms % 60000) / 1000);
}

static void
limit_header(struct rdl_plan *p, const struct rdl_bucket *b,
    enum rdl_ask_dialect dialect, const char *what)
{
	double left = b->level > 0 ? floor(b->level) : 0;
	int64_t full_us = rdl_bucket_wait_us(b, b->burst);
	bool ant = dialect == RDL_ASK_ANTHROPIC;
	char name[80], reset[48];

	if (b->per_minute <= 0)
		return;
	if (ant)
		rdl_clock_iso(reset, rdl_clock_wall_ms() + full_us / 1000);
	else
		print_duration(reset, full_us);
#define NAME(word) (snprintf(name, sizeof(name), ant ? \
	"anthropic-ratelimit-%s-%s" : "x-ratelimit-%s-%s", \
	ant ? what : word, ant ? word : what) > 0 ? name : "")
	rdl_plan_header(p, NAME("limit"), "%.15g", b->per_minute);
	rdl_plan_header(p, NAME("remaining"), "%.15g", left);
	rdl_plan_header(p, NAME("reset"), "%s", reset);
#undef NAME
}

static void
limit_headers(struct rdl_plan *p, const struct rdl_plan_rules *r,
    const struct rdl_ask *a)
{
	if (!r->limit_headers || a->dialect == RDL_ASK_GEMINI)
		return;
	limit_header(p, &r->requests, a->dialect, "requests");
	limit_header(p, &r->tokens, a->dialect, "tokens");
}

/* Refuse with 429 if a bucket is empty; -1 if so. */
static int
limit(struct rdl_plan *p, struct rdl_plan_rules *r,
    const struct rdl_plan_in *in, const struct rdl_ask *a)
{
	const struct rdl_bucket *b;
	char msg[160];

	rdl_bucket_refill(&r->requests, in->now_us);
	rdl_bucket_refill(&r->tokens, in->now_us);
	/* A request is let in while a token is left and may leave a debt:
	 * its answer's length is not known to a server either. */
	if (rdl_bucket_has(&r->requests, 1) && rdl_bucket_has(&r->tokens, 1)) {
		rdl_bucket_take(&r->requests, 1);
		return 0;
	}
	b = rdl_bucket_has(&r->requests, 1) ? &r->tokens : &r->requests;
	(void)snprintf(msg, sizeof(msg), "Rate limit reached on %s per min: "
	    "limit %.15g. Please try again in %lldms.",
	    b == &r->tokens ? "tokens" : "requests", b->per_minute,
	    (long long)(rdl_bucket_wait_us(b, 1) + 999) / 1000);
	error(p, a, 429, NULL, msg, r->retry_after_s > 0 ?
	    (int64_t)(r->retry_after_s * 1000) : -1);
	if (r->retry_after_s > 0)
		rdl_plan_header(p, "retry-after", "%.15g", r->retry_after_s);
	return -1;
}

static void
html(struct rdl_plan *p, const struct rdl_fault *rule)
{
	p->status = rule->status > 0 ? (int)rule->status : 502;
	p->type = "text/html";
	rdl_buf_addf(&p->body, "<html>\r\n<head><title>%d</title></head>\r\n"
	    "<body>\r\n<center><h1>%d</h1></center>\r\n<hr><center>stub"
	    "</center>\r\n</body>\r\n</html>\r\n", p->status, p->status);
}

/* Faults that stand in place of an answer; 0 if rule is none of them. */
static int
instead(struct rdl_plan *p, const struct rdl_ask *a,
    const struct rdl_fault *rule)
{
	const char *msg = rule->message;
	int64_t retry_ms = rule->retry_after_ms;

	if (retry_ms < 0 && rule->retry_after_s >= 0)
		retry_ms = (int64_t)(rule->retry_after_s * 1000);
	switch ((enum rdl_fault_kind)rule->kind) {
	case RDL_FAULT_HANG:
	case RDL_FAULT_RESET:
		p->status = 0;
		return 1;
	case RDL_FAULT_HTTP:
		error(p, a, (int)rule->status, NULL, msg != NULL ? msg :
		    "this error was asked for", retry_ms);
		break;
	case RDL_FAULT_QUOTA:
		error(p, a, 429, "insufficient_quota", msg != NULL ? msg :
		    "You exceeded your current quota, please check your plan "
		    "and billing details.", retry_ms);
		break;
	case RDL_FAULT_HTML:
		html(p, rule);
		break;
	case RDL_FAULT_REDIRECT:
		p->status = rule->status > 0 ? (int)rule->status : 307;
		rdl_plan_header(p, "location", "%s", rule->location);
		break;
	default:
		return 0;
	}
	if (rule->retry_after_s >= 0)
		rdl_plan_header(p, "retry-after", "%.15g",
		    rule->retry_after_s);
	if (rule->retry_after_ms >= 0)
		rdl_plan_header(p, "retry-after-ms", "%lld",
		    (long long)rule->retry_after_ms);
	return 1;
}

static void
answer(struct rdl_plan *p, struct rdl_plan_rules *r,
    const struct rdl_plan_in *in, const struct rdl_ask *a)
{
	struct rdl_fault_of of = { p->n, in->path, in->len > 0 ? in->body :
	    "", in->len, { a->hash[0], a->hash[1] } };
	const struct rdl_fault *rule;

	rule = rdl_fault_pick(&r->faults, &of, &p->wait_us);
	p->fault = rule != NULL ? (enum rdl_fault_kind)rule->kind :
	    RDL_FAULT_NONE;
	if (rule != NULL && instead(p, a, rule))
		return;
	rdl_content_make(p, r, a, rule);
	rdl_bucket_take(&r->tokens,
	    (double)(p->prompt_tokens + p->completion_tokens));
	p->send = p->body.len;
	if (p->fault == RDL_FAULT_SLOW)
		p->bytes_per_s = rule->bytes_per_s;
	else if (p->fault == RDL_FAULT_BAD_BODY)
		p->send = p->body.len /= 2;
	else if (p->fault == RDL_FAULT_CUT) {
		p->send = p->body.len / 2;
		if (rule->bytes >= 0)
			p->send = (size_t)rule->bytes;
		if (p->send >= p->body.len)
			p->send = p->body.len - 1;
	}
}

static void
get(struct rdl_plan *p, const struct rdl_ask *a)
{
	p->status = 200;
	if (a->kind == RDL_ASK_HEALTH)
		rdl_buf_adds(&p->body, "{\"status\":\"ok\"}");
	else if (a->kind == RDL_ASK_MODELS)
		rdl_buf_adds(&p->body, "{\"object\":\"list\",\"data\":["
		    "{\"id\":\"stub\",\"object\":\"model\",\"created\":"
		    "1700000000,\"owned_by\":\"riddle\"}]}");
	else
		p->stats = true;
}

static void
keep_custom(struct rdl_plan *p, const struct rdl_ask *a)
{
	yyjson_val *v = yyjson_obj_get(a->root, "user");
	size_t len;
	char *text;

	if (v == NULL || (text = yyjson_val_write(v, 0, &len)) == NULL)
		return;
	rdl_buf_add(&p->custom, text, len);
	free(text);
}

void
rdl_plan_make(struct rdl_plan *p, struct rdl_plan_rules *r,
    const struct rdl_plan_in *in)
{
	struct rdl_ask a;
	bool open;

	*p = (struct rdl_plan){ .type = "application/json" };
	rdl_buf_init(&p->headers, RDL_HEADER_MAX);
	rdl_buf_init(&p->body, BODY_MAX);
	rdl_buf_init(&p->custom, RDL_KIB);
	rdl_ask_read(&a, in->method, in->path, in->body, in->len);
	if (a.kind < RDL_ASK_MODELS)
		p->n = ++r->n;
	open = a.kind == RDL_ASK_HEALTH || a.kind == RDL_ASK_STATS;
	keep_custom(p, &a);
	if (!open && !authorised(r, in, a.dialect))
		error(p, &a, 401, NULL, "Incorrect API key provided.", -1);
	else if (in->too_large)
		error(p, &a, 413, NULL, "the body is too large", -1);
	else if (a.status != 200)
		error(p, &a, a.status, NULL, a.why, -1);
	else if (a.dialect == RDL_ASK_ANTHROPIC &&
	    in->header(in->arg, "anthropic-version") == NULL)
		error(p, &a, 400, NULL, "anthropic-version: header is "
		    "required", -1);
	else if (a.kind >= RDL_ASK_MODELS)
		get(p, &a);
	else {
		if (limit(p, r, in, &a) == 0)
			answer(p, r, in, &a);
		limit_headers(p, r, &a);
	}
	if (p->send == 0 && p->fault != RDL_FAULT_CUT)
		p->send = p->body.len;
	rdl_ask_release(&a);
}

void
rdl_plan_release(struct rdl_plan *p)
{
	rdl_buf_release(&p->headers);
	rdl_buf_release(&p->body);
	rdl_buf_release(&p->custom);
}

void
rdl_plan_rules_release(struct rdl_plan_rules *r)
{
	rdl_answer_release(&r->answers);
	rdl_fault_release(&r->faults);
}
