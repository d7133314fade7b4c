/*
 * The speed of grouping by neighbours; peer_pair.py does the same with faiss.
 * near VECTORS DIM MIN-COS NEIGHBOURS THREADS OUT: two samples a base, groups
 * of two; writes each sample's partner as u32 to OUT, prints seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/num.h"
#include "core/out.h"
#include "core/tool.h"
#include "domain/pairing_near.h"

static int
near(char *argv[], struct rdl_err *err)
{
	struct rdl_pairing_near_opts o = { .max_cos = 1, .group = 2 };
	struct rdl_buf b = RDL_BUF_INIT(SIZE_MAX / 2);
	struct rdl_pairing_sample *samples;
	struct rdl_pairing_near g;
	struct rdl_out out = RDL_OUT_INIT;
	int64_t dim, k, threads, began;
	size_t i, n;

	if (rdl_num_int(argv[1], 1, 65536, &dim, err) < 0 ||
	    rdl_num_real(argv[2], -1, 1, &o.min_cos, err) < 0 ||
	    rdl_num_int(argv[3], 1, 1000, &k, err) < 0 ||
	    rdl_num_int(argv[4], 0, 256, &threads, err) < 0 ||
	    rdl_file_read(argv[0], &b, err) < 0)
		return -1;
	o.neighbours = (size_t)k;
	o.threads = (unsigned)threads;
	n = b.len / ((size_t)dim * sizeof(float));
	samples = rdl_mem_calloc(n, sizeof(*samples));
	for (i = 0; i < n; i++)
		samples[i] = (struct rdl_pairing_sample){ i / 2, i, i, 0 };
	began = rdl_clock_us();
	if (rdl_pairing_near((float *)(void *)b.p, (size_t)dim, samples, n,
	    &o, &g, err) < 0)
		return -1;
	printf("%.3f\n", (double)(rdl_clock_us() - began) / 1e6);
	if (rdl_out_open(&out, argv[5], err) < 0 || rdl_out_write(&out,
	    g.next, n * sizeof(*g.next), err) < 0)
		return -1;
	rdl_pairing_near_release(&g);
	rdl_buf_release(&b);
	free(samples);
	return rdl_out_close(&out, err);
}

int
main(int argc, char *argv[])
{
	struct rdl_err err = RDL_ERR_INIT;
	int rc;

	rdl_tool_init("bench-pair");
	if (argc == 8 && strcmp(argv[1], "near") == 0)
		rc = near(argv + 2, &err);
	else
		rc = rdl_err_set(&err, RDL_E_USAGE,
		    "near VECTORS DIM MIN-COS NEIGHBOURS THREADS OUT");
	return rc < 0 ? rdl_tool_fail(&err) : rdl_tool_stdio_close();
}
