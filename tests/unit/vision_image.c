/*
 * Image files: every kind decoded, transparency, orientation, and what no
 * honest program would have written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/limits.h"
#include "core/mem.h"
#include "core/rng.h"
#include "vision/image.h"
#include "vision/image_impl.h"
#include "vision_files.h"

#define W 37u
#define H 29u
#define N (W * H)

static struct rdl_buf file = RDL_BUF_INIT(RDL_FILE_MAX);
static struct rdl_image im;
static struct rdl_image_info info;
static struct rdl_err err = RDL_ERR_INIT;
static uint8_t px[N * 8];

static const struct rdl_image_opts on_white = RDL_IMAGE_OPTS_DEFAULT;
static const struct rdl_image_opts dropped = {
	.alpha = RDL_ALPHA_DROP, .max_pixels = 1000000
};

/* Decode exactly len bytes, so that ASan sees one too many. */
static int
decode_part(const struct rdl_buf *f, size_t len,
    const struct rdl_image_opts *opts)
{
	uint8_t *copy = rdl_mem_realloc(NULL, len + !len, 1);
	struct rdl_image_info probed;
	int rc, seen;

	if (len > 0)
		memcpy(copy, f->p, len);
	rdl_err_clear(&err);
	seen = rdl_image_probe(copy, len, &probed, &err);
	rdl_err_clear(&err);
	rdl_image_release(&im);
	rc = rdl_image_decode(copy, len, opts, &info, &im, &err);
	free(copy);
	if (rc == 0) {
		/* What was said before is what came out. */
		assert_int_equal(seen, 0);
		assert_int_equal(probed.width, info.width);
		assert_int_equal(probed.height, info.height);
		assert_int_equal(probed.orientation, info.orientation);
		assert_int_equal(probed.alpha, info.alpha);
		assert_string_equal(probed.format, info.format);
		assert_non_null(im.rgb);
	} else {
		assert_null(im.rgb);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_true(err.msg[0] != '\0');
	}
	return rc;
}

static void
decode(const char *format, const struct rdl_image_opts *opts)
{
	if (decode_part(&file, file.len, opts) != 0)
		fail_msg("%s: %s", format, err.msg);
	assert_string_equal(info.format, format);
}

static void
assert_pixel(size_t i, unsigned r, unsigned g, unsigned b)
{
	const uint8_t *p = im.rgb + i * 3;

	if (p[0] != r || p[1] != g || p[2] != b)
		fail_msg("pixel %zu is %u %u %u, not %u %u %u", i, p[0], p[1],
		    p[2], r, g, b);
}

static void
random_pixels(uint64_t seed)
{
	struct rdl_rng rng = { seed };
	size_t i;

	for (i = 0; i < sizeof(px); i++)
		px[i] = (uint8_t)rdl_rng_next(&rng);
}

/* v of bits bits, as a byte: the nearest of 255 v / max. */
static unsigned
byte_of(unsigned v, unsigned bits)
{
	unsigned max = (1u << bits) - 1;

	return (2 * v * 255 + max) / (2 * max);
}

/* a part of v on white, rounded. */
static unsigned
white(unsigned v, unsigned alpha)
{
	return (2 * (v * alpha + 255 * (255 - alpha)) + 255) / 510;
}

/* Sample i of a PNG row of one channel, packed. */
static unsigned
packed(const uint8_t *row, size_t i, unsigned bits)
{
	if (bits == 16)
		return (unsigned)row[2 * i] << 8 | row[2 * i + 1];
	return (unsigned)row[i * bits / 8] >> (8 - bits - i * bits % 8) &
	    ((1u << bits) - 1);
}

