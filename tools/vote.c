/*
 * riddle-vote: keep the records that enough judges approve of.
 * Reads records with scores[], or joins files of the same records judged
 * apart; writes those that win, with the vote.  It asks no judge.
 */
#include <stdio.h>
#include <string.h>

#include "core/file.h"
#include "core/tool.h"
#include "domain/agreement.h"
#include "domain/scores.h"
#include "domain/vote_opts.h"
#include "ledger/stage.h"
#include "record/join.h"

#define TEXT_MAX (64 * RDL_KIB)
#define STATS_MAX RDL_MIB
#define EDITS_MAX 4	/* kind, id, scores, vote */

struct opts {
	struct rdl_stage_opts stage;
	struct rdl_vote_opts rule;
	struct rdl_strs join;
	const char *stats_json;
	bool stats;
};

static const struct rdl_opt options[] = {
	{ .type = RDL_OPT_LIST, .name = "join", .arg = "FILE",
	    .off = offsetof(struct opts, join),
	    .help = "join the scores of the same records in FILE, by id; may "
	    "be repeated" },
	{ .type = RDL_OPT_FLAG, .name = "stats",
	    .off = offsetof(struct opts, stats),
	    .help = "print a table of how far the judges agree to stderr" },
	{ .type = RDL_OPT_STR, .name = "stats-json", .arg = "FILE",
	    .off = offsetof(struct opts, stats_json),
	    .help = "write the same to FILE as JSON" },
	RDL_VOTE_OPTIONS(struct opts, rule),
	RDL_STAGE_OPTIONS(struct opts, stage),
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = {
	"riddle-vote", "[options] [file ...]",
	"keep the records that enough judges approve of",
	options, SIZE_MAX
};

/* The work, and what it needs for each record. */
struct work {
	const struct opts *opts;
	struct rdl_vote_rule rule;
	struct rdl_judges judges;
	struct rdl_agreement agreement;
	struct rdl_stage stage;
	struct rdl_join join;
	struct rdl_ballot ballot;
	struct rdl_buf rule_text, threshold;
	struct rdl_buf scores;		/* joined */
	struct rdl_buf vote;
	struct rdl_buf line, reason, value;
};

/* A record, and what the joined files have of it. */
struct voted {
	const struct rdl_rec *recs[1 + RDL_JOIN_MAX];
	size_t n;
	struct rdl_id id;
	bool has_id;		/* recs[0] carries it */
	unsigned unheard;	/* files without it; the input counts as one */
};

/* -- The rule -------------------------------------------------------------- */

/* Stdin can be read once. */
static int
check_stdin(const struct opts *o, const struct rdl_strs *operands,
    struct rdl_err *err)
{
	size_t i, n = operands->n == 0;

	for (i = 0; i < operands->n; i++)
		n += strcmp(operands->v[i], "-") == 0;
	for (i = 0; i < o->join.n; i++)
		n += strcmp(o->join.v[i], "-") == 0;
	if (o->join.n > 0 && n > 1)
		return rdl_err_set(err, RDL_E_USAGE,
		    "stdin can be only one of the files");
	return 0;
}

/* The texts of the rule that every record has in common. */
static void
write_rule(struct work *w)
{
	const struct rdl_vote_rule *r = &w->rule;
	struct rdl_buf text = RDL_BUF_INIT(TEXT_MAX);

	rdl_vote_rule_text(r, &text);
	rdl_buf_adds(&w->rule_text, "{\"rule\":");
	rdl_buf_addjson(&w->rule_text, text.p, text.len);
	rdl_buf_adds(&w->rule_text, ",\"sum\":");
	rdl_buf_release(&text);
	if (r->at_least == 0)
		rdl_vote_number(r->min_sum, &w->threshold);
	else if (r->of > 0)
		rdl_buf_addf(&w->threshold, "%u/%u", r->at_least, r->of);
	else
		rdl_buf_addf(&w->threshold, "%u", r->at_least);
}

/* -- One record ------------------------------------------------------------ */

/* The edits that naming and joining make: how many.  id_text is room for one
 * in quotes. */
static size_t
common_edits(struct work *w, const struct voted *v, struct rdl_edit *edits,
    char *id_text)
{
	char text[RDL_ID_TEXT];
	size_t n = 0;
	int len;

	if (!v->has_id) {
		if (rdl_rec_get(v->recs[0], "kind") == NULL)
			edits[n++] = (struct rdl_edit){ "kind", "\"row\"", 5 };
		rdl_id_format(&v->id, text);
		len = snprintf(id_text, RDL_ID_TEXT + 2, "\"%s\"", text);
		edits[n++] = (struct rdl_edit){ "id", id_text, (size_t)len };
	}
	if (v->n < 2)
		return n;
	rdl_buf_reset(&w->scores);
	rdl_scores_merge(v->recs, v->n,
	    w->ballot.copies + w->ballot.ignored > 0, &w->scores);
	edits[n++] = (struct rdl_edit){ "scores", w->scores.p,
		w->scores.len };
	return n;
}

/* True if anybody will read what was lost, and why. */
static bool
keeps_losses(const struct work *w)
{
	return w->stage.ledger != NULL || w->opts->stage.failed != NULL;
}

static int
lose(struct work *w, const struct voted *v, bool failed, const char *rule,
    struct rdl_err *err)
{
	struct rdl_loss loss = { .failed = failed, .id = v->id, .rule = rule,
		.record = v->recs[0]->line, .record_len = v->recs[0]->len };
	struct rdl_edit edits[EDITS_MAX];
	char id_text[RDL_ID_TEXT + 2];

	if (v->n > 1 && keeps_losses(w)) {
		rdl_buf_reset(&w->line);
		rdl_rec_edit(v->recs[0], edits,
		    common_edits(w, v, edits, id_text), &w->line);
		if (!rdl_buf_full(&w->line) && !rdl_buf_full(&w->scores)) {
			loss.record = w->line.p;
			loss.record_len = w->line.len - 1;
		}
	}
	loss.reason = w->reason.p;
	if (!failed) {
		loss.value = w->value.p;
		loss.threshold = w->threshold.p;
	}
	return rdl_stage_lose(&w->stage, &loss, err);
}

static int
emit(struct work *w, const struct voted *v,
    const struct rdl_vote_result *verdict, struct rdl_err *err)
{
	struct rdl_edit edits[EDITS_MAX];
	char id_text[RDL_ID_TEXT + 2];
	size_t n = common_edits(w, v, edits, id_text);

	rdl_buf_reset(&w->vote);
	rdl_buf_add(&w->vote, w->rule_text.p, w->rule_text.len);
	rdl_vote_number(verdict->sum, &w->vote);
	if (w->rule.at_least > 0) {
		rdl_buf_adds(&w->vote, ",\"yes\":");
		rdl_buf_addu(&w->vote, verdict->yes);
	}
	rdl_buf_adds(&w->vote, ",\"judges\":");
	rdl_buf_addu(&w->vote, verdict->voted);
	rdl_buf_addc(&w->vote, '}');
	edits[n++] = (struct rdl_edit){ "vote", w->vote.p, w->vote.len };
	rdl_buf_reset(&w->line);
	rdl_rec_edit(v->recs[0], edits, n, &w->line);
	if (rdl_buf_full(&w->line) ||
	    (v->n > 1 && rdl_buf_full(&w->scores))) {
		rdl_buf_reset(&w->reason);
		rdl_buf_addf(&w->reason, "the record would be longer than %zu "
		    "bytes", RDL_LINE_MAX);
		return lose(w, v, true, "size", err);
	}
	rdl_stage_passed(&w->stage);
	return rdl_stage_emit(&w->stage, w->line.p, w->line.len, &v->id, NULL,
	    NULL, err);
}

/* Where recs[i] stands; the input comes first, unless it lacks the record. */
static void
where(struct work *w, const struct rdl_rec *rec, struct rdl_err *why)
{
	size_t i;

	for (i = 0; i < w->join.n; i++)
		if (rec == &w->join.files[i].rec) {
			(void)rdl_err_prefix(why, "%s:%llu",
			    w->join.files[i].name, (unsigned long long)
			    w->join.files[i].lineno);
			return;
		}
	(void)rdl_stage_where(&w->stage, why);
}

/* Fill the ballot: 0, or -1 with the reason. */
static int
read_scores(struct work *w, const struct voted *v, struct rdl_err *why)
{
	size_t i;

	rdl_ballot_reset(&w->ballot);
	for (i = 0; i < v->n; i++)
		if (rdl_ballot_add(&w->ballot, &w->judges, &w->rule,
		    rdl_rec_get(v->recs[i], "scores"), why) < 0) {
			where(w, v->recs[i], why);
			return -1;
		}
	return 0;
}

/* Which files lack the record. */
static void
list_unheard(struct work *w, const struct voted *v)
{
	const char *sep = "; not in ";
	size_t i;

	if (v->n > 0 && w->join.n > 0 && w->join.files[0].found &&
	    v->recs[0] == &w->join.files[0].rec) {
		rdl_buf_addf(&w->reason, "%sthe input", sep);
		sep = ", ";
	}
	for (i = 0; i < w->join.n; i++)
		if (!w->join.files[i].found) {
			rdl_buf_addf(&w->reason, "%s%s", sep,
			    w->join.files[i].name);
			sep = ", ";
		}
}

static void
explain(struct work *w, const struct voted *v,
    const struct rdl_vote_result *verdict)
{
	struct rdl_err at = RDL_ERR_INIT;

	rdl_buf_reset(&w->reason);
	rdl_buf_reset(&w->value);
	if (verdict->outcome == RDL_VOTE_FAILED) {
		where(w, v->recs[0], &at);
		rdl_buf_adds(&w->reason, at.msg);
	}
	rdl_vote_explain(&w->rule, &w->judges, &w->ballot, verdict,
	    &w->reason);
	if (v->unheard > 0)
		list_unheard(w, v);
	if (w->rule.at_least > 0)
		rdl_buf_addu(&w->value, verdict->yes);
	else
		rdl_vote_number(verdict->sum, &w->value);
}

static int
vote(struct work *w, const struct voted *v, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct rdl_vote_result verdict;

	if (read_scores(w, v, &why) < 0) {
		rdl_buf_reset(&w->reason);
		rdl_buf_adds(&w->reason, why.msg);
		return lose(w, v, true, w->ballot.wrong, err);
	}
	rdl_vote_decide(&w->rule, &w->judges, &w->ballot, v->unheard,
	    &verdict);
	/* Scores on different scales cannot be compared. */
	if (strcmp(verdict.rule, "scale") != 0)
		rdl_agreement_add(&w->agreement, &w->ballot);
	if (verdict.outcome == RDL_VOTE_WON)
		return emit(w, v, &verdict, err);
	if (verdict.outcome == RDL_VOTE_FAILED || keeps_losses(w))
		explain(w, v, &verdict);
	return lose(w, v, verdict.outcome == RDL_VOTE_FAILED, verdict.rule,
	    err);
}

/* -- The stream, and the files joined to it -------------------------------- */

/* Take what the joined files have of the record. */
static void
gather(struct work *w, struct voted *v)
{
	size_t i;

	for (i = 0; i < w->join.n; i++)
		if (w->join.files[i].found)
			v->recs[v->n++] = &w->join.files[i].rec;
	v->unheard = (unsigned)(w->join.n + 1 - v->n);
}

static int
vote_on_input(struct work *w, const struct rdl_rec *rec, struct rdl_err *err)
{
	struct rdl_err why = RDL_ERR_INIT;
	struct voted v;
	int has, rc = 1;

	v.recs[0] = rec;
	v.n = 1;
	v.has_id = true;
	has = rdl_id_of(rec, &v.id, &why);
	if (has < 0) {
		/* What has no id of any make goes by the hash of its line. */
		(void)rdl_id_parse(rec->line, rec->len, &v.id);
		where(w, rec, &why);
		rdl_buf_reset(&w->reason);
		rdl_buf_adds(&w->reason, why.msg);
		return lose(w, &v, true, "id", err);
	}
	v.has_id = has > 0;
	if (w->join.n > 0)
		rc = rdl_join_find(&w->join, rec, &v.id, err);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "an earlier record of the input has the same id");
		return rdl_stage_where(&w->stage, err);
	}
	gather(w, &v);
	return vote(w, &v, err);
}

