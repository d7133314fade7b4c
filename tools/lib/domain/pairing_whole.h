/*
 * Pairing over all contrasts of a run: groups that share an image belong to
 * one fold, and sides of different bases whose instructions are near each
 * other make groups as well.
 */
#ifndef RDL_DOMAIN_PAIRING_WHOLE_H
#define RDL_DOMAIN_PAIRING_WHOLE_H

#include "domain/pairing_emit.h"
#include "domain/pairing_held.h"
#include "vision/embed.h"

struct rdl_pairing_whole {
	struct rdl_pairing_emit *emit;
	struct rdl_embed *embed;	/* NULL: no groups across contrasts */
	const struct rdl_pairing_near_opts *near_opts;
	struct rdl_pairing_near near;	/* what came of it */
	/* The rest belongs to pairing_whole.c. */
	struct rdl_pairing_held held;
	struct rdl_pairing_place *places;	/* of held.v */
	struct rdl_contrast contrast;	/* the last one read */
	size_t at_side;			/* of it, the next to be embedded */
	struct rdl_rec rec, recs[RDL_CONTRAST_SIDES];
	struct rdl_buf lines[RDL_CONTRAST_SIDES];
	struct rdl_pairing_across across;
	struct rdl_contrast sides;	/* of recs */
	size_t in_group[RDL_CONTRAST_SIDES];	/* samples */
};

/* All three are borrowed. */
void rdl_pairing_whole_init(struct rdl_pairing_whole *w,
    struct rdl_pairing_emit *emit, struct rdl_embed *embed,
    const struct rdl_pairing_near_opts *near);
void rdl_pairing_whole_release(struct rdl_pairing_whole *w);

/* Read all contrasts of the stage, then write all triples.  Memory: see
 * pairing_held.h and pairing_near.h. */
int rdl_pairing_whole_run(struct rdl_pairing_whole *w, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
