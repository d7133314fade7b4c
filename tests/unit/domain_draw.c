/*
 * A drawn file without what is no picture in it: the same picture, the same
 * bytes, whatever a server writes beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "core/limits.h"
#include "domain/draw_impl.h"
#include "vision_files.h"

#define SIDE 16

static uint8_t pixels[SIDE * SIDE * 3];

static void
paint(void)
{
	size_t i;

	for (i = 0; i < sizeof(pixels); i++)
		pixels[i] = (uint8_t)(i * 7);
}

static void
strip(const struct rdl_buf *file, struct rdl_buf *out)
{
	struct rdl_image_info info;
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_image_probe(file->p, file->len, &info, &err), 0);
	rdl_draw_plain(&info, file->p, file->len, out);
}

static void
is_same(const struct rdl_buf *a, const struct rdl_buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->p, b->p, a->len);
}

/* The picture in file is that in plain, and decodes to the same. */
static void
decodes_alike(const struct rdl_buf *a, const struct rdl_buf *b)
{
	struct rdl_image_opts o = RDL_IMAGE_OPTS_DEFAULT;
	struct rdl_image x = RDL_IMAGE_INIT, y = RDL_IMAGE_INIT;
	struct rdl_image_info info;
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_image_decode(a->p, a->len, &o, &info, &x, &err),
	    0);
	assert_int_equal(rdl_image_decode(b->p, b->len, &o, &info, &y, &err),
	    0);
	assert_int_equal(x.width, y.width);
	assert_memory_equal(x.rgb, y.rgb, (size_t)x.width * x.height * 3);
	rdl_image_release(&x);
	rdl_image_release(&y);
}

/* -- PNG --------------------------------------------------------------------*/

static void
put_chunk(struct rdl_buf *out, const char *name, const char *data, size_t len)
{
	struct rdl_buf body = RDL_BUF_INIT(4096);
	uint32_t crc, i;

	rdl_buf_add(&body, name, 4);
	rdl_buf_add(&body, data, len);
	crc = (uint32_t)crc32(0, (const Bytef *)body.p, (uInt)body.len);
	for (i = 0; i < 4; i++)
		rdl_buf_addc(out, (char)((uint32_t)len >> 8 * (3 - i)));
	rdl_buf_add(out, body.p, body.len);
	for (i = 0; i < 4; i++)
		rdl_buf_addc(out, (char)(crc >> 8 * (3 - i)));
	rdl_buf_release(&body);
}

/* one with chunks behind its header (33 bytes), and some behind its end. */
static void
add_chunks(struct rdl_buf *out, const struct rdl_buf *one, const char *words)
{
	rdl_buf_add(out, one->p, 33);
	put_chunk(out, "tEXt", words, strlen(words));
	put_chunk(out, "iTXt", "Title\0\0\0\0\0a cat", 15);
	put_chunk(out, "caBX", words, strlen(words));
	put_chunk(out, "tIME", "\x07\xea\1\1\1\1\1", 7);
	rdl_buf_add(out, one->p + 33, one->len - 33);
	rdl_buf_adds(out, words);
}

static void
test_png(void **state)
{
	struct png_kind kind = { PNG_COLOR_TYPE_RGB, 8, false, 0, 0, NULL };
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB), out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf more = RDL_BUF_INIT(RDL_MIB);
	uint8_t exif[EXIF_LEN];

	(void)state;
	put_png(&one, pixels, SIDE, SIDE, &kind, NULL, 0);
	strip(&one, &out);
	is_same(&out, &one);
	add_chunks(&more, &one, "parameters, a prompt");
	assert_int_not_equal(more.len, one.len);
	strip(&more, &out);
	is_same(&out, &one);
	/* What changes how it looks stays. */
	rdl_buf_reset(&more);
	rdl_buf_add(&more, one.p, 33);
	put_chunk(&more, "gAMA", "\0\0\xb1\x8f", 4);
	rdl_buf_add(&more, one.p + 33, one.len - 33);
	strip(&more, &out);
	is_same(&out, &more);
	/* So does what turns it. */
	make_exif(exif, true, 6);
	rdl_buf_reset(&more);
	put_png(&more, pixels, SIDE, SIDE, &kind, exif + 6, EXIF_LEN - 6);
	strip(&more, &out);
	is_same(&out, &more);
	make_exif(exif, true, 1);
	rdl_buf_reset(&more);
	put_png(&more, pixels, SIDE, SIDE, &kind, exif + 6, EXIF_LEN - 6);
	strip(&more, &out);
	is_same(&out, &one);
	rdl_buf_release(&one);
	rdl_buf_release(&more);
	rdl_buf_release(&out);
}

/* -- JPEG -------------------------------------------------------------------*/

