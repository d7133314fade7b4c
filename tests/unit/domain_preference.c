/*
 * Preference triples: the books over them, groups across bases, and who
 * belongs together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "core/rng.h"
#include "domain/pairing_held.h"

/* -- Books -----------------------------------------------------------------*/

static struct rdl_quote
quote(const char *s)
{
	return (struct rdl_quote){ s, strlen(s), { NULL, 0 } };
}

/* k sides of a group into the books; one triple may be left out or turned. */
static void
enter(struct rdl_books *b, size_t k, size_t left_out, size_t turned)
{
	char names[8][2][8];
	struct rdl_quote x, y[8];
	size_t i, j, n = 0;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < k; i++) {
		(void)snprintf(names[i][0], 8, "x%zu", i);
		(void)snprintf(names[i][1], 8, "y%zu", i);
		y[i] = quote(names[i][1]);
	}
	for (i = 0; i < k; i++) {
		x = quote(names[i][0]);
		rdl_pairing_due(b, &x, &y[i], k - 1);
		for (j = 0; j < k; j++) {
			if (j == i || ++n == left_out)
				continue;
			if (n == turned)
				rdl_pairing_enter(b, &x, &y[j], &y[i]);
			else
				rdl_pairing_enter(b, &x, &y[i], &y[j]);
		}
	}
}

static void
test_books(void **state)
{
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_books b;
	size_t k;

	(void)state;
	for (k = 2; k < 8; k++) {
		enter(&b, k, 0, 0);
		assert_int_equal(b.triples, k * (k - 1));
		assert_int_equal(rdl_pairing_balance(&b, "images", &err), 0);
		enter(&b, k, 1, 0);
		assert_int_equal(rdl_pairing_balance(&b, "images", &err), -1);
		enter(&b, k, 0, 2);
		assert_int_equal(rdl_pairing_balance(&b, "images", &err), -1);
	}
	/* Turned both ways the images are even, and the prompts are not. */
	memset(&b, 0, sizeof(b));
	{
		struct rdl_quote x1 = quote("x1"), x2 = quote("x2");
		struct rdl_quote y1 = quote("y1"), y2 = quote("y2");

		rdl_pairing_due(&b, &x1, &y1, 1);
		rdl_pairing_due(&b, &x2, &y2, 1);
		rdl_pairing_enter(&b, &x1, &y2, &y1);
		rdl_pairing_enter(&b, &x2, &y1, &y2);
	}
	assert_int_equal(rdl_pairing_balance(&b, "images", &err), -1);
	assert_non_null(strstr(err.msg, "own"));
}

/* -- Neighbours ------------------------------------------------------------*/

#define N 400
#define DIM 16

static float vectors[N * DIM];
static struct rdl_pairing_sample samples[N];

static void
make_samples(size_t sides, uint32_t sets)
{
	struct rdl_rng rng = { 11 };
	double norm;
	size_t i, d;

	for (i = 0; i < N; i++) {
		norm = 0;
		for (d = 0; d < DIM; d++) {
			vectors[i * DIM + d] = (float)(rdl_rng_real(&rng) -
			    0.5);
			norm += (double)vectors[i * DIM + d] *
			    (double)vectors[i * DIM + d];
		}
		for (d = 0; d < DIM; d++)
			vectors[i * DIM + d] = (float)((double)
			    vectors[i * DIM + d] / sqrt(norm));
		samples[i].base = i / sides;
		samples[i].text = i % 97;
		samples[i].image = i % 101;
		samples[i].set = (uint32_t)(i / sides) % sets;
	}
}

static double
cos_of(size_t i, size_t j)
{
	return rdl_pairing_near_cos(vectors + i * DIM, vectors + j * DIM, DIM);
}

static int
may_meet(size_t i, size_t j)
{
	return samples[i].base != samples[j].base &&
	    samples[i].text != samples[j].text &&
	    samples[i].image != samples[j].image &&
	    samples[i].set == samples[j].set;
}

/* Rings are whole, no longer than allowed, and any two in one may meet. */
static void
check_rings(const struct rdl_pairing_near *g,
    const struct rdl_pairing_near_opts *o)
{
	size_t i, groups = 0, grouped = 0, n;
	uint32_t at, other;
	double cos;

	for (i = 0; i < N; i++) {
		n = 1;
		for (at = g->next[i]; at != i; at = g->next[at]) {
			assert_true(++n <= o->group);
			assert_true(may_meet(i, at));
			cos = cos_of(i, at);
			assert_true(cos >= o->min_cos - 1e-6 &&
			    cos <= o->max_cos + 1e-6);
		}
		grouped += n > 1;
		for (other = g->next[i]; other > i; other = g->next[other])
			;
		groups += n > 1 && other == i;
	}
	assert_int_equal(groups, g->groups);
	assert_int_equal(grouped, g->grouped);
}

/* Of two sides each: taken greedily over all pairs, tried one by one. */
static void
match_greedily(const struct rdl_pairing_near_opts *o, uint32_t *next)
{
	size_t i, j, a = 0, b = 0;
	double best, cos;

	for (i = 0; i < N; i++)
		next[i] = (uint32_t)i;
	for (;;) {
		best = -2;
		for (i = 0; i < N; i++)
			for (j = i + 1; j < N && next[i] == i; j++) {
				if (next[j] != j || !may_meet(i, j))
					continue;
				cos = cos_of(i, j);
				if (cos > best && cos >= o->min_cos &&
				    cos <= o->max_cos) {
					best = cos;
					a = i;
					b = j;
				}
			}
		if (best < -1)
			return;
		next[a] = (uint32_t)b;
		next[b] = (uint32_t)a;
	}
}

