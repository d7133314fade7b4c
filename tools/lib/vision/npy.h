/*
 * A matrix of floats as a .npy file (NumPy Enhancement Proposal 1, version
 * 1.0), written row by row; its name is there only when it is whole.
 */
#ifndef RDL_VISION_NPY_H
#define RDL_VISION_NPY_H

#include <stdint.h>

#include "core/out.h"

struct rdl_npy {
	char *path, *part;	/* part: where it is written to; NULL: closed */
	size_t dim;
	uint64_t rows;
	struct rdl_out out;
};

#define RDL_NPY_INIT { NULL, NULL, 0, 0, RDL_OUT_INIT }

int rdl_npy_open(struct rdl_npy *n, const char *path, size_t dim,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Append a row [dim]. */
int rdl_npy_row(struct rdl_npy *n, const float *row, struct rdl_err *err)
    RDL_MUST_CHECK;

/* Finish the file and give it its name.  A second close does nothing. */
int rdl_npy_close(struct rdl_npy *n, struct rdl_err *err) RDL_MUST_CHECK;

/* Give it up; what was written goes. */
void rdl_npy_abandon(struct rdl_npy *n);

#endif
