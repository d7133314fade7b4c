/*
 * Unit vectors out of a hash.
 * Writes to the buffer it is given.
 * Knows nothing of meaning: like texts have unlike vectors.
 */
#include "stub/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"

static void
fill(float *v, size_t dim, uint64_t h)
{
	struct rdl_rng r = { h };
	double sum = 0, x;
	size_t i;

	/* Four uniform numbers add up to nearly a normal one, and the
	 * direction of normal numbers is uniform. */
	for (i = 0; i < dim; i++) {
		x = rdl_rng_real(&r) + rdl_rng_real(&r) + rdl_rng_real(&r) +
		    rdl_rng_real(&r) - 2;
		v[i] = (float)x;
		sum += x * x;
	}
	sum = sum > 0 ? 1 / sqrt(sum) : 0;
	for (i = 0; i < dim; i++)
		v[i] = (float)(v[i] * sum);
	if (sum <= 0)
		v[0] = 1;
}

void
rdl_vector_add(struct rdl_buf *out, uint64_t h, size_t dim, bool base64)
{
	float *v = rdl_mem_calloc(dim > 0 ? dim : 1, sizeof(*v));
	unsigned char *le = rdl_mem_calloc(dim, 4);
	uint32_t bits;
	size_t i;

	fill(v, dim, h);
	if (base64) {
		for (i = 0; i < dim; i++) {
			memcpy(&bits, &v[i], 4);
			le[4 * i] = (unsigned char)bits;
			le[4 * i + 1] = (unsigned char)(bits >> 8);
			le[4 * i + 2] = (unsigned char)(bits >> 16);
			le[4 * i + 3] = (unsigned char)(bits >> 24);
		}
		rdl_buf_addc(out, '"');
		rdl_buf_addbase64(out, le, 4 * dim);
		rdl_buf_addc(out, '"');
	} else {
		for (i = 0; i < dim; i++)
			rdl_buf_addf(out, "%s%.9g", i > 0 ? "," : "[",
			    (double)v[i]);
		rdl_buf_adds(out, dim > 0 ? "]" : "[]");
	}
	free(v);
	free(le);
}
