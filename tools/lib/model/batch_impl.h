/*
 * Inside the batch folder: parts, results, and what its files call of each
 * other.  Included by batch*.c only.
 */
#ifndef RDL_MODEL_BATCH_IMPL_H
#define RDL_MODEL_BATCH_IMPL_H

#include <yyjson.h>

#include "core/map.h"
#include "core/out.h"
#include "model/batch.h"
#include "model/http.h"

#define RDL_BATCH_KEY (2 * RDL_HASH_LEN)	/* hexadecimal digits */

enum rdl_batch_state {
	RDL_BATCH_WRITTEN,
	RDL_BATCH_UPLOADED,	/* the server has the file */
	RDL_BATCH_SUBMITTED,	/* and made a batch of it */
	RDL_BATCH_ENDED		/* its results are here */
};

struct rdl_batch_part {
	unsigned number;
	enum rdl_batch_state state;
	uint64_t requests, bytes;
	char *url;		/* "/v1/chat/completions" */
	char *endpoint, *model;
	char *file, *batch;	/* the server's names, or NULL */
	char *status;		/* the server's word, or NULL */
	uint64_t done;		/* requests that the server says are */
};

/* What came back for a key. */
struct rdl_batch_result {
	size_t part;
	int status;		/* HTTP; 0: none, the server gave it up */
	bool final;		/* an answer, or a refusal of the request */
	uint64_t at, len;	/* in part-N.replies */
};

/* A file of the folder that has its name once it is whole. */
struct rdl_batch_file {
	struct rdl_out out;
	char *path;		/* with ".new" behind it */
	const char *suffix;	/* without */
	unsigned number;
};

struct rdl_batch {
	const struct rdl_batch_opts *o;
	const struct rdl_model *model;
	struct rdl_batch_part *parts;
	size_t nparts, parts_cap;
	struct rdl_map keys;		/* to the index of their last part */
	struct rdl_map found;		/* keys to results + 1 */
	struct rdl_batch_result *results;
	size_t nresults, results_cap;
	struct rdl_http *http;		/* opened when first needed */
	/* WRITE: the part being made */
	struct rdl_batch_part open;
	struct rdl_batch_file requests, index;
	bool writing;
	uint64_t added, skipped;
	/* COLLECT: the replies of the part last read from */
	int fd;
	size_t fd_part;
	/* for the summary */
	uint64_t submitted, ended, collected;
	struct rdl_buf path, text;
};

/* batch_part.c: parts on disk. */
/* DIR/part-N.SUFFIX in b->path. */
const char *rdl_batch_path(struct rdl_batch *b, unsigned number,
    const char *suffix);
/* Read all parts of the folder, their keys and results. */
int rdl_batch_load(struct rdl_batch *b, struct rdl_err *err) RDL_MUST_CHECK;
/* Write part-N.json. */
int rdl_batch_save(struct rdl_batch *b, const struct rdl_batch_part *p,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Read part-N.results of parts[i]. */
int rdl_batch_load_results(struct rdl_batch *b, size_t i,
    struct rdl_err *err) RDL_MUST_CHECK;
/* The final result of a key, or NULL. */
const struct rdl_batch_result *rdl_batch_result(const struct rdl_batch *b,
    const char *key);
/* Requests of ended parts that have no answer. */
uint64_t rdl_batch_unanswered(const struct rdl_batch *b);
/* Call fn for each line of part-N.index: 0, or -1. */
int rdl_batch_each(struct rdl_batch *b, size_t part,
    int (*fn)(void *ctx, size_t part, const char *key, uint64_t at,
    uint64_t len, struct rdl_err *err), void *ctx, struct rdl_err *err)
    RDL_MUST_CHECK;
void rdl_batch_part_release(struct rdl_batch_part *p);
/* Set a member to a copy of text. */
void rdl_batch_set(char **member, const char *text);

/* Begin a file of a part; suffix is a literal.  End it: to the disk, and to
 * its name. */
int rdl_batch_file_open(struct rdl_batch *b, struct rdl_batch_file *f,
    unsigned number, const char *suffix, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_batch_file_end(struct rdl_batch *b, struct rdl_batch_file *f,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Forget a file that was not ended; it is written anew another time. */
void rdl_batch_file_release(struct rdl_batch_file *f);

/* batch_write.c: requests into a part. */
int rdl_batch_put(struct rdl_batch *b, const char *key, const char *url,
    const char *line, size_t len, struct rdl_err *err) RDL_MUST_CHECK;
int rdl_batch_end_part(struct rdl_batch *b, struct rdl_err *err)
    RDL_MUST_CHECK;

/* batch_wire.c: the server. */
/* Exchange one request; method POST if body is not NULL.  The reply, which
 * must be 200, is in c->reply: release it.  Transient faults are tried again
 * when again is set. */
int rdl_batch_exchange(struct rdl_batch *b, const char *path,
    const char *type, const struct rdl_buf *body, bool again,
    struct rdl_http_call *c, struct rdl_err *err) RDL_MUST_CHECK;
/* The same, the reply as JSON; free the document. */
yyjson_doc *rdl_batch_ask(struct rdl_batch *b, const char *path,
    const struct rdl_buf *body, bool again, struct rdl_err *err);
/* Upload parts[i]; make a batch of it. */
int rdl_batch_upload(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err) RDL_MUST_CHECK;
/* Take over the batch that a dead run made of its file, if there is one. */
int rdl_batch_adopt(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err) RDL_MUST_CHECK;
int rdl_batch_create(struct rdl_batch *b, struct rdl_batch_part *p,
    struct rdl_err *err) RDL_MUST_CHECK;

/* batch_fetch.c: how are submitted parts, and what came back. */
int rdl_batch_fetch(struct rdl_batch *b, struct rdl_err *err) RDL_MUST_CHECK;

#endif
