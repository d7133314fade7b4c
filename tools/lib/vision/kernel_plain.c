/*
 * The plain set: four lanes, products and sums rounded one by one.
 * Reads and writes what it is given.  Does not use libm but for sqrtf.
 */
#include "vision/kernel.h"

#include <math.h>
#include <string.h>

#define LANES 4
#define ROWS 6
#define FN

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));

RDL_KERNEL_EXACT

static inline vf
all(float v)
{
	return (vf){ v, v, v, v };
}

static inline vi
alli(int32_t v)
{
	return (vi){ v, v, v, v };
}

static inline vf
fma3(vf a, vf b, vf c)
{
	return a * b + c;
}

#include "vision/kernel_body.h"

const struct rdl_kernel *
rdl_kernel_plain(void)
{
	static const struct rdl_kernel set = { "plain", ROWS, PANEL, tile,
		NULL, finish8, scaled, norm, softmax, transpose, quantize,
		bf16, all_finite, unit };

	return &set;
}