static void
test_png_grey_of_every_depth(void **state)
{
	static const int depths[] = { 1, 2, 4, 8, 16 };
	struct png_kind kind = { .type = PNG_COLOR_TYPE_GRAY };
	size_t d, i, bytes;
	unsigned bits, v;

	(void)state;
	random_pixels(1);
	for (d = 0; d < 10; d++) {
		kind.depth = depths[d / 2];
		kind.interlaced = d % 2 == 1;
		bits = (unsigned)kind.depth;
		bytes = (W * bits + 7) / 8;
		rdl_buf_reset(&file);
		put_png(&file, px, W, H, &kind, NULL, 0);
		decode("png", &on_white);
		assert_int_equal(info.width, W);
		assert_int_equal(info.height, H);
		assert_false(info.alpha);
		for (i = 0; i < N; i++) {
			v = byte_of(packed(px + i / W * bytes, i % W, bits),
			    bits);
			assert_pixel(i, v, v, v);
		}
	}
}

static void
test_png_palettes(void **state)
{
	static const int depths[] = { 1, 2, 4, 8 };
	struct png_kind kind = { .type = PNG_COLOR_TYPE_PALETTE };
	size_t d, i, bytes;
	unsigned v, a;

	(void)state;
	random_pixels(2);
	for (d = 0; d < 8; d++) {
		kind.depth = depths[d / 2];
		kind.colours = 1 << kind.depth;
		kind.clear = d % 2 == 1 ? kind.colours / 2 : 0;
		bytes = (W * (size_t)kind.depth + 7) / 8;
		rdl_buf_reset(&file);
		put_png(&file, px, W, H, &kind, NULL, 0);
		decode("png", &on_white);
		assert_int_equal(info.alpha, kind.clear > 0);
		for (i = 0; i < N; i++) {
			v = packed(px + i / W * bytes, i % W,
			    (unsigned)kind.depth);
			a = (int)v < kind.clear ? PALETTE_ALPHA(v) : 255;
			assert_pixel(i, white(PALETTE_RED(v), a),
			    white(PALETTE_GREEN(v), a),
			    white(PALETTE_BLUE(v), a));
		}
		decode("png", &dropped);
		for (i = 0; i < N; i++) {
			v = packed(px + i / W * bytes, i % W,
			    (unsigned)kind.depth);
			assert_pixel(i, PALETTE_RED(v), PALETTE_GREEN(v),
			    PALETTE_BLUE(v));
		}
	}
}

/* Grey with alpha, RGB, RGBA; 8 and 16 bits; plain and interlaced. */
static void
test_png_channels(void **state)
{
	static const struct {
		int type;
		size_t channels;
	} kinds[] = { { PNG_COLOR_TYPE_GRAY_ALPHA, 2 },
		{ PNG_COLOR_TYPE_RGB, 3 }, { PNG_COLOR_TYPE_RGB_ALPHA, 4 } };
	struct png_kind kind = { 0 };
	unsigned v[4], bits;
	size_t k, i, c, n;

	(void)state;
	random_pixels(3);
	for (k = 0; k < RDL_NELEM(kinds) * 4; k++) {
		kind.type = kinds[k / 4].type;
		bits = k % 2 == 0 ? 8 : 16;
		kind.depth = (int)bits;
		kind.interlaced = k / 2 % 2 == 1;
		n = kinds[k / 4].channels;
		rdl_buf_reset(&file);
		put_png(&file, px, W, H, &kind, NULL, 0);
		decode("png", &on_white);
		assert_int_equal(info.alpha, n != 3);
		for (i = 0; i < N; i++) {
			for (c = 0; c < n; c++)
				v[c] = byte_of(packed(px, i * n + c, bits),
				    bits);
			if (n == 2) {
				v[3] = v[1];
				v[1] = v[2] = v[0];
			} else if (n == 3)
				v[3] = 255;
			assert_pixel(i, white(v[0], v[3]), white(v[1], v[3]),
			    white(v[2], v[3]));
		}
	}
}

