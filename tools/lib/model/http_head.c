/*
 * The reply headers that decide when to ask again and how fast.
 * Reads header lines, fills struct rdl_http_call.  Keeps no other header.
 */
#include "model/http_impl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/num.h"

/* A server that asks for more than a year means never. */
#define YEAR_MS (INT64_C(366) * 86400 * 1000)

enum kind {
	COUNT,		/* a whole number >= 0 */
	SPAN,		/* a Go duration or seconds */
	UNTIL,		/* an RFC 3339 time, as milliseconds from now */
	AFTER,		/* retry-after: seconds, or an HTTP date */
	AFTER_MS,	/* retry-after-ms: milliseconds */
	YES_NO,
	TEXT
};

struct name {
	const char *name;
	size_t len;
	enum kind kind;
	size_t off;
	size_t size;	/* of TEXT; of the rest: 1 if it gives way */
};

#define FIELD(n, k, m) { n, sizeof(n) - 1, k, \
	offsetof(struct rdl_http_call, m), 0 }
#define SECOND(n, k, m) { n, sizeof(n) - 1, k, \
	offsetof(struct rdl_http_call, m), 1 }
#define STRING(n, m) { n, sizeof(n) - 1, TEXT, \
	offsetof(struct rdl_http_call, m), \
	sizeof(((struct rdl_http_call *)0)->m) }

/* OpenAI's names, which most servers took over; Anthropic's, of which tokens
 * is the tightest of its token limits, and input-tokens stands in for it. */
static const struct name names[] = {
	FIELD("retry-after-ms", AFTER_MS, retry_after_ms),
	SECOND("retry-after", AFTER, retry_after_ms),
	FIELD("x-should-retry", YES_NO, should_retry),
	FIELD("x-ratelimit-limit-requests", COUNT, limit_requests),
	FIELD("x-ratelimit-remaining-requests", COUNT, remaining_requests),
	FIELD("x-ratelimit-reset-requests", SPAN, reset_requests_ms),
	FIELD("x-ratelimit-limit-tokens", COUNT, limit_tokens),
	FIELD("x-ratelimit-remaining-tokens", COUNT, remaining_tokens),
	FIELD("x-ratelimit-reset-tokens", SPAN, reset_tokens_ms),
	FIELD("anthropic-ratelimit-requests-limit", COUNT, limit_requests),
	FIELD("anthropic-ratelimit-requests-remaining", COUNT,
	    remaining_requests),
	FIELD("anthropic-ratelimit-requests-reset", UNTIL, reset_requests_ms),
	FIELD("anthropic-ratelimit-tokens-limit", COUNT, limit_tokens),
	FIELD("anthropic-ratelimit-tokens-remaining", COUNT,
	    remaining_tokens),
	FIELD("anthropic-ratelimit-tokens-reset", UNTIL, reset_tokens_ms),
	SECOND("anthropic-ratelimit-input-tokens-limit", COUNT, limit_tokens),
	SECOND("anthropic-ratelimit-input-tokens-remaining", COUNT,
	    remaining_tokens),
	SECOND("anthropic-ratelimit-input-tokens-reset", UNTIL,
	    reset_tokens_ms),
	STRING("x-request-id", server_id),
	STRING("request-id", server_id),
	STRING("content-type", content_type),
};

static const struct name *
find(const char *line, size_t len)
{
	size_t i;

	/* Most lines of a reply are none of ours: look closely only at those
	 * with a first letter that occurs. */
	if (memchr("rxacRXAC", line[0], 8) == NULL)
		return NULL;
	for (i = 0; i < RDL_NELEM(names); i++)
		if (names[i].len == len &&
		    strncasecmp(names[i].name, line, len) == 0)
			return &names[i];
	return NULL;
}

/* seconds (with a fraction) or milliseconds as text: milliseconds, -1. */
static int64_t
plain(const char *text, double unit_ms)
{
	struct rdl_err err = RDL_ERR_INIT;
	double v, ms;

	if (rdl_num_real(text, 0, 1e15, &v, &err) < 0)
		return -1;
	ms = v * unit_ms;
	if (ms >= (double)YEAR_MS)
		return YEAR_MS;
	return (int64_t)ms + ((double)(int64_t)ms < ms ? 1 : 0);
}

