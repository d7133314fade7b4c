/*
 * Why no reply came, in words that say what to do.
 * Reads curl's codes, fills struct rdl_http_call.  Prints nothing.
 */
#include "model/http_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"

/* The host and port of a URL, without user and password. */
static void
host_of(const char *url, char out[128])
{
	const char *p = strstr(url, "://"), *at;
	size_t len;

	p = p != NULL ? p + 3 : url;
	len = strcspn(p, "/?#");
	while ((at = memchr(p, '@', len)) != NULL) {
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	(void)snprintf(out, 128, "%.*s", len > 100 ? 100 : (int)len, p);
}

/*
 * Worth another try: name resolution (the engine limits how often), connect,
 * the connection lost at any point, a timeout.  The rest will be the same
 * the next time: a bad URL, a certificate, a reply that is too large.
 */
static bool
is_transient(CURLcode code)
{
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_HTTP2:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2_STREAM:
		return true;
	default:
		return false;
	}
}

static void
say_connect(char *out, size_t size, const char *host, long os,
    const char *detail)
{
	if (os == ECONNREFUSED)
		(void)snprintf(out, size, "connection refused by %s: is the "
		    "server running?", host);
	else if (os != 0)
		(void)snprintf(out, size, "cannot connect to %s: %s", host,
		    strerror((int)os));
	else
		(void)snprintf(out, size, "cannot connect to %s: %s", host,
		    detail);
}

static void
say(struct rdl_http_call *call, CURLcode code, long os, const char *host,
    const char *detail)
{
	char *out = call->error;
	size_t size = sizeof(call->error);

	switch (code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
		(void)snprintf(out, size, "the model's URL is neither http "
		    "nor https");
		break;
	case CURLE_URL_MALFORMAT:
		(void)snprintf(out, size, "the model's URL is not valid: %s",
		    detail);
		break;
	case CURLE_COULDNT_RESOLVE_PROXY:
		(void)snprintf(out, size, "cannot resolve the proxy of the "
		    "environment: %s", detail);
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		(void)snprintf(out, size, "cannot resolve host '%s'", host);
		break;
	case CURLE_COULDNT_CONNECT:
		say_connect(out, size, host, os, detail);
		break;
	case CURLE_OPERATION_TIMEDOUT:
		(void)snprintf(out, size, "no reply from %s in time: %s",
		    host, detail);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		(void)snprintf(out, size, "TLS with %s failed: %s", host,
		    detail);
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		(void)snprintf(out, size, "the certificate of %s is not to be "
		    "trusted: %s", host, detail);
		break;
	case CURLE_GOT_NOTHING:
		(void)snprintf(out, size, "%s closed the connection without a "
		    "reply", host);
		break;
	case CURLE_PARTIAL_FILE:
		(void)snprintf(out, size, "the reply of %s was cut: %s", host,
		    detail);
		break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		(void)snprintf(out, size, "the connection to %s was lost: %s",
		    host, detail);
		break;
	default:
		(void)snprintf(out, size, "%s: %s", host, detail);
	}
}

void
rdl_http_fault(const struct rdl_curl *curl, struct rdl_http_call *call,
    CURLcode code, long os, const char *detail, enum rdl_http_stop stop)
{
	char host[128];

	host_of(call->url, host);
	call->status = 0;
	call->timed_out = code == CURLE_OPERATION_TIMEDOUT;
	call->transient = stop == RDL_HTTP_GOES_ON && is_transient(code);
	if (stop == RDL_HTTP_BIG_HEAD)
		(void)snprintf(call->error, sizeof(call->error),
		    "the headers of the reply of %s are larger than %zu KiB",
		    host, RDL_HEADER_MAX / RDL_KIB);
	else if (stop == RDL_HTTP_BIG_BODY)
		(void)snprintf(call->error, sizeof(call->error),
		    "the reply of %s is larger than %zu bytes", host,
		    call->reply.max);
	else
		say(call, code, os, host,
		    detail[0] != '\0' ? detail : curl->easy_strerror(code));
}
