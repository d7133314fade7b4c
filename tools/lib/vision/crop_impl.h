/*
 * What the files of the resizer share: weights, and the loops over pixels for
 * each instruction set.  All sets give the same bytes: the sums are integers,
 * taken modulo 2^32, and no true sum needs more than 31 bits.
 */
#ifndef RDL_VISION_CROP_IMPL_H
#define RDL_VISION_CROP_IMPL_H

#include <stddef.h>
#include <stdint.h>

/* Fixed point: a weight of 1 is 1 << 22, and half of it rounds. */
#define RDL_CROP_BITS 22

/* Rows that one call of a set's rows() takes. */
#define RDL_CROP_ROWS 4

/* Bytes that rows() may read behind the last pixel of a row, and write behind
 * the last pixel of an output row. */
#define RDL_CROP_PAD 32

/* Weights are padded with zeros to a multiple of this. */
#define RDL_CROP_GROUP 8

struct rdl_crop_set;

/* Which inputs make an output, and how much of each. */
struct rdl_crop_taps {
	size_t n;		/* outputs */
	size_t stride;		/* weights kept for one: a multiple of 8 */
	uint32_t *first;	/* [n] first input */
	uint32_t *count;	/* [n] inputs */
	int32_t *k;		/* [n][stride] */
	void *packed;		/* k as the set's rows() wants it, or NULL */
};

#define RDL_CROP_TAPS_INIT { 0, 0, NULL, NULL, NULL, NULL }

/* The weights of outputs [from, from + n) of a line of in pixels that becomes
 * a line of out; filter is enum rdl_filter_kind. */
void rdl_crop_taps_make(struct rdl_crop_taps *t, uint32_t in, uint64_t out,
    uint64_t from, uint32_t n, int filter);
void rdl_crop_taps_release(struct rdl_crop_taps *t);

/* Inputs [*lo, *hi) are used. */
void rdl_crop_taps_span(const struct rdl_crop_taps *t, uint32_t *lo,
    uint32_t *hi);

/* Count inputs from lo on. */
void rdl_crop_taps_shift(struct rdl_crop_taps *t, uint32_t lo);

struct rdl_crop_set {
	const char *name;
	/* Fill t->packed; NULL: rows() needs none. */
	void (*pack)(struct rdl_crop_taps *t);
	/* Four rows in [.][3] to four rows out [n][3]. */
	void (*rows)(const struct rdl_crop_taps *t,
	    const uint8_t *const in[RDL_CROP_ROWS],
	    uint8_t *const out[RDL_CROP_ROWS]);
	/* One output row of bytes from count rows, stride bytes apart. */
	void (*column)(const int32_t *k, size_t count, const uint8_t *in,
	    size_t stride, uint8_t *out, size_t bytes);
};

/* The best set for this CPU, and the sets themselves, for tests; NULL if this
 * CPU or build has it not. */
const struct rdl_crop_set *rdl_crop_best(void);
const struct rdl_crop_set *rdl_crop_plain(void);
const struct rdl_crop_set *rdl_crop_avx2(void);
const struct rdl_crop_set *rdl_crop_vnni(void);

/* Where an image goes, and which part of it is wanted. */
struct rdl_crop_window {
	uint64_t width, height;	/* of the whole resized image */
	uint64_t x, y;		/* corner of the part */
	uint32_t w, h;		/* its size */
	int filter;		/* enum rdl_filter_kind */
};

struct rdl_image;

/* The part alone: out is [h][w][3]. */
void rdl_crop_with(const struct rdl_crop_set *set, const struct rdl_image *im,
    const struct rdl_crop_window *win, uint8_t *out);

#endif
