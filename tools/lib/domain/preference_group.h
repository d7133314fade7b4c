/*
 * Contrasts on their way through a test of own against sibling: taken from a
 * stage, scored by somebody, then passed with their scores, or lost whole.
 */
#ifndef RDL_DOMAIN_PREFERENCE_GROUP_H
#define RDL_DOMAIN_PREFERENCE_GROUP_H

#include "core/arena.h"
#include "domain/alignment.h"
#include "ledger/stage.h"

/* A side, as whoever scores it is to see it. */
struct rdl_preference_side {
	const char *text;
	size_t text_len;
	const char *image;	/* the object, as JSON */
	size_t image_len;
};

struct rdl_preference_group {
	struct rdl_preference_group *next, **prev;	/* of all on their
							 * way */
	struct rdl_arena arena;		/* freed with the group */
	const char *line;
	size_t len;
	struct rdl_id id;
	bool has_id;
	struct rdl_reason lost;		/* rule NULL: not lost */
	struct rdl_hash call;		/* of what was lost, if has_call */
	bool has_call;
	size_t n;			/* sides; 0 for what is no group */
	struct rdl_preference_side *sides;
	double *scores;			/* [n][n]: text, image */
	struct rdl_hash *calls;		/* [n][n]: of the scores; or NULL */
	/* For whoever scores. */
	size_t asked, done;
	void *user;
};

/* What a test found, over all groups that have scores. */
struct rdl_preference_sums {
	uint64_t groups, pairs;
	uint64_t text, image, both;	/* groups that pass without a gap */
	double own, sibling;		/* summed over pairs of sides */
};

struct rdl_preference_test {
	struct rdl_alignment_rule rule;
	struct rdl_stage *stage;
	struct rdl_buf scorer;		/* JSON: what the scores are by; empty:
					 * what the record says stays */
	struct rdl_preference_sums sums;
	/* The rest belongs to preference_group.c. */
	struct rdl_preference_group *groups;
	struct rdl_rec rec;
	struct rdl_contrast contrast;
	struct rdl_alignment scores;
	struct rdl_buf line, json;
};

void rdl_preference_test_init(struct rdl_preference_test *t,
    const struct rdl_alignment_rule *rule, struct rdl_stage *stage);

/* Free all, also groups that are still on their way. */
void rdl_preference_test_release(struct rdl_preference_test *t);

/* The group of a record; lost already if it is none, or if its sides are of no
 * use.  With given its scores are those that the record has. */
struct rdl_preference_group *rdl_preference_group_new(
    struct rdl_preference_test *t, const struct rdl_rec *rec, bool given);

void rdl_preference_group_free(struct rdl_preference_group *g);

/* The group has its scores, or is lost: write it or lose it, and free it. */
int rdl_preference_group_settle(struct rdl_preference_test *t,
    struct rdl_preference_group *g, struct rdl_err *err) RDL_MUST_CHECK;

/* Append what the test found as JSON; nothing if it had no group. */
void rdl_preference_sums_json(const struct rdl_preference_sums *s,
    struct rdl_buf *out);

#endif
