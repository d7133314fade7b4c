/*
 * What riddle makes of images, for comparison with Pillow: a case a line on
 * stdin, "FILE ALPHA ORIENTATION SHRINK resize WIDTH HEIGHT FILTER" or "...
 * square SIZE FILTER SQUASH EVEN" or "... pixels"; for each, size and SHA-256
 * of the pixels, or "error MESSAGE"; "... phash" prints the hash.  FILE has no
 * blanks; the rest are numbers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "vision/crop.h"
#include "vision/phash.h"

struct job {
	char path[1024], what[16];
	struct rdl_image_opts opts;
	unsigned a, b, c, d;
};

static void
show(const uint8_t *px, size_t width, size_t height)
{
	struct rdl_sha256 h = rdl_hash_sha256(px, width * height * 3);
	char hex[2 * RDL_SHA256_LEN + 1];

	rdl_hash_hex(hex, h.b, sizeof(h.b));
	printf("%zu %zu %s\n", width, height, hex);
}

static int
job_do(const struct job *j, const struct rdl_image *im, struct rdl_err *err)
{
	struct rdl_crop crop = { j->a, (int)j->b, j->c != 0, j->d != 0 };
	size_t w = j->a, h = j->b;
	uint64_t hash;
	uint8_t *out;
	int rc;

	if (strcmp(j->what, "phash") == 0) {
		rc = rdl_phash(im, &hash, err);
		if (rc == 0)
			printf("%016" PRIx64 "\n", hash);
		return rc;
	}
	if (strcmp(j->what, "pixels") == 0) {
		show(im->rgb, im->width, im->height);
		return 0;
	}
	if (strcmp(j->what, "square") == 0)
		h = w;
	out = rdl_mem_calloc(w * h, 3);
	rc = strcmp(j->what, "square") == 0 ?
	    rdl_crop_square(im, &crop, out, err) :
	    rdl_crop_resize(im, j->a, j->b, (int)j->c, out, err);
	if (rc == 0)
		show(out, w, h);
	free(out);
	return rc;
}

static int
job_read(const char *line, struct job *j)
{
	unsigned alpha, ignore, shrink;
	int n;

	memset(j, 0, sizeof(*j));
	n = sscanf(line, "%1023s %u %u %u %15s %u %u %u %u", j->path, &alpha,
	    &ignore, &shrink, j->what, &j->a, &j->b, &j->c, &j->d);
	if (n < 5)
		return -1;
	j->opts = (struct rdl_image_opts)RDL_IMAGE_OPTS_DEFAULT;
	j->opts.alpha = (int)alpha;
	j->opts.ignore_orientation = ignore != 0;
	j->opts.shrink_to = shrink;
	return 0;
}

int
main(void)
{
	struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_image_info info;
	struct job j;
	char line[2048];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		if (job_read(line, &j) < 0) {
			fprintf(stderr, "pillow: bad case: %s", line);
			return 1;
		}
		rdl_buf_reset(&file);
		if (rdl_file_read(j.path, &file, &err) < 0 ||
		    rdl_image_decode(file.p, file.len, &j.opts, &info, &im,
		    &err) < 0 || job_do(&j, &im, &err) < 0)
			printf("error %s\n", err.msg);
		rdl_image_release(&im);
	}
	rdl_buf_release(&file);
	return fflush(stdout) == 0 ? 0 : 1;
}
