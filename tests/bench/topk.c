/*
 * The speed of the top-k search; peer_faiss.py does the same with faiss.
 * make N DIM SEED FILE: writes N random unit vectors, raw f32, about a common
 * centre with half of their length, as CLIP's stand.  ours BASE QUERIES DIM K
 * THREADS OUT: searches, writes indices [n][k] as u32 to OUT, prints seconds
 * and seconds of CPU.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/num.h"
#include "core/out.h"
#include "core/rng.h"
#include "core/tool.h"
#include "vision/topk.h"

static size_t
number(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;
	int64_t n;

	if (rdl_num_int(text, 0, INT64_MAX / 4096, &n, &err) < 0)
		exit(rdl_tool_fail(&err));
	return (size_t)n;
}

/* Nearly normal: the sum of four uniform numbers. */
static double
bell(struct rdl_rng *rng)
{
	return rdl_rng_real(rng) + rdl_rng_real(rng) + rdl_rng_real(rng) +
	    rdl_rng_real(rng) - 2;
}

static void
unit(double *v, size_t dim)
{
	double sum = 0;
	size_t d;

	for (d = 0; d < dim; d++)
		sum += v[d] * v[d];
	for (d = 0; d < dim; d++)
		v[d] /= sqrt(sum);
}

static int
make(size_t n, size_t dim, uint64_t seed, const char *path,
    struct rdl_err *err)
{
	double *centre = rdl_mem_calloc(dim, sizeof(*centre));
	double *v = rdl_mem_calloc(dim, sizeof(*v));
	float *out = rdl_mem_calloc(dim, sizeof(*out));
	struct rdl_rng common = { 1 }, own = { seed };
	struct rdl_out o = RDL_OUT_INIT;
	size_t i, d;
	int rc;

	for (d = 0; d < dim; d++)
		centre[d] = bell(&common);
	unit(centre, dim);
	rc = rdl_out_open(&o, path, err);
	for (i = 0; i < n && rc == 0; i++) {
		for (d = 0; d < dim; d++)
			v[d] = bell(&own);
		unit(v, dim);
		for (d = 0; d < dim; d++)
			v[d] = 0.5 * centre[d] + 0.866 * v[d];
		unit(v, dim);
		for (d = 0; d < dim; d++)
			out[d] = (float)v[d];
		rc = rdl_out_write(&o, out, dim * sizeof(*out), err);
	}
	free(centre);
	free(v);
	free(out);
	return rc < 0 ? -1 : rdl_out_close(&o, err);
}

static float *
load(const char *path, size_t dim, size_t *n)
{
	struct rdl_buf b = RDL_BUF_INIT(SIZE_MAX / 2);
	struct rdl_err err = RDL_ERR_INIT;

	if (rdl_file_read(path, &b, &err) < 0)
		exit(rdl_tool_fail(&err));
	*n = b.len / (dim * sizeof(float));
	return (float *)(void *)b.p;
}

static double
cpu_s(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
ours(char *argv[], struct rdl_err *err)
{
	size_t dim = number(argv[2]), k = number(argv[3]), m, n, i;
	float *base = load(argv[0], dim, &m), *q = load(argv[1], dim, &n);
	struct rdl_topk_hit *hits = rdl_mem_calloc(n * k, sizeof(*hits));
	double cpu = cpu_s();
	int64_t began = rdl_clock_us();
	struct rdl_topk *t;
	struct rdl_out o = RDL_OUT_INIT;

	t = rdl_topk_new(base, m, dim, (unsigned)number(argv[4]), err);
	if (t == NULL || rdl_topk_find(t, q, n, k, hits, err) < 0)
		return -1;
	printf("%.3f %.3f\n", (double)(rdl_clock_us() - began) / 1e6,
	    cpu_s() - cpu);
	rdl_topk_free(t);
	if (rdl_out_open(&o, argv[5], err) < 0)
		return -1;
	for (i = 0; i < n * k; i++)
		if (rdl_out_write(&o, &hits[i].index, sizeof(hits[i].index),
		    err) < 0)
			return -1;
	free(base);
	free(q);
	free(hits);
	return rdl_out_close(&o, err);
}

int
main(int argc, char *argv[])
{
	struct rdl_err err = RDL_ERR_INIT;
	int rc;

	rdl_tool_init("bench-topk");
	if (argc == 6 && strcmp(argv[1], "make") == 0)
		rc = make(number(argv[2]), number(argv[3]), number(argv[4]),
		    argv[5], &err);
	else if (argc == 8 && strcmp(argv[1], "ours") == 0)
		rc = ours(argv + 2, &err);
	else
		rc = rdl_err_set(&err, RDL_E_USAGE, "make N DIM SEED FILE | "
		    "ours BASE QUERIES DIM K THREADS OUT");
	return rc < 0 ? rdl_tool_fail(&err) : rdl_tool_stdio_close();
}
