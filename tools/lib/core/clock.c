/*
 * Time.
 * Reads CLOCK_MONOTONIC and CLOCK_REALTIME.
 */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

int64_t
rdl_clock_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
rdl_clock_wall_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
rdl_clock_iso(char out[32], int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	char day[24];

	if (wall_ms < 0 || gmtime_r(&t, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0) {
		(void)snprintf(out, 32, "?");
		return;
	}
	(void)snprintf(out, 32, "%s.%03dZ", day, (int)(wall_ms % 1000));
}
