/*
 * API keys: where one may come from, and where it may not go.
 */
#include "model_config.h"

static void
test_keys_of_the_environment(void **state)
{
	struct rdl_model *m;

	(void)state;
	clean_environment();
	write_models("{\"models\":{\"m\":{\"model\":\"http://gpu:8000/v1#x\","
	    "\"key_env\":\"MY_KEY\"}}}");
	refuse_with("openai/x", true, "set OPENAI_API_KEY");
	refuse_with("m", true, "set MY_KEY");
	m = resolve("m");
	assert_null(m->key);
	rdl_model_free(m);
	(void)setenv("OPENAI_API_KEY", " sk-hunter2\r\n", 1);
	(void)setenv("MY_KEY", "hunter2-mine", 1);
	m = resolve("openai/x");
	assert_string_equal(m->key, "sk-hunter2");
	assert_string_equal(m->key_from, "OPENAI_API_KEY");
	rdl_model_free(m);
	m = resolve("m");
	assert_string_equal(m->key, "hunter2-mine");
	assert_string_equal(m->key_from, "MY_KEY");
	rdl_model_free(m);
	(void)setenv("OPENAI_API_KEY", "sk-hunter2\r\nX-Evil: 1", 1);
	refuse("openai/x", "control character");
	(void)setenv("OPENAI_API_KEY", "sk-hunter2\xc3\xa9", 1);
	refuse("openai/x", "not ASCII");
	(void)setenv("OPENAI_API_KEY", " \n", 1);
	refuse("openai/x", "the key is empty");
	/* A server of one's own behind $OPENAI_BASE_URL may want none. */
	(void)unsetenv("OPENAI_API_KEY");
	(void)setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1", 1);
	m = resolve("openai/x");
	assert_null(m->key);
	rdl_model_free(m);
}

/* $OPENAI_API_KEY goes to scheme, host and port of $OPENAI_BASE_URL only. */
static void
test_the_openai_key_goes_nowhere_else(void **state)
{
	static const struct {
		const char *base, *name;
		bool sent;
	} cases[] = {
		{ NULL, "http://127.0.0.1:8080/v1#x", false },
		{ NULL, "https://api.openai.com/v1#x", false },
		{ "https://llm.example/v1", "https://llm.example/v1#x", true },
		{ "https://llm.example/v1", "https://LLM.example:443/w#x",
		    true },
		{ "https://llm.example/v1", "http://llm.example/v1#x",
		    false },
		{ "https://llm.example/v1", "https://llm.example:8443/v1#x",
		    false },
		{ "https://llm.example/v1", "https://llm.example.evil/v1#x",
		    false },
		{ "https://llm.example/v1", "https://lm.example/v1#x",
		    false },
		{ "https://llm.example.evil/v1", "https://llm.example/v1#x",
		    false },
		{ "https://llm.example:8443/v1", "https://llm.example#x",
		    false },
		{ "not a URL", "https://llm.example/v1#x", false },
	};
	struct rdl_model *m;
	size_t i;

	(void)state;
	clean_environment();
	write_models("{}");
	(void)setenv("OPENAI_API_KEY", "sk-hunter2", 1);
	for (i = 0; i < RDL_NELEM(cases); i++) {
		if (cases[i].base == NULL)
			(void)unsetenv("OPENAI_BASE_URL");
		else
			(void)setenv("OPENAI_BASE_URL", cases[i].base, 1);
		m = resolve(cases[i].name);
		if ((m->key != NULL) != cases[i].sent)
			fail_msg("%s with %s", cases[i].name, cases[i].base);
		rdl_model_free(m);
	}
	(void)unsetenv("OPENAI_BASE_URL");
	m = resolve("ollama/x");
	assert_null(m->key);
	rdl_model_free(m);
	m = resolve("anthropic/x");
	assert_null(m->key);
	rdl_model_free(m);
}

static void
test_key_files(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_model *m;

	(void)state;
	clean_environment();
	/* Relative to models.json. */
	write_models("{\"models\":{\"m\":{\"model\":\"openai/x\","
	    "\"key_file\":\"key\"}}}");
	refuse_with("m", true, "No such file");
	m = resolve("m");
	assert_null(m->key);
	rdl_model_free(m);
	assert_int_equal(rdl_file_write(key_file, "sk-hunter2\n", 11, &err),
	    0);
	assert_int_equal(chmod(key_file, 0640), 0);
	refuse("m", "chmod 600");
	assert_int_equal(chmod(key_file, 0604), 0);
	refuse("m", "mode 0604");
	assert_int_equal(chmod(key_file, 0400), 0);
	m = resolve("m");
	assert_string_equal(m->key, "sk-hunter2");
	assert_non_null(strstr(m->key_from, "/key"));
	rdl_model_free(m);
	assert_int_equal(unlink(key_file), 0);
	assert_int_equal(rdl_file_write(key_file, "a\0b", 3, &err), 0);
	assert_int_equal(chmod(key_file, 0600), 0);
	refuse("m", "control character");
	assert_int_equal(truncate(key_file, 9000), 0);
	refuse("m", "File too large");
	assert_int_equal(truncate(key_file, 0), 0);
	refuse("m", "the key is empty");
	assert_int_equal(unlink(key_file), 0);
	assert_int_equal(mkfifo(key_file, 0600), 0);
	refuse("m", "not a regular file");
	(void)setenv("HOME", dir, 1);
	write_models("{\"models\":{\"m\":{\"model\":\"openai/x\","
	    "\"key_file\":\"~/key\"}}}");
	refuse("m", "not a regular file");
	assert_int_equal(unlink(key_file), 0);
}

static void
test_no_keys_in_models_json(void **state)
{
	(void)state;
	clean_environment();
	refuse_entry("\"key\":\"sk-hunter2\"", "key_env");
	refuse_entry("\"key_env\":\"sk-hunter2\"", "not the name");
	refuse_entry("\"key_env\":\"gsk_hunter2\"", "not the name");
	refuse_entry("\"key_env\":\"2KEY\"", "not the name");
	refuse_entry("\"key_env\":\"A\",\"key_file\":\"b\"", "both");
	refuse_entry("\"headers\":{\"Authorization\":\"Bearer hunter2\"}",
	    "use key_env");
	refuse_entry("\"headers\":{\"X-API-Key\":\"hunter2\"}",
	    "use key_env");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_of_the_environment),
		cmocka_unit_test(test_the_openai_key_goes_nowhere_else),
		cmocka_unit_test(test_key_files),
		cmocka_unit_test(test_no_keys_in_models_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
