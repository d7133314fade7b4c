/*
 * Groups in a test of own against sibling: the record that came, the test, and
 * the record that goes, with its scores.
 * Writes records and losses to a stage.  Scores nothing.
 */
#include "domain/preference_group.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "record/canon.h"

void
rdl_preference_test_init(struct rdl_preference_test *t,
    const struct rdl_alignment_rule *rule, struct rdl_stage *stage)
{
	memset(t, 0, sizeof(*t));
	t->rule = *rule;
	t->stage = stage;
	rdl_buf_init(&t->scorer, RDL_MIB);
	rdl_buf_init(&t->line, RDL_LINE_MAX + 1);
	rdl_buf_init(&t->json, RDL_MIB);
}

void
rdl_preference_group_free(struct rdl_preference_group *g)
{
	*g->prev = g->next;
	if (g->next != NULL)
		g->next->prev = g->prev;
	rdl_arena_release(&g->arena);
	free(g);
}

void
rdl_preference_test_release(struct rdl_preference_test *t)
{
	while (t->groups != NULL)
		rdl_preference_group_free(t->groups);
	rdl_rec_release(&t->rec);
	rdl_buf_release(&t->scorer);
	rdl_buf_release(&t->line);
	rdl_buf_release(&t->json);
}

static void
keep_sides(struct rdl_preference_group *g, const struct rdl_contrast *c)
{
	struct rdl_preference_side *s;
	size_t i;

	g->n = c->n;
	g->sides = rdl_arena_alloc(&g->arena, c->n * sizeof(*g->sides));
	g->scores = rdl_arena_alloc(&g->arena,
	    c->n * c->n * sizeof(*g->scores));
	for (i = 0; i < c->n; i++) {
		s = &g->sides[i];
		s->text_len = c->v[i].text.len;
		s->text = rdl_arena_dup(&g->arena, c->v[i].text.p,
		    s->text_len);
		s->image_len = c->v[i].image.len;
		s->image = rdl_arena_dup(&g->arena, c->v[i].image.p,
		    s->image_len);
	}
}

/* 1, or 0 with why the record cannot be tested. */
static int
take_sides(struct rdl_preference_test *t, struct rdl_preference_group *g,
    const struct rdl_rec *rec, bool given)
{
	int rc;

	if (!yyjson_equals_str(rdl_rec_get(rec, "kind"), "contrast"))
		return rdl_reason_set(&g->lost, true, "record",
		    "not a contrast record");
	if (rdl_contrast_read(&t->contrast, rec, true, &g->lost) == 0)
		return 0;
	keep_sides(g, &t->contrast);
	if (!given)
		return 1;
	rc = rdl_alignment_read(&t->scores, &t->contrast, &g->lost);
	if (rc == 0)
		return rdl_reason_set(&g->lost, true, "scores",
		    "it has no scores; --clip or --model gives them");
	if (rc == 1)
		memcpy(g->scores, t->scores.s, g->n * g->n *
		    sizeof(*g->scores));
	return rc == 1;
}

struct rdl_preference_group *
rdl_preference_group_new(struct rdl_preference_test *t,
    const struct rdl_rec *rec, bool given)
{
	struct rdl_preference_group *g = rdl_mem_calloc(1, sizeof(*g));
	struct rdl_err why = RDL_ERR_INIT;
	int rc;

	g->line = rdl_arena_dup(&g->arena, rec->line, rec->len);
	g->len = rec->len;
	g->prev = &t->groups;
	g->next = t->groups;
	if (g->next != NULL)
		g->next->prev = &g->next;
	t->groups = g;
	rc = rdl_id_of(rec, &g->id, &why);
	g->has_id = rc == 1;
	if (rc < 0) {
		memset(&g->id, 0, sizeof(g->id));
		g->id.hash = rdl_hash_of(g->line, g->len);
		(void)rdl_reason_set(&g->lost, true, "id", "%s", why.msg);
	} else if (take_sides(t, g, rec, given) == 1)
		g->lost.rule = NULL;
	return g;
}

static int
lose(struct rdl_preference_test *t, const struct rdl_preference_group *g,
    struct rdl_err *err)
{
	struct rdl_loss loss;

	memset(&loss, 0, sizeof(loss));
	loss.failed = g->lost.failed;
	loss.id = g->id;
	loss.rule = g->lost.rule;
	loss.value = g->lost.value[0] != '\0' ? g->lost.value : NULL;
	loss.threshold = g->lost.threshold[0] != '\0' ? g->lost.threshold :
	    NULL;
	loss.reason = g->lost.text;
	loss.call = g->has_call ? &g->call : NULL;
	/* What was scored is kept with its scores. */
	loss.record = t->line.len > 0 ? t->line.p : g->line;
	loss.record_len = t->line.len > 0 ? t->line.len - 1 : g->len;
	return rdl_stage_lose(t->stage, &loss, err);
}

