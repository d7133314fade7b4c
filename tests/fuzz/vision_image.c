/*
 * Fuzzes the decoding of images, vision/image.h, in this process.  The first
 * byte has the options.  A picture that is decoded is of the size that was
 * told before, and can be read, hashed and cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/compiler.h"
#include "vision/crop.h"
#include "vision/phash.h"

#define PIXELS 65536
#define SIDE 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned sink;

static void
must(int ok)
{
	if (!ok)
		abort();
}

static void
use(const struct rdl_image *im)
{
	const struct rdl_crop crop = { .size = SIDE };
	struct rdl_err err = RDL_ERR_INIT;
	uint8_t square[SIDE * SIDE * 3];
	uint64_t hash;
	size_t i;

	for (i = 0; i < (size_t)im->width * im->height * 3; i++)
		sink += im->rgb[i];
	if (rdl_phash(im, &hash, &err) < 0)
		must(err.msg[0] != '\0');
	if (rdl_crop_square(im, &crop, square, &err) < 0)
		must(err.msg[0] != '\0');
}

static void
decode(const uint8_t *file, size_t len, const struct rdl_image_opts *o,
    const struct rdl_image_info *said)
{
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_image_info info;
	struct rdl_err err = RDL_ERR_INIT;

	memset(&info, 0, sizeof(info));
	if (rdl_image_decode(file, len, o, &info, &im, &err) == 0) {
		must(strcmp(info.format, said->format) == 0);
		must(o->ignore_orientation || (info.width == said->width &&
		    info.height == said->height));
		must(im.width > 0 && im.height > 0 &&
		    (uint64_t)im.width * im.height <= o->max_pixels);
		use(&im);
	} else
		must(err.msg[0] != '\0');
	rdl_image_release(&im);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rdl_image_opts o = RDL_IMAGE_OPTS_DEFAULT;
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_image_info info;
	uint8_t *file;

	if (size < 2)
		return 0;
	o.max_pixels = PIXELS;
	o.alpha = (data[0] & 1) != 0 ? RDL_ALPHA_DROP : RDL_ALPHA_WHITE;
	o.ignore_orientation = (data[0] & 2) != 0;
	o.shrink_to = (data[0] & 4) != 0 ? SIDE : 0;
	file = malloc(size - 1);	/* of its exact size, for ASan */
	must(file != NULL);
	memcpy(file, data + 1, size - 1);
	memset(&info, 0, sizeof(info));
	if (rdl_image_probe(file, size - 1, &info, &err) == 0) {
		must(info.orientation >= 1 && info.orientation <= 8 &&
		    info.width > 0 && info.height > 0 &&
		    memchr(info.format, '\0', sizeof(info.format)) != NULL);
		decode(file, size - 1, &o, &info);
	} else {
		must(err.msg[0] != '\0');
		must(rdl_image_decode(file, size - 1, &o, &info, &im, &err) <
		    0);
		rdl_image_release(&im);
	}
	free(file);
	return 0;
}
