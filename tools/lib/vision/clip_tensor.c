/*
 * Tensors of a CLIP model by what they are, under the names of both layouts.
 * Reads the mapped files, and gives their pages back.
 */
#include "vision/clip_tensor.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* [part][layout] */
static const char *const part_names[][2] = {
	{ "layer_norm1.", "ln_1." },
	{ "layer_norm2.", "ln_2." },
	{ "self_attn.q_proj.", "" },
	{ "self_attn.k_proj.", "" },
	{ "self_attn.v_proj.", "" },
	{ "", "attn.in_proj_" },
	{ "self_attn.out_proj.", "attn.out_proj." },
	{ "mlp.fc1.", "mlp.c_fc." },
	{ "mlp.fc2.", "mlp.c_proj." },
};

/* [part][layout][text] */
static const char *const whole_names[][2][2] = {
	{ { "", "text_model.embeddings.token_embedding.weight" },
	    { "", "token_embedding.weight" } },
	{ { "vision_model.embeddings.position_embedding.weight",
	    "text_model.embeddings.position_embedding.weight" },
	    { "visual.positional_embedding", "positional_embedding" } },
	{ { "vision_model.embeddings.class_embedding", "" },
	    { "visual.class_embedding", "" } },
	{ { "vision_model.embeddings.patch_embedding.weight", "" },
	    { "visual.conv1.weight", "" } },
	{ { "vision_model.pre_layrnorm.", "" }, { "visual.ln_pre.", "" } },
	{ { "vision_model.post_layernorm.", "text_model.final_layer_norm." },
	    { "visual.ln_post.", "ln_final." } },
	{ { "visual_projection.weight", "text_projection.weight" },
	    { "visual.proj", "text_projection" } },
	{ { "vision_model.encoder.layers.", "text_model.encoder.layers." },
	    { "visual.transformer.resblocks.", "transformer.resblocks." } },
};

/* OpenCLIP models of a text tower of their own put "text." before names. */
void
rdl_clip_tensor_name(const struct rdl_clip *c,
    const struct rdl_clip_tower *t, int whole, const char *end,
    char name[RDL_CLIP_NAME])
{
	bool prefix = t->causal && c->config.layout == RDL_CLIP_OPENCLIP &&
	    rdl_tensors_find(c->tensors, "text.token_embedding.weight") !=
	    NULL;

	(void)snprintf(name, RDL_CLIP_NAME, "%s%s%s", prefix ? "text." : "",
	    whole_names[whole][c->config.layout][t->causal], end);
}

void
rdl_clip_tensor_part(const struct rdl_clip *c,
    const struct rdl_clip_tower *t, size_t layer, int part, const char *end,
    char name[RDL_CLIP_NAME])
{
	char tail[RDL_CLIP_NAME / 2];

	(void)snprintf(tail, sizeof(tail), "%zu.%s%s", layer,
	    part_names[part][c->config.layout], end);
	rdl_clip_tensor_name(c, t, RDL_CLIP_BLOCKS, tail, name);
}

/* "[768, 3, 32, 32]" */
static void
shape_text(const size_t *shape, size_t ndim, char out[RDL_CLIP_NAME])
{
	size_t i, at = 1;
	int n;

	out[0] = '[';
	out[1] = '\0';
	for (i = 0; i < ndim && at < RDL_CLIP_NAME - 24; i++) {
		n = snprintf(out + at, RDL_CLIP_NAME - at, "%s%zu",
		    i > 0 ? ", " : "", shape[i]);
		at += n > 0 ? (size_t)n : 0;
	}
	(void)snprintf(out + at, RDL_CLIP_NAME - at, "]");
}

const struct rdl_tensor *
rdl_clip_tensor_find(const struct rdl_clip *c, const char *name,
    const size_t *shape, size_t ndim, struct rdl_err *err)
{
	const struct rdl_tensor *t = rdl_tensors_find(c->tensors, name);
	char have[RDL_CLIP_NAME], want[RDL_CLIP_NAME];

	if (t == NULL) {
		(void)rdl_err_set(err, RDL_E_INPUT, "tensor %s is missing",
		    name);
		return NULL;
	}
	if (t->ndim != ndim || (ndim > 0 &&
	    memcmp(t->shape, shape, ndim * sizeof(*shape)) != 0)) {
		shape_text(t->shape, t->ndim, have);
		shape_text(shape, ndim, want);
		(void)rdl_err_set(err, RDL_E_INPUT,
		    "tensor %s is %s, and the configuration asks for %s",
		    name, have, want);
		return NULL;
	}
	if (t->dtype == RDL_DTYPE_OTHER) {
		(void)rdl_err_set(err, RDL_E_INPUT, "tensor %s is neither "
		    "f32 nor f16 nor bf16", name);
		return NULL;
	}
	return t;
}

void
rdl_clip_tensor_drop(const struct rdl_tensor *t)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)t->data, to = from + t->size;

	from = (from + page - 1) / page * page;
	to = to / page * page;
	if (from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

static int
check_finite(const struct rdl_clip *c, const char *name, const float *v,
    size_t n, struct rdl_err *err)
{
	if (c->kernel->finite(v, n))
		return 0;
	return rdl_err_set(err, RDL_E_INPUT,
	    "tensor %s has a value that is not finite", name);
}

static size_t
count(const size_t *shape, size_t ndim)
{
	size_t i, n = 1;

	for (i = 0; i < ndim; i++)
		n *= shape[i];
	return n;
}

int
rdl_clip_tensor_copy(const struct rdl_clip *c, const char *name,
    const size_t *shape, size_t ndim, float *out, struct rdl_err *err)
{
	const struct rdl_tensor *t = rdl_clip_tensor_find(c, name, shape,
	    ndim, err);
	size_t n = count(shape, ndim);

	if (t == NULL)
		return -1;
	rdl_tensors_f32(t, 0, n, out);
	rdl_clip_tensor_drop(t);
	return check_finite(c, name, out, n, err);
}

/* Can the mapped bytes be read as they stand? */
static bool
as_it_is(const struct rdl_tensor *t)
{
	const uint16_t one = 1;

	return t->dtype == RDL_DTYPE_F32 && *(const uint8_t *)&one == 1 &&
	    (uintptr_t)t->data % sizeof(float) == 0;
}

const float *
rdl_clip_tensor_borrow(const struct rdl_clip *c, const char *name,
    const size_t shape[2], float *room, const struct rdl_tensor **drop,
    struct rdl_err *err)
{
	const struct rdl_tensor *t = rdl_clip_tensor_find(c, name, shape, 2,
	    err);
	const float *v = room;
	size_t n = count(shape, 2);

	if (t == NULL)
		return NULL;
	if (as_it_is(t))
		v = t->data;
	else
		rdl_tensors_f32(t, 0, n, room);
	*drop = t;
	return check_finite(c, name, v, n, err) < 0 ? NULL : v;
}
