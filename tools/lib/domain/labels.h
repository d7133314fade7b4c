/*
 * The tasks of a match as labels: what a model is shown of them, which of them
 * a text names, and the match with only some of them (TaskGalaxy, step 3).
 * Pure: no I/O.
 */
#ifndef RDL_DOMAIN_LABELS_H
#define RDL_DOMAIN_LABELS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "record/id.h"
#include "record/rec.h"

/* A task of a match. */
struct rdl_label {
	const char *text;	/* its path as shown: "ocr ~ shop signs" */
	size_t len;
	const char *key;	/* the form by which paths are compared */
	size_t key_len;
	const char *leaf;	/* the same of its last name */
	size_t leaf_len;
	const char *json;	/* the task's bytes in the record */
	size_t json_len;
	yyjson_val *task;	/* its value in the record */
	bool kept;
};

struct rdl_labels {
	struct rdl_label *v;	/* in the order of the record */
	size_t n;
	struct rdl_arena arena;
};

#define RDL_LABELS_INIT { NULL, 0, RDL_ARENA_INIT }

/*
 * Read the tasks of a match, none kept.  l borrows from rec; what it held
 * before is gone.  RDL_E_INPUT when rec is no match, has no image with id and
 * uri, no tasks, a task without id or path, or two tasks of one path.
 */
int rdl_labels_read(struct rdl_labels *l, const struct rdl_rec *rec,
    struct rdl_err *err) RDL_MUST_CHECK;

void rdl_labels_release(struct rdl_labels *l);

/* Append the names of a path, an array of strings, joined by " ~ ".  -1 if it
 * is no such array, or is empty. */
int rdl_labels_join(yyjson_val *path, struct rdl_buf *out) RDL_MUST_CHECK;

/* Append the labels' texts as a JSON array of strings. */
void rdl_labels_json(const struct rdl_labels *l, struct rdl_buf *out);

/* Append rec with one more member "labels", those texts: what a prompt sees
 * of a match. */
int rdl_labels_view(const struct rdl_rec *rec, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

enum rdl_labels_found {
	RDL_LABELS_FOUND,
	RDL_LABELS_UNKNOWN,	/* no task is called so */
	RDL_LABELS_AMBIGUOUS	/* several end in this name */
};

/*
 * The task that text names: its whole path, or its last name if no other path
 * ends in it.  Compared in NFC, case-folded, blanks squeezed, with any tilde
 * (U+007E, U+223C, U+FF5E, U+02DC, U+301C) between names.  A text that fits
 * nothing is tried again without quotes, dash and full stop around it.
 */
enum rdl_labels_found rdl_labels_find(const struct rdl_labels *l,
    const char *text, size_t len, size_t *at);

enum rdl_labels_choice {
	RDL_LABELS_SOME,	/* at least one task is kept */
	RDL_LABELS_NONE,	/* the model says that none fits */
	RDL_LABELS_UNOFFERED,	/* it names what was not offered */
	RDL_LABELS_UNREADABLE	/* it gives no list of names */
};

/*
 * Keep the tasks that a reply names: a list of strings, or an object with one
 * called "tasks".  An empty list, or the one name "none", says that none
 * fits.  With lenient, names that were not offered are passed over as long as
 * another was.  why gets one line, unless some are kept.
 */
enum rdl_labels_choice rdl_labels_choose(struct rdl_labels *l,
    yyjson_val *reply, bool lenient, struct rdl_buf *why);

/*
 * Append rec with the kept tasks alone, their bytes as they were, a new id,
 * and from (the text of a JSON array) as its parents.  rec is the record that
 * was read.  With all tasks kept it is rec itself, with its own id and from.
 */
int rdl_labels_narrow(const struct rdl_labels *l, const struct rdl_rec *rec,
    const char *from, size_t from_len, struct rdl_id *id, struct rdl_buf *out,
    struct rdl_err *err) RDL_MUST_CHECK;

/* True if every task is kept. */
bool rdl_labels_all(const struct rdl_labels *l);

#endif
