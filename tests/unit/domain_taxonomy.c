/*
 * The task tree: what is the same name, what a reply line means.  The names of
 * tests say which defect of the published scripts they would catch (D1..D8,
 * facts on TaskGalaxy).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "domain/taxonomy.h"

static struct rdl_taxonomy *
tree(void)
{
	return rdl_taxonomy_new();
}

/* Propose line below parent; the node's path, or "" when refused. */
static void
propose(struct rdl_taxonomy *t, struct rdl_taxon *parent, const char *line,
    const char *want, int want_made)
{
	struct rdl_buf path = RDL_BUF_INIT(4096);
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_taxon *n;
	bool made = false;

	n = rdl_taxonomy_propose(t, parent, line, strlen(line), &made, &err);
	if (n != NULL)
		rdl_taxonomy_path(n, &path);
	rdl_buf_addc(&path, '\0');
	assert_string_equal(path.p, want);
	assert_int_equal(n != NULL && made, want_made);
	rdl_buf_release(&path);
}

static struct rdl_taxon *
add(struct rdl_taxonomy *t, struct rdl_taxon *parent, const char *name)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_taxon *n;

	n = rdl_taxonomy_child(t, parent, name, strlen(name), NULL, &err);
	assert_non_null(n);
	return n;
}

static void
test_d1_case_and_form_do_not_make_two_types(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *root = rdl_taxonomy_root(t);

	(void)state;
	propose(t, root, "OCR", "OCR", 1);
	propose(t, root, "ocr", "OCR", 0);
	propose(t, root, "  Ocr ", "OCR", 0);
	propose(t, root, "Cafe\xcc\x81 menus", "Caf\xc3\xa9 menus", 1);
	propose(t, root, "CAF\xc3\x89  MENUS", "Caf\xc3\xa9 menus", 0);
	assert_int_equal(rdl_taxonomy_count(t), 2);
	rdl_taxonomy_free(t);
}

static void
test_d2_a_repeated_or_blank_line_loses_no_other(void **state)
{
	static const char *const lines[] = { "a", "a", "", "   ", "b" };
	struct rdl_taxonomy *t = tree();
	struct rdl_err err = RDL_ERR_INIT;
	size_t i, made_count = 0;
	bool made;

	(void)state;
	for (i = 0; i < RDL_NELEM(lines); i++) {
		made = false;
		if (rdl_taxonomy_propose(t, rdl_taxonomy_root(t), lines[i],
		    strlen(lines[i]), &made, &err) != NULL && made)
			made_count++;
	}
	assert_int_equal(made_count, 2);
	rdl_taxonomy_free(t);
}

static void
test_d4_both_tildes_join(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *ocr = add(t, rdl_taxonomy_root(t), "OCR");

	(void)state;
	propose(t, ocr, "ocr ~ Receipts", "OCR ~ Receipts", 1);
	propose(t, ocr, "OCR\xe2\x88\xbcwebpages", "OCR ~ webpages", 1);
	propose(t, ocr, "OCR \xe2\x88\xbc Webpages", "OCR ~ webpages", 0);
	assert_int_equal(rdl_taxonomy_root(t)->nchildren, 1);
	rdl_taxonomy_free(t);
}

static void
test_d5_the_parent_is_an_exact_prefix(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *ocr = add(t, rdl_taxonomy_root(t), "OCR");
	struct rdl_taxon *doc = add(t, rdl_taxonomy_root(t), "document OCR");

	(void)state;
	propose(t, ocr, "document OCR ~ forms", "", 0);
	propose(t, doc, "OCR ~ forms", "", 0);
	propose(t, doc, "document OCR ~ forms", "document OCR ~ forms", 1);
	propose(t, ocr, "OCR ~ forms ~ tax forms", "", 0);
	assert_int_equal(ocr->nchildren, 0);
	assert_int_equal(doc->nchildren, 1);
	rdl_taxonomy_free(t);
}

