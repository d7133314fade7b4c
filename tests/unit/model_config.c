/*
 * Which model a name means: services, URLs, the environment, models.json.
 */
#include "model_config.h"

#include "model/dialect.h"

static void
test_services(void **state)
{
	static const struct {
		const char *name, *remote, *base, *dialect;
		bool old;
	} cases[] = {
		{ "openai/gpt-4o", "gpt-4o", "https://api.openai.com/v1",
		    "openai", false },
		{ "openai/ft:gpt-4o:acme::id", "ft:gpt-4o:acme::id",
		    "https://api.openai.com/v1", "openai", false },
		{ "anthropic/claude-x", "claude-x",
		    "https://api.anthropic.com", "anthropic", false },
		{ "gemini/gemini-x", "gemini-x",
		    "https://generativelanguage.googleapis.com/v1beta",
		    "gemini", false },
		{ "ollama/llava:7b", "llava:7b", "http://127.0.0.1:11434/v1",
		    "openai", true },
		{ "http://127.0.0.1:8080/v1#smol", "smol",
		    "http://127.0.0.1:8080/v1", "openai", true },
		{ "https://x.openai.azure.com/openai/v1#gpt", "gpt",
		    "https://x.openai.azure.com/openai/v1", "openai", false },
		{ "http://localhost#org/name#2", "org/name#2",
		    "http://localhost", "openai", true },
	};
	struct rdl_model *m;
	size_t i;

	(void)state;
	clean_environment();
	write_models("{}");
	for (i = 0; i < RDL_NELEM(cases); i++) {
		m = resolve(cases[i].name);
		assert_string_equal(m->name, cases[i].name);
		assert_string_equal(m->remote, cases[i].remote);
		assert_string_equal(m->base_url, cases[i].base);
		assert_string_equal(m->endpoint, cases[i].base);
		assert_string_equal(m->dialect->name, cases[i].dialect);
		assert_true(m->quirks.max_tokens_old == cases[i].old);
		assert_null(m->key);
		assert_true(m->price.in == -1 && m->price.cached == -1 &&
		    m->price.out == -1 && m->price.image == -1);
		assert_true(m->timeout_ms == 600000);
		assert_true(m->deadline_ms == 1800000);
		assert_true(m->limits.requests_per_min == 0);
		rdl_model_free(m);
	}
	rdl_model_free(NULL);
}

static void
test_base_urls_of_the_environment(void **state)
{
	static const struct {
		const char *host, *base;
	} ollama[] = {
		{ "0.0.0.0", "http://127.0.0.1:11434/v1" },
		{ "0.0.0.0:5000", "http://127.0.0.1:5000/v1" },
		{ "gpu", "http://gpu:11434/v1" },
		{ "gpu:80", "http://gpu/v1" },
		{ ":5000", "http://127.0.0.1:5000/v1" },
		{ "http://gpu", "http://gpu/v1" },
		{ "https://gpu/", "https://gpu/v1" },
		{ "http://gpu:11434/", "http://gpu:11434/v1" },
		{ "[::1]", "http://[::1]:11434/v1" },
		{ "[::1]:5000", "http://[::1]:5000/v1" },
	};
	struct rdl_model *m;
	size_t i;

	(void)state;
	clean_environment();
	write_models("{}");
	for (i = 0; i < RDL_NELEM(ollama); i++) {
		(void)setenv("OLLAMA_HOST", ollama[i].host, 1);
		m = resolve("ollama/x");
		assert_string_equal(m->base_url, ollama[i].base);
		rdl_model_free(m);
	}
	(void)setenv("OPENAI_BASE_URL", "HTTP://LocalHost:8080/V1//", 1);
	m = resolve("openai/x");
	assert_string_equal(m->base_url, "http://localhost:8080/V1");
	assert_true(m->quirks.max_tokens_old);
	rdl_model_free(m);
	(void)setenv("OPENAI_BASE_URL", "", 1);
	m = resolve("openai/x");
	assert_string_equal(m->base_url, "https://api.openai.com/v1");
	rdl_model_free(m);
	(void)setenv("OPENAI_BASE_URL", "api.openai.com", 1);
	refuse("openai/x", "$OPENAI_BASE_URL: not a usable URL");
}

