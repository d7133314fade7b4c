/*
 * Products of half floats, for x86-64 with AVX512_FP16: twice the speed of f32
 * where there are no tiles (AMX).  Reads and writes what it is given.  Is
 * never called on a CPU that has it not.
 *
 * Sums of CHUNK products are made in half floats and then added up in f32, so
 * that the loss stays that of rounding to bfloat16: rows come scaled to at most
 * 256, weights to at most 1, and no sum reaches 65504, the largest half.
 */
#include "vision/kernel.h"

#if defined(__x86_64__) && (defined(__clang__) ? __clang_major__ >= 15 : \
    __GNUC__ >= 12)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 16
#define ROWS 14
#define FN __attribute__((target( \
	"avx512f,avx512bw,avx512dq,avx512vl,fma,avx512fp16")))
#define INLINE static inline FN __attribute__((always_inline))

/* Halves of a vector, columns of a panel. */
#define HALVES 32
#define WIDE ((size_t)RDL_KERNEL_PANEL16)

#define CHUNK ((size_t)64)

#define EACH_ROW(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) \
	M(10) M(11) M(12) M(13)

/* v as floats, to sum or added to it. */
INLINE void
widen(__m512h v, float *sum, bool first)
{
	const __m512i bits = _mm512_castph_si512(v);
	__m512 lo, hi;

	lo = _mm512_cvtxph_ps(_mm256_castsi256_ph(
	    _mm512_castsi512_si256(bits)));
	hi = _mm512_cvtxph_ps(_mm256_castsi256_ph(
	    _mm512_extracti64x4_epi64(bits, 1)));
	if (!first) {
		lo = _mm512_add_ps(lo, _mm512_loadu_ps(sum));
		hi = _mm512_add_ps(hi, _mm512_loadu_ps(sum + LANES));
	}
	_mm512_storeu_ps(sum, lo);
	_mm512_storeu_ps(sum + LANES, hi);
}

#define DECLARE(i) __m512h a##i = zero, b##i = zero;
#define STEP(i) \
	if (rows > i) { \
		const __m512h v = _mm512_castps_ph( \
		    _mm512_set1_ps(x[i * ldx])); \
		a##i = _mm512_fmadd_ph(v, w0, a##i); \
		b##i = _mm512_fmadd_ph(v, w1, b##i); \
	}
#define WIDEN(i) \
	if (rows > i) { \
		widen(a##i, sums[i], first); \
		widen(b##i, sums[i] + HALVES, first); \
	}

/* At most CHUNK steps.  x has each half twice, which makes a float's bits. */
INLINE void
chunk(const float *x, size_t ldx, const uint16_t *w, size_t k,
    float (*sums)[RDL_KERNEL_PANEL16], bool first, const size_t rows)
{
	const uint16_t *end = w + k * WIDE;
	const __m512h zero = _mm512_setzero_ph();
	EACH_ROW(DECLARE)

	for (; w != end; w += WIDE, x++) {
		const __m512h w0 = _mm512_loadu_ph(w);
		const __m512h w1 = _mm512_loadu_ph(w + HALVES);

		EACH_ROW(STEP)
	}
	EACH_ROW(WIDEN)
}

INLINE void
tile_rows(const struct rdl_tile16 *t, float (*sums)[RDL_KERNEL_PANEL16],
    const size_t rows)
{
	const float *x = (const float *)(const void *)t->x;
	size_t at, k;

	for (at = 0; at < t->k; at += k) {
		k = t->k - at < CHUNK ? t->k - at : CHUNK;
		chunk(x + at, t->ldx, t->w + at * WIDE, k, sums, at == 0,
		    rows);
	}
}

#define TILE_CASE(i) case i + 1: tile_rows(t, sums, i + 1); break;

static FN void
tile16(const struct rdl_tile16 *t)
{
	float sums[ROWS][RDL_KERNEL_PANEL16];
	size_t r;

	switch (t->rows) {
	EACH_ROW(TILE_CASE)
	default:
		return;
	}
	for (r = 0; r < t->rows; r++)
		t->kernel->scaled(sums[r], t->cols, t->x_scale[r], t->w_scale,
		    &t->finish, t->y + r * t->ldy);
}

/* Which of sixteen are left at i of n. */
INLINE __mmask16
left(size_t i, size_t n)
{
	const unsigned all = 0xffff;

	return (__mmask16)(n - i < LANES ? all >> (LANES - (n - i)) : all);
}

/* The power of two that brings most below 2^bits; 1 for what is no number, or
 * next to nothing. */
static float
up_to(float most, int bits)
{
	int e;

	if (!(most > 1e-30f && most < 1e30f))
		return 1.0f;
	(void)frexpf(most, &e);
	return ldexpf(1.0f, bits - e);
}

static FN void
halves(const float *x, size_t n, int bits, uint32_t *out, float *scale)
{
	__m512 most = _mm512_setzero_ps(), v, up;
	__mmask16 m;
	__m512i h;
	float f;
	size_t i;

	for (i = 0; i < n; i += LANES)
		most = _mm512_max_ps(most, _mm512_abs_ps(
		    _mm512_maskz_loadu_ps(left(i, n), x + i)));
	f = up_to(_mm512_reduce_max_ps(most), bits);
	up = _mm512_set1_ps(f);
	*scale = 1.0f / f;
	for (i = 0; i < n; i += LANES) {
		m = left(i, n);
		v = _mm512_mul_ps(_mm512_maskz_loadu_ps(m, x + i), up);
		h = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(v,
		    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
		h = _mm512_or_si512(h, _mm512_slli_epi32(h, 16));
		_mm512_mask_storeu_epi32(out + i, m, h);
	}
}

static FN void
bytes(const uint8_t *x, size_t n, uint32_t *out)
{
	__m512i h;
	size_t i, j;
	uint8_t last[LANES];

	for (i = 0; i < n; i += LANES) {
		for (j = 0; j < LANES; j++)
			last[j] = i + j < n ? x[i + j] : 0;
		h = _mm512_cvtepu8_epi32(_mm_loadu_si128(
		    (const __m128i *)(const void *)last));
		h = _mm512_cvtepu16_epi32(_mm512_cvtps_ph(
		    _mm512_cvtepi32_ps(h), _MM_FROUND_TO_NEAREST_INT |
		    _MM_FROUND_NO_EXC));
		h = _mm512_or_si512(h, _mm512_slli_epi32(h, 16));
		_mm512_mask_storeu_epi32(out + i, left(i, n), h);
	}
}

const struct rdl_kernel16 *
rdl_kernel_fp16(void)
{
	static const struct rdl_kernel16 set = { "avx512-fp16", ROWS, tile16,
		halves, bytes };

	return rdl_kernel_cpu()->fp16 ? &set : NULL;
}

#else

const struct rdl_kernel16 *
rdl_kernel_fp16(void)
{
	return NULL;
}

#endif
