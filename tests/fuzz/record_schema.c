/*
 * Fuzzes record/schema.h: the first line is a schema, the rest a value.  A
 * schema that compiles gives one verdict on a value, and a reason against it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nl;
	struct rdl_schema *s;
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *doc;
	int valid;

	if (size == 0 || (nl = memchr(text, '\n', size)) == NULL)
		return 0;
	s = rdl_schema_compile(text, (size_t)(nl - text), "fuzz", &err);
	if (s == NULL) {
		if (err.msg[0] == '\0')
			abort();
		return 0;
	}
	doc = yyjson_read(nl + 1, size - (size_t)(nl + 1 - text), 0);
	if (doc != NULL) {
		rdl_err_clear(&err);
		valid = rdl_schema_check(s, yyjson_doc_get_root(doc), &err);
		if ((valid != 0 && valid != 1) ||
		    (!valid && err.msg[0] == '\0') ||
		    rdl_schema_check(s, yyjson_doc_get_root(doc), &err) !=
		    valid)
			abort();
	}
	yyjson_doc_free(doc);
	rdl_schema_free(s);
	return 0;
}
