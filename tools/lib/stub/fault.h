/*
 * Faults: what the stub does wrong, and to which requests.
 */
#ifndef RDL_STUB_FAULT_H
#define RDL_STUB_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/map.h"

enum rdl_fault_kind {
	RDL_FAULT_NONE,
	/* in place of an answer */
	RDL_FAULT_HTTP,		/* an error of that status */
	RDL_FAULT_QUOTA,	/* 429 insufficient_quota */
	RDL_FAULT_HTML,		/* a page as a proxy makes it */
	RDL_FAULT_REDIRECT,
	RDL_FAULT_HANG,		/* no reply until the client leaves */
	RDL_FAULT_RESET,	/* TCP RST before any byte */
	/* to the transport of a good answer */
	RDL_FAULT_CUT,		/* fewer bytes than Content-Length says */
	RDL_FAULT_SLOW,
	RDL_FAULT_BAD_BODY,	/* half of the body, well framed */
	/* to the content */
	RDL_FAULT_INVALID_JSON,
	RDL_FAULT_WRONG_SCHEMA,
	RDL_FAULT_LENGTH,	/* half of the text, finish reason length */
	RDL_FAULT_REFUSAL,
	RDL_FAULT_FILTER,
	RDL_FAULT_EMPTY,
	RDL_FAULT_HUGE,
	RDL_FAULT_SAME_IMAGE,	/* the same picture whatever the prompt */
	RDL_FAULT_BAD_IMAGE,	/* half of a picture's file */
	/* beside whatever else happens */
	RDL_FAULT_LATENCY
};

/* One rule.  All selectors that are given must hold. */
struct rdl_fault {
	int64_t kind;		/* enum rdl_fault_kind */
	/* selectors */
	int64_t *at;		/* request numbers, from 1; owned */
	size_t nat;
	int64_t from, to;	/* request numbers, both ends; 0 for no end */
	int64_t every;		/* each request whose number it divides; 0 */
	double rate;		/* share of distinct bodies; < 0 for all */
	int64_t times;		/* first so many of each distinct body; 0 all */
	char *match;		/* the body holds these bytes; owned or NULL */
	char *path;		/* the path is this; owned or NULL */
	/* details */
	int64_t status;		/* 0 for the kind's own */
	double retry_after_s;	/* < 0 for none */
	int64_t retry_after_ms;	/* < 0 for none */
	int64_t bytes;		/* < 0 for the kind's own */
	int64_t bytes_per_s;
	int64_t ms, to_ms;	/* latency, uniform from ms to to_ms */
	char *location;		/* owned or NULL */
	char *message;		/* owned or NULL */
	/* state */
	struct rdl_map seen;	/* body hash to times fired, if times > 0 */
};

struct rdl_faults {
	struct rdl_fault *v;	/* in the order given: the first that holds */
	size_t n;
	uint64_t seed;
};

#define RDL_FAULTS_INIT { NULL, 0, 0 }

/* A request, as far as rules look at it. */
struct rdl_fault_of {
	int64_t n;		/* its number, from 1 */
	const char *path;
	const char *body;
	size_t len;
	uint64_t hash[2];	/* of body */
};

/* The rules that a command line or a script may name, for script.c. */
const char *rdl_fault_name(enum rdl_fault_kind kind);
enum rdl_fault_kind rdl_fault_find(const char *name, size_t len);

/* A new rule at the end, with the defaults.  Valid until the next. */
struct rdl_fault *rdl_fault_add(struct rdl_faults *f,
    enum rdl_fault_kind kind);

/*
 * The rule for a request, or NULL.  Rules of latency do not end the search:
 * what they ask for is added to *wait_us.  Counts what fired.
 */
const struct rdl_fault *rdl_fault_pick(struct rdl_faults *f,
    const struct rdl_fault_of *of, int64_t *wait_us);

void rdl_fault_release(struct rdl_faults *f);

#endif
