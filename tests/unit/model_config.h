/*
 * For the tests of names, models.json and keys: a directory with a
 * models.json in it, an environment without our variables, and refusals.
 */
#ifndef RDL_TESTS_MODEL_CONFIG_H
#define RDL_TESTS_MODEL_CONFIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/file.h"
#include "model/config.h"

static char dir[64], models[96], key_file[96];

static void
clean_environment(void)
{
	static const char *const names[] = { "OPENAI_BASE_URL",
		"OPENAI_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY",
		"GEMINI_BASE_URL", "GEMINI_API_KEY", "OLLAMA_HOST",
		"RIDDLE_MODELS", "MY_KEY" };
	size_t i;

	for (i = 0; i < RDL_NELEM(names); i++)
		(void)unsetenv(names[i]);
}

static void
write_models(const char *text)
{
	struct rdl_err err = RDL_ERR_INIT;

	assert_int_equal(rdl_file_write(models, text, strlen(text), &err), 0);
}

static struct rdl_model *
resolve(const char *name)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_model *m = rdl_model_resolve(name, models, false, &err);

	if (m == NULL)
		fail_msg("%s: %s", name, err.msg);
	return m;
}

static void
refuse_with(const char *name, bool need_key, const char *why)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_model *m = rdl_model_resolve(name, models, need_key, &err);

	if (m != NULL)
		fail_msg("%s was taken", name);
	assert_int_equal(err.cls, RDL_E_USAGE);
	if (strstr(err.msg, why) == NULL)
		fail_msg("'%s' is not in: %s", why, err.msg);
	/* The tests' keys and passwords all have this word in them. */
	assert_null(strstr(err.msg, "hunter2"));
}

static void
refuse(const char *name, const char *why)
{
	refuse_with(name, false, why);
}

/* The entry "m" of models.json with these members is refused. */
static void
refuse_entry(const char *members, const char *why)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "{\"models\":{\"m\":{\"model\":"
	    "\"openai/gpt-4o\"%s%s}}}", *members != '\0' ? "," : "", members);
	write_models(text);
	refuse("m", why);
	/* One bad entry spoils the file: a slip is found before it matters. */
	refuse("openai/gpt-4o", why);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/riddle-config-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(models, sizeof(models), "%s/models.json", dir);
	(void)snprintf(key_file, sizeof(key_file), "%s/key", dir);
	return chdir("/");
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(models);
	(void)unlink(key_file);
	return rmdir(dir);
}

#endif