static void
test_near(void **state)
{
	struct rdl_pairing_near_opts o = { 0.55, 0.9, N, 2, 1 };
	struct rdl_err err = RDL_ERR_INIT;
	static uint32_t want[N];
	struct rdl_pairing_near g;
	uint32_t sets;

	(void)state;
	for (sets = 1; sets <= 3; sets++) {
		make_samples(3, sets);
		match_greedily(&o, want);
		assert_int_equal(rdl_pairing_near(vectors, DIM, samples, N,
		    &o, &g, &err), 0);
		assert_true(g.groups > 10);
		assert_memory_equal(g.next, want, sizeof(want));
		check_rings(&g, &o);
		rdl_pairing_near_release(&g);
	}
	make_samples(2, 1);
	o.min_cos = 0.4;
	for (o.group = 3; o.group <= 64; o.group += 5)
		for (o.neighbours = 2; o.neighbours < 20; o.neighbours += 8) {
			assert_int_equal(rdl_pairing_near(vectors, DIM,
			    samples, N, &o, &g, &err), 0);
			assert_true(g.groups > 0);
			check_rings(&g, &o);
			rdl_pairing_near_release(&g);
		}
}

static void
test_near_few(void **state)
{
	const struct rdl_pairing_near_opts o = { -1, 1, 10, 64, 1 };
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pairing_near g;
	size_t n;

	(void)state;
	make_samples(1, 1);
	for (n = 0; n < 4; n++) {
		assert_int_equal(rdl_pairing_near(vectors, DIM, samples, n,
		    &o, &g, &err), 0);
		assert_int_equal(g.grouped, n < 2 ? 0 : n);
		rdl_pairing_near_release(&g);
	}
	/* All of one base: nobody to meet. */
	make_samples(N, 1);
	assert_int_equal(rdl_pairing_near(vectors, DIM, samples, N, &o, &g,
	    &err), 0);
	assert_int_equal(g.groups, 0);
	rdl_pairing_near_release(&g);
}

/* -- Who belongs together --------------------------------------------------*/

static void
add(struct rdl_pairing_held *h, const char *name, const char *a,
    const char *b)
{
	static struct rdl_contrast c;
	struct rdl_buf text = RDL_BUF_INIT(4096);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_reason why;
	struct rdl_id id;

	rdl_buf_addf(&text, "{\"kind\":\"contrast\",\"base\":\"%s\","
	    "\"dimension\":\"content\",\"sides\":[{\"text\":\"1\",\"image\":"
	    "{\"id\":\"%s\",\"uri\":\"%s\"}},{\"text\":\"2\",\"image\":"
	    "{\"id\":\"%s\",\"uri\":\"%s\"}}]}", name, a, a, b, b);
	assert_int_equal(rdl_rec_parse(&rec, text.p, text.len, &err), 0);
	assert_int_equal(rdl_id_of(&rec, &id, &err), 0);
	assert_int_equal(rdl_contrast_read(&c, &rec, true, &why), 1);
	assert_int_equal(rdl_pairing_held_add(h, &c, &id, name, strlen(name),
	    &err), 0);
	rdl_rec_release(&rec);
	rdl_buf_release(&text);
}

static void
place(const struct rdl_pairing_held *h, size_t i, const char *want)
{
	struct rdl_pairing_place p;

	rdl_pairing_held_place(h, i, &p);
	assert_int_equal(p.len, strlen(want));
	assert_memory_equal(p.group, want, p.len);
}

static void
test_held(void **state)
{
	struct rdl_buf line = RDL_BUF_INIT(RDL_LINE_MAX);
	struct rdl_rec rec = RDL_REC_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_pairing_held h;

	(void)state;
	rdl_pairing_held_init(&h, 0);
	add(&h, "m", "1", "2");
	add(&h, "k", "3", "4");
	add(&h, "z", "5", "6");
	place(&h, 0, "m");
	add(&h, "x", "4", "5");		/* k and z are one */
	place(&h, 2, "k");
	place(&h, 3, "k");
	place(&h, 0, "m");
	add(&h, "a", "6", "7");
	place(&h, 1, "a");
	rdl_pairing_held_join(&h, 0, 2);
	place(&h, 0, "a");
	add(&h, "m", "8", "9");		/* a name that is there */
	place(&h, 5, "a");
	add(&h, "i1", "i", "s");	/* a name like an image's id */
	place(&h, 6, "i1");
	assert_int_equal(rdl_pairing_held_get(&h, 1, &line, &rec, &err), 0);
	assert_string_equal(rdl_rec_str(&rec, "base", NULL), "k");
	assert_non_null(rdl_rec_str(&rec, "id", NULL));
	rdl_rec_release(&rec);
	rdl_buf_release(&line);
	rdl_pairing_held_release(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_books),
		cmocka_unit_test(test_near),
		cmocka_unit_test(test_near_few),
		cmocka_unit_test(test_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
