/*
 * Small things that several files of the stub look for.
 * Reads bytes in memory, or a file of JSON lines; writes nothing.
 * Does not know what the lines mean.
 */
#include "stub/find.h"

#include <string.h>

#include "core/buf.h"
#include "core/file.h"
#include "core/limits.h"

bool
rdl_find_bytes(const char *hay, size_t nhay, const char *needle, size_t n)
{
	const char *hit;
	size_t left = nhay;

	if (n == 0)
		return true;
	while (left >= n) {
		hit = memchr(hay, needle[0], left - n + 1);
		if (hit == NULL)
			return false;
		if (memcmp(hit, needle, n) == 0)
			return true;
		left -= (size_t)(hit + 1 - hay);
		hay = hit + 1;
	}
	return false;
}

int
rdl_find_lines(const char *path,
    int (*each)(void *arg, yyjson_val *root, struct rdl_err *err), void *arg,
    struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	char *p, *end, *eol;
	yyjson_doc *doc;
	size_t line = 0, len;
	int rc;

	rc = rdl_file_read(path, &text, err);
	end = rc == 0 && text.len > 0 ? text.p + text.len : text.p;
	for (p = text.p; rc == 0 && p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (eol == NULL)
			eol = end;
		line++;
		len = (size_t)(eol - p);
		if (strspn(p, " \t\r") >= len)
			continue;
		doc = yyjson_read(p, len, 0);
		rc = doc == NULL ? rdl_err_set(err, RDL_E_USAGE, "not JSON") :
		    each(arg, yyjson_doc_get_root(doc), err);
		yyjson_doc_free(doc);
		if (rc < 0)
			(void)rdl_err_prefix(err, "%s:%zu", path, line);
	}
	rdl_buf_release(&text);
	return rc;
}
