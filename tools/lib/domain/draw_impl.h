/*
 * What the files behind draw.h share: records on their way, and their pictures.
 * Private to draw*.c.
 */
#ifndef RDL_DOMAIN_DRAW_IMPL_H
#define RDL_DOMAIN_DRAW_IMPL_H

#include "core/map.h"
#include "domain/contrast.h"
#include "domain/draw.h"
#include "vision/pool.h"

/* The picture of a side. */
struct rdl_draw_side {
	struct rdl_draw_group *group;
	char *text;		/* owned; NULL: its record cannot be drawn */
	/* What the decoder found. */
	struct rdl_image_info info;
	uint64_t phash;
	/* What came. */
	char *file;		/* owned */
	size_t len;
	struct rdl_sha256 sha256;	/* of the file */
	struct rdl_sha256 plain;	/* of the picture in it */
	int64_t seed;		/* -1: not known */
	char *resolved;		/* owned; the model by the server's own name,
				 * or NULL */
	struct rdl_hash call;
	struct rdl_id image;
};

/* A record, until all its sides have their answers. */
struct rdl_draw_group {
	struct rdl_draw_group *next, **prev;	/* of all on their way */
	char *line;
	size_t len;
	struct rdl_id id;
	bool has_id;
	struct rdl_draw_side *sides;
	size_t n;
	size_t places;		/* jobs: n, or 1 for what cannot be asked */
	size_t asked, answered;
	struct rdl_reason lost;	/* rule NULL: not lost */
	struct rdl_hash call;	/* of the side that was lost first */
	bool has_call;
};

struct rdl_draw {
	struct rdl_draw_opts o;
	struct rdl_engine_opts engine_opts;
	struct rdl_model *model;
	struct rdl_pool *pool;
	struct rdl_stage *stage;
	int64_t width, height;	/* that must come; 0: any */
	struct rdl_draw_group *groups, *current;
	struct rdl_rec rec;
	struct rdl_contrast contrast;
	struct rdl_map pictures;	/* plain SHA-256 to the text's hash */
	uint64_t repeats;
	struct rdl_err broken;	/* the decoders broke: ends the run */
	struct rdl_buf line, json, uri, plain, estimate;
};

/* draw_read.c: a record that came, and its end. */
struct rdl_draw_group *rdl_draw_group_new(struct rdl_draw *d);
void rdl_draw_group_free(struct rdl_draw_group *g);

/* draw_plain.c: put the file into out without texts, times, Exif and
 * credentials; as it is if its format is not PNG, JPEG or WebP, or Exif turns
 * the picture. */
void rdl_draw_plain(const struct rdl_image_info *info, const char *file,
    size_t len, struct rdl_buf *out);

/* draw_write.c: all sides have their answers: the record, or its loss. */
int rdl_draw_settle(struct rdl_draw *d, struct rdl_draw_group *g,
    struct rdl_err *err) RDL_MUST_CHECK;

#endif
