/*
 * Fuzzes record/rec.h.  What is accepted as a record must survive its edits:
 * none leaves the line as it was, one makes a record that has the new value
 * and all others, a removal one that has all others.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "record/rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
edit(const struct rdl_rec *rec, const char *key, const char *json)
{
	struct rdl_buf out = RDL_BUF_INIT(2 * RDL_LINE_MAX);
	struct rdl_edit e = { key, json, json != NULL ? strlen(json) : 0 };
	struct rdl_rec now = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t had = yyjson_obj_size(rec->root);
	int was = rdl_rec_get(rec, key) != NULL;

	rdl_rec_edit(rec, &e, 1, &out);
	must(out.len > 0 && out.p[out.len - 1] == '\n');
	must(rdl_rec_parse(&now, out.p, out.len - 1, &err) == 0);
	must((rdl_rec_get(&now, key) != NULL) == (json != NULL));
	must(yyjson_obj_size(now.root) ==
	    had - (size_t)was + (json != NULL ? 1 : 0));
	rdl_rec_release(&now);
	rdl_buf_release(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_buf out = RDL_BUF_INIT(2 * RDL_LINE_MAX);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	const char *line = (const char *)data;

	if (rdl_rec_parse(&rec, line, size, &err) == 0) {
		rdl_rec_edit(&rec, NULL, 0, &out);
		must(out.len == size + 1 && memcmp(out.p, line, size) == 0);
		edit(&rec, "id", "\"x:1\"");
		edit(&rec, "id", NULL);
		edit(&rec, "a", "[1,{\"b\":null}]");
		edit(&rec, "", NULL);
	} else
		must(err.cls == RDL_E_INPUT && err.msg[0] != '\0');
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
	return 0;
}
