/*
 * The integer tile of vision/kernel.h: included after vision/kernel_body.h by
 * the sets whose CPU multiplies bytes.  To be defined besides what that wants:
 * FN8 (attributes), dot4(sum, bytes, weights): each lane of sum plus its four
 * products, without saturation.
 */
#define DECLARE8(i) vi a##i = alli(0), b##i = alli(0);
#define STEP8(i) \
	if (rows > i) { \
		vi v; \
		int32_t four; \
		memcpy(&four, x + i * ldx, sizeof(four)); \
		v = alli(four); \
		a##i = dot4(a##i, v, w0); \
		b##i = dot4(b##i, v, w1); \
	}
#define FINISH8(i) \
	if (rows > i) { \
		finish8_half(a##i, t->x_scale[i], t->x_zero[i], t->w_scale, \
		    t->w_sum, &t->finish, 0, t->cols, t->y + i * t->ldy); \
		finish8_half(b##i, t->x_scale[i], t->x_zero[i], t->w_scale, \
		    t->w_sum, &t->finish, LANES, t->cols, \
		    t->y + i * t->ldy); \
	}

static inline FN8 __attribute__((always_inline)) void
tile8_rows(const struct rdl_tile8 *t, const size_t rows)
{
	const uint8_t *x = t->x;
	const int8_t *w = t->w, *end = w + t->k * PANEL;
	const size_t ldx = t->ldx;
	EACH_ROW(DECLARE8)

	for (; w != end; w += 4 * PANEL, x += 4) {
		vi w0, w1;

		memcpy(&w0, w, sizeof(w0));
		memcpy(&w1, w + sizeof(w0), sizeof(w1));
		EACH_ROW(STEP8)
	}
	EACH_ROW(FINISH8)
}

#define TILE8_CASE(i) case i + 1: tile8_rows(t, i + 1); break;

static FN8 void
tile8(const struct rdl_tile8 *t)
{
	switch (t->rows) {
	EACH_ROW(TILE8_CASE)
	default:
		break;
	}
}
