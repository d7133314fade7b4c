/*
 * Canonical JSON: the vectors of RFC 8785 (sections 3.2.2, 3.2.3, appendix B),
 * and what is refused.  tests/peers/canon_node.sh compares with ECMAScript.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "record/canon.h"

/* The canonical form of text into out, NUL-terminated: 0 or -1. */
static int
form_by(int (*fn)(yyjson_val *, struct rdl_buf *, struct rdl_err *),
    const char *text, struct rdl_buf *out, struct rdl_err *err)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text),
	    YYJSON_READ_BIGNUM_AS_RAW | YYJSON_READ_ALLOW_INVALID_UNICODE);
	int rc;

	assert_non_null(doc);
	rdl_buf_reset(out);
	rc = fn(yyjson_doc_get_root(doc), out, err);
	yyjson_doc_free(doc);
	return rc;
}

static int
folded(yyjson_val *v, struct rdl_buf *out, struct rdl_err *err)
{
	return rdl_canon_identity(v, true, out, err);
}

static int
identity(yyjson_val *v, struct rdl_buf *out, struct rdl_err *err)
{
	return rdl_canon_identity(v, false, out, err);
}

static void
same(const char *text, const char *want)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(form_by(rdl_canon, text, &out, &err), 0);
	assert_string_equal(out.p, want);
	rdl_buf_release(&out);
}

static void
refused(const char *text, const char *why)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(form_by(rdl_canon, text, &out, &err), -1);
	assert_int_equal(err.cls, RDL_E_INPUT);
	assert_non_null(strstr(err.msg, why));
	rdl_buf_release(&out);
}

static void
test_numbers_of_appendix_b(void **state)
{
	static const struct {
		uint64_t bits;
		const char *want;
	} v[] = {
		{ UINT64_C(0x0000000000000000), "0" },
		{ UINT64_C(0x8000000000000000), "0" },
		{ UINT64_C(0x0000000000000001), "5e-324" },
		{ UINT64_C(0x8000000000000001), "-5e-324" },
		{ UINT64_C(0x7fefffffffffffff), "1.7976931348623157e+308" },
		{ UINT64_C(0xffefffffffffffff), "-1.7976931348623157e+308" },
		{ UINT64_C(0x4340000000000000), "9007199254740992" },
		{ UINT64_C(0xc340000000000000), "-9007199254740992" },
		{ UINT64_C(0x4430000000000000), "295147905179352830000" },
		{ UINT64_C(0x44b52d02c7e14af5), "9.999999999999997e+22" },
		{ UINT64_C(0x44b52d02c7e14af6), "1e+23" },
		{ UINT64_C(0x44b52d02c7e14af7), "1.0000000000000001e+23" },
		{ UINT64_C(0x444b1ae4d6e2ef4e), "999999999999999700000" },
		{ UINT64_C(0x444b1ae4d6e2ef4f), "999999999999999900000" },
		{ UINT64_C(0x444b1ae4d6e2ef50), "1e+21" },
		{ UINT64_C(0x3eb0c6f7a0b5ed8c), "9.999999999999997e-7" },
		{ UINT64_C(0x3eb0c6f7a0b5ed8d), "0.000001" },
		{ UINT64_C(0x41b3de4355555553), "333333333.3333332" },
		{ UINT64_C(0x41b3de4355555554), "333333333.33333325" },
		{ UINT64_C(0x41b3de4355555555), "333333333.3333333" },
		{ UINT64_C(0x41b3de4355555556), "333333333.3333334" },
		{ UINT64_C(0x41b3de4355555557), "333333333.33333343" },
		{ UINT64_C(0xbecbf647612f3696), "-0.0000033333333333333333" },
		{ UINT64_C(0x43143ff3c1cb0959), "1424953923781206.2" },
	};
	struct rdl_buf out = RDL_BUF_INIT(64);
	double d;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(v); i++) {
		memcpy(&d, &v[i].bits, sizeof(d));
		rdl_buf_reset(&out);
		rdl_canon_number(d, &out);
		assert_string_equal(out.p, v[i].want);
	}
	rdl_buf_release(&out);
}

static void
test_example_of_section_3_2_2(void **state)
{
	(void)state;
	same("{\n \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, "
	    "0.000000000000000000000000001],\n"
	    " \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c"
	    "\\\\\\\"\\/\",\n \"literals\": [null, true, false]\n}",
	    "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,"
	    "1e+30,4.5,0.002,1e-27],\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\""
	    "\\\\\\\\\\\"/\"}");
}

