/*
 * The body of a good answer, or of one whose content is at fault.
 * Reads request and rules; writes body, status and tokens of a plan.
 * Knows nothing of time, limits and sockets.
 */
#include "stub/content.h"

#include <string.h>

#include "core/utf8.h"
#include "stub/wire.h"
#include "stub/word.h"

#define HUGE_BYTES 10000000
#define REFUSAL "I'm sorry, but I can't help with that."

/* Append n bytes of words. */
static void
add_huge(struct rdl_buf *t, uint64_t h, size_t n)
{
	struct rdl_buf block = RDL_BUF_INIT(65536);
	size_t step;

	rdl_word_text(&block, h, 4000);
	for (; n > 0; n -= step) {
		step = n < block.len ? n : block.len;
		rdl_buf_add(t, block.p, step);
	}
	rdl_buf_release(&block);
}

/* Make the text at t what the fault wants; t holds the good answer. */
static enum rdl_wire_finish
spoil(struct rdl_buf *t, const struct rdl_ask *a, const struct rdl_fault *rule)
{
	switch (rule != NULL ? (enum rdl_fault_kind)rule->kind :
	    RDL_FAULT_NONE) {
	case RDL_FAULT_INVALID_JSON:
		rdl_buf_reset(t);
		rdl_buf_adds(t, "Here is the answer: {\"answer\": \"");
		rdl_word_sentence(t, a->hash[0]);
		return RDL_WIRE_STOP;
	case RDL_FAULT_WRONG_SCHEMA:
		rdl_buf_reset(t);
		rdl_buf_adds(t, yyjson_equals_str(yyjson_obj_get(a->schema,
		    "type"), "array") ? "{\"wrong\": \"schema\"}" :
		    "[\"wrong schema\"]");
		return RDL_WIRE_STOP;
	case RDL_FAULT_LENGTH:
		t->len = rdl_utf8_valid(t->p, t->len / 2);
		return RDL_WIRE_LENGTH;
	case RDL_FAULT_REFUSAL:
		rdl_buf_reset(t);
		rdl_buf_adds(t, REFUSAL);
		return RDL_WIRE_REFUSAL;
	case RDL_FAULT_FILTER:
		rdl_buf_reset(t);
		return RDL_WIRE_FILTER;
	case RDL_FAULT_EMPTY:
		rdl_buf_reset(t);
		return RDL_WIRE_STOP;
	case RDL_FAULT_HUGE:
		rdl_buf_reset(t);
		add_huge(t, a->hash[0], rule->bytes >= 0 ?
		    (size_t)rule->bytes : HUGE_BYTES);
		return RDL_WIRE_STOP;
	default:
		return RDL_WIRE_STOP;
	}
}

static void
chat(struct rdl_plan *p, const struct rdl_plan_rules *r,
    const struct rdl_ask *a, const struct rdl_fault *rule)
{
	enum rdl_wire_finish finish = RDL_WIRE_STOP;
	struct rdl_buf t = RDL_BUF_INIT(p->body.max);
	int64_t i;

	rdl_wire_open(&p->body, a);
	for (i = 0; i < a->n; i++) {
		rdl_buf_reset(&t);
		rdl_answer_text(&t, &r->answers, a, p->n, i);
		finish = spoil(&t, a, rule);
		if (a->max_tokens > 0 && finish == RDL_WIRE_STOP &&
		    rdl_ask_tokens(t.len) > a->max_tokens) {
			t.len = rdl_utf8_valid(t.p,
			    4 * (size_t)a->max_tokens);
			finish = RDL_WIRE_LENGTH;
		}
		p->completion_tokens += rdl_ask_tokens(t.len);
		rdl_wire_choice(&p->body, a, i, t.len > 0 ? t.p : "", t.len,
		    finish);
	}
	rdl_wire_end(&p->body, a, finish, p->completion_tokens);
	rdl_buf_release(&t);
}

static void
error(struct rdl_plan *p, const struct rdl_ask *a, int status,
    const char *code, const char *message)
{
	rdl_buf_reset(&p->body);
	p->status = status;
	rdl_wire_error(&p->body, a->dialect, status, code, message, -1);
}

/* Embeddings and images have no text to spoil; the nearest fault of theirs. */
static void
spoil_data(struct rdl_plan *p, const struct rdl_ask *a,
    const struct rdl_fault *rule)
{
	size_t n = rule->bytes >= 0 ? (size_t)rule->bytes : HUGE_BYTES;

	switch ((enum rdl_fault_kind)rule->kind) {
	case RDL_FAULT_REFUSAL:
	case RDL_FAULT_FILTER:
		error(p, a, 400, "content_policy_violation",
		    "your request was rejected by the safety system");
		break;
	case RDL_FAULT_INVALID_JSON:
	case RDL_FAULT_LENGTH:
		p->body.len /= 2;
		break;
	case RDL_FAULT_WRONG_SCHEMA:
		rdl_buf_reset(&p->body);
		rdl_buf_adds(&p->body, "{\"data\":[{\"index\":\"wrong\"}]}");
		break;
	case RDL_FAULT_EMPTY:
		rdl_buf_reset(&p->body);
		rdl_buf_adds(&p->body, "{\"object\":\"list\",\"data\":[]}");
		break;
	case RDL_FAULT_HUGE:
		rdl_buf_reset(&p->body);
		rdl_buf_adds(&p->body, "{\"data\":[],\"padding\":\"");
		add_huge(&p->body, a->hash[0], n);
		rdl_buf_adds(&p->body, "\"}");
		break;
	default:
		break;
	}
}

void
rdl_content_make(struct rdl_plan *p, const struct rdl_plan_rules *r,
    const struct rdl_ask *a, const struct rdl_fault *rule)
{
	enum rdl_wire_spoil spoil = rule == NULL ? RDL_WIRE_SOUND :
	    rule->kind == RDL_FAULT_SAME_IMAGE ? RDL_WIRE_SAME :
	    rule->kind == RDL_FAULT_BAD_IMAGE ? RDL_WIRE_HALF :
	    RDL_WIRE_SOUND;
	struct rdl_err err = RDL_ERR_INIT;

	p->status = 200;
	p->prompt_tokens = a->prompt_tokens;
	if (a->kind == RDL_ASK_CHAT)
		chat(p, r, a, rule);
	else if (a->kind == RDL_ASK_EMBED)
		rdl_wire_embeddings(&p->body, a, r->seed, r->dim);
	else if (rdl_wire_images(&p->body, a, r->seed, r->side, spoil,
	    &err) < 0)
		error(p, a, 500, NULL, err.msg);
	if (rule != NULL && a->kind != RDL_ASK_CHAT)
		spoil_data(p, a, rule);
	if (rdl_buf_full(&p->body))
		error(p, a, 400, NULL, "the reply would be too large");
}
