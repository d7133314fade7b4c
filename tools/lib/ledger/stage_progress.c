/*
 * Progress of a stage, on stderr.
 * Reads its totals; writes a line that is rewritten on a terminal, a line a
 * second elsewhere, or JSON for programs.  Writes nothing to stdout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/tool.h"
#include "ledger/stage_private.h"

#define TERMINAL_US 200000	/* between two looks of a line on a terminal */
#define LINE_US 1000000		/* between two lines */

static bool
is_on(const struct rdl_stage *s)
{
	switch (s->opts->progress) {
	case RDL_PROGRESS_ALWAYS:
	case RDL_PROGRESS_JSON:
		return true;
	case RDL_PROGRESS_NEVER:
		return false;
	default:
		return s->terminal;
	}
}

/* 1234567 as "1,234,567". */
static void
add_count(struct rdl_buf *out, uint64_t n)
{
	if (n >= 1000) {
		add_count(out, n / 1000);
		rdl_buf_addf(out, ",%03" PRIu64, n % 1000);
	} else
		rdl_buf_addu(out, n);
}

static void
add_part(struct rdl_buf *out, uint64_t n, const char *name, bool always)
{
	if (n == 0 && !always)
		return;
	if (out->len > 0)
		rdl_buf_adds(out, ", ");
	add_count(out, n);
	rdl_buf_addf(out, " %s", name);
}

/* Records a second since the beginning, of those read or, for a source,
 * written. */
static double
rate(const struct rdl_stage *s)
{
	const struct rdl_run_totals *t = &s->totals;
	double seconds = (double)(rdl_clock_us() - s->began_us) / 1e6;

	return (double)(t->in > 0 ? t->in : t->out) /
	    (seconds > 1e-3 ? seconds : 1e-3);
}

/* "1,234 in, 1,200 out, 31 dropped, 3 failed, 12 calls, $0.0123, 812/s". */
static void
describe(const struct rdl_stage *s, struct rdl_buf *out)
{
	const struct rdl_run_totals *t = &s->totals;
	double r = rate(s);

	add_part(out, t->in, "in", true);
	add_part(out, t->out, "out", true);
	add_part(out, t->dropped, "dropped", false);
	add_part(out, t->failed, "failed", false);
	add_part(out, t->calls, "calls", false);
	add_part(out, t->hits, "from the ledger", false);
	if (t->cost_pusd > 0)
		rdl_buf_addf(out, ", $%.4f", (double)t->cost_pusd / 1e12);
	add_part(out, t->unpriced, "of unknown price", false);
	if (r < 100)
		rdl_buf_addf(out, ", %.1f/s", r);
	else {
		rdl_buf_adds(out, ", ");
		add_count(out, (uint64_t)r);
		rdl_buf_adds(out, "/s");
	}
}

static void
describe_json(const struct rdl_stage *s, const char *status,
    struct rdl_buf *out)
{
	const struct rdl_run_totals *t = &s->totals;

	rdl_buf_addf(out, "{\"tool\":\"%s\",\"status\":\"%s\",\"in\":%" PRIu64
	    ",\"out\":%" PRIu64 ",\"passed\":%" PRIu64 ",\"dropped\":%" PRIu64
	    ",\"failed\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"hits\":%" PRIu64
	    ",\"cost_usd\":%.12g,\"unpriced\":%" PRIu64 ",\"seconds\":%.3f}",
	    s->tool, status, t->in, t->out, t->passed, t->dropped, t->failed,
	    t->calls, t->hits, (double)t->cost_pusd / 1e12, t->unpriced,
	    (double)(rdl_clock_us() - s->began_us) / 1e6);
}

/* One write, so that the lines of several stages do not mix. */
static void
put(const struct rdl_buf *b)
{
	if (b->p == NULL)
		return;
	(void)fwrite(b->p, 1, b->len, stderr);
	(void)fflush(stderr);
}

void
rdl_stage_show(struct rdl_stage *s, int64_t now_us)
{
	struct rdl_buf what = RDL_BUF_INIT(RDL_KIB), b = RDL_BUF_INIT(RDL_KIB);
	bool json = s->opts->progress == RDL_PROGRESS_JSON;
	bool rewrite = s->terminal && !json;

	if (!is_on(s) || now_us - s->shown_us <
	    (rewrite ? TERMINAL_US : LINE_US))
		return;
	s->shown_us = now_us;
	if (json)
		describe_json(s, "running", &what);
	else
		describe(s, &what);
	if (rewrite)
		rdl_buf_addf(&b, "\r%s: %s\033[K", rdl_tool_name(), what.p);
	else if (json)
		rdl_buf_addf(&b, "%s\n", what.p);
	else
		rdl_buf_addf(&b, "%s: %s\n", rdl_tool_name(), what.p);
	put(&b);
	s->line_shown = rewrite;
	rdl_buf_release(&what);
	rdl_buf_release(&b);
}

void
rdl_stage_hide(struct rdl_stage *s)
{
	if (s->line_shown) {
		(void)fputs("\r\033[K", stderr);
		(void)fflush(stderr);
	}
	s->line_shown = false;
}

void
rdl_stage_summary(struct rdl_stage *s, const char *status)
{
	struct rdl_buf b = RDL_BUF_INIT(RDL_KIB);

	if (s->opts->progress == RDL_PROGRESS_JSON) {
		describe_json(s, status, &b);
		rdl_buf_addc(&b, '\n');
		put(&b);
	} else if (is_on(s) || s->totals.dropped > 0 || s->totals.failed > 0) {
		describe(s, &b);
		rdl_warn("%s", b.p);
	}
	rdl_buf_release(&b);
}