static void
test_order_of_section_3_2_3(void **state)
{
	(void)state;
	same("{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\", "
	    "\"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"1\": \"One\", "
	    "\"\\ud83d\\ude00\": \"Emoji: Grinning Face\", "
	    "\"\\u0080\": \"Control\", "
	    "\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
	    "{\"\\r\":\"Carriage Return\",\"1\":\"One\","
	    "\"\xc2\x80\":\"Control\","
	    "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
	    "\"\xe2\x82\xac\":\"Euro Sign\","
	    "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
	    "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

static void
test_order_of_prefixes_and_many(void **state)
{
	(void)state;
	same("{\"ab\":1,\"\":2,\"a\":3,\"a\\u0000\":4}",
	    "{\"\":2,\"a\":3,\"a\\u0000\":4,\"ab\":1}");
	/* More names than are sorted on the stack. */
	same("{\"t\":1,\"s\":1,\"r\":1,\"q\":1,\"p\":1,\"o\":1,\"n\":1,"
	    "\"m\":1,\"l\":1,\"k\":1,\"j\":1,\"i\":1,\"h\":1,\"g\":1,\"f\":1,"
	    "\"e\":1,\"d\":1,\"c\":1,\"b\":1,\"a\":1}",
	    "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
	    "\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,"
	    "\"p\":1,\"q\":1,\"r\":1,\"s\":1,\"t\":1}");
}

static void
test_values_of_all_types(void **state)
{
	(void)state;
	same("[ ]", "[]");
	same("{ }", "{}");
	same(" null ", "null");
	same("[-0, -0.0, 0e5, 1.0, 10, 1e2, -7, 0.1e1]",
	    "[0,0,0,1,10,100,-7,1]");
	same("\"\\u2028\\u007f\\u00e9\"", "\"\xe2\x80\xa8\x7f\xc3\xa9\"");
	same("[1e-7,0.000001,1.2345678901234568e20,1e20]",
	    "[1e-7,0.000001,123456789012345680000,100000000000000000000]");
}

static void
test_integers(void **state)
{
	(void)state;
	same("9007199254740992", "9007199254740992");
	same("9007199254740994", "9007199254740994");
	same("9223372036854775808", "9223372036854776000");
	same("-9223372036854775808", "-9223372036854776000");
	same("100000000000000000000", "100000000000000000000");
	same("295147905179352825856", "295147905179352830000");
	/* The form of 2^63, but not its value. */
	refused("9223372036854776000", "no double holds it");
	refused("9007199254740993", "9007199254740993");
	refused("-9007199254740993", "-9007199254740993");
	refused("18446744073709551615", "no double holds it");
	refused("295147905179352825857", "no double holds it");
	refused("-12345678901234567890123", "-12345678901234567890123");
}

static void
test_overflow_is_refused(void **state)
{
	char digits[500];

	(void)state;
	refused("1e999", "larger than a double");
	refused("[1,-1e400]", "larger than a double");
	memset(digits, '9', sizeof(digits) - 1);
	digits[sizeof(digits) - 1] = '\0';
	refused(digits, "larger than a double");
	same("1e-999", "0");
}

static void
test_ambiguous_text_is_refused(void **state)
{
	(void)state;
	refused("{\"a\":1,\"b\":{\"c\":1,\"\\u0063\":2}}", "comes twice");
	refused("\"\xed\xa0\x80\"", "surrogate");
	refused("{\"\xed\xa0\x80\":1}", "surrogate");
	refused("\"\xff\"", "UTF-8");
}

/* depth brackets around nothing. */
static char *
nested(size_t depth)
{
	char *text = malloc(2 * depth + 1);

	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	return text;
}

static void
test_depth(void **state)
{
	char *text = nested(RDL_DEPTH_MAX);

	(void)state;
	same(text, text);
	free(text);
	text = nested(RDL_DEPTH_MAX + 1);
	refused(text, "deeper");
	free(text);
}

static void
test_full_buffer_is_an_error(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(8);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(form_by(rdl_canon, "[1,2,3,4]", &out, &err), -1);
	assert_int_equal(form_by(rdl_canon, "[1,2,3]", &out, &err), 0);
	rdl_buf_release(&out);
}

static void
test_folded(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(256);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(form_by(folded,
	    "[\" OCR \",{\"B\":\"Stra\\u00dfe\",\"A\":[\"\",\"X\\n Y\"]},1.50]",
	    &out, &err), 0);
	assert_string_equal(out.p,
	    "[\"ocr\",{\"A\":[\"\",\"x y\"],\"B\":\"strasse\"},1.5]");
	rdl_buf_release(&out);
}

static void
test_identity_keeps_numbers_that_have_no_form(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(256);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(form_by(identity, "[12345678901234567890,"
	    "-9007199254740993,295147905179352825857,1e999,2.50,1e2]",
	    &out, &err), 0);
	assert_string_equal(out.p, "[12345678901234567890n,"
	    "-9007199254740993n,295147905179352825857n,1e999n,2.5,100]");
	rdl_buf_release(&out);
}

static void
test_no_value_is_an_error(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(256);
	struct rdl_err err = RDL_ERR_INIT;

	(void)state;
	assert_int_equal(rdl_canon(NULL, &out, &err), -1);
	rdl_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_of_appendix_b),
		cmocka_unit_test(test_example_of_section_3_2_2),
		cmocka_unit_test(test_order_of_section_3_2_3),
		cmocka_unit_test(test_order_of_prefixes_and_many),
		cmocka_unit_test(test_values_of_all_types),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_overflow_is_refused),
		cmocka_unit_test(test_ambiguous_text_is_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_full_buffer_is_an_error),
		cmocka_unit_test(test_folded),
		cmocka_unit_test(
		    test_identity_keeps_numbers_that_have_no_form),
		cmocka_unit_test(test_no_value_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