static void
test_urls_are_refused(void **state)
{
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "http://user:hunter2@host/v1#m", "user name or password" },
		{ "http://hunter2@host#m", "user name or password" },
		{ "http://host/v1?key=hunter2#m", "a query" },
		{ "http://host?x#m", "a query" },
		{ "http://#m", "and a host" },
		{ "http:///v1#m", "no host" },
		{ "http://:80/v1#m", "no host" },
		{ "http://host:0/v1#m", "1..65535" },
		{ "http://host:65536/v1#m", "1..65535" },
		{ "http://host:/v1#m", "port" },
		{ "http://host:80x/v1#m", "1..65535" },
		{ "http://host:+80/v1#m", "1..65535" },
		{ "http://host:123456/v1#m", "port" },
		{ "http://ho st/v1#m", "host has characters" },
		{ "http://host\\evil/v1#m", "host has characters" },
		{ "http://h\xc3\xb6st/v1#m", "host has characters" },
		{ "http://[::1/v1#m", "IPv6" },
		{ "http://[evil.example]/v1#m", "IPv6" },
		{ "http://host/v1/../x#m", ".." },
		{ "http://host/./v1#m", "a . or .." },
		{ "http://host/v 1#m", "%xx" },
		{ "http://host/v1", "write http://host/v1#NAME" },
		{ "http://host/v1#", "write http://host/v1#NAME" },
		{ "http://host/v1#a\nb", "control characters" },
		{ "http://host/v1#a\x80", "not UTF-8" },
		{ "openai/", "the name of the model is missing" },
		{ "openai/a\rb", "control characters" },
	};
	char *longest = calloc(1, 20000);
	size_t i;

	(void)state;
	clean_environment();
	write_models("{}");
	for (i = 0; i < RDL_NELEM(bad); i++)
		refuse(bad[i].url, bad[i].why);
	memset(longest, 'a', 19999);
	refuse(longest, "too long");
	memcpy(longest, "http://", 7);
	refuse(longest, "too long");
	free(longest);
}

static void
test_unknown_names(void **state)
{
	(void)state;
	clean_environment();
	write_models("{\"models\":{\"judge\":{\"model\":\"ollama/x\"}}}");
	refuse("jugde", "did you mean 'judge'?");
	refuse("opnai/gpt-4o", "did you mean 'openai/gpt-4o'?");
	refuse("antropic/claude", "did you mean 'anthropic/claude'?");
	refuse("gpt-4o", "did you mean 'openai/gpt-4o'?");
	refuse("claude-x", "did you mean 'anthropic/claude-x'?");
	refuse("something-else-entirely", "nor in");
	refuse("", "unknown model ''");
	refuse("a\033[2J", "control characters");
}

