/*
 * The dialects, read: replies as the services document them, as other servers
 * send them, and as no server should.
 */
#include "model_reply.h"

static const char openai_full[] = "{\"id\":\"chatcmpl-1\",\"object\":"
    "\"chat.completion\",\"created\":1,\"model\":\"gpt-4o-2026\","
    "\"choices\":[{\"index\":0,\"finish_reason\":\"stop\",\"message\":"
    "{\"role\":\"assistant\",\"content\":\"Hi \\u00e9\\ud83d\\ude00\","
    "\"refusal\":null,\"reasoning_content\":\"hm\"},\"logprobs\":"
    "{\"content\":[{\"token\":\"Hi\",\"logprob\":-1e999}]}}],"
    "\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":10,"
    "\"total_tokens\":29,\"prompt_tokens_details\":{\"cached_tokens\":5},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":3}},"
    "\"error\":null}";

static void
test_openai_chat(void **state)
{
	(void)state;
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0, openai_full);
	assert_int_equal(reply.finish, RDL_FINISH_STOP);
	assert_string_equal(reply.finish_text, "stop");
	assert_string_equal(reply.text, "Hi \xc3\xa9\xf0\x9f\x98\x80");
	assert_int_equal(reply.len, 9);
	assert_null(reply.refusal);
	assert_string_equal(reply.resolved, "gpt-4o-2026");
	assert_string_equal(reply.id, "chatcmpl-1");
	assert_tokens(19, 5, 10, 3);
}

static void
test_openai_finish(void **state)
{
	static const struct {
		const char *word;
		enum rdl_finish finish;
	} cases[] = {
		{ "\"stop\"", RDL_FINISH_STOP },
		{ "\"eos_token\"", RDL_FINISH_STOP },
		{ "\"length\"", RDL_FINISH_LENGTH },
		{ "\"content_filter\"", RDL_FINISH_FILTER },
		{ "\"tool_calls\"", RDL_FINISH_OTHER },
		{ "\"function_call\"", RDL_FINISH_OTHER },
		{ "\"stop \"", RDL_FINISH_OTHER },
		{ "\"\"", RDL_FINISH_OTHER },
		{ "null", RDL_FINISH_OTHER },
		{ "3", RDL_FINISH_OTHER },
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		(void)snprintf(body, sizeof(body), "{\"choices\":[{"
		    "\"finish_reason\":%s,\"message\":{\"content\":\"x\"}}]}",
		    cases[i].word);
		takes(&rdl_dialect_openai, RDL_OP_CHAT, 0, body);
		assert_int_equal(reply.finish, cases[i].finish);
		assert_tokens(-1, -1, -1, -1);
		assert_null(reply.resolved);
	}
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0, "{\"choices\":[{"
	    "\"finish_reason\":\"stop\",\"message\":{\"content\":null,"
	    "\"refusal\":\"I cannot.\"}}]}");
	assert_int_equal(reply.finish, RDL_FINISH_REFUSAL);
	assert_string_equal(reply.refusal, "I cannot.");
	assert_string_equal(reply.text, "");
	assert_int_equal(reply.len, 0);
}

static void
test_openai_content_of_parts(void **state)
{
	(void)state;
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0, "{\"choices\":[{"
	    "\"message\":{\"content\":[\"a\",{\"type\":\"text\",\"text\":"
	    "\"b\\u0000\"},{\"type\":\"thinking\",\"text\":\"no\"},7,null,"
	    "{\"text\":\"c\"},{\"type\":\"text\"},{\"type\":\"image\"}]}}]}");
	assert_int_equal(reply.len, 4);
	assert_memory_equal(reply.text, "ab\0c", 5);
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0,
	    "{\"choices\":[{\"message\":{\"content\":{\"a\":1}}}]}");
	assert_int_equal(reply.len, 0);
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0,
	    "{\"choices\":[{\"message\":{}}],\"usage\":null}");
	assert_string_equal(reply.text, "");
}

static void
usage(const char *text, int64_t in, int64_t cached, int64_t out,
    int64_t reasoning)
{
	char body[512];

	(void)snprintf(body, sizeof(body), "{\"choices\":[{\"message\":"
	    "{\"content\":\"x\"}}],\"usage\":%s}", text);
	takes(&rdl_dialect_openai, RDL_OP_CHAT, 0, body);
	assert_tokens(in, cached, out, reasoning);
}

