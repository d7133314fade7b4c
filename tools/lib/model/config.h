/*
 * Which model, where, with which key, at what price, under which limits.
 * Models are named as people name them already; models.json adds the rest.
 * See riddle-models(7).
 */
#ifndef RDL_MODEL_CONFIG_H
#define RDL_MODEL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/hash.h"

struct rdl_dialect;

/* Limits that are known.  0 is unknown: learn it from the server; -1 is none:
 * never slow down (a server of one's own). */
struct rdl_limits {
	int64_t requests_per_min;
	int64_t tokens_per_min;
};

/* 1e-12 dollars a token (or an image); -1 is unknown. */
struct rdl_price {
	int64_t in, cached, out, image;
	char since[16];		/* "2026-11-01", the date of the price, or "" */
};

/* What a server does differently; from models.json, "quirks". */
struct rdl_quirks {
	bool max_tokens_old;	/* send max_tokens, not max_completion_tokens */
	bool no_temperature;	/* drop temperature and top_p */
	bool no_seed;		/* drop seed */
	bool no_schema;		/* cannot enforce a schema: only checked here */
	bool json_object;	/* json_object, and the schema in words */
	bool no_system;		/* fold the system message into the user's */
	bool sd_seed;		/* IMAGE: seed and steps as stable-
				 * diffusion.cpp's sd-server reads them, in
				 * the prompt */
};

/* The remote name of a model of dialect a1111 whose checkpoint is not said. */
#define RDL_A1111_LOADED "loaded"

struct rdl_model {
	char *name;		/* as the user gave it: "openai/gpt-4o" */
	char *remote;		/* as the server knows it: "gpt-4o" */
	char *base_url;		/* "https://api.openai.com/v1", no last slash */
	char *endpoint;		/* identity in the call's key: base_url, or
				 * "endpoint" of models.json, so that a server
				 * may move without losing its answers */
	const struct rdl_dialect *dialect;
	char *key;		/* the API key, or NULL; never printed */
	char *key_from;		/* "OPENAI_API_KEY", for messages, or NULL */
	char **headers;		/* extra "Name: value", NULL-terminated */
	struct rdl_limits limits;
	struct rdl_price price;
	double batch_share;	/* of it that a call in a batch costs; 0: all */
	struct rdl_quirks quirks;
	int64_t timeout_ms;	/* of one try; default 600,000 */
	int64_t deadline_ms;	/* of one call, all tries; default 1,800,000 */
	int64_t context;	/* tokens, 0 unknown */
};

/*
 * Resolve a model name.
 *	openai/NAME	 $OPENAI_BASE_URL or https://api.openai.com/v1,
 *			 $OPENAI_API_KEY
 *	anthropic/NAME	 $ANTHROPIC_BASE_URL or https://api.anthropic.com,
 *			 $ANTHROPIC_API_KEY
 *	gemini/NAME	 $GEMINI_BASE_URL or
 *			 https://generativelanguage.googleapis.com/v1beta,
 *			 $GEMINI_API_KEY
 *	ollama/NAME	 $OLLAMA_HOST or http://127.0.0.1:11434, its /v1
 *	URL#NAME	 an OpenAI-style server: http://127.0.0.1:8080/v1#name;
 *			 $OPENAI_API_KEY goes only to the host of
 *			 $OPENAI_BASE_URL, never to any other
 *	a1111/URL#NAME	 AUTOMATIC1111's stable-diffusion-webui, and who speaks
 *			 like it; NAME is a checkpoint, without #NAME it is
 *			 the one that is loaded
 *	anything else	 a name in models.json, which says "model": one of
 *			 the above, and what differs
 * An alias inherits what the entry of its full name says.
 * models_path: file of --models, or NULL: $RIDDLE_MODELS, else models.json if
 * there is one.  A key missing for a hosted service is an error only with
 * need_key.  NULL on error; free with rdl_model_free().
 */
struct rdl_model *rdl_model_resolve(const char *name, const char *models_path,
    bool need_key, struct rdl_err *err) RDL_MUST_CHECK;

void rdl_model_free(struct rdl_model *m);

#endif
