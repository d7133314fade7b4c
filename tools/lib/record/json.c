/*
 * JSON on memory that does not run out.
 * Reads and writes memory; without more of it ends the process.
 * Knows nothing of records.
 */
#include "record/json.h"

#include <stdlib.h>

#include "core/mem.h"

static void *
take(void *ctx, size_t size)
{
	(void)ctx;
	return rdl_mem_realloc(NULL, size, 1);
}

static void *
grow(void *ctx, void *p, size_t old, size_t size)
{
	(void)ctx;
	(void)old;
	return rdl_mem_realloc(p, size, 1);
}

static void
give_back(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

const yyjson_alc rdl_json_alc = { take, grow, give_back, NULL };

yyjson_doc *
rdl_json_read(const char *p, size_t len, yyjson_read_flag flags)
{
	/* Without YYJSON_READ_INSITU it does not write there. */
	return yyjson_read_opts((char *)(uintptr_t)p, len,
	    flags & ~YYJSON_READ_INSITU, &rdl_json_alc, NULL);
}

char *
rdl_json_write(const yyjson_doc *doc, yyjson_write_flag flags, size_t *len)
{
	return yyjson_write_opts(doc, flags, &rdl_json_alc, len, NULL);
}

char *
rdl_json_val_write(const yyjson_val *v, yyjson_write_flag flags, size_t *len)
{
	return yyjson_val_write_opts(v, flags, &rdl_json_alc, len, NULL);
}

char *
rdl_json_mut_write(const yyjson_mut_doc *doc, yyjson_write_flag flags,
    size_t *len)
{
	return yyjson_mut_write_opts(doc, flags, &rdl_json_alc, len, NULL);
}

char *
rdl_json_mut_val_write(const yyjson_mut_val *v, yyjson_write_flag flags,
    size_t *len)
{
	return yyjson_mut_val_write_opts(v, flags, &rdl_json_alc, len, NULL);
}