static void
test_png_transparent_colours(void **state)
{
	const png_color_16 grey = { .gray = 3 };
	const png_color_16 colour = { .red = 1, .green = 2, .blue = 0 };
	struct png_kind kind = { .type = PNG_COLOR_TYPE_GRAY, .depth = 8,
		.key = &grey };
	size_t i, keyed = 0;

	(void)state;
	random_pixels(4);
	for (i = 0; i < sizeof(px); i++)
		px[i] %= 4;
	put_png((rdl_buf_reset(&file), &file), px, W, H, &kind, NULL, 0);
	decode("png", &on_white);
	assert_true(info.alpha);
	for (i = 0; i < N; i++)
		assert_pixel(i, px[i] == 3 ? 255 : px[i],
		    px[i] == 3 ? 255 : px[i], px[i] == 3 ? 255 : px[i]);
	kind.type = PNG_COLOR_TYPE_RGB;
	kind.key = &colour;
	put_png((rdl_buf_reset(&file), &file), px, W, H, &kind, NULL, 0);
	decode("png", &on_white);
	for (i = 0; i < N; i++)
		if (memcmp(px + 3 * i, "\1\2\0", 3) == 0) {
			assert_pixel(i, 255, 255, 255);
			keyed++;
		} else
			assert_pixel(i, px[3 * i], px[3 * i + 1],
			    px[3 * i + 2]);
	assert_true(keyed > 0);
}

/* All 65,536 pairs of a value and an alpha. */
static void
test_white_behind_every_alpha(void **state)
{
	struct png_kind kind = { .type = PNG_COLOR_TYPE_GRAY_ALPHA,
		.depth = 8 };
	uint8_t *all = rdl_mem_calloc(65536, 2);
	size_t i;

	(void)state;
	for (i = 0; i < 65536; i++) {
		all[2 * i] = (uint8_t)(i & 255);
		all[2 * i + 1] = (uint8_t)(i >> 8);
	}
	rdl_buf_reset(&file);
	put_png(&file, all, 256, 256, &kind, NULL, 0);
	free(all);
	decode("png", &on_white);
	for (i = 0; i < 65536; i++)
		assert_int_equal(im.rgb[3 * i],
		    white((unsigned)(i & 255), (unsigned)(i >> 8)));
	decode("png", &dropped);
	for (i = 0; i < 65536; i++)
		assert_int_equal(im.rgb[3 * i], i & 255);
}

static int
apart(unsigned a, unsigned b)
{
	return a > b ? (int)(a - b) : (int)(b - a);
}

/* Flat colours come back nearly whole, whatever the file stores. */
static void
test_jpeg_colour_spaces(void **state)
{
	static const struct {
		struct jpeg_kind kind;
		uint8_t in[4], out[3];
	} cases[] = {
		{ { JCS_RGB, JCS_YCbCr, 95, false }, { 200, 30, 90 },
			{ 200, 30, 90 } },
		{ { JCS_RGB, JCS_YCbCr, 95, true }, { 10, 250, 90 },
			{ 10, 250, 90 } },
		{ { JCS_RGB, JCS_RGB, 95, false }, { 200, 30, 90 },
			{ 200, 30, 90 } },
		{ { JCS_GRAYSCALE, JCS_GRAYSCALE, 95, false }, { 77 },
			{ 77, 77, 77 } },
		/* 255 is no ink: red is what cyan leaves, times the black */
		{ { JCS_CMYK, JCS_CMYK, 98, false }, { 255, 0, 128, 200 },
			{ 200, 0, 100 } },
		{ { JCS_CMYK, JCS_YCCK, 98, true }, { 255, 0, 128, 200 },
			{ 200, 0, 100 } }
	};
	size_t i, j, c, n;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		n = cases[i].kind.space == JCS_GRAYSCALE ? 1 :
		    cases[i].kind.space == JCS_CMYK ? 4 : 3;
		for (j = 0; j < N * n; j++)
			px[j] = cases[i].in[j % n];
		rdl_buf_reset(&file);
		put_jpeg(&file, px, W, H, &cases[i].kind, NULL, 0);
		decode("jpeg", &on_white);
		assert_false(info.alpha);
		for (j = 0; j < N; j++)
			for (c = 0; c < 3; c++)
				if (apart(im.rgb[3 * j + c],
				    cases[i].out[c]) > 4)
					fail_msg("case %zu: %u, not %u", i,
					    im.rgb[3 * j + c],
					    cases[i].out[c]);
	}
}

