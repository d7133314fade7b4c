/*
 * The dialects by name.
 * Reads and writes nothing.
 */
#include "model/dialect.h"

#include <string.h>

#include "model/config.h"

const struct rdl_dialect *
rdl_dialect_find(const char *name)
{
	static const struct rdl_dialect *const all[] = {
		&rdl_dialect_openai, &rdl_dialect_anthropic,
		&rdl_dialect_gemini, &rdl_dialect_a1111,
	};
	size_t i;

	for (i = 0; i < RDL_NELEM(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

bool
rdl_dialect_draws(const struct rdl_model *m)
{
	return m->dialect == &rdl_dialect_openai ||
	    m->dialect == &rdl_dialect_a1111;
}

bool
rdl_dialect_draws_by_seed(const struct rdl_model *m)
{
	return m->dialect == &rdl_dialect_a1111 ? !m->quirks.no_seed :
	    m->dialect == &rdl_dialect_openai && m->quirks.sd_seed;
}
