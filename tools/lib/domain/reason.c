/*
 * Reasons for a loss, as values.
 * Formats text.  Tells nobody.
 */
#include "domain/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
rdl_reason_set(struct rdl_reason *why, bool failed, const char *rule,
    const char *fmt, ...)
{
	va_list ap;

	memset(why, 0, sizeof(*why));
	why->failed = failed;
	why->rule = rule;
	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return 0;
}
