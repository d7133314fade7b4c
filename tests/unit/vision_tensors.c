/*
 * Safetensors files: the demo model, f16 and bf16 in all their values,
 * sharded models, digests, and headers that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/mem.h"
#include "vision/tensors.h"

#define MODEL "model.safetensors"
#define INDEX "model.safetensors.index.json"

static char dir[64];

static const char *
in_dir(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/riddle-tensors-XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { MODEL, INDEX, "a.safetensors",
		"b.safetensors", "pytorch_model.bin",
		"open_clip_model.safetensors" };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(names); i++)
		(void)unlink(in_dir(names[i]));
	return rmdir(dir);
}

static void
put_file(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(in_dir(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* A file with this header, and n bytes of data behind it: 0, 1, 2, ... */
static size_t
put_tensors(const char *name, const char *header, size_t n)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_MIB);
	size_t len = strlen(header), i;

	for (i = 0; i < 8; i++)
		rdl_buf_addc(&b, (char)(len >> 8 * i));
	rdl_buf_adds(&b, header);
	for (i = 0; i < n; i++)
		rdl_buf_addc(&b, (char)i);
	put_file(name, b.p, b.len);
	len = b.len;
	rdl_buf_release(&b);
	return len;
}

/* Opening dir must fail and say this. */
static void
must_refuse(const char *what)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *t = rdl_tensors_open(dir, &err);

	if (t != NULL)
		fail_msg("taken, but it should say: %s", what);
	if (strstr(err.msg, what) == NULL)
		fail_msg("\"%s\" does not say: %s", err.msg, what);
}

static struct rdl_tensors *
must_open(const char *path)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *t = rdl_tensors_open(path, &err);

	if (t == NULL)
		fail_msg("%s", err.msg);
	return t;
}

static void
test_demo_model(void **state)
{
	struct rdl_tensors *t = must_open("samples/demo-clip");
	const struct rdl_tensor *x;
	float v[2];

	(void)state;
	x = rdl_tensors_find(t, "text_model.embeddings.token_embedding.weight");
	assert_non_null(x);
	assert_int_equal(x->ndim, 2);
	assert_int_equal(x->shape[0], 4096);
	assert_int_equal(x->shape[1], 128);
	assert_int_not_equal(x->dtype, RDL_DTYPE_OTHER);
	rdl_tensors_f32(x, 4096 * 128 - 2, 2, v);
	assert_true(isfinite(v[0]) && isfinite(v[1]));
	x = rdl_tensors_find(t, "logit_scale");
	assert_non_null(x);
	assert_int_equal(x->ndim, 0);
	rdl_tensors_f32(x, 0, 1, v);
	assert_true(v[0] > 0 && v[0] < 5);
	assert_null(rdl_tensors_find(t, "logit_scal"));
	assert_null(rdl_tensors_find(t, ""));
	rdl_tensors_close(t);
	rdl_tensors_close(NULL);
}

static void
test_what_a_file_may_hold(void **state)
{
	const struct rdl_tensor *x;
	struct rdl_tensors *t;
	uint16_t half;

	(void)state;
	(void)put_tensors(MODEL, "{\"__metadata__\":{\"format\":\"pt\"},"
	    "\"b\":{\"dtype\":\"F16\",\"shape\":[3,1],"
	    "\"data_offsets\":[4,10]},"
	    "\"none\":{\"dtype\":\"F32\",\"shape\":[7,0],"
	    "\"data_offsets\":[4,4]},"
	    "\"a\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]},"
	    "\"h\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[10,11]}"
	    "}   ", 11);
	t = must_open(dir);
	x = rdl_tensors_find(t, "b");
	assert_non_null(x);
	assert_int_equal(x->dtype, RDL_DTYPE_F16);
	assert_int_equal(x->ndim, 2);
	assert_int_equal(x->shape[0], 3);
	assert_int_equal(x->shape[1], 1);
	assert_int_equal(x->size, 6);
	memcpy(&half, x->data, sizeof(half));
	assert_int_equal(half, 0x0504);
	x = rdl_tensors_find(t, "none");
	assert_non_null(x);
	assert_int_equal(x->size, 0);
	rdl_tensors_f32(x, 0, 0, NULL);
	x = rdl_tensors_find(t, "a");
	assert_non_null(x);
	assert_int_equal(x->dtype, RDL_DTYPE_OTHER);
	assert_null(rdl_tensors_find(t, "__metadata__"));
	rdl_tensors_close(t);
	(void)put_tensors(MODEL, "{}", 0);
	t = must_open(dir);
	assert_null(rdl_tensors_find(t, "a"));
	rdl_tensors_close(t);
}

