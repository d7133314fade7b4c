/*
 * Loops over vectors of floats, once for each instruction set, chosen when
 * the program runs.  One text (vision/kernel_body.h) is compiled for each.
 * The plain set uses four lanes, no fused multiply-add and no libm but sqrtf:
 * it gives the same bits on every machine with IEEE arithmetic.  In every set
 * a row of a product depends on that row alone, never on how many there are.
 */
#ifndef RDL_VISION_KERNEL_H
#define RDL_VISION_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Put first in a file whose sums must not be contracted to fused ones: gcc
 * does not under -std=c11, clang is told. */
#if defined(__clang__)
#define RDL_KERNEL_EXACT _Pragma("STDC FP_CONTRACT OFF")
#else
#define RDL_KERNEL_EXACT
#endif

/* quick: x sigmoid(1.702 x); gelu: x (1 + erf(x / sqrt 2)) / 2, by
 * Abramowitz and Stegun 7.1.26 (absolute error of erf below 2e-7). */
enum rdl_act { RDL_ACT_NONE, RDL_ACT_QUICK_GELU, RDL_ACT_GELU };

/* What a row sum goes through on its way out. */
struct rdl_finish {
	const float *bias;	/* a panel's columns, or NULL */
	int act;		/* enum rdl_act */
	bool add;		/* to what stands in y */
};

/* One tile: y[r][c] of rows x cols from x [rows][k] and one panel of weights
 * w [k][panel]; ld: elements from a row to the next. */
struct rdl_tile {
	size_t rows, cols, k;
	const float *x;
	size_t ldx;
	const float *w;
	size_t ldw;
	float *y;
	size_t ldy;
	struct rdl_finish finish;
};

/* The same in integers: x [rows][k] unsigned, w [k / 4][panel][4] signed;
 * y = x_scale[r] w_scale[c] (sum - x_zero[r] w_sum[c]), then finish. */
struct rdl_tile8 {
	size_t rows, cols, k;	/* k is a multiple of 4 */
	const uint8_t *x;
	size_t ldx;
	const float *x_scale;
	const int32_t *x_zero;
	const int8_t *w;
	const float *w_scale;	/* a panel's columns */
	const int32_t *w_sum;
	float *y;
	size_t ldy;
	struct rdl_finish finish;
};

struct rdl_kernel;

/* Columns of a panel of half floats. */
#define RDL_KERNEL_PANEL16 64

/* The same in half floats: x [rows][k], each half twice in its 32 bits, w
 * [k][RDL_KERNEL_PANEL16]; y = x_scale[r] w_scale[c] sum, then finish. */
struct rdl_tile16 {
	const struct rdl_kernel *kernel;
	size_t rows, cols, k;
	const uint32_t *x;
	size_t ldx;
	const float *x_scale;
	const uint16_t *w;
	const float *w_scale;	/* a panel's columns */
	float *y;
	size_t ldy;
	struct rdl_finish finish;
};

struct rdl_kernel {
	const char *name;
	size_t rows;		/* most rows of a tile */
	size_t panel;		/* columns of a panel */
	void (*tile)(const struct rdl_tile *t);
	void (*tile8)(const struct rdl_tile8 *t);	/* NULL: slow here */
	/* From 32-bit sums [cols] that something else made; bias and the rest
	 * for all columns, one row. */
	void (*finish8)(const int32_t *sum, size_t cols, float x_scale,
	    int32_t x_zero, const float *w_scale, const int32_t *w_sum,
	    const struct rdl_finish *f, float *y);
	/* The same from sums of half floats. */
	void (*scaled)(const float *sum, size_t cols, float x_scale,
	    const float *w_scale, const struct rdl_finish *f, float *y);
	/* out = (x - mean) / sqrt(variance + eps) gain + bias; out may be x */
	void (*norm)(const float *x, size_t n, float eps, const float *gain,
	    const float *bias, float *out);
	/* x[0..n) to weights that sum to 1, zeros up to padded, a whole
	 * number of panels */
	void (*softmax)(float *x, size_t n, size_t padded);
	/* x [rows][cols] to the panels of its transpose: out [c][padded], that
	 * is column c of x is row c of out, zeros from rows to padded */
	void (*transpose)(const float *x, size_t rows, size_t cols, size_t ldx,
	    float *out, size_t padded);
	/* Nearest unsigned bytes: x is about scale (q - zero); zeros from n to
	 * padded. */
	void (*quantize)(const float *x, size_t n, size_t padded, uint8_t *q,
	    float *scale, int32_t *zero);
	/* To bfloat16, nearest, ties to even. */
	void (*bf16)(const float *x, size_t n, uint16_t *out);
	/* Is there no infinity and no NaN? */
	bool (*finite)(const float *x, size_t n);
	/* Divide by the Euclidean norm; a zero vector stays. */
	void (*unit)(float *x, size_t n);
};

/* What a CPU that multiplies half floats has besides. */
struct rdl_kernel16 {
	const char *name;
	size_t rows;		/* most rows of a tile */
	void (*tile)(const struct rdl_tile16 *t);
	/* Nearest halves of x / scale, each twice; scale is the power of two
	 * that leaves the largest below 2^bits. */
	void (*halves)(const float *x, size_t n, int bits, uint32_t *out,
	    float *scale);
	/* Bytes as they are. */
	void (*bytes)(const uint8_t *x, size_t n, uint32_t *out);
};

/* What the CPU has, and its operating system allows. */
struct rdl_kernel_cpu {
	bool avx2_fma, avx512, vnni, avx_vnni;
	bool bf16;		/* AVX512_BF16 */
	bool fp16;		/* AVX512_FP16 */
	bool amx;		/* tiles of bfloat16 and of bytes */
	bool amd;
};

const struct rdl_kernel_cpu *rdl_kernel_cpu(void);

/* The best set for this CPU. */
const struct rdl_kernel *rdl_kernel_best(void);

/* The sets themselves, for tests; NULL if this CPU or build has it not. */
const struct rdl_kernel *rdl_kernel_plain(void);
const struct rdl_kernel *rdl_kernel_avx2(void);
const struct rdl_kernel *rdl_kernel_avx512(void);

/* NULL if this CPU or build has it not. */
const struct rdl_kernel16 *rdl_kernel_fp16(void);

#endif
