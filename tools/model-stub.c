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
	{ RDL_OPT_INT, "port", 0, OFF(port), "N",
	    "port on 127.0.0.1; 0 chooses one", 0, 65535, NULL, NULL },
	{ RDL_OPT_STR, "ready-file", 0, OFF(ready_file), "FILE",
	    "write the port there once the server listens", 0, 0, NULL, NULL },
	{ RDL_OPT_STR, "log", 0, OFF(log), "FILE",
	    "append one JSON line for each request", 0, 0, NULL, NULL },
	{ RDL_OPT_INT, "quit-after", 0, OFF(quit_after), "N",
	    "stop once so many answers were sent; 0 never", 0, 1e15, NULL,
	    NULL },
	{ RDL_OPT_INT, "seed", 0, OFF(seed), "N",
	    "seed of all that looks random", 0, 9e15, NULL, NULL },
	{ RDL_OPT_STR, "require-key-env", 0, OFF(key_env), "NAME",
	    "refuse requests without the key in that variable", 0, 0, NULL,
	    NULL },
	{ RDL_OPT_END, NULL, 0, 0, NULL, NULL, 0, 0, NULL, NULL }
};

static const struct rdl_opt answer_opts[] = {
	{ RDL_OPT_STR, "reply", 0, OFF(reply), "TEXT",
	    "answer this; {{prompt}}, {{prompt_hash}}, {{body_hash}}, "
	    "{{model}}, {{n}} and {{choice}} are filled in", 0, 0, NULL, NULL },
	{ RDL_OPT_STR, "reply-file", 0, OFF(reply_file), "FILE",
	    "answers by JSON lines {match, model, reply}; the first that "
	    "meets the last user message", 0, 0, NULL, NULL },
	{ RDL_OPT_FLAG, "taxonomy", 0, OFF(taxonomy), NULL,
	    "name new children of the parent in the message", 0, 0, NULL,
	    NULL },
	{ RDL_OPT_INT, "children", 0, OFF(children), "N",
	    "children at which a parent is complete", 0, 10000, NULL, NULL },
	{ RDL_OPT_INT, "dim", 0, OFF(dim), "N",
	    "floats of an embedding", 1, 4096, NULL, NULL },
	{ RDL_OPT_INT, "image-side", 0, OFF(image_side), "N",
	    "longest side of an image, pixels", 1, 2048, NULL, NULL },
	{ RDL_OPT_END, NULL, 0, 0, NULL, NULL, 0, 0, NULL, NULL }
};

static const struct rdl_opt fault_opts[] = {
	{ RDL_OPT_STR, "latency", 0, OFF(latency), "MS[-MS]",
	    "time before each answer", 0, 0, NULL, NULL },
	{ RDL_OPT_LIST, "fault", 0, OFF(faults), "RULE",
	    "KIND[=ARG][@RATE][,once]; may be repeated", 0, 0, NULL, NULL },
	{ RDL_OPT_STR, "script", 0, OFF(script), "FILE",
	    "rules of faults, JSON lines", 0, 0, NULL, NULL },
	{ RDL_OPT_INT, "rpm", 0, OFF(rpm), "N",
	    "requests a minute; 0 for no limit", 0, 1e9, NULL, NULL },
	{ RDL_OPT_INT, "burst", 0, OFF(burst), "N",
	    "requests at once; default a second's worth", 1, 1e9, NULL, NULL },
	{ RDL_OPT_INT, "tpm", 0, OFF(tpm), "N",
	    "tokens a minute; 0 for no limit", 0, 1e12, NULL, NULL },
	{ RDL_OPT_REAL, "retry-after", 0, OFF(retry_after_s), "S",
	    "seconds told with a 429; 0 for none", 0, 86400, NULL, NULL },
	{ RDL_OPT_FLAG, "limit-headers", 0, OFF(limit_headers), NULL,
	    "tell the limits in each reply", 0, 0, NULL, NULL },
	{ RDL_OPT_END, NULL, 0, 0, NULL, NULL, 0, 0, NULL, NULL }
};

static const struct rdl_opt opts[] = {
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "server", 0, 0, NULL, serve_opts },
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "answers", 0, 0, NULL,
	    answer_opts },
	{ RDL_OPT_GROUP, NULL, 0, 0, NULL, "faults and limits", 0, 0, NULL,
	    fault_opts },
	{ RDL_OPT_END, NULL, 0, 0, NULL, NULL, 0, 0, NULL, NULL }
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
