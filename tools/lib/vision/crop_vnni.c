/*
 * The resizer's rows for x86-64 with AVX-512 VNNI, in 256-bit registers.
 * A weight is split into three signed digits of base 256; four taps of bytes
 * are multiplied by a digit and added at once.
 * Reads and writes the pixels it is given; never called without VNNI.
 */
#include "vision/crop_impl.h"

#include "core/mem.h"
#include "vision/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define FN __attribute__((target("avx2,avx512f,avx512vl,avx512bw,avx512vnni")))
#define INLINE static inline FN __attribute__((always_inline))

/* For every eight taps: eight digits of 1, eight of 256, eight of 65536, and
 * eight bytes unused. */
static void
pack(struct rdl_crop_taps *t)
{
	size_t i, j, n = t->n * t->stride;
	int32_t k;
	int8_t *to;

	t->packed = rdl_mem_calloc(n, 4);
	for (i = 0; i < n; i++) {
		to = (int8_t *)t->packed + i / 8 * 32 + i % 8;
		k = t->k[i];
		for (j = 0; j < 3; j++, to += 8) {
			*to = (int8_t)(k & 255);
			k = (k - *to) / 256;
		}
	}
}

/* A digit of eight taps: four of them throughout each lane. */
INLINE __m256i
digit(const int8_t *w)
{
	return _mm256_permutevar8x32_epi32(_mm256_castsi128_si256(
	    _mm_loadl_epi64((const __m128i *)(const void *)w)),
	    _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
}

/* Eight pixels: lane 0 gets the first four, lane 1 the others, as r r r r,
 * g g g g, b b b b, zeros. */
INLINE __m256i
spread(const uint8_t *p)
{
	const __m256i pick = _mm256_setr_epi8(0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8,
	    11, -1, -1, -1, -1, 0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11, -1, -1,
	    -1, -1);
	__m128i a, b;

	a = _mm_loadu_si128((const __m128i *)(const void *)p);
	b = _mm_loadu_si128((const __m128i *)(const void *)(p + 12));
	return _mm256_shuffle_epi8(_mm256_inserti128_si256(
	    _mm256_castsi128_si256(a), b, 1), pick);
}

/* The three sums of a row as one, both lanes added, and what rounds. */
INLINE __m128i
fold(__m256i s0, __m256i s1, __m256i s2)
{
	s1 = _mm256_add_epi32(s1, _mm256_slli_epi32(s2, 8));
	s0 = _mm256_add_epi32(s0, _mm256_slli_epi32(s1, 8));
	return _mm_srai_epi32(_mm_add_epi32(
	    _mm_set1_epi32(1 << (RDL_CROP_BITS - 1)), _mm_add_epi32(
	    _mm256_castsi256_si128(s0), _mm256_extracti128_si256(s0, 1))),
	    RDL_CROP_BITS);
}

/* Four pixels [r g b -], one to each row; a fourth byte is written, which the
 * next pixel covers. */
INLINE void
put(__m128i a, __m128i b, __m128i c, __m128i d,
    uint8_t *const out[RDL_CROP_ROWS], size_t at)
{
	uint32_t px[RDL_CROP_ROWS];
	size_t i;

	_mm_storeu_si128((__m128i *)(void *)px, _mm_packus_epi16(
	    _mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
	for (i = 0; i < RDL_CROP_ROWS; i++)
		memcpy(out[i] + at, &px[i], 4);
}

/* A sum for each digit, of one row. */
#define BEGIN(r) a##r = b##r = c##r = _mm256_setzero_si256()
#define STEP(r) do { \
	px = spread(in[r] + at); \
	a##r = _mm256_dpbusd_epi32(a##r, px, k0); \
	b##r = _mm256_dpbusd_epi32(b##r, px, k1); \
	c##r = _mm256_dpbusd_epi32(c##r, px, k2); \
} while (0)
#define FOLD(r) fold(a##r, b##r, c##r)

static FN void
rows(const struct rdl_crop_taps *t, const uint8_t *const in[RDL_CROP_ROWS],
    uint8_t *const out[RDL_CROP_ROWS])
{
	__m256i a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3;
	__m256i px, k0, k1, k2;
	const int8_t *packed = t->packed, *w;
	size_t i, j, at;

	for (i = 0; i < t->n; i++) {
		BEGIN(0);
		BEGIN(1);
		BEGIN(2);
		BEGIN(3);
		at = (size_t)t->first[i] * 3;
		w = packed + i * t->stride * 4;
		for (j = 0; j < t->count[i]; j += 8, w += 32, at += 24) {
			k0 = digit(w);
			k1 = digit(w + 8);
			k2 = digit(w + 16);
			STEP(0);
			STEP(1);
			STEP(2);
			STEP(3);
		}
		put(FOLD(0), FOLD(1), FOLD(2), FOLD(3), out, 3 * i);
	}
}

const struct rdl_crop_set *
rdl_crop_vnni(void)
{
	static struct rdl_crop_set set = { "vnni", pack, rows, NULL };

	if (!rdl_kernel_cpu()->vnni)
		return NULL;
	set.column = rdl_crop_avx2()->column;
	return &set;
}

#else

const struct rdl_crop_set *
rdl_crop_vnni(void)
{
	return NULL;
}

#endif
