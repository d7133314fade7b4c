/*
 * Base instructions of a task.
 * Reads task records and replies of models; writes record text.  Does not
 * judge whether an instruction belongs to its task.
 */
#include "domain/instructions.h"

#include <inttypes.h>
#include <string.h>

#include "core/map.h"
#include "core/utf8.h"
#include "domain/labels.h"
#include "domain/made.h"

/* A text may take six bytes a byte in a record, beside the task. */
#define TEXT_MAX (RDL_LINE_MAX / 16)

/* Sort a text in: good, or what is wrong with it. */
static const char *
judge(const struct rdl_instructions *s, const char *text, size_t len,
    size_t count, struct rdl_map *known)
{
	struct rdl_buf key = RDL_BUF_INIT(4 * RDL_LINE_MAX);
	const char *fault = NULL;
	int made = 0;

	if (len == 0 || rdl_utf8_fold(&key, text, len) < 0 || key.len == 0)
		fault = "empty";
	else {
		(void)rdl_map_put(known, key.p, key.len, &made);
		fault = !made ? "repeat" : s->good == count ? "extra" : NULL;
	}
	rdl_buf_release(&key);
	return fault;
}

static int
take(struct rdl_instructions *s, yyjson_val *v, size_t count,
    struct rdl_map *known, struct rdl_buf *text, struct rdl_err *err)
{
	struct rdl_instruction *i = &s->v[s->n];

	rdl_buf_reset(text);
	if (!yyjson_is_str(v) || rdl_utf8_squeeze(text, yyjson_get_str(v),
	    yyjson_get_len(v)) < 0)
		return rdl_err_set(err, RDL_E_INPUT,
		    "the list holds something that is no text");
	if (text->len > TEXT_MAX)
		return rdl_err_set(err, RDL_E_INPUT,
		    "an instruction is longer than %zu bytes", TEXT_MAX);
	i->len = text->len;
	i->text = rdl_arena_dup(&s->arena, text->len > 0 ? text->p : "",
	    text->len);
	i->fault = judge(s, i->text, i->len, count, known);
	s->good += i->fault == NULL;
	s->n++;
	return 0;
}

int
rdl_instructions_read(struct rdl_instructions *s, yyjson_val *reply,
    size_t count, struct rdl_err *err)
{
	yyjson_val *list = yyjson_is_obj(reply) ? yyjson_obj_get(reply,
	    "instructions") : reply, *v;
	struct rdl_buf text = RDL_BUF_INIT(4 * RDL_LINE_MAX);
	struct rdl_map known = RDL_MAP_INIT;
	size_t i, n;
	int rc = 0;

	rdl_arena_reset(&s->arena);
	s->n = s->good = 0;
	if (!yyjson_is_arr(list))
		return rdl_err_set(err, RDL_E_INPUT,
		    "the reply has no list \"instructions\"");
	s->v = rdl_arena_alloc(&s->arena, yyjson_arr_size(list) *
	    sizeof(*s->v));
	yyjson_arr_foreach(list, i, n, v)
		if (rc == 0)
			rc = take(s, v, count, &known, &text, err);
	rdl_map_release(&known);
	rdl_buf_release(&text);
	return rc;
}

void
rdl_instructions_release(struct rdl_instructions *s)
{
	rdl_arena_release(&s->arena);
	*s = (struct rdl_instructions)RDL_INSTRUCTIONS_INIT;
}

const char *
rdl_instructions_fault(const char *fault)
{
	return strcmp(fault, "empty") == 0 ? "an instruction without words" :
	    strcmp(fault, "repeat") == 0 ?
	    "the same as an earlier instruction of the reply" :
	    "more instructions than were asked for";
}

int
rdl_instructions_view(const struct rdl_rec *rec, int64_t count,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf path = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf label = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_buf number = RDL_BUF_INIT(32);
	struct rdl_edit edits[2];
	int rc = -1;

	if (!yyjson_equals_str(rdl_rec_get(rec, "kind"), "task") ||
	    rdl_labels_join(rdl_rec_get(rec, "path"), &path) < 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "not a task with a \"path\" that is a list of names");
		goto out;
	}
	rdl_buf_addjson(&label, path.p, path.len);
	rdl_buf_addf(&number, "%" PRId64, count);
	edits[0] = (struct rdl_edit){ "label", label.p, label.len };
	edits[1] = (struct rdl_edit){ "count", number.p, number.len };
	rdl_rec_edit(rec, edits, 2, out);
	rc = 0;
out:
	rdl_buf_release(&path);
	rdl_buf_release(&label);
	rdl_buf_release(&number);
	return rc;
}

int
rdl_instructions_record(const struct rdl_instruction *i,
    const struct rdl_rec *task, const struct rdl_id *task_id,
    const struct rdl_buf *from, int64_t rollout, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err)
{
	struct rdl_buf members = RDL_BUF_INIT(RDL_LINE_MAX);
	char text[RDL_ID_TEXT];
	const char *given;
	size_t len;
	int rc;

	rdl_id_format(task_id, text);
	given = rdl_rec_str(task, "id", &len);
	rdl_buf_adds(&members, "\"task\":{\"id\":");
	rdl_buf_addjson(&members, given != NULL ? given : text,
	    given != NULL ? len : strlen(text));
	rdl_buf_addc(&members, ',');
	rdl_made_copy(task, "path", &members);
	members.len--;		/* the comma behind the last */
	rdl_buf_adds(&members, "},\"text\":");
	rdl_buf_addjson(&members, i->text, i->len);
	if (rollout >= 0)
		rdl_buf_addf(&members, ",\"rollout\":%" PRId64, rollout);
	rc = rdl_made_record("instruction", from, &members, id, out, err);
	rdl_buf_release(&members);
	return rc;
}
