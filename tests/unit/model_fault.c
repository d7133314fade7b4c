/*
 * What a refusal means: statuses, the error shapes of real servers, and
 * bodies that are hostile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/utf8.h"
#include "model/dialect.h"

static char msg[320];
static int64_t wait_ms;

/* Judge a body of exactly len bytes, and check what holds for every message. */
static enum rdl_fault
judge_len(int status, const char *body, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1);
	enum rdl_fault f;
	size_t i;

	assert_non_null(copy);
	memcpy(copy, body, len);
	memset(msg, 'x', sizeof(msg));
	wait_ms = -1;
	f = rdl_dialect_fault(status, copy, len, msg, &wait_ms);
	free(copy);
	assert_non_null(memchr(msg, '\0', sizeof(msg)));
	assert_in_range(strlen(msg), 1, 300);
	assert_int_equal(rdl_utf8_valid(msg, strlen(msg)), strlen(msg));
	for (i = 0; msg[i] != '\0'; i++)
		assert_false((unsigned char)msg[i] < 0x20 || msg[i] == 0x7f);
	return f;
}

static enum rdl_fault
judge(int status, const char *body)
{
	return judge_len(status, body, strlen(body));
}

static void
test_statuses(void **state)
{
	static const struct {
		int status;
		enum rdl_fault fault;
	} cases[] = {
		{ 204, RDL_FAULT_RETRY },
		{ 301, RDL_FAULT_RUN }, { 302, RDL_FAULT_RUN },
		{ 308, RDL_FAULT_RUN },
		{ 400, RDL_FAULT_RECORD }, { 401, RDL_FAULT_RUN },
		{ 402, RDL_FAULT_RUN }, { 403, RDL_FAULT_RUN },
		{ 404, RDL_FAULT_RUN }, { 405, RDL_FAULT_RUN },
		{ 407, RDL_FAULT_RUN }, { 408, RDL_FAULT_RETRY },
		{ 409, RDL_FAULT_RETRY }, { 413, RDL_FAULT_RECORD },
		{ 415, RDL_FAULT_RECORD }, { 422, RDL_FAULT_RECORD },
		{ 425, RDL_FAULT_RETRY }, { 429, RDL_FAULT_LIMIT },
		{ 451, RDL_FAULT_RECORD }, { 500, RDL_FAULT_RETRY },
		{ 501, RDL_FAULT_RUN }, { 502, RDL_FAULT_RETRY },
		{ 503, RDL_FAULT_RETRY }, { 504, RDL_FAULT_RETRY },
		{ 520, RDL_FAULT_RETRY }, { 524, RDL_FAULT_RETRY },
		{ 529, RDL_FAULT_RETRY }, { 599, RDL_FAULT_RETRY },
	};
	static const char *const bodies[] = { "", "{}", "plain",
		"<html></html>", "{\"error\":{\"message\":\"m\"}}", "[" };
	size_t i, j;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++)
		for (j = 0; j < RDL_NELEM(bodies); j++) {
			if (judge(cases[i].status, bodies[j]) !=
			    cases[i].fault)
				fail_msg("HTTP %d, %s", cases[i].status,
				    bodies[j]);
			assert_true(wait_ms == -1);
		}
	(void)judge(301, "{\"error\":\"moved\"}");
	assert_string_equal(msg, "redirects are not followed");
}