static void
test_openai_usage_that_lies(void **state)
{
	(void)state;
	usage("{}", -1, 0, -1, 0);
	usage("[]", -1, -1, -1, -1);
	usage("\"none\"", -1, -1, -1, -1);
	usage("{\"prompt_tokens\":-1,\"completion_tokens\":-5}", -1, 0, -1,
	    0);
	usage("{\"prompt_tokens\":99999999999999999999,"
	    "\"completion_tokens\":1e300}", -1, 0, -1, 0);
	usage("{\"prompt_tokens\":1000000001,\"completion_tokens\":1e999}",
	    -1, 0, -1, 0);
	usage("{\"prompt_tokens\":\"7\",\"completion_tokens\":7.0}", -1, 0, 7,
	    0);
	usage("{\"prompt_tokens\":7,\"completion_tokens\":2,"
	    "\"prompt_tokens_details\":null,"
	    "\"completion_tokens_details\":null}", 7, 0, 2, 0);
	usage("{\"prompt_tokens\":7,\"completion_tokens\":2,"
	    "\"prompt_tokens_details\":{\"cached_tokens\":700}}", 7, 7, 2, 0);
	/* reasoning beside the completion, as the total shows */
	usage("{\"prompt_tokens\":7,\"completion_tokens\":2,"
	    "\"total_tokens\":109,\"completion_tokens_details\":"
	    "{\"reasoning_tokens\":100}}", 7, 0, 102, 100);
}

static void
test_what_is_no_reply(void **state)
{
	static const struct {
		const char *body, *why;
	} bad[] = {
		{ "", "empty" },
		{ "  ", "not JSON" },
		{ "<html><title>502 Bad\nGateway</title>", "502 Bad Gateway" },
		{ "upstream connect error", "upstream connect error" },
		{ "{\"choices\":[{\"message\":{\"content\":\"x\"}}]} x",
		    "not JSON" },
		{ "[]", "not an object" },
		{ "null", "not an object" },
		{ "7", "not an object" },
		{ "\"\\u001b[2Jhi\"", "not an object" },
		{ "{\"error\":{\"message\":\"over\\u0007loaded\"}}",
		    "error: over loaded" },
		{ "{\"error\":\"no model\"}", "error: no model" },
		{ "{\"error\":{\"code\":500}}", "no message" },
		{ "{\"object\":\"error\",\"message\":\"flat\"}", "flat" },
		{ "{\"type\":\"error\",\"message\":\"x\"}", "error: x" },
		{ "[{\"error\":{\"message\":\"wrapped\"}}]", "wrapped" },
		{ "{\"detail\":[{\"msg\":\"field required\"}]}", "field" },
	};
	static const struct rdl_dialect *const all[] = { &rdl_dialect_openai,
		&rdl_dialect_anthropic, &rdl_dialect_gemini };
	size_t i, j;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++)
		for (j = 0; j < RDL_NELEM(all); j++) {
			refuses(all[j], RDL_OP_CHAT, 0, bad[i].body,
			    bad[i].why);
			assert_null(strchr(err.msg, '\n'));
			assert_null(strchr(err.msg, '\033'));
		}
	refuses(&rdl_dialect_openai, RDL_OP_CHAT, 0, "{}", "no choices");
	refuses(&rdl_dialect_openai, RDL_OP_CHAT, 0, "{\"choices\":[]}",
	    "no choices");
	refuses(&rdl_dialect_openai, RDL_OP_CHAT, 0, "{\"choices\":[7]}",
	    "no choices");
	refuses(&rdl_dialect_anthropic, RDL_OP_CHAT, 0, "{}", "no content");
	refuses(&rdl_dialect_gemini, RDL_OP_CHAT, 0, "{}", "no candidates");
	refuses(&rdl_dialect_gemini, RDL_OP_CHAT, 0, "{\"candidates\":[7]}",
	    "not an object");
	assert_int_equal(read_len(&rdl_dialect_openai, RDL_OP_CHAT, 0,
	    "{\"choices\":[\0]}", 14), -1);
	assert_int_equal(read_len(&rdl_dialect_openai, RDL_OP_CHAT, 0,
	    "{\"a\":\"\xff\"}", 9), -1);
}

