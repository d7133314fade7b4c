/*
 * The canonical form of a request, and its size in tokens.
 * Writes RFC 8785 JSON straight in the order of names: they are fixed, so
 * nothing is sorted.  Does not read images: they go in by hash.
 */
#include "model/request.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "record/canon.h"

/* OpenAI's count for 1024x1024 at high detail: 85 and 4 tiles of 170. */
#define IMAGE_TOKENS 765
#define TURN_TOKENS 4

/* Whole numbers up to here are doubles exactly, as RFC 8785 wants. */
#define INT_MAX_EXACT (INT64_C(1) << 53)

/* The digest of a schema.  A run has few schemas and a million requests, so
 * the last one is kept, and compared whole. */
static struct rdl_sha256
schema_digest(const char *schema, size_t len)
{
	static char *known;
	static size_t known_len;
	static struct rdl_sha256 digest;

	if (known == NULL || known_len != len ||
	    memcmp(known, schema, len) != 0) {
		free(known);
		known = rdl_mem_dup(schema, len);
		known_len = len;
		digest = rdl_hash_sha256(schema, len);
	}
	return digest;
}

static void
add_string(struct rdl_buf *out, const char *name, const char *s)
{
	rdl_buf_adds(out, name);
	rdl_buf_addjson(out, s, strlen(s));
}

/* Numbers below 0 are not set. */
static int
add_int(struct rdl_buf *out, const char *name, int64_t v,
    struct rdl_err *err)
{
	if (v < 0)
		return 0;
	if (v > INT_MAX_EXACT)
		return rdl_err_set(err, RDL_E_USAGE,
		    "%lld is too large for a setting of a request",
		    (long long)v);
	rdl_buf_adds(out, name);
	rdl_buf_addu(out, (uint64_t)v);
	return 0;
}

static int
add_real(struct rdl_buf *out, const char *name, double v,
    struct rdl_err *err)
{
	if (isnan(v))
		return 0;
	if (isinf(v))
		return rdl_err_set(err, RDL_E_USAGE,
		    "a setting of a request is infinite");
	rdl_buf_adds(out, name);
	rdl_canon_number(v, out);
	return 0;
}

static void
add_digest(struct rdl_buf *out, const char *name,
    const struct rdl_sha256 *digest)
{
	rdl_buf_adds(out, name);
	rdl_buf_addc(out, '"');
	rdl_buf_addhex(out, digest->b, sizeof(digest->b));
	rdl_buf_addc(out, '"');
}

static void
add_strings(struct rdl_buf *out, const char *name, const char *const *v,
    size_t n)
{
	size_t i;

	rdl_buf_adds(out, name);
	for (i = 0; i < n; i++)
		add_string(out, i == 0 ? "[" : ",", v[i]);
	rdl_buf_adds(out, n == 0 ? "[]" : "]");
}

static void
add_piece(struct rdl_buf *out, const struct rdl_piece *p)
{
	if (p->text != NULL) {
		rdl_buf_adds(out, "{\"text\":");
		rdl_buf_addjson(out, p->text, p->len);
	} else {
		rdl_buf_adds(out, "{\"image\":\"sha256:");
		rdl_buf_addhex(out, p->image.b, sizeof(p->image.b));
		add_string(out, "\",\"media_type\":", p->media_type);
	}
	rdl_buf_addc(out, '}');
}

static void
add_turn(struct rdl_buf *out, const struct rdl_turn *t)
{
	static const char *const roles[] = {
		[RDL_ROLE_SYSTEM] = "system", [RDL_ROLE_USER] = "user",
		[RDL_ROLE_MODEL] = "model",
	};
	size_t i;

	rdl_buf_adds(out, "{\"content\":");
	if (t->npieces == 1 && t->pieces[0].text != NULL)
		rdl_buf_addjson(out, t->pieces[0].text, t->pieces[0].len);
	else {
		rdl_buf_addc(out, '[');
		for (i = 0; i < t->npieces; i++) {
			if (i > 0)
				rdl_buf_addc(out, ',');
			add_piece(out, &t->pieces[i]);
		}
		rdl_buf_addc(out, ']');
	}
	rdl_buf_adds(out, ",\"role\":\"");
	rdl_buf_adds(out, roles[t->role]);
	rdl_buf_adds(out, "\"}");
}

static void
add_messages(struct rdl_buf *out, const struct rdl_request *r)
{
	size_t i;

	rdl_buf_adds(out, ",\"messages\":[");
	for (i = 0; i < r->nturns; i++) {
		if (i > 0)
			rdl_buf_addc(out, ',');
		add_turn(out, &r->turns[i]);
	}
	rdl_buf_addc(out, ']');
}