static int64_t
from_now(time_t when, int64_t wall_ms)
{
	int64_t ms;

	if (when < 0 || when > INT64_MAX / 2000)
		return -1;
	ms = (int64_t)when * 1000 - wall_ms;
	return ms < 0 ? 0 : ms > YEAR_MS ? YEAR_MS : ms;
}

/*
 * "2024-11-23T12:00:00Z", with a fraction or an offset, to milliseconds from
 * now.  curl reads dates but not with a T, so it is given another spelling.
 */
static int64_t
until(const struct rdl_curl *curl, const char *t, int64_t wall_ms)
{
	static const char shape[] = "0000-00-00T00:00:00";
	const char *zone;
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == '0' ? t[i] < '0' || t[i] > '9' :
		    t[i] != shape[i])
			return -1;
	zone = t + sizeof(shape) - 1;
	if (*zone == '.')
		zone += 1 + strspn(zone + 1, "0123456789");
	if (strcmp(zone, "Z") == 0)
		zone = "+00:00";
	if ((*zone != '+' && *zone != '-') || strlen(zone) != 6)
		return -1;
	(void)snprintf(text, sizeof(text), "%.4s%.2s%.2s %.8s %.3s%.2s",
	    t, t + 5, t + 8, t + 11, zone, zone + 4);
	return from_now(curl->getdate(text, NULL), wall_ms);
}

static int64_t
number(const struct rdl_curl *curl, enum kind kind, const char *text,
    int64_t wall_ms)
{
	struct rdl_err err = RDL_ERR_INIT;
	int64_t v;

	switch (kind) {
	case COUNT:
		return rdl_num_int(text, 0, INT64_MAX, &v, &err) < 0 ? -1 : v;
	case SPAN:
		return rdl_num_duration(text, &v, &err) < 0 ? -1 : v;
	case UNTIL:
		return until(curl, text, wall_ms);
	case AFTER_MS:
		return plain(text, 1);
	case AFTER:
		if (text[0] >= '0' && text[0] <= '9' &&
		    strspn(text, "0123456789.") == strlen(text))
			return plain(text, 1000);
		return from_now(curl->getdate(text, NULL), wall_ms);
	default:
		return -1;
	}
}

static void
keep(const struct rdl_curl *curl, struct rdl_http_call *call,
    const struct name *n, const char *text, int64_t wall_ms)
{
	char *field = (char *)call + n->off;
	int64_t v;

	if (n->kind == TEXT) {
		(void)snprintf(field, n->size, "%s", text);
		return;
	}
	if (n->kind == YES_NO) {
		call->should_retry = strcasecmp(text, "true") == 0 ? 1 :
		    strcasecmp(text, "false") == 0 ? 0 : -1;
		return;
	}
	v = number(curl, n->kind, text, wall_ms);
	if (v >= 0 && !(n->size == 1 && *(int64_t *)(void *)field >= 0))
		*(int64_t *)(void *)field = v;
}

void
rdl_http_head_reset(struct rdl_http_call *call)
{
	call->retry_after_ms = -1;
	call->should_retry = -1;
	call->limit_requests = -1;
	call->remaining_requests = -1;
	call->reset_requests_ms = -1;
	call->limit_tokens = -1;
	call->remaining_tokens = -1;
	call->reset_tokens_ms = -1;
	call->server_id[0] = '\0';
	call->content_type[0] = '\0';
}

void
rdl_http_head_line(const struct rdl_curl *curl, struct rdl_http_call *call,
    const char *line, size_t len, int64_t wall_ms)
{
	const struct name *n;
	const char *colon, *p;
	char text[160];
	size_t i;

	if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
		rdl_http_head_reset(call);
		return;
	}
	colon = memchr(line, ':', len);
	if (colon == NULL || colon == line)
		return;
	n = find(line, (size_t)(colon - line));
	if (n == NULL)
		return;
	p = colon + 1;
	len -= (size_t)(p - line);
	while (len > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		len--;
	}
	while (len > 0 && (unsigned char)p[len - 1] <= ' ')
		len--;
	if (len >= sizeof(text))
		len = sizeof(text) - 1;
	/* Ids and types go into messages and the ledger: printable only. */
	for (i = 0; i < len; i++)
		text[i] = p[i] >= ' ' && p[i] <= '~' ? p[i] : '?';
	text[len] = '\0';
	keep(curl, call, n, text, wall_ms);
}
