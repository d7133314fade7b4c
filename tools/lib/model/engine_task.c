/*
 * One task: from job to key, and to its answer if the ledger has it.
 * Reads the ledger; what must be asked goes on in engine_wire.c.
 */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/engine_impl.h"

void
rdl_task_list_add(struct rdl_task_list *l, struct rdl_task *t)
{
	t->next = NULL;
	*l->last = t;
	l->last = &t->next;
}

/* In front of the others. */
void
rdl_task_list_push(struct rdl_task_list *l, struct rdl_task *t)
{
	t->next = l->first;
	if (l->first == NULL)
		l->last = &t->next;
	l->first = t;
}

struct rdl_task *
rdl_task_list_take(struct rdl_task_list *l)
{
	struct rdl_task *t = l->first;

	if (t == NULL)
		return NULL;
	l->first = t->next;
	if (l->first == NULL)
		l->last = &l->first;
	t->next = NULL;
	return t;
}

struct rdl_task *
rdl_task_new(struct rdl_engine *e)
{
	struct rdl_task *t = e->free;

	if (t != NULL) {
		e->free = t->next;
		t->next = NULL;
		return t;
	}
	t = rdl_mem_calloc(1, sizeof(*t));
	rdl_buf_init(&t->canon, RDL_BODY_MAX);
	rdl_buf_init(&t->url, RDL_URL_MAX);
	rdl_buf_init(&t->headers, RDL_HEADER_MAX);
	rdl_buf_init(&t->body, RDL_BODY_MAX);
	rdl_buf_init(&t->http.reply, RDL_REPLY_MAX);
	return t;
}

/* Keep small buffers for the next job; give large ones back. */
static void
tidy(struct rdl_buf *b)
{
	if (b->cap > 64 * RDL_KIB)
		rdl_buf_release(b);
	else
		rdl_buf_reset(b);
}

void
rdl_task_recycle(struct rdl_engine *e, struct rdl_task *t)
{
	struct rdl_arena arena;

	yyjson_doc_free(t->json);
	t->json = NULL;
	rdl_arena_reset(&t->job.arena);
	arena = t->job.arena;
	memset(&t->job, 0, sizeof(t->job));
	t->job.arena = arena;
	memset(&t->answer, 0, sizeof(t->answer));
	tidy(&t->canon);
	tidy(&t->body);
	tidy(&t->http.reply);
	t->tries = 0;
	t->began_us = 0;
	t->twin = NULL;
	t->next = e->free;
	e->free = t;
}

void
rdl_task_free(struct rdl_task *t)
{
	yyjson_doc_free(t->json);
	rdl_arena_release(&t->job.arena);
	rdl_buf_release(&t->canon);
	rdl_buf_release(&t->url);
	rdl_buf_release(&t->headers);
	rdl_buf_release(&t->body);
	rdl_buf_release(&t->http.reply);
	free(t);
}

void
rdl_task_stop(struct rdl_engine *e, const struct rdl_err *why)
{
	if (!e->stopping)
		e->why = *why;
	e->stopping = true;
}

struct rdl_task **
rdl_task_bucket(struct rdl_engine *e, const struct rdl_sha256 *key)
{
	size_t i;

	memcpy(&i, key->b, sizeof(i));
	return &e->under_way[i & (RDL_TASK_BUCKETS - 1)];
}

/* Make t ready to be sent, or let it follow an equal task under way. */
void
rdl_task_enqueue(struct rdl_engine *e, struct rdl_task *t)
{
	struct rdl_task **head = rdl_task_bucket(e, &t->key), *o;

	t->tries = 0;
	for (o = *head; o != NULL; o = o->twin)
		if (o->state != RDL_TASK_FOLLOWING &&
		    memcmp(&o->key, &t->key, sizeof(t->key)) == 0)
			break;
	t->twin = *head;
	*head = t;
	if (o != NULL) {
		t->state = RDL_TASK_FOLLOWING;
		return;
	}
	t->state = RDL_TASK_READY;
	e->busy++;
	rdl_task_list_add(&e->ready, t);
}

/* Take t out of the table of tasks under way. */
void
rdl_task_forget(struct rdl_engine *e, struct rdl_task *t)
{
	struct rdl_task **p = rdl_task_bucket(e, &t->key);

	while (*p != NULL && *p != t)
		p = &(*p)->twin;
	if (*p != NULL)
		*p = t->twin;
	t->twin = NULL;
}