/* The shapes of facts A2, and what each says. */
static void
test_shapes(void **state)
{
	static const struct {
		int status;
		const char *body, *msg;
		enum rdl_fault fault;
	} cases[] = {
		{ 400, "{\"error\":{\"message\":\"Invalid image\",\"type\":"
		    "\"invalid_request_error\",\"param\":null,\"code\":null}}",
		    "Invalid image", RDL_FAULT_RECORD },
		{ 503, "{\"error\":{\"code\":503,\"message\":"
		    "\"Loading model\",\"type\":\"unavailable_error\"}}",
		    "Loading model", RDL_FAULT_RETRY },
		{ 400, "{\"object\":\"error\",\"message\":\"too long\","
		    "\"type\":\"BadRequestError\",\"param\":null,"
		    "\"code\":400}", "too long", RDL_FAULT_RECORD },
		{ 413, "{\"error\":\"batch too large\",\"error_type\":"
		    "\"validation\"}", "batch too large", RDL_FAULT_RECORD },
		{ 404, "{\"error\":\"model 'x' not found\"}",
		    "model 'x' not found", RDL_FAULT_RUN },
		{ 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":"
		    "\"field required\",\"type\":\"missing\"}]}",
		    "field required", RDL_FAULT_RECORD },
		{ 404, "{\"detail\":\"Not Found\"}", "Not Found",
		    RDL_FAULT_RUN },
		{ 529, "{\"type\":\"error\",\"error\":{\"type\":"
		    "\"overloaded_error\",\"message\":\"Overloaded\"},"
		    "\"request_id\":\"r\"}", "Overloaded", RDL_FAULT_RETRY },
		{ 502, "<html>\r\n<head><title>502 Bad Gateway</title>",
		    "an HTML page: 502 Bad Gateway", RDL_FAULT_RETRY },
		{ 502, "<!doctype html><TITLE>cut", "an HTML page: cut",
		    RDL_FAULT_RETRY },
		{ 502, "<p>hi", "an HTML page", RDL_FAULT_RETRY },
		{ 504, "", "an empty body", RDL_FAULT_RETRY },
		{ 504, " \r\n", "an empty body", RDL_FAULT_RETRY },
		{ 503, "no healthy upstream", "no healthy upstream",
		    RDL_FAULT_RETRY },
		{ 500, "{\"message\":\"gateway\"}", "gateway",
		    RDL_FAULT_RETRY },
		{ 500, "{\"foo\":1}", "{\"foo\":1}", RDL_FAULT_RETRY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		if (judge(cases[i].status, cases[i].body) != cases[i].fault)
			fail_msg("%s", cases[i].body);
		assert_string_equal(msg, cases[i].msg);
	}
}

static void
test_what_stops_the_run(void **state)
{
	static const struct {
		int status;
		const char *body;
	} cases[] = {
		{ 429, "{\"error\":{\"message\":\"You exceeded your current "
		    "quota\",\"type\":\"insufficient_quota\",\"code\":"
		    "\"insufficient_quota\"}}" },
		{ 429, "{\"error\":{\"message\":\"x\",\"type\":"
		    "\"insufficient_quota\",\"code\":null}}" },
		{ 400, "{\"error\":{\"message\":\"Billing hard limit has been "
		    "reached\",\"code\":\"billing_hard_limit_reached\"}}" },
		{ 400, "{\"type\":\"error\",\"error\":{\"type\":"
		    "\"invalid_request_error\",\"message\":\"Your credit "
		    "balance is too low to access the API\"}}" },
		{ 400, "{\"error\":{\"code\":400,\"message\":\"API key not "
		    "valid. Please pass a valid API key.\",\"status\":"
		    "\"INVALID_ARGUMENT\",\"details\":[{\"reason\":"
		    "\"API_KEY_INVALID\"}]}}" },
		{ 400, "{\"error\":{\"code\":400,\"message\":\"?\","
		    "\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}" },
		{ 429, "{\"error\":{\"code\":429,\"message\":\"x\",\"status\":"
		    "\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{"
		    "\"quotaId\":\"GenerateRequestsPerDayPerProjectPerModel-"
		    "FreeTier\"}]},{\"retryDelay\":\"34s\"}]}}" },
		{ 400, "{\"error\":{\"message\":\"Unsupported parameter: "
		    "'max_tokens'\",\"code\":\"unsupported_parameter\"}}" },
		{ 400, "{\"error\":{\"message\":\"no such model\",\"code\":"
		    "\"model_not_found\"}}" },
		{ 500, "{\"error\":{\"code\":500,\"message\":\"image input is "
		    "not supported - hint: if this is unexpected, you may need "
		    "to provide the mmproj\",\"type\":\"server_error\"}}" },
		{ 501, "{\"error\":{\"code\":501,\"message\":\"This server "
		    "does not support embeddings\",\"type\":"
		    "\"not_supported_error\"}}" },
		{ 403, "{\"error\":{\"message\":\"no access\"}}" },
		{ 200, "{\"error\":{\"message\":\"who?\",\"code\":401}}" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++)
		if (judge(cases[i].status, cases[i].body) != RDL_FAULT_RUN)
			fail_msg("HTTP %d %s", cases[i].status,
			    cases[i].body);
}

static void
test_what_does_not(void **state)
{
	(void)state;
	/* Words of the user's own text must not stop a run. */
	assert_int_equal(judge(400, "{\"error\":{\"message\":\"cannot parse "
	    "'insufficient_quota'\"}}"), RDL_FAULT_RECORD);
	assert_int_equal(judge(429, "{\"error\":{\"message\":\"You exceeded "
	    "your current quota, please check your plan\",\"status\":"
	    "\"RESOURCE_EXHAUSTED\",\"details\":[{\"violations\":[{"
	    "\"quotaId\":\"GenerateRequestsPerMinutePerProject\"}]}]}}"),
	    RDL_FAULT_LIMIT);
	/* One flagged input, not a refused key. */
	assert_int_equal(judge(403, "{\"error\":{\"code\":403,\"message\":"
	    "\"flagged\",\"metadata\":{\"reasons\":[\"violence\"],"
	    "\"flagged_input\":\"...\"}}}"), RDL_FAULT_RECORD);
	/* An error in a 200, by the status within. */
	assert_int_equal(judge(200, "{\"error\":{\"message\":\"x\",\"code\":"
	    "429}}"), RDL_FAULT_LIMIT);
	assert_int_equal(judge(200, "{\"error\":{\"message\":\"x\",\"code\":"
	    "502}}"), RDL_FAULT_RETRY);
	assert_int_equal(judge(200, "{\"error\":{\"message\":\"x\",\"code\":"
	    "-5000000000}}"), RDL_FAULT_RECORD);
	assert_int_equal(judge(200, "{\"error\":\"x\"}"), RDL_FAULT_RECORD);
	assert_int_equal(judge(200, "<html>"), RDL_FAULT_RETRY);
}

static void
delay(const char *message, const char *retry, int64_t want)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"error\":{\"code\":429,"
	    "\"message\":\"%s\",\"details\":[{\"@type\":\"x\"},7,"
	    "{\"retryDelay\":%s}]}}", message, retry);
	assert_int_equal(judge(429, body), RDL_FAULT_LIMIT);
	if (wait_ms != want)
		fail_msg("%s: %lld ms", body, (long long)wait_ms);
}