static void
test_jpeg_shrinks_while_it_may(void **state)
{
	static const struct {
		uint32_t to, w, h;
	} cases[] = { { 0, 300, 200 }, { 200, 300, 200 }, { 1000, 300, 200 },
		{ 176, 300, 200 }, { 175, 263, 175 }, { 100, 150, 100 },
		{ 99, 150, 100 }, { 1, 38, 25 } };
	static const struct jpeg_kind kind = { JCS_RGB, JCS_YCbCr, 90, false };
	struct rdl_image_opts opts = RDL_IMAGE_OPTS_DEFAULT;
	uint8_t *large = rdl_mem_calloc(300 * 200, 3);
	size_t i;

	(void)state;
	rdl_buf_reset(&file);
	put_jpeg(&file, large, 300, 200, &kind, NULL, 0);
	free(large);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		opts.shrink_to = cases[i].to;
		decode("jpeg", &opts);
		assert_int_equal(info.width, 300);
		assert_int_equal(info.height, 200);
		assert_int_equal(im.width, cases[i].w);
		assert_int_equal(im.height, cases[i].h);
	}
}

/* A picture whose quarters are 0, 80, 160, 240: which stands where, read
 * left to right and down, says how it was turned (EXIF 2.32, 4.6.4). */
static const uint8_t quarters[9][4] = { { 0 },
	{ 0, 80, 160, 240 }, { 80, 0, 240, 160 }, { 240, 160, 80, 0 },
	{ 160, 240, 0, 80 }, { 0, 160, 80, 240 }, { 160, 0, 240, 80 },
	{ 240, 80, 160, 0 }, { 80, 240, 0, 160 } };

static void
assert_turned(unsigned orientation, const uint8_t *want)
{
	size_t x, y, at;

	assert_int_equal(info.width, im.width);
	assert_int_equal(info.height, im.height);
	for (y = 0; y < 2; y++)
		for (x = 0; x < 2; x++) {
			at = (im.height * (2 * y + 1) / 4 * im.width +
			    im.width * (2 * x + 1) / 4) * 3;
			if (apart(im.rgb[at], want[2 * y + x]) > 3)
				fail_msg("orientation %u: quarter %zu is %u",
				    orientation, 2 * y + x, im.rgb[at]);
		}
}

static void
make_turned(size_t format, const uint8_t *exif)
{
	static const struct jpeg_kind jpeg = { JCS_RGB, JCS_YCbCr, 95, false };
	static const struct png_kind png = { .type = PNG_COLOR_TYPE_RGB,
		.depth = 8 };
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB);
	uint8_t rgb[48 * 32 * 3];
	size_t i;

	for (i = 0; i < 48 * 32; i++)
		memset(rgb + 3 * i, quarters[1][i / 48 / 16 * 2 +
		    i % 48 / 24], 3);
	rdl_buf_reset(&file);
	if (format == 0)
		put_jpeg(&file, rgb, 48, 32, &jpeg, exif, EXIF_LEN);
	else if (format == 1)
		put_png(&file, rgb, 48, 32, &png, exif + 6, EXIF_LEN - 6);
	else {
		put_webp(&one, rgb, 48, 32, 3, 101);
		put_webp_frame(&file, &one, 48, 32, 0, 0, 48, 32, 2 | 8);
		rdl_buf_add(&file, "EXIF", 4);
		put_le(&file, 4, EXIF_LEN);
		rdl_buf_add(&file, exif, EXIF_LEN);
		file.p[4] = (char)((file.len - 8) & 255);
		file.p[5] = (char)((file.len - 8) >> 8);
		rdl_buf_release(&one);
	}
}

