/*
 * WebP files, by libwebp; of an animation the first frame on its canvas.
 * Reads a file in memory (RIFF, as of developers.google.com/speed/webp/docs/
 * riff_container), writes RGB.
 */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

#include "core/mem.h"
#include "vision/image_impl.h"

#define RIFF_LEN 12
#define CHUNK_LEN 8
#define FRAME_LEN 16		/* of an ANMF chunk before its picture */

/* One picture within the file, and where on the canvas it goes. */
struct frame {
	const uint8_t *p;
	size_t len;
	uint32_t x, y, w, h;
};

static uint32_t
get24(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static uint32_t
get32(const uint8_t *p)
{
	return get24(p) | (uint32_t)p[3] << 24;
}

/* The data of the first chunk of that name, NULL for none. */
static const uint8_t *
chunk(const uint8_t *p, size_t len, const char *name, size_t *n)
{
	size_t at = RIFF_LEN;

	while (len - at >= CHUNK_LEN) {
		*n = get32(p + at + 4);
		if (*n > len - at - CHUNK_LEN)
			return NULL;
		if (memcmp(p + at, name, 4) == 0)
			return p + at + CHUNK_LEN;
		at += CHUNK_LEN + *n;
		if (*n % 2 == 1 && at < len)
			at++;
	}
	return NULL;
}

static int
fail(VP8StatusCode status, struct rdl_err *err)
{
	return rdl_err_set(err, RDL_E_INPUT, "WebP: %s",
	    status == VP8_STATUS_NOT_ENOUGH_DATA ||
	    status == VP8_STATUS_SUSPENDED ? "the file ends early" :
	    status == VP8_STATUS_OUT_OF_MEMORY ? "no memory" :
	    status == VP8_STATUS_UNSUPPORTED_FEATURE ? "a feature unknown" :
	    "damaged data");
}

static int
head(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	WebPBitstreamFeatures f;
	VP8StatusCode status;
	const uint8_t *exif;
	size_t n;

	if ((uint64_t)get32(p + 4) + CHUNK_LEN > len)
		return fail(VP8_STATUS_NOT_ENOUGH_DATA, err);
	status = WebPGetFeatures(p, len, &f);
	if (status != VP8_STATUS_OK)
		return fail(status, err);
	info->width = (uint32_t)f.width;
	info->height = (uint32_t)f.height;
	info->alpha = f.has_alpha != 0;
	exif = chunk(p, len, "EXIF", &n);
	if (exif != NULL)
		info->orientation = rdl_exif_orientation(exif, n);
	return 0;
}

static int
find_frame(const uint8_t *p, size_t len, const struct rdl_image_info *info,
    struct frame *f, struct rdl_err *err)
{
	size_t n;

	*f = (struct frame){ p, len, 0, 0, info->width, info->height };
	p = chunk(p, len, "ANMF", &n);
	if (p == NULL)
		return 0;
	if (n < FRAME_LEN)
		return fail(VP8_STATUS_BITSTREAM_ERROR, err);
	*f = (struct frame){ p + FRAME_LEN, n - FRAME_LEN, 2 * get24(p),
	    2 * get24(p + 3), 1 + get24(p + 6), 1 + get24(p + 9) };
	if ((uint64_t)f->x + f->w > info->width ||
	    (uint64_t)f->y + f->h > info->height)
		return rdl_err_set(err, RDL_E_INPUT,
		    "WebP: a frame outside its canvas");
	return 0;
}

/* Into memory of im, bytes a pixel. */
static int
decode(const struct frame *f, struct rdl_image *im, size_t bytes,
    struct rdl_err *err)
{
	WebPDecoderConfig c;
	VP8StatusCode status;
	size_t stride = im->width * bytes;
	size_t at = f->y * stride + f->x * bytes;

	if (!WebPInitDecoderConfig(&c))
		return rdl_err_set(err, RDL_E_IO, "libwebp is another version");
	status = WebPGetFeatures(f->p, f->len, &c.input);
	if (status != VP8_STATUS_OK)
		return fail(status, err);
	if (c.input.has_animation || c.input.width != (int)f->w ||
	    c.input.height != (int)f->h)
		return rdl_err_set(err, RDL_E_INPUT,
		    "WebP: a frame of another size than it says");
	c.output.colorspace = bytes == 4 ? MODE_RGBA : MODE_RGB;
	c.output.is_external_memory = 1;
	c.output.u.RGBA.rgba = im->rgb + at;
	c.output.u.RGBA.stride = (int)stride;
	c.output.u.RGBA.size = stride * im->height - at;
	status = WebPDecode(f->p, f->len, &c);
	WebPFreeDecBuffer(&c.output);
	return status == VP8_STATUS_OK ? 0 : fail(status, err);
}

/* What the frame leaves free is transparent, or black where the file has no
 * transparency. */
static int
pixels(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    const struct rdl_image_info *info, struct rdl_image *im,
    struct rdl_err *err)
{
	size_t bytes = info->alpha ? 4 : 3;
	struct frame f;

	if (find_frame(p, len, info, &f, err) < 0 ||
	    rdl_pixels_alloc(im, info->width, info->height, bytes, err) < 0)
		return -1;
	if (f.w < im->width || f.h < im->height)
		memset(im->rgb, 0, (size_t)im->width * im->height * bytes);
	if (decode(&f, im, bytes, err) < 0)
		return -1;
	if (bytes == 4)
		rdl_pixels_flatten(im, opts->alpha);
	return 0;
}

const struct rdl_codec rdl_webp_codec = { head, pixels };