static const char anthropic_full[] = "{\"id\":\"msg_1\",\"type\":"
    "\"message\",\"role\":\"assistant\",\"model\":\"claude-x-1\","
    "\"content\":[{\"type\":\"thinking\",\"thinking\":\"hm\"},"
    "{\"type\":\"text\",\"text\":\"Hi\"},{\"type\":\"text\",\"text\":"
    "\" there\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
    "\"usage\":{\"input_tokens\":10,\"cache_creation_input_tokens\":20,"
    "\"cache_read_input_tokens\":30,\"output_tokens\":4}}";

static void
test_anthropic(void **state)
{
	static const struct {
		const char *word;
		enum rdl_finish finish;
	} cases[] = {
		{ "end_turn", RDL_FINISH_STOP },
		{ "stop_sequence", RDL_FINISH_STOP },
		{ "max_tokens", RDL_FINISH_LENGTH },
		{ "model_context_window_exceeded", RDL_FINISH_LENGTH },
		{ "refusal", RDL_FINISH_REFUSAL },
		{ "tool_use", RDL_FINISH_OTHER },
		{ "pause_turn", RDL_FINISH_OTHER },
	};
	char body[256];
	size_t i;

	(void)state;
	takes(&rdl_dialect_anthropic, RDL_OP_CHAT, 0, anthropic_full);
	assert_int_equal(reply.finish, RDL_FINISH_STOP);
	assert_string_equal(reply.text, "Hi there");
	assert_string_equal(reply.resolved, "claude-x-1");
	assert_string_equal(reply.id, "msg_1");
	assert_tokens(60, 30, 4, 0);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		(void)snprintf(body, sizeof(body), "{\"content\":[{\"type\":"
		    "\"text\",\"text\":\"No.\"}],\"stop_reason\":\"%s\"}",
		    cases[i].word);
		takes(&rdl_dialect_anthropic, RDL_OP_CHAT, 0, body);
		assert_int_equal(reply.finish, cases[i].finish);
		assert_tokens(-1, -1, -1, -1);
		if (reply.finish == RDL_FINISH_REFUSAL)
			assert_string_equal(reply.refusal, "No.");
		else
			assert_null(reply.refusal);
	}
	takes(&rdl_dialect_anthropic, RDL_OP_CHAT, 0,
	    "{\"content\":[],\"stop_reason\":null,\"usage\":{"
	    "\"input_tokens\":-3,\"cache_read_input_tokens\":null}}");
	assert_int_equal(reply.finish, RDL_FINISH_OTHER);
	assert_tokens(-1, 0, -1, 0);
}

static const char gemini_full[] = "{\"candidates\":[{\"content\":{\"parts\":"
    "[{\"text\":\"thought\",\"thought\":true},{\"text\":\"Hi\"},"
    "{\"text\":\" there\"}],\"role\":\"model\"},\"finishReason\":\"STOP\","
    "\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":12,"
    "\"candidatesTokenCount\":5,\"thoughtsTokenCount\":40,"
    "\"cachedContentTokenCount\":8,\"totalTokenCount\":57},"
    "\"modelVersion\":\"gemini-x-001\",\"responseId\":\"r1\"}";

static void
test_gemini(void **state)
{
	static const struct {
		const char *word;
		enum rdl_finish finish;
	} cases[] = {
		{ "STOP", RDL_FINISH_STOP },
		{ "MAX_TOKENS", RDL_FINISH_LENGTH },
		{ "SAFETY", RDL_FINISH_FILTER },
		{ "RECITATION", RDL_FINISH_FILTER },
		{ "PROHIBITED_CONTENT", RDL_FINISH_FILTER },
		{ "MALFORMED_FUNCTION_CALL", RDL_FINISH_OTHER },
		{ "FINISH_REASON_UNSPECIFIED", RDL_FINISH_OTHER },
	};
	char body[256];
	size_t i;

	(void)state;
	takes(&rdl_dialect_gemini, RDL_OP_CHAT, 0, gemini_full);
	assert_int_equal(reply.finish, RDL_FINISH_STOP);
	assert_string_equal(reply.text, "Hi there");
	assert_string_equal(reply.resolved, "gemini-x-001");
	assert_string_equal(reply.id, "r1");
	assert_tokens(12, 8, 45, 40);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		(void)snprintf(body, sizeof(body), "{\"candidates\":[{"
		    "\"finishReason\":\"%s\"}]}", cases[i].word);
		takes(&rdl_dialect_gemini, RDL_OP_CHAT, 0, body);
		assert_int_equal(reply.finish, cases[i].finish);
		assert_string_equal(reply.text, "");
	}
	takes(&rdl_dialect_gemini, RDL_OP_CHAT, 0, "{\"promptFeedback\":"
	    "{\"blockReason\":\"SAFETY\"},\"usageMetadata\":"
	    "{\"promptTokenCount\":9}}");
	assert_int_equal(reply.finish, RDL_FINISH_FILTER);
	assert_string_equal(reply.finish_text, "SAFETY");
	assert_string_equal(reply.text, "");
	assert_tokens(9, 0, 0, 0);
}

