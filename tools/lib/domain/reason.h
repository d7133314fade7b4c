/*
 * Why a record does not get through: what a ledger's loss says, before it is
 * one.  Pure.
 */
#ifndef RDL_DOMAIN_REASON_H
#define RDL_DOMAIN_REASON_H

#include <stdbool.h>

#include "core/compiler.h"

struct rdl_reason {
	bool failed;		/* it could not be done; else dropped */
	const char *rule;
	char value[64];		/* what the rule saw, or "" */
	char threshold[32];	/* what it wanted, or "" */
	char text[256];		/* for people */
};

/* Fill why, value and threshold with "".  Returns 0, so that a function can
 * end with it. */
int rdl_reason_set(struct rdl_reason *why, bool failed, const char *rule,
    const char *fmt, ...) RDL_PRINTF(4, 5);

#endif