static void
test_orientation(void **state)
{
	static const char *const formats[] = { "jpeg", "png", "webp" };
	struct rdl_image_opts ignore = RDL_IMAGE_OPTS_DEFAULT;
	uint8_t exif[EXIF_LEN];
	unsigned o;
	size_t i;

	(void)state;
	ignore.ignore_orientation = true;
	for (i = 0; i < RDL_NELEM(formats) * 2; i++)
		for (o = 1; o <= 8; o++) {
			make_exif(exif, i % 2 == 1, o);
			make_turned(i / 2, exif);
			decode(formats[i / 2], &on_white);
			assert_int_equal(info.orientation, o);
			assert_int_equal(info.width, o < 5 ? 48 : 32);
			assert_turned(o, quarters[o]);
			rdl_image_release(&im);
			assert_int_equal(rdl_image_decode(file.p, file.len,
			    &ignore, &info, &im, &err), 0);
			assert_int_equal(info.orientation, o);
			assert_int_equal(info.width, 48);
			assert_turned(o, quarters[1]);
		}
}

static void
test_webp(void **state)
{
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB);
	size_t i, x, y;

	(void)state;
	random_pixels(7);
	put_webp((rdl_buf_reset(&file), &file), px, W, H, 3, 101);
	decode("webp", &on_white);
	assert_memory_equal(im.rgb, px, N * 3);
	for (i = 0; i < N; i++)
		px[4 * i + 3] |= 1;	/* libwebp forgets what is clear */
	put_webp((rdl_buf_reset(&file), &file), px, W, H, 4, 101);
	decode("webp", &on_white);
	assert_true(info.alpha);
	for (i = 0; i < N; i++)
		assert_pixel(i, white(px[4 * i], px[4 * i + 3]),
		    white(px[4 * i + 1], px[4 * i + 3]),
		    white(px[4 * i + 2], px[4 * i + 3]));
	put_webp(&one, px, W, H, 4, 101);
	rdl_buf_reset(&file);
	put_webp_frame(&file, &one, 60, 50, 10, 4, W, H, 2 | 16);
	decode("webp", &on_white);
	assert_int_equal(info.width, 60);
	for (y = 0; y < 50; y++)
		for (x = 0; x < 60; x++) {
			i = x < 10 || x >= 10 + W || y < 4 || y >= 4 + H ? N :
			    (y - 4) * W + x - 10;
			if (i == N)
				assert_pixel(y * 60 + x, 255, 255, 255);
			else
				assert_pixel(y * 60 + x,
				    white(px[4 * i], px[4 * i + 3]),
				    white(px[4 * i + 1], px[4 * i + 3]),
				    white(px[4 * i + 2], px[4 * i + 3]));
		}
	/* A frame that hangs over its canvas, or is not what it says. */
	put_webp_frame((rdl_buf_reset(&file), &file), &one, W, H, 2, 0, W, H,
	    18);
	assert_int_equal(decode_part(&file, file.len, &on_white), -1);
	put_webp_frame((rdl_buf_reset(&file), &file), &one, W, H, 0, 0, W - 1,
	    H, 18);
	assert_int_equal(decode_part(&file, file.len, &on_white), -1);
	rdl_buf_release(&one);
}

static void
test_gif(void **state)
{
	struct gif_kind kind = { W, H, 0, 0, W, H, -1, 0 };
	size_t i;
	unsigned v;

	(void)state;
	random_pixels(8);
	for (i = 0; i < N; i++)
		px[i] &= 127;
	put_gif((rdl_buf_reset(&file), &file), px, &kind);
	decode("gif", &on_white);
	assert_false(info.alpha);
	for (i = 0; i < N; i++)
		assert_pixel(i, 2u * px[i], 2u * px[i], 2u * px[i]);
	kind.clear = px[0];
	put_gif((rdl_buf_reset(&file), &file), px, &kind);
	decode("gif", &on_white);
	assert_true(info.alpha);
	for (i = 0; i < N; i++) {
		v = px[i] == px[0] ? 255 : 2u * px[i];
		assert_pixel(i, v, v, v);
	}
}

