/*
 * Croissant 1.0: the description of a dataset that machines read.
 * Source: docs.mlcommons.org/croissant/docs/croissant-spec.html
 */
#ifndef RDL_PUBLISH_CROISSANT_H
#define RDL_PUBLISH_CROISSANT_H

#include "publish/sink_private.h"

/* Write croissant.json of the files that k has so far. */
int rdl_croissant_write(struct rdl_sink *k, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
