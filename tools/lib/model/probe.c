/*
 * A look at a model's server: GET of its list of models.
 * Sends one request with the model's key; reads status and list.
 * Asks no model anything, and writes nothing.
 */
#include "model/probe.h"

#include <string.h>

#include "core/limits.h"
#include "core/tool.h"
#include "model/dialect.h"
#include "model/http.h"

static const char *
list_path(const struct rdl_dialect *d)
{
	if (strcmp(d->name, "anthropic") == 0)
		return "/v1/models";
	if (strcmp(d->name, "a1111") == 0)
		return "/sdapi/v1/sd-models";
	return "/models";
}

int
rdl_probe(const struct rdl_model *m, int64_t timeout_ms,
    struct rdl_probe *out, struct rdl_err *err)
{
	struct rdl_buf url = RDL_BUF_INIT(65536), head = RDL_BUF_INIT(65536);
	struct rdl_http_call call = { .timeout_ms = timeout_ms };
	struct rdl_http_call *done = NULL;
	struct rdl_http *http = NULL;
	bool readable;
	int n = -1;

	memset(out, 0, sizeof(*out));
	rdl_buf_addf(&url, "%s%s", m->base_url, list_path(m->dialect));
	m->dialect->headers(m, &head);
	rdl_buf_addc(&head, '\0');
	call.url = url.p;
	call.headers = head.p;
	call.reply.max = RDL_MIB;
	if (rdl_http_open(&http, 1, err) < 0 ||
	    rdl_http_send(http, &call, err) < 0)
		goto out;
	do {
		n = rdl_http_wait(http, -1, &readable, 1000, &done, 1, err);
	} while (n == 0 && !rdl_tool_stopped());
	if (n == 0)
		n = rdl_err_set(err, RDL_E_STOPPED, "stopped");
	if (n < 0)
		goto out;
	rdl_buf_addc(&call.reply, '\0');
	out->status = call.status;
	out->latency_ms = call.latency_ms;
	out->listed = call.reply.p != NULL &&
	    strstr(call.reply.p, m->remote) != NULL;
	memcpy(out->error, call.error, sizeof(out->error));
out:
	rdl_http_close(http);
	rdl_buf_release(&call.reply);
	rdl_buf_release(&url);
	rdl_buf_release(&head);
	return n < 0 ? -1 : 0;
}
