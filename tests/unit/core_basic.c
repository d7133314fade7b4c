/*
 * The core floor: buffers, numbers, maps, folding, hashes.
 * Published vectors: FIPS 180-4 for SHA-256, RFC 4648 for base64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/embed.h"
#include "core/hash.h"
#include "core/map.h"
#include "core/num.h"
#include "core/rng.h"
#include "core/utf8.h"

static void
test_buf_refuses_past_its_maximum(void **state)
{
	struct rdl_buf b = RDL_BUF_INIT(8);

	(void)state;
	rdl_buf_adds(&b, "12345678");
	assert_false(rdl_buf_full(&b));
	rdl_buf_addc(&b, '9');
	assert_true(rdl_buf_full(&b));
	assert_int_equal(b.len, 8);
	rdl_buf_reset(&b);
	rdl_buf_adds(&b, "ok");
	assert_string_equal(b.p, "ok");
	rdl_buf_release(&b);
}

static void
test_buf_base64_is_rfc4648(void **state)
{
	static const char *const want[] = { "", "Zg==", "Zm8=", "Zm9v",
		"Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy" };
	struct rdl_buf b = RDL_BUF_INIT(64);
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(want); i++) {
		rdl_buf_reset(&b);
		rdl_buf_addbase64(&b, "foobar", i);
		assert_int_equal(b.len, strlen(want[i]));
		assert_memory_equal(b.p, want[i], b.len);
	}
	rdl_buf_release(&b);
}

static void
test_buf_json_escapes(void **state)
{
	struct rdl_buf b = RDL_BUF_INIT(256);

	(void)state;
	rdl_buf_addjson(&b, "a\"\\\n\t\x01\0z\x7f\xc3\xa9", 11);
	assert_string_equal(b.p,
	    "\"a\\\"\\\\\\n\\t\\u0001\\u0000z\x7f\xc3\xa9\"");
	rdl_buf_release(&b);
}

/* Every pair of bytes at every distance: what follows must not depend on where
 * a string was looked at eight bytes at a time. */
static void
test_buf_json_escapes_anywhere(void **state)
{
	struct rdl_buf b = RDL_BUF_INIT(256), one = RDL_BUF_INIT(256);
	struct rdl_buf want = RDL_BUF_INIT(256);
	char text[24];
	unsigned c;
	size_t i, k;

	(void)state;
	for (c = 0; c < 256; c++)
		for (i = 0; i < sizeof(text); i++) {
			memset(text, 'a' + (int)i, sizeof(text));
			text[i] = (char)c;
			text[(i * 7 + c) % sizeof(text)] = (char)(c ^ 0x80);
			rdl_buf_reset(&b);
			rdl_buf_addjson(&b, text, sizeof(text));
			rdl_buf_reset(&want);
			rdl_buf_addc(&want, '"');
			for (k = 0; k < sizeof(text); k++) {
				rdl_buf_reset(&one);
				rdl_buf_addjson(&one, text + k, 1);
				rdl_buf_add(&want, one.p + 1, one.len - 2);
			}
			rdl_buf_addc(&want, '"');
			assert_int_equal(b.len, want.len);
			assert_memory_equal(b.p, want.p, b.len);
		}
	rdl_buf_release(&b);
	rdl_buf_release(&one);
	rdl_buf_release(&want);
}