/* A reply that is cut anywhere is no reply. */
static void
test_cut_at_every_byte(void **state)
{
	static const char vectors[] = "{\"data\":[{\"index\":1,"
	    "\"embedding\":[0.5,-1]},{\"index\":0,\"embedding\":\""
	    B64_VECTOR "\"}]}";
	static const char image[] =
	    "{\"data\":[{\"b64_json\":\"R0lGODlh\"}]}";
	static const struct {
		const struct rdl_dialect *d;
		enum rdl_op op;
		const char *body;
	} all[] = {
		{ &rdl_dialect_openai, RDL_OP_CHAT, openai_full },
		{ &rdl_dialect_openai, RDL_OP_EMBED, vectors },
		{ &rdl_dialect_openai, RDL_OP_IMAGE, image },
		{ &rdl_dialect_anthropic, RDL_OP_CHAT, anthropic_full },
		{ &rdl_dialect_gemini, RDL_OP_CHAT, gemini_full },
	};
	size_t i, len;

	(void)state;
	for (i = 0; i < RDL_NELEM(all); i++) {
		takes(all[i].d, all[i].op, 2, all[i].body);
		for (len = 0; len < strlen(all[i].body); len++)
			assert_int_equal(read_len(all[i].d, all[i].op, 2,
			    all[i].body, len), -1);
	}
}

/* Every byte replaced by others: defined, whatever it means. */
static void
test_every_byte_changed(void **state)
{
	static const char bytes[] = { '\0', '"', '{', ']', '9', '\xff' };
	static const char *const bodies[] = { openai_full, anthropic_full,
		gemini_full };
	static const struct rdl_dialect *const all[] = { &rdl_dialect_openai,
		&rdl_dialect_anthropic, &rdl_dialect_gemini };
	char copy[1024];
	size_t i, j, k, len;

	(void)state;
	for (i = 0; i < RDL_NELEM(all); i++) {
		len = strlen(bodies[i]);
		assert_in_range(len, 1, sizeof(copy));
		memcpy(copy, bodies[i], len);
		for (j = 0; j < len; j++) {
			for (k = 0; k < sizeof(bytes); k++) {
				copy[j] = bytes[k];
				if (read_len(all[i], RDL_OP_CHAT, 0, copy,
				    len) == 0)
					assert_non_null(reply.text);
			}
			copy[j] = bodies[i][j];
		}
	}
}

static void
test_deep_nesting(void **state)
{
	struct rdl_buf b = RDL_BUF_INIT(4 * RDL_MIB);
	size_t i;

	(void)state;
	rdl_buf_adds(&b, "{\"choices\":[{\"finish_reason\":\"stop\","
	    "\"message\":{\"content\":\"x\"}}],\"deep\":");
	for (i = 0; i < RDL_MIB; i++)
		rdl_buf_addc(&b, '[');
	for (i = 0; i < RDL_MIB; i++)
		rdl_buf_addc(&b, ']');
	rdl_buf_addc(&b, '}');
	assert_int_equal(read_len(&rdl_dialect_openai, RDL_OP_CHAT, 0, b.p,
	    b.len), 0);
	assert_string_equal(reply.text, "x");
	rdl_buf_release(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openai_chat),
		cmocka_unit_test(test_openai_finish),
		cmocka_unit_test(test_openai_content_of_parts),
		cmocka_unit_test(test_openai_usage_that_lies),
		cmocka_unit_test(test_what_is_no_reply),
		cmocka_unit_test(test_anthropic),
		cmocka_unit_test(test_gemini),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
