/*
 * Questions and answers for the tasks of a match.
 * Reads match records and replies of models; writes record text.  Does no I/O
 * and does not judge what an answer is worth.
 */
#include "domain/pairs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "record/json.h"

#define SHOWN 200	/* bytes of a name in a message */
#define FRAME 8192	/* bytes of a record beside match and texts */
#define ESCAPED 6	/* bytes that one byte of text may take in JSON */

static void
trim(const char **p, size_t *len)
{
	while (*len > 0 && memchr(" \t\r\n", **p, 4) != NULL) {
		++*p;
		--*len;
	}
	while (*len > 0 && memchr(" \t\r\n", (*p)[*len - 1], 4) != NULL)
		--*len;
}

/* The text of a member without blanks at its ends; NULL if it is none. */
static const char *
text_of(yyjson_val *pair, const char *name, size_t *len)
{
	yyjson_val *v = yyjson_obj_get(pair, name);
	const char *p = yyjson_get_str(v);

	*len = yyjson_get_len(v);
	if (p != NULL)
		trim(&p, len);
	return p;
}

/* Take the pair as that of a label; room is what a record has for it. */
static void
take(struct rdl_pair *p, yyjson_val *pair, size_t room)
{
	p->question = text_of(pair, "question", &p->question_len);
	p->answer = text_of(pair, "answer", &p->answer_len);
	if (p->question == NULL)
		p->fault = "the question is no text";
	else if (p->question_len == 0)
		p->fault = "the question is empty";
	else if (p->answer == NULL)
		p->fault = "the answer is no text";
	else if (p->answer_len == 0)
		p->fault = "the answer is empty";
	else if (p->question_len + p->answer_len > room / ESCAPED)
		p->fault = "the pair is too long for a record";
	else
		p->fault = NULL;
}

static int
sort_in(struct rdl_pairs *p, const struct rdl_labels *l, yyjson_val *pair,
    size_t room, bool *taken, struct rdl_err *err)
{
	yyjson_val *task = yyjson_obj_get(pair, "task");
	struct rdl_extra *extra = &p->extra[p->nextra];
	size_t at = 0;

	if (!yyjson_is_str(task))
		return rdl_err_set(err, RDL_E_INPUT,
		    "a pair in the reply has no \"task\"");
	extra->task = yyjson_get_str(task);
	extra->len = yyjson_get_len(task);
	switch (rdl_labels_find(l, extra->task, extra->len, &at)) {
	case RDL_LABELS_FOUND:
		if (!taken[at]) {
			taken[at] = true;
			take(&p->v[at], pair, room);
			return 0;
		}
		extra->fault = "a second pair";
		break;
	case RDL_LABELS_UNKNOWN:
		extra->fault = "a pair for a task that was not asked for";
		break;
	case RDL_LABELS_AMBIGUOUS:
		extra->fault = "a pair for the last name of several tasks";
		break;
	}
	p->nextra++;
	return 0;
}

int
rdl_pairs_read(struct rdl_pairs *p, const struct rdl_labels *l,
    const struct rdl_rec *match, yyjson_val *reply, struct rdl_err *err)
{
	size_t room = match->len + FRAME < RDL_LINE_MAX ? RDL_LINE_MAX -
	    match->len - FRAME : 0;
	yyjson_val *list = yyjson_is_obj(reply) ? yyjson_obj_get(reply,
	    "pairs") : reply, *pair;
	size_t i, n;
	bool *taken;

	rdl_arena_reset(&p->arena);
	p->nextra = p->good = 0;
	p->n = l->n;
	if (!yyjson_is_arr(list))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the reply has no list \"pairs\"");
	p->v = rdl_arena_alloc(&p->arena, l->n * sizeof(*p->v));
	p->extra = rdl_arena_alloc(&p->arena, yyjson_arr_size(list) *
	    sizeof(*p->extra));
	taken = rdl_arena_alloc(&p->arena, l->n * sizeof(*taken));
	for (i = 0; i < l->n; i++)
		p->v[i].fault = "no pair";
	yyjson_arr_foreach(list, i, n, pair)
		if (sort_in(p, l, pair, room, taken, err) < 0)
			return -1;
	for (i = 0; i < l->n; i++)
		p->good += p->v[i].fault == NULL;
	return 0;
}

void
rdl_pairs_release(struct rdl_pairs *p)
{
	rdl_arena_release(&p->arena);
	*p = (struct rdl_pairs)RDL_PAIRS_INIT;
}

/* Append "what: name", the name as JSON and cut. */
static void
add_fault(struct rdl_buf *out, const char *what, const char *name, size_t len)
{
	if (out->len > 0)
		rdl_buf_adds(out, "; ");
	rdl_buf_addf(out, "%s: ", what);
	rdl_buf_addjson(out, name, len > SHOWN ? rdl_utf8_valid(name, SHOWN) :
	    len);
}

void
rdl_pairs_fault(const struct rdl_pairs *p, const struct rdl_labels *l,
    size_t i, struct rdl_buf *out)
{
	if (p->v[i].fault != NULL)
		add_fault(out, p->v[i].fault, l->v[i].text, l->v[i].len);
}

