/*
 * The loops of vision/kernel.h, in vectors of LANES floats.  A kernel_*.c
 * defines the vectors and how they multiply and add, then includes this.
 *
 * To be defined: LANES, ROWS (of a tile, 6 or 14), FN (attributes of a
 * function), the types vf (LANES floats), vi (LANES int32_t), and
 * fma3(a, b, c) = a b + c, all(float), alli(int32_t).  Where the CPU has
 * instructions for them: LEAST, MOST, SUM_LANES, MOST_LANE, and NEAR_INVERSE,
 * 1 / v to 2^-14.
 *
 * Sums of a whole row go lane by lane and then over the lanes in an order that
 * the set has, so a set gives the same bits for the same row always.
 */
RDL_KERNEL_EXACT

#define PANEL ((size_t)2 * LANES)
#define INLINE static inline FN __attribute__((always_inline))

/* do { } for each row that a tile can have */
#if ROWS == 14
#define EACH_ROW(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) \
	M(10) M(11) M(12) M(13)
#else
#define EACH_ROW(M) M(0) M(1) M(2) M(3) M(4) M(5)
#endif

typedef float v4 __attribute__((vector_size(16)));
typedef uint8_t vb __attribute__((vector_size(LANES)));
typedef uint16_t vh __attribute__((vector_size(2 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));

INLINE vf
load(const float *p)
{
	vf v;

	memcpy(&v, p, sizeof(v));
	return v;
}

INLINE vi
loadi(const int32_t *p)
{
	vi v;

	memcpy(&v, p, sizeof(v));
	return v;
}

INLINE void
store(float *p, vf v)
{
	memcpy(p, &v, sizeof(v));
}

/* a where mask is -1, b where it is 0. */
INLINE vf
pick(vi mask, vf a, vf b)
{
	vi x, y;

	memcpy(&x, &a, sizeof(x));
	memcpy(&y, &b, sizeof(y));
	x = (x & mask) | (y & ~mask);
	memcpy(&a, &x, sizeof(a));
	return a;
}

#ifndef LEAST
#define LEAST(a, b) pick((vi)((a) < (b)), a, b)
#define MOST(a, b) pick((vi)((a) > (b)), a, b)
#endif

INLINE vf
least(vf a, vf b)
{
	return LEAST(a, b);
}

INLINE vf
most(vf a, vf b)
{
	return MOST(a, b);
}

INLINE float
sum_lanes(vf v)
{
#ifdef SUM_LANES
	return SUM_LANES(v);
#else
	float s = 0;
	size_t i;

	for (i = 0; i < LANES; i++)
		s += v[i];
	return s;
#endif
}

INLINE float
most_lane(vf v)
{
#ifdef MOST_LANE
	return MOST_LANE(v);
#else
	float m = v[0];
	size_t i;

	for (i = 1; i < LANES; i++)
		m = v[i] > m ? v[i] : m;
	return m;
#endif
}

/* a / b; a division takes as long as ten multiplications. */
INLINE vf
divide(vf a, vf b)
{
#ifdef NEAR_INVERSE
	const vf r = NEAR_INVERSE(b);

	return a * (r * fma3(-b, r, all(2.0f)));	/* Newton's step */
#else
	return a / b;
#endif
}

/*
 * e to the x, to 2e-7 of it; x is cut to [-87, 88].  x = n ln 2 + r with
 * |r| <= ln 2 / 2 (ln 2 in two parts, Cody and Waite 1980), e^r by the series
 * to r^7, 2^n by the exponent's bits.
 */
INLINE vf
exp_of(vf x)
{
	const float round = 12582912.0f;	/* 1.5 * 2^23 */
	vf n, r, p;
	vi bits;

	x = most(least(x, all(88.0f)), all(-87.0f));
	n = fma3(x, all(1.44269504f), all(round)) - all(round);
	r = fma3(n, all(-0.693359375f), x);
	r = fma3(n, all(2.12194440e-4f), r);
	p = fma3(all(1.9841270e-4f), r, all(1.3888889e-3f));
	p = fma3(p, r, all(8.3333333e-3f));
	p = fma3(p, r, all(4.1666667e-2f));
	p = fma3(p, r, all(1.6666667e-1f));
	p = fma3(p, r, all(0.5f));
	p = fma3(p, r, all(1.0f));
	p = fma3(p, r, all(1.0f));
	bits = (__builtin_convertvector(n, vi) + alli(127)) << 23;
	memcpy(&n, &bits, sizeof(n));
	return p * n;
}

INLINE vf
gelu(vf x)
{
	const vf one = all(1.0f);
	vf z, t, p, neg;

	neg = x * all(-0.70710678f);
	z = most(neg, -neg);
	t = divide(one, fma3(z, all(0.3275911f), one));
	p = fma3(t, all(1.061405429f), all(-1.453152027f));
	p = fma3(p, t, all(1.421413741f));
	p = fma3(p, t, all(-0.284496736f));
	p = fma3(p, t, all(0.254829592f));
	p = p * t * exp_of(-(z * z)) * all(0.5f);	/* (1 - erf z) / 2 */
	return x * pick((vi)(x > all(0.0f)), one - p, p);
}

INLINE vf
activate(vf x, int act)
{
	if (act == RDL_ACT_QUICK_GELU)
		return divide(x, all(1.0f) + exp_of(x * all(-1.702f)));
	if (act == RDL_ACT_GELU)
		return gelu(x);
	return x;
}

/* Bias, activation and addition of half a panel; columns beyond cols stay. */
INLINE void
finish_half(vf v, const struct rdl_finish *f, size_t at, size_t cols, float *y)
{
	float whole[LANES];
	size_t i;

	if (f->bias != NULL)
		v += load(f->bias + at);
	v = activate(v, f->act);
	if (at + LANES <= cols) {
		store(y + at, f->add ? v + load(y + at) : v);
		return;
	}
	store(whole, v);
	for (i = 0; at + i < cols; i++)
		y[at + i] = f->add ? whole[i] + y[at + i] : whole[i];
}

#define DECLARE(i) vf a##i = all(0.0f), b##i = all(0.0f);
#define STEP(i) \
	if (rows > i) { \
		const vf v = all(x[i * ldx]); \
		a##i = fma3(v, w0, a##i); \
		b##i = fma3(v, w1, b##i); \
	}
#define FINISH(i) \
	if (rows > i) { \
		finish_half(a##i, &t->finish, 0, t->cols, t->y + i * t->ldy); \
		finish_half(b##i, &t->finish, LANES, t->cols, \
		    t->y + i * t->ldy); \
	}

/* rows is a constant where this is called, so what is not needed goes. */
INLINE void
tile_rows(const struct rdl_tile *t, const size_t rows)
{
	const float *x = t->x, *w = t->w, *end = w + t->k * t->ldw;
	const size_t ldx = t->ldx, ldw = t->ldw;
	EACH_ROW(DECLARE)

	for (; w != end; w += ldw, x++) {
		const vf w0 = load(w), w1 = load(w + LANES);

		EACH_ROW(STEP)
	}
	EACH_ROW(FINISH)
}

#define TILE_CASE(i) case i + 1: tile_rows(t, i + 1); break;

static FN void
tile(const struct rdl_tile *t)
{
	switch (t->rows) {
	EACH_ROW(TILE_CASE)
	default:
		break;
	}
}

/* One half of a panel of integer sums. */
INLINE void
finish8_half(vi sum, float x_scale, int32_t x_zero, const float *w_scale,
    const int32_t *w_sum, const struct rdl_finish *f, size_t at, size_t cols,
    float *y)
{
	sum -= alli(x_zero) * loadi(w_sum + at);
	finish_half(__builtin_convertvector(sum, vf) *
	    (all(x_scale) * load(w_scale + at)), f, at, cols, y);
}

static FN void
finish8(const int32_t *sum, size_t cols, float x_scale, int32_t x_zero,
    const float *w_scale, const int32_t *w_sum, const struct rdl_finish *f,
    float *y)
{
	size_t at;

	for (at = 0; at < cols; at += LANES)
		finish8_half(loadi(sum + at), x_scale, x_zero, w_scale, w_sum,
		    f, at, cols, y);
}

static FN void
scaled(const float *sum, size_t cols, float x_scale, const float *w_scale,
    const struct rdl_finish *f, float *y)
{
	size_t at;

	for (at = 0; at < cols; at += LANES)
		finish_half(load(sum + at) * (all(x_scale) *
		    load(w_scale + at)), f, at, cols, y);
}

static FN void
norm(const float *x, size_t n, float eps, const float *gain,
    const float *bias, float *out)
{
	vf s = all(0.0f), d;
	float mean, var, inv, tail;
	size_t i;

	for (i = 0; i + LANES <= n; i += LANES)
		s += load(x + i);
	mean = sum_lanes(s);
	for (; i < n; i++)
		mean += x[i];
	mean /= (float)n;
	s = all(0.0f);
	for (i = 0; i + LANES <= n; i += LANES) {
		d = load(x + i) - all(mean);
		s += d * d;
	}
	var = sum_lanes(s);
	for (; i < n; i++) {
		tail = x[i] - mean;
		var += tail * tail;
	}
	inv = 1.0f / sqrtf(var / (float)n + eps);
	for (i = 0; i + LANES <= n; i += LANES)
		store(out + i, (load(x + i) - all(mean)) * all(inv) *
		    load(gain + i) + load(bias + i));
	for (; i < n; i++)
		out[i] = (x[i] - mean) * inv * gain[i] + bias[i];
}

/* padded is a multiple of LANES.  What is beyond n weighs e^-87 of the largest
 * or less in the sum, which is nothing in a float. */
static FN void
softmax(float *x, size_t n, size_t padded)
{
	vf m = all(-1e30f), s = all(0.0f), v;
	size_t i;

	for (i = n; i < padded; i++)
		x[i] = -1e30f;
	for (i = 0; i < padded; i += LANES)
		m = most(m, load(x + i));
	m = all(most_lane(m));
	for (i = 0; i < padded; i += LANES) {
		v = exp_of(load(x + i) - m);
		store(x + i, v);
		s += v;
	}
	v = all(1.0f / sum_lanes(s));
	for (i = 0; i < padded; i += LANES)
		store(x + i, load(x + i) * v);
	for (i = n; i < padded; i++)
		x[i] = 0.0f;
}

/* Four rows of four columns. */
INLINE void
transpose4(const float *x, size_t ldx, float *out, size_t ldo)
{
	v4 a, b, c, d, e, f, g, h;

	memcpy(&a, x, sizeof(a));
	memcpy(&b, x + ldx, sizeof(b));
	memcpy(&c, x + 2 * ldx, sizeof(c));
	memcpy(&d, x + 3 * ldx, sizeof(d));
	e = __builtin_shufflevector(a, b, 0, 4, 1, 5);
	f = __builtin_shufflevector(c, d, 0, 4, 1, 5);
	g = __builtin_shufflevector(a, b, 2, 6, 3, 7);
	h = __builtin_shufflevector(c, d, 2, 6, 3, 7);
	a = __builtin_shufflevector(e, f, 0, 1, 4, 5);
	b = __builtin_shufflevector(e, f, 2, 3, 6, 7);
	c = __builtin_shufflevector(g, h, 0, 1, 4, 5);
	d = __builtin_shufflevector(g, h, 2, 3, 6, 7);
	memcpy(out, &a, sizeof(a));
	memcpy(out + ldo, &b, sizeof(b));
	memcpy(out + 2 * ldo, &c, sizeof(c));
	memcpy(out + 3 * ldo, &d, sizeof(d));
}

static FN void
transpose(const float *x, size_t rows, size_t cols, size_t ldx, float *out,
    size_t padded)
{
	size_t r, c, r4 = rows & ~(size_t)3, c4 = cols & ~(size_t)3;

	for (c = 0; c < c4; c += 4)
		for (r = 0; r < r4; r += 4)
			transpose4(x + r * ldx + c, ldx, out + c * padded + r,
			    padded);
	for (c = 0; c < cols; c++)
		for (r = c < c4 ? r4 : 0; r < padded; r++)
			out[c * padded + r] = r < rows ? x[r * ldx + c] : 0.0f;
}

/* The least and the most of x and 0. */
INLINE void
range(const float *x, size_t n, float *lo, float *hi)
{
	vf a = all(0.0f), b = all(0.0f), v;
	size_t i;

	for (i = 0; i + LANES <= n; i += LANES) {
		v = load(x + i);
		a = most(a, -v);
		b = most(b, v);
	}
	*lo = -most_lane(a);
	*hi = most_lane(b);
	for (; i < n; i++) {
		*lo = x[i] < *lo ? x[i] : *lo;
		*hi = x[i] > *hi ? x[i] : *hi;
	}
}

/* Cut to 0..255, fraction dropped; what is no number is 0. */
INLINE uint8_t
to_byte(float v)
{
	return v > 0.0f ? v < 255.0f ? (uint8_t)v : 255 : 0;
}

static FN void
quantize(const float *x, size_t n, size_t padded, uint8_t *q, float *scale,
    int32_t *zero)
{
	float lo, hi, inv, half;
	vf f;
	vb bytes;
	size_t i;

	range(x, n, &lo, &hi);
	*scale = (hi - lo) / 255.0f;
	/* A row that is next to nothing, or not of numbers. */
	if (!(*scale > 1e-30f && *scale < 1e36f))
		*scale = 1.0f;
	inv = 1.0f / *scale;
	*zero = to_byte(0.5f - lo * inv);
	half = (float)*zero + 0.5f;
	for (i = 0; i + LANES <= n; i += LANES) {
		f = load(x + i) * all(inv) + all(half);
		f = most(least(f, all(255.0f)), all(0.0f));
		bytes = __builtin_convertvector(
		    __builtin_convertvector(f, vi), vb);
		memcpy(q + i, &bytes, sizeof(bytes));
	}
	for (; i < n; i++)
		q[i] = to_byte(x[i] * inv + half);
	for (; i < padded; i++)
		q[i] = 0;
}

static FN void
bf16(const float *x, size_t n, uint16_t *out)
{
	uint32_t one;
	size_t i;
	vu v;
	vh h;

	for (i = 0; i + LANES <= n; i += LANES) {
		memcpy(&v, x + i, sizeof(v));
		v = (v + ((v >> 16) & 1) + 0x7fff) >> 16;
		h = __builtin_convertvector(v, vh);
		memcpy(out + i, &h, sizeof(h));
	}
	for (; i < n; i++) {
		memcpy(&one, x + i, sizeof(one));
		out[i] = (uint16_t)((one + ((one >> 16) & 1) + 0x7fff) >> 16);
	}
}

/* Zero times a number is zero, times anything else NaN. */
static FN bool
all_finite(const float *x, size_t n)
{
	vf s = all(0.0f);
	float tail = 0.0f;
	size_t i;

	for (i = 0; i + LANES <= n; i += LANES)
		s += load(x + i) * all(0.0f);
	for (; i < n; i++)
		tail += x[i] * 0.0f;
	return sum_lanes(s) + tail == 0.0f;
}

static FN void
unit(float *x, size_t n)
{
	double s = 0;
	float inv;
	size_t i;

	for (i = 0; i < n; i++)
		s += (double)x[i] * (double)x[i];
	inv = s > 0 ? 1.0f / sqrtf((float)s) : 0.0f;
	for (i = 0; i < n; i++)
		x[i] *= inv;
}