/* Records that the input lacks are records that were read, too. */
static int
vote_on_left(struct work *w, struct rdl_err *err)
{
	struct voted v;
	int rc;

	while ((rc = rdl_join_left(&w->join, &v.id, err)) > 0) {
		w->stage.totals.in++;
		v.n = 0;
		gather(w, &v);
		v.has_id = rdl_rec_get(v.recs[0], "id") != NULL;
		if (vote(w, &v, err) < 0)
			return -1;
	}
	return rc;
}

/* Tell the ledger what was read of the joined files. */
static int
note_files(struct work *w, struct rdl_err *err)
{
	const struct rdl_join_file *f;
	struct rdl_hash digest;
	size_t i;

	for (i = 0; i < w->join.n; i++) {
		f = &w->join.files[i];
		digest = rdl_join_digest(&w->join, i);
		if (rdl_run_input(w->stage.ledger, f->name, f->records,
		    f->bytes, &digest, err) < 0)
			return -1;
	}
	return 0;
}

static int
report(struct work *w, struct rdl_err *err)
{
	struct rdl_buf text = RDL_BUF_INIT(STATS_MAX);
	int rc = 0;

	rdl_agreement_json(&w->agreement, &w->judges, &text);
	if (w->stage.ledger != NULL) {
		rc = rdl_run_note(w->stage.ledger, "agreement", text.p,
		    text.len, err);
		if (rc == 0)
			rc = note_files(w, err);
	}
	rdl_buf_addc(&text, '\n');
	if (rc == 0 && w->opts->stats_json != NULL)
		rc = rdl_file_write(w->opts->stats_json, text.p, text.len,
		    err);
	if (rc == 0 && w->opts->stats) {
		rdl_buf_reset(&text);
		rdl_agreement_table(&w->agreement, &w->judges, &text);
		(void)fputs(text.p, stderr);
	}
	rdl_buf_release(&text);
	return rc;
}

