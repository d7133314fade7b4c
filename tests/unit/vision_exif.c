/*
 * EXIF orientation: turns of pixels, and headers that no camera wrote.
 * The turning of whole files is in vision_image.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/mem.h"
#include "core/rng.h"
#include "vision/image.h"
#include "vision/image_impl.h"
#include "vision_files.h"

/* Every mirror image undone by doing it again, every turn by its opposite,
 * on odd sizes too. */
static void
test_turns_come_back(void **state)
{
	static const int back[9] = { 0, 1, 2, 3, 4, 5, 8, 7, 6 };
	static const uint32_t sizes[][2] = { { 1, 1 }, { 1, 7 }, { 9, 1 },
		{ 37, 29 }, { 33, 64 }, { 2, 2 } };
	static uint8_t px[33 * 64 * 3];
	struct rdl_rng rng = { 5 };
	struct rdl_image im = { 0 };
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, n;
	int o;

	(void)state;
	for (i = 0; i < sizeof(px); i++)
		px[i] = (uint8_t)rdl_rng_next(&rng);
	for (i = 0; i < RDL_NELEM(sizes); i++)
		for (o = 1; o <= 8; o++) {
			n = (size_t)sizes[i][0] * sizes[i][1] * 3;
			assert_int_equal(rdl_pixels_alloc(&im, sizes[i][0],
			    sizes[i][1], 3, &err), 0);
			memcpy(im.rgb, px, n);
			rdl_pixels_orient(&im, o);
			assert_int_equal(im.width, sizes[i][o >= 5]);
			rdl_pixels_orient(&im, back[o]);
			assert_int_equal(im.width, sizes[i][0]);
			assert_memory_equal(im.rgb, px, n);
			rdl_image_release(&im);
		}
}

static int
exif_exactly(const uint8_t *p, size_t len)
{
	uint8_t *copy = rdl_mem_realloc(NULL, len + !len, 1);
	int o;

	if (len > 0)
		memcpy(copy, p, len);
	o = rdl_exif_orientation(copy, len);
	free(copy);
	assert_in_range(o, 1, 8);
	return o;
}

static void
test_exif_rubbish_is_upright(void **state)
{
	struct rdl_rng rng = { 6 };
	uint8_t exif[EXIF_LEN];
	size_t i, j;

	(void)state;
	make_exif(exif, true, 6);
	assert_int_equal(exif_exactly(exif, EXIF_LEN), 6);
	assert_int_equal(exif_exactly(exif + 6, EXIF_LEN - 6), 6);
	for (i = 0; i < 40; i++)
		assert_int_equal(exif_exactly(exif, i), 1);
	for (i = 0; i < 20; i++) {
		make_exif(exif, i % 2 == 0, (unsigned)i);
		assert_int_equal(exif_exactly(exif, EXIF_LEN),
		    i >= 1 && i <= 8 ? (int)i : 1);
	}
	make_exif(exif, false, 6);
	exif[10] = exif[11] = exif[12] = exif[13] = 0xff;	/* offset */
	assert_int_equal(exif_exactly(exif, EXIF_LEN), 1);
	make_exif(exif, false, 6);
	exif[14] = exif[15] = 0xff;	/* entries */
	assert_int_equal(exif_exactly(exif, EXIF_LEN), 6);
	make_exif(exif, false, 6);
	exif[30] = 2;			/* type */
	assert_int_equal(exif_exactly(exif, EXIF_LEN), 1);
	for (i = 0; i < 20000; i++) {
		make_exif(exif, i % 2 == 0, 6);
		for (j = 0; j < 4; j++)
			exif[rdl_rng_below(&rng, EXIF_LEN)] =
			    (uint8_t)rdl_rng_next(&rng);
		exif_exactly(exif, (size_t)rdl_rng_below(&rng, EXIF_LEN + 1));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns_come_back),
		cmocka_unit_test(test_exif_rubbish_is_upright),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
