/*
 * JSON on memory that does not run out: yyjson's functions of the same names,
 * except that want of memory ends the process, as everywhere (core/mem.h).
 * With yyjson's own memory it would look like text that is no JSON.
 */
#ifndef RDL_RECORD_JSON_H
#define RDL_RECORD_JSON_H

#include <yyjson.h>

/* For functions of yyjson that take an allocator.  What it gives is released
 * with free(). */
extern const yyjson_alc rdl_json_alc;

/* NULL: the text is not JSON. */
yyjson_doc *rdl_json_read(const char *p, size_t len, yyjson_read_flag flags);

/* Text to release with free(), its length in *len unless len is NULL.  NULL:
 * there is a string in it that is not UTF-8, or a number that is none. */
char *rdl_json_write(const yyjson_doc *doc, yyjson_write_flag flags,
    size_t *len);
char *rdl_json_val_write(const yyjson_val *v, yyjson_write_flag flags,
    size_t *len);
char *rdl_json_mut_write(const yyjson_mut_doc *doc, yyjson_write_flag flags,
    size_t *len);
char *rdl_json_mut_val_write(const yyjson_mut_val *v, yyjson_write_flag flags,
    size_t *len);

#endif