/* What a miss means when nothing may be asked. */
static int
miss(struct rdl_engine *e, struct rdl_task *t)
{
	if (e->opts->dry_run) {
		e->dry_misses++;
		e->dry_tokens_in += rdl_request_tokens(&t->job.request);
		if (t->job.request.sampling.max_tokens > 0)
			e->dry_tokens_out +=
			    t->job.request.sampling.max_tokens;
	} else if (e->opts->offline && e->batch == NULL)
		rdl_answer_fail(t, "offline",
		    "the ledger holds no answer, and --offline asks nobody");
	else {
		rdl_task_enqueue(e, t);
		return 0;
	}
	t->state = RDL_TASK_DONE;
	return 0;
}

/* Compute the canonical request and its key. */
int
rdl_task_identify(struct rdl_task *t, struct rdl_err *err)
{
	rdl_buf_reset(&t->canon);
	if (rdl_request_canon(&t->job.request, &t->canon, err) < 0)
		return -1;
	if (rdl_buf_full(&t->canon))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the request is larger than %zu bytes", RDL_BODY_MAX);
	t->key = rdl_hash_sha256(t->canon.p, t->canon.len);
	return 0;
}

/* True if a reply of this kind is worth another question. */
bool
rdl_task_worth_reasking(const struct rdl_task *t)
{
	return strcmp(t->answer.rule, "refusal") != 0 &&
	    strcmp(t->answer.rule, "filter") != 0;
}

/*
 * Attempts form a chain.  Even ones are the question itself, with another seed
 * if there is one; they follow a failed one only with --retry-failed.  Odd
 * ones are re-asks: the bad reply and what is wrong with it are put behind the
 * question.
 */
void
rdl_task_next_attempt(struct rdl_task *t)
{
	struct rdl_request *r = &t->job.request;
	struct rdl_arena *arena = &t->job.arena;
	bool reask = r->attempt % 2 == 0 && rdl_task_worth_reasking(t);
	const char *why;

	if (!reask) {
		r->nturns -= r->reasked;
		r->reasked = 0;
		r->attempt += 2 - r->attempt % 2;
		if (r->sampling.seed >= 0)
			r->sampling.seed++;
		return;
	}
	r->attempt++;
	if (r->op != RDL_OP_CHAT || t->answer.text_len == 0)
		return;
	why = rdl_answer_complaint(t);
	rdl_request_add_text(r, RDL_ROLE_MODEL, t->answer.text,
	    t->answer.text_len, arena);
	rdl_request_add_text(r, RDL_ROLE_USER, why, strlen(why), arena);
	r->reasked = 2;
}

/*
 * Answer the task from the ledger as far as that goes: a stored bad reply
 * leads to the stored next attempt, and so on.  Returns 1 when the task is
 * done, 0 when the request as it now stands must be asked.
 */
static int
replay(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	const char *reply = NULL;
	size_t len = 0;
	int rc;

	for (;;) {
		if (rdl_task_identify(t, err) < 0)
			return -1;
		rc = e->ledger == NULL ? 0 : rdl_calls_reply(e->ledger,
		    &t->key, t->canon.p, t->canon.len, &reply, &len, err);
		if (rc <= 0)
			break;
		e->totals->hits++;
		rdl_answer_read(t, reply, len);
		rdl_task_judge(t);
		if (t->answer.ok)
			return 1;
		rdl_task_next_attempt(t);
	}
	if (rc < 0)
		return -1;
	/* A first question and a re-ask are asked; a question that failed
	 * before is asked afresh only when told so. */
	return t->job.request.attempt > 0 && t->job.request.attempt % 2 == 0 &&
	    !e->opts->retry_failed;
}

void
rdl_task_judge(struct rdl_task *t)
{
	t->answer.asked = true;
	memcpy(t->answer.call.b, t->key.b, sizeof(t->answer.call.b));
	rdl_answer_judge(t);
}

int
rdl_task_begin(struct rdl_engine *e, struct rdl_task *t, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	int rc;

	if (t->job.failed_rule != NULL) {
		t->answer.rule = t->job.failed_rule;
		t->answer.reason = t->job.failed_reason;
		t->state = RDL_TASK_DONE;
		return 0;
	}
	rc = replay(e, t, &why);
	if (rc < 0 && why.cls == RDL_E_INPUT) {
		rdl_answer_fail(t, "input", "%s", why.msg);
		rc = 1;
	}
	if (rc < 0) {
		*err = why;
		return -1;
	}
	if (rc == 0)
		return miss(e, t);
	t->state = RDL_TASK_DONE;
	return 0;
}

