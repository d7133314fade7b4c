/*
 * Image records and verdicts: pure text and rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/picture.h"
#include "domain/verdict.h"
#include "record/schema.h"

/* SHA-256 of "abc" (FIPS 180-4). */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
test_a_record_fits_its_schema(void **state)
{
	struct rdl_image_info info = { "jpeg", 30, 20, 6, true };
	uint64_t phash = 0xfULL;
	struct rdl_picture p = { .uri = "a \"b\"\t.jpg", .sha256 = ABC,
		.info = &info, .bytes = 3, .phash = &phash, .source = "\xff",
		.licence = "CC0", .caption = "a\0b", .caption_len = 3 };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id, want;
	size_t len;

	(void)state;
	assert_int_equal(rdl_picture_record(&p, &id, &out, &err), 0);
	assert_int_equal(out.p[out.len - 1], '\n');
	assert_int_equal(rdl_rec_parse(&rec, out.p, out.len - 1, &err), 0);
	assert_int_equal(rdl_schema_check(rdl_schema_of_kind("image"),
	    rec.root, &err), 1);
	assert_int_equal(rdl_id_compute(&rec, &want, &err), 0);
	assert_memory_equal(&id, &want, sizeof(id));
	assert_string_equal(rdl_rec_str(&rec, "uri", NULL), p.uri);
	assert_string_equal(rdl_rec_str(&rec, "phash", NULL),
	    "000000000000000f");
	assert_string_equal(rdl_rec_str(&rec, "source", NULL),
	    "\xef\xbf\xbd");
	assert_memory_equal(rdl_rec_str(&rec, "caption", &len), "a\0b", 3);
	assert_int_equal(len, 3);
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

static void
test_what_is_not_known_is_not_there(void **state)
{
	struct rdl_image_info info = { "png", 1, 1, 1, false };
	struct rdl_picture p = { .uri = "x", .sha256 = ABC, .info = &info,
		.bytes = 3 };
	struct rdl_buf out = RDL_BUF_INIT(RDL_MIB), tiny = RDL_BUF_INIT(50);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id;
	char text[RDL_ID_TEXT];

	(void)state;
	assert_int_equal(rdl_picture_record(&p, &id, &out, &err), 0);
	rdl_id_format(&id, text);
	assert_non_null(strstr(out.p, text));
	assert_string_equal(strstr(out.p, ",\"uri\""), ",\"uri\":\"x\","
	    "\"sha256\":\"" ABC "\",\"format\":\"png\",\"width\":1,"
	    "\"height\":1,\"bytes\":3}\n");
	assert_int_equal(rdl_picture_record(&p, &id, &tiny, &err), -1);
	assert_string_equal(rdl_picture_ending("jpeg"), "jpg");
	assert_string_equal(rdl_picture_ending("webp"), "webp");
	rdl_buf_release(&out);
	rdl_buf_release(&tiny);
}

static void
test_words_of_any_bytes(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(100);

	(void)state;
	rdl_picture_words(&out, "a\xff\xfe\xc3\xa9\xc3");
	assert_string_equal(out.p, "\"a\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9"
	    "\xef\xbf\xbd\"");
	rdl_buf_reset(&out);
	rdl_picture_words(&out, "");
	assert_string_equal(out.p, "\"\"");
	rdl_buf_release(&out);
}

static void
test_sizes(void **state)
{
	const struct rdl_verdict_rules none = { -1, -1, -1, -1 };
	const struct rdl_verdict_rules some = { .min_side = 10,
		.min_bytes = 100, .max_aspect = 2 };
	struct rdl_image_info info = { "png", 20, 10, 1, false };
	struct rdl_verdict v;

	(void)state;
	assert_true(rdl_verdict_of_size(&some, &info, &v));
	info.width = 21;
	assert_false(rdl_verdict_of_size(&some, &info, &v));
	assert_string_equal(v.rule, "max-aspect");
	assert_string_equal(v.value, "2.1");
	assert_string_equal(v.threshold, "2");
	info.height = 9;
	assert_false(rdl_verdict_of_size(&some, &info, &v));
	assert_string_equal(v.rule, "min-side");
	assert_string_equal(v.value, "9");
	assert_false(v.failed);
	assert_true(rdl_verdict_of_size(&none, &info, &v));
	assert_true(rdl_verdict_of_bytes(&some, 100, &v));
	assert_false(rdl_verdict_of_bytes(&some, 99, &v));
	assert_true(rdl_verdict_of_bytes(&none, 0, &v));
}

static void
test_results(void **state)
{
	struct rdl_verdict_rules rules = { -1, -1, -1, -1 };
	struct rdl_pool_result r = { .rule = "pixels", .why = "too many" };
	struct rdl_verdict v;

	(void)state;
	rdl_verdict_of_result(&rules, &r, &v);
	assert_true(v.failed);
	assert_string_equal(v.rule, "pixels");
	rules.max_pixels = 5;
	rdl_verdict_of_result(&rules, &r, &v);
	assert_false(v.failed);
	assert_string_equal(v.rule, "max-pixels");
	assert_string_equal(v.threshold, "5");
	memcpy(r.rule, "timeout", 8);
	rdl_verdict_of_result(&rules, &r, &v);
	assert_true(v.failed);
	assert_string_equal(v.rule, "timeout");
	assert_string_equal(v.why, "too many");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_record_fits_its_schema),
		cmocka_unit_test(test_what_is_not_known_is_not_there),
		cmocka_unit_test(test_words_of_any_bytes),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
