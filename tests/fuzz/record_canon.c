/*
 * Fuzzes record/canon.h: the canonical form of the canonical form is itself.
 * An integer beyond 2^53 has a form that is refused when read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/limits.h"
#include "record/canon.h"
#include "record/rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
twice(const struct rdl_rec *rec)
{
	struct rdl_buf first = RDL_BUF_INIT(2 * RDL_LINE_MAX);
	struct rdl_buf second = RDL_BUF_INIT(2 * RDL_LINE_MAX);
	struct rdl_rec again = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_canon(rec->root, &first, &err) == 0) {
		if (rdl_rec_parse(&again, first.p, first.len, &err) < 0)
			abort();
		if (rdl_canon(again.root, &second, &err) == 0 &&
		    (first.len != second.len ||
		    memcmp(first.p, second.p, first.len) != 0))
			abort();
	} else if (err.msg[0] == '\0')
		abort();
	rdl_rec_release(&again);
	rdl_buf_release(&first);
	rdl_buf_release(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_rec_parse(&rec, (const char *)data, size, &err) == 0)
		twice(&rec);
	rdl_rec_release(&rec);
	return 0;
}
