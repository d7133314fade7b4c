/*
 * Is a model's server there, and does it take the key?  Asks for its list of
 * models, which costs nothing.
 */
#ifndef RDL_MODEL_PROBE_H
#define RDL_MODEL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "model/config.h"

struct rdl_probe {
	int status;		/* HTTP status; 0: no reply came, see error */
	int64_t latency_ms;
	bool listed;		/* the reply names the model */
	char error[256];
};

/* RDL_E_STOPPED when a signal came that rdl_tool_stopped() knows of. */
int rdl_probe(const struct rdl_model *m, int64_t timeout_ms,
    struct rdl_probe *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