static void
test_num_bounds(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	int64_t v;
	double d;

	(void)state;
	assert_int_equal(rdl_num_int("42", 0, 100, &v, &err), 0);
	assert_int_equal(v, 42);
	assert_int_equal(rdl_num_int("-7", -10, 0, &v, &err), 0);
	assert_int_equal(rdl_num_int("101", 0, 100, &v, &err), -1);
	assert_string_equal(err.msg, "101 is out of range 0..100");
	assert_int_equal(rdl_num_int("", 0, 1, &v, &err), -1);
	assert_int_equal(rdl_num_int(" 1", 0, 1, &v, &err), -1);
	assert_int_equal(rdl_num_int("1x", 0, 1, &v, &err), -1);
	assert_int_equal(rdl_num_int("0x1", 0, 1, &v, &err), -1);
	assert_int_equal(rdl_num_int("99999999999999999999", 0, INT64_MAX,
	    &v, &err), -1);
	assert_int_equal(rdl_num_real("0.25", 0, 1, &d, &err), 0);
	assert_true(d == 0.25);
	assert_int_equal(rdl_num_real("nan", 0, 1, &d, &err), -1);
	assert_int_equal(rdl_num_real("inf", 0, 1e300, &d, &err), -1);
	assert_int_equal(rdl_num_real("1e999", 0, 1e300, &d, &err), -1);
}

static void
test_num_money_is_exact(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	int64_t v;

	(void)state;
	assert_int_equal(rdl_num_usd("0.0375", &v, &err), 0);
	assert_true(v == INT64_C(37500000000));
	assert_true(v / 1000000 == 37500);
	assert_int_equal(rdl_num_usd("12", &v, &err), 0);
	assert_true(v == 12 * RDL_PUSD);
	assert_int_equal(rdl_num_usd("0.0000000000001", &v, &err), -1);
	assert_int_equal(rdl_num_usd("-1", &v, &err), -1);
	assert_int_equal(rdl_num_usd("", &v, &err), -1);
	assert_int_equal(rdl_num_usd("99999999999", &v, &err), -1);
	assert_true(rdl_num_pusd(0.1) == RDL_PUSD / 10);
}

static void
test_num_duration(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{ "12ms", 12 }, { "1s", 1000 }, { "6m0s", 360000 },
		{ "1m30.5s", 90500 }, { "20", 20000 }, { "0.5", 500 },
		{ "1h2m3s", 3723000 }, { "17.279ms", 18 }, { "0", 0 },
	};
	static const char *const bad[] = { "", "s", "1x", "-1s", "1s x",
		"ms" };
	struct rdl_err err = RDL_ERR_INIT;
	int64_t ms;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(good); i++) {
		assert_int_equal(rdl_num_duration(good[i].text, &ms, &err), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (i = 0; i < RDL_NELEM(bad); i++)
		assert_int_equal(rdl_num_duration(bad[i], &ms, &err), -1);
}

static void
test_num_share(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_share s;

	(void)state;
	assert_int_equal(rdl_num_share("20", &s, &err), 0);
	assert_true(s.value == 20 && !s.percent);
	assert_int_equal(rdl_num_share("2.5%", &s, &err), 0);
	assert_true(s.value == 2.5 && s.percent);
	assert_int_equal(rdl_num_share("101%", &s, &err), -1);
	assert_int_equal(rdl_num_share("%", &s, &err), -1);
	assert_int_equal(rdl_num_share("2.5", &s, &err), -1);
}

static void
test_hash_fips_vectors(void **state)
{
	struct rdl_hasher *h = rdl_hasher_new();
	struct rdl_sha256 d;
	char hex[65];
	int i;

	(void)state;
	d = rdl_hash_sha256("abc", 3);
	rdl_hash_hex(hex, d.b, sizeof(d.b));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	for (i = 0; i < 1000000; i++)
		rdl_hasher_add(h, "a", 1);
	d = rdl_hasher_end(h);
	rdl_hash_hex(hex, d.b, sizeof(d.b));
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67"
	    "f1809a48a497200e046d39ccc7112cd0");
	rdl_hasher_free(h);
	assert_int_equal(rdl_hash_unhex(d.b, "00ff", 2), 0);
	assert_int_equal(d.b[1], 0xff);
	assert_int_equal(rdl_hash_unhex(d.b, "0G", 1), -1);
}

static void
test_rng_is_splitmix64(void **state)
{
	struct rdl_rng r = { 1234567 };

	(void)state;
	/* The published first outputs for this seed. */
	assert_true(rdl_rng_next(&r) == UINT64_C(6457827717110365317));
	assert_true(rdl_rng_next(&r) == UINT64_C(3203168211198807973));
	assert_true(rdl_rng_below(&r, 10) < 10);
}

