/*
 * JPEG files, by libjpeg-turbo, whose pixels are those of every peer.
 * Reads a file in memory, writes RGB.  Any warning about the image data is an
 * error here: the library would go on with grey.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "core/mem.h"
#include "vision/image_impl.h"

#define ROWS_AT_ONCE 16

/* A progressive file of a few bytes can ask for thousands of passes over its
 * picture; encoders make about ten. */
#define SCANS_MAX 500

struct reader {
	struct jpeg_decompress_struct c;
	struct jpeg_error_mgr mgr;
	struct jpeg_progress_mgr progress;
	jmp_buf jump;
	struct rdl_err *err;
	uint8_t *row;		/* of CMYK */
};

RDL_NORETURN static void
give_up(j_common_ptr c)
{
	struct reader *r = c->client_data;
	char msg[JMSG_LENGTH_MAX];

	c->err->format_message(c, msg);
	rdl_err_set(r->err, RDL_E_INPUT, "JPEG: %s", msg);
	longjmp(r->jump, 1);
}

/* Levels from 0 up are traces.  Odd bytes between markers do no harm, as long
 * as no image data have been read. */
static void
message(j_common_ptr c, int level)
{
	struct reader *r = c->client_data;
	int code = c->err->msg_code;

	if (level >= 0 || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
	    (code == JWRN_EXTRANEOUS_DATA && r->c.input_scan_number == 0))
		return;
	give_up(c);
}

static void
silent(j_common_ptr c)
{
	(void)c;
}

static void
count_scans(j_common_ptr c)
{
	struct reader *r = c->client_data;

	if (r->c.input_scan_number <= SCANS_MAX)
		return;
	rdl_err_set(r->err, RDL_E_INPUT, "JPEG: more than %d scans", SCANS_MAX);
	longjmp(r->jump, 1);
}

/* Read up to the image data; the caller has set r->jump. */
static void
open_reader(struct reader *r, const uint8_t *p, size_t len)
{
	r->c.err = jpeg_std_error(&r->mgr);
	r->mgr.error_exit = give_up;
	r->mgr.emit_message = message;
	r->mgr.output_message = silent;
	r->c.client_data = r;
	jpeg_create_decompress(&r->c);
	r->c.client_data = r;
	r->progress.progress_monitor = count_scans;
	r->c.progress = &r->progress;
	jpeg_mem_src(&r->c, p, (unsigned long)len);
	jpeg_save_markers(&r->c, JPEG_APP0 + 1, 0xffff);
	jpeg_read_header(&r->c, TRUE);
}

static int
orientation(const struct jpeg_decompress_struct *c)
{
	jpeg_saved_marker_ptr m;

	for (m = c->marker_list; m != NULL; m = m->next)
		if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 &&
		    memcmp(m->data, "Exif\0", 5) == 0)
			return rdl_exif_orientation(m->data, m->data_length);
	return 1;
}

/* The smallest n/8 whose short side is at least shrink_to. */
static void
choose_scale(struct jpeg_decompress_struct *c, uint32_t shrink_to)
{
	uint64_t side = c->image_width < c->image_height ? c->image_width :
	    c->image_height;
	unsigned n = 8;

	if (shrink_to == 0)
		return;
	while (n > 1 && (side * (n - 1) + 7) / 8 >= shrink_to)
		n--;
	c->scale_num = n;
	c->scale_denom = 8;
}

/* a * b / 255, rounded. */
static uint32_t
times(uint32_t a, uint32_t b)
{
	uint32_t v = a * b + 128;

	return ((v >> 8) + v) >> 8;
}

/* Ink to light, as Pillow does it.  Four-component files are written the way
 * Adobe does, 255 for no ink. */
static void
from_cmyk(const uint8_t *in, uint8_t *out, size_t n)
{
	size_t c;

	for (; n > 0; n--, in += 4, out += 3)
		for (c = 0; c < 3; c++)
			out[c] = (uint8_t)(in[3] - times(255u - in[c], in[3]));
}

static void
read_cmyk(struct reader *r, struct rdl_image *im)
{
	JSAMPROW row;

	r->row = rdl_mem_realloc(NULL, im->width, 4);
	row = r->row;
	while (r->c.output_scanline < r->c.output_height) {
		jpeg_read_scanlines(&r->c, &row, 1);
		from_cmyk(row, im->rgb + (size_t)(r->c.output_scanline - 1) *
		    im->width * 3, im->width);
	}
}

static void
read_rgb(struct reader *r, struct rdl_image *im)
{
	JSAMPROW rows[ROWS_AT_ONCE];
	size_t i, at, last = im->height - 1;

	while (r->c.output_scanline < r->c.output_height) {
		for (i = 0; i < ROWS_AT_ONCE; i++) {
			at = r->c.output_scanline + i;
			rows[i] = im->rgb + (at < last ? at : last) *
			    im->width * 3;
		}
		jpeg_read_scanlines(&r->c, rows, ROWS_AT_ONCE);
	}
}

/* The whole of it; errors of the library leave by longjmp. */
static int
read_all(struct reader *r, const uint8_t *p, size_t len,
    const struct rdl_image_opts *opts, struct rdl_image *im)
{
	open_reader(r, p, len);
	if (r->c.num_components != 1 && r->c.num_components != 3 &&
	    r->c.num_components != 4)
		return rdl_err_set(r->err, RDL_E_INPUT,
		    "JPEG: %d components", r->c.num_components);
	r->c.out_color_space = r->c.num_components == 4 ? JCS_CMYK : JCS_RGB;
	choose_scale(&r->c, opts->shrink_to);
	jpeg_start_decompress(&r->c);
	if (rdl_pixels_alloc(im, r->c.output_width, r->c.output_height, 3,
	    r->err) < 0)
		return -1;
	if (r->c.num_components == 4)
		read_cmyk(r, im);
	else
		read_rgb(r, im);
	jpeg_finish_decompress(&r->c);
	return 0;
}

/* What both of the codec's functions do; im is NULL for the head alone.
 * Whatever changes between setjmp() and longjmp() is in r. */
static int
run(struct reader *r, const uint8_t *p, size_t len,
    const struct rdl_image_opts *opts, struct rdl_image_info *info,
    struct rdl_image *im)
{
	if (setjmp(r->jump) != 0)
		return -1;
	if (im != NULL)
		return read_all(r, p, len, opts, im);
	open_reader(r, p, len);
	info->width = r->c.image_width;
	info->height = r->c.image_height;
	info->orientation = orientation(&r->c);
	return 0;
}

static int
with_reader(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    struct rdl_image_info *info, struct rdl_image *im, struct rdl_err *err)
{
	struct reader *r = rdl_mem_calloc(1, sizeof(*r));
	int rc;

	r->err = err;
	rc = run(r, p, len, opts, info, im);
	jpeg_destroy_decompress(&r->c);
	free(r->row);
	free(r);
	return rc;
}

static int
head(const uint8_t *p, size_t len, struct rdl_image_info *info,
    struct rdl_err *err)
{
	return with_reader(p, len, NULL, info, NULL, err);
}

static int
pixels(const uint8_t *p, size_t len, const struct rdl_image_opts *opts,
    const struct rdl_image_info *info, struct rdl_image *im,
    struct rdl_err *err)
{
	(void)info;
	return with_reader(p, len, opts, NULL, im, err);
}

const struct rdl_codec rdl_jpeg_codec = { head, pixels };
