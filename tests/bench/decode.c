/*
 * bench: decode ROUNDS FILE...
 * Milliseconds of CPU a file, for each of the ways below, the median of the
 * rounds of their mean over the files: whole, decoded and cut to 224 x 224,
 * the same from a JPEG decoded at n/8 (short side at least 448, 224), the cut
 * alone, the perceptual hash alone.  One thread.  Prints "NAME MS" a line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/num.h"
#include "core/tool.h"
#include "vision/crop.h"
#include "vision/phash.h"

#define SIDE 224

enum { WHOLE, EXACT, FAST_448, FAST_224, CUT, HASH, WAYS };

static const char *const names[WAYS] = {
	"decode", "exact", "fast-448", "fast-224", "cut", "phash"
};

static double
cpu_ms(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0)
		return 0;
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int
once(int way, const struct rdl_buf *file, const struct rdl_image *ready,
    struct rdl_err *err)
{
	static const struct rdl_crop crop = { SIDE, RDL_RESIZE_BICUBIC, false,
		false };
	static uint8_t out[SIDE * SIDE * 3];
	struct rdl_image_opts opts = RDL_IMAGE_OPTS_DEFAULT;
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_image_info info;
	uint64_t hash;
	int rc;

	if (way == CUT)
		return rdl_crop_square(ready, &crop, out, err);
	if (way == HASH)
		return rdl_phash(ready, &hash, err);
	opts.shrink_to = way == FAST_448 ? 448 : way == FAST_224 ? 224 : 0;
	rc = rdl_image_decode(file->p, file->len, &opts, &info, &im, err);
	if (rc == 0 && way != WHOLE)
		rc = rdl_crop_square(&im, &crop, out, err);
	rdl_image_release(&im);
	return rc;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* All ways in turn, so that what else the machine does hits each of them. */
static int
measure(const struct rdl_buf *files, const struct rdl_image *ready, size_t n,
    size_t rounds, struct rdl_err *err)
{
	double *ms = rdl_mem_calloc(WAYS * rounds, sizeof(*ms));
	size_t r, i;
	double began;
	int way;

	for (r = 0; r < rounds; r++)
		for (way = 0; way < WAYS; way++) {
			began = cpu_ms();
			for (i = 0; i < n; i++)
				if (once(way, &files[i], &ready[i], err) < 0) {
					free(ms);
					return -1;
				}
			ms[(size_t)way * rounds + r] = (cpu_ms() - began) /
			    (double)n;
		}
	for (way = 0; way < WAYS; way++) {
		qsort(ms + (size_t)way * rounds, rounds, sizeof(*ms), by_size);
		printf("%s %.3f\n", names[way],
		    ms[(size_t)way * rounds + rounds / 2]);
	}
	free(ms);
	return 0;
}

int
main(int argc, char *argv[])
{
	struct rdl_image_opts opts = RDL_IMAGE_OPTS_DEFAULT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_image_info info;
	struct rdl_image *ready;
	struct rdl_buf *files;
	size_t i, n = argc > 2 ? (size_t)argc - 2 : 0;
	int64_t rounds;

	rdl_tool_init("decode");
	if (n == 0 || rdl_num_int(argv[1], 1, 1000, &rounds, &err) < 0) {
		rdl_warn("usage: decode ROUNDS FILE...");
		return RDL_EXIT_USAGE;
	}
	files = rdl_mem_calloc(n, sizeof(*files));
	ready = rdl_mem_calloc(n, sizeof(*ready));
	for (i = 0; i < n; i++) {
		rdl_buf_init(&files[i], RDL_FILE_MAX);
		if (rdl_file_read(argv[i + 2], &files[i], &err) < 0 ||
		    rdl_image_decode(files[i].p, files[i].len, &opts, &info,
		    &ready[i], &err) < 0)
			return rdl_tool_fail(&err);
	}
	if (measure(files, ready, n, (size_t)rounds, &err) < 0)
		return rdl_tool_fail(&err);
	for (i = 0; i < n; i++) {
		rdl_buf_release(&files[i]);
		rdl_image_release(&ready[i]);
	}
	free(files);
	free(ready);
	return rdl_tool_stdio_close();
}
