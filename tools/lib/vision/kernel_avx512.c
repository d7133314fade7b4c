/*
 * The set for x86-64 with AVX-512 (F, BW, DQ, VL): sixteen lanes; integer
 * tiles where the CPU has VNNI too.  Reads and writes what it is given.  Is
 * never called on a CPU that has them not.
 */
#include "vision/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 16
#define ROWS 14
#define FN __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define FN8 __attribute__((target( \
	"avx512f,avx512bw,avx512dq,avx512vl,fma,avx512vnni")))
#define LEAST(a, b) ((vf)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define MOST(a, b) ((vf)_mm512_max_ps((__m512)(a), (__m512)(b)))
#define SUM_LANES(v) _mm512_reduce_add_ps((__m512)(v))
#define MOST_LANE(v) _mm512_reduce_max_ps((__m512)(v))
#define NEAR_INVERSE(v) ((vf)_mm512_rcp14_ps((__m512)(v)))

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));

static inline FN __attribute__((always_inline)) vf
all(float v)
{
	return (vf)_mm512_set1_ps(v);
}

static inline FN __attribute__((always_inline)) vi
alli(int32_t v)
{
	return (vi)_mm512_set1_epi32(v);
}

static inline FN __attribute__((always_inline)) vf
fma3(vf a, vf b, vf c)
{
	return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

static inline FN8 __attribute__((always_inline)) vi
dot4(vi sum, vi bytes, vi weights)
{
	return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)bytes,
	    (__m512i)weights);
}

#include "vision/kernel_body.h"
#include "vision/kernel_body8.h"

const struct rdl_kernel *
rdl_kernel_avx512(void)
{
	static const struct rdl_kernel set = { "avx512", ROWS, PANEL, tile,
		NULL, finish8, scaled, norm, softmax, transpose, quantize,
		bf16, all_finite, unit };
	static const struct rdl_kernel vnni = { "avx512-vnni", ROWS, PANEL,
		tile, tile8, finish8, scaled, norm, softmax, transpose,
		quantize, bf16, all_finite, unit };
	const struct rdl_kernel_cpu *cpu = rdl_kernel_cpu();

	if (!cpu->avx512)
		return NULL;
	return cpu->vnni ? &vnni : &set;
}

#else

const struct rdl_kernel *
rdl_kernel_avx512(void)
{
	return NULL;
}

#endif