#define ONE(dtype, shape, offsets) "{\"a\":{\"dtype\":\"" dtype \
	"\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(a, b) "{\"a\":{\"dtype\":\"U8\",\"shape\":[4]," \
	"\"data_offsets\":" a "},\"b\":{\"dtype\":\"U8\",\"shape\":[4]," \
	"\"data_offsets\":" b "}}"

static void
test_headers_that_lie(void **state)
{
	static const struct {
		const char *header;
		size_t n;
		const char *says;
	} cases[] = {
		{ ONE("F32", "[2]", "[0,8]"), 7, "outside the 7 bytes" },
		{ ONE("F32", "[2]", "[0,8]"), 9, "1 bytes behind the last" },
		{ ONE("F32", "[2]", "[0,7]"), 8, "7 bytes, its shape needs 8" },
		{ ONE("F32", "[2]", "[8,0]"), 8, "outside" },
		{ ONE("F32", "[2]", "[0,18446744073709551615]"), 8,
		    "outside" },
		{ ONE("F32", "[2]", "[18446744073709551608,"
		    "18446744073709551615]"), 8, "outside" },
		{ ONE("F32", "[2]", "[-8,0]"), 8, "not [begin, end]" },
		{ ONE("F32", "[2]", "[0,8.0]"), 8, "not [begin, end]" },
		{ ONE("F32", "[2]", "[0,8,8]"), 8, "not [begin, end]" },
		{ ONE("F32", "[2]", "8"), 8, "not [begin, end]" },
		{ ONE("F32", "[-2]", "[0,8]"), 8, "shape[0] is not a size" },
		{ ONE("F32", "[2.0]", "[0,8]"), 8, "shape[0] is not a size" },
		{ ONE("F32", "2", "[0,8]"), 8, "has no shape" },
		{ ONE("F32", "[4294967296,4294967296]", "[0,0]"), 0,
		    "too large" },
		{ ONE("F32", "[2305843009213693952]", "[0,0]"), 0,
		    "too large" },
		{ ONE("F32", "[4294967296,4294967296,0]", "[0,0]"), 0,
		    "too large" },
		{ ONE("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1,
		    "9 dimensions" },
		{ ONE("F4", "[3]", "[0,1]"), 1, "whole byte" },
		{ ONE("F33", "[2]", "[0,8]"), 8, "unknown dtype \"F33\"" },
		{ ONE("f32", "[2]", "[0,8]"), 8, "unknown dtype" },
		{ TWO("[0,4]", "[2,6]"), 6, "overlap at byte 2" },
		{ TWO("[0,4]", "[0,4]"), 4, "overlap at byte 0" },
		{ TWO("[0,4]", "[5,9]"), 9, "hole at byte 4" },
		{ TWO("[5,9]", "[1,5]"), 9, "hole at byte 0" },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],"
		    "\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\","
		    "\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "twice" },
		{ "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],"
		    "\"data_offsets\":[0,1]}}", 1, "has dtype twice" },
		{ "{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
		    "has no dtype" },
		{ "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1,
		    "has no shape" },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1,
		    "not [begin, end]" },
		{ "{\"a\":7}", 0, "is not an object" },
		{ "{\"a\":null}", 0, "is not an object" },
		{ "{\"__metadata__\":7}", 0, "is not an object" },
		{ "{\"__metadata__\":{\"k\":7}}", 0, "not a string" },
		{ "{}", 1, "1 bytes behind the last" },
		{ "[]", 0, "not JSON" },
		{ " {}", 0, "not JSON" },
		{ "{}x", 0, "byte" },
		{ "{\"a\"", 0, "byte" },
		{ "{\"\xff\":7}", 0, "byte" },
		{ "{", 0, "header of 1 bytes" },
		{ "", 0, "header of 0 bytes" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		(void)put_tensors(MODEL, cases[i].header, cases[i].n);
		must_refuse(cases[i].says);
	}
}

/* No prefix of a file is a file, nor is a longer one. */
static void
test_cut_at_every_byte(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_tensors *t;
	size_t len, n;

	(void)state;
	len = put_tensors(MODEL, TWO("[0,4]", "[4,8]"), 8);
	t = must_open(dir);
	rdl_tensors_close(t);
	for (n = len; n-- > 0;) {
		assert_int_equal(truncate(in_dir(MODEL), (off_t)n), 0);
		rdl_err_clear(&err);
		t = rdl_tensors_open(dir, &err);
		if (t != NULL)
			fail_msg("taken with %zu of %zu bytes", n, len);
		assert_int_equal(err.cls, RDL_E_INPUT);
		assert_non_null(strstr(err.msg, MODEL));
	}
	must_refuse("empty");
}

static void
test_lengths_that_lie(void **state)
{
	static const unsigned char lens[][8] = {
		{ 255, 255, 255, 255, 255, 255, 255, 255 },
		{ 0, 0, 0, 0, 0, 0, 0, 128 },
		{ 1, 225, 245, 5 },		/* 100,000,001 */
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(lens); i++) {
		put_file(MODEL, lens[i], 8);
		/* Sparse: as long as the last one says. */
		assert_int_equal(truncate(in_dir(MODEL), 100000010), 0);
		must_refuse("no safetensors file: a header of");
	}
	put_file(MODEL, "\0\x10\0\0\0\0\0\0{}", 10);
	must_refuse("cut short");
	put_file(MODEL, "version https://git-lfs.github.com/spec/v1\n", 43);
	must_refuse("git-lfs");
}

static void
test_what_is_no_file(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	must_refuse("has no model.safetensors");
	put_file("pytorch_model.bin", "x", 1);
	must_refuse("pickled weights");
	assert_null(rdl_tensors_open(in_dir("pytorch_model.bin"), &err));
	assert_non_null(strstr(err.msg, "not a folder"));
	assert_null(rdl_tensors_open(in_dir("nothing"), &err));
	assert_int_equal(err.cls, RDL_E_IO);
	assert_int_equal(mkfifo(in_dir(MODEL), 0600), 0);
	must_refuse("not a regular file");
	assert_int_equal(unlink(in_dir(MODEL)), 0);
	assert_int_equal(mkdir(in_dir(MODEL), 0700), 0);
	must_refuse("not a regular file");
	assert_int_equal(rmdir(in_dir(MODEL)), 0);
	(void)put_tensors("open_clip_model.safetensors", "{}", 0);
	rdl_tensors_close(must_open(dir));
}

static void
test_f16_in_all_its_values(void **state)
{
	struct rdl_tensor t = { .dtype = RDL_DTYPE_F16, .ndim = 1 };
	unsigned char *raw = rdl_mem_calloc(65536 * 2 + 1, 1);
	float *out = rdl_mem_calloc(65536, sizeof(*out));
	uint32_t h, bits, want;
	double value;
	int exponent;
	float f;

	(void)state;
	for (h = 0; h < 65536; h++) {
		raw[2 * h + 1] = (unsigned char)h;	/* unaligned */
		raw[2 * h + 2] = (unsigned char)(h >> 8);
	}
	t.data = raw + 1;
	t.size = 131072;
	rdl_tensors_f32(&t, 0, 65536, out);
	for (h = 0; h < 65536; h++) {
		exponent = (int)(h >> 10 & 31);
		/* IEEE 754-2019, 3.4. */
		value = exponent == 0 ? ldexp(h & 1023, -24) :
		    ldexp(1024 + (h & 1023), exponent - 25);
		f = (float)((h & 0x8000) != 0 ? -value : value);
		memcpy(&want, &f, sizeof(want));
		if (exponent == 31)
			want = (h & 0x8000) << 16 | 0x7f800000 |
			    (h & 1023) << 13;
		memcpy(&bits, &out[h], sizeof(bits));
		if (bits != want)
			fail_msg("%04x is %08x, not %08x", h, bits, want);
	}
	free(raw);
	free(out);
}

static void
test_conversion_of_parts(void **state)
{
	static const int dtypes[] = { RDL_DTYPE_F32, RDL_DTYPE_BF16,
		RDL_DTYPE_F16, RDL_DTYPE_OTHER };
	unsigned char raw[4 * 300 + 1];
	struct rdl_tensor t = { .ndim = 1, .data = raw + 1 };
	float all[300], part[301];
	uint32_t bits;
	size_t i, k, from;

	(void)state;
	for (i = 0; i < sizeof(raw); i++)
		raw[i] = (unsigned char)(i * 7 + i / 13);
	for (k = 0; k < RDL_NELEM(dtypes); k++) {
		t.dtype = dtypes[k];
		rdl_tensors_f32(&t, 0, 300, all);
		for (from = 0; from < 300; from += 1 + from / 3) {
			part[300 - from] = 7;
			rdl_tensors_f32(&t, from, 300 - from, part);
			assert_memory_equal(part, all + from,
			    (300 - from) * sizeof(*all));
			assert_true(part[300 - from] == 7.0f);
		}
	}
	assert_true(isnan(all[0]) && isnan(all[299]));
	t.dtype = RDL_DTYPE_BF16;
	rdl_tensors_f32(&t, 0, 300, all);
	for (i = 0; i < 300; i++) {
		memcpy(&bits, &all[i], sizeof(bits));
		assert_int_equal(bits, (uint32_t)raw[2 * i + 1] << 16 |
		    (uint32_t)raw[2 * i + 2] << 24);
	}
	t.dtype = RDL_DTYPE_F32;
	rdl_tensors_f32(&t, 0, 300, all);
	assert_memory_equal(all, raw + 1, 1200);
}

static void
put_index(const char *weight_map)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "{\"metadata\":{\"total_size\":1},"
	    "\"weight_map\":%s}", weight_map);
	put_file(INDEX, text, strlen(text));
}

