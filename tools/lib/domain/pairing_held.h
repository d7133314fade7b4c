/*
 * All contrasts of a run at once: on disk, with what decides who belongs
 * together in memory.  Groups that share an image get one name.
 */
#ifndef RDL_DOMAIN_PAIRING_HELD_H
#define RDL_DOMAIN_PAIRING_HELD_H

#include "core/map.h"
#include "core/spool.h"
#include "domain/contrast.h"
#include "domain/pairing.h"
#include "domain/pairing_near.h"

struct rdl_pairing_kept {
	uint64_t at;			/* its line in the spool */
	size_t len;
	uint32_t name;			/* of its group: index into names */
	uint32_t first, n;		/* its sides among the samples */
};

struct rdl_pairing_held {
	struct rdl_pairing_kept *v;
	size_t n, cap;
	struct rdl_pairing_sample *samples;
	uint32_t *owners;		/* of the samples: index into v */
	size_t nsamples, samples_cap;
	float *vectors;			/* [nsamples][dim], if dim > 0 */
	size_t nvectors, vectors_cap, dim;
	/* The rest belongs to pairing_held.c. */
	struct rdl_spool spool;
	struct rdl_map names, images;
	uint32_t *parents;		/* of the names: who joined whom */
	size_t parents_cap;
	struct rdl_buf line;
};

void rdl_pairing_held_init(struct rdl_pairing_held *h, size_t dim);
void rdl_pairing_held_release(struct rdl_pairing_held *h);

/* Keep a contrast that goes by id, in the group of that name.  Memory: 200
 * to 350 bytes a side, and the vector. */
int rdl_pairing_held_add(struct rdl_pairing_held *h,
    const struct rdl_contrast *c, const struct rdl_id *id, const char *group,
    size_t len, struct rdl_err *err) RDL_MUST_CHECK;

/* The vector of the next sample that has none. */
void rdl_pairing_held_vector(struct rdl_pairing_held *h, const float *vector);

/* What the groups of two contrasts are is one from now on. */
void rdl_pairing_held_join(struct rdl_pairing_held *h, size_t a, size_t b);

/* The name of contrast i's group: the least, by bytes, of those that were
 * joined. */
void rdl_pairing_held_place(const struct rdl_pairing_held *h, size_t i,
    struct rdl_pairing_place *place);

/* Read contrast i back; line is where rec's text will be. */
int rdl_pairing_held_get(struct rdl_pairing_held *h, size_t i,
    struct rdl_buf *line, struct rdl_rec *rec, struct rdl_err *err)
    RDL_MUST_CHECK;

#endif
