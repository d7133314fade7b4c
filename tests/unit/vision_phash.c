/*
 * The perceptual hash: the same bits everywhere, near for a picture scaled,
 * brightened or recoloured, far for another; and the index, against looking
 * at every hash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/mem.h"
#include "core/rng.h"
#include "vision/crop.h"
#include "vision/phash.h"

static struct rdl_err err = RDL_ERR_INIT;

/* Smooth blobs, made of whole numbers: corners of a 5 x 5 grid, blended. */
static struct rdl_image
blobs(uint64_t seed, uint32_t w, uint32_t h)
{
	struct rdl_image small = { NULL, 5, 5 }, im = { NULL, w, h };
	struct rdl_rng rng = { seed };
	uint8_t grid[75];
	size_t i;

	for (i = 0; i < sizeof(grid); i++)
		grid[i] = (uint8_t)(40 + rdl_rng_below(&rng, 160));
	small.rgb = grid;
	im.rgb = rdl_mem_calloc((size_t)w * h, 3);
	assert_int_equal(rdl_crop_resize(&small, w, h, RDL_RESIZE_BICUBIC,
	    im.rgb, &err), 0);
	return im;
}

static uint64_t
hash_of(const struct rdl_image *im)
{
	uint64_t hash = 0;

	assert_int_equal(rdl_phash(im, &hash, &err), 0);
	return hash;
}

static int
apart(uint64_t a, uint64_t b)
{
	return __builtin_popcountll(a ^ b);
}

/* Taken from this code, which tests/peers/pillow.py checks: a hash that
 * changes breaks every ledger. */
static void
test_known_hashes(void **state)
{
	static const uint64_t known[] = {
		0x8d3c0db2074dfc4d, 0xf216adf2672d9809,
		0x98f84732b8cd47c9, 0xd29c8d8d58762772,
		0xed65a9b8cd433243, 0x879c228ded771272
	};
	struct rdl_image im;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(known); i++) {
		im = blobs(i, (uint32_t)(64 + 37 * i), (uint32_t)(200 - 29 *
		    i));
		if (hash_of(&im) != known[i])
			fail_msg("hash %zu is 0x%016llx", i,
			    (unsigned long long)hash_of(&im));
		free(im.rgb);
	}
}

/* A cosine of frequency (u, v) lights the bit of row v and column u. */
static void
test_bits_are_frequencies(void **state)
{
	static const int wave[64] = {	/* 100 cos(pi k / 64), k of 0..63 */
		100, 100, 100, 99, 98, 97, 96, 94, 92, 90, 88, 86, 83, 80, 77,
		74, 71, 67, 63, 60, 56, 51, 47, 43, 38, 34, 29, 24, 20, 15,
		10, 5, 0, -5, -10, -15, -20, -24, -29, -34, -38, -43, -47,
		-51, -56, -60, -63, -67, -71, -74, -77, -80, -83, -86, -88,
		-90, -92, -94, -96, -97, -98, -99, -100, -100 };
	struct rdl_image im = { rdl_mem_calloc(32 * 32, 3), 32, 32 };
	size_t u, v, x, y, a, b;
	uint64_t hash;
	int s;

	(void)state;
	for (v = 0; v < 8; v++)
		for (u = v == 0; u < 8; u++) {
			for (y = 0; y < 32; y++)
				for (x = 0; x < 32; x++) {
					a = (2 * x + 1) * u % 128;
					b = (2 * y + 1) * v % 128;
					s = (a < 64 ? wave[a] : -wave[a - 64]) *
					    (b < 64 ? wave[b] : -wave[b - 64]);
					memset(im.rgb + (y * 32 + x) * 3,
					    128 + s / 100, 3);
				}
			hash = hash_of(&im);
			assert_true(hash >> (63 - (8 * v + u)) & 1);
		}
	free(im.rgb);
}

static void
test_near_and_far(void **state)
{
	struct rdl_image im, other;
	uint64_t hash;
	size_t i, seed, n;
	int far = 0;

	(void)state;
	for (seed = 0; seed < 20; seed++) {
		im = blobs(seed, 300, 200);
		hash = hash_of(&im);
		other = blobs(seed, 301, 199);
		assert_in_range(apart(hash, hash_of(&other)), 0, 4);
		free(other.rgb);
		other = blobs(seed, 90, 60);
		assert_in_range(apart(hash, hash_of(&other)), 0, 6);
		free(other.rgb);
		n = (size_t)im.width * im.height * 3;
		for (i = 0; i < n; i++)
			im.rgb[i] = (uint8_t)(im.rgb[i] * 9 / 10 + 12);
		assert_in_range(apart(hash, hash_of(&im)), 0, 6);
		free(im.rgb);
		other = blobs(seed + 1000, 300, 200);
		far += apart(hash, hash_of(&other)) > 12;
		free(other.rgb);
	}
	assert_true(far >= 19);
}

static void
test_flat_and_tiny(void **state)
{
	struct rdl_image im = { rdl_mem_calloc(300, 3), 1, 1 }, none =
	    RDL_IMAGE_INIT;
	uint64_t hash;

	(void)state;
	assert_int_equal(hash_of(&im), 0);	/* black: no sum is above 0 */
	memset(im.rgb, 200, 900);
	hash = hash_of(&im);
	assert_int_equal(hash, UINT64_C(1) << 63);
	im.width = 30;
	im.height = 10;
	assert_int_equal(hash_of(&im), hash);
	assert_int_equal(rdl_phash(&none, &hash, &err), -1);
	free(im.rgb);
}

/* Hashes in clusters, so that there are near ones at every distance. */
static uint64_t
clustered(struct rdl_rng *rng)
{
	uint64_t h = rdl_rng_below(rng, 20) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t i, flips = rdl_rng_below(rng, 20);

	for (i = 0; i < flips; i++)
		h ^= UINT64_C(1) << rdl_rng_below(rng, 64);
	return h;
}

static void
test_index_finds_the_earliest(void **state)
{
	enum { N = 1500 };
	struct rdl_phash_index *ix;
	struct rdl_rng rng;
	uint64_t *seen = rdl_mem_calloc(N, sizeof(*seen)), h;
	uint32_t value;
	unsigned near;
	size_t i, j, found;
	int d;

	(void)state;
	for (near = 0; near <= 16; near++) {
		ix = rdl_phash_index_new(near);
		rng.state = near;
		found = 0;
		for (i = 0; i < N; i++) {
			h = clustered(&rng);
			for (j = 0; j < i && apart(seen[j], h) > (int)near;)
				j++;
			d = rdl_phash_index_find(ix, h, &value);
			if (j == i)
				assert_int_equal(d, -1);
			else {
				assert_int_equal(d, apart(seen[j], h));
				assert_int_equal(value, j * 3 + 1);
				found++;
			}
			seen[i] = h;
			rdl_phash_index_add(ix, h, (uint32_t)(i * 3 + 1));
		}
		assert_true(found > 0 && found < N);
		rdl_phash_index_free(ix);
	}
	free(seen);
	rdl_phash_index_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_hashes),
		cmocka_unit_test(test_bits_are_frequencies),
		cmocka_unit_test(test_near_and_far),
		cmocka_unit_test(test_flat_and_tiny),
		cmocka_unit_test(test_index_finds_the_earliest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
