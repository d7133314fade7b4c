/*
 * A matrix of floats as a .npy file.
 * Writes PATH.part and renames it.  Needs a little-endian machine, as the
 * embedding file does.
 */
#include "vision/npy.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/mem.h"

#define HEAD 128	/* bytes: magic, version, length, dictionary, blanks */

static void
make_head(const struct rdl_npy *n, char head[HEAD])
{
	int len;

	memset(head, ' ', HEAD);
	memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);	/* 0x76 = HEAD - 10 */
	len = snprintf(head + 10, HEAD - 10, "{'descr': '<f4', "
	    "'fortran_order': False, 'shape': (%" PRIu64 ", %zu), }", n->rows,
	    n->dim);
	head[10 + len] = ' ';
	head[HEAD - 1] = '\n';
}

int
rdl_npy_open(struct rdl_npy *n, const char *path, size_t dim,
    struct rdl_err *err)
{
	struct rdl_buf part = RDL_BUF_INIT(RDL_MIB);
	char head[HEAD];

	rdl_buf_addf(&part, "%s.part", path);
	n->path = rdl_mem_strdup(path);
	n->part = rdl_buf_detach(&part, NULL);
	n->dim = dim;
	n->rows = 0;
	make_head(n, head);
	if (rdl_out_open(&n->out, n->part, err) == 0 &&
	    rdl_out_write(&n->out, head, HEAD, err) == 0)
		return 0;
	rdl_npy_abandon(n);
	return -1;
}

int
rdl_npy_row(struct rdl_npy *n, const float *row, struct rdl_err *err)
{
	n->rows++;
	return rdl_out_write(&n->out, row, n->dim * sizeof(*row), err);
}

/* Write the head again, now that the number of rows is known. */
static int
finish(const struct rdl_npy *n, struct rdl_err *err)
{
	char head[HEAD];
	int fd, rc = 0;

	make_head(n, head);
	fd = open(n->part, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", n->part);
	if (pwrite(fd, head, HEAD, 0) != HEAD || fsync(fd) < 0)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", n->part);
	if (close(fd) < 0 && rc == 0)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", n->part);
	return rc;
}

int
rdl_npy_close(struct rdl_npy *n, struct rdl_err *err)
{
	int rc;

	if (n->part == NULL)
		return 0;
	rc = rdl_out_close(&n->out, err);
	if (rc == 0)
		rc = finish(n, err);
	if (rc == 0 && rename(n->part, n->path) < 0)
		rc = rdl_err_sys(err, RDL_E_IO, "%s", n->path);
	if (rc == 0) {
		free(n->part);
		n->part = NULL;
	}
	rdl_npy_abandon(n);
	return rc;
}

void
rdl_npy_abandon(struct rdl_npy *n)
{
	rdl_out_abandon(&n->out);
	if (n->part != NULL)
		(void)unlink(n->part);
	free(n->part);
	free(n->path);
	n->part = n->path = NULL;
}
