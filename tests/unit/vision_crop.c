/*
 * Resizing: what Pillow 13 gives, by digests taken from it; all sets of loops
 * alike; a part is a part of the whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "vision/crop.h"
#include "vision/crop_impl.h"

static struct rdl_err err = RDL_ERR_INIT;

/* Noise, in memory of just its size, so that ASan sees a byte too many. */
static struct rdl_image
noise(uint32_t w, uint32_t h)
{
	struct rdl_image im = { NULL, w, h };
	size_t i, n = (size_t)w * h * 3;
	uint32_t v = w * 65536 + h;

	im.rgb = rdl_mem_realloc(NULL, n, 1);
	for (i = 0; i < n; i++) {
		v = v * 1664525 + 1013904223;
		im.rgb[i] = (uint8_t)(v >> 24);
	}
	return im;
}

/* Digests of what Pillow 13.0.0 makes of noise(): Image.resize(), then crop()
 * with margins floored, or rounded half to even. */
static const struct {
	uint32_t w, h;
	struct rdl_crop crop;
	const char *digest;
} golden[] = {
	{ 500, 375, { 224, 0, false, false },
		"b1d621f41a51d9b2d61a0a6f551d86f9" },
	{ 375, 500, { 224, 0, false, false },
		"5842851b1e39bad3e37223ef08eb4da7" },
	{ 375, 500, { 224, 0, false, true },
		"5842851b1e39bad3e37223ef08eb4da7" },
	{ 226, 449, { 224, 0, false, false },
		"82a33cef089f0424c8deee2187773757" },
	{ 226, 449, { 224, 0, false, true },
		"82a33cef089f0424c8deee2187773757" },
	{ 100, 301, { 32, 0, false, false },
		"27bd32162e3e3c284ff219b9306f419a" },
	{ 301, 100, { 32, 0, false, false },
		"eb17540d5e6cabbe0d19e20a821b8004" },
	{ 100, 301, { 64, 1, false, false },
		"62182b99b9bad26e33e84f0be6b21b12" },
	{ 224, 224, { 224, 0, false, false },
		"c588d4883b10990fb020e40f6275e86b" },
	{ 224, 300, { 224, 0, false, true },
		"90a029c78a2f3c06ac791fb0f30a47a5" },
	{ 17, 9, { 224, 0, false, false },
		"b0dd684370672cd3dcb6a941a91ac014" },
	{ 1, 1, { 32, 0, false, false },
		"f99a7af1b2418f6cbcb644593f421b49" },
	{ 3, 200, { 16, 0, true, false },
		"5e7b2e9cc47810743f7245402943420c" },
	{ 640, 427, { 224, 1, true, false },
		"f30aa4ed964fdfd37b3a8aa93e039030" },
	{ 427, 640, { 224, 0, true, false },
		"7816bf42dc8f5b86598acebf3a2a3aab" },
	{ 31, 29, { 336, 1, false, true },
		"36cb2643cedc2ef13a92bf01379ce360" },
};

static void
test_as_pillow_does(void **state)
{
	char hex[2 * RDL_HASH_LEN + 1];
	struct rdl_image im;
	struct rdl_hash hash;
	uint8_t *out;
	size_t i, n;

	(void)state;
	for (i = 0; i < RDL_NELEM(golden); i++) {
		im = noise(golden[i].w, golden[i].h);
		n = (size_t)golden[i].crop.size * golden[i].crop.size;
		out = rdl_mem_calloc(n, 3);
		assert_int_equal(rdl_crop_square(&im, &golden[i].crop, out,
		    &err), 0);
		hash = rdl_hash_of(out, n * 3);
		rdl_hash_hex(hex, hash.b, sizeof(hash.b));
		if (strcmp(hex, golden[i].digest) != 0)
			fail_msg("%u x %u to %u: %s", (unsigned)golden[i].w,
			    (unsigned)golden[i].h,
			    (unsigned)golden[i].crop.size, hex);
		free(out);
		free(im.rgb);
	}
}

static uint32_t
side(struct rdl_rng *rng)
{
	static const uint64_t most[] = { 4, 40, 400 };

	return (uint32_t)(1 + rdl_rng_below(rng,
	    most[rdl_rng_below(rng, RDL_NELEM(most))]));
}

static void
test_all_sets_are_alike(void **state)
{
	const struct rdl_crop_set *sets[] = { rdl_crop_plain(),
		rdl_crop_avx2(), rdl_crop_vnni() };
	struct rdl_crop_window win = { 0 };
	struct rdl_rng rng = { 1 };
	struct rdl_image im;
	uint8_t *out[RDL_NELEM(sets)];
	size_t i, s, n;

	(void)state;
	for (i = 0; i < 400; i++) {
		im = noise(side(&rng), side(&rng));
		win.width = rdl_rng_below(&rng, 4) == 0 ? im.width :
		    side(&rng);
		win.height = rdl_rng_below(&rng, 4) == 0 ? im.height :
		    side(&rng);
		win.x = rdl_rng_below(&rng, win.width);
		win.y = rdl_rng_below(&rng, win.height);
		win.w = (uint32_t)(1 + rdl_rng_below(&rng, win.width - win.x));
		win.h = (uint32_t)(1 + rdl_rng_below(&rng,
		    win.height - win.y));
		win.filter = i % 2 == 0 ? RDL_RESIZE_BICUBIC :
		    RDL_RESIZE_BILINEAR;
		n = (size_t)win.w * win.h * 3;
		for (s = 0; s < RDL_NELEM(sets); s++) {
			out[s] = rdl_mem_realloc(NULL, n, 1);
			if (sets[s] == NULL)
				continue;
			rdl_crop_with(sets[s], &im, &win, out[s]);
			assert_memory_equal(out[s], out[0], n);
		}
		for (s = 0; s < RDL_NELEM(sets); s++)
			free(out[s]);
		free(im.rgb);
	}
}

