/*
 * Vectors of squares and token ids by ours, for tests/peers/clip.py.
 * usage: clip DIR PRECISION SQUARES IDS OUT
 * SQUARES: raw [n][R][R][3] bytes.  IDS: a line of ids a text.  OUT: raw f32,
 * images, then texts.  PRECISION: f32, bf16, int8 or reference.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/out.h"
#include "core/tool.h"
#include "vision/clip.h"

static int
precision_of(const char *name)
{
	static const char *const names[] = { "auto", "f32", "bf16", "int8",
		"reference" };
	size_t i;

	for (i = 0; i < RDL_NELEM(names); i++)
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	return -1;
}

static int
images(struct rdl_clip *c, const char *path, struct rdl_out *out,
    struct rdl_err *err)
{
	struct rdl_buf file = RDL_BUF_INIT(SIZE_MAX / 2);
	size_t side = rdl_clip_info(c)->crop.size, dim = rdl_clip_info(c)->dim;
	const uint8_t **squares;
	size_t n, i;
	float *v;
	int rc;

	if (rdl_file_read(path, &file, err) < 0)
		return -1;
	n = file.len / (side * side * 3);
	squares = rdl_mem_calloc(n, sizeof(*squares));
	v = rdl_mem_calloc(n * dim, sizeof(*v));
	for (i = 0; i < n; i++)
		squares[i] = (const uint8_t *)file.p + i * side * side * 3;
	rc = rdl_clip_images(c, squares, n, v, err);
	if (rc == 0)
		rc = rdl_out_write(out, v, n * dim * sizeof(*v), err);
	free(squares);
	free(v);
	rdl_buf_release(&file);
	return rc;
}

/* The numbers of a line; *line goes behind it. */
static void
read_ids(char **line, struct rdl_tokens *t)
{
	char *p = *line, *end;
	long id;

	for (t->n = 0; t->n < RDL_NELEM(t->ids); t->n++, p = end) {
		while (*p == ' ')
			p++;
		id = *p == '\n' || *p == '\0' ? -1 : strtol(p, &end, 10);
		if (id < 0)
			break;
		t->ids[t->n] = (int32_t)id;
	}
	*line = p + (*p == '\n');
}

static int
texts(struct rdl_clip *c, const char *path, struct rdl_out *out,
    struct rdl_err *err)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	size_t dim = rdl_clip_info(c)->dim;
	struct rdl_tokens t;
	const struct rdl_tokens *list = &t;
	float *v = rdl_mem_calloc(dim, sizeof(*v));
	char *line;
	int rc;

	rc = rdl_file_read(path, &file, err);
	for (line = file.p; rc == 0 && line < file.p + file.len;) {
		read_ids(&line, &t);
		rc = rdl_clip_texts(c, &list, 1, v, err);
		if (rc == 0)
			rc = rdl_out_write(out, v, dim * sizeof(*v), err);
	}
	free(v);
	rdl_buf_release(&file);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct rdl_clip_opts o = { RDL_PRECISION_AUTO, 0 };
	struct rdl_out out = RDL_OUT_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_clip *c;

	rdl_tool_init("peer-clip");
	if (argc != 6 || (o.precision = precision_of(argv[2])) < 0) {
		(void)rdl_err_set(&err, RDL_E_USAGE,
		    "DIR PRECISION SQUARES IDS OUT");
		return rdl_tool_fail(&err);
	}
	c = rdl_clip_open(argv[1], &o, &err);
	if (c == NULL || rdl_out_open(&out, argv[5], &err) < 0 ||
	    images(c, argv[3], &out, &err) < 0 ||
	    texts(c, argv[4], &out, &err) < 0 ||
	    rdl_out_close(&out, &err) < 0)
		return rdl_tool_fail(&err);
	rdl_clip_free(c);
	return 0;
}
