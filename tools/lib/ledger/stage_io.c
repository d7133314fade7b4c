/*
 * One tool's run as a stage of a pipe: records in, records out, records lost.
 * Reads operands or stdin; writes stdout, the --failed file and the ledger.
 * Does not parse what passes, except the ids of another make.
 */
#include "ledger/stage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "core/tool.h"
#include "core/utf8.h"
#include "ledger/stage_private.h"

/*
 * libxxhash may be built with a variant that picks AVX2 or AVX-512 at run time,
 * twice as fast; its plain functions are SSE2.  Weak: NULL if it is not there.
 */
XXH_errorcode XXH3_128bits_update_dispatch(XXH3_state_t *state,
    const void *input, size_t len);
#pragma weak XXH3_128bits_update_dispatch

#define TICK_US 20000		/* about so often is the clock looked at */
#define UPDATE_US 1000000	/* and the totals written */
#define TICK_EVERY_MAX 32	/* bounds the delay if a stream gets slow */

int
rdl_stage_tick(struct rdl_stage *s, bool now, struct rdl_err *err)
{
	int64_t t, since;

	if (!now && ++s->ticks < s->tick_every)
		return 0;
	s->ticks = 0;
	t = rdl_clock_us();
	since = t - s->ticked_us;
	s->ticked_us = t;
	if (since > TICK_US)
		s->tick_every = s->tick_every / 2 + 1;
	else if (!now && s->tick_every < TICK_EVERY_MAX)
		s->tick_every *= 2;
	rdl_stage_show(s, t);
	if (s->ledger == NULL || t - s->updated_us < UPDATE_US)
		return 0;
	s->updated_us = t;
	return rdl_run_update(s->ledger, &s->totals, err);
}

/* Takes what was read, many records at a time: a call for each would take
 * longer than the hashing. */
static void
hash_input(void *ctx, const char *p, size_t len)
{
	if (XXH3_128bits_update_dispatch != NULL)
		(void)XXH3_128bits_update_dispatch(ctx, p, len);
	else
		(void)XXH3_128bits_update(ctx, p, len);
}

/* Open the next operand, or stdin if there are none: 1, 0 no more, -1. */
static int
open_input(struct rdl_stage *s, struct rdl_err *err)
{
	const char *path = "-";

	if (s->operands != NULL && s->operands->n > 0) {
		if (s->next_operand == s->operands->n)
			return 0;
		path = s->operands->v[s->next_operand];
	} else if (s->next_operand > 0)
		return 0;
	if (rdl_jsonl_open(&s->in, path, err) < 0)
		return -1;
	s->next_operand++;
	(void)XXH3_128bits_reset(s->input_hash);
	s->input_records = s->input_bytes = 0;
	if (s->ledger != NULL)
		rdl_jsonl_tell(&s->in, hash_input, s->input_hash);
	return 1;
}

int
rdl_stage_close_input(struct rdl_stage *s, struct rdl_err *err)
{
	XXH128_canonical_t digest;
	struct rdl_hash hash;
	int rc = 0;

	if (s->in.fd < 0)
		return 0;
	if (s->ledger != NULL && s->running) {
		rdl_jsonl_settle(&s->in);
		XXH128_canonicalFromHash(&digest,
		    XXH3_128bits_digest(s->input_hash));
		memcpy(hash.b, digest.digest, RDL_HASH_LEN);
		rc = rdl_run_input(s->ledger, s->in.name, s->input_records,
		    s->input_bytes, &hash, err);
	}
	rdl_jsonl_close(&s->in);
	return rc;
}

static void
count_input(struct rdl_stage *s, const struct rdl_rec *rec)
{
	s->totals.in++;
	s->input_records++;
	s->input_bytes += rec->len + 1;
}

