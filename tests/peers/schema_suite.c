/*
 * Runs the official JSON Schema test suite against record/schema.h.
 * Reads the suite's files given as operands; prints each disagreement, the
 * groups that were skipped by reason, and the sums.  Downloads nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/file.h"
#include "core/map.h"
#include "record/schema.h"

struct sums {
	unsigned long passed, failed, skipped;
	struct rdl_map reasons;		/* why groups were skipped */
};

/* The part of a compile error that says what is not supported: behind the
 * name and the path. */
static const char *
reason_of(const char *msg)
{
	const char *p, *last = msg;

	for (p = msg; (p = strstr(p, ": ")) != NULL; last = p += 2)
		;
	return last;
}

static void
run_group(yyjson_val *group, const char *file, struct sums *sums)
{
	const char *title = yyjson_get_str(yyjson_obj_get(group,
	    "description"));
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_schema *s;
	yyjson_val *test;
	size_t i, max, len;
	char *text;
	int want, got;

	text = yyjson_val_write(yyjson_obj_get(group, "schema"), 0, &len);
	s = rdl_schema_compile(text, len, "schema", &err);
	free(text);
	if (s == NULL && strstr(err.msg, "not supported") != NULL) {
		const char *why = reason_of(err.msg);

		rdl_map_put(&sums->reasons, why, strlen(why), NULL)->value++;
		sums->skipped++;
		return;
	}
	yyjson_arr_foreach(yyjson_obj_get(group, "tests"), i, max, test) {
		want = yyjson_get_bool(yyjson_obj_get(test, "valid"));
		got = s == NULL ? -1 : rdl_schema_check(s,
		    yyjson_obj_get(test, "data"), &err);
		if (got == want) {
			sums->passed++;
			continue;
		}
		sums->failed++;
		printf("%s: %s: %s: %s, we say: %s\n", file, title,
		    yyjson_get_str(yyjson_obj_get(test, "description")),
		    want ? "valid" : "invalid", got == 1 ? "valid" : err.msg);
	}
	rdl_schema_free(s);
}

static int
run_file(const char *path, struct sums *sums)
{
	struct rdl_buf text = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_val *group;
	yyjson_doc *doc = NULL;
	size_t i, max;

	if (rdl_file_read(path, &text, &err) == 0)
		doc = yyjson_read(text.p, text.len, YYJSON_READ_BIGNUM_AS_RAW);
	rdl_buf_release(&text);
	if (!yyjson_is_arr(yyjson_doc_get_root(doc))) {
		fprintf(stderr, "%s: not a file of the suite\n", path);
		yyjson_doc_free(doc);
		return -1;
	}
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, group)
		run_group(group, path, sums);
	yyjson_doc_free(doc);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct sums sums = { 0, 0, 0, RDL_MAP_INIT };
	size_t r;
	int i, rc = 0;

	for (i = 1; i < argc && rc == 0; i++)
		rc = run_file(argv[i], &sums);
	for (r = 0; r < sums.reasons.count; r++)
		printf("%4lu groups skipped: %s\n",
		    (unsigned long)sums.reasons.entries[r].value,
		    sums.reasons.entries[r].key);
	printf("%lu passed, %lu failed, %lu groups skipped (unsupported "
	    "keyword)\n", sums.passed, sums.failed, sums.skipped);
	rdl_map_release(&sums.reasons);
	return rc < 0 || sums.failed > 0 || sums.passed == 0;
}