static bool
passes(const struct rdl_alignment *a, int test)
{
	const struct rdl_alignment_rule rule = { test, NAN, NAN };
	struct rdl_reason why;

	return rdl_alignment_check(a, &rule, &why) == 1;
}

static void
count(struct rdl_preference_sums *s, const struct rdl_alignment *a)
{
	bool text = passes(a, RDL_ALIGNMENT_TEXT);
	bool image = passes(a, RDL_ALIGNMENT_IMAGE);
	size_t i, j;

	s->groups++;
	s->text += text;
	s->image += image;
	s->both += text && image;
	for (i = 0; i < a->n; i++)
		for (j = 0; j < a->n; j++)
			if (j != i) {
				s->pairs++;
				s->own += a->s[i * a->n + i];
				s->sibling += a->s[i * a->n + j];
			}
}

/* The record with its scores into t->line.  0, or -1 if it is too long. */
static int
write_record(struct rdl_preference_test *t, struct rdl_preference_group *g,
    struct rdl_err *err)
{
	char text[RDL_ID_TEXT], quoted[RDL_ID_TEXT + 2];
	struct rdl_edit edits[3];
	size_t n = 0;

	if (g->has_id && t->scorer.len == 0) {
		rdl_buf_add(&t->line, g->line, g->len);
		rdl_buf_addc(&t->line, '\n');
		return 0;
	}
	if (rdl_rec_parse(&t->rec, g->line, g->len, err) < 0)
		return -1;
	rdl_buf_reset(&t->json);
	rdl_alignment_json(&t->scores, &t->json);
	if (!g->has_id) {
		rdl_id_format(&g->id, text);
		(void)snprintf(quoted, sizeof(quoted), "\"%s\"", text);
		edits[n++] = (struct rdl_edit){ "id", quoted,
			strlen(quoted) };
	}
	if (t->scorer.len > 0) {
		edits[n++] = (struct rdl_edit){ "scores", t->json.p,
			t->json.len };
		edits[n++] = (struct rdl_edit){ "scorer", t->scorer.p,
			t->scorer.len };
	}
	rdl_rec_edit(&t->rec, edits, n, &t->line);
	if (rdl_buf_full(&t->json) || rdl_buf_full(&t->line))
		return rdl_err_set(err, RDL_E_INPUT,
		    "with its scores the record is too long");
	return 0;
}

/* The record under its own id, by all calls that gave it scores. */
static int
emit(struct rdl_preference_test *t, const struct rdl_preference_group *g,
    struct rdl_err *err)
{
	size_t i, n = g->calls != NULL ? g->n * g->n : 0;

	if (rdl_stage_emit(t->stage, t->line.p, t->line.len, &g->id, NULL,
	    n > 0 ? &g->calls[0] : NULL, err) < 0)
		return -1;
	for (i = 1; i < n && t->stage->ledger != NULL; i++)
		if (rdl_ledger_add(t->stage->ledger, &g->id, NULL,
		    &g->calls[i], err) < 0)
			return -1;
	rdl_stage_passed(t->stage);
	return 0;
}

int
rdl_preference_group_settle(struct rdl_preference_test *t,
    struct rdl_preference_group *g, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	int rc;

	rdl_buf_reset(&t->line);
	if (g->lost.rule == NULL) {
		t->scores.n = g->n;
		memcpy(t->scores.s, g->scores, g->n * g->n *
		    sizeof(*g->scores));
		count(&t->sums, &t->scores);
		if (write_record(t, g, &why) < 0) {
			rdl_buf_reset(&t->line);
			(void)rdl_reason_set(&g->lost, true, "record", "%s",
			    why.msg);
		} else if (rdl_alignment_check(&t->scores, &t->rule,
		    &g->lost) == 1)
			g->lost.rule = NULL;
	}
	rc = g->lost.rule == NULL ? emit(t, g, err) : lose(t, g, err);
	rdl_preference_group_free(g);
	return rc;
}

void
rdl_preference_sums_json(const struct rdl_preference_sums *s,
    struct rdl_buf *out)
{
	double pairs = (double)s->pairs;

	if (s->groups == 0)
		return;
	rdl_buf_addf(out, "{\"groups\":%" PRIu64 ",\"text\":%" PRIu64
	    ",\"image\":%" PRIu64 ",\"both\":%" PRIu64 ",\"mean_own\":",
	    s->groups, s->text, s->image, s->both);
	rdl_alignment_number(s->own / pairs, out);
	rdl_buf_adds(out, ",\"mean_sibling\":");
	rdl_alignment_number(s->sibling / pairs, out);
	rdl_buf_addc(out, '}');
}
