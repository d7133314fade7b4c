/*
 * Elements of a tensor as f32.
 * Reads f32, f16 (IEEE 754 binary16) and bf16, little-endian; exact, with
 * subnormals, infinities and NaN payloads.  Does not convert anything else.
 */
#include <math.h>
#include <string.h>

#include "vision/tensors.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors files are little-endian, and so must this machine be"
#endif

/* Into each caller, so that it is compiled for that caller's CPU. */
#define INLINE static inline __attribute__((always_inline))

/* Elements a step: a fixed number, so that compilers make it SIMD. */
#define STEP 64

/* 16 bits in the file, at any address.  (memcpy, once it is fortified, keeps
 * the compiler from SIMD.) */
struct half {
	uint16_t bits;
} __attribute__((packed, may_alias));

union single {
	uint32_t bits;
	float value;
};

/*
 * binary16 to binary32: the exponent is moved up by 112, once more by 112 for
 * infinity and NaN; a subnormal is a count of 2^-24.  No f32 subnormal is
 * touched, so it is exact with denormals off, too.  Masks in place of
 * branches, for SIMD.
 */
INLINE float
from_f16(uint16_t half)
{
	uint32_t mag = half & UINT32_C(0x7fff), normal, is_small;
	union single small, out;

	small.value = (float)(int32_t)mag * 0x1p-24f;
	normal = (mag << 13) + (UINT32_C(112) << 23) +
	    ((UINT32_C(112) << 23) & -(uint32_t)(mag >= 0x7c00));
	is_small = -(uint32_t)(mag < 0x0400);
	out.bits = (small.bits & is_small) | (normal & ~is_small) |
	    (half & UINT32_C(0x8000)) << 16;
	return out.value;
}

/* n elements; inlined with n a constant. */
INLINE void
widen_f16(const struct half *restrict in, float *restrict out, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = from_f16(in[i].bits);
}

INLINE void
widen_bf16(const struct half *restrict in, float *restrict out, size_t n)
{
	union single x;
	size_t i;

	for (i = 0; i < n; i++) {
		x.bits = (uint32_t)in[i].bits << 16;
		out[i] = x.value;
	}
}

INLINE void
widen(int dtype, const struct half *in, float *out, size_t n)
{
	size_t at = 0;

	if (dtype == RDL_DTYPE_F16) {
		for (; n - at >= STEP; at += STEP)
			widen_f16(in + at, out + at, STEP);
		widen_f16(in + at, out + at, n - at);
	} else {
		for (; n - at >= STEP; at += STEP)
			widen_bf16(in + at, out + at, STEP);
		widen_bf16(in + at, out + at, n - at);
	}
}

#ifdef __x86_64__
/* The same code again for a CPU with AVX2: twice as fast. */
__attribute__((target("avx2"))) static void
widen_avx2(int dtype, const struct half *in, float *out, size_t n)
{
	widen(dtype, in, out, n);
}
#endif

void
rdl_tensors_f32(const struct rdl_tensor *t, size_t from, size_t n, float *out)
{
	const struct half *in = t->data;
	size_t i;

	if (t->dtype == RDL_DTYPE_OTHER) {
		for (i = 0; i < n; i++)
			out[i] = NAN;
	} else if (n == 0) {
		return;
	} else if (t->dtype == RDL_DTYPE_F32) {
		memcpy(out, (const char *)t->data + 4 * from, 4 * n);
#ifdef __x86_64__
	} else if (__builtin_cpu_supports("avx2")) {
		widen_avx2(t->dtype, in + from, out, n);
#endif
	} else {
		widen(t->dtype, in + from, out, n);
	}
}