static int
vote_on_all(struct work *w, struct rdl_err *err)
{
	const struct opts *o = w->opts;
	struct rdl_rec rec = RDL_REC_INIT;
	bool limited;
	int rc;

	w->join.digests = w->stage.ledger != NULL;
	rc = o->join.n == 0 ? 0 :
	    rdl_join_open(&w->join, o->join.v, o->join.n, err);
	while (rc >= 0 && (rc = rdl_stage_next(&w->stage, &rec, err)) > 0)
		rc = vote_on_input(w, &rec, err);
	limited = o->stage.limit >= 0 &&
	    w->stage.totals.in >= (uint64_t)o->stage.limit;
	if (rc == 0 && w->join.n > 0 && !limited)
		rc = vote_on_left(w, err);
	if (rc == 0)
		rc = report(w, err);
	rdl_rec_release(&rec);
	return rc;
}

static void
release(struct work *w)
{
	rdl_join_close(&w->join);
	rdl_judges_release(&w->judges);
	rdl_agreement_release(&w->agreement);
	rdl_buf_release(&w->rule_text);
	rdl_buf_release(&w->threshold);
	rdl_buf_release(&w->scores);
	rdl_buf_release(&w->vote);
	rdl_buf_release(&w->line);
	rdl_buf_release(&w->reason);
	rdl_buf_release(&w->value);
}

