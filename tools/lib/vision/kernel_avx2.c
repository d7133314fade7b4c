/*
 * The set for x86-64 with AVX2 and FMA: eight lanes; integer tiles where the
 * CPU has AVX-VNNI too.  Reads and writes what it is given.  Is never called
 * on a CPU that has them not.
 */
#include "vision/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 8
#define ROWS 6
#define FN __attribute__((target("avx2,fma")))
#define FN8 __attribute__((target("avx2,fma,avxvnni")))
#define LEAST(a, b) ((vf)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define MOST(a, b) ((vf)_mm256_max_ps((__m256)(a), (__m256)(b)))

typedef float vf __attribute__((vector_size(32)));
typedef int32_t vi __attribute__((vector_size(32)));

static inline FN __attribute__((always_inline)) vf
all(float v)
{
	return (vf)_mm256_set1_ps(v);
}

static inline FN __attribute__((always_inline)) vi
alli(int32_t v)
{
	return (vi)_mm256_set1_epi32(v);
}

static inline FN __attribute__((always_inline)) vf
fma3(vf a, vf b, vf c)
{
	return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

static inline FN8 __attribute__((always_inline)) vi
dot4(vi sum, vi bytes, vi weights)
{
	return (vi)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)bytes,
	    (__m256i)weights);
}

#include "vision/kernel_body.h"
#include "vision/kernel_body8.h"

const struct rdl_kernel *
rdl_kernel_avx2(void)
{
	static const struct rdl_kernel set = { "avx2", ROWS, PANEL, tile,
		NULL, finish8, scaled, norm, softmax, transpose, quantize,
		bf16, all_finite, unit };
	static const struct rdl_kernel vnni = { "avx2-vnni", ROWS, PANEL, tile,
		tile8, finish8, scaled, norm, softmax, transpose, quantize,
		bf16, all_finite, unit };
	const struct rdl_kernel_cpu *cpu = rdl_kernel_cpu();

	if (!cpu->avx2_fma)
		return NULL;
	return cpu->avx_vnni ? &vnni : &set;
}

#else

const struct rdl_kernel *
rdl_kernel_avx2(void)
{
	return NULL;
}

#endif