static void
test_d6_reply_text_is_a_name_and_never_a_path(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *root = rdl_taxonomy_root(t);

	(void)state;
	propose(t, root, "/etc/passwd", "/etc/passwd", 1);
	propose(t, root, "../../escape", "../../escape", 1);
	propose(t, root, "text/image pairs", "text/image pairs", 1);
	propose(t, root, "1. Chart reading", "Chart reading", 1);
	propose(t, root, "23) \"Map reading\".", "Map reading", 1);
	propose(t, root, "(4) Table reading", "Table reading", 1);
	propose(t, root, "- `chart reading`", "Chart reading", 0);
	propose(t, root, "\xe2\x80\xa2 **Bold names**", "Bold names", 1);
	propose(t, root, "\xe2\x80\x9cquoted\xe2\x80\x9d,", "quoted", 1);
	propose(t, root, "3D shape recognition", "3D shape recognition", 1);
	propose(t, root, "line\nbreak\ttab", "line break tab", 1);
	rdl_taxonomy_free(t);
}

static void
test_names_that_are_none(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *root = rdl_taxonomy_root(t);
	struct rdl_err err = RDL_ERR_INIT;
	char big[RDL_TAXONOMY_NAME + 2];

	(void)state;
	propose(t, root, "", "", 0);
	propose(t, root, "\"\"", "", 0);
	propose(t, root, "1. ", "", 0);
	propose(t, root, "a ~ b", "", 0);
	memset(big, 'x', sizeof(big));
	assert_null(rdl_taxonomy_child(t, root, big, sizeof(big), NULL,
	    &err));
	assert_null(rdl_taxonomy_child(t, root, "\xff", 1, NULL, &err));
	assert_string_equal(err.msg, "not valid UTF-8");
	rdl_taxonomy_free(t);
}

static void
test_d8_order_does_not_depend_on_growth(void **state)
{
	static const char *const names[] = { "b", "C", "a" };
	struct rdl_buf one = RDL_BUF_INIT(256), two = RDL_BUF_INIT(256);
	struct rdl_taxonomy *t = tree(), *u = tree();
	struct rdl_taxon *n;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		add(t, add(t, rdl_taxonomy_root(t), names[i]), "x");
		add(u, add(u, rdl_taxonomy_root(u), names[2 - i]), "x");
	}
	rdl_taxonomy_sort(t);
	rdl_taxonomy_sort(u);
	for (n = rdl_taxonomy_root(t); (n = rdl_taxonomy_next(n)) != NULL; )
		rdl_taxonomy_path_json(n, &one);
	for (n = rdl_taxonomy_root(u); (n = rdl_taxonomy_next(n)) != NULL; )
		rdl_taxonomy_path_json(n, &two);
	assert_string_equal(one.p, two.p);
	assert_string_equal(one.p, "[\"a\"][\"a\",\"x\"][\"b\"]"
	    "[\"b\",\"x\"][\"C\"][\"C\",\"x\"]");
	rdl_buf_release(&one);
	rdl_buf_release(&two);
	rdl_taxonomy_free(t);
	rdl_taxonomy_free(u);
}

static void
test_likeness(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *r = rdl_taxonomy_root(t);

	(void)state;
	assert_true(rdl_taxonomy_likeness(add(t, r, "bar chart"),
	    add(t, r, "Bar-charts")) == 1);
	assert_true(rdl_taxonomy_likeness(add(t, r, "night"),
	    add(t, r, "nacht")) == 0.25);
	assert_true(rdl_taxonomy_likeness(add(t, r, "a"),
	    add(t, r, "b")) == 0);
	rdl_taxonomy_free(t);
}

static void
test_many_nodes_keep_their_place(void **state)
{
	struct rdl_taxonomy *t = tree();
	struct rdl_taxon *n, *p = rdl_taxonomy_root(t);
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		n = add(t, p, name);
		if (i % 100 == 99)
			p = n->level < 8 ? n : rdl_taxonomy_root(t);
	}
	assert_int_equal(rdl_taxonomy_count(t), 20000);
	for (i = 0, n = rdl_taxonomy_root(t);
	    (n = rdl_taxonomy_next(n)) != NULL; i++)
		continue;
	assert_int_equal(i, 20000);
	rdl_taxonomy_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_d1_case_and_form_do_not_make_two_types),
		cmocka_unit_test(
		    test_d2_a_repeated_or_blank_line_loses_no_other),
		cmocka_unit_test(test_d4_both_tildes_join),
		cmocka_unit_test(test_d5_the_parent_is_an_exact_prefix),
		cmocka_unit_test(
		    test_d6_reply_text_is_a_name_and_never_a_path),
		cmocka_unit_test(test_names_that_are_none),
		cmocka_unit_test(test_d8_order_does_not_depend_on_growth),
		cmocka_unit_test(test_likeness),
		cmocka_unit_test(test_many_nodes_keep_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