int
main(int argc, char *argv[])
{
	struct opts o = { .stage = RDL_STAGE_OPTS_DEFAULT,
		.rule = RDL_VOTE_OPTS_DEFAULT };
	struct work w = { .opts = &o, .rule = RDL_VOTE_RULE_DEFAULT,
		.stage = RDL_STAGE_INIT, .join = RDL_JOIN_INIT,
		.rule_text = RDL_BUF_INIT(TEXT_MAX),
		.threshold = RDL_BUF_INIT(TEXT_MAX),
		.scores = RDL_BUF_INIT(RDL_LINE_MAX),
		.vote = RDL_BUF_INIT(TEXT_MAX),
		.line = RDL_BUF_INIT(RDL_LINE_MAX + 1),
		.reason = RDL_BUF_INIT(TEXT_MAX),
		.value = RDL_BUF_INIT(TEXT_MAX) };
	const struct rdl_run_spec spec = { .tool = "vote",
		.version = RDL_VERSION, .argc = argc, .argv = argv };
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT;
	int rc, status;

	rdl_tool_init(cli.name);
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (rdl_vote_opts_read(&o.rule, &w.rule, &w.judges, &err) < 0 ||
	    check_stdin(&o, &operands, &err) < 0) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	rdl_agreement_init(&w.agreement, w.judges.n);
	write_rule(&w);
	rc = rdl_stage_begin(&w.stage, &o.stage, &operands, &spec, &err);
	if (rc == 0)
		rc = vote_on_all(&w, &err);
	status = rdl_stage_end(&w.stage, rc, &err);
out:
	release(&w);
	rdl_strs_release(&o.join);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
