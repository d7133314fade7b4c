/*
 * Time.  It goes into the ledger and to stderr, never into a record.
 */
#ifndef RDL_CORE_CLOCK_H
#define RDL_CORE_CLOCK_H

#include <stdint.h>

/* Microseconds of a clock that never goes back; its origin means nothing. */
int64_t rdl_clock_us(void);

/* Milliseconds since 1970-01-01 UTC. */
int64_t rdl_clock_wall_ms(void);

/* wall_ms as "2026-11-23T19:30:58.123Z" into out. */
void rdl_clock_iso(char out[32], int64_t wall_ms);

#endif
