/*
 * Where a dataset goes: a file or a folder that appears whole or not at all.
 */
#ifndef RDL_PUBLISH_SINK_H
#define RDL_PUBLISH_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "publish/item.h"

struct rdl_sink_opts {
	const struct rdl_format *format;
	const char *path;	/* of the file or folder */
	const char *image_root;	/* paths in files are relative to it; NULL:
				 * as the records say */
	const char *name;	/* of the dataset, for its card */
	const char *licence;	/* of the dataset, SPDX; NULL: unknown */
	const char *funnel;	/* file of `riddle ledger funnel --json` lines,
				 * for the card; or NULL */
	int64_t shard_rows;	/* rows of a tar shard, at most */
	bool replace;		/* an earlier export at path may go */
};

struct rdl_sink;

/* Begin a dataset beside path, under a temporary name.  opts is borrowed. */
struct rdl_sink *rdl_sink_open(const struct rdl_sink_opts *opts,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Add a sample.  RDL_E_INPUT: it cannot be in this dataset (no such picture,
 * another one than the record says); the dataset goes on without it. */
int rdl_sink_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err) RDL_MUST_CHECK;

/* Finish: card, manifest, and the rename to path.  Frees k, also on error. */
int rdl_sink_commit(struct rdl_sink *k, struct rdl_err *err) RDL_MUST_CHECK;

/* Remove what was written; NULL is fine. */
void rdl_sink_abandon(struct rdl_sink *k);

#endif
