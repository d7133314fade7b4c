/*
 * Base instructions: what is read of a reply, and the records made of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/instructions.h"
#include "record/schema.h"

/* Read a reply for count, and say the faults, a letter each; "-" if it is no
 * list. */
static const char *
faults(const char *reply, size_t len, size_t count)
{
	struct rdl_instructions s = RDL_INSTRUCTIONS_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	yyjson_doc *doc = yyjson_read(reply, len, 0);
	static char out[64];
	size_t i, good = 0;

	assert_non_null(doc);
	memcpy(out, "-", 2);
	if (rdl_instructions_read(&s, yyjson_doc_get_root(doc), count,
	    &err) == 0) {
		assert_in_range(s.n, 0, sizeof(out) - 1);
		for (i = 0; i < s.n; i++) {
			out[i] = s.v[i].fault == NULL ? '.' :
			    s.v[i].fault[0];
			good += s.v[i].fault == NULL;
			if (s.v[i].fault != NULL)
				assert_non_null(rdl_instructions_fault(
				    s.v[i].fault));
		}
		out[s.n] = '\0';
		assert_int_equal(good, s.good);
	} else {
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	rdl_instructions_release(&s);
	yyjson_doc_free(doc);
	return out;
}

#define FAULTS(reply, count) faults(reply, sizeof(reply) - 1, count)

static void
test_read(void **state)
{
	(void)state;
	assert_string_equal(FAULTS("{\"instructions\":[\"a\",\"b\"]}", 2),
	    "..");
	assert_string_equal(FAULTS("[\"a\",\"b\"]", 2), "..");
	assert_string_equal(FAULTS("[\"a\"]", 2), ".");
	assert_string_equal(FAULTS("[]", 2), "");
	/* empty, repeat, extra; a blank one takes no place */
	assert_string_equal(FAULTS("[\"\",\" \\n\",\"a\",\" A \",\"b\",\"c\"]",
	    2), "ee.r.e");
	assert_string_equal(FAULTS("[\"Stra\\u00dfe  1\",\"STRASSE 1\"]", 2),
	    ".r");
	assert_string_equal(FAULTS("[\"a\\u0000b\",\"a\\u0000c\"]", 2), "..");
	assert_string_equal(FAULTS("[\"a\",1]", 2), "-");
	assert_string_equal(FAULTS("[\"a\",null]", 2), "-");
	assert_string_equal(FAULTS("{\"instructions\":\"a\"}", 1), "-");
	assert_string_equal(FAULTS("{}", 1), "-");
	assert_string_equal(FAULTS("null", 1), "-");
}

static void
test_huge(void **state)
{
	struct rdl_buf reply = RDL_BUF_INIT(8 * RDL_LINE_MAX);
	size_t i;

	(void)state;
	rdl_buf_adds(&reply, "[\"");
	for (i = 0; i < 2 * RDL_LINE_MAX / 16; i++)
		rdl_buf_addc(&reply, 'a');
	rdl_buf_adds(&reply, "\"]");
	assert_string_equal(faults(reply.p, reply.len, 1), "-");
	rdl_buf_release(&reply);
}

static void
test_record(void **state)
{
	static const char task[] = "{\"kind\":\"task\",\"path\":[\"a \", "
	    "\"b\"],\"x\":1}";
	struct rdl_instruction one = { "A \"cat\".", 8, NULL };
	struct rdl_buf from = RDL_BUF_INIT(4096), out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT, made = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_id id, made_id, again;

	(void)state;
	assert_int_equal(rdl_rec_parse(&rec, task, sizeof(task) - 1, &err),
	    0);
	assert_int_equal(rdl_id_compute(&rec, &id, &err), 0);
	rdl_buf_adds(&from, "[\"x\"]");
	assert_int_equal(rdl_instructions_record(&one, &rec, &id, &from, 3,
	    &made_id, &out, &err), 0);
	assert_non_null(strstr(out.p, "\"path\":[\"a \", \"b\"]},\"text\":"
	    "\"A \\\"cat\\\".\",\"rollout\":3}\n"));
	/* The id is what the schema says; the rollout is no part of it. */
	assert_int_equal(rdl_rec_parse(&made, out.p, out.len - 1, &err), 0);
	assert_int_equal(rdl_id_compute(&made, &again, &err), 0);
	assert_memory_equal(again.hash.b, made_id.hash.b,
	    sizeof(again.hash.b));
	rdl_buf_reset(&out);
	assert_int_equal(rdl_instructions_record(&one, &rec, &id, &from, -1,
	    &again, &out, &err), 0);
	assert_memory_equal(again.hash.b, made_id.hash.b,
	    sizeof(again.hash.b));
	assert_null(strstr(out.p, "rollout"));
	rdl_rec_release(&rec);
	rdl_rec_release(&made);
	rdl_buf_release(&from);
	rdl_buf_release(&out);
}

static void
test_view(void **state)
{
	static const char *const bad[] = { "{\"kind\":\"image\",\"path\":"
	    "[\"a\"]}", "{\"kind\":\"task\"}", "{\"kind\":\"task\",\"path\":"
	    "[]}", "{\"kind\":\"task\",\"path\":[1]}", "{\"path\":[\"a\"]}" };
	static const char good[] = "{\"kind\":\"task\",\"path\":[\"a\",\"b\"],"
	    "\"n\" : 1.0}";
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(rdl_rec_parse(&rec, bad[i], strlen(bad[i]),
		    &err), 0);
		assert_int_equal(rdl_instructions_view(&rec, 3, &out, &err),
		    -1);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	assert_int_equal(rdl_rec_parse(&rec, good, sizeof(good) - 1, &err),
	    0);
	rdl_buf_reset(&out);
	assert_int_equal(rdl_instructions_view(&rec, 3, &out, &err), 0);
	assert_non_null(strstr(out.p, "\"n\" : 1.0,\"label\":\"a ~ b\","
	    "\"count\":3}"));
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
