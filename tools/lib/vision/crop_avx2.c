/*
 * The resizer's loops for x86-64 with AVX2.
 * A weight is split as k = high 2^15 + low, 0 <= low < 2^15, so that both
 * halves are 16-bit numbers and two taps are multiplied and added at once.
 * Reads and writes the pixels it is given; never called without AVX2.
 */
#include "vision/crop_impl.h"

#include "core/mem.h"
#include "vision/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define FN __attribute__((target("avx2")))
#define INLINE static inline FN __attribute__((always_inline))

#define LOW_BITS 15
#define LOW_MASK ((1 << LOW_BITS) - 1)

/* For every four taps: four low halves, four high ones. */
static void
pack(struct rdl_crop_taps *t)
{
	size_t i, n = t->n * t->stride;
	int16_t *to;

	t->packed = rdl_mem_calloc(n, 2 * sizeof(*to));
	to = t->packed;
	for (i = 0; i < n; i++, to += i % 4 == 0 ? 5 : 1) {
		to[0] = (int16_t)(t->k[i] & LOW_MASK);
		to[4] = (int16_t)(t->k[i] >> LOW_BITS);
	}
}

INLINE __m256i
total(__m256i low, __m256i high)
{
	return _mm256_add_epi32(low, _mm256_slli_epi32(high, LOW_BITS));
}

/* Four sums [r g b -] of four rows to bytes, one pixel to each row; a fourth
 * byte is written, which the next pixel covers. */
INLINE void
put(__m128i a, __m128i b, __m128i c, __m128i d, uint8_t *const out[4],
    size_t at)
{
	__m128i v;
	uint32_t px[4];
	size_t i;

	v = _mm_packus_epi16(_mm_packs_epi32(_mm_srai_epi32(a, RDL_CROP_BITS),
	    _mm_srai_epi32(b, RDL_CROP_BITS)),
	    _mm_packs_epi32(_mm_srai_epi32(c, RDL_CROP_BITS),
	    _mm_srai_epi32(d, RDL_CROP_BITS)));
	_mm_storeu_si128((__m128i *)(void *)px, v);
	for (i = 0; i < 4; i++)
		memcpy(out[i] + at, &px[i], 4);
}

/* Both halves of a sum, and what rounds. */
INLINE __m128i
fold(__m256i v)
{
	return _mm_add_epi32(_mm_set1_epi32(1 << (RDL_CROP_BITS - 1)),
	    _mm_add_epi32(_mm256_castsi256_si128(v),
	    _mm256_extracti128_si256(v, 1)));
}

/* Twelve bytes, four pixels: lane 0 gets the first two, lane 1 the others,
 * as 16-bit pairs r r, g g, b b, zeros. */
INLINE __m256i
spread(const uint8_t *p)
{
	const __m256i pick = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1,
	    2, -1, 5, -1, -1, -1, -1, -1, 6, -1, 9, -1, 7, -1, 10, -1, 8, -1,
	    11, -1, -1, -1, -1, -1);

	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(
	    _mm_loadu_si128((const __m128i *)(const void *)p)), pick);
}

#define STEP(row) do { \
	px = spread(p##row); \
	low##row = _mm256_add_epi32(low##row, _mm256_madd_epi16(px, kl)); \
	high##row = _mm256_add_epi32(high##row, _mm256_madd_epi16(px, kh)); \
	p##row += 12; \
} while (0)

