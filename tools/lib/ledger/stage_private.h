/*
 * What the files of the stage share.
 */
#ifndef RDL_LEDGER_STAGE_PRIVATE_H
#define RDL_LEDGER_STAGE_PRIVATE_H

#include "ledger/stage.h"

/* Something was done: from time to time, write totals to the ledger and show
 * progress.  now: look at the clock in any case. */
int rdl_stage_tick(struct rdl_stage *s, bool now, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Close the open input, if any, and note its digest in the ledger. */
int rdl_stage_close_input(struct rdl_stage *s, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Show progress if it is on and due. */
void rdl_stage_show(struct rdl_stage *s, int64_t now_us);

/* Take the progress line off the terminal, before a message. */
void rdl_stage_hide(struct rdl_stage *s);

/* The last line: totals, if anything was lost or progress is on. */
void rdl_stage_summary(struct rdl_stage *s, const char *status);

#endif
