/*
 * Base instructions: what a reply gives for a task, and the instruction records
 * made of it (InstructEngine).  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_INSTRUCTIONS_H
#define RDL_DOMAIN_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "record/id.h"
#include "record/rec.h"

struct rdl_instruction {
	const char *text;	/* blanks squeezed */
	size_t len;
	const char *fault;	/* "empty", "repeat" or "extra"; NULL: good */
};

struct rdl_instructions {
	struct rdl_instruction *v;	/* in the order of the reply */
	size_t n, good;
	struct rdl_arena arena;
};

#define RDL_INSTRUCTIONS_INIT { NULL, 0, 0, RDL_ARENA_INIT }

/*
 * Read a reply to a question for count instructions: a list of texts, or an
 * object with such a list called "instructions".  Texts that are blank, that
 * are an earlier one but for case and blanks, or that come when there are
 * count good ones are at fault.  RDL_E_INPUT if there is no such list, or it
 * holds something else.
 */
int rdl_instructions_read(struct rdl_instructions *s, yyjson_val *reply,
    size_t count, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_instructions_release(struct rdl_instructions *s);

/* What the fault of an instruction means, in words. */
const char *rdl_instructions_fault(const char *fault);

/* Append rec, a task, as a prompt is to see it: with "label", its path as one
 * text, and "count".  RDL_E_INPUT if rec is no task with a path. */
int rdl_instructions_view(const struct rdl_rec *rec, int64_t count,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* Append the record of an instruction for a task, with newline; task_id is
 * what from (the text of a JSON array) holds; rollout unless negative. */
int rdl_instructions_record(const struct rdl_instruction *i,
    const struct rdl_rec *task, const struct rdl_id *task_id,
    const struct rdl_buf *from, int64_t rollout, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
