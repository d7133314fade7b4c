/*
 * Files from the web: several downloads at once, results in order.
 * http and https only; redirects are refused, as everywhere in riddle.  What
 * may pass (408, 429, 5xx, a broken connection) is tried again, three times in
 * all, after the wait that the server asks for.
 */
#ifndef RDL_DOMAIN_FETCH_H
#define RDL_DOMAIN_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define RDL_FETCH_MAX 16	/* downloads that wait or are under way */

struct rdl_fetch_result {
	const char *file;	/* NULL: failed, see why */
	size_t len;
	char why[300];		/* "HTTP 404" */
};

struct rdl_fetch;

/* Nothing is opened before the first address.  timeout_ms is of one try. */
struct rdl_fetch *rdl_fetch_new(int timeout_ms);
void rdl_fetch_free(struct rdl_fetch *f);

/* True if fewer than RDL_FETCH_MAX wait. */
bool rdl_fetch_room(const struct rdl_fetch *f);

/* Start a download; the address is copied. */
int rdl_fetch_add(struct rdl_fetch *f, const char *url, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Wait for the oldest.  Valid until the next call.  -1: libcurl is not here,
 * or a signal came that rdl_tool_stopped() knows of. */
int rdl_fetch_take(struct rdl_fetch *f, struct rdl_fetch_result *r,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
