/*
 * Fuzzes record/prompt.h: the first line is a row, the rest a prompt file.
 * What a prompt renders to has a message, and each message a part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record/prompt.h"
#include "record/rec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
render(const struct rdl_prompt *p, const struct rdl_rec *row)
{
	struct rdl_arena arena = RDL_ARENA_INIT;
	struct rdl_messages out = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	if (rdl_prompt_render(p, row->root, &arena, &out, &err) == 0) {
		if (out.n == 0)
			abort();
		for (i = 0; i < out.n; i++)
			if (out.v[i].nparts == 0)
				abort();
	} else if (err.msg[0] == '\0')
		abort();
	rdl_arena_release(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *nl;
	struct rdl_rec row = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_prompt *p;

	if (size == 0 || (nl = memchr(text, '\n', size)) == NULL)
		return 0;
	p = rdl_prompt_parse(nl + 1, size - (size_t)(nl + 1 - text), "fuzz",
	    &err);
	if (p == NULL) {
		if (err.msg[0] == '\0')
			abort();
		return 0;
	}
	if (rdl_rec_parse(&row, text, (size_t)(nl - text), &err) == 0)
		render(p, &row);
	rdl_rec_release(&row);
	rdl_prompt_free(p);
	return 0;
}
