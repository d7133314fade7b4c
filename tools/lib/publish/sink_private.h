/*
 * The parts of a sink, for its own files: rows, tar shards, folder, card.
 */
#ifndef RDL_PUBLISH_SINK_PRIVATE_H
#define RDL_PUBLISH_SINK_PRIVATE_H

#include "core/hash.h"
#include "core/map.h"
#include "core/out.h"
#include "publish/parquet.h"
#include "publish/sink.h"

/* A file of rows that is written now. */
struct rdl_rows {
	char *path;
	struct rdl_out out;
	uint64_t rows;
};

/* One split of a tar or folder dataset. */
struct rdl_split {
	char name[32];
	struct rdl_rows rows;		/* folder: its metadata.jsonl */
	struct archive *tar;		/* the shard being written */
	char *tar_path;
	struct rdl_parquet *table;	/* the file being written */
	uint64_t samples, shard, shard_rows;
};

#define RDL_SINK_SPLITS 16

struct rdl_sink {
	const struct rdl_sink_opts *o;
	char *tmp;			/* where all is written */
	bool folder;			/* tmp is one */
	struct rdl_rows rows;		/* of a single file */
	struct rdl_parquet *table;	/* the same, if it is a Parquet file */
	const struct rdl_parquet_node *columns;	/* by the first row */
	struct rdl_split splits[RDL_SINK_SPLITS];
	size_t nsplits;
	struct rdl_map files;		/* of a folder, by relative path */
	struct rdl_map tasks, licences, sources;	/* counted */
	struct rdl_map pictures;	/* by sha256: in which folder */
	uint64_t samples;
	bool pairs;			/* rows are preferences */
	struct rdl_buf item, picture, name;
};

/* Read the picture of a sample into k->picture and see that it is the one the
 * record means; ext is "jpg", "png", ... and sha its digest in hex. */
int rdl_sink_picture(struct rdl_sink *k, const struct rdl_sample_image *im,
    const char **ext, char sha[2 * RDL_SHA256_LEN + 1], struct rdl_err *err)
    RDL_MUST_CHECK;

/* The split of a sample, begun when it is new. */
struct rdl_split *rdl_sink_split(struct rdl_sink *k,
    const struct rdl_sample *s, struct rdl_err *err) RDL_MUST_CHECK;

/* tmp/REL, in k->name; its folders are made. */
int rdl_sink_path(struct rdl_sink *k, const char *rel, struct rdl_err *err)
    RDL_MUST_CHECK;

/* The name of a picture for a row, by --image-root; it is there, and a
 * file. */
int rdl_sink_relative(const struct rdl_sink *k,
    const struct rdl_sample_image *im, const char **out, struct rdl_err *err)
    RDL_MUST_CHECK;

/* publish/shard.c */
int rdl_shard_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_shard_close(struct rdl_sink *k, struct rdl_split *p,
    struct rdl_err *err) RDL_MUST_CHECK;

/* publish/folder.c */
int rdl_folder_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_folder_close(struct rdl_sink *k, struct rdl_split *p,
    struct rdl_err *err) RDL_MUST_CHECK;

/* publish/parquet_sink.c: a file, with no split, or one of a folder. */
int rdl_parquet_sink_add(struct rdl_sink *k, const struct rdl_sample *s,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_parquet_sink_close(struct rdl_sink *k, struct rdl_split *p,
    struct rdl_err *err) RDL_MUST_CHECK;

/* publish/card.c: README.md, croissant.json. */
int rdl_card_write(struct rdl_sink *k, struct rdl_err *err) RDL_MUST_CHECK;

/* SHA-256 and size of the file at path. */
int rdl_place_digest(const char *path, struct rdl_sha256 *digest,
    uint64_t *bytes, struct rdl_err *err) RDL_MUST_CHECK;
/* publish/place.c: what stands at path may be replaced, see sink.h. */
int rdl_place_check(const char *path, bool folder, bool replace,
    struct rdl_err *err) RDL_MUST_CHECK;
/* manifest.json of all files below k->tmp, then the rename. */
int rdl_place_commit(struct rdl_sink *k, struct rdl_err *err) RDL_MUST_CHECK;
/* Write a file of a folder that is not in its place yet: no fsync. */
int rdl_place_write(const char *path, const void *p, size_t len,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Remove a folder that a sink made: the files of its list, then the empty
 * folders. */
void rdl_place_remove(const char *dir, const struct rdl_map *files);

#endif
