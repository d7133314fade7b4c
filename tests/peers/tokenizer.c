/*
 * Token ids of texts, for the comparison with transformers' CLIPTokenizerFast.
 * Reads the tokenizer of the folder given, and from stdin texts, a JSON string
 * a line; prints for each "0" or, if it was cut, "1", and its ids.
 * usage: tokenizer DIR CONTEXT whole|escape|time
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/num.h"
#include "vision/bpe.h"

static int
encode_line(struct rdl_bpe *b, char *line, size_t len, size_t context,
    bool specials, struct rdl_err *err)
{
	yyjson_doc *doc = yyjson_read(line, len, YYJSON_READ_NOFLAG);
	yyjson_val *text = yyjson_doc_get_root(doc);
	struct rdl_tokens t;
	int rc = -1;
	size_t i;

	if (!yyjson_is_str(text)) {
		(void)rdl_err_set(err, RDL_E_INPUT, "not a JSON string");
		goto out;
	}
	rc = rdl_bpe_encode(b, yyjson_get_str(text), yyjson_get_len(text),
	    context, specials, &t, err);
	if (rc < 0)
		goto out;
	printf("%d", t.truncated);
	for (i = 0; i < t.n; i++)
		printf(" %d", t.ids[i]);
	putchar('\n');
out:
	yyjson_doc_free(doc);
	return rc;
}

/* Encode all of stdin, raw lines, and say how fast that was. */
static int
measure(struct rdl_bpe *b, size_t context, struct rdl_err *err)
{
	struct rdl_tokens t;
	char *line = NULL;
	size_t room = 0, n = 0;
	int64_t us = 0, begin;
	ssize_t len;
	int rc = 0;

	while (rc == 0 && (len = getline(&line, &room, stdin)) > 0) {
		begin = rdl_clock_us();
		rc = rdl_bpe_encode(b, line, (size_t)len, context, false, &t,
		    err);
		us += rdl_clock_us() - begin;
		n++;
	}
	free(line);
	if (rc == 0)
		printf("%zu texts, %.0f a second\n", n,
		    (double)n * 1e6 / (double)(us > 0 ? us : 1));
	return rc;
}

static int
encode_all(struct rdl_bpe *b, size_t context, bool specials,
    struct rdl_err *err)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int rc = 0;

	while (rc == 0 && (len = getline(&line, &room, stdin)) > 0)
		rc = encode_line(b, line, (size_t)len, context, specials,
		    err);
	free(line);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_bpe *b = NULL;
	int64_t context = 0;
	int rc = -1;

	if (argc != 4) {
		fprintf(stderr, "usage: tokenizer DIR CONTEXT MODE\n");
		return 2;
	}
	if (rdl_num_int(argv[2], 2, 256, &context, &err) == 0)
		b = rdl_bpe_open(argv[1], &err);
	if (b != NULL && strcmp(argv[3], "time") == 0)
		rc = measure(b, (size_t)context, &err);
	else if (b != NULL)
		rc = encode_all(b, (size_t)context,
		    strcmp(argv[3], "whole") == 0, &err);
	rdl_bpe_free(b);
	if (rc < 0)
		fprintf(stderr, "tokenizer: %s\n", err.msg);
	return rc < 0 || fflush(stdout) != 0;
}
