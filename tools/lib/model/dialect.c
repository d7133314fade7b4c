/*
 * The dialects by name.
 * Reads and writes nothing.
 */
#include "model/dialect.h"

#include <string.h>

const struct rdl_dialect *
rdl_dialect_find(const char *name)
{
	static const struct rdl_dialect *const all[] = {
		&rdl_dialect_openai, &rdl_dialect_anthropic,
		&rdl_dialect_gemini,
	};
	size_t i;

	for (i = 0; i < RDL_NELEM(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