int
rdl_stage_next(struct rdl_stage *s, struct rdl_rec *rec, struct rdl_err *err)
{
	int rc;

	if (rdl_tool_stopped())
		return rdl_err_set(err, RDL_E_STOPPED, "stopped by a signal; "
		    "run the same command again to go on");
	if (s->opts->limit >= 0 && s->totals.in >= (uint64_t)s->opts->limit)
		return 0;
	for (;;) {
		if (s->in.fd < 0 && (rc = open_input(s, err)) <= 0)
			return rc;
		rc = rdl_jsonl_next(&s->in, rec, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			break;
		if (rdl_stage_close_input(s, err) < 0)
			return -1;
	}
	count_input(s, rec);
	return rdl_stage_tick(s, false, err) < 0 ? -1 : 1;
}

int
rdl_stage_count(struct rdl_stage *s, struct rdl_err *err)
{
	if (rdl_tool_stopped())
		return rdl_err_set(err, RDL_E_STOPPED, "stopped by a signal; "
		    "run the same command again to go on");
	if (s->opts->limit >= 0 && s->totals.in >= (uint64_t)s->opts->limit)
		return 0;
	s->totals.in++;
	return rdl_stage_tick(s, false, err) < 0 ? -1 : 1;
}

bool
rdl_stage_ready(struct rdl_stage *s)
{
	struct rdl_err ignored = RDL_ERR_INIT;

	if (rdl_tool_stopped() || (s->opts->limit >= 0 &&
	    s->totals.in >= (uint64_t)s->opts->limit))
		return true;
	/* Files are opened when it is their turn; stdin can be waited for.  An
	 * error of its opening is reported by the next rdl_stage_next(). */
	if (s->in.fd < 0 && (s->operands == NULL || s->operands->n == 0))
		(void)open_input(s, &ignored);
	return s->in.fd < 0 || rdl_jsonl_ready(&s->in);
}

int
rdl_stage_fd(const struct rdl_stage *s)
{
	return s->in.fd;
}

int
rdl_stage_where(const struct rdl_stage *s, struct rdl_err *err)
{
	return rdl_err_prefix(err, "%s:%" PRIu64,
	    s->in.name != NULL ? s->in.name : "stdin", s->in.lineno);
}

/* If text is that of id, an id of another make, tell the ledger. */
static int
note_text(struct rdl_stage *s, const struct rdl_id *id, const char *text,
    size_t len, struct rdl_err *err)
{
	struct rdl_id named;

	if (id == NULL || id->kind[0] != '\0' || text == NULL ||
	    rdl_id_parse(text, len, &named) != 0 ||
	    memcmp(named.hash.b, id->hash.b, RDL_HASH_LEN) != 0)
		return 0;
	return rdl_ledger_alias(s->ledger, id, text, len, err);
}

/* Ids of another make are hashes: find their texts in the line. */
static int
note_texts(struct rdl_stage *s, const char *line, size_t len,
    const struct rdl_id *id, const struct rdl_id *from, struct rdl_err *err)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	size_t i, max, n = 0;
	const char *text;
	yyjson_val *list, *v;

	while (len > 0 && line[len - 1] == '\n')
		len--;
	if (rdl_rec_parse(&s->aside, line, len, &ignored) < 0)
		return 0;
	text = rdl_rec_str(&s->aside, "id", &n);
	if (note_text(s, id, text, n, err) < 0)
		return -1;
	list = rdl_rec_get(&s->aside, "from");
	if (from == NULL || !yyjson_is_arr(list))
		return 0;
	yyjson_arr_foreach(list, i, max, v)
		if (note_text(s, from, yyjson_get_str(v), yyjson_get_len(v),
		    err) < 0)
			return -1;
	return 0;
}

int
rdl_stage_emit(struct rdl_stage *s, const char *line, size_t len,
    const struct rdl_id *id, const struct rdl_id *from,
    const struct rdl_hash *call, struct rdl_err *err)
{
	if (rdl_out_write(&s->out, line, len, err) < 0)
		return -1;
	s->totals.out++;
	if (s->ledger == NULL)
		return 0;
	if ((id->kind[0] == '\0' || (from != NULL && from->kind[0] == '\0')) &&
	    note_texts(s, line, len, id, from, err) < 0)
		return -1;
	return rdl_ledger_add(s->ledger, id, from, call, err);
}

void
rdl_stage_passed(struct rdl_stage *s)
{
	s->totals.passed++;
}

/* A JSON string of text that may be no UTF-8: bad bytes become U+FFFD. */
static void
add_text(struct rdl_buf *out, const char *p, size_t len)
{
	struct rdl_buf clean = RDL_BUF_INIT(out->max);
	size_t ok = rdl_utf8_valid(p, len);

	if (ok == len) {
		rdl_buf_addjson(out, p, len);
		return;
	}
	while (ok < len) {
		rdl_buf_add(&clean, p, ok);
		rdl_buf_adds(&clean, "\xef\xbf\xbd");
		p += ok + 1;
		len -= ok + 1;
		ok = rdl_utf8_valid(p, len);
	}
	rdl_buf_add(&clean, p, len);
	if (rdl_buf_full(&clean))
		out->full = true;
	rdl_buf_addjson(out, clean.p, clean.len);
	rdl_buf_release(&clean);
}

