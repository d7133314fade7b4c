/*
 * Records as trainers see them: what is taken, what is refused, and that
 * hostile text stays text in a page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "publish/html.h"
#include "publish/item.h"

#define QA "{\"kind\":\"qa\",\"image\":{\"id\":\"i\",\"uri\":\"a.png\"}," \
	"\"task\":{\"id\":\"t\",\"path\":[\"A\",\"B\"]},\"question\":\"q?\"," \
	"\"answer\":\"x\"}"

static int
read_sample(struct rdl_sample *s, struct rdl_rec *rec, const char *line,
    struct rdl_err *err)
{
	assert_int_equal(rdl_rec_parse(rec, line, strlen(line), err), 0);
	return rdl_sample_read(s, rec, err);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
		"{\"kind\":\"task\",\"path\":[\"a\"]}", "{}",
		"{\"kind\":\"qa\",\"image\":{\"id\":\"i\",\"uri\":\"a\"},"
		"\"task\":{\"id\":\"t\",\"path\":[\"A\"]},\"question\":\" \","
		"\"answer\":\"x\"}",
		"{\"kind\":\"qa\",\"image\":{\"id\":\"i\",\"uri\":\"a\"},"
		"\"task\":{\"id\":\"t\",\"path\":[\"A\"]},\"question\":\"q\","
		"\"answer\":[]}",
		"{\"kind\":\"qa\",\"image\":{\"id\":\"i\",\"uri\":"
		"\"a\\u0000b\"},\"task\":{\"id\":\"t\",\"path\":[\"A\"]},"
		"\"question\":\"q\",\"answer\":\"x\"}",
		"{\"kind\":\"preference\",\"prompt\":\"p\",\"chosen\":"
		"{\"text\":\"a\"},\"rejected\":{\"text\":\"a\"}}",
		"{\"kind\":\"preference\",\"prompt\":\"p\",\"chosen\":"
		"{\"image\":{\"uri\":\"a\"}},\"rejected\":{\"text\":\"a\"}}",
		"{\"kind\":\"preference\",\"prompt\":\"p\",\"chosen\":"
		"{\"image\":{\"uri\":\"a\",\"sha256\":\"0\"}},\"rejected\":"
		"{\"image\":{\"uri\":\"b\",\"sha256\":\"0\"}}}"
	};
	struct rdl_sample s = RDL_SAMPLE_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(bad); i++) {
		struct rdl_err err = RDL_ERR_INIT;

		if (read_sample(&s, &rec, bad[i], &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.cls, RDL_E_INPUT);
	}
	rdl_sample_release(&s);
	rdl_rec_release(&rec);
}

/* Every format that takes a question makes one JSON object of it. */
static void
test_items(void **state)
{
	static const char *const paths[] = { "p/a.png" };
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_sample s = RDL_SAMPLE_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	const struct rdl_format *f;
	yyjson_doc *doc;

	(void)state;
	assert_int_equal(read_sample(&s, &rec, QA, &err), 0);
	assert_string_equal(s.task.p, "A ~ B");
	for (f = rdl_item_formats; f->name != NULL; f++) {
		assert_int_equal(rdl_item_fits(f, &s, &err),
		    f->qa ? 0 : -1);
		if (!f->qa)
			continue;
		rdl_buf_reset(&out);
		f->item(&s, paths, &out);
		doc = yyjson_read(out.p, out.len, 0);
		assert_true(yyjson_is_obj(yyjson_doc_get_root(doc)));
		assert_non_null(strstr(out.p, "p/a.png"));
		assert_non_null(strstr(out.p, s.key));
		yyjson_doc_free(doc);
	}
	rdl_buf_release(&out);
	rdl_sample_release(&s);
	rdl_rec_release(&rec);
}

static void
test_escaped(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);

	(void)state;
	rdl_html_text(&out, "<a href='x'>&\"\0\x1b[1m", 19);
	assert_string_equal(out.p, "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
	    "  [1m");
	rdl_buf_reset(&out);
	rdl_html_count(&out, -1234567);
	assert_string_equal(out.p, "-1&#8239;234&#8239;567");
	rdl_buf_release(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_escaped)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