/* XXH3-128 as the library gives it at once, canonical form. */
static void
test_digest(void **state)
{
	struct rdl_buf both = RDL_BUF_INIT(16 * RDL_MIB);
	struct rdl_err err = RDL_ERR_INIT;
	XXH128_canonical_t want;
	struct rdl_hash got;
	struct rdl_tensors *t;

	(void)state;
	t = must_open("samples/demo-clip");
	assert_int_equal(rdl_file_read("samples/demo-clip/" MODEL, &both,
	    &err), 0);
	XXH128_canonicalFromHash(&want, XXH3_128bits(both.p, both.len));
	assert_int_equal(rdl_tensors_digest(t, &got, &err), 0);
	assert_memory_equal(got.b, want.digest, 16);
	rdl_tensors_close(t);

	(void)put_tensors("a.safetensors", ONE("U8", "[9]", "[0,9]"), 9);
	(void)put_tensors("b.safetensors", "{}", 0);
	put_index("{\"a\":\"a.safetensors\"}");
	rdl_buf_reset(&both);
	assert_int_equal(rdl_file_read(in_dir("a.safetensors"), &both, &err),
	    0);
	XXH128_canonicalFromHash(&want, XXH3_128bits(both.p, both.len));
	t = must_open(dir);
	assert_int_equal(rdl_tensors_digest(t, &got, &err), 0);
	assert_memory_equal(got.b, want.digest, 16);
	assert_int_equal(truncate(in_dir("a.safetensors"), 20), 0);
	assert_int_equal(rdl_tensors_digest(t, &got, &err), -1);
	assert_non_null(strstr(err.msg, "shorter"));
	rdl_tensors_close(t);
	rdl_buf_release(&both);
}