static void
test_bmp_pnm_tga(void **state)
{
	size_t i;

	(void)state;
	random_pixels(9);
	put_bmp((rdl_buf_reset(&file), &file), px, W, H, 24);
	decode("bmp", &on_white);
	assert_memory_equal(im.rgb, px, N * 3);
	put_bmp((rdl_buf_reset(&file), &file), px, W, H, 32);
	decode("bmp", &on_white);
	assert_false(info.alpha);
	assert_memory_equal(im.rgb, px, N * 3);
	put_tga((rdl_buf_reset(&file), &file), px, W, H);
	decode("tga", &on_white);
	assert_memory_equal(im.rgb, px, N * 3);
	put_pnm((rdl_buf_reset(&file), &file), px, N * 3, W, H, '6', 255);
	decode("pnm", &on_white);
	assert_memory_equal(im.rgb, px, N * 3);
	put_pnm((rdl_buf_reset(&file), &file), px, N, W, H, '5', 255);
	decode("pnm", &on_white);
	for (i = 0; i < N; i++)
		assert_pixel(i, px[i], px[i], px[i]);
	put_pnm((rdl_buf_reset(&file), &file), px, N, W, H, '5', 7);
	decode("pnm", &on_white);
	for (i = 0; i < N; i++)
		assert_int_equal(im.rgb[3 * i], px[i] > 7 ? 255 :
		    byte_of(px[i], 3));
	rdl_buf_reset(&file);
	rdl_buf_adds(&file, "P4 # a comment\n#\n10\t1\n\x99\x40");
	decode("pnm", &on_white);
	for (i = 0; i < 10; i++)
		assert_int_equal(im.rgb[3 * i], i == 0 || i == 3 || i == 4 ||
		    i == 7 || i == 9 ? 0 : 255);
	put_pnm((rdl_buf_reset(&file), &file), px, N * 6, W, H, '6', 65535);
	decode("pnm", &on_white);
	for (i = 0; i < N * 3; i++)
		assert_int_equal(im.rgb[i], byte_of((unsigned)px[2 * i] << 8 |
		    px[2 * i + 1], 16));
}

/* -- What no honest program would have written ----------------------------- */

/* Radiance: one row of 8 pixels, run-length coded by channel. */
static const char hdr[] = "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 8\n"
    "\2\2\0\10\210\200\210\100\210\40\210\201";

/* 2 x 1 pixels of three channels, not compressed. */
static const char psd[] = "8BPS\0\1\0\0\0\0\0\0\0\3\0\0\0\1\0\0\0\2\0\10\0\3"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4\5\6";

enum { JPEG, JPEG_PROGRESSIVE, JPEG_CMYK, PNG_PLAIN, PNG_ADAM7, PNG_PALETTE,
	WEBP_LOSSY, WEBP_ALPHA, WEBP_LOSSLESS, WEBP_MOVING, GIF, BMP, PNM, TGA,
	HDR, PSD, KINDS };

