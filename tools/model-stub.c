/*
 * riddle model-stub: a fault-injecting model server for people's own tests.
 * Listens on 127.0.0.1; writes a log and a ready file when asked.
 * Runs no model, keeps no ledger and is no filter.
 */
#include <stddef.h>

#include "core/cli.h"
#include "core/limits.h"
#include "core/tool.h"
#include "stub/stub.h"

#define OFF(member) offsetof(struct rdl_stub_opts, member)

static const struct rdl_opt serve_opts[] = {
	{ .type = RDL_OPT_INT, .name = "port",
	    .arg = "N", .lo = 0, .hi = 65535,
	    .off = OFF(port),
	    .help = "port on 127.0.0.1; 0 chooses one" },
	{ .type = RDL_OPT_STR, .name = "ready-file",
	    .arg = "FILE",
	    .off = OFF(ready_file),
	    .help = "write the port there once the server listens" },
	{ .type = RDL_OPT_STR, .name = "log",
	    .arg = "FILE",
	    .off = OFF(log),
	    .help = "append one JSON line for each request" },
	{ .type = RDL_OPT_INT, .name = "quit-after",
	    .arg = "N", .lo = 0, .hi = 1e15,
	    .off = OFF(quit_after),
	    .help = "stop once so many answers were sent; 0 never" },
	{ .type = RDL_OPT_INT, .name = "seed",
	    .arg = "N", .lo = 0, .hi = 9e15,
	    .off = OFF(seed),
	    .help = "seed of all that looks random" },
	{ .type = RDL_OPT_STR, .name = "require-key-env",
	    .arg = "NAME",
	    .off = OFF(key_env),
	    .help = "refuse requests without the key in that variable" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_opt answer_opts[] = {
	{ .type = RDL_OPT_STR, .name = "reply",
	    .arg = "TEXT",
	    .off = OFF(reply),
	    .help = "answer this; {{prompt}}, {{prompt_hash}}, "
	    "{{body_hash}}, {{model}}, {{n}} and {{choice}} are filled in" },
	{ .type = RDL_OPT_STR, .name = "reply-file",
	    .arg = "FILE",
	    .off = OFF(reply_file),
	    .help = "answers by JSON lines {match, model, reply}; the first "
	    "that meets the last user message" },
	{ .type = RDL_OPT_FLAG, .name = "taxonomy",
	    .off = OFF(taxonomy),
	    .help = "name new children of the parent in the message" },
	{ .type = RDL_OPT_INT, .name = "children",
	    .arg = "N", .lo = 0, .hi = 10000,
	    .off = OFF(children),
	    .help = "children at which a parent is complete" },
	{ .type = RDL_OPT_FLAG, .name = "offered",
	    .off = OFF(offered),
	    .help = "take from the lines of the message that are JSON "
	    "strings, where the schema wants an array" },
	{ .type = RDL_OPT_INT, .name = "dim",
	    .arg = "N", .lo = 1, .hi = 4096,
	    .off = OFF(dim),
	    .help = "floats of an embedding" },
	{ .type = RDL_OPT_INT, .name = "image-side",
	    .arg = "N", .lo = 1, .hi = 2048,
	    .off = OFF(image_side),
	    .help = "longest side of an image, pixels" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_opt fault_opts[] = {
	{ .type = RDL_OPT_STR, .name = "latency",
	    .arg = "MS[-MS]",
	    .off = OFF(latency),
	    .help = "time before each answer" },
	{ .type = RDL_OPT_LIST, .name = "fault",
	    .arg = "RULE",
	    .off = OFF(faults),
	    .help = "KIND[=ARG][@RATE][,once]; may be repeated" },
	{ .type = RDL_OPT_STR, .name = "script",
	    .arg = "FILE",
	    .off = OFF(script),
	    .help = "rules of faults, JSON lines" },
	{ .type = RDL_OPT_INT, .name = "rpm",
	    .arg = "N", .lo = 0, .hi = 1e9,
	    .off = OFF(rpm),
	    .help = "requests a minute; 0 for no limit" },
	{ .type = RDL_OPT_INT, .name = "burst",
	    .arg = "N", .lo = 1, .hi = 1e9,
	    .off = OFF(burst),
	    .help = "requests at once; default a second's worth" },
	{ .type = RDL_OPT_INT, .name = "tpm",
	    .arg = "N", .lo = 0, .hi = 1e12,
	    .off = OFF(tpm),
	    .help = "tokens a minute; 0 for no limit" },
	{ .type = RDL_OPT_REAL, .name = "retry-after",
	    .arg = "S", .lo = 0, .hi = 86400,
	    .off = OFF(retry_after_s),
	    .help = "seconds told with a 429; 0 for none" },
	{ .type = RDL_OPT_FLAG, .name = "limit-headers",
	    .off = OFF(limit_headers),
	    .help = "tell the limits in each reply" },
	{ .type = RDL_OPT_INT, .name = "batch-polls",
	    .arg = "N", .lo = 0, .hi = 1e9,
	    .off = OFF(batch_polls),
	    .help = "times that a batch is said to be under way" },
	{ .type = RDL_OPT_INT, .name = "batch-expire",
	    .arg = "N", .lo = 0, .hi = 1e9,
	    .off = OFF(batch_expire),
	    .help = "let the first N batches expire half done" },
	{ .type = RDL_OPT_INT, .name = "batch-faults",
	    .arg = "N", .lo = 0, .hi = 1e9,
	    .off = OFF(batch_faults),
	    .help = "answer 500 to the first N requests about batches" },
	{ .type = RDL_OPT_END }
};

static const struct rdl_opt opts[] = {
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "server", 0, 0, NULL, serve_opts },
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "answers", 0, 0, NULL,
	    answer_opts },
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "faults and limits", 0, 0, NULL,
	    fault_opts },
	{ .type = RDL_OPT_END }
};

static const struct rdl_cli cli = { "riddle-model-stub", "[options]",
	"answer as a model server would, with the faults you ask for",
	opts, 0 };

int
main(int argc, char *argv[])
{
	struct rdl_stub_opts o = RDL_STUB_OPTS_DEFAULT;
	struct rdl_buf stats = RDL_BUF_INIT(64 * RDL_KIB);
	struct rdl_strs operands = { NULL, 0 };
	struct rdl_err err = RDL_ERR_INIT, late = RDL_ERR_INIT;
	struct rdl_stub *stub = NULL;
	int status = RDL_EXIT_FAIL;

	rdl_tool_init("riddle-model-stub");
	if (rdl_cli_parse(&cli, &o, &operands, argc, argv, &status))
		goto out;
	if (rdl_stub_open(&stub, &o, &err) < 0) {
		status = rdl_tool_fail(&err);
		goto out;
	}
	rdl_warn("listening on http://127.0.0.1:%u/v1",
	    (unsigned)rdl_stub_port(stub));
	status = rdl_stub_wait(stub, &err) < 0 ? rdl_tool_fail(&err) :
	    RDL_EXIT_OK;
	if (rdl_stub_close(stub, &stats, &late) < 0)
		status = rdl_tool_fail(&late);
	rdl_warn("%s", stats.p);
out:
	rdl_buf_release(&stats);
	rdl_strs_release(&o.faults);
	rdl_strs_release(&operands);
	return rdl_tool_exit(status);
}