static void
test_delays(void **state)
{
	(void)state;
	delay("m", "\"19s\"", 19000);
	delay("m", "\"0.25s\"", 250);
	delay("m", "\"34.074824224s\"", 34075);
	delay("m", "\"\"", -1);
	delay("m", "\"-5s\"", -1);
	delay("m", "\"soon\"", -1);
	delay("m", "\"9999999999999999999999999999999s\"", -1);
	delay("m", "19", -1);
	delay("m", "null", -1);
	delay("Please try again in 20s. Visit us", "null", 20000);
	delay("Please try again in 6m0s", "null", 360000);
	delay("Please try again in 347ms.", "null", 347);
	delay("Please try again in 1.2s, or", "null", 1200);
	delay("Please try again in ", "null", -1);
	delay("Please try again in a while", "null", -1);
	delay("Please try again in ......", "null", -1);
	delay("Please try again in 20s", "\"3s\"", 3000);
}

static void
test_messages_are_clean(void **state)
{
	char body[2048] = "{\"error\":\"";
	size_t n = strlen(body), i;

	(void)state;
	(void)judge(500, "{\"error\":\"a\\u0000b\\u001b[31m\\r\\n\\t c\\u007f"
	    "\\u0085\\u202e\\u2066d\"}");
	assert_string_equal(msg, "a b [31m c d");
	(void)judge_len(500, "a\0b\xff\xc3(\xed\xa0\x80", 9);
	assert_string_equal(msg, "a b\?\?(\?\?\?");
	(void)judge(500, "{\"error\":\"\\u0007\\u0007\"}");
	/* Cut between characters: 2 bytes each, an odd byte before. */
	body[n++] = 'x';
	for (i = 0; i < 400; i++) {
		memcpy(body + n, "\xc3\xa9", 2);
		n += 2;
	}
	memcpy(body + n, "\"}", 3);
	(void)judge(500, body);
	assert_int_equal(strlen(msg), 299);
	assert_string_equal(msg + 297, "\xc3\xa9");
}

static void
test_hostile_bodies(void **state)
{
	static const char full[] = "{\"error\":{\"code\":429,\"message\":"
	    "\"try again in 1.5s\",\"status\":\"RESOURCE_EXHAUSTED\","
	    "\"details\":[{\"violations\":[{\"quotaId\":\"x\"}]},"
	    "{\"retryDelay\":\"19s\"}],\"metadata\":{\"reasons\":[]}}}";
	static const char *const odd[] = { "{\"error\":7}", "{\"error\":[]}",
		"{\"error\":[[]]}", "{\"error\":true}", "[]", "[[[]]]", "7",
		"{\"error\":{\"message\":{},\"code\":[],\"type\":7}}",
		"{\"error\":{\"details\":{\"a\":1}}}", "{\"detail\":{}}",
		"{\"detail\":[]}", "{\"detail\":[7]}", "{\"message\":7}",
		"{\"error\":{\"code\":1e999}}",
		"{\"error\":{\"code\":18446744073709551615}}", "<title>",
		"<title></title>", "<" };
	char copy[sizeof(full)];
	size_t i, len;

	(void)state;
	for (len = 0; len < sizeof(full); len++)
		assert_int_equal(judge_len(429, full, len),
		    RDL_FAULT_LIMIT);
	for (i = 0; i < sizeof(full) - 1; i++) {
		memcpy(copy, full, sizeof(full));
		copy[i] = '\0';
		(void)judge_len(429, copy, sizeof(full) - 1);
		copy[i] = '[';
		(void)judge_len(403, copy, sizeof(full) - 1);
	}
	for (i = 0; i < RDL_NELEM(odd); i++) {
		assert_int_equal(judge(500, odd[i]), RDL_FAULT_RETRY);
		assert_int_equal(judge(422, odd[i]), RDL_FAULT_RECORD);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_what_stops_the_run),
		cmocka_unit_test(test_what_does_not),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_messages_are_clean),
		cmocka_unit_test(test_hostile_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
