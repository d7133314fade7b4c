/*
 * The edit distance behind "did you mean".
 * Known distances, symmetry, and names that are too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/compiler.h"
#include "core/near.h"

static size_t
between(const char *a, const char *b)
{
	return rdl_near_distance(a, strlen(a), b, strlen(b));
}

static void
test_known_distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} cases[] = { { "", "", 0 }, { "ask", "ask", 0 }, { "", "ask", 3 },
		{ "kitten", "sitting", 3 }, { "saturday", "sunday", 3 },
		{ "flaw", "lawn", 2 }, { "ledger", "legder", 2 },
		{ "abc", "xyz", 3 } };
	size_t i;

	(void)state;
	for (i = 0; i < RDL_NELEM(cases); i++) {
		assert_int_equal(between(cases[i].a, cases[i].b), cases[i].d);
		assert_int_equal(between(cases[i].b, cases[i].a), cases[i].d);
	}
}

static void
test_long_names_are_near_to_nothing(void **state)
{
	char a[RDL_NEAR_MAX + 1];

	(void)state;
	memset(a, 'a', sizeof(a));
	assert_int_equal(rdl_near_distance(a, RDL_NEAR_MAX, a, RDL_NEAR_MAX),
	    0);
	assert_int_equal(rdl_near_distance(a, sizeof(a), a, RDL_NEAR_MAX),
	    RDL_NEAR_MAX + 1);
	assert_int_equal(rdl_near_distance(a, 0, a, sizeof(a)),
	    RDL_NEAR_MAX + 1);
	assert_int_equal(rdl_near_distance(a, 0, a, RDL_NEAR_MAX),
	    RDL_NEAR_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_distances),
		cmocka_unit_test(test_long_names_are_near_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