static void
test_models_json(void **state)
{
	struct rdl_model *m;

	(void)state;
	clean_environment();
	write_models("// comments\n{ /* and */ \"models\": {\n"
	    "\"judge\": {\n"
	    "  \"model\": \"http://127.0.0.1:8080/v1#smol\",\n"
	    "  \"price\": {\"in\": 0.15, \"cached\": 0.0375, \"out\": 15,\n"
	    "    \"image\": 0.04, \"since\": \"2026-11-01\"},\n"
	    "  \"limits\": {\"requests_per_min\": 600,"
	    " \"tokens_per_min\": 100000},\n"
	    "  \"quirks\": {\"no_seed\": true, \"max_tokens_old\": false,"
	    " \"sd_seed\": true},\n"
	    "  \"headers\": {\"X-Org\": \"acme\", \"x-two\": \"2\"},\n"
	    "  \"endpoint\": \"smol-server\", \"timeout_s\": 1.5,\n"
	    "  \"deadline_s\": 60, \"context\": 8192,\n"
	    "  \"dialect\": \"anthropic\",\n"
	    "},\n"
	    "\"own\": {\"model\": \"ollama/x\", \"limits\": \"none\"},\n"
	    "}, }\n");
	m = resolve("judge");
	assert_string_equal(m->name, "judge");
	assert_string_equal(m->remote, "smol");
	assert_string_equal(m->endpoint, "smol-server");
	assert_string_equal(m->base_url, "http://127.0.0.1:8080/v1");
	assert_true(m->price.in == 150000);
	assert_true(m->price.cached == 37500);
	assert_true(m->price.out == 15000000);
	assert_true(m->price.image == INT64_C(40000000000));
	assert_string_equal(m->price.since, "2026-11-01");
	assert_true(m->limits.requests_per_min == 600);
	assert_true(m->limits.tokens_per_min == 100000);
	assert_true(m->quirks.no_seed && m->quirks.sd_seed);
	assert_false(m->quirks.max_tokens_old || m->quirks.no_system);
	assert_string_equal(m->headers[0], "X-Org: acme");
	assert_string_equal(m->headers[1], "x-two: 2");
	assert_null(m->headers[2]);
	assert_true(m->timeout_ms == 1500 && m->deadline_ms == 60000);
	assert_true(m->context == 8192);
	assert_ptr_equal(m->dialect, &rdl_dialect_anthropic);
	rdl_model_free(m);
	m = resolve("own");
	assert_true(m->limits.requests_per_min == -1 &&
	    m->limits.tokens_per_min == -1);
	rdl_model_free(m);
}

/* An entry of a full name adds to it, and an alias adds to both. */
static void
test_entries_add_up(void **state)
{
	struct rdl_model *m;

	(void)state;
	clean_environment();
	write_models("{\"models\":{"
	    "\"openai/gpt-4o\":{\"price\":{\"in\":2.5,\"out\":10},"
	    "\"headers\":{\"X-A\":\"1\",\"X-B\":\"2\"},\"context\":128000},"
	    "\"cheap\":{\"model\":\"openai/gpt-4o\",\"price\":{\"in\":1},"
	    "\"headers\":{\"x-b\":\"3\"}}}}");
	m = resolve("openai/gpt-4o");
	assert_true(m->price.in == 2500000 && m->price.out == 10000000);
	assert_string_equal(m->name, "openai/gpt-4o");
	rdl_model_free(m);
	m = resolve("cheap");
	assert_string_equal(m->name, "cheap");
	assert_string_equal(m->remote, "gpt-4o");
	assert_true(m->price.in == 1000000 && m->price.out == -1);
	assert_true(m->context == 128000);
	assert_string_equal(m->headers[0], "X-A: 1");
	assert_string_equal(m->headers[1], "x-b: 3");
	assert_null(m->headers[2]);
	rdl_model_free(m);
	m = resolve("openai/other");
	assert_true(m->price.in == -1);
	rdl_model_free(m);
}