static void
make_odd(int kind)
{
	struct png_kind png = { .type = PNG_COLOR_TYPE_RGB, .depth = 8,
		.interlaced = kind == PNG_ADAM7 };
	struct jpeg_kind jpeg = { JCS_RGB, JCS_YCbCr, 80,
		kind == JPEG_PROGRESSIVE };
	const struct gif_kind gif = { 13, 11, 0, 0, 13, 11, 3, 1 };
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB);

	if (kind == JPEG_CMYK)
		jpeg.space = jpeg.stored = JCS_CMYK;
	if (kind == PNG_PALETTE) {
		png.type = PNG_COLOR_TYPE_PALETTE;
		png.colours = 256;
		png.clear = 10;
	}
	rdl_buf_reset(&file);
	if (kind <= JPEG_CMYK)
		put_jpeg(&file, px, 13, 11, &jpeg, NULL, 0);
	else if (kind <= PNG_PALETTE)
		put_png(&file, px, 13, 11, &png, NULL, 0);
	else if (kind <= WEBP_LOSSLESS)
		put_webp(&file, px, 13, 11, kind == WEBP_LOSSY ? 3 : 4,
		    kind == WEBP_LOSSLESS ? 101 : 60);
	else if (kind == WEBP_MOVING) {
		put_webp(&one, px, 13, 11, 4, 101);
		put_webp_frame(&file, &one, 14, 12, 0, 0, 13, 11, 18);
		rdl_buf_release(&one);
	} else if (kind == GIF)
		put_gif(&file, px, &gif);
	else if (kind == BMP)
		put_bmp(&file, px, 13, 11, 24);
	else if (kind == PNM)
		put_pnm(&file, px, 13 * 11 * 3, 13, 11, '6', 255);
	else if (kind == TGA)
		put_tga(&file, px, 13, 11);
	else if (kind == HDR)
		rdl_buf_add(&file, hdr, sizeof(hdr) - 1);
	else
		rdl_buf_add(&file, psd, sizeof(psd) - 1);
}

/* Of a GIF the trailer may be missing: the frame is whole.
 * Of a BMP, the bytes that fill the last row. */
static size_t
spare_bytes(int kind)
{
	return kind == GIF || kind == BMP ? 1 : 0;
}

static void
test_cut_at_every_byte(void **state)
{
	size_t len;
	int kind, i;

	(void)state;
	random_pixels(10);
	for (i = 0; i < 13 * 11; i++)
		px[i] &= 127;
	for (kind = 0; kind < KINDS; kind++) {
		make_odd(kind);
		if (decode_part(&file, file.len, &on_white) != 0)
			fail_msg("kind %d: %s", kind, err.msg);
		for (len = 0; len < file.len; len++)
			if (decode_part(&file, len, &on_white) == 0 &&
			    len + spare_bytes(kind) < file.len)
				fail_msg("kind %d: %zu of %zu bytes are a "
				    "picture", kind, len, file.len);
	}
}

/* Changed bytes may give a picture or an error, the same twice; nothing
 * else. */
static void
test_damaged_anywhere(void **state)
{
	const struct rdl_image_opts small = { .max_pixels = 1 << 20 };
	struct rdl_rng rng = { 11 };
	size_t at, i;
	int kind, round;
	char was[3];

	(void)state;
	random_pixels(10);
	for (i = 0; i < 13 * 11; i++)
		px[i] &= 127;
	for (kind = 0; kind < KINDS; kind++) {
		make_odd(kind);
		for (round = 0; round < 3; round++)
			for (at = 0; at + 3 < file.len; at++) {
				memcpy(was, file.p + at, 3);
				for (i = 0; i < (size_t)round + 1; i++)
					file.p[at + i] =
					    (char)rdl_rng_next(&rng);
				(void)!decode_part(&file, file.len, &small);
				memcpy(file.p + at, was, 3);
			}
	}
}

