/*
 * Replies of the embeddings and images routes: whole, wrong and damaged.
 */
#include "model_reply.h"

static void
test_embeddings(void **state)
{
	(void)state;
	takes(&rdl_dialect_openai, RDL_OP_EMBED, 2, "{\"model\":\"e\","
	    "\"data\":[{\"index\":1,\"embedding\":[0.5,-1]},"
	    "{\"index\":0,\"embedding\":\"" B64_VECTOR "\"}],"
	    "\"usage\":{\"prompt_tokens\":4,\"total_tokens\":4}}");
	assert_int_equal(reply.finish, RDL_FINISH_STOP);
	assert_int_equal(reply.nvectors, 2);
	assert_int_equal(reply.dim, 2);
	assert_true(reply.vectors[0] == 1.5f && reply.vectors[1] == -2.0f);
	assert_true(reply.vectors[2] == 0.5f && reply.vectors[3] == -1.0f);
	assert_true(reply.tokens_in == 4);
	/* A server that sends no index sends them in order. */
	takes(&rdl_dialect_openai, RDL_OP_EMBED, 2,
	    "{\"data\":[{\"embedding\":[1]},{\"embedding\":[2]}]}");
	assert_true(reply.vectors[0] == 1.0f && reply.vectors[1] == 2.0f);
}

static void
test_embeddings_that_are_wrong(void **state)
{
	static const struct {
		const char *data, *why;
	} bad[] = {
		{ "[]", "0 embeddings, not 2" },
		{ "7", "0 embeddings, not 2" },
		{ "[{\"embedding\":[1]}]", "1 embeddings, not 2" },
		{ "[{\"embedding\":[1]},{\"embedding\":[1]},"
		    "{\"embedding\":[1]}]", "3 embeddings, not 2" },
		{ "[{\"embedding\":[1]},{\"embedding\":[1,2]}]", "length" },
		{ "[{\"embedding\":[]},{\"embedding\":[]}]", "none" },
		{ "[7,8]", "none" },
		{ "[{\"embedding\":{}},{\"embedding\":[1]}]", "none" },
		{ "[{\"index\":0,\"embedding\":[1]},"
		    "{\"index\":0,\"embedding\":[1]}]", "wrong index" },
		{ "[{\"index\":0,\"embedding\":[1]},"
		    "{\"index\":2,\"embedding\":[1]}]", "wrong index" },
		{ "[{\"index\":-1,\"embedding\":[1]},"
		    "{\"index\":0,\"embedding\":[1]}]", "wrong index" },
		{ "[{\"index\":18446744073709551615,\"embedding\":[1]},"
		    "{\"index\":0,\"embedding\":[1]}]", "wrong index" },
		{ "[{\"index\":\"0\",\"embedding\":[1]},"
		    "{\"index\":1,\"embedding\":[1]}]", "wrong index" },
		{ "[{\"embedding\":[\"1\"]},{\"embedding\":[1]}]", "damaged" },
		{ "[{\"embedding\":[[1]]},{\"embedding\":[1]}]", "damaged" },
		{ "[{\"embedding\":[null]},{\"embedding\":[1]}]", "damaged" },
		{ "[{\"embedding\":[1e39]},{\"embedding\":[1]}]", "damaged" },
		{ "[{\"embedding\":[1e999]},{\"embedding\":[1]}]", "damaged" },
		{ "[{\"embedding\":\"AADAPw==\"},"
		    "{\"embedding\":\"????Pw==\"}]", "damaged" },
		{ "[{\"embedding\":\"AADAPw==\"},"
		    "{\"embedding\":\"AADAP===\"}]", "damaged" },
		{ "[{\"embedding\":\"AADAfw==\"},"	/* a NaN */
		    "{\"embedding\":\"AADAPw==\"}]", "damaged" },
		{ "[{\"embedding\":\"AADA\"},{\"embedding\":\"AADA\"}]",
		    "none" },
		{ "[{\"embedding\":\"\"},{\"embedding\":\"=\"}]", "none" },
		{ "[{\"embedding\":\"====\"},{\"embedding\":[1]}]", "" },
	};
	char body[256];
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		(void)snprintf(body, sizeof(body), "{\"data\":%s}",
		    bad[i].data);
		refuses(&rdl_dialect_openai, RDL_OP_EMBED, 2, body,
		    bad[i].why);
	}
	refuses(&rdl_dialect_openai, RDL_OP_EMBED, 0, "{\"data\":[]}",
	    "embeddings");
}

static void
test_images(void **state)
{
	(void)state;
	takes(&rdl_dialect_openai, RDL_OP_IMAGE, 0, "{\"created\":1,"
	    "\"data\":[{\"b64_json\":\"R0lGODlh\",\"revised_prompt\":\"x\"},"
	    "{\"b64_json\":\"data:image/png;base64,Zm8=\"}],\"usage\":{"
	    "\"input_tokens\":3,\"output_tokens\":1056}}");
	assert_int_equal(reply.nimages, 2);
	assert_int_equal(reply.image_lens[0], 6);
	assert_memory_equal(reply.images[0], "GIF89a", 6);
	assert_int_equal(reply.image_lens[1], 2);
	assert_memory_equal(reply.images[1], "fo", 2);
	assert_tokens(3, 0, 1056, 0);
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0, "{\"data\":[]}",
	    "no image");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0, "{}", "no image");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0, "{\"data\":[7]}",
	    "no image");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0,
	    "{\"data\":[{\"url\":\"http://x\"}]}", "the URL of an image");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0,
	    "{\"data\":[{\"b64_json\":\"\"}]}", "damaged");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0,
	    "{\"data\":[{\"b64_json\":\"R0l\"}]}", "damaged");
	refuses(&rdl_dialect_openai, RDL_OP_IMAGE, 0,
	    "{\"data\":[{\"b64_json\":\"data:image/png;base64,\"}]}",
	    "damaged");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_embeddings),
		cmocka_unit_test(test_embeddings_that_are_wrong),
		cmocka_unit_test(test_images),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
