/*
 * Inside the HTTP client: what http.c, http_slot.c, http_head.c and
 * http_fault.c share.
 * Not for other rooms; the unit tests include it.
 */
#ifndef RDL_MODEL_HTTP_IMPL_H
#define RDL_MODEL_HTTP_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/curl.h"
#include "model/http.h"

/* Why a write callback stopped an exchange. */
enum rdl_http_stop { RDL_HTTP_GOES_ON, RDL_HTTP_BIG_HEAD, RDL_HTTP_BIG_BODY };

/* A curl handle that is used again and again. */
struct rdl_http_slot {
	const struct rdl_curl *curl;
	struct rdl_http_slot *next;	/* of the free ones */
	CURL *easy;			/* NULL until first used */
	struct rdl_http_call *call;	/* under way, or NULL */
	struct curl_slist *headers;
	char *headers_text;		/* what headers was made from */
	size_t head_bytes;
	int64_t began_us;
	enum rdl_http_stop stop;
	char detail[CURL_ERROR_SIZE];	/* curl's own words */
};

/* Make the handle and set what is the same for all requests.  on_open(arg)
 * opens its sockets. */
int rdl_http_slot_init(struct rdl_http_slot *s,
    curl_opensocket_callback on_open, void *arg, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Set the options of call, and forget its last reply. */
int rdl_http_slot_begin(struct rdl_http_slot *s, struct rdl_http_call *call,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The exchange ended with code: fill the call and let go of it.  Returns the
 * connections that were opened for it. */
unsigned int rdl_http_slot_end(struct rdl_http_slot *s, CURLcode code);

/* Free what the slot holds.  It must be out of the multi handle. */
void rdl_http_slot_release(struct rdl_http_slot *s);

/* Forget all that headers said. */
void rdl_http_head_reset(struct rdl_http_call *call);

/*
 * Read one header line, with or without its line end, into call.  A status
 * line forgets the headers before it (a 100 Continue, a proxy's reply).
 * Values that are not what they should be count as not said.
 */
void rdl_http_head_line(const struct rdl_curl *curl,
    struct rdl_http_call *call, const char *line, size_t len,
    int64_t wall_ms);

/*
 * Put into call why no reply came: transient, timed_out, error.  code is
 * curl's, os its errno or 0, detail its own words ("" if none).
 */
void rdl_http_fault(const struct rdl_curl *curl, struct rdl_http_call *call,
    CURLcode code, long os, const char *detail, enum rdl_http_stop stop);

#endif