/* The largest sums there are: black and white stripes of one and two pixels,
 * both ways. */
static void
test_extremes(void **state)
{
	const struct rdl_crop_set *sets[] = { rdl_crop_avx2(),
		rdl_crop_vnni() };
	struct rdl_crop_window win = { 50, 30, 0, 0, 50, 30,
		RDL_RESIZE_BICUBIC };
	uint8_t want[50 * 30 * 3], got[50 * 30 * 3];
	struct rdl_image im = noise(640, 480);
	size_t i, k, s;

	(void)state;
	for (k = 0; k < 6; k++) {
		for (i = 0; i < (size_t)640 * 480; i++)
			memset(im.rgb + 3 * i, k == 0 ? 255 : k == 1 ? 0 :
			    ((k < 4 ? i % 640 : i / 640) >> (k & 1) & 1) ?
			    255 : 0, 3);
		rdl_crop_with(rdl_crop_plain(), &im, &win, want);
		for (i = 0; k < 2 && i < sizeof(want); i++)
			assert_int_equal(want[i], k == 0 ? 255 : 0);
		for (s = 0; s < RDL_NELEM(sets); s++)
			if (sets[s] != NULL) {
				rdl_crop_with(sets[s], &im, &win, got);
				assert_memory_equal(got, want, sizeof(want));
			}
	}
	free(im.rgb);
}

static void
test_a_part_is_part_of_the_whole(void **state)
{
	static const uint32_t sizes[][4] = { { 100, 80, 60, 40 },
		{ 40, 200, 30, 50 }, { 50, 50, 50, 31 }, { 50, 50, 31, 50 },
		{ 20, 30, 90, 70 }, { 60, 60, 60, 60 } };
	struct rdl_crop_window win = { 0 };
	struct rdl_image im;
	uint8_t *whole, *part;
	size_t i, y;

	(void)state;
	for (i = 0; i < RDL_NELEM(sizes); i++) {
		im = noise(sizes[i][0], sizes[i][1]);
		win.width = sizes[i][2];
		win.height = sizes[i][3];
		whole = rdl_mem_calloc(win.width * win.height, 3);
		assert_int_equal(rdl_crop_resize(&im, sizes[i][2], sizes[i][3],
		    RDL_RESIZE_BICUBIC, whole, &err), 0);
		win.x = 7;
		win.y = 11;
		win.w = sizes[i][2] - 12;
		win.h = sizes[i][3] - 20;
		part = rdl_mem_calloc((size_t)win.w * win.h, 3);
		rdl_crop_with(rdl_crop_best(), &im, &win, part);
		for (y = 0; y < win.h; y++)
			assert_memory_equal(part + y * win.w * 3, whole +
			    ((y + 11) * win.width + 7) * 3, (size_t)win.w * 3);
		free(part);
		free(whole);
		free(im.rgb);
	}
}

/* A strip whose whole square would be 50,000 times as long as it is wide. */
static void
test_strips_cost_little(void **state)
{
	static const struct rdl_crop crop = { 224, RDL_RESIZE_BICUBIC, false,
		false };
	static const uint32_t sizes[][2] = { { 1, 50000 }, { 50000, 1 },
		{ 3, 65500 }, { 65500, 2 } };
	static uint8_t out[224 * 224 * 3];
	struct rdl_image im;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(sizes); i++) {
		im = noise(sizes[i][0], sizes[i][1]);
		assert_int_equal(rdl_crop_square(&im, &crop, out, &err), 0);
		free(im.rgb);
	}
}

static void
test_refused(void **state)
{
	struct rdl_image none = RDL_IMAGE_INIT, im = noise(3, 3);
	struct rdl_crop crop = { 0, RDL_RESIZE_BICUBIC, false, false };
	uint8_t out[27];

	(void)state;
	assert_int_equal(rdl_crop_square(&im, &crop, out, &err), -1);
	assert_int_equal(rdl_crop_resize(&im, 3, 0, RDL_RESIZE_BICUBIC, out,
	    &err), -1);
	assert_int_equal(rdl_crop_resize(&im, 3, 3, 7, out, &err), -1);
	assert_int_equal(err.cls, RDL_E_USAGE);
	assert_int_equal(rdl_crop_resize(&none, 3, 3, RDL_RESIZE_BICUBIC, out,
	    &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	free(im.rgb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_pillow_does),
		cmocka_unit_test(test_all_sets_are_alike),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_a_part_is_part_of_the_whole),
		cmocka_unit_test(test_strips_cost_little),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