static void
refused(const char *why)
{
	assert_int_equal(decode_part(&file, file.len, &on_white), -1);
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

/* Heads that ask for gigabytes. */
static void
test_bombs(void **state)
{
	static const struct png_kind png = { .type = PNG_COLOR_TYPE_RGB,
		.depth = 8 };
	static const struct jpeg_kind jpeg = { JCS_RGB, JCS_YCbCr, 80, false };
	const struct gif_kind gif = { 65535, 65535, 0, 0, 3, 3, -1, 0 };
	size_t i;

	(void)state;
	random_pixels(12);
	put_png((rdl_buf_reset(&file), &file), px, 5, 5, &png, NULL, 0);
	exif_put((uint8_t *)file.p + 16, true, 4, 30000);
	exif_put((uint8_t *)file.p + 20, true, 4, 30000);
	refused("30000 x 30000 pixels, more than 178956970");
	exif_put((uint8_t *)file.p + 16, true, 4, 0xffffffff);
	exif_put((uint8_t *)file.p + 20, true, 4, 0xffffffff);
	refused("more than");
	put_jpeg((rdl_buf_reset(&file), &file), px, 5, 5, &jpeg, NULL, 0);
	for (i = 0; memcmp(file.p + i, "\xff\xc0", 2) != 0;)
		i++;
	exif_put((uint8_t *)file.p + i + 5, true, 4, 0xffdcffdc);
	refused("65500 x 65500 pixels, more than");
	for (i = 0; i < 9; i++)
		px[i] &= 127;
	put_gif((rdl_buf_reset(&file), &file), px, &gif);
	refused("65535 x 65535 pixels, more than");
	put_bmp((rdl_buf_reset(&file), &file), px, 5, 5, 24);
	exif_put((uint8_t *)file.p + 18, false, 4, 100000);
	exif_put((uint8_t *)file.p + 22, false, 4, 100000);
	refused("more than");
	rdl_buf_reset(&file);
	rdl_buf_adds(&file, "P6\n99999 99999\n255\n");
	refused("more than");
}

/* A size within bounds, and no data for it. */
static void
test_large_and_empty(void **state)
{
	static const struct png_kind png = { .type = PNG_COLOR_TYPE_GRAY,
		.depth = 8 };

	(void)state;
	put_png((rdl_buf_reset(&file), &file), px, 5, 5, &png, NULL, 0);
	exif_put((uint8_t *)file.p + 16, true, 4, 3000);
	exif_put((uint8_t *)file.p + 20, true, 4, 3000);
	refused("PNG: ");
	exif_put((uint8_t *)file.p + 16, true, 4, 0);
	refused("0 x 3000");
}

static void
test_not_images(void **state)
{
	static const char *const texts[] = { "", "\xff", "\xff\xd8\xff",
		"\x89PNG\r\n\x1a\n", "GIF89a", "BM", "P6", "P6 ", "8BPS",
		"RIFF\4\0\0\0WEBP", "#?RADIANCE\n", "hello, world\n",
		"<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7\n",
		"P5 0 0 255\n", "P6 -1 5 255\n" };
	char zeros[4096] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(texts); i++) {
		rdl_buf_reset(&file);
		rdl_buf_adds(&file, texts[i]);
		assert_int_equal(decode_part(&file, file.len, &on_white), -1);
	}
	rdl_buf_reset(&file);
	refused("an empty file");
	for (i = 1; i <= sizeof(zeros); i *= 2) {
		rdl_buf_reset(&file);
		rdl_buf_add(&file, zeros, i);
		refused("not an image of a known format");
	}
}

static int
tidy(void **state)
{
	(void)state;
	rdl_image_release(&im);
	rdl_image_release(NULL);
	rdl_buf_release(&file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_png_grey_of_every_depth),
		cmocka_unit_test(test_png_palettes),
		cmocka_unit_test(test_png_channels),
		cmocka_unit_test(test_png_transparent_colours),
		cmocka_unit_test(test_white_behind_every_alpha),
		cmocka_unit_test(test_jpeg_colour_spaces),
		cmocka_unit_test(test_jpeg_shrinks_while_it_may),
		cmocka_unit_test(test_orientation),
		cmocka_unit_test(test_webp),
		cmocka_unit_test(test_gif),
		cmocka_unit_test(test_bmp_pnm_tga),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_damaged_anywhere),
		cmocka_unit_test(test_bombs),
		cmocka_unit_test(test_large_and_empty),
		cmocka_unit_test(test_not_images),
	};

	return cmocka_run_group_tests(tests, NULL, tidy);
}