static bool
is_zero(const struct rdl_sha256 *h)
{
	static const struct rdl_sha256 zero;

	return memcmp(h, &zero, sizeof(zero)) == 0;
}

/* The members of attempt..model; their names are in order. */
static int
add_first_half(struct rdl_buf *out, const struct rdl_request *r,
    struct rdl_err *err)
{
	if (r->attempt > 0 &&
	    add_int(out, "\"attempt\":", r->attempt, err) < 0)
		return -1;
	add_string(out, r->attempt > 0 ? ",\"endpoint\":" : "\"endpoint\":",
	    r->model->endpoint);
	if (r->op == RDL_OP_EMBED)
		add_strings(out, ",\"inputs\":", r->inputs, r->ninputs);
	if (r->op == RDL_OP_CHAT && r->json)
		rdl_buf_adds(out, ",\"json\":true");
	if (add_int(out, ",\"max_tokens\":", r->sampling.max_tokens, err) < 0)
		return -1;
	if (r->op == RDL_OP_CHAT)
		add_messages(out, r);
	add_string(out, ",\"model\":", r->model->remote);
	return 0;
}

/* The members of op..v. */
static int
add_second_half(struct rdl_buf *out, const struct rdl_request *r,
    struct rdl_err *err)
{
	static const char *const ops[] = { [RDL_OP_CHAT] = "chat",
		[RDL_OP_EMBED] = "embed", [RDL_OP_IMAGE] = "image" };
	const struct rdl_sampling *s = &r->sampling;
	struct rdl_sha256 digest;

	add_string(out, ",\"op\":", ops[r->op]);
	if (r->op == RDL_OP_IMAGE)
		add_string(out, ",\"prompt\":", r->prompt);
	if (!is_zero(&r->prompt_digest))
		add_digest(out, ",\"prompt_sha256\":", &r->prompt_digest);
	if (r->rollout > 0 &&
	    add_int(out, ",\"rollout\":", r->rollout, err) < 0)
		return -1;
	if (r->schema != NULL) {
		digest = schema_digest(r->schema, r->schema_len);
		add_digest(out, ",\"schema_sha256\":", &digest);
	}
	if (add_int(out, ",\"seed\":", s->seed, err) < 0)
		return -1;
	if (r->op == RDL_OP_IMAGE && r->size != NULL)
		add_string(out, ",\"size\":", r->size);
	if (r->op == RDL_OP_IMAGE && r->steps > 0 &&
	    add_int(out, ",\"steps\":", r->steps, err) < 0)
		return -1;
	if (s->nstop > 0)
		add_strings(out, ",\"stop\":", s->stop, s->nstop);
	if (add_real(out, ",\"temperature\":", s->temperature, err) < 0 ||
	    add_int(out, ",\"top_k\":", s->top_k, err) < 0 ||
	    add_real(out, ",\"top_p\":", s->top_p, err) < 0)
		return -1;
	rdl_buf_adds(out, ",\"v\":1");
	return 0;
}

int
rdl_request_canon(const struct rdl_request *r, struct rdl_buf *out,
    struct rdl_err *err)
{
	size_t start = out->len, len;

	if (r->op == RDL_OP_IMAGE && r->prompt == NULL)
		return rdl_err_set(err, RDL_E_INPUT,
		    "an image was asked for without a prompt");
	rdl_buf_addc(out, '{');
	if (add_first_half(out, r, err) < 0 || add_second_half(out, r, err) < 0)
		return -1;
	rdl_buf_addc(out, '}');
	if (rdl_buf_full(out))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the request is larger than %zu bytes", out->max);
	len = out->len - start;
	if (rdl_utf8_valid(out->p + start, len) != len)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the text of the request is not UTF-8");
	return 0;
}

static size_t
turn_bytes(const struct rdl_turn *t, int64_t *images)
{
	size_t i, bytes = 0;

	for (i = 0; i < t->npieces; i++) {
		if (t->pieces[i].text != NULL)
			bytes += t->pieces[i].len;
		else
			++*images;
	}
	return bytes;
}

int64_t
rdl_request_tokens(const struct rdl_request *r)
{
	int64_t images = 0, turns = 0;
	size_t i, bytes = 0;

	if (r->op == RDL_OP_CHAT) {
		turns = (int64_t)r->nturns;
		for (i = 0; i < r->nturns; i++)
			bytes += turn_bytes(&r->turns[i], &images);
	} else if (r->op == RDL_OP_EMBED) {
		for (i = 0; i < r->ninputs; i++)
			bytes += strlen(r->inputs[i]);
	} else if (r->prompt != NULL)
		bytes = strlen(r->prompt);
	return (int64_t)((bytes + 3) / 4) + IMAGE_TOKENS * images +
	    TURN_TOKENS * turns;
}