static void
test_map_keeps_order_and_nul(void **state)
{
	struct rdl_map m = RDL_MAP_INIT;
	char key[16];
	int made, i, n;

	(void)state;
	for (i = 0; i < 10000; i++) {
		n = snprintf(key, sizeof(key), "k%d", i);
		rdl_map_put(&m, key, (size_t)n, &made)->value = (uint64_t)i;
		assert_true(made);
	}
	rdl_map_put(&m, "k7", 2, &made);
	assert_false(made);
	assert_int_equal(m.count, 10000);
	assert_string_equal(m.entries[7].key, "k7");
	assert_int_equal(rdl_map_get(&m, "k9999", 5)->value, 9999);
	assert_null(rdl_map_get(&m, "k7\0", 3));
	rdl_map_release(&m);
}

static void
test_arena_survives_reset(void **state)
{
	struct rdl_arena a = RDL_ARENA_INIT;
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		char *p = rdl_arena_alloc(&a, 100000);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		assert_int_equal(p[99999], 0);
		memset(p, 1, 100000);
		assert_string_equal(rdl_arena_dup(&a, "ab", 2), "ab");
		rdl_arena_reset(&a);
	}
	rdl_arena_release(&a);
}

static void
fold(const char *in, const char *want)
{
	struct rdl_buf b = RDL_BUF_INIT(1024);

	assert_int_equal(rdl_utf8_fold(&b, in, strlen(in)), 0);
	rdl_buf_addc(&b, '\0');
	assert_string_equal(b.p, want);
	rdl_buf_release(&b);
}

static void
test_utf8_fold(void **state)
{
	(void)state;
	fold("  Stra\xc3\x9f" "e\t\n OCR ", "strasse ocr");
	fold("e\xcc\x81", "\xc3\xa9");			/* NFC */
	fold("\xc3\x89", "\xc3\xa9");			/* E acute */
	fold("a\xc2\xa0\xe3\x80\x80" "b", "a b");	/* no-break, wide */
	fold("", "");
	fold(" ", "");
}

static void
test_utf8_valid_prefix(void **state)
{
	(void)state;
	assert_int_equal(rdl_utf8_valid("abc", 3), 3);
	assert_int_equal(rdl_utf8_valid("a\xc3", 2), 1);
	assert_int_equal(rdl_utf8_valid("\xc0\x80", 2), 0);
	assert_int_equal(rdl_utf8_valid("\xed\xa0\x80", 3), 0);
	assert_int_equal(rdl_utf8_valid("\xf4\x90\x80\x80", 4), 0);
	assert_int_equal(rdl_utf8_valid("\xf0\x9f\x98\x80", 4), 4);
}

static void
test_clock_iso(void **state)
{
	char out[32];

	(void)state;
	rdl_clock_iso(out, INT64_C(1732390258123));
	assert_string_equal(out, "2024-11-23T19:30:58.123Z");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_refuses_past_its_maximum),
		cmocka_unit_test(test_buf_base64_is_rfc4648),
		cmocka_unit_test(test_buf_json_escapes),
		cmocka_unit_test(test_buf_json_escapes_anywhere),
		cmocka_unit_test(test_num_bounds),
		cmocka_unit_test(test_num_money_is_exact),
		cmocka_unit_test(test_num_duration),
		cmocka_unit_test(test_num_share),
		cmocka_unit_test(test_hash_fips_vectors),
		cmocka_unit_test(test_rng_is_splitmix64),
		cmocka_unit_test(test_map_keeps_order_and_nul),
		cmocka_unit_test(test_arena_survives_reset),
		cmocka_unit_test(test_utf8_fold),
		cmocka_unit_test(test_utf8_valid_prefix),
		cmocka_unit_test(test_clock_iso),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