static void
test_sharded(void **state)
{
	const struct rdl_tensor *x;
	struct rdl_tensors *t;

	(void)state;
	(void)put_tensors("a.safetensors", ONE("U8", "[4]", "[0,4]"), 4);
	(void)put_tensors("b.safetensors", "{\"b\":{\"dtype\":\"U8\","
	    "\"shape\":[2],\"data_offsets\":[0,2]},\"c\":{\"dtype\":\"U8\","
	    "\"shape\":[1],\"data_offsets\":[2,3]}}", 3);
	put_index("{\"c\":\"b.safetensors\",\"a\":\"a.safetensors\","
	    "\"b\":\"b.safetensors\"}");
	t = must_open(dir);
	x = rdl_tensors_find(t, "c");
	assert_non_null(x);
	assert_int_equal(*(const unsigned char *)x->data, 2);
	x = rdl_tensors_find(t, "a");
	assert_non_null(x);
	assert_int_equal(x->size, 4);
	rdl_tensors_close(t);
}

static void
test_indexes_that_lie(void **state)
{
	static const struct {
		const char *map, *says;
	} cases[] = {
		{ "{\"a\":\"b.safetensors\"}", "\"a\" is not in b." },
		{ "{\"a\":\"a.safetensors\",\"z\":\"a.safetensors\"}",
		    "\"z\" is not in a." },
		{ "{\"a\":\"c.safetensors\"}", "c.safetensors: No such file" },
		{ "{\"a\":\"../a.safetensors\"}", "no plain file name" },
		{ "{\"a\":\"x/a.safetensors\"}", "no plain file name" },
		{ "{\"a\":\"\"}", "no plain file name" },
		{ "{\"a\":\"a.safetensors\\u0000\"}", "no plain file name" },
		{ "{\"a\":7}", "no plain file name" },
		{ "{\"a\":\"" INDEX "\"}", INDEX ": no safetensors file" },
		{ "{}", "weight_map is empty" },
		{ "[]", "has no weight_map" },
		{ "{", "byte" },
	};
	size_t i;

	(void)state;
	(void)put_tensors("a.safetensors", ONE("U8", "[4]", "[0,4]"), 4);
	(void)put_tensors("b.safetensors", "{}", 0);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		put_index(cases[i].map);
		must_refuse(cases[i].says);
	}
	(void)put_tensors("b.safetensors", ONE("U8", "[4]", "[0,4]"), 4);
	put_index("{\"a\":\"a.safetensors\",\"x\":\"b.safetensors\"}");
	must_refuse("tensor \"a\": is there twice");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demo_model),
		cmocka_unit_test_setup_teardown(test_what_a_file_may_hold,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(test_headers_that_lie, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_cut_at_every_byte, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_lengths_that_lie, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_file, setup,
		    teardown),
		cmocka_unit_test(test_f16_in_all_its_values),
		cmocka_unit_test(test_conversion_of_parts),
		cmocka_unit_test_setup_teardown(test_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sharded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_indexes_that_lie, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