static void
test_models_json_is_checked(void **state)
{
	(void)state;
	clean_environment();
	refuse_entry("\"qirks\":{}", "models/m/qirks: unknown key; "
	    "did you mean \"quirks\"?");
	refuse_entry("\"quirks\":{\"no_sed\":true}",
	    "m/quirks/no_sed: unknown key; did you mean \"no_seed\"?");
	refuse_entry("\"quirks\":{\"no_seed\":1}", "neither true nor false");
	refuse_entry("\"price\":{\"int\":1}", "m/price/int: unknown key");
	refuse_entry("\"price\":{\"in\":-1}", "m/price/in: not an amount");
	refuse_entry("\"price\":{\"in\":\"1\"}", "m/price/in: not an amount");
	refuse_entry("\"price\":{\"in\":1e300}", "m/price/in: not an amount");
	refuse_entry("\"price\":3", "m/price: not an object");
	refuse_entry("\"price\":{\"since\":\"1.11.2026\"}", "not a date");
	refuse_entry("\"limits\":\"many\"", "m/limits: not an object");
	refuse_entry("\"limits\":{\"rpm\":3}", "m/limits/rpm: unknown key");
	refuse_entry("\"limits\":{\"tokens_per_min\":0}", "above 0");
	refuse_entry("\"limits\":{\"tokens_per_min\":1.5}", "above 0");
	refuse_entry("\"timeout_s\":0", "m/timeout_s: not a number");
	refuse_entry("\"deadline_s\":\"9\"", "m/deadline_s: not a number");
	refuse_entry("\"context\":-1", "m/context: not a whole");
	refuse_entry("\"context\":18446744073709551615", "not a whole");
	refuse_entry("\"endpoint\":\"\"", "m/endpoint: not a name");
	refuse_entry("\"dialect\":\"cohere\"", "m/dialect: not openai");
	refuse_entry("\"context\":1,\"context\":2", "m/context: comes twice");
	refuse_entry("\"headers\":{\"X-A\":\"a\\r\\nX-B: c\"}", "control");
	refuse_entry("\"headers\":{\"X A\":\"a\"}", "not the name");
	refuse_entry("\"headers\":{\"X:\":\"a\"}", "not the name");
	refuse_entry("\"headers\":{\"content-type\":\"a\"}", "sets this");
	refuse_entry("\"a\\nb\":1", "(unprintable): unknown key");
	write_models("{\"models\":{\"m\":{}}}");
	refuse("m", "models/m: \"model\" is missing");
	write_models("{\"models\":{\"m\":{\"model\":\"n\"},"
	    "\"n\":{\"model\":\"ollama/x\"}}}");
	refuse("m", "models/m/model: not a full name");
	write_models("{\"models\":{\"openai/x\":{\"model\":\"ollama/x\"}}}");
	refuse("openai/x", "give it a short name");
	write_models("{\"models\":{\"m\":7}}");
	refuse("m", "models/m: not an object");
	write_models("{\"models\":[]}");
	refuse("m", "models: not an object");
	write_models("{\"modles\":{}}");
	refuse("m", "modles: unknown key; did you mean \"models\"?");
	write_models("[]");
	refuse("m", "not an object");
	write_models("");
	refuse("m", "not JSON");
	write_models("{\n  \"models\": {\n    \"m\" 7\n");
	refuse("m", "models.json:3:");
	write_models("{\"models\":{\"m\":{\"model\":\"ollama/x\"},"
	    "\"m\":{\"model\":\"ollama/y\"}}}");
	refuse("m", "models/m: comes twice");
}

static void
test_which_models_json(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_model *m;

	(void)state;
	clean_environment();
	write_models("{\"models\":{\"m\":{\"model\":\"ollama/x\"}}}");
	assert_null(rdl_model_resolve("m", "no/such/file", false, &err));
	assert_non_null(strstr(err.msg, "no/such/file"));
	assert_null(rdl_model_resolve("m", NULL, false, &err));
	assert_non_null(strstr(err.msg, "there is none"));
	(void)setenv("RIDDLE_MODELS", "no/such/file", 1);
	assert_null(rdl_model_resolve("m", NULL, false, &err));
	assert_non_null(strstr(err.msg, "no/such/file"));
	(void)setenv("RIDDLE_MODELS", models, 1);
	m = rdl_model_resolve("m", NULL, false, &err);
	assert_non_null(m);
	rdl_model_free(m);
	(void)unsetenv("RIDDLE_MODELS");
	assert_int_equal(chdir(dir), 0);
	m = rdl_model_resolve("m", NULL, false, &err);
	assert_non_null(m);
	rdl_model_free(m);
	assert_int_equal(chdir("/"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_base_urls_of_the_environment),
		cmocka_unit_test(test_urls_are_refused),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_models_json),
		cmocka_unit_test(test_entries_add_up),
		cmocka_unit_test(test_models_json_is_checked),
		cmocka_unit_test(test_which_models_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
