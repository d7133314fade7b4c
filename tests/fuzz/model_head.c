/*
 * Fuzzes the reading of reply headers, model/http_impl.h: the bytes are lines.
 * Whatever they say, each field is unknown or in its bounds, and texts are
 * printable.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/http_impl.h"

#define NOW INT64_C(1764000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
check_text(const char *text, size_t size)
{
	size_t i;

	must(memchr(text, '\0', size) != NULL);
	for (i = 0; text[i] != '\0'; i++)
		must(text[i] >= ' ' && text[i] <= '~');
}

static void
check(const struct rdl_http_call *c)
{
	must(c->retry_after_ms >= -1 && c->should_retry >= -1 &&
	    c->should_retry <= 1);
	must(c->limit_requests >= -1 && c->remaining_requests >= -1 &&
	    c->reset_requests_ms >= -1);
	must(c->limit_tokens >= -1 && c->remaining_tokens >= -1 &&
	    c->reset_tokens_ms >= -1);
	check_text(c->server_id, sizeof(c->server_id));
	check_text(c->content_type, sizeof(c->content_type));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rdl_curl *curl;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_http_call call;
	const uint8_t *nl;
	char *line;
	size_t n;

	if (curl == NULL)
		must((curl = rdl_curl_load(&err)) != NULL);
	memset(&call, 0, sizeof(call));
	rdl_http_head_reset(&call);
	for (; size > 0; data += n, size -= n) {
		nl = memchr(data, '\n', size);
		n = nl == NULL ? size : (size_t)(nl + 1 - data);
		line = malloc(n);	/* of its exact size, for ASan */
		must(line != NULL);
		memcpy(line, data, n);
		rdl_http_head_line(curl, &call, line, n, NOW);
		free(line);
		check(&call);
	}
	return 0;
}
