/*
 * The lowest layer of both towers: patches of pixels and ids of tokens to rows
 * of the residual stream, with their positions.
 * Reads packed weights and the token table in its file.
 */
#include "vision/clip_impl.h"

#include <string.h>

#include "vision/clip_work.h"

RDL_KERNEL_EXACT

/* Patch (i, j) of square [size][size][3] to bytes [3][patch][patch]. */
static void
cut_patch(const uint8_t *square, size_t size, size_t patch, size_t i, size_t j,
    uint8_t *out)
{
	const uint8_t *row;
	size_t y, x, n = patch * patch;

	for (y = 0; y < patch; y++) {
		row = square + ((i * patch + y) * size + j * patch) * 3;
		for (x = 0; x < patch; x++) {
			out[y * patch + x] = row[3 * x];
			out[n + y * patch + x] = row[3 * x + 1];
			out[2 * n + y * patch + x] = row[3 * x + 2];
		}
	}
}

static void
add_row(float *to, const float *a, const float *b, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		to[i] = a[i] + b[i];
}

/* Class, then patches [tokens - 1][width], with positions and first norm. */
static void
place_image(const struct rdl_clip *c, float *x, const float *patches)
{
	const struct rdl_clip_tower *t = &c->vision;
	size_t r, width = t->c.width;

	memcpy(x, t->position, width * sizeof(float));
	for (r = 1; r < t->c.tokens; r++)
		add_row(x + r * width, patches + (r - 1) * width,
		    t->position + r * width, width);
	for (r = 0; r < t->c.tokens; r++)
		c->kernel->norm(x + r * width, width, t->c.eps, t->norm_pre,
		    t->norm_pre + width, x + r * width);
}

int
rdl_clip_embed_images(const struct rdl_clip *c, struct rdl_clip_work *w,
    const uint8_t *const *squares, size_t n, struct rdl_err *err)
{
	const struct rdl_clip_tower *t = &c->vision;
	size_t size = c->config.crop.size, patch = c->config.patch;
	size_t side = size / patch, per = side * side, i, p;
	size_t width = t->c.width;

	for (i = 0; i < n; i++) {
		for (p = 0; p < per; p++) {
			cut_patch(squares[i], size, patch, p / side, p % side,
			    w->bytes);
			rdl_gemm_put_bytes(&w->in_patch, i * per + p,
			    w->bytes);
		}
	}
	if (rdl_gemm_run(t->patch, &w->gemm, &w->in_patch, n * per, w->mixed,
	    width, err) < 0)
		return -1;
	for (i = 0; i < n; i++)
		place_image(c, w->x + i * t->c.tokens * width,
		    w->mixed + i * per * width);
	return 0;
}

int
rdl_clip_embed_text(const struct rdl_clip *c, struct rdl_clip_work *w,
    const int32_t *ids, size_t n, size_t at, struct rdl_err *err)
{
	const struct rdl_clip_tower *t = &c->text;
	size_t i, width = t->c.width;
	float *x;

	for (i = 0; i < n; i++) {
		x = w->x + (at + i) * width;
		rdl_tensors_f32(t->token, (size_t)ids[i] * width, width, x);
		if (!c->kernel->finite(x, width))
			return rdl_err_set(err, RDL_E_INPUT, "the token table "
			    "has a value in row %d that is not finite",
			    (int)ids[i]);
		add_row(x, x, t->position + i * width, width);
	}
	return 0;
}
