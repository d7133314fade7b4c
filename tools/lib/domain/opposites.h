/*
 * Opposites: two instructions that a reply makes of a base, the contrast
 * record made of them, and whether their lengths give them away
 * (InstructEngine).  Pure: no I/O.
 */
#ifndef RDL_DOMAIN_OPPOSITES_H
#define RDL_DOMAIN_OPPOSITES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "record/id.h"
#include "record/rec.h"

enum rdl_dimension {
	RDL_DIMENSION_CONTENT,		/* kinds, numbers, properties */
	RDL_DIMENSION_COUNTERFACTUAL,	/* as in life, and as never */
	RDL_DIMENSION_AESTHETICS,	/* pleasing, and poor */
	RDL_DIMENSIONS
};

extern const char *const rdl_dimension_names[RDL_DIMENSIONS];

/* How often each dimension is drawn, relative to the others. */
struct rdl_opposites_quota {
	uint64_t weight[RDL_DIMENSIONS];
};

/* Read "content=2,aesthetics=1"; what is not named has 0.  RDL_E_USAGE. */
int rdl_opposites_quota(const char *text, struct rdl_opposites_quota *q,
    struct rdl_err *err) RDL_MUST_CHECK;

/* The dimension for the record of that id: by seed and id alone, so that it
 * does not depend on what else is read. */
enum rdl_dimension rdl_opposites_draw(const struct rdl_opposites_quota *q,
    const struct rdl_id *id, uint64_t seed);

/* One of the two. */
struct rdl_opposite {
	const char *text, *delta;	/* blanks squeezed */
	size_t text_len, delta_len;
	uint64_t words;			/* of the text */
};

struct rdl_opposites {
	struct rdl_opposite v[2];
	struct rdl_arena arena;
};

#define RDL_OPPOSITES_INIT { { { NULL, NULL, 0, 0, 0 } }, RDL_ARENA_INIT }

/*
 * Read a reply: a list of two {"text", "delta"}, or an object with such a list
 * called "sides".  -1 with *rule (a literal) and why: "reply", it is no such
 * list; "sides", a text is blank or both are one; "delta", a delta is blank,
 * both are one, one does not stand in its text, or each stands in both.  Texts
 * are compared by utf8.h's fold; a delta stands there as whole words.
 */
int rdl_opposites_read(struct rdl_opposites *o, yyjson_val *reply,
    const char **rule, struct rdl_err *why) RDL_MUST_CHECK;

void rdl_opposites_release(struct rdl_opposites *o);

/* Swap the two, or not, by seed, id and rollout: returns whether. */
bool rdl_opposites_shuffle(struct rdl_opposites *o, const struct rdl_id *id,
    int64_t rollout, uint64_t seed);

/* Append rec, an instruction, as a prompt is to see it: with "dimension", and
 * "is", an object in which that is true and the others are false.
 * RDL_E_INPUT if rec is no instruction with a text. */
int rdl_opposites_view(const struct rdl_rec *rec, enum rdl_dimension d,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* Append the contrast record, with newline: base and task of the instruction,
 * dimension, sides, delta, and rollout unless negative. */
int rdl_opposites_record(const struct rdl_opposites *o, enum rdl_dimension d,
    const struct rdl_rec *base, const struct rdl_buf *from, int64_t rollout,
    struct rdl_id *id, struct rdl_buf *out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Lengths in words, a dimension: [0] and [1] as the sides stand in records,
 * first and second as the model gave them. */
struct rdl_opposites_bias {
	uint64_t n[RDL_DIMENSIONS];
	uint64_t side[RDL_DIMENSIONS][2], given[RDL_DIMENSIONS][2];
};

/* Count one that was shuffled. */
void rdl_opposites_count(struct rdl_opposites_bias *b,
    const struct rdl_opposites *o, enum rdl_dimension d, bool swapped);

/* Append the counts and means as a JSON object. */
void rdl_opposites_bias_json(const struct rdl_opposites_bias *b,
    struct rdl_buf *out);

/* Append them as one line for people; nothing if none was counted. */
void rdl_opposites_bias_text(const struct rdl_opposites_bias *b,
    struct rdl_buf *out);

#endif
