/*
 * Task records and the nodes of a tree: one from the other.
 */
#ifndef RDL_DOMAIN_TAXON_H
#define RDL_DOMAIN_TAXON_H

#include "domain/taxonomy.h"
#include "record/id.h"
#include "record/rec.h"

/* The id of a node, and its record as far as the path decides it, appended to
 * out without the closing brace: kind, id, path, level. */
int rdl_taxon_record(const struct rdl_taxon *n, struct rdl_id *id,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

/* The node of a record's "path", made with those above it when missing; each
 * of them is given to seen (NULL: nobody).  NULL with RDL_E_INPUT if the record
 * has no usable path. */
struct rdl_taxon *rdl_taxon_plant(struct rdl_taxonomy *t,
    const struct rdl_rec *rec, void (*seen)(struct rdl_taxon *n, void *ctx),
    void *ctx, struct rdl_err *err) RDL_MUST_CHECK;

/* Append rec as the record of n, with the members it lacks (kind, id, level)
 * and a newline; all its bytes are kept. */
int rdl_taxon_complete(const struct rdl_rec *rec, const struct rdl_taxon *n,
    struct rdl_buf *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
