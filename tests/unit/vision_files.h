/*
 * Image files for tests, written by the libraries' encoders or by hand.
 * Each function appends a file to out.  Pixels are [height][width][channels].
 */
#ifndef RDL_TESTS_VISION_FILES_H
#define RDL_TESTS_VISION_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include "core/buf.h"

/* -- JPEG ------------------------------------------------------------------ */

struct jpeg_kind {
	int space;		/* of the pixels: J_COLOR_SPACE */
	int stored;		/* of the file */
	int quality;
	bool progressive;
};

static inline void
put_jpeg(struct rdl_buf *out, const uint8_t *px, unsigned w, unsigned h,
    const struct jpeg_kind *kind, const uint8_t *exif, size_t exif_len)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr mgr;
	unsigned char *p = NULL;
	unsigned long len = 0;
	JSAMPROW row;

	c.err = jpeg_std_error(&mgr);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &p, &len);
	c.image_width = w;
	c.image_height = h;
	c.in_color_space = (J_COLOR_SPACE)kind->space;
	c.input_components = kind->space == JCS_GRAYSCALE ? 1 :
	    kind->space == JCS_CMYK ? 4 : 3;
	jpeg_set_defaults(&c);
	jpeg_set_colorspace(&c, (J_COLOR_SPACE)kind->stored);
	jpeg_set_quality(&c, kind->quality, TRUE);
	if (kind->progressive)
		jpeg_simple_progression(&c);
	jpeg_start_compress(&c, TRUE);
	if (exif != NULL)
		jpeg_write_marker(&c, JPEG_APP0 + 1, exif, (unsigned)exif_len);
	while (c.next_scanline < h) {
		row = (JSAMPROW)(uintptr_t)(px + (size_t)c.next_scanline * w *
		    (size_t)c.input_components);
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	rdl_buf_add(out, p, len);
	free(p);
}

/* -- EXIF ------------------------------------------------------------------ */

/* "Exif", a TIFF header and one directory of two entries: 46 bytes. */
#define EXIF_LEN 46

static inline void
exif_put(uint8_t *p, bool big, size_t n, uint32_t v)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * (big ? n - 1 - i : i));
}

static inline void
make_exif(uint8_t out[EXIF_LEN], bool big, unsigned orientation)
{
	memset(out, 0, EXIF_LEN);
	memcpy(out, "Exif\0", 6);
	memcpy(out + 6, big ? "MM" : "II", 2);
	exif_put(out + 8, big, 2, 42);
	exif_put(out + 10, big, 4, 8);
	exif_put(out + 14, big, 2, 2);
	exif_put(out + 16, big, 2, 0x0100);	/* a width, to be passed over */
	exif_put(out + 18, big, 2, 4);
	exif_put(out + 20, big, 4, 1);
	exif_put(out + 24, big, 4, 6);
	exif_put(out + 28, big, 2, 0x0112);
	exif_put(out + 30, big, 2, 3);
	exif_put(out + 32, big, 4, 1);
	exif_put(out + 36, big, 2, orientation);
}

/* -- PNG ------------------------------------------------------------------- */

struct png_kind {
	int type, depth;	/* as in the header */
	bool interlaced;
	int colours;		/* of a palette */
	int clear;		/* transparent ones among them, the first */
	const png_color_16 *key;	/* the transparent colour, or NULL */
};

/* Entry i of the palettes that put_png() writes, and its alpha. */
#define PALETTE_RED(i) ((uint8_t)((i) * 5))
#define PALETTE_GREEN(i) ((uint8_t)(255 - (i)))
#define PALETTE_BLUE(i) ((uint8_t)((i) * 3 + 1))
#define PALETTE_ALPHA(i) ((uint8_t)((i) * 20))

static inline void
png_to_buf(png_structp png, png_bytep p, size_t n)
{
	rdl_buf_add(png_get_io_ptr(png), p, n);
}

static inline void
png_no_flush(png_structp png)
{
	(void)png;
}

