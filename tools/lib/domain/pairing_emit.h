/*
 * Triples on their way out: from a group that was begun to the stage.
 */
#ifndef RDL_DOMAIN_PAIRING_EMIT_H
#define RDL_DOMAIN_PAIRING_EMIT_H

#include "domain/pairing.h"
#include "ledger/stage.h"

struct rdl_pairing_emit {
	struct rdl_stage *stage;
	struct rdl_pairing *pairing;
	bool texts;			/* triples of texts, too */
	/* The rest belongs to pairing_emit.c. */
	struct rdl_id images[RDL_CONTRAST_SIDES];
	struct rdl_buf line;
};

void rdl_pairing_emit_init(struct rdl_pairing_emit *e,
    struct rdl_stage *stage, struct rdl_pairing *pairing, bool texts);
void rdl_pairing_emit_release(struct rdl_pairing_emit *e);

/* Lose the record that was read last. */
int rdl_pairing_emit_lose(struct rdl_pairing_emit *e,
    const struct rdl_rec *rec, const struct rdl_id *id,
    const struct rdl_reason *why, struct rdl_err *err) RDL_MUST_CHECK;

/* Write all triples of the group c that the pairing began. */
int rdl_pairing_emit_all(struct rdl_pairing_emit *e,
    const struct rdl_contrast *c, struct rdl_err *err) RDL_MUST_CHECK;

#endif
