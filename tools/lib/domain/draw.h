/*
 * Pictures for the texts of records: a contrast has one for each side, an
 * instruction one.  Asks a text-to-image server, decodes each file once in a
 * child, keeps it in a store and puts it into the record.
 */
#ifndef RDL_DOMAIN_DRAW_H
#define RDL_DOMAIN_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/stage.h"
#include "model/engine.h"

struct rdl_draw_opts {
	const char *store;	/* folder of the pictures */
	const char *size;	/* "512x768": asked for, and what must come;
				 * NULL: the server decides */
	int64_t steps;		/* of the sampler; 0: the server decides */
	bool same_seed;		/* of all sides of a record */
	bool strip;		/* keep no texts, Exif or credentials */
	bool unsafe;		/* decode in this process */
};

struct rdl_draw;

/*
 * Resolve the model and fork the decoders, so before anything else is opened;
 * all is borrowed.  The seed of a picture is made of engine->seed, the record's
 * id and, unless same_seed, the number of the side; it is sent, and recorded,
 * where the server's dialect has one.
 */
struct rdl_draw *rdl_draw_open(const struct rdl_draw_opts *opts,
    const struct rdl_engine_opts *engine, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_draw_close(struct rdl_draw *d);

/* What the ledger's row of the run should say; params backs spec->params. */
void rdl_draw_spec(const struct rdl_draw *d, struct rdl_run_spec *spec,
    struct rdl_buf *params);

/* Do all records of the stage.  A record is whole or failed: never with some
 * of its pictures. */
int rdl_draw_run(struct rdl_draw *d, struct rdl_stage *stage,
    struct rdl_err *err) RDL_MUST_CHECK;

/* How many records failed because a picture was that of another text. */
uint64_t rdl_draw_repeats(const struct rdl_draw *d);

/* After a run with dry_run: append what it would have cost; else nothing. */
void rdl_draw_estimate(const struct rdl_draw *d, struct rdl_buf *out);

#endif