static void
test_jpeg(void **state)
{
	struct jpeg_kind kind = { JCS_RGB, JCS_YCbCr, 90, false };
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB), out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf more = RDL_BUF_INIT(RDL_MIB);
	uint8_t exif[EXIF_LEN];
	int progressive;

	(void)state;
	for (progressive = 0; progressive < 2; progressive++) {
		kind.progressive = progressive != 0;
		rdl_buf_reset(&one);
		put_jpeg(&one, pixels, SIDE, SIDE, &kind, NULL, 0);
		strip(&one, &out);
		is_same(&out, &one);
		make_exif(exif, false, 1);
		rdl_buf_reset(&more);
		put_jpeg(&more, pixels, SIDE, SIDE, &kind, exif, EXIF_LEN);
		strip(&more, &out);
		is_same(&out, &one);
		make_exif(exif, false, 8);
		rdl_buf_reset(&more);
		put_jpeg(&more, pixels, SIDE, SIDE, &kind, exif, EXIF_LEN);
		strip(&more, &out);
		is_same(&out, &more);
		/* a comment, fill bytes, and JUMBF in APP11 */
		rdl_buf_reset(&more);
		rdl_buf_add(&more, one.p, 2);
		rdl_buf_add(&more, "\xff\xfe\0\x06note\xff\xff\xeb\0\4JP", 15);
		rdl_buf_add(&more, one.p + 2, one.len - 2);
		strip(&more, &out);
		is_same(&out, &one);
	}
	/* Adobe's colour transform is needed. */
	kind = (struct jpeg_kind){ JCS_RGB, JCS_RGB, 90, false };
	rdl_buf_reset(&one);
	put_jpeg(&one, pixels, SIDE, SIDE, &kind, NULL, 0);
	strip(&one, &out);
	decodes_alike(&one, &out);
	is_same(&out, &one);
	rdl_buf_release(&one);
	rdl_buf_release(&more);
	rdl_buf_release(&out);
}

/* -- WebP -------------------------------------------------------------------*/

/* one, a simple file, in the extended form, with other chunks behind. */
static void
extend(struct rdl_buf *out, const struct rdl_buf *one, bool more)
{
	uint8_t exif[EXIF_LEN];
	size_t i;

	make_exif(exif, false, 1);
	rdl_buf_reset(out);
	rdl_buf_add(out, "RIFF\0\0\0\0WEBPVP8X", 16);
	put_le(out, 4, 10);
	put_le(out, 4, more ? 0x0c : 0);
	put_le(out, 3, SIDE - 1);
	put_le(out, 3, SIDE - 1);
	rdl_buf_add(out, one->p + 12, one->len - 12);
	if (more) {
		rdl_buf_add(out, "EXIF", 4);
		put_le(out, 4, EXIF_LEN - 6);
		rdl_buf_add(out, exif + 6, EXIF_LEN - 6);
		rdl_buf_add(out, "XMP \3\0\0\0<x>\0", 12);
	}
	for (i = 0; i < 4; i++)
		out->p[4 + i] = (char)((out->len - 8) >> 8 * i & 0xff);
}

static void
test_webp(void **state)
{
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB), out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf more = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf want = RDL_BUF_INIT(RDL_MIB);

	(void)state;
	put_webp(&one, pixels, SIDE, SIDE, 3, 101);
	strip(&one, &out);
	is_same(&out, &one);
	extend(&more, &one, true);
	extend(&want, &one, false);
	strip(&more, &out);
	is_same(&out, &want);
	decodes_alike(&more, &out);
	rdl_buf_release(&one);
	rdl_buf_release(&more);
	rdl_buf_release(&want);
	rdl_buf_release(&out);
}

/* -- What is none of these --------------------------------------------------*/

/* Every beginning of a file, and every byte of its first ones changed: as it
 * is, or shorter, and never read beyond its end. */
static void
damage(const struct rdl_buf *file, const char *format)
{
	struct rdl_image_info info = { .orientation = 1 };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	char *copy;
	size_t i;

	memcpy(info.format, format, strlen(format) + 1);
	for (i = 0; i < file->len; i++) {
		copy = malloc(i > 0 ? i : 1);
		assert_non_null(copy);
		memcpy(copy, file->p, i);
		rdl_draw_plain(&info, copy, i, &out);
		assert_in_range(out.len, 0, i);
		free(copy);
	}
	copy = malloc(file->len);
	assert_non_null(copy);
	for (i = 0; i < file->len && i < 200; i++) {
		memcpy(copy, file->p, file->len);
		copy[i] = (char)(copy[i] ^ 0xff);
		rdl_draw_plain(&info, copy, file->len, &out);
		assert_in_range(out.len, 0, file->len);
	}
	free(copy);
	rdl_buf_release(&out);
}

static void
test_damaged(void **state)
{
	struct png_kind png = { PNG_COLOR_TYPE_RGB, 8, false, 0, 0, NULL };
	struct jpeg_kind jpeg = { JCS_RGB, JCS_YCbCr, 90, false };
	struct rdl_buf one = RDL_BUF_INIT(RDL_MIB);
	struct rdl_buf more = RDL_BUF_INIT(RDL_MIB);

	(void)state;
	put_png(&one, pixels, SIDE, SIDE, &png, NULL, 0);
	add_chunks(&more, &one, "words");
	damage(&more, "png");
	damage(&more, "gif");
	rdl_buf_reset(&one);
	put_jpeg(&one, pixels, SIDE, SIDE, &jpeg, NULL, 0);
	damage(&one, "jpeg");
	rdl_buf_reset(&one);
	put_webp(&one, pixels, SIDE, SIDE, 3, 101);
	extend(&more, &one, true);
	damage(&more, "webp");
	rdl_buf_release(&one);
	rdl_buf_release(&more);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_png),
		cmocka_unit_test(test_jpeg),
		cmocka_unit_test(test_webp),
		cmocka_unit_test(test_damaged),
	};

	paint();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
