/*
 * The speed of the record floor against a bare parse loop; see stream.sh.
 * make N: writes N records of about 500 bytes to stdout.  bare FILE: parses
 * each line, touches one field.  ours FILE OUT: reads, parses, keeps half by
 * one field, adds a field, writes.  Prints what it counted to stderr.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/mem.h"
#include "core/num.h"
#include "core/out.h"
#include "core/rng.h"
#include "core/tool.h"
#include "record/jsonl.h"

#define BLOCK (4 * RDL_MIB)

static const char *const words[] = { "street", "sign", "chart", "receipt",
	"what", "is", "the", "written", "on", "left", "caf\xc3\xa9", "count",
	"\\\"red\\\"", "objects", "in", "picture", "and", "why" };

static void
add_words(struct rdl_buf *b, struct rdl_rng *r, size_t n)
{
	size_t i;

	rdl_buf_addc(b, '"');
	for (i = 0; i < n; i++) {
		rdl_buf_adds(b, i > 0 ? " " : "");
		rdl_buf_adds(b, words[rdl_rng_below(r, RDL_NELEM(words))]);
	}
	rdl_buf_addc(b, '"');
}

static void
add_record(struct rdl_buf *b, struct rdl_rng *r, uint64_t i)
{
	unsigned long long a = rdl_rng_next(r), c = rdl_rng_next(r);

	rdl_buf_addf(b, "{\"kind\":\"qa\",\"id\":\"qa:%016llx%016llx\",", a, c);
	rdl_buf_addf(b, "\"from\":[\"match:%016llx%016llx\"],", c, a);
	rdl_buf_addf(b, "\"image\":{\"id\":\"image:%016llx%016llx\",", a ^ c,
	    a);
	rdl_buf_addf(b, "\"width\":%llu,\"height\":%llu},", a % 4000, c % 4000);
	rdl_buf_adds(b, "\"question\":");
	add_words(b, r, 12 + rdl_rng_below(r, 12));
	rdl_buf_adds(b, ",\"answer\":");
	add_words(b, r, 8 + rdl_rng_below(r, 20));
	rdl_buf_addf(b, ",\"n\":%llu,\"score\":%.3f,\"scores\":[",
	    (unsigned long long)i, rdl_rng_real(r));
	rdl_buf_addf(b, "{\"judge\":\"a\",\"value\":%d},", (int)(a % 2));
	rdl_buf_addf(b, "{\"judge\":\"b\",\"value\":%d}]}\n", (int)(c % 2));
}

static int
make_records(const char *count, struct rdl_err *err)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);
	struct rdl_out out = RDL_OUT_INIT;
	struct rdl_rng r = { 1 };
	int64_t i, n;
	int rc = 0;

	if (rdl_num_int(count, 0, INT64_MAX, &n, err) < 0)
		return -1;
	rdl_out_stdout(&out);
	for (i = 0; i < n && rc == 0; i++) {
		rdl_buf_reset(&b);
		add_record(&b, &r, (uint64_t)i);
		rc = rdl_out_write(&out, b.p, b.len, err);
	}
	rdl_buf_release(&b);
	return rc < 0 ? -1 : rdl_out_close(&out, err);
}

/* Parse the whole lines of p[0..len).  Returns the bytes they take. */
static size_t
bare_lines(const char *p, size_t len, uint64_t *kept, struct rdl_err *err)
{
	const char *at = p, *nl;
	yyjson_doc *doc;

	while ((nl = memchr(at, '\n', len - (size_t)(at - p))) != NULL) {
		doc = yyjson_read(at, (size_t)(nl - at), 0);
		if (doc == NULL) {
			(void)rdl_err_set(err, RDL_E_INPUT, "not JSON");
			return 0;
		}
		if (yyjson_get_num(yyjson_obj_get(yyjson_doc_get_root(doc),
		    "score")) >= 0.5)
			++*kept;
		yyjson_doc_free(doc);
		at = nl + 1;
	}
	return (size_t)(at - p);
}

static int
bare(const char *path, struct rdl_err *err)
{
	char *block = rdl_mem_realloc(NULL, BLOCK, 1);
	int fd = open(path, O_RDONLY);
	size_t have = 0, used;
	uint64_t kept = 0;
	ssize_t n;

	while ((n = read(fd, block + have, BLOCK - have)) > 0) {
		have += (size_t)n;
		used = bare_lines(block, have, &kept, err);
		if (used == 0)
			break;
		have -= used;
		memmove(block, block + used, have);
	}
	if (n < 0)
		(void)rdl_err_sys(err, RDL_E_IO, "%s", path);
	if (fd >= 0)
		(void)close(fd);
	free(block);
	fprintf(stderr, "kept %llu\n", (unsigned long long)kept);
	return n == 0 ? 0 : -1;
}

static int
ours(const char *path, const char *to, struct rdl_err *err)
{
	static const struct rdl_edit edit = { "kept", "true", 4 };
	struct rdl_jsonl in = RDL_JSONL_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_out out = RDL_OUT_INIT;
	struct rdl_buf b = RDL_BUF_INIT(2 * RDL_LINE_MAX);
	uint64_t kept = 0;
	int rc = -1;

	if (rdl_jsonl_open(&in, path, err) < 0 ||
	    rdl_out_open(&out, to, err) < 0)
		goto out;
	while ((rc = rdl_jsonl_next(&in, &rec, err)) > 0) {
		if (!(yyjson_get_num(rdl_rec_get(&rec, "score")) >= 0.5))
			continue;
		kept++;
		rdl_buf_reset(&b);
		rdl_rec_edit(&rec, &edit, 1, &b);
		if (rdl_out_write(&out, b.p, b.len, err) < 0)
			goto out;
	}
	fprintf(stderr, "kept %llu\n", (unsigned long long)kept);
	if (rc == 0)
		rc = rdl_out_close(&out, err);
out:
	rdl_jsonl_close(&in);
	rdl_rec_release(&rec);
	rdl_out_abandon(&out);
	rdl_buf_release(&b);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct rdl_err err = RDL_ERR_INIT;
	int rc;

	rdl_tool_init("stream");
	if (argc == 3 && strcmp(argv[1], "make") == 0)
		rc = make_records(argv[2], &err);
	else if (argc == 3 && strcmp(argv[1], "bare") == 0)
		rc = bare(argv[2], &err);
	else if (argc == 4 && strcmp(argv[1], "ours") == 0)
		rc = ours(argv[2], argv[3], &err);
	else
		rc = rdl_err_set(&err, RDL_E_USAGE,
		    "usage: stream make N | bare FILE | ours FILE OUT");
	return rdl_tool_exit(rc < 0 ? rdl_tool_fail(&err) : RDL_EXIT_OK);
}