static void
add_member(struct rdl_buf *out, const char *name, const char *value)
{
	rdl_buf_addf(out, ",\"%s\":", name);
	if (value == NULL)
		rdl_buf_adds(out, "null");
	else
		add_text(out, value, strlen(value));
}

/* The id as text: for one of another make that of the record, if it is it. */
static void
add_id(struct rdl_stage *s, const struct rdl_loss *loss)
{
	struct rdl_err ignored = RDL_ERR_INIT;
	char text[RDL_ID_TEXT];
	const char *p = NULL;
	size_t len = 0;

	if (loss->id.kind[0] == '\0' && loss->record != NULL &&
	    rdl_rec_parse(&s->aside, loss->record, loss->record_len,
	    &ignored) == 0)
		p = rdl_rec_str(&s->aside, "id", &len);
	rdl_id_format(&loss->id, text);
	rdl_buf_addjson(&s->scratch, p != NULL ? p : text,
	    p != NULL ? len : strlen(text));
}

/* The record as it was, if it is a JSON object; else as a string. */
static void
add_record(struct rdl_stage *s, const struct rdl_loss *loss)
{
	struct rdl_err ignored = RDL_ERR_INIT;

	rdl_buf_adds(&s->scratch, ",\"record\":");
	if (loss->record == NULL)
		rdl_buf_adds(&s->scratch, "null");
	else if (rdl_rec_parse(&s->aside, loss->record, loss->record_len,
	    &ignored) == 0 &&
	    memchr(loss->record, '\n', loss->record_len) == NULL)
		rdl_buf_add(&s->scratch, loss->record, loss->record_len);
	else
		add_text(&s->scratch, loss->record, loss->record_len);
}

static int
write_loss(struct rdl_stage *s, const struct rdl_loss *loss,
    struct rdl_err *err)
{
	struct rdl_buf *b = &s->scratch;

	rdl_buf_reset(b);
	rdl_buf_adds(b, "{\"kind\":\"loss\",\"id\":");
	add_id(s, loss);
	add_member(b, "lost", loss->failed ? "failed" : "dropped");
	add_member(b, "tool", s->tool);
	add_member(b, "rule", loss->rule);
	add_member(b, "value", loss->value);
	add_member(b, "threshold", loss->threshold);
	add_member(b, "reason", loss->reason);
	add_record(s, loss);
	rdl_buf_adds(b, "}\n");
	if (rdl_buf_full(b))
		return rdl_err_set(err, RDL_E_IO, "%s: a loss is too long",
		    s->failed.name);
	return rdl_out_write(&s->failed, b->p, b->len, err);
}

static void
keep_first_failure(struct rdl_stage *s, const struct rdl_loss *loss)
{
	char text[RDL_ERR_MAX / 2];

	(void)snprintf(text, sizeof(text), "%s%s%s",
	    loss->rule != NULL ? loss->rule : "",
	    loss->rule != NULL && loss->reason != NULL ? ": " : "",
	    loss->reason != NULL ? loss->reason : "");
	s->first_failure = rdl_mem_strdup(text);
}

int
rdl_stage_lose(struct rdl_stage *s, const struct rdl_loss *loss,
    struct rdl_err *err)
{
	if (loss->failed)
		s->totals.failed++;
	else
		s->totals.dropped++;
	if (loss->failed && s->first_failure == NULL)
		keep_first_failure(s, loss);
	if (s->failed.fd >= 0 && write_loss(s, loss, err) < 0)
		return -1;
	if (s->ledger == NULL)
		return 0;
	if (loss->id.kind[0] == '\0' && loss->record != NULL &&
	    note_texts(s, loss->record, loss->record_len, &loss->id, NULL,
	    err) < 0)
		return -1;
	return rdl_ledger_lose(s->ledger, loss, err);
}

int
rdl_stage_flush(struct rdl_stage *s, struct rdl_err *err)
{
	if (rdl_out_flush(&s->out, err) < 0)
		return -1;
	return rdl_stage_tick(s, true, err);
}