static inline void
png_colours(png_structp png, png_infop info, const struct png_kind *kind)
{
	png_color pal[256];
	png_byte alpha[256];
	int i;

	for (i = 0; i < kind->colours; i++) {
		pal[i] = (png_color){ PALETTE_RED(i), PALETTE_GREEN(i),
			PALETTE_BLUE(i) };
		alpha[i] = PALETTE_ALPHA(i);
	}
	if (kind->colours > 0)
		png_set_PLTE(png, info, pal, kind->colours);
	if (kind->clear > 0)
		png_set_tRNS(png, info, alpha, kind->clear, NULL);
	if (kind->key != NULL)
		png_set_tRNS(png, info, NULL, 0,
		    (png_color_16p)(uintptr_t)kind->key);
}

/* rows are as PNG stores them: packed, big-endian. */
static inline void
put_png(struct rdl_buf *out, const uint8_t *rows, unsigned w, unsigned h,
    const struct png_kind *kind, const uint8_t *exif, size_t exif_len)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
	    NULL, NULL);
	png_infop info = png_create_info_struct(png);
	size_t y, bytes;
	int passes;

	png_set_write_fn(png, out, png_to_buf, png_no_flush);
	png_set_IHDR(png, info, w, h, kind->depth, kind->type,
	    kind->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_colours(png, info, kind);
	if (exif != NULL)
		png_set_eXIf_1(png, info, (png_uint_32)exif_len,
		    (png_bytep)(uintptr_t)exif);
	png_write_info(png, info);
	bytes = png_get_rowbytes(png, info);
	passes = kind->interlaced ? png_set_interlace_handling(png) : 1;
	for (; passes > 0; passes--)
		for (y = 0; y < h; y++)
			png_write_row(png, rows + y * bytes);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
}

/* -- WebP ------------------------------------------------------------------ */

static inline void
put_le(struct rdl_buf *out, size_t bytes, uint32_t v)
{
	for (; bytes > 0; bytes--, v >>= 8)
		rdl_buf_addc(out, (char)(v & 0xff));
}

/* quality 101 is lossless. */
static inline void
put_webp(struct rdl_buf *out, const uint8_t *px, unsigned w, unsigned h,
    size_t channels, int quality)
{
	int stride = (int)(w * channels), wi = (int)w, hi = (int)h;
	uint8_t *p = NULL;
	size_t n;

	if (quality > 100)
		n = channels == 4 ?
		    WebPEncodeLosslessRGBA(px, wi, hi, stride, &p) :
		    WebPEncodeLosslessRGB(px, wi, hi, stride, &p);
	else
		n = channels == 4 ?
		    WebPEncodeRGBA(px, wi, hi, stride, (float)quality, &p) :
		    WebPEncodeRGB(px, wi, hi, stride, (float)quality, &p);
	rdl_buf_add(out, p, n);
	WebPFree(p);
}

/* The picture of one file as the only frame of an animation, at (x, y) of a
 * canvas w x h; flags are those of VP8X (2: animation, 8: EXIF, 16: alpha). */
static inline void
put_webp_frame(struct rdl_buf *out, const struct rdl_buf *one, unsigned w,
    unsigned h, unsigned x, unsigned y, unsigned fw, unsigned fh,
    unsigned flags)
{
	size_t n = one->len - 12;

	rdl_buf_add(out, "RIFF", 4);
	put_le(out, 4, (uint32_t)(4 + 18 + 14 + 8 + 16 + n));
	rdl_buf_add(out, "WEBPVP8X", 8);
	put_le(out, 4, 10);
	put_le(out, 4, flags);
	put_le(out, 3, w - 1);
	put_le(out, 3, h - 1);
	rdl_buf_add(out, "ANIM", 4);
	put_le(out, 4, 6);
	put_le(out, 4, 0);
	put_le(out, 2, 0);
	rdl_buf_add(out, "ANMF", 4);
	put_le(out, 4, (uint32_t)(16 + n));
	put_le(out, 3, x / 2);
	put_le(out, 3, y / 2);
	put_le(out, 3, fw - 1);
	put_le(out, 3, fh - 1);
	put_le(out, 4, 100);
	rdl_buf_add(out, one->p + 12, n);
}

