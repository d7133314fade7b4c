/*
 * How a tree grows: rounds, dry parents, and when a level is done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/growth.h"
#include "domain/taxon.h"

static const struct rdl_hash call = { { 1, 2, 3 } };

static enum rdl_growth_verdict
take(struct rdl_growth *g, struct rdl_taxon *parent, const char *line)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_taxon *n;

	return rdl_growth_take(g, parent, line, strlen(line), &call, &n,
	    &err);
}

static void
test_round_until_dry(void **state)
{
	struct rdl_share until = { 2, 1 };
	struct rdl_growth g;
	struct rdl_taxon *root;

	(void)state;
	rdl_growth_init(&g, 1000);
	root = rdl_taxonomy_root(g.tree);
	rdl_growth_begin_round(&g, 1, 1);
	assert_int_equal(g.nparents, 1);
	assert_ptr_equal(g.parents[0], root);
	assert_int_equal(take(&g, root, "b"), RDL_GROWTH_NEW);
	assert_int_equal(take(&g, root, "a"), RDL_GROWTH_NEW);
	assert_int_equal(take(&g, root, "B"), RDL_GROWTH_KNOWN);
	assert_int_equal(take(&g, root, "x ~ y"), RDL_GROWTH_BAD);
	rdl_growth_replied(&g, root, 0);
	assert_false(rdl_growth_end_round(&g, &until));

	rdl_growth_begin_round(&g, 1, 2);
	assert_int_equal(g.nparents, 1);
	assert_string_equal(root->children[0]->name, "a");
	assert_int_equal(take(&g, root, "a"), RDL_GROWTH_KNOWN);
	rdl_growth_replied(&g, root, 0);
	assert_true(rdl_growth_end_round(&g, &until));

	rdl_growth_begin_round(&g, 1, 3);
	assert_int_equal(g.nparents, 0);		/* dry */
	rdl_growth_begin_round(&g, 2, 1);
	assert_int_equal(g.nparents, 2);
	assert_string_equal(g.curve.p,
	    "[{\"level\":1,\"round\":1,\"asked\":1,\"proposed\":4,\"new\":2,"
	    "\"total\":2},{\"level\":1,\"round\":2,\"asked\":1,\"proposed\":1,"
	    "\"new\":0,\"total\":2}");
	rdl_growth_release(&g);
}

static void
test_a_failed_parent_is_not_a_childless_one(void **state)
{
	struct rdl_growth g;
	struct rdl_taxon *root;

	(void)state;
	rdl_growth_init(&g, 1000);
	root = rdl_taxonomy_root(g.tree);
	rdl_growth_node(&g, root)->failed = true;
	rdl_growth_begin_round(&g, 1, 2);
	assert_int_equal(g.nparents, 0);
	assert_false(rdl_growth_node(&g, root)->dry);
	rdl_growth_release(&g);
}

static void
test_max_children(void **state)
{
	struct rdl_growth g;
	struct rdl_taxon *root;

	(void)state;
	rdl_growth_init(&g, 2);
	root = rdl_taxonomy_root(g.tree);
	rdl_growth_begin_round(&g, 1, 1);
	assert_int_equal(take(&g, root, "a"), RDL_GROWTH_NEW);
	assert_int_equal(take(&g, root, "b"), RDL_GROWTH_NEW);
	assert_int_equal(take(&g, root, "c"), RDL_GROWTH_FULL);
	rdl_growth_replied(&g, root, 0);
	assert_true(rdl_growth_node(&g, root)->dry);
	rdl_growth_release(&g);
}

static void
test_row_shows_the_exact_children(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_growth g;
	struct rdl_taxon *ocr;

	(void)state;
	rdl_growth_init(&g, 1000);
	ocr = rdl_taxonomy_child(g.tree, rdl_taxonomy_root(g.tree), "OCR", 3,
	    NULL, &err);
	assert_non_null(rdl_taxonomy_child(g.tree, rdl_taxonomy_root(g.tree),
	    "document OCR", 12, NULL, &err));
	assert_int_equal(take(&g, ocr, "say \"hi\" signs"), RDL_GROWTH_NEW);
	rdl_growth_row(ocr, &out);
	assert_string_equal(out.p, "{\"parent\":\"OCR\",\"path\":[\"OCR\"],"
	    "\"level\":2,\"known\":[\"say \\\"hi\\\" signs\"]}");
	rdl_buf_reset(&out);
	rdl_growth_row(rdl_taxonomy_root(g.tree), &out);
	assert_string_equal(out.p, "{\"parent\":\"\",\"path\":[],\"level\":1,"
	    "\"known\":[\"OCR\",\"document OCR\"]}");
	rdl_buf_release(&out);
	rdl_growth_release(&g);
}

static void
test_near_duplicates_are_reported(void **state)
{
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_growth g;
	struct rdl_taxon *root;

	(void)state;
	rdl_growth_init(&g, 1000);
	root = rdl_taxonomy_root(g.tree);
	take(&g, root, "bar chart reading");
	take(&g, root, "bar-chart readings");
	take(&g, root, "poetry");
	assert_int_equal(rdl_growth_near(&g, 0.85, &out), 1);
	assert_string_equal(out.p, "[[[\"bar chart reading\"],"
	    "[\"bar-chart readings\"],1.000]]");
	rdl_buf_release(&out);
	rdl_growth_release(&g);
}

static void
test_seed_record_keeps_its_bytes(void **state)
{
	static const char line[] = "{ \"x\":2.50, \"path\":[\"A\",\"b\"] }";
	struct rdl_buf out = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_growth g;
	struct rdl_taxon *n;

	(void)state;
	rdl_growth_init(&g, 1000);
	assert_int_equal(rdl_rec_parse(&rec, line, sizeof(line) - 1, &err), 0);
	n = rdl_taxon_plant(g.tree, &rec, NULL, NULL, &err);
	assert_non_null(n);
	assert_int_equal(rdl_taxonomy_count(g.tree), 2);
	assert_int_equal(rdl_taxon_complete(&rec, n, &out, &err), 0);
	assert_memory_equal(out.p, "{ \"x\":2.50, \"path\":[\"A\",\"b\"]", 28);
	assert_non_null(strstr(out.p, "\"kind\":\"task\""));
	assert_non_null(strstr(out.p, "\"level\":2"));
	assert_non_null(strstr(out.p, "\"id\":\"task:"));
	rdl_rec_release(&rec);
	rdl_buf_release(&out);
	rdl_growth_release(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_until_dry),
		cmocka_unit_test(test_a_failed_parent_is_not_a_childless_one),
		cmocka_unit_test(test_max_children),
		cmocka_unit_test(test_row_shows_the_exact_children),
		cmocka_unit_test(test_near_duplicates_are_reported),
		cmocka_unit_test(test_seed_record_keeps_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
