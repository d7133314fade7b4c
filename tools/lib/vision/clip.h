/*
 * A CLIP model on the CPU: image squares and token ids to unit vectors.
 * Reads a Hugging Face folder (config.json, model.safetensors) or an OpenCLIP
 * one (open_clip_config.json, open_clip_model.safetensors) as it is.  Matrix
 * products by oneDNN (vision/gemm.h), everything else here.  Network: Radford
 * et al. 2021, Dosovitskiy et al. 2021.
 */
#ifndef RDL_VISION_CLIP_H
#define RDL_VISION_CLIP_H

#include "core/hash.h"
#include "vision/bpe.h"
#include "vision/crop.h"

/* reference: plain C, the same bits on every machine, slow. */
enum rdl_precision {
	RDL_PRECISION_AUTO, RDL_PRECISION_F32, RDL_PRECISION_BF16,
	RDL_PRECISION_INT8, RDL_PRECISION_REFERENCE
};

struct rdl_clip_opts {
	int precision;		/* enum rdl_precision */
	unsigned threads;	/* 0: one a processor */
};

struct rdl_clip_info {
	size_t dim;		/* of the joint space */
	size_t context;		/* tokens of a text */
	size_t vocab;
	int32_t end;		/* id that ends a text; -1: the highest */
	struct rdl_crop crop;	/* what images must be cut to */
	int precision;		/* never AUTO */
	double logit_scale;	/* exp() of the file's */
	char name[64];		/* "ViT-B/32 768x12 512x12": for messages */
	/* Of weights, configuration and precision: vectors of the same key are
	 * comparable and the same. */
	struct rdl_hash key;
};

struct rdl_clip;

/* Starts no thread: a pool of decoders may be forked behind it. */
struct rdl_clip *rdl_clip_open(const char *dir,
    const struct rdl_clip_opts *opts, struct rdl_err *err) RDL_MUST_CHECK;
void rdl_clip_free(struct rdl_clip *c);
const struct rdl_clip_info *rdl_clip_info(const struct rdl_clip *c);

/* How many items a call should have to keep all threads busy. */
size_t rdl_clip_batch(const struct rdl_clip *c);

/*
 * Unit vectors of n squares [R][R][3] of 8-bit RGB: out is [n][dim].  A vector
 * does not depend on the others of the call, nor on the number of threads.
 * The image tower is loaded at the first call, the text tower likewise.
 */
int rdl_clip_images(struct rdl_clip *c, const uint8_t *const *squares,
    size_t n, float *out, struct rdl_err *err) RDL_MUST_CHECK;

/* The same for n token sequences; the first end token is pooled.  An id that
 * the model has no row for is RDL_E_INPUT. */
int rdl_clip_texts(struct rdl_clip *c, const struct rdl_tokens *const *texts,
    size_t n, float *out, struct rdl_err *err) RDL_MUST_CHECK;

#endif