/* -- GIF, BMP, PNM, TGA ---------------------------------------------------- */

struct gif_kind {
	unsigned w, h;		/* of the screen */
	unsigned x, y, fw, fh;	/* of the frame */
	int clear;		/* the transparent index, or -1 */
	unsigned back;		/* index of the background */
};

/* Indices below 128 of a palette of 128 greys (2 i); one code of eight bits
 * a pixel, the table cleared before it would grow to nine. */
static inline void
put_gif(struct rdl_buf *out, const uint8_t *px, const struct gif_kind *k)
{
	size_t i, j, at, n, len, total = (size_t)k->fw * k->fh;
	uint8_t codes[4096];

	rdl_buf_add(out, "GIF89a", 6);
	put_le(out, 2, k->w);
	put_le(out, 2, k->h);
	put_le(out, 3, 0xf6 | k->back << 8);
	for (i = 0; i < 128; i++)
		for (j = 0; j < 3; j++)
			put_le(out, 1, (uint32_t)(2 * i));
	if (k->clear >= 0) {
		rdl_buf_add(out, "\x21\xf9\x04\x01\0\0", 6);
		put_le(out, 2, (uint32_t)k->clear);
	}
	rdl_buf_addc(out, ',');
	put_le(out, 2, k->x);
	put_le(out, 2, k->y);
	put_le(out, 2, k->fw);
	put_le(out, 2, k->fh);
	put_le(out, 2, 7 << 8);
	for (i = 0, len = 0; i < total; i++) {
		if (i % 100 == 0)
			codes[len++] = 128;
		codes[len++] = px[i];
	}
	codes[len++] = 129;
	for (at = 0; at < len; at += n) {
		n = len - at < 255 ? len - at : 255;
		put_le(out, 1, (uint32_t)n);
		rdl_buf_add(out, codes + at, n);
	}
	rdl_buf_add(out, "\0;", 2);
}

/* Bottom row first; bits 24 or 32, whose fourth byte is rubbish. */
static inline void
put_bmp(struct rdl_buf *out, const uint8_t *rgb, unsigned w, unsigned h,
    unsigned bits)
{
	size_t x, y, c, pad = bits == 24 ? (4 - w * 3 % 4) % 4 : 0;

	rdl_buf_add(out, "BM", 2);
	put_le(out, 4, 0);
	put_le(out, 4, 0);
	put_le(out, 4, 54);
	put_le(out, 4, 40);
	put_le(out, 4, w);
	put_le(out, 4, h);
	put_le(out, 2, 1);
	put_le(out, 2, bits);
	for (c = 0; c < 6; c++)
		put_le(out, 4, 0);
	for (y = h; y-- > 0;) {
		for (x = 0; x < w; x++) {
			for (c = 3; c-- > 0;)
				put_le(out, 1, rgb[(y * w + x) * 3 + c]);
			if (bits == 32)
				put_le(out, 1, (uint32_t)(x + 1));
		}
		for (c = 0; c < pad; c++)
			put_le(out, 1, 0);
	}
}

/* P5 or P6; 16 bits if max is over 255. */
static inline void
put_pnm(struct rdl_buf *out, const uint8_t *samples, size_t bytes, unsigned w,
    unsigned h, char kind, unsigned max)
{
	rdl_buf_addf(out, "P%c\n%u %u\n%u\n", kind, w, h, max);
	rdl_buf_add(out, samples, bytes);
}

/* Version 1, uncompressed, top row first, 24 bits. */
static inline void
put_tga(struct rdl_buf *out, const uint8_t *rgb, unsigned w, unsigned h)
{
	size_t i, c;

	rdl_buf_add(out, "\0\0\2\0\0\0\0\0\0\0\0\0", 12);
	put_le(out, 2, w);
	put_le(out, 2, h);
	put_le(out, 2, 24 | 0x20 << 8);
	for (i = 0; i < (size_t)w * h; i++)
		for (c = 3; c-- > 0;)
			put_le(out, 1, rgb[i * 3 + c]);
}

#endif