void
rdl_pairs_faults(const struct rdl_pairs *p, const struct rdl_labels *l,
    struct rdl_buf *out)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		rdl_pairs_fault(p, l, i, out);
	for (i = 0; i < p->nextra; i++)
		add_fault(out, p->extra[i].fault, p->extra[i].task,
		    p->extra[i].len);
}

static void
add_value(struct rdl_buf *out, const char *name, yyjson_val *v)
{
	size_t len;
	char *text = rdl_json_val_write(v, YYJSON_WRITE_NOFLAG, &len);

	if (text == NULL)
		rdl_mem_exhausted(0);
	rdl_buf_addf(out, "\"%s\":", name);
	rdl_buf_add(out, text, len);
	free(text);
}

/* The members that make the record what it is, up to its end. */
static void
add_content(struct rdl_buf *out, const struct rdl_pair *p,
    const struct rdl_label *l, const char *image, size_t len, int64_t rollout)
{
	rdl_buf_adds(out, "\"image\":");
	rdl_buf_add(out, image, len);
	rdl_buf_adds(out, ",\"task\":{");
	add_value(out, "id", yyjson_obj_get(l->task, "id"));
	rdl_buf_addc(out, ',');
	add_value(out, "path", yyjson_obj_get(l->task, "path"));
	rdl_buf_adds(out, "},\"question\":");
	rdl_buf_addjson(out, p->question, p->question_len);
	rdl_buf_adds(out, ",\"answer\":");
	rdl_buf_addjson(out, p->answer, p->answer_len);
	if (rollout >= 0)
		rdl_buf_addf(out, ",\"rollout\":%" PRId64, rollout);
	rdl_buf_addc(out, '}');
}

int
rdl_pairs_record(const struct rdl_pairs *p, const struct rdl_labels *l,
    size_t i, const struct rdl_rec *match, const struct rdl_buf *from,
    int64_t rollout, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err)
{
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_rec rec = RDL_REC_INIT;
	char text[RDL_ID_TEXT];
	const char *image;
	size_t len, head;
	int rc = -1;

	if (rdl_rec_span(match, "image", &image, &len) != 1)
		return rdl_err_set(err, RDL_E_INPUT, "no image");
	rdl_buf_adds(&line, "{\"kind\":\"qa\",");
	head = line.len;
	add_content(&line, &p->v[i], &l->v[i], image, len, rollout);
	if (rdl_buf_full(&line)) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "the record is longer than %zu bytes", line.max);
		goto out;
	}
	if (rdl_rec_parse(&rec, line.p, line.len, err) < 0 ||
	    rdl_id_compute(&rec, id, err) < 0)
		goto out;
	rdl_id_format(id, text);
	rdl_buf_add(out, line.p, head);
	rdl_buf_addf(out, "\"id\":\"%s\",\"from\":", text);
	rdl_buf_add(out, from->p, from->len);
	rdl_buf_addc(out, ',');
	rdl_buf_add(out, line.p + head, line.len - head);
	rdl_buf_addc(out, '\n');
	rc = rdl_buf_full(out) ? rdl_err_set(err, RDL_E_INPUT,
	    "the record is longer than %zu bytes", out->max) : 0;
out:
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	return rc;
}

/* Demand of a schema for a text that it is not blank. */
static void
not_blank(yyjson_mut_doc *doc, yyjson_mut_val *text)
{
	if (!yyjson_mut_equals_str(yyjson_mut_obj_get(text, "type"),
	    "string") || yyjson_mut_obj_get(text, "pattern") != NULL)
		return;
	(void)yyjson_mut_obj_add_str(doc, text, "pattern", "\\S");
}

int
rdl_pairs_schema(const char *schema, size_t len, struct rdl_buf *out,
    struct rdl_err *err)
{
	yyjson_doc *doc = rdl_json_read(schema, len, YYJSON_READ_NOFLAG);
	yyjson_mut_doc *copy = yyjson_doc_mut_copy(doc, &rdl_json_alc);
	yyjson_mut_val *list, *pair;
	char *text = NULL;

	yyjson_doc_free(doc);
	if (copy == NULL)
		return rdl_err_set(err, RDL_E_USAGE,
		    "the schema of the reply is not JSON");
	list = yyjson_mut_doc_get_root(copy);
	pair = yyjson_mut_obj_get(yyjson_mut_obj_get(list, "properties"),
	    "pairs");
	if (pair != NULL)
		list = pair;
	pair = yyjson_mut_obj_get(yyjson_mut_obj_get(list, "items"),
	    "properties");
	not_blank(copy, yyjson_mut_obj_get(pair, "question"));
	not_blank(copy, yyjson_mut_obj_get(pair, "answer"));
	text = rdl_json_mut_write(copy, YYJSON_WRITE_NOFLAG, &len);
	yyjson_mut_doc_free(copy);
	if (text == NULL)
		rdl_mem_exhausted(0);
	rdl_buf_add(out, text, len);
	free(text);
	return 0;
}
