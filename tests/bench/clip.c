/*
 * bench: clip MODEL PRECISION images|texts LIST OUT
 * Embeds what LIST names, a file or a text a line, by the way that clip-embed
 * takes: decoders beside the model.  The first eighth goes through once before
 * the clock starts.  Writes the vectors to OUT, raw f32; prints the seconds and
 * the seconds of CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/clock.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/out.h"
#include "core/tool.h"
#include "vision/embed.h"

struct bench {
	char **lines;
	size_t n, next;
	bool texts;
	struct rdl_out *out;	/* NULL: warming up */
	size_t dim;
};

static int
source(void *ctx, struct rdl_embed_job *job, bool wait, struct rdl_err *err)
{
	struct bench *b = ctx;

	(void)wait;
	(void)err;
	if (b->next == b->n)
		return 0;
	if (b->texts) {
		job->text = b->lines[b->next++];
		job->text_len = strlen(job->text);
	} else {
		job->path = b->lines[b->next++];
	}
	return 1;
}

static int
sink(void *ctx, struct rdl_embed_job *job, struct rdl_err *err)
{
	struct bench *b = ctx;

	if (job->vector == NULL)
		return rdl_err_set(err, RDL_E_INPUT, "%s: %s", job->rule,
		    job->why);
	if (b->out == NULL)
		return 0;
	return rdl_out_write(b->out, job->vector, b->dim * sizeof(float), err);
}

static int
flush(void *ctx, struct rdl_err *err)
{
	(void)ctx;
	(void)err;
	return 0;
}

/* CPU of this process, or of its children that have ended. */
static double
cpu_s(int who)
{
	struct rusage u;

	if (getrusage(who, &u) != 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Both passes.  *took is the second's wall time; *cpu, its CPU without that of
 * the decoders. */
static int
measure(struct rdl_embed *e, struct bench *b, struct rdl_out *out,
    double *took, double *cpu, struct rdl_err *err)
{
	static const struct rdl_embed_ops ops = { source, sink, flush };
	size_t n = b->n;
	int64_t began;

	b->dim = rdl_embed_info(e)->dim;
	b->n = (n + 7) / 8;
	if (rdl_embed_run(e, &ops, b, err) < 0)
		return -1;
	b->n = n;
	b->next = 0;
	b->out = out;
	*cpu = cpu_s(RUSAGE_SELF);
	began = rdl_clock_us();
	if (rdl_embed_run(e, &ops, b, err) < 0)
		return -1;
	*took = (double)(rdl_clock_us() - began) / 1e6;
	*cpu = cpu_s(RUSAGE_SELF) - *cpu;
	return 0;
}

/* Cut text at its newlines. */
static void
split(struct bench *b, struct rdl_buf *text)
{
	char *p, *end;

	b->lines = rdl_mem_calloc(text->len + 1, sizeof(*b->lines));
	for (p = text->p; p < text->p + text->len; p = end + 1) {
		end = memchr(p, '\n', (size_t)(text->p + text->len - p));
		if (end == NULL)
			break;
		*end = '\0';
		b->lines[b->n++] = p;
	}
}

static int
precision_of(const char *name)
{
	static const char *const names[] = { "auto", "f32", "bf16", "int8",
		"reference" };
	int i;

	for (i = 0; i < (int)RDL_NELEM(names); i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

int
main(int argc, char *argv[])
{
	struct rdl_embed_opts o = RDL_EMBED_OPTS_DEFAULT;
	struct rdl_buf list = RDL_BUF_INIT(RDL_FILE_MAX);
	struct rdl_out out = RDL_OUT_INIT;
	struct rdl_err err = RDL_ERR_INIT;
	struct rdl_embed *e = NULL;
	struct bench b = { .n = 0 };
	double took = 0, cpu = 0;
	int rc = -1;

	rdl_tool_init("bench-clip");
	if (argc != 6 || (o.precision = precision_of(argv[2])) < 0) {
		rdl_warn("usage: clip MODEL PRECISION images|texts LIST OUT");
		return RDL_EXIT_USAGE;
	}
	o.model = argv[1];
	b.texts = strcmp(argv[3], "texts") == 0;
	if (rdl_file_read(argv[4], &list, &err) == 0 &&
	    rdl_out_open(&out, argv[5], &err) == 0)
		e = rdl_embed_open(&o, &err);
	if (e != NULL) {
		split(&b, &list);
		rc = measure(e, &b, &out, &took, &cpu, &err);
	}
	if (rc < 0 || rdl_embed_close(e, &err) < 0 ||
	    rdl_out_close(&out, &err) < 0)
		return rdl_tool_fail(&err);
	printf("%.3f %.3f\n", took, cpu + cpu_s(RUSAGE_CHILDREN));
	free(b.lines);
	rdl_buf_release(&list);
	return rdl_tool_stdio_close();
}
