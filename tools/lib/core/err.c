/*
 * Errors as values.
 * Reads errno in rdl_err_sys(); writes only the struct it is given.
 */
#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
rdl_err_set(struct rdl_err *err, enum rdl_err_class cls, const char *fmt, ...)
{
	va_list ap;

	err->cls = cls;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

int
rdl_err_sys(struct rdl_err *err, enum rdl_err_class cls, const char *fmt, ...)
{
	int saved = errno;
	size_t len;
	va_list ap;

	err->cls = cls;
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s",
	    strerror(saved));
	return -1;
}

int
rdl_err_prefix(struct rdl_err *err, const char *fmt, ...)
{
	char old[RDL_ERR_MAX];
	size_t len;
	va_list ap;

	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	len = strlen(err->msg);
	(void)snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", old);
	return -1;
}

void
rdl_err_clear(struct rdl_err *err)
{
	err->cls = RDL_E_NONE;
	err->msg[0] = '\0';
}