static FN void
rows(const struct rdl_crop_taps *t, const uint8_t *const in[RDL_CROP_ROWS],
    uint8_t *const out[RDL_CROP_ROWS])
{
	const __m256i lo = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
	const __m256i hi = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
	__m256i low0, low1, low2, low3, high0, high1, high2, high3;
	__m256i px, k, kl, kh;
	const uint8_t *p0, *p1, *p2, *p3;
	const int16_t *packed = t->packed, *w;
	size_t i, j, at;

	for (i = 0; i < t->n; i++) {
		at = (size_t)t->first[i] * 3;
		p0 = in[0] + at;
		p1 = in[1] + at;
		p2 = in[2] + at;
		p3 = in[3] + at;
		low0 = low1 = low2 = low3 = _mm256_setzero_si256();
		high0 = high1 = high2 = high3 = low0;
		w = packed + i * t->stride * 2;
		for (j = 0; j < t->count[i]; j += 4, w += 8) {
			k = _mm256_castsi128_si256(_mm_loadu_si128(
			    (const __m128i *)(const void *)w));
			kl = _mm256_permutevar8x32_epi32(k, lo);
			kh = _mm256_permutevar8x32_epi32(k, hi);
			STEP(0);
			STEP(1);
			STEP(2);
			STEP(3);
		}
		put(fold(total(low0, high0)), fold(total(low1, high1)),
		    fold(total(low2, high2)), fold(total(low3, high3)), out,
		    3 * i);
	}
}

/* Eight bytes of two rows, as 16-bit pairs, times their weights. */
#define PAIR(n, bytes) do { \
	low##n = _mm256_add_epi32(low##n, _mm256_madd_epi16(bytes, kl)); \
	high##n = _mm256_add_epi32(high##n, _mm256_madd_epi16(bytes, kh)); \
} while (0)

#define DONE(n) _mm256_srai_epi32(total(low##n, high##n), RDL_CROP_BITS)

/* Two weights of 16 bits, throughout. */
INLINE __m256i
both(int32_t first, int32_t second)
{
	return _mm256_set1_epi32((int32_t)(((uint32_t)first & 0xffff) |
	    (uint32_t)second << 16));
}

INLINE __m256i
load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* 32 bytes of an output row.  Unpacking and packing work within lanes, so
 * what the one mixes the other puts back. */
INLINE void
block(const int32_t *k, size_t count, const uint8_t *in, size_t stride,
    uint8_t *out)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i low0, low1, low2, low3, high0, high1, high2, high3;
	__m256i a, b, ab, kl, kh;
	int32_t next;
	size_t y;

	low0 = low1 = low2 = low3 =
	    _mm256_set1_epi32(1 << (RDL_CROP_BITS - 1));
	high0 = high1 = high2 = high3 = zero;
	for (y = 0; y < count; y += 2) {
		next = y + 1 < count ? k[y + 1] : 0;
		a = load(in + y * stride);
		b = y + 1 < count ? load(in + (y + 1) * stride) : zero;
		kl = both(k[y] & LOW_MASK, next & LOW_MASK);
		kh = both(k[y] >> LOW_BITS, next >> LOW_BITS);
		ab = _mm256_unpacklo_epi8(a, b);
		PAIR(0, _mm256_unpacklo_epi8(ab, zero));
		PAIR(1, _mm256_unpackhi_epi8(ab, zero));
		ab = _mm256_unpackhi_epi8(a, b);
		PAIR(2, _mm256_unpacklo_epi8(ab, zero));
		PAIR(3, _mm256_unpackhi_epi8(ab, zero));
	}
	_mm256_storeu_si256((__m256i *)(void *)out, _mm256_packus_epi16(
	    _mm256_packs_epi32(DONE(0), DONE(1)),
	    _mm256_packs_epi32(DONE(2), DONE(3))));
}

/* The last block ends where the row ends: it may cover bytes again. */
static FN void
column(const int32_t *k, size_t count, const uint8_t *in, size_t stride,
    uint8_t *out, size_t bytes)
{
	size_t x;

	if (bytes < 32) {
		rdl_crop_plain()->column(k, count, in, stride, out, bytes);
		return;
	}
	for (x = 0; x + 32 <= bytes; x += 32)
		block(k, count, in + x, stride, out + x);
	if (x < bytes)
		block(k, count, in + bytes - 32, stride, out + bytes - 32);
}

const struct rdl_crop_set *
rdl_crop_avx2(void)
{
	static const struct rdl_crop_set set = { "avx2", pack, rows, column };

	return rdl_kernel_cpu()->avx2_fma ? &set : NULL;
}

#else

const struct rdl_crop_set *
rdl_crop_avx2(void)
{
	return NULL;
}

#endif
