/*
 * What the stub saw.
 * Writes the log, one write(2) a line, so that a reader beside it and a
 * murderer of the process find whole lines.
 * Counters are touched by one thread only.
 */
#include "stub/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/limits.h"
#include "core/utf8.h"

#define SLOT_US (1000000 / RDL_JOURNAL_SLOTS)

int
rdl_journal_open(struct rdl_journal *j, const char *path, int64_t now_us,
    struct rdl_err *err)
{
	*j = (struct rdl_journal){ .fd = -1, .err = RDL_ERR_INIT };
	rdl_buf_init(&j->line, RDL_MIB);
	j->start_us = now_us;
	if (path == NULL)
		return 0;
	j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (j->fd < 0)
		return rdl_err_sys(err, RDL_E_IO, "%s", path);
	return 0;
}

void
rdl_journal_arrived(struct rdl_journal *j)
{
	if (++j->open > j->max_open)
		j->max_open = j->open;
}

static void
count_second(struct rdl_journal *j, int64_t us)
{
	int64_t slot = us / SLOT_US, k;

	for (k = 0; k < RDL_JOURNAL_SLOTS && j->slot < slot; k++) {
		j->slot++;
		j->in_second -= j->slots[j->slot % RDL_JOURNAL_SLOTS];
		j->slots[j->slot % RDL_JOURNAL_SLOTS] = 0;
	}
	j->slot = slot;
	j->slots[slot % RDL_JOURNAL_SLOTS]++;
	if (++j->in_second > j->max_per_second)
		j->max_per_second = j->in_second;
}

static void
flush_line(struct rdl_journal *j)
{
	size_t done = 0;
	ssize_t n;

	while (done < j->line.len) {
		n = write(j->fd, j->line.p + done, j->line.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (j->err.cls == RDL_E_NONE)
				(void)rdl_err_sys(&j->err, RDL_E_IO,
				    "the log");
			return;
		}
		done += (size_t)n;
	}
}

static void
add_line(struct rdl_journal *j, const struct rdl_plan *p,
    const struct rdl_plan_in *in, int64_t us)
{
	struct rdl_sha256 sum = rdl_hash_sha256(in->len > 0 ? in->body : "",
	    in->len);
	struct rdl_buf *l = &j->line;

	rdl_buf_reset(l);
	rdl_buf_addf(l, "{\"n\":%lld,\"t_ms\":%lld.%03d,\"method\":",
	    (long long)p->n, (long long)(us / 1000), (int)(us % 1000));
	rdl_buf_addjson(l, in->method, rdl_utf8_valid(in->method,
	    strlen(in->method)));
	rdl_buf_adds(l, ",\"path\":");
	rdl_buf_addjson(l, in->path, rdl_utf8_valid(in->path,
	    strlen(in->path)));
	rdl_buf_adds(l, ",\"body_sha256\":\"");
	rdl_buf_addhex(l, sum.b, sizeof(sum.b));
	rdl_buf_addf(l, "\",\"bytes\":%zu,\"custom\":", in->len);
	if (p->custom.len > 0)
		rdl_buf_add(l, p->custom.p, p->custom.len);
	else
		rdl_buf_adds(l, "null");
	rdl_buf_addf(l, ",\"status\":%d,\"fault\":", p->status);
	if (p->fault == RDL_FAULT_NONE)
		rdl_buf_adds(l, "null");
	else
		rdl_buf_addf(l, "\"%s\"", rdl_fault_name(p->fault));
	rdl_buf_addf(l, ",\"prompt_tokens\":%lld,\"completion_tokens\":%lld",
	    (long long)p->prompt_tokens, (long long)p->completion_tokens);
	rdl_buf_addf(l, ",\"open\":%lld}\n", (long long)j->open);
	flush_line(j);
}

void
rdl_journal_planned(struct rdl_journal *j, const struct rdl_plan *p,
    const struct rdl_plan_in *in, int64_t at_us)
{
	if (p->n == 0)
		return;
	j->requests++;
	j->refused_429 += p->status == 429;
	j->refused_401 += p->status == 401;
	j->bytes_in += in->len;
	j->prompt_tokens += (uint64_t)p->prompt_tokens;
	j->completion_tokens += (uint64_t)p->completion_tokens;
	if (p->fault != RDL_FAULT_NONE)
		j->faults[p->fault]++;
	count_second(j, at_us - j->start_us);
	if (j->fd >= 0)
		add_line(j, p, in, at_us - j->start_us);
}

void
rdl_journal_over(struct rdl_journal *j, bool sent, int status)
{
	j->open--;
	j->replied += sent;
	j->answered += sent && status == 200;
}

void
rdl_journal_stats(const struct rdl_journal *j, struct rdl_buf *out)
{
	size_t i, n = 0;

	rdl_buf_addf(out, "{\"requests\":%llu,\"answered\":%llu,"
	    "\"replied\":%llu,\"refused_429\":%llu,\"refused_401\":%llu,",
	    (unsigned long long)j->requests, (unsigned long long)j->answered,
	    (unsigned long long)j->replied,
	    (unsigned long long)j->refused_429,
	    (unsigned long long)j->refused_401);
	rdl_buf_addf(out, "\"open\":%lld,\"max_open\":%lld,\"connections\":"
	    "%llu,\"max_per_second\":%llu,\"bytes_in\":%llu,",
	    (long long)j->open, (long long)j->max_open,
	    (unsigned long long)j->connections,
	    (unsigned long long)j->max_per_second,
	    (unsigned long long)j->bytes_in);
	rdl_buf_addf(out, "\"prompt_tokens\":%llu,\"completion_tokens\":%llu,"
	    "\"faults\":{", (unsigned long long)j->prompt_tokens,
	    (unsigned long long)j->completion_tokens);
	for (i = 0; i < RDL_NELEM(j->faults); i++)
		if (j->faults[i] > 0)
			rdl_buf_addf(out, "%s\"%s\":%llu", n++ > 0 ? "," : "",
			    rdl_fault_name((enum rdl_fault_kind)i),
			    (unsigned long long)j->faults[i]);
	rdl_buf_adds(out, "}}");
}

int
rdl_journal_close(struct rdl_journal *j, struct rdl_err *err)
{
	int rc = 0;

	if (j->fd >= 0 && close(j->fd) < 0 && j->err.cls == RDL_E_NONE)
		(void)rdl_err_sys(&j->err, RDL_E_IO, "the log");
	j->fd = -1;
	rdl_buf_release(&j->line);
	if (j->err.cls != RDL_E_NONE) {
		*err = j->err;
		rc = -1;
	}
	return rc;
}
