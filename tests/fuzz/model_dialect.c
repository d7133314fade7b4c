/*
 * Fuzzes the reading of replies, model/dialect.h: the first byte chooses the
 * dialect and the operation, the rest is what a server sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "model/dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const dialects[] = { "openai", "anthropic", "gemini",
	"a1111" };
static const enum rdl_op ops[] = { RDL_OP_CHAT, RDL_OP_EMBED, RDL_OP_IMAGE };

static volatile double sink;

/* Look at every byte that was given out. */
static void
use(const struct rdl_reply *reply)
{
	size_t i, j;

	if (reply->text != NULL && reply->text[reply->len] != '\0')
		abort();
	for (i = 0; i < reply->nvectors * reply->dim; i++)
		sink += (double)reply->vectors[i];
	for (i = 0; i < reply->nimages; i++)
		for (j = 0; j < reply->image_lens[i]; j++)
			sink += reply->images[i][j];
	if (reply->refusal != NULL)
		sink += (double)strlen(reply->refusal);
	if (reply->resolved != NULL)
		sink += (double)strlen(reply->resolved);
	if (reply->id != NULL)
		sink += (double)strlen(reply->id);
}

static void
read_reply(const struct rdl_dialect *d, enum rdl_op op, const char *body,
    size_t len)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_reply reply;
	struct rdl_model model;
	struct rdl_request r;
	char name[] = "fuzz", url[] = "http://127.0.0.1:1/v1";
	const char *const inputs[] = { "a", "b" };

	memset(&model, 0, sizeof(model));
	memset(&reply, 0, sizeof(reply));
	memset(&r, 0, sizeof(r));
	model.name = model.remote = name;
	model.base_url = model.endpoint = url;
	model.dialect = d;
	r.op = op;
	r.model = &model;
	r.prompt = "a";
	r.size = "64x64";
	r.inputs = inputs;
	r.ninputs = RDL_NELEM(inputs);
	if (d->read(&r, body, len, &arena, &reply, &err) == 0)
		use(&reply);
	else if (err.cls != RDL_E_REMOTE || err.msg[0] == '\0')
		abort();
	rdl_arena_release(&arena);
}

static void
judge(int status, const char *body, size_t len)
{
	int64_t wait_ms = -1;
	char msg[320];
	size_t i;

	memset(msg, 'x', sizeof(msg));
	(void)rdl_dialect_fault(status, body, len, msg, &wait_ms);
	if (memchr(msg, '\0', sizeof(msg)) == NULL || wait_ms < -1)
		abort();
	for (i = 0; msg[i] != '\0'; i++)
		if ((unsigned char)msg[i] < ' ' || msg[i] == 127)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 400, 401, 404, 429, 500, 503 };
	const struct rdl_dialect *d;
	char *body;

	if (size == 0)
		return 0;
	/* Of its exact size, for ASan. */
	body = malloc(size > 1 ? size - 1 : 1);
	if (body == NULL)
		abort();
	memcpy(body, data + 1, size - 1);
	d = rdl_dialect_find(dialects[data[0] % RDL_NELEM(dialects)]);
	if (d == NULL)
		abort();
	read_reply(d, ops[data[0] / RDL_NELEM(dialects) %
	    RDL_NELEM(ops)], body, size - 1);
	judge(statuses[data[0] % RDL_NELEM(statuses)], body, size - 1);
	free(body);
	return 0;
}
