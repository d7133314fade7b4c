/*
 * What a worker of the pool does with a file: decode it, hash it, cut it.
 * Reads bytes in memory, writes a reply.  Makes no system call but for memory.
 */
#include <errno.h>
#include <string.h>

#include "vision/phash.h"
#include "vision/pool_private.h"

static void
refuse_size(const struct rdl_image_info *info, uint64_t max,
    struct rdl_pool_reply *reply)
{
	struct rdl_err why = RDL_ERR_INIT;

	(void)rdl_err_set(&why, RDL_E_INPUT, "%lu x %lu pixels, more than "
	    "%llu", (unsigned long)info->width, (unsigned long)info->height,
	    (unsigned long long)max);
	rdl_pool_reply_fail(reply, "pixels", why.msg);
}

static int
measure(const struct rdl_image *im, const struct rdl_pool_opts *opts,
    struct rdl_pool_reply *reply, uint8_t *crop, struct rdl_err *err)
{
	if (opts->phash && rdl_phash(im, &reply->phash, err) < 0)
		return -1;
	if (opts->crop.size == 0)
		return 0;
	reply->has_crop = 1;
	return rdl_crop_square(im, &opts->crop, crop, err);
}

void
rdl_pool_job_decode(const struct rdl_pool_opts *opts, const void *file,
    size_t len, struct rdl_pool_reply *reply, uint8_t *crop)
{
	struct rdl_image im = RDL_IMAGE_INIT;
	struct rdl_image_info info;
	struct rdl_err err = RDL_ERR_INIT;

	memset(&info, 0, sizeof(info));
	if (rdl_image_probe(file, len, &info, &err) < 0) {
		rdl_pool_reply_fail(reply, "decode", err.msg);
		return;
	}
	if ((uint64_t)info.width * info.height > opts->image.max_pixels) {
		refuse_size(&info, opts->image.max_pixels, reply);
		return;
	}
	/* A decoder that gets no memory says so in its own words or in none;
	 * errno tells. */
	errno = 0;
	if (rdl_image_decode(file, len, &opts->image, &info, &im, &err) < 0 ||
	    measure(&im, opts, reply, crop, &err) < 0) {
		rdl_pool_reply_fail(reply, errno == ENOMEM ? "memory" :
		    "decode", err.msg);
	} else {
		reply->ok = 1;
		reply->width = info.width;
		reply->height = info.height;
		reply->orientation = info.orientation;
		reply->alpha = info.alpha;
		memcpy(reply->format, info.format, sizeof(reply->format));
	}
	rdl_image_release(&im);
}
